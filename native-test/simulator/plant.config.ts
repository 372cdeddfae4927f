import { defineConfig } from 'vitest/config';
import { PLANTS, planted } from './plants.ts';

/** Runs one test file with the bug that ONE_CARD_PLANT names planted into the sources that it loads. */
const plant = PLANTS.find((one) => one.name === process.env['ONE_CARD_PLANT']);
if (plant === undefined) throw new Error('ONE_CARD_PLANT names no planted bug');

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  plugins: [
    {
      name: 'plant',
      enforce: 'pre',
      transform(code, id) {
        const edit = plant.edits.find(({ file }) => id.endsWith(`/${file}`));
        return edit === undefined ? null : { code: planted(plant, edit.file, code), map: null };
      },
    },
  ],
  // A module that was kept from a run without the plant, or with another one, would hide this one.
  test: {
    fsModuleCache: false,
    include: [plant.foundBy],
    environment: 'node',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    bail: 1,
  },
});
