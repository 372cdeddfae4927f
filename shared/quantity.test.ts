import { expect, test } from 'vitest';
import { formatQuantity, formatWeight, parseQuantity, unitGrams } from './quantity.ts';

test('a jin is 500 g and a kilogram 1000 g', () => {
  expect([unitGrams('jin'), unitGrams('kg')]).toEqual([500, 1000]);
});

for (const [grams, per, text] of [
  [1230, 'jin', '2.46 斤'],
  [735, 'jin', '1.47 斤'],
  [1231, 'jin', '2.462 斤'],
  [500, 'jin', '1.00 斤'],
  [1, 'jin', '0.002 斤'],
  [1230, 'kg', '1.230 kg'],
  [5, 'kg', '0.005 kg'],
  [-1230, 'kg', '-1.230 kg'],
] as const) {
  test(`${grams} g priced per ${per} is written ${text}`, () => expect(formatWeight(grams, per)).toBe(text));
}

test('pieces are written as they are', () => expect(formatQuantity(12, 'piece')).toBe('12'));

for (const [text, per, quantity] of [
  ['3', 'piece', 3],
  ['３', 'piece', 3],
  ['2.46', 'jin', 1230],
  ['2。46', 'jin', 1230],
  ['1.23', 'kg', 1230],
  ['735g', 'jin', 735],
  ['735 克', 'kg', 735],
  ['3两', 'jin', 150],
  ['1.2公斤', 'jin', 1200],
  ['2斤', 'kg', 1000],
  ['1KG', 'jin', 1000],
  ['.5', 'kg', 500],
  ['2.461', 'jin', 1231],
] as const) {
  test(`'${text}' per ${per} is ${quantity}`, () => expect(parseQuantity(text, per)).toBe(quantity));
}

for (const [text, per] of [
  ['', 'piece'],
  ['0', 'piece'],
  ['1.5', 'piece'],
  ['-1', 'piece'],
  ['', 'kg'],
  ['.', 'kg'],
  ['0.000', 'kg'],
  ['1.2345', 'kg'],
  ['2磅', 'jin'],
  ['斤', 'jin'],
  ['1234567', 'kg'],
] as const) {
  test(`'${text}' per ${per} is no quantity`, () => expect(parseQuantity(text, per)).toBeNull());
}
