import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adoptGrant,
  applyMove,
  expire,
  freeTerm,
  grantFrom,
  issueAgain,
  lawHolds,
  movesOf,
  newLot,
  planReturn,
  planSpend,
  REBORN_DAYS,
  returnOfLostCard,
  spendablePoints,
  spendOnLostCard,
  targetsOf,
  type HeldLot,
  type LotState,
  type PointsMove,
  type TillShare,
} from './allotment.ts';
import type { JournalRecord, RecordKind } from './journal.ts';
import { allotmentInPostings, allotmentOutPostings, salePostings } from './posting.ts';
import { priceSale, type PricingPolicy, type ReturnedLine } from './pricing.ts';
import type { Grant, LotPoints, Recall, SaleBody } from './record-bodies.ts';
import { sampleRecord, sampleRefund, sampleSaleBody } from './record-sample.ts';
import { addDays } from './time.ts';

const TODAY = '2026-03-01';
const FAR = '2027-12-31';

function lotOf(lot: string, issued: number, expiresOn = FAR): LotState {
  return newLot({ lot, member: 'm1', village: 'v1', fund: 'f1', expiresOn, issued });
}

const spend = (points: number, term = 't1'): PointsMove => ({ kind: 'spend', lot: 'a', term, points });

// The table of moves, row by row.

// Invariant 13.
test('a grant moves free points to its term, and never more than there are', () => {
  const lot = grantFrom(lotOf('a', 10), 't1', 6);
  expect(lot).toMatchObject({ free: 4, allotted: { t1: 6 } });
  expect(() => grantFrom(lot, 't1', 5)).toThrow('free points');
  expect(() => grantFrom(lot, 't1', -1)).toThrow('free points');
});

for (const [what, move, termOpen, day, expected, rebornPoints] of [
  ['a spend of an open term is paid by it', spend(4), true, TODAY, { allotted: { t1: 2 }, spent: 7, shortfall: 0 }, 0],
  ['a term spent to nothing is left out', spend(6), true, TODAY, { allotted: {}, spent: 9, shortfall: 0 }, 0],
  [
    'a spend beyond an open term is borne by shortfall (invariant 12)',
    spend(8),
    true,
    TODAY,
    { allotted: {}, spent: 11, shortfall: 2, free: 1 },
    0,
  ],
  [
    'a spend of a closed term is shortfall as a whole (invariant 12)',
    spend(4, 'gone'),
    false,
    TODAY,
    { allotted: { t1: 6 }, spent: 7, shortfall: 4, free: 1 },
    0,
  ],
  [
    'a spend from a term that another till holds takes nothing from it (invariant 16)',
    spend(4),
    false,
    TODAY,
    { allotted: { t1: 6 }, spent: 7, shortfall: 4, free: 1 },
    0,
  ],
  [
    'a recall from a term that another till holds does nothing',
    { kind: 'out', lot: 'a', term: 't1', points: 5 },
    false,
    TODAY,
    { allotted: { t1: 6 }, free: 1, spent: 3, shortfall: 0 },
    0,
  ],
  [
    'a recall of an open term is free again',
    { kind: 'out', lot: 'a', term: 't1', points: 5 },
    true,
    TODAY,
    { allotted: { t1: 1 }, free: 6, spent: 3 },
    0,
  ],
  [
    // Invariant 14.
    'a recall of a closed term does nothing',
    { kind: 'out', lot: 'a', term: 'gone', points: 5 },
    false,
    TODAY,
    { allotted: { t1: 6 }, free: 1, spent: 3, shortfall: 0 },
    0,
  ],
  [
    'a refund into an open term fills it again',
    { kind: 'returnToTerm', lot: 'a', term: 't1', points: 3 },
    true,
    TODAY,
    { allotted: { t1: 9 }, free: 1, spent: 0 },
    0,
  ],
  [
    'a refund into a term closed meanwhile is free',
    { kind: 'returnToTerm', lot: 'a', term: 'gone', points: 3 },
    false,
    TODAY,
    { allotted: { t1: 6 }, free: 4, spent: 0 },
    0,
  ],
  [
    'a refund otherwise is free',
    { kind: 'returnFree', lot: 'a', points: 2 },
    false,
    TODAY,
    { allotted: { t1: 6 }, free: 3, spent: 1 },
    0,
  ],
  [
    'a refund on the last day of a lot is free',
    { kind: 'returnFree', lot: 'a', points: 2 },
    false,
    FAR,
    { free: 3, expired: 0 },
    0,
  ],
  [
    'a refund into an expired lot lives on in a new one (R-P10)',
    { kind: 'returnFree', lot: 'a', points: 2 },
    false,
    '2028-01-01',
    { free: 1, spent: 1, expired: 2 },
    2,
  ],
] as const satisfies readonly (readonly [string, PointsMove, boolean, string, Partial<LotState>, number])[]) {
  test(`${what}: the law of the lot holds before and after (invariant 20)`, () => {
    const before: LotState = { ...lotOf('a', 10), free: 1, allotted: { t1: 6 }, spent: 3 };
    expect(lawHolds(before)).toBe(true);
    const after = applyMove(before, move, termOpen, day);
    expect(after.lot).toMatchObject(expected);
    expect(after.lot.allotted).toEqual('allotted' in expected ? expected.allotted : before.allotted);
    expect(after.rebornPoints).toBe(rebornPoints);
    expect(lawHolds(after.lot)).toBe(true);
  });
}

const returned = (points: number, term: string | null): PointsMove =>
  term === null ? { kind: 'returnFree', lot: 'a', points } : { kind: 'returnToTerm', lot: 'a', term, points };

for (const [where, term] of [
  ['into that term', 't1'],
  ['to the free part, as a till does that has a new term', null],
] as const) {
  test(`what a freed term sold unseen and took back ${where} leaves nothing to bear and nothing to gain (invariant 12)`, () => {
    const freed = freeTerm(grantFrom(lotOf('a', 100), 't1', 100), 't1');
    const sold = applyMove(freed, spend(7), false, TODAY);
    expect(sold).toMatchObject({ lot: { free: 100, spent: 7, shortfall: 7 }, borne: 7 });
    const part = applyMove(sold.lot, returned(3, term), false, TODAY, 7);
    expect(part).toMatchObject({ lot: { free: 100, spent: 4, shortfall: 4 }, borne: -3 });
    const back = applyMove(part.lot, returned(4, term), false, TODAY, 4);
    expect(back).toEqual({ lot: freed, rebornPoints: 0, borne: -4 });
    for (const lot of [freed, sold.lot, part.lot, back.lot]) expect(lawHolds(lot)).toBe(true);
  });
}

