import { expect, test } from 'vitest';
import { must } from '../shared/assert.ts';
import { createMemoryStore } from './memory-store.ts';
import { breaksOf, checkLaws, openTestTown } from './test-town.ts';
import { enrolTestTill } from './test-till.ts';

const members = [{ id: 'm01', lots: [{ id: 'lot-1', points: 100 }] }];

/** A town that can be restored from an earlier moment of itself, as from a backup. */
async function openRestorableTown() {
  let store = createMemoryStore();
  const shop = await openTestTown(members, {
    transact: (locks, work) => store.transact(locks, work),
    close: async () => {},
  });
  return {
    shop,
    image: () => store.image(),
    restore: (image: ReturnType<typeof store.image>) => {
      store = createMemoryStore(image);
      shop.town.tillKeys.clear();
      shop.town.contacts.clear();
    },
  };
}

test('a town restored from an older copy goes on behind the statements that its till knows, and names what it forgot', async () => {
  const { shop, image, restore } = await openRestorableTown();
  const till = await enrolTestTill(shop.api, await shop.code(), shop.nowMs);
  await till.night();
  const older = image();
  till.sell(5, 'm01', 3);
  await till.night();
  await till.night();
  restore(older);

  till.acknowledge(0);
  const hello = await shop.api.hello(
    till.signed({ nonce: 'a-nonce-of-ours', seq: till.records.length, hash: till.hashes.at(-1) ?? '' }),
  );
  must(hello.kind === 'ok', 'the restored town knows the till');
  till.acknowledge(hello.ack.seq);
  const statement = await till.night();
  expect(statement.number).toBe(4);
  expect(statement.perpetual.sales).toBe(1);
  expect(statement.perpetual.pointsSpent).toBe(3);
  expect(await breaksOf(shop.town)).toMatchObject([
    { kind: 'townBehind', owner: 'town', tillAmount: 3, townAmount: 1 },
  ]);
  expect((await till.night()).number).toBe(5);
  await checkLaws(shop.town, [till]);
});

test('a restored town that signed other statements for late copies of old requests goes on behind the ones that count', async () => {
  const { shop, image, restore } = await openRestorableTown();
  const till = await enrolTestTill(shop.api, await shop.code(), shop.nowMs);
  await till.night();
  await till.night();
  const older = image();
  const known = { seq: 1, hash: till.hashes[0] ?? '' };
  const late = [2, 3].map((afterStatement) => till.signed({ ...known, afterStatement }));
  till.sell(5, 'm01', 3);
  await till.night();
  restore(older);
  // Two copies come before the till does: the town signs a third and a fourth statement that nobody will ever apply.
  for (const request of late) expect(await shop.api.settle(request)).toMatchObject({ kind: 'ok' });

  till.acknowledge(0);
  const hello = await shop.api.hello(
    till.signed({ nonce: 'a-nonce-of-ours', seq: till.records.length, hash: till.hashes.at(-1) ?? '' }),
  );
  must(hello.kind === 'ok', 'the restored town knows the till');
  till.acknowledge(hello.ack.seq);
  // The till takes no statement that does not name the one before it.
  const statement = await till.night();
  expect(statement.number).toBe(4);
  expect(statement.perpetual.pointsSpent).toBe(3);
  expect((await till.night()).number).toBe(5);
  await checkLaws(shop.town, [till]);
});

test('a till that names a statement nobody ever applied gets the next one that there is', async () => {
  const { shop } = await openRestorableTown();
  const till = await enrolTestTill(shop.api, await shop.code(), shop.nowMs);
  await till.night();
  const hash = till.hashes[0] ?? '';
  const answer = await shop.api.settle(till.signed({ seq: 1, hash, afterStatement: 9 }));
  must(answer.kind === 'ok', 'the till is answered');
  expect(JSON.parse(answer.statement.bytes)).toMatchObject({ number: 2 });
  expect(await breaksOf(shop.town)).toEqual([]);
});
