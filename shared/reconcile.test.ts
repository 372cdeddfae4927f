import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JournalRecord } from './journal.ts';
import { cashMovePostings, countPostings, NO_TOTALS, salePostings } from './posting.ts';
import { priceSale, type PricedSale, type PricingPolicy } from './pricing.ts';
import { differences, foldRecord, newFold, totalsOf } from './reconcile.ts';
import { totalsSchema, type Totals } from './record-bodies.ts';
import { sampleRecord, sampleRefund, sampleSaleBody } from './record-sample.ts';

const policy: PricingPolicy = {
  pointValueFen: 100,
  discount: { rateBpByStars: [10000, 9800, 9500, 9200, 9000, 8800], excludedCategories: [] },
  points: { perSale: 200, perDay: 200, perMonth: 500, maxShareBp: 10000, excludedCategories: [] },
  truncation: { appliesTo: 'cash', unitFen: 10 },
};

function sold(count: number, priceFen: number, points: number, mobileFen: number): PricedSale {
  const line = { category: '粮油', per: 'piece', count, priceFen, discountable: true } as const;
  const member = { stars: 3, spendable: 200, spentToday: 0, spentThisMonth: 0 };
  const sale = priceSale([line, line], member, policy, { points, mobileFen, cashGivenFen: 1_000_000_000 });
  if (sale.kind === 'refused') throw new Error(sale.reason);
  return sale;
}

function lots(points: number) {
  return points === 0 ? [] : [{ lot: 'a', term: 't1', village: 'v1', fund: 'f1', points }];
}

/** A sale and, when pieces come back, its refund. */
function recordsOf(count: number, priceFen: number, points: number, mobileFen: number, back: number): JournalRecord[] {
  const sale = sampleSaleBody(sold(count, priceFen, points, mobileFen), lots(points));
  const records = [sampleRecord('sale', { body: sale, postings: salePostings(sale) })];
  if (back > 0) {
    const refund = sampleRefund(sale, [], [{ line: 0, quantity: back }], lots);
    if ('kind' in refund) throw new Error(refund.reason);
    records.push(sampleRecord('refund', { body: refund.body, postings: refund.postings }));
  }
  return records;
}

function totalsOver(records: readonly JournalRecord[], from?: Totals): Totals {
  const fold = newFold(from);
  for (const record of records) foldRecord(fold, record);
  return totalsOf(fold);
}

test('no records fold to nothing', () => {
  expect(totalsOver([])).toEqual(NO_TOTALS);
});

test('a sale, its refund and a cash move fold to their counts, amounts and accounts (invariant 22)', () => {
  const records = [
    ...recordsOf(3, 1000, 10, 2000, 1),
    sampleRecord('cashMove', { postings: cashMovePostings('out', 500) }),
    sampleRecord('signIn'),
  ];
  // 2 lines of 3 pieces at 9.20: 55.20, of which 10.00 in points, 20.00 by mobile, 25.20 in cash; one piece of six back.
  expect(totalsOver(records)).toEqual({
    records: 4,
    sales: 1,
    refunds: 1,
    lines: 2,
    totalFen: 5520 - 920,
    pointsSpent: 10,
    pointsBack: 2,
    cashFen: 2520 - 420 - 500,
    mobileFen: 2000 - 333,
    accounts: {
      'fen discount:star': 480 - 80,
      'fen drawer': 2520 - 420 - 500,
      'fen expense': 500,
      'fen mobile:wechat': 2000 - 333,
      'fen pointsRounding': 33,
      'fen receivable:v1:f1': 800,
      'fen sales': -6000 + 1000,
      'points allotment': -8,
      'points spent': 8,
    },
  });
});

const anyRecords = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 100, max: 9000 }), fc.nat(1), fc.nat(100), fc.nat(9))
  .map(([count, priceFen, points, part, back]) => {
    const dueFen = sold(count, priceFen, points, 0).totalFen - points * 100;
    return recordsOf(count, priceFen, points, Math.trunc((dueFen * part) / 100), Math.min(back, count));
  });
const anyChain = fc
  .array(
    fc.oneof(
      anyRecords,
      fc.integer({ min: -500, max: 500 }).map((fen) => [sampleRecord('shiftClose', { postings: countPostings(fen) })]),
    ),
    { maxLength: 6 },
  )
  .map((chains) => chains.flat());

