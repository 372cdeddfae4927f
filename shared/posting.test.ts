import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planReturn, planSpend, type HeldLot } from './allotment.ts';
import { isBalanced, type Posting } from './journal.ts';
import {
  allotmentInPostings,
  allotmentOutPostings,
  cashMovePostings,
  countPostings,
  floatPostings,
  refundPostings,
  salePostings,
  tenderChangePostings,
} from './posting.ts';
import {
  priceLines,
  priceSale,
  type PricedSale,
  type PricingPolicy,
  type ReturnedLine,
  type SaleLine,
} from './pricing.ts';
import { refundBodySchema, saleBodySchema, type LotPoints, type SaleBody } from './record-bodies.ts';
import { sampleRefund, sampleSaleBody } from './record-sample.ts';
import { mendTenders, paidWith, tendersOf } from './tenders.ts';

const policy: PricingPolicy = {
  pointValueFen: 100,
  discount: { rateBpByStars: [10000, 9800, 9500, 9200, 9000, 8800], excludedCategories: ['烟草'] },
  points: { perSale: 200, perDay: 200, perMonth: 500, maxShareBp: 10000, excludedCategories: ['烟草'] },
  truncation: { appliesTo: 'cash', unitFen: 10 },
};
const DAY = '2026-03-01';
const TERM = 'term-1';

