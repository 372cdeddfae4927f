import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Command } from '../../shared/till-contract.ts';
import { DAY_MS } from '../../shared/time.ts';
import { expiredBatchWarning, expiringItems, remainingBatches } from './batches.ts';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import { createReceiving, type Receiving } from './receiving.ts';
import { cashier, openTestTill, putItems, testItem, type TestTill } from './test-till.ts';

type Line = Extract<Command, { kind: 'receiveGoods' }>['lines'][number];

let till: TestTill;
let catalogue: Catalogue;
let receiving: Receiving;

beforeEach(() => {
  till = openTestTill();
  catalogue = createCatalogue(till);
  receiving = createReceiving(till, catalogue);
  putItems(till, testItem({ shelfLifeDays: 10 }), testItem({ id: 'rice', code: 'RICE1', per: 'kg' }));
});
afterEach(() => till.close());

const receive = (lines: readonly Partial<Line>[], id = till.world.newId(), supplier = '') =>
  receiving.receiveGoods({
    kind: 'receiveGoods',
    id,
    supplier,
    lines: lines.map((line) => ({
      item: 'item-bread',
      quantity: 1,
      cases: null,
      caseFactor: null,
      costFen: null,
      producedOn: null,
      shelfLifeDays: null,
      ...line,
    })),
  });

/** Goods leave as a count would take them. */
const take = (item: string, quantity: number): void => {
  till.record({
    kind: 'count',
    id: till.world.newId(),
    operator: null,
    body: { lines: [{ item, expected: quantity, counted: 0, difference: -quantity }] },
    stock: [{ item, batch: null, delta: -quantity, line: 0 }],
  });
};

test('goods in raise the stock, keep the batch with its date and update the cost', () => {
  const answer = receive(
    [
      { quantity: 24, cases: 2, caseFactor: 12, costFen: 310, producedOn: '2026-03-01', shelfLifeDays: 7 },
      { item: 'rice', quantity: 25_000, costFen: 480 },
    ],
    'delivery-1',
    '王大爷 13800000000',
  );
  expect(answer).toEqual({ kind: 'done' });
  expect([catalogue.stockOf('item-bread'), catalogue.stockOf('rice')]).toEqual([24, 25_000]);
  expect(catalogue.byId('item-bread')?.costFen).toBe(310);
  const [record] = till.records('goodsIn');
  expect(record?.body.lines[0]).toMatchObject({ batch: 'delivery-1-0', expiresOn: '2026-03-08' });
  expect(record?.body.lines[1]).toMatchObject({ batch: 'delivery-1-1', expiresOn: null });
  expect(JSON.stringify(record)).not.toContain('王');
  expect(catalogue.detail('item-bread')).toMatchObject({
    stock: 24,
    movements: [{ kind: 'goodsIn', delta: 24, document: 'delivery-1' }],
    batches: [{ batch: 'delivery-1-0', quantity: 24, expiresOn: '2026-03-08' }],
  });
});

test('the same delivery sent twice is done once, even after its goods expired', () => {
  const lines = [{ quantity: 5, producedOn: '2026-03-01', shelfLifeDays: 3 }];
  expect(receive(lines, 'delivery-1')).toEqual({ kind: 'done' });
  till.advance(10 * DAY_MS);
  expect(receive(lines, 'delivery-1')).toEqual({ kind: 'done' });
  expect(catalogue.stockOf('item-bread')).toBe(5);
  expect(receive([{ quantity: 6 }], 'delivery-1')).toEqual({ kind: 'refused', reason: 'idConflict' });
});

test('the shelf life of the item counts where the delivery says none', () => {
  receive([{ producedOn: '2026-02-28' }]);
  expect(till.records('goodsIn')[0]?.body.lines[0]?.expiresOn).toBe('2026-03-10');
});

test.each([
  ['the item is unknown', { item: 'none' }, 'unknownItem'],
  ['cases and pieces disagree', { quantity: 25, cases: 2, caseFactor: 12 }, 'badInput'],
  ['only the cases are given', { cases: 2 }, 'badInput'],
  ['the day of make is no day', { producedOn: '2026-02-30' }, 'badInput'],
  ['the day of make is tomorrow', { producedOn: '2026-03-03' }, 'badInput'],
  ['the goods have expired already', { producedOn: '2026-02-01' }, 'expiredBatch'],
])('a delivery is refused whole when %s', (_, line, reason) => {
  expect(receive([{}, line])).toMatchObject({ kind: 'refused', reason, detail: { line: 1 } });
  expect(catalogue.stockOf('item-bread')).toBe(0);
});

test('only a manager takes goods in', () => {
  till.signIn(cashier);
  expect(receive([{}])).toEqual({ kind: 'refused', reason: 'managerOnly' });
});

test('what is left is the newest deliveries, and selling stops when all of them have expired', () => {
  receive([{ quantity: 10, producedOn: '2026-02-25' }], 'first');
  till.advance(DAY_MS);
  receive([{ quantity: 6, producedOn: '2026-03-03' }], 'second');
  const left = () => remainingBatches(till.ledger, 'item-bread').map(({ batch, remaining }) => [batch, remaining]);
  const expired = (day: string) => expiredBatchWarning(till.ledger, 'item-bread', day);
  expect(left()).toEqual([
    ['first-0', 10],
    ['second-0', 6],
  ]);
  expect(expired('2026-03-10')).toBe(false);
  take('item-bread', 12);
  expect(left()).toEqual([['second-0', 4]]);
  expect(expired('2026-03-13')).toBe(false);
  expect(expired('2026-03-14')).toBe(true);
  take('item-bread', 5);
  expect(left()).toEqual([]);
  expect(expired('2026-03-14')).toBe(false);
});

test('a delivery without a date is never held for expired', () => {
  receive([{ item: 'rice', quantity: 1000 }]);
  expect(expiredBatchWarning(till.ledger, 'rice', '2099-01-01')).toBe(false);
  expect(expiredBatchWarning(till.ledger, 'none', '2099-01-01')).toBe(false);
});

test('goods near their date are listed by how long they keep', () => {
  putItems(
    till,
    testItem({ id: 'can', code: 'CAN01', shelfLifeDays: 365 }),
    testItem({ id: 'milk', code: 'MILK1', shelfLifeDays: 21 }),
  );
  receive([
    { item: 'item-bread', producedOn: '2026-03-01' },
    { item: 'milk', producedOn: '2026-03-01' },
    { item: 'can', producedOn: '2026-03-01', shelfLifeDays: 365 },
  ]);
  expect(expiringItems(till.ledger, '2026-03-09')).toEqual([]);
  expect(expiringItems(till.ledger, '2026-03-10')).toEqual(['item-bread']);
  expect(expiringItems(till.ledger, '2026-03-15')).toEqual(['item-bread', 'milk']);
  expect(expiringItems(till.ledger, '2027-02-01')).toEqual(['can', 'item-bread', 'milk']);
  till.advance(8 * DAY_MS);
  const query = { text: '', only: 'expiring' as const, category: null, offset: 0, limit: 10 };
  expect(catalogue.stockRows(query).rows.map((row) => row.item)).toEqual(['item-bread']);
});

test('cases that multiply to more than a whole number can be are refused without that number', () => {
  const answer = receive([{ quantity: 24, cases: 100_000_000, caseFactor: 100_000_000 }]);
  expect(answer).toEqual({ kind: 'refused', reason: 'badInput', detail: { line: 0 } });
});
