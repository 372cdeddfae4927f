import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFen, halfUp, halfUpMulDiv, mulDivFloor, multiply, parseYuan, sum } from './money.ts';

for (const [fen, text] of [
  [14517, '145.17'],
  [0, '0.00'],
  [5, '0.05'],
  [50, '0.50'],
  [-5, '-0.05'],
  [-12345, '-123.45'],
  [Number.MAX_SAFE_INTEGER, '90071992547409.91'],
] as const) {
  test(`${fen} fen is written ${text}`, () => expect(formatFen(fen)).toBe(text));
}

for (const [text, fen] of [
  ['145.17', 14517],
  ['12', 1200],
  ['12.5', 1250],
  ['12.', 1200],
  ['.5', 50],
  ['0', 0],
  ['007.10', 710],
  ['5.000', 500],
  [' ￥12.50 ', 1250],
  ['12.50元', 1250],
  ['１２．５', 1250],
  ['12。5', 1250],
  ['1.1', 110],
  ['4.35', 435],
  ['90071992547409.91', Number.MAX_SAFE_INTEGER],
] as const) {
  test(`'${text}' is read as ${fen} fen`, () => expect(parseYuan(text)).toBe(fen));
}

for (const text of ['', '.', ' ', '-1', '1.234', '1e3', '1,000', 'abc', '1.2.3', '90071992547409.92', '+1', '0x10']) {
  test(`'${text}' is no amount`, () => expect(parseYuan(text)).toBeNull());
}

test('every amount is read back as it was written', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (fen) => parseYuan(formatFen(fen)) === fen));
});

test('halves go up and everything else to the nearest', () => {
  expect([halfUp(1, 2), halfUp(3, 2), halfUp(1, 3), halfUp(2, 3), halfUp(0, 7)]).toEqual([1, 2, 0, 1, 0]);
});

test('rounding agrees with exact integers of any size', () => {
  const size = fc.oneof(fc.nat(2_000_000), fc.maxSafeNat());
  const divisor = fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
  fc.assert(
    fc.property(size, size, divisor, (a, b, c) => {
      const product = BigInt(a) * BigInt(b);
      expect(halfUp(a, c)).toBe(Number((2n * BigInt(a) + BigInt(c)) / (2n * BigInt(c))));
      fc.pre(product / BigInt(c) < BigInt(Number.MAX_SAFE_INTEGER));
      expect(mulDivFloor(a, b, c)).toBe(Number(product / BigInt(c)));
      expect(halfUpMulDiv(a, b, c)).toBe(Number((2n * product + BigInt(c)) / (2n * BigInt(c))));
    }),
    { numRuns: 500 },
  );
});

test('a product that no JSON integer carries is a bug, never a rounded number', () => {
  expect(() => multiply(2 ** 40, 2 ** 40)).toThrow('beyond what a till counts');
  expect(() => halfUpMulDiv(2 ** 52, 2 ** 52, 500)).toThrow('beyond what a till counts');
  expect(() => sum([Number.MAX_SAFE_INTEGER, 1])).toThrow('beyond what a till counts');
});
