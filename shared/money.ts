import { must } from './assert.ts';

/**
 * Money is integer fen. Nothing here passes through a fraction: products beyond 2^53 go through BigInt, and a result
 * that a JSON integer cannot carry is a bug of the caller, who has to bound prices and quantities at entry.
 */

/** Fen as yuan with two decimals and no sign for the currency: 14517 is '145.17', -5 is '-0.05'. */
export function formatFen(fen: number): string {
  must(Number.isSafeInteger(fen), `not an amount in fen: ${fen}`);
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/**
 * Reads typed or imported yuan as fen, exactly: '12.5' is 1250. Full-width digits and the full stop of a Chinese input
 * method count as what they stand for, because that is what a cashier's keyboard gives. Null for anything that is not
 * a whole number of fen from 0 up, so that nothing is ever rounded in silence.
 */
export function parseYuan(text: string): number | null {
  const plain = text
    .normalize('NFKC')
    .trim()
    .replace('。', '.')
    .replace(/^¥\s*/, '')
    .replace(/\s*元$/, '');
  const match = /^(\d*)(?:\.(\d*))?$/.exec(plain);
  if (match === null) return null;
  const whole = match[1] ?? '';
  const decimals = (match[2] ?? '').replace(/0+$/, '');
  if ((whole === '' && (match[2] ?? '') === '') || decimals.length > 2) return null;
  const fen = Number(whole + decimals.padEnd(2, '0'));
  return Number.isSafeInteger(fen) ? fen : null;
}

/** `floor((2a + b) / 2b)` for a >= 0, b > 0: a / b rounded to the nearest, halves up. */
export function halfUp(a: number, b: number): number {
  mustDivide(a, b);
  const remainder = a % b;
  const floor = (a - remainder) / b;
  return remainder >= b - remainder ? floor + 1 : floor;
}

/** `a * b`, which a JSON integer must be able to carry. */
export function multiply(a: number, b: number): number {
  const product = a * b;
  must(Number.isSafeInteger(product), `${a} * ${b} is beyond what a till counts`);
  return product;
}

/** The sum of whole amounts, which a JSON integer must be able to carry. */
export function sum(amounts: readonly number[]): number {
  let total = 0;
  for (const amount of amounts) {
    total += amount;
    must(Number.isSafeInteger(total), 'a sum is beyond what a till counts');
  }
  return total;
}

/** `a * b / c` as whole quotient and remainder, exact however large the product is. */
export function mulDiv(a: number, b: number, c: number): Readonly<{ quotient: number; remainder: number }> {
  mustDivide(a, c);
  mustDivide(b, c);
  const product = a * b;
  if (Number.isSafeInteger(product)) {
    const remainder = product % c;
    return { quotient: (product - remainder) / c, remainder };
  }
  const large = BigInt(a) * BigInt(b);
  const quotient = Number(large / BigInt(c));
  must(Number.isSafeInteger(quotient), `${a} * ${b} / ${c} is beyond what a till counts`);
  return { quotient, remainder: Number(large % BigInt(c)) };
}

/** `floor(a * b / c)`, exact beyond 2^53. */
export function mulDivFloor(a: number, b: number, c: number): number {
  return mulDiv(a, b, c).quotient;
}

/** `half_up(a * b / c)`, exact beyond 2^53. */
export function halfUpMulDiv(a: number, b: number, c: number): number {
  const { quotient, remainder } = mulDiv(a, b, c);
  return remainder >= c - remainder ? quotient + 1 : quotient;
}

function mustDivide(a: number, b: number): void {
  must(Number.isSafeInteger(a) && a >= 0, `not a whole amount from 0 up: ${a}`);
  must(Number.isSafeInteger(b) && b > 0, `not a divisor: ${b}`);
}