test('a refund undoes only what a shortfall bore for its own sale, and the rest is free', () => {
  const before: LotState = { ...lotOf('a', 100), free: 90, spent: 18, shortfall: 8 };
  const after = applyMove(before, returned(9, 't1'), false, TODAY, 5);
  expect(after).toMatchObject({ lot: { free: 94, spent: 9, shortfall: 3 }, borne: -5 });
  expect(applyMove(before, returned(9, 't1'), false, TODAY, 0).lot).toMatchObject({ free: 99, spent: 9, shortfall: 8 });
  expect(lawHolds(after.lot)).toBe(true);
});

test('a sale beyond what its open term held, taken back, leaves the term as it stood before', () => {
  const before = grantFrom(lotOf('a', 100), 't1', 10);
  const sold = applyMove(before, spend(30), true, TODAY);
  expect(sold).toMatchObject({ lot: { allotted: {}, spent: 30, shortfall: 20 }, borne: 20 });
  expect(applyMove(sold.lot, returned(30, 't1'), true, TODAY, 20).lot).toEqual(before);
});

test('a refund that undoes a shortfall of an expired lot opens no new lot for that part', () => {
  const before: LotState = { ...lotOf('a', 10), free: 0, expired: 10, spent: 4, shortfall: 4 };
  const after = applyMove(before, returned(4, 't1'), false, '2028-01-01', 4);
  expect(after).toMatchObject({ lot: { free: 0, expired: 10, spent: 0, shortfall: 0 }, rebornPoints: 0 });
});

// A card that was reported lost: its holder pays for nothing that was bought with it.

for (const [what, termOpen, expected] of [
  ['leaves an open term for the free part', true, { free: 44, allotted: { t1: 56 } }],
  ['takes nothing from a closed term', false, { free: 40, allotted: { t1: 60 } }],
] as const) {
  test(`a spend on a lost card ${what}, and the shortfall bears it`, () => {
    const lot = spendOnLostCard(
      grantFrom(lotOf('a', 100), 't1', 60),
      { kind: 'spend', lot: 'a', term: 't1', points: 4 },
      termOpen,
    );
    expect(lot).toMatchObject({ ...expected, spent: 4, shortfall: 4 });
    expect(lawHolds(lot)).toBe(true);
  });
}

for (const [what, free, move, termOpen, expected] of [
  [
    'into its open term fills the term as the till did, and takes the points out of the free part again',
    44,
    { kind: 'returnToTerm', lot: 'a', term: 't1', points: 4 },
    true,
    { free: 40, allotted: { t1: 60 }, spent: 0, shortfall: 0 },
  ],
  [
    'whose free part was granted on since leaves the rest as shortfall',
    1,
    { kind: 'returnToTerm', lot: 'a', term: 't1', points: 4 },
    true,
    { free: 0, allotted: { t1: 60, t2: 43 }, spent: 0, shortfall: 3 },
  ],
  [
    'into a term closed meanwhile gives its holder nothing that was never taken',
    44,
    { kind: 'returnToTerm', lot: 'a', term: 't1', points: 4 },
    false,
    { free: 44, allotted: { t1: 56 }, spent: 0, shortfall: 0 },
  ],
  [
    'otherwise gives its holder nothing that was never taken',
    44,
    { kind: 'returnFree', lot: 'a', points: 4 },
    false,
    { free: 44, allotted: { t1: 56 }, spent: 0, shortfall: 0 },
  ],
] as const) {
  test(`a refund of a sale on a lost card ${what}`, () => {
    const start = grantFrom(lotOf('a', 100), 't1', 60);
    const sold = spendOnLostCard(start, { kind: 'spend', lot: 'a', term: 't1', points: 4 }, true);
    const before = free === 44 ? sold : grantFrom(sold, 't2', 44 - free);
    const after = returnOfLostCard(before, move, termOpen);
    expect(after).toMatchObject(expected);
    expect(after.allotted).toEqual(expected.allotted);
    expect(lawHolds(after)).toBe(true);
  });
}

test('a term freed is empty, and what it held is free', () => {
  const lot = freeTerm(grantFrom(grantFrom(lotOf('a', 10), 't1', 6), 't2', 3), 't1');
  expect(lot).toMatchObject({ free: 7, allotted: { t2: 3 } });
  expect(freeTerm(lot, 't1')).toEqual(lot);
});

test('a lot may be spent on its last day, and its free part expires the day after', () => {
  const lot = grantFrom(lotOf('a', 10, TODAY), 't1', 6);
  expect(expire(lot, TODAY)).toBe(lot);
  const expired = expire(lot, addDays(TODAY, 1));
  expect(expired).toMatchObject({ free: 0, expired: 4, allotted: { t1: 6 } });
  expect(expire(expired, addDays(TODAY, 1))).toBe(expired);
});

test('what comes back to an expired lot by a recall or by freeing expires at the next call', () => {
  const lot = expire(grantFrom(lotOf('a', 10, TODAY), 't1', 6), addDays(TODAY, 1));
  const out = applyMove(lot, { kind: 'out', lot: 'a', term: 't1', points: 2 }, true, TODAY).lot;
  expect(expire(out, addDays(TODAY, 1))).toMatchObject({ free: 0, expired: 6 });
  expect(expire(freeTerm(lot, 't1'), addDays(TODAY, 1))).toMatchObject({ free: 0, expired: 10, allotted: {} });
});

for (const [what, lot] of [
  ['points from nowhere', { ...lotOf('a', 10), free: 11 }],
  ['points lost', { ...lotOf('a', 10), free: 9 }],
  ['a negative free part', { ...lotOf('a', 10), free: -1, spent: 11 }],
  ['a negative term', { ...lotOf('a', 10), free: 11, allotted: { t1: -1 } }],
  ['a negative spent part', { ...lotOf('a', 10), free: 11, spent: -1 }],
  ['a shortfall that nobody spent', { ...lotOf('a', 10), shortfall: 1 }],
] as const) {
  test(`the law of a lot does not hold with ${what} (invariants 12 and 20)`, () => {
    expect(lawHolds(lot)).toBe(false);
  });
}