/** Balance of every account, points also by lot, as a projection keeps them; what is zero is left out. */
function balances(postings: readonly Posting[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { account, unit, amount, lot, term } of postings) {
    const key = [unit, account, lot ?? '', term ?? ''].join(' ').trim();
    sums[key] = (sums[key] ?? 0) + amount;
  }
  return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function lotPoints(lot: string, points: number, village = 'v1', fund = 'f1'): LotPoints {
  return { lot, term: TERM, village, fund, points };
}

function sold(lines: readonly SaleLine[], points: number, mobileFen: number): PricedSale {
  const member = { stars: 3, spendable: 1000, spentToday: 0, spentThisMonth: 0 };
  const sale = priceSale(lines, member, policy, { points, mobileFen, cashGivenFen: 1_000_000 });
  if (sale.kind === 'refused') throw new Error(sale.reason);
  return sale;
}

const rice: SaleLine = { category: '粮油', per: 'piece', count: 1, priceFen: 10_000, discountable: true };

test('a mixed sale: each tender, what was given away, and who owes for which lot stand in accounts of their own', () => {
  const sale = sold([rice, { ...rice, category: '烟草', priceFen: 1239 }], 30, 2000);
  const lots = [lotPoints('a', 10), lotPoints('b', 15, 'v2'), lotPoints('c', 5, 'v1', 'f2')];
  expect(balances(salePostings(sampleSaleBody(sale, lots)))).toEqual({
    'fen drawer': 5430,
    'fen mobile:wechat': 2000,
    'fen receivable:v1:f1': 1000,
    'fen receivable:v2:f1': 1500,
    'fen receivable:v1:f2': 500,
    'fen discount:star': 800,
    'fen truncation': 9,
    'fen sales': -11_239,
    'points spent a': 10,
    'points spent b': 15,
    'points spent c': 5,
    'points allotment a term-1': -10,
    'points allotment b term-1': -15,
    'points allotment c term-1': -5,
  });
});

test('a sale of nothing but free goods posts nothing, not even zeros', () => {
  expect(salePostings(sampleSaleBody(sold([{ ...rice, priceFen: 0 }], 0, 0), []))).toEqual([]);
});

test('a sale whose tenders do not meet its goods is a bug, and throws (invariant 1)', () => {
  const body = sampleSaleBody(sold([rice], 10, 0), [lotPoints('a', 9)]);
  expect(() => salePostings(body)).toThrow('do not balance');
});

test('a refund whose lots are not its points is a bug, and throws (invariant 1)', () => {
  const body = sampleSaleBody(sold([rice], 10, 0), [lotPoints('a', 10)]);
  expect(() => sampleRefund(body, [], [{ line: 0, quantity: 1 }], () => [lotPoints('a', 9)])).toThrow('do not balance');
});

test('points of a closed term are posted to returned, never to an allotment', () => {
  const body = sampleSaleBody(sold([rice], 10, 0), [lotPoints('a', 10)]);
  const refund = sampleRefund(body, [], [{ line: 0, quantity: 1 }], () => [{ ...lotPoints('a', 10), term: null }]);
  if ('kind' in refund) throw new Error(refund.reason);
  expect(refund.postings.filter((posting) => posting.unit === 'points')).toEqual([
    { account: 'returned', unit: 'points', lot: 'a', amount: 10 },
    { account: 'spent', unit: 'points', lot: 'a', amount: -10 },
  ]);
});

test('coins that the till does not take are rounded in an account of their own', () => {
  const body = sampleSaleBody(sold([{ ...rice, category: '烟草', count: 3, priceFen: 333 }], 0, 0), []);
  const refund = sampleRefund(body, [], [{ line: 0, quantity: 1 }], () => []);
  if ('kind' in refund) throw new Error(refund.reason);
  // 990 of 999 fen were paid: a third is 330 exactly, so nothing is rounded; the truncation comes back with it.
  expect(balances(refund.postings)).toEqual({ 'fen sales': 333, 'fen truncation': -3, 'fen drawer': -330 });
  const two = sampleRefund({ ...body, cashDueFen: 980, truncationFen: 19 }, [], [{ line: 0, quantity: 1 }], () => []);
  if ('kind' in two) throw new Error(two.reason);
  expect(balances(two.postings)).toEqual({
    'fen sales': 333,
    'fen truncation': -6,
    'fen drawer': -330,
    'fen cashRounding': 3,
  });
});

for (const [what, postings, expected] of [
  ['cash in comes from the safe', cashMovePostings('in', 500), { 'fen drawer': 500, 'fen safe': -500 }],
  ['cash out is an expense', cashMovePostings('out', 500), { 'fen drawer': -500, 'fen expense': 500 }],
  ['a float as carried moves nothing', floatPostings(300, 300), {}],
  ['a larger float comes from the safe', floatPostings(500, 300), { 'fen drawer': 200, 'fen safe': -200 }],
  ['a smaller float goes to the safe', floatPostings(100, 300), { 'fen drawer': -200, 'fen safe': 200 }],
  ['a count as expected posts nothing', countPostings(0), {}],
  ['cash short is a difference', countPostings(-70), { 'fen drawer': -70, 'fen cashDifference': 70 }],
  ['cash over is a difference', countPostings(70), { 'fen drawer': 70, 'fen cashDifference': -70 }],
  [
    'granted points fill the allotment of their term',
    allotmentInPostings(TERM, [
      { lot: 'a', points: 6 },
      { lot: 'b', points: 4 },
    ]),
    {
      'points allotment a term-1': 6,
      'points granted a': -6,
      'points allotment b term-1': 4,
      'points granted b': -4,
    },
  ],
  [
    'recalled points leave it',
    allotmentOutPostings(TERM, 'a', 6),
    { 'points allotment a term-1': -6, 'points granted a': 6 },
  ],
] as const) {
  test(`${what}, and balances (invariant 1)`, () => {
    expect(balances(postings)).toEqual(expected);
    expect(isBalanced(postings)).toBe(true);
  });
}

// From here on: laws, over sales of every kind.

const unitPrice = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 70_000 }));
const maybePrice = fc.option(unitPrice, { nil: undefined, freq: 3 });
const offer = fc.record({
  category: fc.constantFrom('粮油', '蔬菜', '烟草'),
  priceFen: unitPrice,
  discountable: fc.boolean(),
  clearanceFen: maybePrice,
  promotionFen: maybePrice,
  manualFen: maybePrice,
});
const weighed = fc.tuple(offer, fc.constantFrom('jin' as const, 'kg' as const));
const anyLine: fc.Arbitrary<SaleLine> = fc.oneof(
  fc.tuple(offer, fc.integer({ min: 1, max: 30 })).map(([one, count]) => ({ ...one, per: 'piece' as const, count })),
  fc.tuple(weighed, fc.integer({ min: 1, max: 9999 })).map(([[one, per], grams]) => ({ ...one, per, grams })),
  fc.tuple(weighed, fc.nat(99_999)).map(([[one, per], labelFen]) => ({ ...one, per, labelFen })),
);

