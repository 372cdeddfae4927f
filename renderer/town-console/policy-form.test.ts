import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { policySchema } from '../../shared/policy.ts';
import { changesBetween, entriesOf, parseScaled, policyFrom, showScaled } from './policy-form.ts';

const policy = policySchema.parse(
  JSON.parse(readFileSync(new URL('../../resources/policy-default.json', import.meta.url), 'utf8')),
);

test('the entries of a policy make the same policy again', () => {
  expect(policyFrom(policy, entriesOf(policy))).toEqual({ policy, wrong: [] });
});

test('what is typed goes where the pricing reads it', () => {
  const { policy: changed, wrong } = policyFrom(policy, {
    ...entriesOf(policy),
    effectiveFrom: '2026.12.1',
    pointValueFen: '0.5',
    rate5: '8.5',
    perDay: '１５０',
    maxShareBp: '50',
    truncation: 'off',
    refundDays: '3',
    refundManagerAbove: '50',
    objectionVillage: '5',
    closeAt: '21:30',
    discountExcluded: '烟草，白酒 酒水',
    pointsExcluded: '',
  });
  expect(wrong).toEqual([]);
  expect(changed).toMatchObject({
    effectiveFrom: '2026-12-01',
    pointValueFen: 50,
    discount: {
      rateBpByStars: [...policy.discount.rateBpByStars.slice(0, 5), 8500],
      excludedCategories: ['烟草', '白酒', '酒水'],
    },
    points: { perDay: 150, maxShareBp: 5000, excludedCategories: [] },
    truncation: { appliesTo: 'off' },
    refund: { days: 3, managerAboveFen: 5000 },
    objection: { days: 30, villageDays: 5, townDays: 15 },
    businessDay: { closeAt: '21:30' },
  });
  expect(changesBetween(policy, changed)).toContain('5 星打几折：8.8 → 8.5');
});

for (const [name, text] of [
  ['rate1', '11'],
  ['rate1', '九五'],
  ['pointValueFen', '0'],
  ['pointValueFen', '1.005'],
  ['perSale', '-1'],
  ['closeAt', '25:00'],
  ['effectiveFrom', '2026-02-30'],
] as const) {
  test(`${name} of '${text}' is named as wrong and changes nothing`, () => {
    expect(policyFrom(policy, { ...entriesOf(policy), [name]: text })).toEqual({ policy, wrong: [name] });
  });
}

test('a scaled figure comes back as it was', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 3 }), (value, places) => {
      expect(parseScaled(showScaled(value, places), places)).toBe(value);
    }),
  );
});
