import fc from 'fast-check';
import { must } from '../shared/assert.ts';
import { HOUR_MS } from '../shared/time.ts';
import { returnableSchema } from '../shared/town-contract.ts';
import { dropClaim } from './claims.ts';
import { newId } from './crypto.ts';
import { freeSilentTerm } from './points.ts';
import { ANNA, BEN } from './test-steps.ts';
import { enrolTestTill, type SaleOf, type TestTill } from './test-till.ts';
import { addShop, breaksOf, checkLaws, codeFor, lotsOf, openTestTown, type TestTown } from './test-town.ts';
import type { Store } from './store.ts';
import { overview } from './console.ts';

/** What every engine of the town must answer to claims and to what comes back; each case throws when it does not. */
export type ClaimCase = readonly [
  what: string,
  run: (open: (members?: typeof MEMBERS) => Promise<ShopTown>) => Promise<void>,
];

const MEMBERS = [ANNA, BEN];

/** A town and its two tills. */
export type ShopTown = TestTown & { seller: TestTill; other: TestTill };

/** A town with two tills of two shops, the first of which holds the points. */
export async function openShops(store?: Store, members = MEMBERS): Promise<ShopTown> {
  const opened = await openTestTown(members, store);
  const seller = await enrolTestTill(opened.api, await opened.code(), opened.nowMs);
  await seller.night();
  await addShop(opened.town, 's02');
  const other = await enrolTestTill(opened.api, await codeFor(opened.town, 's02'), opened.nowMs);
  return { ...opened, seller, other };
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  must(got === wanted, `${what}: ${got}, not ${wanted}`);
}

async function kindsOf(shop: ShopTown): Promise<string[]> {
  return (await breaksOf(shop.town)).map((one) => one.kind).toSorted();
}

function opened(answer: Awaited<ReturnType<TestTill['claim']>>) {
  must(answer.kind === 'ok', `refused: ${JSON.stringify(answer)}`);
  return returnableSchema.parse(JSON.parse(answer.sale.bytes));
}

async function sold(shop: ShopTown, pieces = 10, points = 10): Promise<SaleOf> {
  const sale = shop.seller.sell(pieces, 'anna', points);
  await shop.seller.push();
  return sale;
}

async function claimed(till: TestTill, sale: SaleOf, pieces = sale.pieces): Promise<string> {
  const request = newId();
  opened(await till.claim(sale, request, pieces));
  return request;
}