// What a record moves.

for (const [what, kind, postings, moves] of [
  [
    'a sale spends from its term',
    'sale',
    [
      { account: 'spent', unit: 'points', amount: 5, lot: 'a' },
      { account: 'allotment', unit: 'points', amount: -5, lot: 'a', term: 't1' },
      { account: 'drawer', unit: 'fen', amount: 5 },
    ],
    [spend(5)],
  ],
  [
    'a refund fills a term, or goes to the free part',
    'refund',
    [
      { account: 'allotment', unit: 'points', amount: 2, lot: 'a', term: 't1' },
      { account: 'returned', unit: 'points', amount: 3, lot: 'b' },
      { account: 'spent', unit: 'points', amount: -2, lot: 'a' },
      { account: 'spent', unit: 'points', amount: -3, lot: 'b' },
    ],
    [
      { kind: 'returnToTerm', lot: 'a', term: 't1', points: 2 },
      { kind: 'returnFree', lot: 'b', points: 3 },
    ],
  ],
  [
    'a recall goes out',
    'allotmentOut',
    allotmentOutPostings('t1', 'a', 4),
    [{ kind: 'out', lot: 'a', term: 't1', points: 4 }],
  ],
  [
    'a grant written down moves nothing at the town',
    'allotmentIn',
    allotmentInPostings('t1', [{ lot: 'a', points: 4 }]),
    [],
  ],
] as const) {
  test(what, () => {
    expect(movesOf(sampleRecord(kind, { postings: [...postings] }))).toEqual(moves);
  });
}

// Split, spending and returning.

const split = { homeBp: 6000, otherBp: 3000 };
const till = (name: string, shop: string): TillShare => ({ till: name, shop, term: `term-${name}` });

for (const [what, points, tills, home, expected] of [
  ['one shop with one till has all of it', 601, [till('1', 'A')], 'A', { 'term-1': 601 }],
  ['one shop has all of it though it is not home', 600, [till('1', 'B')], 'A', { 'term-1': 600 }],
  [
    'two tills of one shop share equally, the odd point stays free',
    601,
    [till('1', 'A'), till('2', 'A')],
    'A',
    { 'term-1': 300, 'term-2': 300 },
  ],
  [
    'home has 60 %, the others 30 % together',
    600,
    [till('1', 'A'), till('2', 'B'), till('3', 'C'), till('4', 'D')],
    'A',
    { 'term-1': 360, 'term-2': 60, 'term-3': 60, 'term-4': 60 },
  ],
  [
    'tills within a shop share what is the shop’s',
    600,
    [till('1', 'A'), till('2', 'A'), till('3', 'B')],
    'A',
    { 'term-1': 180, 'term-2': 180, 'term-3': 180 },
  ],
  [
    'without a home shop all shops have the same',
    600,
    [till('1', 'A'), till('2', 'B')],
    null,
    { 'term-1': 270, 'term-2': 270 },
  ],
  [
    'a home shop that is silent is no home',
    600,
    [till('1', 'A'), till('2', 'B')],
    'C',
    { 'term-1': 270, 'term-2': 270 },
  ],
  ['nobody heard from: nothing is moved', 600, [], 'A', {}],
] as const) {
  test(`the split of points: ${what}`, () => {
    expect(Object.fromEntries(targetsOf(points, tills, home, split))).toEqual(expected);
  });
}

test('targets are never negative, together never more than the points, and one shop with one till has them all (invariant 15)', () => {
  const shops = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.nat(1_000_000),
      shops,
      fc.nat(7),
      fc.nat(10_000),
      fc.nat(10_000),
      (points, sizes, home, one, two) => {
        const homeBp = Math.min(one, two);
        const otherBp = 10_000 - Math.max(one, two);
        const tills = sizes.flatMap((size, shop) =>
          Array.from({ length: size }, (_, index) => till(`${shop}-${index}`, `shop-${shop}`)),
        );
        const targets = [...targetsOf(points, tills, `shop-${home}`, { homeBp, otherBp }).values()];
        expect(targets).toHaveLength(tills.length);
        for (const target of targets) expect(target).toBeGreaterThanOrEqual(0);
        const sum = targets.reduce((all, target) => all + target, 0);
        expect(sum).toBeLessThanOrEqual(points);
        if (sizes.length === 1) expect(sum).toBe(points - (points % tills.length));
      },
    ),
  );
});

const held = (lot: string, points: number, expiresOn: string): HeldLot => ({
  lot,
  term: 't1',
  village: 'v1',
  fund: 'f1',
  expiresOn,
  points,
});

test('the lot that expires first pays first, then the lower id (R-L2)', () => {
  const lots = [
    held('c', 5, '2026-12-31'),
    held('b', 5, '2026-06-30'),
    held('a', 5, '2026-12-31'),
    held('d', 5, TODAY),
  ];
  expect(planSpend(lots, 17, TODAY).map(({ lot, points }) => [lot, points])).toEqual([
    ['d', 5],
    ['b', 5],
    ['a', 5],
    ['c', 2],
  ]);
});

test('an expired lot pays nothing, though it expired yesterday', () => {
  const lots = [held('a', 5, addDays(TODAY, -1)), held('b', 5, TODAY)];
  expect(spendablePoints(lots, TODAY)).toBe(5);
  expect(planSpend(lots, 5, TODAY).map(({ lot }) => lot)).toEqual(['b']);
  expect(() => planSpend(lots, 6, TODAY)).toThrow('no lot');
});

test('no points to pay name no lot', () => {
  expect(planSpend([held('a', 5, FAR)], 0, TODAY)).toEqual([]);
});

const anyHeld = fc
  .array(fc.tuple(fc.nat(50), fc.integer({ min: -3, max: 5 })), { maxLength: 8 })
  .map((parts) => parts.map(([points, days], index) => held(`lot-${index}`, points, addDays(TODAY, days))));

