import type { Per } from '../../shared/item.ts';
import { formatFen } from '../../shared/money.ts';
import { formatQuantity } from '../../shared/quantity.ts';
import { clockOf, dayOf } from '../../shared/time.ts';

/** Yuan as a page shows it: a real minus sign, so that a negative amount is as wide as a digit. */
export function yuan(fen: number): string {
  return formatFen(fen).replace('-', '−');
}

/** An amount taken off: '−3.20', and '0.00' without a sign. */
export function minusYuan(fen: number): string {
  return fen === 0 ? yuan(0) : yuan(-fen);
}

/** A unit price with what it is for: '8.50', '15.80/斤', '6.00/kg'. */
export function unitPrice(priceFen: number, per: Per): string {
  return `${yuan(priceFen)}${perSuffix(per)}`;
}

function perSuffix(per: Per): string {
  switch (per) {
    case 'piece':
      return '';
    case 'jin':
      return '/斤';
    case 'kg':
      return '/kg';
  }
}

/** Pieces with their unit where it says more than 'piece', or a weight. */
export function quantityText(quantity: number, per: Per, unit: string): string {
  return per === 'piece' ? `${quantity} ${unit}`.trim() : formatQuantity(quantity, per);
}

/** '08:02' on the same day, '03-02 08:02' otherwise. */
export function shortTime(atMs: number, nowMs: number): string {
  return dayOf(atMs) === dayOf(nowMs) ? clockOf(atMs) : `${dayOf(atMs).slice(5)} ${clockOf(atMs)}`;
}

/** How long ago, in the coarsest words that are still true. */
export function agoText(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - atMs) / 1000));
  if (seconds < 60) return '刚刚';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} 分钟前`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} 小时前`;
  return `${Math.floor(seconds / 86_400)} 天前`;
}

/** '★★★★☆' of 0 to 5 stars. */
export function starText(stars: number): string {
  return '★'.repeat(stars) + '☆'.repeat(Math.max(0, 5 - stars));
}
