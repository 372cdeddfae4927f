import { registerHooks } from 'node:module';
import { PLANTS, planted } from './plants.ts';

/**
 * Loaded before a program (`node --import`), it plants the bug that ONE_CARD_PLANT names into the sources as they are
 * read, so that no switch for it stands in the product.
 */
const name = process.env['ONE_CARD_PLANT'];
const plant = PLANTS.find((one) => one.name === name);
if (plant === undefined) throw new Error(`there is no planted bug ${name}`);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edit = plant.edits.find(({ file }) => url.endsWith(`/${file}`));
    if (edit === undefined) return loaded;
    const source = Buffer.from((loaded.source ?? '') as Uint8Array).toString('utf8');
    return { ...loaded, source: planted(plant, edit.file, source) };
  },
});
