import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupScans, priceChangesFor, readScans, type Scan } from './replay.ts';

const HEADING = 'timestamp,item_code,item_name,category,quantity,unit_price_yuan,type,discounted';

const scanAt = (atMs: number): Scan => ({
  row: 2,
  atMs,
  code: '20001',
  name: '小白菜',
  category: '蔬菜',
  unit: '公斤',
  per: 'kg',
  quantity: 500,
  priceFen: 300,
  discounted: false,
});

test('scans 19.999 s apart are one sale, 20 s apart are two', () => {
  expect(groupScans([0, 19_999, 39_998].map(scanAt)).map((sale) => sale.length)).toEqual([3]);
  expect(groupScans([0, 20_000, 39_999].map(scanAt)).map((sale) => sale.length)).toEqual([1, 2]);
  expect(groupScans([])).toEqual([]);
});

test('grouping keeps every scan in its order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000)), (times) => {
      const scans = times.toSorted((a, b) => a - b).map(scanAt);
      const sales = groupScans(scans);
      expect(sales.flat()).toEqual(scans);
      expect(sales.every((sale) => sale.length > 0)).toBe(true);
    }),
  );
});

test('goods in portions, bags, boxes and packs are pieces; all others are kilograms read as grams', () => {
  const read = readScans(
    [
      HEADING,
      '2023-06-15T20:42:23.075,A1,油麦菜(份),花叶类,2.000,2.70,销售,是',
      '2023-06-15T20:42:24.075,A2,花菇(1),食用菌,0.241,22.00,销售,否',
      '2023-06-15T20:42:25.075,A3,蘑菇(袋)(3),食用菌,1.000,5.80,销售,否',
      '2023-06-15T20:42:26.075,A4,上海青(小份),花叶类,1.000,3.00,销售,否',
      '2023-06-15T20:42:27.075,A5,娃娃菜,花叶类,1.000,6.80,销售,否',
    ].join('\n'),
  );
  expect(read?.scans.map(({ per, quantity, unit, priceFen }) => [per, quantity, unit, priceFen])).toEqual([
    ['piece', 2, '份', 270],
    ['kg', 241, '公斤', 2200],
    ['piece', 1, '袋', 580],
    ['piece', 1, '份', 300],
    ['kg', 1000, '公斤', 680],
  ]);
  expect(read?.scans.map((scan) => scan.discounted)).toEqual([true, false, false, false, false]);
  expect(read?.rejected).toEqual([]);
});

test('rows that are no sale are named with their line and left out', () => {
  const read = readScans(
    [
      HEADING,
      '2023-06-15T20:42:23.075,A1,油麦菜,花叶类,-0.300,2.70,退货,否',
      '2023-06-15T20:42:23.075,A1,油麦菜,花叶类,-0.300,2.70,销售,否',
      'yesterday,A1,油麦菜,花叶类,0.300,2.70,销售,否',
      '2023-06-15T20:42:23.075,A1,油麦菜,花叶类,0.300,free,销售,否',
      '2023-06-15T20:42:23.075,,油麦菜,花叶类,0.300,2.70,销售,否',
    ].join('\n'),
  );
  expect(read?.scans).toEqual([]);
  expect(read?.rejected).toEqual([
    { row: 2, reason: 'notASale' },
    { row: 3, reason: 'wrongQuantity' },
    { row: 4, reason: 'wrongTime' },
    { row: 5, reason: 'wrongPrice' },
    { row: 6, reason: 'noItem' },
  ]);
  expect(readScans('a,b\n1,2\n')).toBeNull();
});

for (const [what, item, row, changes] of [
  ['the shelf price', [500, null], [500, false], []],
  ['another price', [500, null], [450, false], [['shelf', 450]]],
  ['a lower price, discounted', [500, null], [450, true], [['clearance', 450]]],
  ['the same clearance again', [500, 450], [450, true], []],
  ['a deeper clearance', [500, 450], [400, true], [['clearance', 400]]],
  ['the shelf price after a clearance', [500, 450], [500, false], [['clearance', null]]],
  [
    'another price after a clearance',
    [500, 450],
    [480, false],
    [
      ['clearance', null],
      ['shelf', 480],
    ],
  ],
  ['a higher price, discounted', [500, null], [600, true], [['shelf', 600]]],
  ['any price of an item without one', [null, null], [600, true], [['shelf', 600]]],
] as const) {
  test(`a row with ${what} asks for ${changes.length} price changes`, () => {
    const found = priceChangesFor(
      { priceFen: item[0], clearanceFen: item[1] },
      { priceFen: row[0], discounted: row[1] },
    );
    expect(found.map((change) => [change.which, change.priceFen])).toEqual(changes);
  });
}
