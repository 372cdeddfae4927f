import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Item } from '../../shared/item.ts';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import { PROJECTIONS } from './ledger/migrations.ts';
import { cashier, openTestTill, putItems, testItem, type TestTill } from './test-till.ts';

let till: TestTill;
let catalogue: Catalogue;

beforeEach(() => {
  till = openTestTill();
  catalogue = createCatalogue(till);
});
afterEach(() => till.close());

const save = (item: Item, id = till.world.newId()) => catalogue.saveItem({ kind: 'saveItem', id, item });
const price = (
  which: 'shelf' | 'clearance' | 'promotion',
  priceFen: number | null,
  days: { fromDay?: string; toDay?: string; id?: string } = {},
) =>
  catalogue.changePrice({
    kind: 'changePrice',
    id: days.id ?? till.world.newId(),
    item: 'item-bread',
    which,
    priceFen,
    fromDay: days.fromDay ?? null,
    toDay: days.toDay ?? null,
  });

test('an item is found by its code without regard to case, and by its PLU with or without zeros', () => {
  putItems(
    till,
    testItem({ id: 'bag', code: 'LB000002' }),
    testItem({ id: 'tomato', code: '00102', per: 'kg', plu: '00102' }),
  );
  expect(catalogue.byCode('lb000002')?.id).toBe('bag');
  expect(catalogue.byPlu('00102')?.id).toBe('tomato');
  expect(catalogue.byPlu('102')?.id).toBe('tomato');
  expect(catalogue.byCode('102')).toBeNull();
  expect(catalogue.byId('nothing')).toBeNull();
});

test('a UPC-A and the EAN-13 that begins with 0 are one article', () => {
  putItems(till, testItem({ id: 'upc', code: '001234567895' }), testItem({ id: 'ean', code: '0036000291452' }));
  expect(catalogue.byCode('0001234567895')?.id).toBe('upc');
  expect(catalogue.byCode('036000291452')?.id).toBe('ean');
  expect(save(testItem({ id: 'other', code: '036000291452' }))).toEqual({ kind: 'refused', reason: 'duplicateCode' });
});

test('a search answers code, PLU, code prefix, initials and name in that order', () => {
  putItems(
    till,
    testItem({ id: 'inside', code: '6900000000001', name: '大米DM花', initials: 'XX' }),
    testItem({ id: 'middle', code: '6900000000002', name: '东北大米', initials: 'DBDM' }),
    testItem({ id: 'prefix', code: '6900000000003', name: '大麦茶', initials: 'DMC' }),
    testItem({ id: 'code', code: 'DM00001', name: '一二', initials: 'YE' }),
    testItem({ id: 'exact', code: 'DM000', name: '二', initials: 'E' }),
  );
  expect(catalogue.search('dm', 10).map((one) => one.item)).toEqual(['exact', 'code', 'prefix', 'middle', 'inside']);
  expect(catalogue.search('DM000', 10).map((one) => one.item)).toEqual(['exact', 'code']);
  expect(catalogue.search('大米', 10).map((one) => one.item)).toEqual(['middle', 'inside']);
  expect(catalogue.search('dm', 2)).toHaveLength(2);
  expect(catalogue.search('  ', 10)).toEqual([]);
  expect(catalogue.search("%_*'\u0001\u0002", 10)).toEqual([]);
});

test('a search takes full-width letters, several words and every reading', () => {
  expect(save(testItem({ id: 'soup', code: 'SOUP001', name: '单县羊汤', initials: '' }))).toEqual({ kind: 'done' });
  putItems(till, testItem({ spec: '500g' }), testItem({ id: 'other', code: '6900000000001', spec: '400g' }));
  expect(catalogue.search('ＳＸＹＴ', 5).map((one) => one.item)).toEqual(['soup']);
  expect(catalogue.search('dxyt', 5).map((one) => one.item)).toEqual(['soup']);
  expect(catalogue.search('面包 500G', 5).map((one) => one.item)).toEqual(['item-bread']);
});

