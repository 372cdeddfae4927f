import { expect, test } from 'vitest';
import { agoText, minusYuan, quantityText, shortTime, starText, unitPrice, yuan } from './format.ts';

test('amounts carry a real minus sign, and nothing off has none', () => {
  expect(yuan(-5)).toBe('−0.05');
  expect(minusYuan(1595)).toBe('−15.95');
  expect(minusYuan(0)).toBe('0.00');
});

test('a price says what it is for', () => {
  expect(unitPrice(850, 'piece')).toBe('8.50');
  expect(unitPrice(1580, 'jin')).toBe('15.80/斤');
  expect(unitPrice(600, 'kg')).toBe('6.00/kg');
});

test('pieces are shown with their unit, weights in the unit of the price', () => {
  expect(quantityText(6, 'piece', '瓶')).toBe('6 瓶');
  expect(quantityText(730, 'jin', '斤')).toBe('1.46 斤');
});

test('a time of another day shows its day', () => {
  const now = Date.parse('2026-03-02T02:26:00Z');
  expect(shortTime(Date.parse('2026-03-02T00:02:00Z'), now)).toBe('08:02');
  expect(shortTime(Date.parse('2026-03-01T00:02:00Z'), now)).toBe('03-01 08:02');
});

test.each([
  [3_000, '刚刚'],
  [180_000, '3 分钟前'],
  [7_200_000, '2 小时前'],
  [4 * 86_400_000, '4 天前'],
])('%i ms ago is said as %s', (agoMs, words) => {
  expect(agoText(1_000_000_000_000 - agoMs, 1_000_000_000_000)).toBe(words);
});

test('stars that are missing show as such', () => {
  expect(starText(4)).toBe('★★★★☆');
});