test('a plan to spend is exact, positive, within each lot, and in order of expiry', () => {
  fc.assert(
    fc.property(anyHeld, fc.nat(1_000_000), (lots, part) => {
      const points = part % (spendablePoints(lots, TODAY) + 1);
      const plan = planSpend(lots, points, TODAY);
      expect(plan.reduce((sum, one) => sum + one.points, 0)).toBe(points);
      const expiryOf = (lot: string): string => lots.find((one) => one.lot === lot)?.expiresOn ?? '';
      for (const [index, one] of plan.entries()) {
        const from = lots.find((lot) => lot.lot === one.lot);
        expect(one.points).toBeGreaterThan(0);
        expect(one.points).toBeLessThanOrEqual(from?.points ?? 0);
        expect(expiryOf(one.lot) >= TODAY).toBe(true);
        expect(expiryOf(plan[index - 1]?.lot ?? one.lot) <= expiryOf(one.lot)).toBe(true);
        // A lot is left for the next only when it is empty.
        if (index < plan.length - 1) expect(one.points).toBe(from?.points);
      }
    }),
  );
});

test('points go back to the lot spent last first, each no more than it gave', () => {
  const spent: LotPoints[] = planSpend([held('a', 5, '2026-06-30'), held('b', 5, FAR), held('c', 5, FAR)], 12, TODAY);
  const back = (points: number, already = 0): (string | number | null)[][] =>
    planReturn(spent, already, points, 't1', () => false).map((one) => [one.lot, one.points, one.term]);
  expect(back(1)).toEqual([['c', 1, 't1']]);
  expect(back(4)).toEqual([
    ['c', 2, 't1'],
    ['b', 2, 't1'],
  ]);
  expect(back(4, 4)).toEqual([
    ['b', 3, 't1'],
    ['a', 1, 't1'],
  ]);
  expect(() => back(9, 4)).toThrow('no lot to go back to');
});

for (const [what, openTerm, isExpired, expected] of [
  ['the open term takes its own points back', 't1', false, 't1'],
  ['another term is open: to the free part', 't2', false, null],
  ['no term is open: to the free part', null, false, null],
  ['the lot has expired: to the free part', 't1', true, null],
] as const) {
  test(`where points go back to: ${what}`, () => {
    const spent = planSpend([held('a', 5, FAR)], 5, TODAY);
    expect(planReturn(spent, 0, 5, openTerm, () => isExpired)).toEqual([
      { lot: 'a', term: expected, village: 'v1', fund: 'f1', points: 5 },
    ]);
  });
}

test('points returned in any steps are exact at each, and in the end what each lot gave (invariant 21)', () => {
  fc.assert(
    fc.property(anyHeld, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }), (lots, steps) => {
      const spent = planSpend(lots, spendablePoints(lots, TODAY), TODAY);
      const all = spent.reduce((sum, one) => sum + one.points, 0);
      const returned = new Map<string, number>();
      let already = 0;
      for (const step of [...steps, all]) {
        const points = Math.min(step, all - already);
        const plan = planReturn(spent, already, points, 't1', () => false);
        expect(plan.reduce((sum, one) => sum + one.points, 0)).toBe(points);
        for (const one of plan) returned.set(one.lot, (returned.get(one.lot) ?? 0) + one.points);
        already += points;
      }
      expect(Object.fromEntries(returned)).toEqual(Object.fromEntries(spent.map((one) => [one.lot, one.points])));
    }),
  );
});

// A town and its tills under a network that loses, doubles and reorders (protocol, "Allotments").

const pointsOnly: PricingPolicy = {
  pointValueFen: 100,
  discount: { rateBpByStars: [10000, 10000, 10000, 10000, 10000, 10000], excludedCategories: [] },
  points: { perSale: 1e6, perDay: 1e6, perMonth: 1e6, maxShareBp: 10000, excludedCategories: [] },
  truncation: { appliesTo: 'off', unitFen: 1 },
};

/** A sale of as many pieces as points, so that a piece that comes back brings one point back. */
function saleOf(lots: readonly LotPoints[]): SaleBody {
  const points = lots.reduce((sum, lot) => sum + lot.points, 0);
  const line = { category: '粮油', per: 'piece', count: points, priceFen: 100, discountable: false } as const;
  const member = { stars: 0, spendable: points, spentToday: 0, spentThisMonth: 0 };
  const sale = priceSale([line], member, pointsOnly, { points, mobileFen: 0, cashGivenFen: 0 });
  if (sale.kind === 'refused') throw new Error(sale.reason);
  return sampleSaleBody(sale, lots);
}

type ModelSale = {
  id: string;
  body: SaleBody;
  seq: number;
  returned: number;
  back: readonly ReturnedLine[];
  /** The one till that takes this sale back: its own, or one that holds the town's claim. */
  takenBackBy: string | null;
};

type ModelTill = {
  name: string;
  term: string | null;
  /** Terms whose end has passed by this till's own time: it spends from them no more. */
  ended: Set<string>;
  held: Map<string, number>;
  records: JournalRecord[];
  applied: Set<string>;
  statement: number;
  sales: ModelSale[];
  /** The sequence of the sale that each refund of this till's own gives back, by the refund's record. */
  refundOf: Map<string, number>;
};

type Statement = { till: string; number: number; term: string; grants: Grant[]; recalls: Recall[] };

type Message =
  | { kind: 'upload'; till: string; from: number; to: number }
  | { kind: 'statement'; statement: Statement }
  | { kind: 'grant'; grant: Grant };

const keyOf = (term: string, lot: string): string => `${term} ${lot}`;

/** The whole of a small world: everything the laws speak of can be counted in it at any moment. */
class World {
  day = TODAY;
  readonly lots = new Map<string, LotState>();
  readonly terms = new Map<string, { till: string; closed: boolean }>();
  readonly tills: ModelTill[];
  readonly folded = new Map<string, number>();
  readonly grants: Grant[] = [];
  readonly recalls: Recall[] = [];
  readonly done = new Set<string>();
  readonly statements: Statement[] = [];
  readonly network: Message[] = [];
  /**
   * The most that the shortfall of a lot may come to, from the terms that were freed while their tills held unseen
   * sales: what the term held, and the refunds not yet seen of sales that were, which may have been spent again.
   */
  readonly bound = new Map<string, number>();
  /** What a shortfall bears of each sale and lot. */
  readonly borne = new Map<string, number>();
  reborn = 0;
  private made = 0;