/** A paid sale of every kind, its points spread over lots of several villages and funds by the till's own plan. */
const anySale: fc.Arbitrary<SaleBody> = fc
  .record({
    lines: fc.array(anyLine, { minLength: 1, maxLength: 6 }),
    stars: fc.nat(5),
    spendable: fc.nat(300),
    pointValueFen: fc.constantFrom(1, 7, 10, 100, 1000),
    appliesTo: fc.constantFrom('cash' as const, 'off' as const),
    unitFen: fc.constantFrom(1, 5, 10, 100),
    pointsPart: fc.constantFrom(0, 50, 100),
    mobilePart: fc.constantFrom(0, 33, 100),
    cuts: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
  })
  .map(({ lines, stars, spendable, pointValueFen, appliesTo, unitFen, pointsPart, mobilePart, cuts }) => {
    const rules: PricingPolicy = { ...policy, pointValueFen, truncation: { appliesTo, unitFen } };
    const member = { stars, spendable, spentToday: 0, spentThisMonth: 0 };
    const running = priceLines(lines, member, rules);
    const points = Math.trunc((running.pointsMax * pointsPart) / 100);
    const mobileFen = Math.trunc(((running.totalFen - points * pointValueFen) * mobilePart) / 100);
    const sale = priceSale(lines, member, rules, { points, mobileFen, cashGivenFen: 10_000_000_000_000 });
    if (sale.kind === 'refused') throw new Error(`the tenders fit: ${sale.reason}`);
    const held: HeldLot[] = [...cuts, 1000].map((size, index) => ({
      lot: `lot-${index}`,
      term: TERM,
      village: `v${index % 2}`,
      fund: `f${index % 3}`,
      expiresOn: `2026-12-${String(31 - index).padStart(2, '0')}`,
      points: size,
    }));
    return sampleSaleBody(sale, planSpend(held, points, DAY));
  });

/** Every refund of a random walk that ends with everything returned, each planned as the till plans it. */
function refundAll(
  sale: SaleBody,
  next: (below: number) => number,
  seen: (postings: readonly Posting[], lots: readonly LotPoints[]) => void,
): void {
  const left = sale.lines.map((line) => line.quantity);
  const open = new Set(sale.lines.keys());
  let already = 0;
  let before: readonly ReturnedLine[] = [];
  for (let step = 0; open.size > 0; step += 1) {
    const line = [...open][next(open.size)] ?? 0;
    const all = left[line] ?? 0;
    const quantity = sale.lines[line]?.labelFen !== undefined || step > 15 ? all : 1 + next(all);
    const refund = sampleRefund(sale, before, [{ line, quantity }], (points) =>
      planReturn(sale.lots, already, points, TERM, () => false),
    );
    if ('kind' in refund) throw new Error(refund.reason);
    expect(refundBodySchema.safeParse(refund.body).success).toBe(true);
    already += refund.body.pointsBack;
    seen(refund.postings, refund.body.lots);
    before = refund.returnedAfter;
    left[line] = all - quantity;
    if (left[line] === 0) open.delete(line);
  }
}

const choices = fc.infiniteStream(fc.nat(1_000_000));
const chooser =
  (stream: fc.Stream<number>) =>
  (below: number): number =>
    below <= 1 ? 0 : Number(stream.next().value) % below;

test('the postings of any sale balance per unit and per lot, whole and non-zero (invariants 1 and 2)', () => {
  fc.assert(
    fc.property(anySale, (sale) => {
      expect(saleBodySchema.safeParse(sale).success).toBe(true);
      const postings = salePostings(sale);
      expect(isBalanced(postings)).toBe(true);
      for (const { amount } of postings) expect(Number.isSafeInteger(amount) && amount !== 0).toBe(true);
      const sums = balances(postings);
      expect(sums['fen drawer'] ?? 0).toBe(sale.cashDueFen);
      expect(sums['fen mobile:wechat'] ?? 0).toBe(sale.mobileFen);
      const owed = Object.entries(sums).filter(([key]) => key.startsWith('fen receivable:'));
      expect(total(owed.map(([, amount]) => amount))).toBe(sale.pointsFen);
    }),
    { numRuns: 300 },
  );
});

test('every refund in any sequence balances, and never gives more of a tender or lot than was paid (invariant 21)', () => {
  fc.assert(
    fc.property(anySale, choices, (sale, stream) => {
      const postings = salePostings(sale);
      const gave = new Map(sale.lots.map((lot) => [lot.lot, lot.points]));
      refundAll(sale, chooser(stream), (more, lots) => {
        expect(isBalanced(more)).toBe(true);
        postings.push(...more);
        const sums = balances(postings);
        for (const [account, paid] of [
          ['fen drawer', sale.cashDueFen],
          ['fen mobile:wechat', sale.mobileFen],
          ...sale.lots.map(({ lot, points }) => [`points spent ${lot}`, points] as const),
        ] as const) {
          expect(sums[account] ?? 0).toBeGreaterThanOrEqual(0);
          expect(sums[account] ?? 0).toBeLessThanOrEqual(paid);
        }
        for (const { lot, points } of lots) expect(points).toBeLessThanOrEqual(gave.get(lot) ?? 0);
      });
    }),
    { numRuns: 200 },
  );
});