export const claimCases: readonly ClaimCase[] = [
  [
    'a sale of another till is found by its receipt as soon as its record was taken in, with its exact text',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      const found = opened(await shop.other.findSale(sale.receipt));
      same(found.sale, shop.seller.texts.at(-1), 'its text');
      same([found.returned, found.heldBy], [[], null], 'nothing came back');
      for (const receipt of ['t99-1-1', `${sale.receipt}9`, 'nothing', '']) {
        same(await shop.other.findSale(receipt), { kind: 'refused', reason: 'unknownReceipt' }, receipt);
      }
    },
  ],
  [
    'a claim asked for twice answers the same bytes, and with other goods it is refused',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      const first = await shop.other.claim(sale, 'request-1', 4);
      opened(first);
      same(await shop.other.claim(sale, 'request-1', 4), first, 'again');
      same(await shop.other.claim(sale, 'request-1', 5), { kind: 'refused', reason: 'duplicate' }, 'other goods');
      same(await shop.seller.claim(sale, 'request-1', 4), { kind: 'refused', reason: 'duplicate' }, 'another till');
      shop.other.refund(sale, 4, null, 'request-1');
      await shop.other.night();
      same(await shop.other.claim(sale, 'request-1', 4), first, 'after the refund');
    },
  ],
  [
    // Invariant 14.
    'while a claim is held nobody else gets one, and its record resolves it without waiting for a night',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      const request = await claimed(shop.other, sale, 4);
      same(await shop.seller.claim(sale), { kind: 'refused', reason: 'claimHeld' }, 'held');
      same(opened(await shop.seller.findSale(sale.receipt)).heldBy, shop.other.from.till, 'held by');
      shop.other.refund(sale, 4, null, request);
      await shop.other.push();
      same(opened(await shop.seller.claim(sale, newId(), 6)).returned, [{ line: 0, quantity: 4 }], 'before');
      same(await kindsOf(shop), [], 'breaks');
    },
  ],
  [
    'more than is left is refused by name, counted over all tills',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      shop.seller.refund(sale, 7);
      await shop.seller.push();
      same(await shop.other.claim(sale, newId(), 4), { kind: 'refused', reason: 'moreThanBought' }, 'four of three');
      shop.other.refund(sale, 3, null, await claimed(shop.other, sale, 3));
      await shop.other.push();
      same(await shop.seller.claim(sale, newId(), 1), { kind: 'refused', reason: 'moreThanBought' }, 'one of none');
      await shop.seller.night();
      await shop.other.night();
      same(await kindsOf(shop), [], 'breaks');
      same(
        (await lotsOf(shop.town)).reduce((sum, lot) => sum + lot.spent, 0),
        0,
        'spent',
      );
      await checkLaws(shop.town);
    },
  ],
  [
    'a claim that its till lets go is free again, also where the word of it came before the claim',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      await shop.other.claim(sale, 'request-1');
      same(await shop.other.release('request-1'), { kind: 'ok' }, 'let go');
      same(await shop.other.release('request-1'), { kind: 'ok' }, 'again');
      same(await shop.other.claim(sale, 'request-1'), { kind: 'refused', reason: 'claimReleased' }, 'for good');
      same(await shop.other.release('request-2'), { kind: 'ok' }, 'before it was made');
      same(await shop.other.claim(sale, 'request-2'), { kind: 'refused', reason: 'claimReleased' }, 'made late');
      await claimed(shop.seller, sale);
      same(await shop.other.release('nothing-of'), { kind: 'ok' }, 'of nothing');
    },
  ],
  [
    'a till lets go only of its own claims',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      await shop.other.claim(sale, 'request-1');
      same(await shop.seller.release('request-1'), { kind: 'refused', reason: 'unknownClaim' }, 'of another');
      same(await shop.seller.claim(sale), { kind: 'refused', reason: 'claimHeld' }, 'still held');
    },
  ],
  [
    'a clerk lets a claim go that hangs; a refund that comes under it all the same is folded and named',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      const request = await claimed(shop.other, sale);
      const shown = await overview(shop.town);
      same(
        shown.claims.map((one) => [one.claim, one.till, one.receipt, one.lines]),
        [[request, shop.other.from.till, sale.receipt, 1]],
        'shown',
      );
      same(
        await dropClaim(shop.town, { claim: request, by: '', note: 'x' }),
        { kind: 'refused', reason: 'badInput' },
        '',
      );
      same(
        await dropClaim(shop.town, { claim: 'no', by: 'a', note: 'b' }),
        { kind: 'refused', reason: 'unknownClaim' },
        '',
      );
      same(await dropClaim(shop.town, { claim: request, by: 'Li', note: 'till is broken' }), { kind: 'ok' }, 'dropped');
      shop.other.refund(sale, 10, null, request);
      await shop.other.night();
      same(await kindsOf(shop), ['refundUnclaimed'], 'breaks');
      same(
        (await lotsOf(shop.town)).reduce((sum, lot) => sum + lot.spent, 0),
        0,
        'folded',
      );
    },
  ],
  [
    'a refund of an earlier incarnation of the same till needs a claim too',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      const { till } = shop.seller.from;
      const again = await enrolTestTill(shop.api, await shop.code(), shop.nowMs, { till, incarnation: 2 });
      again.refund(sale, 4, null, await claimed(again, sale, 4));
      again.refund(sale, 6, null);
      await again.night();
      same(await kindsOf(shop), ['refundUnclaimed'], 'breaks');
      same(
        (await lotsOf(shop.town)).reduce((sum, lot) => sum + lot.spent, 0),
        0,
        'spent',
      );
      await checkLaws(shop.town);
    },
  ],
  [
    'a claim covers the goods it speaks of and no others',
    async (open) => {
      const shop = await open();
      const sale = await sold(shop);
      shop.other.refund(sale, 6, null, await claimed(shop.other, sale, 4));
      await shop.other.night();
      same(await kindsOf(shop), ['refundUnclaimed'], 'breaks');
    },
  ],
  [
    'two refunds that wait for the same sale each open a lot of their own',
    async (open) => {
      const shop = await open();
      const sale = shop.seller.sell(10, 'anna', 10);
      const third = await enrolTestTill(shop.api, await shop.code(), shop.nowMs);
      shop.clock.ms = Date.parse('2028-01-02T04:00:00Z');
      shop.other.refund(sale, 4, null);
      third.refund(sale, 6, null);
      await shop.other.night();
      await third.night();
      await shop.seller.night();
      const reborn = (await lotsOf(shop.town)).filter((lot) => lot.note === 'refund');
      same(
        reborn.reduce((sum, lot) => sum + lot.issued, 0),
        10,
        'reborn',
      );
      await checkLaws(shop.town);
    },
  ],
  [
    'a sale of a freed term taken back by a claim undoes the shortfall it caused, and the villager gains nothing',
    async (open) => {
      const shop = await open();
      const term = shop.seller.term() ?? '';
      await shop.seller.night();
      const sale = shop.seller.sell(7, 'ben', 7);
      shop.clock.ms += 200 * HOUR_MS;
      same((await freeSilentTerm(shop.town, term)).kind, 'ok', 'freed');
      await shop.seller.push();
      opened(await shop.other.findSale(sale.receipt));
      const before = await benOf(shop);
      shop.other.refund(sale, 3, null, await claimed(shop.other, sale, 3));
      shop.other.refund(sale, 4, null, await claimedAfter(shop, sale, 4));
      await shop.other.push();
      await shop.other.night();
      const after = await benOf(shop);
      same([before.shortfall, before.remaining], [7, 100], 'borne before');
      same([after.spent, after.shortfall, after.remaining], [0, 0, 100], 'as if nothing had been');
      await checkLaws(shop.town);
    },
  ],
  [
    'any sequence of claims, refunds, lost answers and releases takes each piece back once and every lot home',
    async (open) => {
      const step = fc.record({ till: fc.nat(1), pieces: fc.integer({ min: 1, max: 12 }), fate: fc.nat(3) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
          const shop = await open();
          const sale = await sold(shop, 12, 12);
          const tills = [shop.seller, shop.other];
          let back = 0;
          for (const { till: which, pieces, fate } of [...steps, { till: 0, pieces: 12, fate: 0 }]) {
            const till = tills[which] ?? shop.other;
            const wanted = steps.length === 0 ? pieces : Math.max(1, Math.min(pieces, 12 - back));
            const request = newId();
            const answer = await till.claim(sale, request, wanted);
            if (answer.kind === 'refused') {
              same([answer.reason, back + wanted > 12], ['moreThanBought', true], 'refused');
              continue;
            }
            same(opened(answer).returned, back === 0 ? [] : [{ line: 0, quantity: back }], 'what came back');
            if (fate === 1) await till.release(request);
            else {
              till.refund(sale, wanted, till === shop.seller ? till.term() : null, request);
              back += wanted;
              await till.push();
              if (fate === 2) await till.night();
            }
          }
          if (back < 12) {
            shop.other.refund(sale, 12 - back, null, await claimed(shop.other, sale, 12 - back));
            await shop.other.push();
          }
          for (const till of [...tills, ...tills, ...tills]) await till.night();
          const lots = await lotsOf(shop.town);
          same(
            lots.map((lot) => [lot.spent, lot.shortfall, lot.expired]),
            lots.map(() => [0, 0, 0]),
            'every lot',
          );
          same(await kindsOf(shop), [], 'breaks');
          await checkLaws(shop.town, tills);
        }),
        { numRuns: 8 },
      );
    },
  ],
];

async function claimedAfter(shop: ShopTown, sale: SaleOf, pieces: number): Promise<string> {
  await shop.other.push();
  return claimed(shop.other, sale, pieces);
}

async function benOf(shop: ShopTown) {
  const own = (await lotsOf(shop.town)).filter((lot) => lot.member === 'ben');
  const sum = (of: (lot: (typeof own)[number]) => number): number => own.reduce((total, lot) => total + of(lot), 0);
  return {
    spent: sum((lot) => lot.spent),
    shortfall: sum((lot) => lot.shortfall),
    remaining: sum((lot) => lot.free + Object.values(lot.allotted).reduce((all, points) => all + points, 0)),
  };
}