  constructor(lots: readonly LotState[], tills: number) {
    for (const lot of lots) this.lots.set(lot.lot, lot);
    this.tills = Array.from({ length: tills }, (_, index) => ({
      name: `till-${index}`,
      term: null,
      ended: new Set(),
      held: new Map(),
      records: [],
      applied: new Set(),
      statement: 0,
      sales: [],
      refundOf: new Map(),
    }));
  }

  private newId(what: string): string {
    this.made += 1;
    return `${what}-${this.made}`;
  }

  private record(till: ModelTill, kind: RecordKind, change: Partial<JournalRecord>): void {
    const seq = till.records.length + 1;
    till.records.push(
      sampleRecord(kind, { till: till.name, seq, id: this.newId(kind), businessDay: this.day, ...change }),
    );
  }

  private move(till: ModelTill, term: string, lot: string, points: number): void {
    const key = keyOf(term, lot);
    till.held.set(key, (till.held.get(key) ?? 0) + points);
  }

  private openTermOf(till: ModelTill): string | null {
    return till.term === null || till.ended.has(till.term) ? null : till.term;
  }

  // At a till.

  sell(till: ModelTill, wanted: number): void {
    const term = this.openTermOf(till);
    if (term === null) return;
    const lots = [...this.lots.values()].map(({ lot, village, fund, expiresOn }) => {
      const points = till.held.get(keyOf(term, lot)) ?? 0;
      return { lot, term, village, fund, expiresOn, points };
    });
    const points = Math.min(wanted, spendablePoints(lots, this.day));
    if (points === 0) return;
    const plan = planSpend(lots, points, this.day);
    const body = saleOf(plan);
    this.record(till, 'sale', { body, postings: salePostings(body) });
    for (const one of plan) this.move(till, term, one.lot, -one.points);
    const seq = till.records.length;
    till.sales.push({ id: till.records.at(-1)?.id ?? '', body, seq, returned: 0, back: [], takenBackBy: null });
  }

  /** Goods of a sale of `seller` come back at `at`; at another till only with the town's claim, so after it was seen. */
  refund(at: ModelTill, seller: ModelTill, which: number, wanted: number): void {
    const sale = seller.sales[which % Math.max(1, seller.sales.length)];
    if (sale === undefined || (sale.takenBackBy !== null && sale.takenBackBy !== at.name)) return;
    if (at !== seller && (this.folded.get(seller.name) ?? 0) < sale.seq) return;
    const quantity = Math.min(wanted, sale.body.pointsUsed - (sale.back[0]?.quantity ?? 0));
    if (quantity === 0) return;
    const openTerm = at === seller ? this.openTermOf(at) : null;
    const refund = sampleRefund(sale.body, sale.back, [{ line: 0, quantity }], (points) =>
      planReturn(
        sale.body.lots,
        sale.returned,
        points,
        openTerm,
        (lot) => (this.lots.get(lot)?.expiresOn ?? '') < this.day,
      ),
    );
    if ('kind' in refund) throw new Error(refund.reason);
    sale.takenBackBy = at.name;
    sale.back = refund.returnedAfter;
    this.record(at, 'refund', { body: { ...refund.body, sale: sale.id }, postings: refund.postings });
    const made = at.records.at(-1);
    if (at === seller && made !== undefined) at.refundOf.set(made.id, sale.seq);
    for (const { lot, term, points } of refund.body.lots) {
      sale.returned += points;
      if (term !== null) this.move(at, term, lot, points);
    }
  }

  private applyGrant(till: ModelTill, grant: Grant): void {
    if (till.applied.has(grant.id)) return;
    till.applied.add(grant.id);
    this.record(till, 'allotmentIn', { id: grant.id, postings: allotmentInPostings(grant.term, grant.lots) });
    for (const { lot, points } of grant.lots) this.move(till, grant.term, lot, points);
  }

  private applyStatement(till: ModelTill, statement: Statement): void {
    if (statement.number !== till.statement + 1) return;
    till.statement = statement.number;
    till.term = statement.term;
    for (const grant of statement.grants) this.applyGrant(till, grant);
    for (const recall of statement.recalls) {
      const points = Math.min(till.held.get(keyOf(recall.term, recall.lot)) ?? 0, recall.points);
      if (points === 0 || till.applied.has(recall.id)) continue;
      till.applied.add(recall.id);
      this.record(till, 'allotmentOut', {
        id: recall.id,
        postings: allotmentOutPostings(recall.term, recall.lot, points),
      });
      this.move(till, recall.term, recall.lot, -points);
    }
  }

  // At the town.

  private give(term: string, till: string, lots: readonly { lot: string; points: number }[]): Grant | null {
    const moved = lots.filter(({ points }) => points > 0);
    if (moved.length === 0) return null;
    const grant: Grant = {
      id: this.newId('grant'),
      till,
      incarnation: 1,
      term,
      member: 'm1',
      lots: moved.map((one) => ({ ...one, village: 'v1', fund: 'f1', expiresOn: FAR })),
    };
    for (const { lot, points } of moved) {
      const before = this.lots.get(lot);
      if (before !== undefined) this.lots.set(lot, grantFrom(before, term, points));
    }
    this.grants.push(grant);
    return grant;
  }

  private openTermAtTown(till: ModelTill): string | null {
    return [...this.terms].find(([, term]) => term.till === till.name && !term.closed)?.[0] ?? null;
  }

  /** The next statement: the open term, what the split gives it, and what is asked back. Told again until seen. */
  settle(till: ModelTill, asked: number): void {
    let term = this.openTermAtTown(till);
    if (term === null) {
      term = this.newId('term');
      this.terms.set(term, { till: till.name, closed: false });
    }
    const sharing = this.tills.flatMap((one, index) => {
      const open = this.openTermAtTown(one);
      return open === null ? [] : [{ till: one.name, shop: `shop-${index % 2}`, term: open }];
    });
    const wanted = [...this.lots.values()].map((lot) => {
      const target = targetsOf(lot.issued, sharing, 'shop-0', split).get(term) ?? 0;
      return { lot: lot.lot, points: Math.min(lot.free, Math.max(0, target - (lot.allotted[term] ?? 0))) };
    });
    this.give(term, till.name, wanted);
    const recalled = [...this.lots.keys()][asked % this.lots.size] ?? '';
    if (asked % 3 === 0)
      this.recalls.push({ id: this.newId('recall'), term, member: 'm1', lot: recalled, points: 1 + (asked % 40) });
    const seen = till.records.slice(0, this.folded.get(till.name) ?? 0).map((record) => record.id);
    const statement: Statement = {
      till: till.name,
      number: this.statements.filter((one) => one.till === till.name).length + 1,
      term,
      grants: this.grants.filter((one) => one.till === till.name && !seen.includes(one.id)),
      recalls: this.recalls.filter((one) => this.terms.get(one.term)?.till === till.name && !this.done.has(one.id)),
    };
    this.statements.push(statement);
    this.network.push({ kind: 'statement', statement });
  }