test('totals have the shape a closing carries, no account stands at zero, and each unit sums to zero (invariant 3)', () => {
  fc.assert(
    fc.property(anyChain, (records) => {
      const totals = totalsOver(records);
      expect(totalsSchema.safeParse(totals).success).toBe(true);
      expect(Object.values(totals.accounts)).not.toContain(0);
      for (const unit of ['fen ', 'points ']) {
        const sums = Object.entries(totals.accounts).filter(([account]) => account.startsWith(unit));
        expect(sums.reduce((sum, [, amount]) => sum + amount, 0)).toBe(0);
      }
    }),
  );
});

test('a fold may stop anywhere and go on from its totals (invariant 22)', () => {
  fc.assert(
    fc.property(anyChain, fc.nat(20), (records, cut) => {
      const first = totalsOver(records.slice(0, cut));
      expect(totalsOver(records.slice(cut), first)).toEqual(totalsOver(records));
      expect(totalsOver([], first)).toEqual(first);
    }),
  );
});

test('the order in which the records of several tills are folded changes no total (invariants 25 and 26)', () => {
  fc.assert(
    fc.property(fc.array(anyChain, { maxLength: 4 }), fc.infiniteStream(fc.nat(1000)), (chains, choices) => {
      const queues = chains.map((chain) => [...chain]);
      const mixed: JournalRecord[] = [];
      for (;;) {
        const open = queues.filter((queue) => queue.length > 0);
        const record = open[Number(choices.next().value) % Math.max(1, open.length)]?.shift();
        if (record === undefined) break;
        mixed.push(record);
      }
      const one = totalsOver(mixed);
      const other = totalsOver(chains.toReversed().flat());
      expect(one).toEqual(other);
      expect(JSON.stringify(one)).toBe(JSON.stringify(other));
    }),
  );
});

test('equal totals have no differences', () => {
  fc.assert(
    fc.property(anyChain, (records) => {
      expect(differences(totalsOver(records), totalsOver(records))).toEqual([]);
    }),
  );
});

test('the differences are empty exactly when the totals are equal, and each is till less town (invariant 27)', () => {
  fc.assert(
    fc.property(anyChain, anyChain, (one, other) => {
      const till = totalsOver(one);
      const town = totalsOver(other);
      const found = differences(till, town);
      expect(found.length === 0).toBe(JSON.stringify(till) === JSON.stringify(town));
      const accounts = { ...town.accounts };
      for (const { figure, tillAmount, townAmount } of found) {
        expect(tillAmount).not.toBe(townAmount);
        if (figure.includes(' ')) accounts[figure] = (accounts[figure] ?? 0) + tillAmount - townAmount;
      }
      expect(Object.fromEntries(Object.entries(accounts).filter(([, amount]) => amount !== 0))).toEqual(till.accounts);
    }),
  );
});

const base = totalsOver(recordsOf(3, 1000, 10, 2000, 1));

for (const figure of [
  'records',
  'sales',
  'refunds',
  'lines',
  'totalFen',
  'pointsSpent',
  'pointsBack',
  'cashFen',
  'mobileFen',
] as const) {
  test(`a closing that claims another ${figure} is found out, though every account agrees (invariant 27)`, () => {
    expect(differences({ ...base, [figure]: base[figure] + 1 }, base)).toEqual([
      { figure, tillAmount: base[figure] + 1, townAmount: base[figure] },
    ]);
  });
}

test('an account that one side does not know counts as zero there', () => {
  const { 'fen drawer': drawer = 0, ...others } = base.accounts;
  expect(differences(base, { ...base, accounts: others })).toEqual([
    { figure: 'fen drawer', tillAmount: drawer, townAmount: 0 },
  ]);
  expect(differences({ ...base, accounts: others }, base)).toEqual([
    { figure: 'fen drawer', tillAmount: 0, townAmount: drawer },
  ]);
  expect(differences({ ...base, accounts: { ...base.accounts, 'fen safe': 0 } }, base)).toEqual([]);
});

test('an account named as what every object has is an account like any other', () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const till = { ...NO_TOTALS, accounts: Object.fromEntries([[name, 5]]) };
    expect(differences(till, NO_TOTALS)).toEqual([{ figure: name, tillAmount: 5, townAmount: 0 }]);
  }
});