test('what cannot be sold comes behind what can', () => {
  putItems(
    till,
    testItem({ id: 'unpriced', code: 'A0001', name: '茶', priceFen: null }),
    testItem({ id: 'priced', code: 'A0002', name: '茶叶蛋' }),
  );
  expect(catalogue.search('茶', 5).map((one) => one.item)).toEqual(['priced', 'unpriced']);
  expect(catalogue.search('茶', 5)[1]?.payFen).toBeNull();
});

test('a search follows changes of items, few and many', () => {
  putItems(till, testItem());
  expect(catalogue.search('老面包', 5)).toHaveLength(1);
  expect(save(testItem({ name: '新面包', initials: '' }))).toEqual({ kind: 'done' });
  expect(catalogue.search('老面包', 5)).toHaveLength(0);
  expect(catalogue.search('xmb', 5)).toHaveLength(1);
  const many = Array.from({ length: 900 }, (_, index) =>
    testItem({ id: `m${index}`, code: `M${10_000 + index}`, name: `糖果${index}`, initials: `TG${index}` }),
  );
  putItems(till, ...many);
  expect(catalogue.search('TG899', 5).map((one) => one.item)).toEqual(['m899']);
  expect(catalogue.search('糖果', 200)).toHaveLength(200);
  expect(catalogue.search('新面包', 5)).toHaveLength(1);
});

test('a search knows every one of many items that were saved one by one since the last', () => {
  putItems(till, testItem({ id: 'item-bread' }));
  expect(catalogue.search('茶', 50)).toEqual([]);
  for (let index = 0; index < 30; index += 1)
    putItems(till, testItem({ id: `tea-${index}`, code: `TEA00${index + 100}`, name: `${index}号茶` }));
  expect(catalogue.search('茶', 50)).toHaveLength(30);
});

test('what is saved while the search is read a step at a time is found once, and as it is now', () => {
  for (let page = 0; page < 3; page += 1)
    putItems(
      till,
      ...Array.from({ length: 400 }, (_, index) =>
        testItem({ id: `a-${page}-${index}`, code: `A${page}0${index + 100}` }),
      ),
    );
  expect(catalogue.prepareSearch()).toBe(false);
  putItems(
    till,
    testItem({ id: 'a-0-1', code: 'A00101', name: '新茶' }),
    testItem({ id: 'z-1', code: 'Z00101', name: '老茶' }),
  );
  expect(catalogue.search('茶', 50).map((one) => one.item)).toEqual(['a-0-1', 'z-1']);
  expect(catalogue.prepareSearch()).toBe(true);
  expect(catalogue.search('A00101', 5).map((one) => one.item)).toEqual(['a-0-1']);
});

test('initials that begin with the text are found among more matches than are ranked', () => {
  const inside = Array.from({ length: 600 }, (_, index) =>
    testItem({ id: `a${index}`, code: `X${10_000 + index}`, name: `乙${index}`, initials: `YQ${index}` }),
  );
  putItems(till, ...inside, testItem({ id: 'zz', code: 'ZZZZZ', name: '球', initials: 'Q' }));
  expect(catalogue.search('q', 1).map((one) => one.item)).toEqual(['zz']);
});

test('what an item costs without a card is its best single price', () => {
  const today = till.businessDay();
  const payFen = (item: Partial<Item>) => catalogue.found(testItem(item), today).payFen;
  expect(payFen({})).toBe(500);
  expect(payFen({ clearanceFen: 450, promotion: { priceFen: 400, fromDay: today, toDay: today } })).toBe(400);
  expect(payFen({ promotion: { priceFen: 400, fromDay: '2020-01-01', toDay: '2020-01-02' } })).toBe(500);
  expect(payFen({ clearanceFen: 600 })).toBe(500);
  expect(payFen({ priceFen: null, clearanceFen: 450 })).toBeNull();
});