  topUp(till: ModelTill): void {
    const term = this.openTermOf(till);
    if (term === null || this.terms.get(term)?.closed !== false) return;
    const grant = this.give(
      term,
      till.name,
      [...this.lots.values()].map((lot) => ({ lot: lot.lot, points: lot.free })),
    );
    if (grant !== null) this.network.push({ kind: 'grant', grant });
  }

  /** Frees the term of a till, which is at least 24 h after the end that the till itself keeps. */
  free(till: ModelTill): void {
    const id = this.openTermAtTown(till);
    const term = id === null ? undefined : this.terms.get(id);
    if (id === null || term === undefined) return;
    till.ended.add(id);
    for (const [name, lot] of this.lots) {
      const unseen = this.unseen(till, id, name);
      if (unseen.sales > 0)
        this.bound.set(name, (this.bound.get(name) ?? 0) + (lot.allotted[id] ?? 0) + unseen.refundsOfSeen);
      this.lots.set(name, expire(freeTerm(lot, id), this.day));
    }
    term.closed = true;
  }

  nextDay(): void {
    this.day = addDays(this.day, 1);
    for (const [name, lot] of this.lots) this.lots.set(name, expire(lot, this.day));
  }

  private fold(record: JournalRecord): void {
    for (const move of movesOf(record)) {
      const lot = this.lots.get(move.lot);
      if (lot === undefined) throw new Error(`no lot ${move.lot}`);
      const termOpen = move.kind !== 'returnFree' && this.terms.get(move.term)?.closed === false;
      const sale = record.kind === 'refund' ? String(record.body['sale']) : record.id;
      const key = keyOf(sale, move.lot);
      const borne = this.borne.get(key) ?? 0;
      const after = applyMove(lot, move, termOpen, record.businessDay, borne);
      this.borne.set(key, borne + after.borne);
      this.lots.set(move.lot, expire(after.lot, this.day));
      if (after.rebornPoints > 0) {
        const name = `reborn-${record.id}-${move.lot}`;
        const expiresOn = addDays(record.businessDay, REBORN_DAYS);
        this.lots.set(name, expire(lotOf(name, after.rebornPoints, expiresOn), this.day));
        this.reborn += 1;
      }
    }
    if (record.kind === 'allotmentOut') this.done.add(record.id);
  }

  // The network.

  deliver(message: Message): void {
    switch (message.kind) {
      case 'upload': {
        const till = this.tills.find((one) => one.name === message.till);
        const at = this.folded.get(message.till) ?? 0;
        if (till === undefined || message.from > at) return;
        for (const record of till.records.slice(at, Math.max(at, message.to))) this.fold(record);
        this.folded.set(message.till, Math.max(at, message.to));
        return;
      }
      case 'statement': {
        const till = this.tills.find((one) => one.name === message.statement.till);
        if (till !== undefined) this.applyStatement(till, message.statement);
        return;
      }
      case 'grant': {
        const till = this.tills.find((one) => one.name === message.grant.till);
        if (till !== undefined) this.applyGrant(till, message.grant);
        return;
      }
    }
  }

  /** Every message that is still missing arrives, in an order of its own. */
  drain(reversed: boolean): void {
    const tills = reversed ? [...this.tills].reverse() : this.tills;
    const grants = reversed ? [...this.grants].reverse() : this.grants;
    for (let round = 0; round < 2; round += 1) {
      for (const till of tills) {
        for (const statement of this.statements) this.deliver({ kind: 'statement', statement });
        for (const grant of grants) this.deliver({ kind: 'grant', grant });
        this.deliver({ kind: 'upload', till: till.name, from: 0, to: till.records.length });
      }
    }
  }

  // What the laws speak of.

  private unseen(
    till: ModelTill,
    term: string,
    lot: string,
  ): { sales: number; refunds: number; refundsOfSeen: number; outs: number } {
    const sums = { sales: 0, refunds: 0, refundsOfSeen: 0, outs: 0 };
    const folded = this.folded.get(till.name) ?? 0;
    for (const record of till.records.slice(folded)) {
      for (const move of movesOf(record)) {
        if (move.lot !== lot || move.kind === 'returnFree' || move.term !== term) continue;
        if (move.kind === 'spend') sums.sales += move.points;
        else if (move.kind === 'returnToTerm') {
          sums.refunds += move.points;
          if ((till.refundOf.get(record.id) ?? 0) <= folded) sums.refundsOfSeen += move.points;
        } else sums.outs += move.points;
      }
    }
    return sums;
  }

  checkLaws(): void {
    for (const lot of this.lots.values()) {
      expect([lot.lot, lawHolds(lot)]).toEqual([lot.lot, true]);
      expect(lot.shortfall).toBeLessThanOrEqual(this.bound.get(lot.lot) ?? 0);
    }
    for (const [id, term] of this.terms) {
      const till = this.tills.find((one) => one.name === term.till);
      if (term.closed || till === undefined) continue;
      for (const lot of this.lots.values()) {
        const unseen = this.unseen(till, id, lot.lot);
        const coming = this.grants
          .filter((grant) => grant.term === id && !till.applied.has(grant.id))
          .flatMap((grant) => grant.lots)
          .reduce((sum, one) => sum + (one.lot === lot.lot ? one.points : 0), 0);
        const held = till.held.get(keyOf(id, lot.lot)) ?? 0;
        expect(held).toBeGreaterThanOrEqual(0);
        expect(lot.allotted[id] ?? 0).toBe(held + unseen.sales - unseen.refunds + coming + unseen.outs);
      }
    }
  }