test('a sale refunded in full, in any steps, leaves every account and every lot as before', () => {
  fc.assert(
    fc.property(anySale, choices, (sale, stream) => {
      const postings = salePostings(sale);
      refundAll(sale, chooser(stream), (more) => postings.push(...more));
      expect(balances(postings)).toEqual({});
    }),
    { numRuns: 300 },
  );
});

test('a sale refunded in full after its term was closed leaves the money as before and every lot at zero', () => {
  fc.assert(
    fc.property(anySale, (sale) => {
      const wanted = sale.lines.map((line, index) => ({ line: index, quantity: line.quantity }));
      const refund = sampleRefund(sale, [], wanted, (points) =>
        planReturn(sale.lots, 0, points, 'term-2', () => false),
      );
      if ('kind' in refund) throw new Error(refund.reason);
      const sums = balances([...salePostings(sale), ...refund.postings]);
      expect(Object.keys(sums).filter((key) => key.startsWith('fen '))).toEqual([]);
      for (const { lot, points } of sale.lots) {
        expect(sums[`points spent ${lot}`]).toBeUndefined();
        expect([sums[`points allotment ${lot} ${TERM}`], sums[`points returned ${lot}`]]).toEqual([-points, points]);
      }
    }),
  );
});

test('a sale whose tenders were put right refunds through the new ones, and in full leaves every account as before', () => {
  const parts = fc.array(fc.tuple(fc.nat(100), fc.constantFrom('wechat', 'alipay')), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(anySale, parts, choices, (sale, changes, stream) => {
      const postings = salePostings(sale);
      const paidFen = sale.mobileFen + sale.cashDueFen;
      let paid = sale;
      for (const [part, channel] of changes) {
        const before = tendersOf(paid);
        const mended = mendTenders(before, Math.trunc((paidFen * part) / 100), channel);
        if (mended.kind === 'refused') {
          expect(mended.reason).toBe('sameTenders');
          continue;
        }
        const { tenders } = mended;
        expect(tenders.mobileFen + tenders.cashFen).toBe(paidFen);
        postings.push(...tenderChangePostings(before, tenders));
        paid = paidWith(paid, tenders);
      }
      const now = balances(postings);
      expect(now['fen drawer'] ?? 0).toBe(paid.cashDueFen);
      expect(now[`fen mobile:${paid.mobileChannel ?? ''}`] ?? 0).toBe(paid.mobileFen);
      // What was given for nothing, and what points paid, is none of its business.
      expect({ ...now, 'fen drawer': 0, 'fen mobile:wechat': 0, 'fen mobile:alipay': 0 }).toEqual({
        ...balances(salePostings(sale)),
        'fen drawer': 0,
        'fen mobile:wechat': 0,
        'fen mobile:alipay': 0,
      });
      refundAll(paid, chooser(stream), (more) => {
        postings.push(...more);
        const sums = balances(postings);
        expect(sums['fen drawer'] ?? 0).toBeGreaterThanOrEqual(0);
        expect(sums[`fen mobile:${paid.mobileChannel ?? ''}`] ?? 0).toBeGreaterThanOrEqual(0);
      });
      expect(balances(postings)).toEqual({});
    }),
    { numRuns: 300 },
  );
});

test('a refund of nothing posts nothing', () => {
  const body = sampleSaleBody(sold([rice], 10, 0), [lotPoints('a', 10)]);
  const refund = sampleRefund(body, [], [{ line: 0, quantity: 1 }], (points) => [lotPoints('a', points)]);
  if ('kind' in refund) throw new Error(refund.reason);
  const nothing = { ...refund.body, lines: [], lots: [], pointsBack: 0, mobileBackFen: 0, cashBackFen: 0 };
  const exact = { pointsShareFen: 0, moneyShareFen: 0, moneyExactFen: 0, discountFenByReason: {} };
  expect(refundPostings(nothing, exact)).toEqual([]);
});
