import { expect, test } from 'vitest';
import { receiptMeant } from './receipt.ts';

const chain = { till: 't01', incarnation: 2 };

for (const [text, expected] of [
  ['t01-1-000123', 't01-1-000123'],
  [' t01-1-000123\n', 't01-1-000123'],
  ['ｔ０１-1-000123', 't01-1-000123'],
  ['123', 't01-2-000123'],
  ['000007', 't01-2-000007'],
  ['https://town.example/r/t01-1-000123?h=ab12', 't01-1-000123'],
  ['高村-南-1-000123', '高村-南-1-000123'],
  ['6901234567892', '6901234567892'],
  ['面包', '面包'],
  ['', ''],
] as const) {
  test(`a receipt by “${text.trim()}” is ${expected === '' ? 'none' : expected}`, () => {
    expect(receiptMeant(text, chain)).toBe(expected);
  });
}