  /** Spent less returned, as the tills themselves wrote it. */
  netSpent(lot: string): number {
    let sum = 0;
    for (const till of this.tills) {
      for (const record of till.records) {
        for (const move of movesOf(record)) {
          if (move.lot !== lot) continue;
          if (move.kind === 'spend') sum += move.points;
          else if (move.kind !== 'out') sum -= move.points;
        }
      }
    }
    return sum;
  }
}

const acts = [
  'sell',
  'sell',
  'refund',
  'refund',
  'upload',
  'settle',
  'topUp',
  'deliver',
  'deliver',
  'double',
  'lose',
] as const;
type Act = readonly [(typeof acts)[number] | 'nextDay' | 'free', number, number, number];

function actsOf(...more: ('nextDay' | 'free')[]): fc.Arbitrary<Act[]> {
  const kind = fc.constantFrom(...acts, ...more);
  return fc.array(fc.tuple(kind, fc.nat(100), fc.nat(100), fc.nat(100)), { maxLength: 70, size: 'max' });
}

function newWorld(tills: number): World {
  return new World([lotOf('a', 100, addDays(TODAY, 2)), lotOf('b', 40), lotOf('c', 7)], tills);
}

function act(world: World, [kind, first, second, third]: Act): void {
  const till = world.tills[first % world.tills.length];
  const other = world.tills[second % world.tills.length];
  const at = world.network.length === 0 ? 0 : second % world.network.length;
  const message = world.network[at];
  if (till === undefined || other === undefined) return;
  switch (kind) {
    case 'sell':
      return world.sell(till, 1 + (second % 45));
    case 'refund':
      return world.refund(till, third % 3 === 0 ? other : till, second, 1 + (third % 45));
    case 'upload':
      world.network.push({
        kind: 'upload',
        till: till.name,
        from: till.records.length === 0 ? 0 : second % till.records.length,
        to: third % 2 === 0 ? till.records.length : Math.trunc(till.records.length / 2),
      });
      return;
    case 'settle':
      return world.settle(till, third);
    case 'topUp':
      return world.topUp(till);
    case 'nextDay':
      return world.nextDay();
    case 'free':
      return world.free(till);
    case 'double':
      if (message !== undefined) world.deliver(message);
      return;
    case 'deliver':
      if (message !== undefined) world.deliver(message);
      world.network.splice(at, 1);
      return;
    case 'lose':
      world.network.splice(at, 1);
      return;
  }
}

/** Each run begins with tills that have their first terms and points, so that few acts are wasted. */
function begun(tills: number): World {
  const world = newWorld(tills);
  for (const till of world.tills) world.settle(till, 1);
  world.drain(false);
  return world;
}

test('the laws of lots and terms hold at every step, whatever is lost, doubled and reordered (invariants 12, 15, 16, 20)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), actsOf('nextDay'), (tills, steps) => {
      const world = begun(tills);
      for (const step of steps) {
        act(world, step);
        world.checkLaws();
      }
      // No term was freed: nothing is ever spent that was not issued, and nobody has anything to bear.
      for (const lot of world.lots.values()) {
        expect(lot.shortfall).toBe(0);
        expect(world.netSpent(lot.lot)).toBeLessThanOrEqual(lot.issued);
      }
    }),
    { numRuns: 200 },
  );
});

test('freeing a silent term costs at most its points and the unseen refunds of seen sales (invariants 12, 17)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), actsOf('free', 'free', 'nextDay'), (tills, steps) => {
      const world = begun(tills);
      for (const step of steps) {
        act(world, step);
        world.checkLaws();
      }
      world.drain(false);
      world.checkLaws();
      for (const lot of world.lots.values()) {
        expect(world.netSpent(lot.lot)).toBeLessThanOrEqual(lot.issued + (world.bound.get(lot.lot) ?? 0));
      }
    }),
    { numRuns: 200 },
  );
});

test('once every message has arrived, each open term is what its till holds and all spends are seen (invariant 27)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), actsOf('nextDay', 'free'), fc.boolean(), (tills, steps, reversed) => {
      const world = begun(tills);
      for (const step of steps) act(world, step);
      world.drain(reversed);
      world.checkLaws();
      for (const till of world.tills) expect(world.folded.get(till.name) ?? 0).toBe(till.records.length);
      for (const lot of world.lots.values()) {
        expect(lot.spent).toBe(world.netSpent(lot.lot));
        for (const [id, term] of world.terms) {
          const till = world.tills.find((one) => one.name === term.till);
          expect(lot.allotted[id] ?? 0).toBe(term.closed ? 0 : (till?.held.get(keyOf(id, lot.lot)) ?? 0));
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('whatever was freed or expired, once every sale came back no lot has anything spent or borne (invariants 12 and 21)', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      actsOf('free', 'free', 'nextDay'),
      fc.boolean(),
      (tills, steps, reversed) => {
        const world = begun(tills);
        for (const step of steps) act(world, step);
        world.drain(reversed);
        for (const seller of world.tills) {
          for (const [which, sale] of seller.sales.entries()) {
            const at = world.tills.find((one) => one.name === (sale.takenBackBy ?? seller.name));
            if (at !== undefined) world.refund(at, seller, which, Number.MAX_SAFE_INTEGER);
          }
        }
        world.drain(reversed);
        world.checkLaws();
        for (const { lot, spent, shortfall } of world.lots.values())
          expect([lot, spent, shortfall]).toEqual([lot, 0, 0]);
      },
    ),
    { numRuns: 150 },
  );
});

