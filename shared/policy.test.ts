import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cardPatternOf, parseCode } from './barcode.ts';
import { mutated } from './mutated-sample.ts';
import { policyOn, policySchema, type Policy } from './policy.ts';
import { priceLines } from './pricing.ts';
import { addDays, dayOf, HOUR_MS } from './time.ts';

const defaults = policySchema.parse(
  JSON.parse(readFileSync(new URL('../resources/policy-default.json', import.meta.url), 'utf8')),
);
const version = (number: number, effectiveFrom: string): Policy => ({ ...defaults, version: number, effectiveFrom });

const policies = [version(1, '2026-01-01'), version(2, '2026-03-01'), version(3, '2026-06-01')];

for (const [what, day, expected] of [
  ['before the first', '2025-12-31', undefined],
  ['on the first day of a version', '2026-03-01', 2],
  ['the day before it', '2026-02-28', 1],
  ['long after the last', '2027-01-01', 3],
] as const) {
  test(`the policy in force ${what}: ${expected ?? 'none'}, in whatever order they came`, () => {
    expect(policyOn(policies, day)?.version).toBe(expected);
    expect(policyOn(policies.toReversed(), day)?.version).toBe(expected);
  });
}

test('a newer version wins over an older one that begins later', () => {
  expect(policyOn([version(4, '2026-01-01'), version(3, '2026-02-01')], '2026-03-01')?.version).toBe(4);
});

test('no policy at all is in force', () => {
  expect(policyOn([], '2026-03-01')).toBeNull();
});

for (const [what, change] of [
  [
    'five rates for six stars',
    { discount: { rateBpByStars: [10000, 9800, 9500, 9200, 9000], excludedCategories: [] } },
  ],
  ['a rate above the shelf price', { discount: { ...defaults.discount, rateBpByStars: [10001, 1, 1, 1, 1, 1] } }],
  ['points that are worth nothing', { pointValueFen: 0 }],
  ['points that are worth a part of a fen', { pointValueFen: 0.5 }],
  ['a negative cap', { points: { ...defaults.points, perDay: -1 } }],
  ['coins of nothing', { truncation: { appliesTo: 'cash', unitFen: 0 } }],
  ['a day that ends at 24:00', { businessDay: { endsAt: '24:00', closeAt: '22:00' } }],
  ['another form', { v: 2 }],
] as const) {
  test(`a policy with ${what} is refused`, () => {
    expect(policySchema.safeParse({ ...defaults, ...change }).success).toBe(false);
  });
}

test('a policy with one thing wrong is refused, or prices, reads labels and counts days as any other', () => {
  const member = { stars: 3, wish: 'max' as const, spendable: 10_000_000, spentToday: 0, spentThisMonth: 0 };
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.stringMatching(/^\d{13}$|^\d{18}$/), (at, how, digits) => {
      const parsed = policySchema.safeParse(mutated(defaults, at, how));
      if (!parsed.success) return;
      const policy = parsed.data;
      const text = JSON.stringify(policy);
      const line = { category: '粮油', priceFen: 100_000_000, discountable: true, per: 'piece' as const, count: 100 };
      const lines = priceLines([line], member, policy);
      expect(
        [lines.totalFen, lines.pointsMax].every((amount) => Number.isSafeInteger(amount)),
        text,
      ).toBe(true);
      expect(lines.totalFen, text).toBeLessThanOrEqual(10_000_000_000);
      const rules = { scaleLabels: policy.scaleLabels, cardPattern: cardPatternOf(policy.card.prefix) };
      parseCode(digits, { ...rules, today: '2026-03-01' });
      expect(addDays('2026-03-01', -policy.refund.days), text).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(dayOf(1_772_330_400_000 + policy.term.hours * HOUR_MS), text).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? '500') },
  );
});

for (const [what, change] of [
  ['a point of more than a thousand yuan', { pointValueFen: 100_001 }],
  ['a term without end', { term: { hours: Number.MAX_SAFE_INTEGER } }],
  ['refunds for ever', { refund: { ...defaults.refund, days: 1_000_000_000 } }],
  [
    'a label that no scale prints',
    { scaleLabels: [{ ...defaults.scaleLabels[0], layout: 'FFWWEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEC' }] },
  ],
] as const) {
  test(`a policy with ${what} is refused`, () => {
    expect(policySchema.safeParse({ ...defaults, ...change }).success).toBe(false);
  });
}

test('bytes of a policy from before there was a lock still read, and lock after ten minutes', () => {
  const { operator: _, ...before } = defaults;
  expect(policySchema.parse(before).operator).toEqual({ lockAfterMinutes: 10 });
});
