import { expect, test } from 'vitest';
import { createMemoryStore } from './memory-store.ts';

const shop = (name: string) => ({ shop: 's01', name, address: '', hotline: '' });

test('a store that begins as an image of another one goes its own way from there', async () => {
  const first = createMemoryStore();
  await first.transact([], (transaction) => transaction.put('shop', [shop('before')]));
  const image = first.image();
  await first.transact([], (transaction) => transaction.put('shop', [shop('after')]));
  const second = createMemoryStore(image);
  expect([...second.rows('shop')]).toEqual([shop('before')]);
  await second.transact([], (transaction) => transaction.put('shop', [shop('other')]));
  expect([...first.rows('shop')]).toEqual([shop('after')]);
  expect([...createMemoryStore(image).rows('shop')]).toEqual([shop('before')]);
});

test('rows show what is committed, and nothing of a transaction that failed', async () => {
  const store = createMemoryStore();
  const failing = store.transact([], async (transaction) => {
    await transaction.put('shop', [shop('never')]);
    throw new Error('cut');
  });
  await expect(failing).rejects.toThrow('cut');
  expect([...store.rows('shop')]).toEqual([]);
});

test('a list sees what its own transaction changed, in place of what was there', async () => {
  const store = createMemoryStore();
  await store.transact([], (transaction) => transaction.put('shop', [shop('kept')]));
  await store.transact([], async (transaction) => {
    await transaction.put('shop', [shop('changed'), { ...shop('new'), shop: 's00' }]);
    expect((await transaction.list('shop')).map((row) => row.name)).toEqual(['new', 'changed']);
    expect(await transaction.list('shop', { equal: { name: 'kept' } })).toEqual([]);
  });
});

test('a text that is appended as its bytes is kept as the text that they are', async () => {
  const store = createMemoryStore();
  const row = { till: 't01', incarnation: 1, seq: 1, hash: 'h', text: '\ufeff酱油', fault: null };
  await store.transact([], (transaction) =>
    transaction.append('record', [{ ...row, text: new TextEncoder().encode(row.text) }]),
  );
  expect([...store.rows('record')]).toEqual([row]);
});