test('the order in which tills are heard changes no lot, though batches come cut, doubled and late (invariant 26)', () => {
  const order = fc.array(fc.tuple(fc.nat(2), fc.nat(60)), { maxLength: 30, size: 'max' });
  fc.assert(
    fc.property(actsOf('nextDay'), order, order, fc.nat(4), (steps, one, two, freed) => {
      const run = (uploads: readonly (readonly [number, number])[]): Map<string, LotState> => {
        const world = begun(3);
        // Nothing is heard from the tills while they act, so both runs come to the same chains.
        for (const step of steps) if (step[0] !== 'upload' && step[0] !== 'refund') act(world, step);
        for (const step of steps) {
          const till = world.tills[step[1] % 3];
          if (step[0] === 'refund' && till !== undefined) world.refund(till, till, step[2], 1 + (step[3] % 45));
        }
        const silent = world.tills[freed];
        if (silent !== undefined) world.free(silent);
        for (const [which, to] of uploads) {
          const till = world.tills[which];
          if (till !== undefined)
            world.deliver({ kind: 'upload', till: till.name, from: 0, to: Math.min(to, till.records.length) });
        }
        for (const till of world.tills)
          world.deliver({ kind: 'upload', till: till.name, from: 0, to: till.records.length });
        return world.lots;
      };
      const sorted = (lots: Map<string, LotState>): LotState[] =>
        [...lots.values()].toSorted((a, b) => (a.lot < b.lot ? -1 : 1));
      expect(sorted(run(one))).toEqual(sorted(run(two)));
    }),
    { numRuns: 150 },
  );
});

test('a copied data folder costs at most what its term held, whatever both copies spend (invariants 11 and 12)', () => {
  const spends = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.nat(100), spends, spends, fc.infiniteStream(fc.boolean()), (granted, one, two, first) => {
      let lot = grantFrom(lotOf('a', 100), 't1', granted);
      const within = (wanted: readonly number[]): number[] => {
        let left = granted;
        return wanted.map((points) => {
          const spent = Math.min(points, left);
          left -= spent;
          return spent;
        });
      };
      const queues = [within(one), within(two)];
      const all = [...queues[0]!, ...queues[1]!].reduce((sum, points) => sum + points, 0);
      while (queues.some((queue) => queue.length > 0)) {
        const queue = first.next().value === true ? queues[0]! : queues[1]!;
        const points = queue.shift();
        if (points !== undefined) lot = applyMove(lot, spend(points), true, TODAY).lot;
        expect(lawHolds(lot)).toBe(true);
      }
      expect(lot.shortfall).toBe(Math.max(0, all - granted));
      expect(lot.shortfall).toBeLessThanOrEqual(granted);
      expect(lot.free).toBe(100 - granted);
    }),
  );
});

test('a term freed over a sale and its refund costs nothing at all, whatever came before (invariant 12)', () => {
  fc.assert(
    fc.property(actsOf('nextDay'), fc.integer({ min: 1, max: 45 }), fc.nat(2), (steps, points, which) => {
      const world = begun(3);
      for (const step of steps) act(world, step);
      const till = world.tills[which];
      if (till === undefined) return;
      // All that came before is seen; the till then sells, takes everything back, and is freed before it is heard.
      world.drain(false);
      const sales = till.sales.length;
      world.sell(till, points);
      if (till.sales.length > sales) world.refund(till, till, sales, points);
      world.free(till);
      const before = [...world.lots.values()].map(({ lot, free, expired }) => ({ lot, free, expired }));
      world.drain(false);
      world.checkLaws();
      for (const lot of world.lots.values()) expect(lot.shortfall).toBe(0);
      expect([...world.lots.values()].map(({ lot, free, expired }) => ({ lot, free, expired }))).toEqual(before);
    }),
    { numRuns: 100 },
  );
});

test('the model frees, expires and gives lots a second life, so its laws are about something', () => {
  const world = begun(2);
  const [one, two] = world.tills;
  if (one === undefined || two === undefined) return;
  world.sell(one, 60);
  world.sell(two, 10);
  world.drain(false);
  world.nextDay();
  world.nextDay();
  world.nextDay();
  // Lot a expired two days after it was issued: what was spent of it comes back to a lot of 30 days.
  world.refund(one, one, 0, 60);
  world.drain(false);
  world.checkLaws();
  expect(world.reborn).toBeGreaterThan(0);
  expect(world.lots.get('a')?.expired).toBeGreaterThan(0);
  world.sell(one, 5);
  world.free(one);
  world.checkLaws();
  world.drain(false);
  world.checkLaws();
  expect([...world.lots.values()].reduce((sum, lot) => sum + lot.shortfall, 0)).toBe(5);
});

describe('a grant that a restored town had forgotten', () => {
  test('is taken from the free part, then from what expired since; the rest is overdrawn', () => {
    const lot = { ...lotOf('a', 10), free: 4, spent: 4, expired: 2 };
    expect(adoptGrant(lot, 't1', 3)).toMatchObject({ free: 1, expired: 2, allotted: { t1: 3 }, overdrawn: 0 });
    const adopted = adoptGrant(lot, 't1', 9);
    expect(adopted).toMatchObject({ free: 0, expired: 0, allotted: { t1: 9 }, shortfall: 3, overdrawn: 3 });
    expect(lawHolds(adopted)).toBe(true);
  });

  test('takes nothing of what expired and lives on in another lot', () => {
    const lot = { ...lotOf('a', 10), free: 0, spent: 6, expired: 4 };
    const adopted = adoptGrant(lot, 't1', 3, 3);
    expect(adopted).toMatchObject({ expired: 3, allotted: { t1: 3 }, shortfall: 2, overdrawn: 2 });
    expect(lawHolds(adopted)).toBe(true);
    expect(adoptGrant(lot, 't1', 3, 9)).toMatchObject({ expired: 4, overdrawn: 3 });
  });

  test('makes up for what it overdrew with whatever comes free, in any order, and never more', () => {
    const granted = grantFrom(lotOf('a', 10), 't1', 10);
    const out = { kind: 'out', lot: 'a', term: 't1', points: 6 } as const;
    const late = applyMove(adoptGrant(granted, 't2', 6), out, true, TODAY).lot;
    const early = adoptGrant(applyMove(granted, out, true, TODAY).lot, 't2', 6);
    expect(late).toEqual(early);
    expect(late).toMatchObject({ free: 0, allotted: { t1: 4, t2: 6 }, shortfall: 0, overdrawn: 0 });
  });

  test('of a lot that was forgotten too leaves it without points until it is issued again', () => {
    const shell = adoptGrant(lotOf('a', 0), 't1', 4);
    expect(lawHolds(shell)).toBe(true);
    expect(issueAgain(shell, 10)).toMatchObject({
      issued: 10,
      free: 6,
      allotted: { t1: 4 },
      overdrawn: 0,
      shortfall: 0,
    });
  });
});
