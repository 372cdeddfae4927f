import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type PricedSale,
  type PricingMember,
  type PricingPolicy,
  type ReturnedLine,
  type SaleLine,
  priceLines,
  priceSale,
  refundDifference,
  refundState,
} from './pricing.ts';

const policy: PricingPolicy = {
  pointValueFen: 100,
  discount: { rateBpByStars: [10000, 9800, 9500, 9200, 9000, 8800], excludedCategories: ['烟草'] },
  points: { perSale: 200, perDay: 200, perMonth: 500, maxShareBp: 10000, excludedCategories: ['烟草', '白酒'] },
  truncation: { appliesTo: 'cash', unitFen: 10 },
};
const member: PricingMember = { stars: 3, spendable: 1500, spentToday: 0, spentThisMonth: 0 };

function pieces(change: Partial<Extract<SaleLine, { per: 'piece' }>> = {}): SaleLine {
  return { category: '粮油', per: 'piece', count: 1, priceFen: 1000, discountable: true, ...change };
}

function sold(
  lines: readonly SaleLine[],
  who: PricingMember | null,
  points: 'max' | number,
  mobileFen = 0,
): PricedSale {
  const sale = priceSale(lines, who, policy, { points, mobileFen, cashGivenFen: 100_000_000 });
  if (sale.kind === 'refused') throw new Error(sale.reason);
  return sale;
}

for (const [what, line, who, expected] of [
  ['without a card the shelf price', pieces(), null, [1000, 'shelf']],
  ['three stars take 8 % off', pieces(), member, [920, 'star']],
  ['nothing off at 0 stars', pieces(), { ...member, stars: 0 }, [1000, 'shelf']],
  ['no star discount on tobacco', pieces({ category: '烟草' }), member, [1000, 'shelf']],
  ['no star discount on flagged goods', pieces({ discountable: false }), member, [1000, 'shelf']],
  ['a better promotion wins over stars', pieces({ promotionFen: 900 }), member, [900, 'promotion']],
  ['better stars win over a promotion', pieces({ promotionFen: 950 }), member, [920, 'star']],
  ['a promotion wins a tie with stars', pieces({ promotionFen: 920 }), member, [920, 'promotion']],
  ['clearance wins a tie with promotion', pieces({ clearanceFen: 900, promotionFen: 900 }), null, [900, 'clearance']],
  ['stars win a tie with the manual price', pieces({ manualFen: 920 }), member, [920, 'star']],
  ['the shelf wins a tie with everything', pieces({ clearanceFen: 1000, manualFen: 1000 }), null, [1000, 'shelf']],
  ['a manual price only goes down', pieces({ manualFen: 1100 }), null, [1000, 'shelf']],
  ['a price of nothing is a price', pieces({ manualFen: 0 }), member, [0, 'manual']],
] as const) {
  test(what, () => {
    const [priced] = priceLines([line], who, policy).lines;
    expect([priced?.payFen, priced?.reason]).toEqual(expected);
  });
}

test('a label without weight carries its weight in its price, and that weight prices the promotion', () => {
  const line: SaleLine = {
    category: '肉类',
    per: 'jin',
    labelFen: 2310,
    priceFen: 1580,
    discountable: true,
    promotionFen: 1400,
  };
  // 2310 * 500 / 1580 = 731.01 g; 1400 * 731 / 500 = 2046.8.
  expect(priceLines([line], null, policy).lines).toEqual([
    {
      per: 'jin',
      quantity: 731,
      grams: 731,
      labelFen: 2310,
      shelfFen: 2310,
      payFen: 2047,
      reason: 'promotion',
      eligible: true,
    },
  ]);
});

test('a label with weight never costs more than it says, nor more than its weight', () => {
  const line = { category: '肉类', per: 'kg', grams: 1000, priceFen: 2000, discountable: true } as const;
  const shelf = (labelFen: number): number | undefined =>
    priceLines([{ ...line, labelFen }], null, policy).lines[0]?.shelfFen;
  expect([shelf(1990), shelf(2000), shelf(2010)]).toEqual([1990, 2000, 2000]);
});

test('an absurd offer loses, however large', () => {
  const line = pieces({ count: 2 ** 30, priceFen: 1, promotionFen: 2 ** 50, clearanceFen: 2 ** 52 });
  expect(priceLines([line], null, policy).lines[0]).toMatchObject({ payFen: 2 ** 30, reason: 'shelf' });
});

test('points are capped by whatever is least', () => {
  const max = (who: Partial<PricingMember>): number =>
    priceLines([pieces({ count: 100, discountable: false })], { ...member, ...who }, policy).pointsMax;
  expect(max({})).toBe(200);
  expect(max({ spendable: 7 })).toBe(7);
  expect(max({ spentToday: 190 })).toBe(10);
  expect(max({ spentThisMonth: 499 })).toBe(1);
  expect(max({ spentToday: 201 })).toBe(0);
});

