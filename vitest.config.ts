import { defineConfig } from 'vitest/config';

const ALONE = ['native-test/browser.test.ts', 'native-test/start.test.ts', 'native-test/town.test.ts'];

/** Each project has its own reporter-neutral settings; `scripts/test.ts` runs them one after the other. */
export default defineConfig({
  test: {
    projects: [
      {
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
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Real processes, databases and disks, two files at a time: each has folders and ports of its own.
        test: {
          name: 'native',
          include: ['native-test/**/*.test.{ts,tsx}'],
          exclude: ALONE,
          environment: 'node',
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // These look at the whole machine's processes, or at how a page keeps up with a scanner: one at a time.
        test: {
          name: 'native-alone',
          include: ALONE,
          environment: 'node',
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
