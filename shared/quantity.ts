import { assertNever, must } from './assert.ts';
import type { Per } from './item.ts';
import { halfUp } from './money.ts';

export type { Per };

/** Grams that a price is for: 500 per jin, 1000 per kilogram (R-P5). A piece has none. */
export function unitGrams(per: 'jin' | 'kg'): 500 | 1000 {
  return per === 'jin' ? 500 : 1000;
}

/**
 * Grams as the shop says them: '2.46 斤' for goods priced per jin, '1.230 kg' per kilogram. A third decimal of a jin
 * (half a liang in ten) is shown only where there is one.
 */
export function formatWeight(weightGrams: number, per: 'jin' | 'kg'): string {
  must(Number.isSafeInteger(weightGrams), `not a weight in grams: ${weightGrams}`);
  if (per === 'kg') return `${thousandths(weightGrams)} kg`;
  return `${thousandths(weightGrams * 2).replace(/0$/, '')} 斤`;
}

/** Pieces or grams, as a line shows them. */
export function formatQuantity(quantity: number, per: Per): string {
  return per === 'piece' ? String(quantity) : formatWeight(quantity, per);
}

function thousandths(value: number): string {
  const digits = String(Math.abs(value)).padStart(4, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

/** Grams that one of each unit a person may type stands for. */
const GRAMS_BY_UNIT: ReadonlyMap<string, number> = new Map([
  ['g', 1],
  ['克', 1],
  ['两', 50],
  ['斤', 500],
  ['市斤', 500],
  ['jin', 500],
  ['kg', 1000],
  ['公斤', 1000],
  ['千克', 1000],
]);

/**
 * Reads a typed quantity: pieces for `piece`, grams otherwise. A weight without a unit is in the unit of the price; one
 * with a unit ('735g', '3两', '1.2公斤') says itself what it is. Half a gram counts as one. Null when it is not a
 * quantity above zero.
 */
export function parseQuantity(text: string, per: Per): number | null {
  const plain = text.normalize('NFKC').trim().replace('。', '.').toLowerCase();
  switch (per) {
    case 'piece':
      return /^\d{1,9}$/.test(plain) ? positive(Number(plain)) : null;
    case 'jin':
    case 'kg':
      return parseWeight(plain, unitGrams(per));
    default:
      return assertNever(per);
  }
}

function parseWeight(plain: string, defaultUnitGrams: number): number | null {
  const match = /^(\d{0,6})(?:\.(\d{0,3}))?\s*(\D*)$/.exec(plain);
  if (match === null) return null;
  const whole = match[1] ?? '';
  const decimals = match[2] ?? '';
  const unit = match[3] ?? '';
  if (whole === '' && decimals === '') return null;
  const grams = unit === '' ? defaultUnitGrams : GRAMS_BY_UNIT.get(unit);
  if (grams === undefined) return null;
  return positive(halfUp(Number(whole + decimals.padEnd(3, '0')) * grams, 1000));
}

function positive(value: number): number | null {
  return value > 0 ? value : null;
}