test('points never pay for what they are not for', () => {
  const running = priceLines([pieces({ category: '白酒' }), pieces({ category: '烟草' })], member, policy);
  expect([running.eligibleFen, running.pointsMax]).toEqual([0, 0]);
});

test('an odd fen of points goes to the largest remainder, ties to the earlier line', () => {
  const lines = [1, 1, 1].map(() => pieces({ priceFen: 100, discountable: false }));
  expect(sold(lines, member, 1).lines.map((line) => line.pointsShareFen)).toEqual([34, 33, 33]);
});

test('truncation cuts only what is left to pay in cash', () => {
  const lines = [pieces({ priceFen: 1239, discountable: false })];
  expect(sold(lines, null, 0)).toMatchObject({ cashDueFen: 1230, truncationFen: 9 });
  expect(sold(lines, null, 0, 1239)).toMatchObject({ cashDueFen: 0, truncationFen: 0, mobileFen: 1239 });
  expect(sold(lines, null, 0, 1000)).toMatchObject({ cashDueFen: 230, truncationFen: 9 });
});

test('a sale paid by truncation alone gives nothing back', () => {
  const sale = sold([pieces({ priceFen: 9, discountable: false })], null, 0);
  expect(sale).toMatchObject({ cashDueFen: 0, truncationFen: 9, paidFen: 0 });
  expect(refundState(sale, [{ line: 0, quantity: 1 }])).toMatchObject({ cashBackFen: 0, mobileBackFen: 0 });
});

test('a line of the sale that is not there comes back never', () => {
  const sale = sold([pieces()], null, 0);
  expect(refundDifference(sale, [], [{ line: 1, quantity: 1 }])).toEqual({
    kind: 'refused',
    reason: 'moreThanBought',
    line: 1,
  });
});

test('a label that weighs nothing comes back whole, and once', () => {
  const sale = sold([{ category: '肉类', per: 'kg', labelFen: 10, priceFen: 100_000, discountable: false }], null, 0);
  const first = refundDifference(sale, [], [{ line: 0, quantity: 0 }]);
  expect(first).toMatchObject({ kind: 'refund', cashBackFen: 10 });
  if (first.kind === 'refused') return;
  expect(refundDifference(sale, first.returnedAfter, [{ line: 0, quantity: 0 }])).toMatchObject({
    reason: 'moreThanBought',
  });
});

test('a paid sale that went through JSON refunds the same', () => {
  const sale = sold([pieces({ count: 3 }), pieces({ category: '白酒' })], member, 'max', 500);
  const kept = JSON.parse(JSON.stringify(sale)) as PricedSale;
  expect(kept).toEqual(sale);
  expect(refundState(kept, [{ line: 0, quantity: 2 }])).toEqual(refundState(sale, [{ line: 0, quantity: 2 }]));
});

// From here on: laws, over sales of every kind.

const unitPrice = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 70_000 }));
const maybePrice = fc.option(unitPrice, { nil: undefined, freq: 3 });
const offer = fc.record({
  category: fc.constantFrom('粮油', '蔬菜', '烟草', '白酒'),
  priceFen: unitPrice,
  discountable: fc.boolean(),
  clearanceFen: maybePrice,
  promotionFen: maybePrice,
  manualFen: maybePrice,
});
const anyLine: fc.Arbitrary<SaleLine> = fc.oneof(
  fc.tuple(offer, fc.integer({ min: 1, max: 30 })).map(([one, count]) => ({ ...one, per: 'piece' as const, count })),
  fc
    .tuple(offer, fc.constantFrom('jin' as const, 'kg' as const), fc.integer({ min: 1, max: 9999 }))
    .map(([one, per, grams]) => ({ ...one, per, grams })),
  fc
    .tuple(offer, fc.constantFrom('jin' as const, 'kg' as const), fc.integer({ min: 0, max: 99_999 }))
    .map(([one, per, labelFen]) => ({ ...one, per, labelFen })),
  fc
    .tuple(offer, fc.constantFrom('jin' as const, 'kg' as const), fc.nat(99_999), fc.integer({ min: 1, max: 9999 }))
    .map(([one, per, labelFen, grams]) => ({ ...one, per, labelFen, grams })),
);
const anyPolicy: fc.Arbitrary<PricingPolicy> = fc
  .record({
    pointValueFen: fc.constantFrom(1, 7, 10, 50, 100, 1000),
    maxShareBp: fc.constantFrom(0, 3333, 5000, 10000),
    appliesTo: fc.constantFrom('cash' as const, 'off' as const),
    unitFen: fc.constantFrom(1, 5, 10, 100),
  })
  .map(({ pointValueFen, maxShareBp, appliesTo, unitFen }) => ({
    ...policy,
    pointValueFen,
    points: { ...policy.points, maxShareBp },
    truncation: { appliesTo, unitFen },
  }));
