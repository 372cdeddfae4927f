import { registerHooks } from 'node:module';

/**
 * Loaded before a till, it plants the bug that promise 1 is about: the ledger is written with synchronous=NORMAL, under
 * which a commit returns before the disk has it. Only to show that the power cuts would find it.
 */
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/electron/core/ledger/database.ts')) return loaded;
    if (loaded.source === undefined) throw new Error('the module came without its text');
    const source = Buffer.from(loaded.source as Uint8Array).toString();
    const planted = source
      .replace("'synchronous = FULL'", "'synchronous = NORMAL'")
      .replace('{ simple: true }) === 2', '{ simple: true }) === 1');
    if (planted === source) throw new Error('there is nothing to plant this bug in');
    return { ...loaded, source: planted };
  },
});
