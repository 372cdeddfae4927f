import { readFileSync } from 'node:fs';
import { createRouterClient } from '@orpc/server';
import { lawHolds } from '../shared/allotment.ts';
import { must } from '../shared/assert.ts';
import { createSessions } from './console.ts';
import { newId, newKeys, signWith } from './crypto.ts';
import { issueCode } from './enrolment.ts';
import { createMemoryStore } from './memory-store.ts';
import { townRouter } from './router.ts';
import { seedTown, type Seed } from './seed.ts';
import { remainingPoints } from './members.ts';
import type { Rows, Store, Transaction } from './store.ts';
import type { TestTill, TownApi } from './test-till.ts';
import { present, type Town } from './town.ts';

/** Noon in Shanghai on 24 November 2026. */
export const START_MS = Date.parse('2026-11-24T04:00:00Z');

export type TestMember = Readonly<{ id: string; lots: readonly Readonly<{ id: string; points: number }>[] }>;

/** A small town on any store, with a clock that tests turn, called without HTTP. */
export async function openTestTown(members: readonly TestMember[], store: Store = createMemoryStore()) {
  const clock = { ms: START_MS };
  const keys = newKeys();
  const lines: string[] = [];
  const town: Town = {
    id: 'testtown',
    name: 'Test',
    store,
    nowMs: () => clock.ms,
    newId,
    publicKey: keys.publicKey,
    sign: signWith(keys.privateKey),
    log: (line: string) => void lines.push(line),
    tillKeys: new Map<string, string>(),
    contacts: new Map<string, number>(),
  };
  const seed: Seed = {
    town: { id: town.id, name: town.name },
    shop: { id: 's01', name: 'Shop', address: '', hotline: '' },
    villages: [{ id: 'v01', name: 'Village', fund: 'fund' }],
    members: members.map(({ id, lots }) => ({
      id,
      name: '孙小明',
      village: 'v01',
      stars: 2,
      standingWish: 'none',
      state: 'active',
      cards: [{ id: `card-${id}`, token: `98${id}`, lastFour: '0001', state: 'active', expiresOn: null }],
      lots: lots.map((lot) => ({ ...lot, issuerVillage: 'v01', fund: 'fund', earnedDaysAgo: 10, note: '' })),
    })),
  };
  const policy: unknown = JSON.parse(
    readFileSync(new URL('../resources/policy-default.json', import.meta.url), 'utf8'),
  );
  await store.transact(['points', 'enrolment'], async (transaction) => {
    await seedTown(town, transaction, seed, policy);
    await transaction.put('town', [{ town: town.id, name: town.name, publicKey: town.publicKey }]);
  });
  const api: TownApi = createRouterClient(townRouter(town, createSessions(town)), { context: {} });
  return { town, api, clock, lines, nowMs: town.nowMs, code: (shop = 's01') => codeFor(town, shop) };
}

export type TestTown = Awaited<ReturnType<typeof openTestTown>>;

export async function codeFor(town: Town, shop: string, till: string | null = null): Promise<string> {
  return town.store.transact(['enrolment'], async (transaction) => {
    return (await issueCode(town, transaction, { shop, till, tillName: 'Till' })).code;
  });
}

export async function addShop(town: Town, shop: string): Promise<void> {
  await town.store.transact([], (transaction) =>
    transaction.put('shop', [{ shop, name: shop, address: '', hotline: '' }]),
  );
}

export async function lotsOf(town: Town): Promise<Rows['lot'][]> {
  return town.store.transact([], (transaction) => transaction.list('lot'));
}

export async function breaksOf(town: Town): Promise<Rows['break'][]> {
  return town.store.transact([], (transaction) => transaction.list('break'));
}

/**
 * The laws of `protocol.md`: per lot `free + allotted + spent + expired - shortfall = issued`, and per open term, once
 * the town has seen every record of its till and the till every grant, what the town calls allotted is what the till
 * holds. And the movements of each member come to their balance, however they were heard.
 */
export async function checkLaws(town: Town, settledTills: readonly TestTill[] = []): Promise<void> {
  for (const lot of await lotsOf(town)) {
    must(lawHolds(lot), `the law of lot ${lot.lot} is broken: ${JSON.stringify(lot)}`);
    for (const till of settledTills) {
      const allotted = lot.allotted[till.term() ?? ''] ?? 0;
      const held = till.heldPoints(lot.lot);
      must(allotted === held, `lot ${lot.lot}: the town allotted ${allotted}, ${till.from.till} holds ${held}`);
    }
  }
  await checkMovements(town);
}

async function checkMovements(town: Town): Promise<void> {
  await town.store.transact([], async (transaction) => {
    for (const { member } of await transaction.list('member')) {
      const lots = await transaction.list('lot', { equal: { member } });
      const written = await transaction.list('movement', { equal: { member } });
      const { balance, expired } = await listedOn(town, transaction, lots);
      const sum = written.reduce((total, one) => total + one.points, -expired);
      must(sum === balance, `${member} has ${balance} points, and movements of ${sum}: ${JSON.stringify(lots)}`);
      must(
        written.every((one) => one.borne >= 0 && (one.kind === 'spent' ? one.points <= 0 : one.points >= 0)),
        `a movement of ${member} goes the wrong way: ${JSON.stringify(written)}`,
      );
    }
  });
}

/** What lots in time hold, and what the others are told to have lost. */
async function listedOn(
  town: Town,
  transaction: Transaction,
  lots: readonly Rows['lot'][],
): Promise<{ balance: number; expired: number }> {
  const { today } = await present(town, transaction);
  const sums = { balance: 0, expired: 0 };
  for (const lot of lots) {
    const left = remainingPoints(lot);
    if (lot.expiresOn >= today) sums.balance += left;
    else sums.expired += Math.max(0, left + lot.expired - lot.unlisted);
  }
  return sums;
}
