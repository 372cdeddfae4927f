import { expect, test } from 'vitest';
import { itemSchema, promotionOn, type Item } from './item.ts';

const item: Item = {
  id: 'i1',
  code: '6900000000007',
  name: '大米',
  category: '粮油',
  spec: '5 kg',
  unit: '袋',
  per: 'piece',
  plu: null,
  priceFen: 3990,
  clearanceFen: null,
  promotion: { priceFen: 3590, fromDay: '2026-03-01', toDay: '2026-03-07' },
  costFen: null,
  discountable: true,
  lowStock: null,
  shelfLifeDays: null,
  initials: 'DM',
};

for (const [what, day, priceFen] of [
  ['the day before', '2026-02-28', null],
  ['its first day', '2026-03-01', 3590],
  ['its last day', '2026-03-07', 3590],
  ['the day after', '2026-03-08', null],
] as const) {
  test(`a promotion on ${what}: ${priceFen ?? 'not in force'} (R-P6)`, () => {
    expect(promotionOn(item, day)).toBe(priceFen);
  });
}

test('an item without a promotion has none on any day', () => {
  expect(promotionOn({ ...item, promotion: null }, '2026-03-01')).toBeNull();
});

for (const [what, change, isValid] of [
  ['no price yet', { priceFen: null }, true],
  ['a price of nothing', { priceFen: 0 }, false],
  ['a price with a fraction', { priceFen: 39.9 }, false],
  ['an unknown unit of price', { per: 'pound' }, false],
  ['a negative cost', { costFen: -1 }, false],
] as const) {
  test(`an item with ${what} is ${isValid ? 'read' : 'refused'}`, () => {
    expect(itemSchema.safeParse({ ...item, ...change }).success).toBe(isValid);
  });
}