const anyMember = fc.option(
  fc.record({ stars: fc.nat(5), spendable: fc.nat(300), spentToday: fc.nat(220), spentThisMonth: fc.nat(520) }),
  { nil: null, freq: 5 },
);

/** A sale of every kind, with the share of it that is paid by mobile in hundredths. */
const anySale = fc
  .record({
    lines: fc.array(anyLine, { maxLength: 8 }),
    member: anyMember,
    policy: anyPolicy,
    allPoints: fc.boolean(),
    mobilePart: fc.constantFrom(0, 33, 100),
  })
  .map(({ lines, member: who, policy: rules, allPoints, mobilePart }) => {
    const running = priceLines(lines, who, rules);
    const points = allPoints ? running.pointsMax : Math.trunc(running.pointsMax / 2);
    const mobileFen = Math.trunc(((running.totalFen - points * rules.pointValueFen) * mobilePart) / 100);
    const sale = priceSale(lines, who, rules, { points, mobileFen, cashGivenFen: Number.MAX_SAFE_INTEGER });
    if (sale.kind === 'refused') throw new Error(`the tenders fit: ${sale.reason}`);
    return sale;
  });

function total(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

test('nothing costs more than its shelf price, and all shares and totals add up', () => {
  fc.assert(
    fc.property(anySale, (sale) => {
      for (const line of sale.lines) {
        expect(line.payFen).toBeLessThanOrEqual(line.shelfFen);
        expect(line.pointsShareFen + line.moneyShareFen).toBe(line.payFen);
        expect(line.pointsShareFen).toBeGreaterThanOrEqual(0);
        expect(line.moneyShareFen).toBeGreaterThanOrEqual(0);
        if (!line.eligible) expect(line.pointsShareFen).toBe(0);
      }
      expect(total(sale.lines.map((line) => line.pointsShareFen))).toBe(sale.pointsFen);
      expect(total(sale.lines.map((line) => line.moneyShareFen))).toBe(sale.moneyGrossFen);
      expect(sale.paidFen + sale.truncationFen).toBe(sale.totalFen);
      expect(sale.cashGivenFen - sale.changeFen).toBe(sale.cashDueFen);
    }),
    { numRuns: 300 },
  );
});

test('everything returned, in any steps, gives exactly what was paid, and no step takes anything', () => {
  fc.assert(
    fc.property(anySale, fc.infiniteStream(fc.nat(1_000_000)), (sale, choices) => {
      const next = (below: number): number => Number(choices.next().value) % below;
      const left = sale.lines.map((line) => line.quantity);
      const open = new Set(sale.lines.keys());
      const back = { pointsBack: 0, mobileBackFen: 0, cashBackFen: 0 };
      let returned: readonly ReturnedLine[] = [];
      for (let step = 0; open.size > 0; step += 1) {
        const line = [...open][next(open.size)] ?? 0;
        const all = left[line] ?? 0;
        const whole = sale.lines[line]?.labelFen !== undefined || step > 20;
        const quantity = whole ? all : 1 + next(all);
        const refund = refundDifference(sale, returned, [{ line, quantity }]);
        if (refund.kind === 'refused') throw new Error(refund.reason);
        for (const amount of Object.values(refund))
          if (typeof amount === 'number') expect(amount).toBeGreaterThanOrEqual(0);
        back.pointsBack += refund.pointsBack;
        back.mobileBackFen += refund.mobileBackFen;
        back.cashBackFen += refund.cashBackFen;
        expect(back.pointsBack).toBeLessThanOrEqual(sale.pointsUsed);
        expect(back.mobileBackFen).toBeLessThanOrEqual(sale.mobileFen);
        expect(back.cashBackFen).toBeLessThanOrEqual(sale.cashDueFen);
        returned = refund.returnedAfter;
        left[line] = all - quantity;
        if (left[line] === 0) open.delete(line);
      }
      expect(back).toEqual({
        pointsBack: sale.pointsUsed,
        mobileBackFen: sale.mobileFen,
        cashBackFen: sale.cashDueFen,
      });
    }),
    { numRuns: 300 },
  );
});

test('what has come back never depends on the steps', () => {
  fc.assert(
    fc.property(anySale, (sale) => {
      const all = sale.lines.map((line, index) => ({ line: index, quantity: line.quantity }));
      const half = all.filter((one) => one.line % 2 === 0);
      const other = all.filter((one) => one.line % 2 === 1);
      const first = refundDifference(sale, other, half);
      expect(first.kind).toBe('refund');
      expect(refundState(sale, [...other, ...half])).toEqual(refundState(sale, all));
    }),
  );
});