test('only a manager saves items and changes prices', () => {
  till.signIn(cashier);
  expect(save(testItem())).toEqual({ kind: 'refused', reason: 'managerOnly' });
  expect(price('shelf', 400)).toEqual({ kind: 'refused', reason: 'managerOnly' });
  till.signIn(null);
  expect(save(testItem())).toEqual({ kind: 'refused', reason: 'notSignedIn' });
});

test('a saved item is kept in its one form, and the same save is done once', () => {
  const id = till.world.newId();
  const item = testItem({ id: 'bag', code: 'lb 000002', name: ' 物料\n方便袋 ', initials: '', plu: '102', per: 'kg' });
  expect(save(item, id)).toEqual({ kind: 'done' });
  expect(save(item, id)).toEqual({ kind: 'done' });
  expect(save(item)).toEqual({ kind: 'done' });
  expect(till.records('itemChange')).toHaveLength(1);
  expect(catalogue.byId('bag')).toMatchObject({ code: 'LB000002', name: '物料 方便袋', plu: '00102' });
  expect(catalogue.byId('bag')?.initials).toMatch(/^WLFBD/);
  expect(save({ ...item, name: '别的' }, id)).toEqual({ kind: 'refused', reason: 'idConflict' });
});

test.each([
  ['another item has the code', { id: 'two' }, 'duplicateCode'],
  ['another item has the PLU', { id: 'two', code: '00103', plu: '00102' }, 'duplicateCode'],
  ['the code is too short', { id: 'two', code: '12' }, 'badInput'],
  ['the check digit is wrong', { id: 'two', code: '6901234567890' }, 'wrongCheckDigit'],
  ['the name is empty', { id: 'two', code: 'NEW01', name: ' ' }, 'badInput'],
  ['a new clearance price is above the shelf price', { clearanceFen: 600 }, 'priceAboveShelf'],
  ['a clearance price has no shelf price', { clearanceFen: 100, priceFen: null }, 'notPriced'],
  [
    'a promotion ends before it begins',
    { promotion: { priceFen: 1, fromDay: '2026-03-02', toDay: '2026-03-01' } },
    'badInput',
  ],
  ['goods that moved change from pieces to grams', { per: 'kg' as const }, 'badInput'],
])('an item is not saved when %s', (_, change, reason) => {
  putItems(till, testItem(), testItem({ id: 'tomato', code: '00102', per: 'kg', plu: '00102' }));
  till.record({
    kind: 'count',
    id: till.world.newId(),
    operator: null,
    body: { lines: [{ item: 'item-bread', expected: 0, counted: 3, difference: 3 }] },
    stock: [{ item: 'item-bread', batch: null, delta: 3, line: 0 }],
  });
  expect(save(testItem(change))).toMatchObject({ kind: 'refused', reason });
  expect(catalogue.byId('item-bread')).toEqual(testItem());
});

test('a price change keeps what the price was, and a repeat changes nothing', () => {
  putItems(till, testItem());
  const id = till.world.newId();
  expect(price('shelf', 450, { id })).toEqual({ kind: 'done' });
  expect(price('shelf', 450, { id })).toEqual({ kind: 'done' });
  expect(price('shelf', 440, { id })).toEqual({ kind: 'refused', reason: 'idConflict' });
  expect(price('shelf', 450)).toEqual({ kind: 'done' });
  expect(till.records('priceChange').map((record) => record.body)).toEqual([
    { item: 'item-bread', which: 'shelf', beforeFen: 500, afterFen: 450, fromDay: null, toDay: null },
  ]);
  expect(catalogue.detail('item-bread')?.prices).toMatchObject([
    { which: 'shelf', beforeFen: 500, afterFen: 450, operator: 'operator-manager' },
    { which: 'shelf', beforeFen: null, afterFen: 500 },
  ]);
});

