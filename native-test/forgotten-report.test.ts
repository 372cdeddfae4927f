import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cardOf, coreOn, pins, scan } from '../electron/core/test-core.ts';
import { createMemoryStore } from '../town-server/memory-store.ts';
import type { Store } from '../town-server/store.ts';
import { openTestTown, START_MS } from '../town-server/test-town.ts';
import { makeReady } from './carried.ts';

const OLD = cardOf(11);
const NEW = cardOf(42);
const member = OLD.slice(2);

test('a town that was restored from before a card was replaced hears of it again, and the new card lives on', async () => {
  let memory = createMemoryStore();
  const store: Store = { transact: (locks, work) => memory.transact(locks, work), close: async () => {} };
  const shop = await openTestTown([{ id: member, lots: [] }], store);
  const open = () => coreOn(mkdtempSync(join(tmpdir(), 'one-card-forgotten-')), START_MS, { town: shop.api });
  const tills = [open(), open()] as const;
  const [till, other] = tills;
  for (const one of tills) {
    await one.ask({ kind: 'enrol', code: await shop.code(), managerName: '于海明', managerPin: pins.manager });
    await makeReady(one);
    await one.client.night();
  }
  const older = memory.image();
  const report = { kind: 'reportCard', id: 'report-0001', member, card: `card-${member}`, blank: NEW } as const;
  await till.ask({ ...report, approval: null });
  await till.client.night();
  const states = () => [...memory.rows('card')].map(({ card, state }) => [card, state]);
  const asReplaced = [
    [`card-${member}`, 'replaced'],
    ['report-0001', 'active'],
  ];
  expect(states()).toEqual(asReplaced);
  memory = createMemoryStore(older);
  expect(states()).toEqual([[`card-${member}`, 'active']]);
  await till.client.night();
  expect(states()).toEqual(asReplaced);
  await other.client.night();
  for (const one of tills) {
    expect(await one.send(scan(OLD, 'card'))).toMatchObject({ reason: 'cardReplaced' });
    await one.ask(scan(NEW, 'card'));
    await one.close();
  }
});
