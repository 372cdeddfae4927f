import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import { createCounting, type Counting } from './counting.ts';
import { cashier, openTestTill, putItems, testItem, type TestTill } from './test-till.ts';

let till: TestTill;
let catalogue: Catalogue;
let counting: Counting;

beforeEach(() => {
  till = openTestTill();
  catalogue = createCatalogue(till);
  counting = createCounting(till, catalogue);
  putItems(till, testItem(), testItem({ id: 'tea', code: 'TEA01' }));
});
afterEach(() => till.close());

const count = (lines: { item: string; expected: number; counted: number }[], id = till.world.newId()) =>
  counting.countStock({ kind: 'countStock', id, lines });

test('a count sets the stock to what was found and records the difference', () => {
  expect(count([{ item: 'item-bread', expected: 0, counted: 12 }])).toEqual({ kind: 'done' });
  expect(
    count([
      { item: 'item-bread', expected: 12, counted: 9 },
      { item: 'tea', expected: 0, counted: 0 },
    ]),
  ).toEqual({ kind: 'done' });
  expect(catalogue.stockOf('item-bread')).toBe(9);
  const record = till.records('count').at(-1);
  expect(record?.body.lines.map((line) => line.difference)).toEqual([-3, 0]);
  expect(record?.stock).toEqual([{ item: 'item-bread', batch: null, delta: -3, line: 0 }]);
});

test('what is sold between counting and saving is taken off once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 99 }), (counted, sold) => {
      const expected = catalogue.stockOf('item-bread');
      // The shelf is counted, and goods go over the till before the sheet is saved.
      const sale = { lines: [{ item: 'item-bread', quantity: sold + 1, batch: null }], reason: 'sold' };
      till.record({
        kind: 'waste',
        id: till.world.newId(),
        operator: null,
        body: sale,
        stock: [{ item: 'item-bread', batch: null, delta: -(sold + 1), line: 0 }],
      });
      count([{ item: 'item-bread', expected, counted }]);
      expect(catalogue.stockOf('item-bread')).toBe(counted - sold - 1);
    }),
    { numRuns: 20 },
  );
});

test('the same count sent twice is done once', () => {
  const lines = [{ item: 'item-bread', expected: 0, counted: 5 }];
  expect(count(lines, 'count-0001')).toEqual({ kind: 'done' });
  expect(count(lines, 'count-0001')).toEqual({ kind: 'done' });
  expect(catalogue.stockOf('item-bread')).toBe(5);
});

test('an unknown item, an item counted twice and a cashier are refused', () => {
  const line = { item: 'item-bread', expected: 0, counted: 5 };
  expect(count([{ ...line, item: 'none' }])).toMatchObject({ kind: 'refused', reason: 'unknownItem' });
  expect(count([line, line])).toEqual({ kind: 'refused', reason: 'badInput' });
  till.signIn(cashier);
  expect(count([line])).toEqual({ kind: 'refused', reason: 'managerOnly' });
  expect(till.records('count')).toHaveLength(0);
});