test('clearance and promotion are set, replaced and ended', () => {
  putItems(till, testItem());
  expect(price('clearance', 400)).toEqual({ kind: 'done' });
  expect(price('promotion', 300, { fromDay: '2026-03-01', toDay: '2026-03-10' })).toEqual({ kind: 'done' });
  expect(catalogue.search('面包', 1)[0]?.payFen).toBe(300);
  expect(price('promotion', 300, { fromDay: '2026-03-01', toDay: '2026-03-20' })).toEqual({ kind: 'done' });
  expect(price('promotion', null)).toEqual({ kind: 'done' });
  expect(price('clearance', null)).toEqual({ kind: 'done' });
  expect(catalogue.byId('item-bread')).toEqual(testItem());
  expect(till.records('priceChange')).toHaveLength(5);
});

test('an item without a price is not sold until it has one', () => {
  putItems(till, testItem());
  expect(price('shelf', null)).toEqual({ kind: 'done' });
  expect(catalogue.byId('item-bread')?.priceFen).toBeNull();
  expect(price('clearance', 100)).toEqual({ kind: 'refused', reason: 'notPriced' });
  expect(price('shelf', 0)).toEqual({ kind: 'refused', reason: 'badInput' });
  expect(price('shelf', 480)).toEqual({ kind: 'done' });
  expect(till.records('priceChange').at(-1)?.body.beforeFen).toBeNull();
});

test('an offer above the shelf price and a promotion without sense are refused', () => {
  putItems(till, testItem());
  expect(price('clearance', 501)).toEqual({ kind: 'refused', reason: 'priceAboveShelf', detail: { shelfFen: 500 } });
  expect(price('promotion', 400, { fromDay: '2026-02-30' })).toEqual({ kind: 'refused', reason: 'badInput' });
  expect(price('promotion', 400, { fromDay: '2026-03-02', toDay: '2026-03-01' })).toMatchObject({ kind: 'refused' });
  expect(
    catalogue.changePrice({
      kind: 'changePrice',
      id: 'id-unknown',
      item: 'none',
      which: 'shelf',
      priceFen: 1,
      fromDay: null,
      toDay: null,
    }),
  ).toEqual({ kind: 'refused', reason: 'unknownItem' });
});

test('the stock list filters by text, category, level and price, page by page', () => {
  putItems(
    till,
    testItem({ lowStock: 5 }),
    testItem({ id: 'tea', code: 'TEA01', name: '茶', category: '饮料', priceFen: null, initials: 'C' }),
    testItem({ id: 'rice', code: 'RICE1', name: '大米', category: '粮油', initials: 'DM', lowStock: 0 }),
  );
  const list = (query: Partial<Parameters<Catalogue['stockRows']>[0]>) => {
    const { rows, total } = catalogue.stockRows({
      text: '',
      only: 'all',
      category: null,
      offset: 0,
      limit: 50,
      ...query,
    });
    return [total, ...rows.map((row) => row.item)];
  };
  expect(list({})).toEqual([3, 'rice', 'item-bread', 'tea']);
  expect(list({ offset: 1, limit: 1 })).toEqual([3, 'item-bread']);
  expect(list({ only: 'low' })).toEqual([1, 'item-bread']);
  expect(list({ only: 'unpriced' })).toEqual([1, 'tea']);
  expect(list({ only: 'expiring' })).toEqual([0]);
  expect(list({ category: '饮料' })).toEqual([1, 'tea']);
  expect(list({ text: 'dm' })).toEqual([1, 'rice']);
  expect(list({ text: "'; DROP TABLE item" })).toEqual([0]);
  expect(catalogue.categories()).toEqual(['粮油', '食品', '饮料']);
  expect(catalogue.detail('none')).toBeNull();
});

test('the catalogue comes back the same from the journal alone', () => {
  putItems(till, testItem());
  price('clearance', 400);
  save(testItem({ name: '新面包', initials: '' }));
  const dump = () => PROJECTIONS.map((table) => till.ledger.all(`SELECT * FROM ${table}`));
  const before = dump();
  till.ledger.refold(PROJECTIONS);
  expect(dump()).toEqual(before);
});
