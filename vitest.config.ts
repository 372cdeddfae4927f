import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const filesOf = (names: readonly string[]): string[] => names.map((name) => `native-test/${name}.test.ts`);

/** The day at the counter in a browser, by all that lies there and by keyboard alone. */
const COUNTER = filesOf(['browser', 'by-keyboard']);

/** The same day by touch, and all further pages. */
const PAGES = filesOf(['by-touch', 'practice', 'balance', 'notice-page', 'device-set-up', 'every-page', 'sounds']);

/** Trials that break something many times over; the soak goes on with most of them. */
const FAULTS = filesOf([
  'ledger/*',
  'town-faults/*',
  'exchange-faults/*',
  'life-cycle-cli',
  'simulator',
  'fuzz',
  'tamper',
]);

/** The files that take longest begin first, so that none of them is still running when all others have ended. */
const LONGEST = [
  'town.test.ts',
  'night.test.ts',
  'wrong-folder.test.ts',
  'start.test.ts',
  'kill.test.ts',
  'cuts.test.ts',
  'life-cycle-cli.test.ts',
  'export.test.ts',
];

/** Real processes, databases and disks, a few files at a time: each has folders and ports of its own. */
const REAL = {
  environment: 'node',
  // What a page or a process comes to, it comes to on a busy machine too, only later.
  expect: { poll: { timeout: 20_000 } },
  globalSetup: 'native-test/town-mould.ts',
  testTimeout: 120_000,
  hookTimeout: 120_000,
} as const;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = LONGEST.findIndex((name) => moduleId.includes('/native-test/') && moduleId.endsWith(`/${name}`));
      return rank === -1 ? LONGEST.length : rank;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

/** Each project has its own reporter-neutral settings; `scripts/test.ts` runs them one after the other. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // Nothing here is put in the place of a part, so files may share their modules; loading them anew for each
        // takes longer than the tests.
        test: {
          name: 'unit',
          include: [
            'shared/**/*.test.ts',
            'electron/**/*.test.ts',
            'renderer/**/*.test.{ts,tsx}',
            'town-server/**/*.test.ts',
            'scripts/**/*.test.ts',
            'resources/**/*.test.ts',
          ],
          environment: 'node',
          isolate: false,
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...REAL,
          name: 'native',
          include: ['native-test/**/*.test.{ts,tsx}'],
          exclude: [...COUNTER, ...PAGES, ...FAULTS],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...REAL, name: 'faults', include: FAULTS, maxWorkers: 3, sequence: { groupOrder: 1 } } },
      // Pages answer within the patience of a test only while nothing but another of them is at work.
      { test: { ...REAL, name: 'counter', include: COUNTER, maxWorkers: 2, sequence: { groupOrder: 2 } } },
      { test: { ...REAL, name: 'pages', include: PAGES, maxWorkers: 2, sequence: { groupOrder: 2 } } },
    ],
  },
});
