import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import { cashier, openTestTill, putItems, testItem, type TestTill } from './test-till.ts';
import { createWaste, type Waste } from './waste.ts';

let till: TestTill;
let catalogue: Catalogue;
let waste: Waste;

beforeEach(() => {
  till = openTestTill();
  catalogue = createCatalogue(till);
  waste = createWaste(till, catalogue);
  putItems(till, testItem());
});
afterEach(() => till.close());

const discard = (item: string, reason: string, id = till.world.newId()) =>
  waste.recordWaste({ kind: 'recordWaste', id, reason, lines: [{ item, quantity: 2 }] });

test('waste lowers the stock, once for each document, below zero if need be', () => {
  expect(discard('item-bread', 'expired', 'waste-0001')).toEqual({ kind: 'done' });
  expect(discard('item-bread', 'expired', 'waste-0001')).toEqual({ kind: 'done' });
  expect(catalogue.stockOf('item-bread')).toBe(-2);
  expect(till.records('waste')[0]?.body.reason).toBe('expired');
});

test('the words of a reason stay out of the journal', () => {
  expect(discard('item-bread', '被李四打碎')).toEqual({ kind: 'done' });
  expect(JSON.stringify(till.records('waste'))).not.toContain('李四');
});

test('an unknown item, no reason and a cashier are refused', () => {
  expect(discard('none', 'expired')).toMatchObject({ kind: 'refused', reason: 'unknownItem' });
  expect(discard('item-bread', ' ')).toEqual({ kind: 'refused', reason: 'badInput' });
  till.signIn(cashier);
  expect(discard('item-bread', 'expired')).toEqual({ kind: 'refused', reason: 'managerOnly' });
});
