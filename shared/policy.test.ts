import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policyOn, policySchema, type Policy } from './policy.ts';

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
