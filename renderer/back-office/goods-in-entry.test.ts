import { expect, test } from 'vitest';
import { expiryDay, parseDay, parseWhole } from './entry.ts';
import { type GoodsInLine, readGoodsInLine } from './goods-in-entry.ts';

const water: GoodsInLine = {
  key: 'a',
  item: 'water',
  code: '6901234567892',
  name: '饮用水',
  spec: '550ml',
  unit: '瓶',
  per: 'piece',
  cases: '',
  caseFactor: '',
  quantity: '',
  cost: '',
  producedOn: '',
  shelfLife: '',
};

test('cases times what is in a case is the quantity that comes in', () => {
  expect(readGoodsInLine({ ...water, cases: '3', caseFactor: '24', cost: '0.85' })).toEqual({
    kind: 'line',
    line: {
      item: 'water',
      quantity: 72,
      cases: 3,
      caseFactor: 24,
      costFen: 85,
      producedOn: null,
      shelfLifeDays: null,
    },
  });
});

test('half a case entry is asked for, never guessed', () => {
  expect(readGoodsInLine({ ...water, cases: '3', quantity: '72' })).toEqual({ kind: 'incomplete', field: 'cases' });
  expect(readGoodsInLine({ ...water, cases: '0', caseFactor: '24' })).toEqual({ kind: 'incomplete', field: 'cases' });
});

test('an empty line waits for its quantity', () => {
  expect(readGoodsInLine(water)).toEqual({ kind: 'incomplete', field: 'quantity' });
});

test('weighed goods come in by weight in the unit of their price', () => {
  const read = readGoodsInLine({ ...water, per: 'jin', quantity: '25.5', cases: '9' });
  expect(read).toMatchObject({ kind: 'line', line: { quantity: 12_750, cases: null } });
});

test('a cost or a date that cannot be read stops the line', () => {
  expect(readGoodsInLine({ ...water, quantity: '1', cost: '1.005' })).toEqual({ kind: 'incomplete', field: 'cost' });
  expect(readGoodsInLine({ ...water, quantity: '1', producedOn: '20261131' })).toEqual({
    kind: 'incomplete',
    field: 'producedOn',
  });
});

test.each([
  ['20261101', '2026-11-01'],
  ['261101', '2026-11-01'],
  ['2026.11.1', '2026-11-01'],
  ['２０２６年１１月１日', '2026-11-01'],
  ['2024-02-29', '2024-02-29'],
])('the day %s is %s', (text, day) => {
  expect(parseDay(text)).toBe(day);
});

test.each(['20260229', '2026-13-01', '1101', 'today', ''])('%s is no day', (text) => {
  expect(parseDay(text)).toBeNull();
});

test('whole numbers are digits and nothing else', () => {
  expect(parseWhole(' ３０ ')).toBe(30);
  expect(parseWhole('-1')).toBeNull();
  expect(parseWhole('1.5')).toBeNull();
});

test('goods expire their shelf life after they were made', () => {
  expect(expiryDay('2026-11-01', 30)).toBe('2026-12-01');
  expect(expiryDay(null, 30)).toBeNull();
});
