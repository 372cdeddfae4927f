import { defineConfig } from 'vitest/config';

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
        // These start processes, browsers and databases: one file at a time, so that none starves another.
        test: {
          name: 'native',
          include: ['native-test/**/*.test.{ts,tsx}'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
