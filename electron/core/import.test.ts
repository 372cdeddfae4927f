import excel from 'exceljs';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importReasons, importReasonText } from '../../shared/import-reasons.ts';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import { importItems, type ImportReport } from './import.ts';
import { openTestTill, putItems, testItem, type TestTill } from './test-till.ts';

let till: TestTill;
let catalogue: Catalogue;

beforeEach(() => {
  till = openTestTill();
  catalogue = createCatalogue(till);
});
afterEach(() => till.close());

const take = (bytes: string | Uint8Array): Promise<ImportReport> =>
  importItems(till, catalogue, { fileName: 'list.csv', bytes: Buffer.from(bytes) });

const BREAD = '6901234567892';

test('a list with Chinese headings comes in, in GBK as in UTF-8', async () => {
  const list = `商品资料,,,,,,,\n条形码,商品名称,商品分类,规格,单位,零售价（元）,是否称重,助记码\n${BREAD},老面包,食品,400g,袋,5.00,否,LMB\n00102,西红柿,蔬菜,,kg,4,是,XHS\n`;
  const report = { kind: 'imported', read: 2, imported: 2, updated: 0, unchanged: 0, rejected: [] };
  expect(await take(iconv.encode(list, 'gbk'))).toEqual(report);
  expect(catalogue.byCode(BREAD)).toMatchObject({
    name: '老面包',
    category: '食品',
    spec: '400g',
    unit: '袋',
    per: 'piece',
    priceFen: 500,
    plu: null,
  });
  expect(catalogue.byPlu('00102')).toMatchObject({ name: '西红柿', per: 'kg', priceFen: 400 });
  expect(await take(list)).toEqual({ ...report, imported: 0, unchanged: 2 });
  expect(till.records('itemChange')).toHaveLength(1);
});

test('the columns of the demo list are known', async () => {
  await take(
    'code,name,category,spec,unit,per,price_yuan,discountable,cost_yuan,low_stock,shelf_life_days,initial_stock,plu\n' +
      '10801,散装大米,粮油,称重,斤,jin,2.60,1,2.30,6,180,31,10801\n' +
      '80001,香烟,烟草,20支,盒,piece,25.00,0,22.005,5,,10,\n',
  );
  expect(catalogue.byCode('10801')).toMatchObject({
    per: 'jin',
    unit: '斤',
    priceFen: 260,
    costFen: 230,
    lowStock: 3000,
    shelfLifeDays: 180,
    plu: '10801',
    discountable: true,
  });
  expect(catalogue.byCode('80001')).toMatchObject({
    per: 'piece',
    costFen: 2201,
    lowStock: 5,
    shelfLifeDays: null,
    plu: null,
    discountable: false,
  });
  expect(catalogue.stockOf(catalogue.byCode('10801')?.id ?? '')).toBe(0);
});

test('an item without a price comes in and is not sellable until priced', async () => {
  await take(`barcode,name,price\n${BREAD},老面包,\nLB000002,方便袋,0.00\n`);
  expect(catalogue.byCode(BREAD)?.priceFen).toBeNull();
  expect(catalogue.byCode('lb000002')?.priceFen).toBeNull();
});

test('a second run updates what differs, erases nothing and keeps the price history', async () => {
  await take(`barcode,name,category,unit,price,plu,cost\n${BREAD},老面包,食品,袋,5.00,,3.1\n`);
  expect(await take(`barcode,name,category,unit,price,cost\n${BREAD},老面包,,,4.50,/\n`)).toMatchObject({
    imported: 0,
    updated: 1,
  });
  const item = catalogue.byCode(BREAD);
  expect(item).toMatchObject({ category: '食品', unit: '袋', priceFen: 450, costFen: 310 });
  expect(await take(`barcode,name,price\n${BREAD},老面包,\n`)).toMatchObject({ updated: 0, unchanged: 1 });
  expect(catalogue.detail(item?.id ?? '')?.prices).toMatchObject([
    { beforeFen: 500, afterFen: 450 },
    { beforeFen: null, afterFen: 500 },
  ]);
});

test('what a manager changed outlives the same list', async () => {
  const list = `barcode,name,price,助记码\n${BREAD},老面包,5.00,MB\n`;
  await take(list);
  const item = catalogue.byCode(BREAD);
  expect(item?.initials).toBe('MB LMB');
  if (item === null) return;
  catalogue.saveItem({ kind: 'saveItem', id: 'save-0001', item: { ...item, initials: 'MB BREAD', lowStock: 3 } });
  expect(await take(list)).toMatchObject({ unchanged: 1 });
  expect(catalogue.byCode(BREAD)).toMatchObject({ initials: 'MB BREAD', lowStock: 3 });
});

test.each([
  ['a wrong check digit of 13 digits', '6901234567890,甲,1', 'wrongCheckDigit'],
  ['a wrong check digit of 12 digits', '695129987054,甲,1', 'wrongCheckDigit'],
  ['a wrong check digit of 14 digits', '69584856111157,甲,1', 'wrongCheckDigit'],
  ['a wrong check digit of 8 digits', '69012345,甲,1', 'wrongCheckDigit'],
  ['digits that a sheet lost', '6.90123E+12,甲,1', 'digitsLost'],
  ['no code', ',甲,1', 'noCode'],
  ['a code of four digits', '1234,甲,1', 'badCode'],
  ['a code with a sign in it', 'AB-1234,甲,1', 'badCode'],
  ['no name', `${BREAD}, ,1`, 'noName'],
  ['a price in words', `${BREAD},甲,面议`, 'badPrice'],
  ['a negative price', `${BREAD},甲,-1`, 'badPrice'],
  ['a price of three decimals', `${BREAD},甲,1.999`, 'badPrice'],
  ['a price beyond a million', `${BREAD},甲,1000000.01`, 'badPrice'],
])('%s is named and stops no other row', async (_, line, reason) => {
  const report = await take(`barcode,name,price\n${line}\nLB000002,方便袋,0.3\n`);
  expect(report).toMatchObject({ read: 2, imported: 1, rejected: [{ row: 2, reason }] });
});

test.each([
  ['eight digits of the shop itself', '01000003', '01000003'],
  ['letters in small', 'lb000002', 'LB000002'],
  ['twenty digits', '69209303286756933631', '69209303286756933631'],
  ['a number with decimals', `${BREAD}.0`, BREAD],
  ['a formula around the digits', `"=""${BREAD}"""`, BREAD],
  ['an apostrophe before the digits', `'${BREAD}`, BREAD],
  ['scientific notation with all digits', '6.901234567892E+12', BREAD],
  ['full-width digits', '６９０１２３４５６７８９２', BREAD],
  ['an article that begins with 2', '2013080115012', '2013080115012'],
])('a code of %s comes in', async (_, written, code) => {
  expect(await take(`barcode,name,price\n${written},甲,1\n`)).toMatchObject({ imported: 1, rejected: [] });
  expect(catalogue.byCode(code)?.code).toBe(code);
});

test('a name of digits is a name', async () => {
  await take(`barcode,name,price\n${BREAD},${BREAD},1\n`);
  expect(catalogue.byCode(BREAD)?.name).toBe(BREAD);
});

test('of two rows of one code that disagree the first stands, and a repeated row is no trouble', async () => {
  const list = `barcode,name,price\n${BREAD},老面包,5\n${BREAD},老面包,5.00\n${BREAD},老面包,6\n001234567895,糖,1\n0001234567895,糖块,1\n`;
  const rejected = [
    { row: 4, code: BREAD, reason: 'duplicateRow' },
    { row: 6, code: '0001234567895', reason: 'duplicateRow' },
  ];
  expect(await take(list)).toEqual({ kind: 'imported', read: 5, imported: 2, updated: 0, unchanged: 1, rejected });
  expect(await take(list)).toEqual({ kind: 'imported', read: 5, imported: 0, updated: 0, unchanged: 3, rejected });
  expect(catalogue.byCode(BREAD)?.priceFen).toBe(500);
});

test('an article that the till would take for a label of weighed goods is named', async () => {
  const list = 'barcode,name,unit,price,weighed\n2000102001002,内裤,,9,0\n00102,西红柿,kg,4,1\n';
  expect(await take(list)).toMatchObject({ imported: 1, rejected: [{ row: 2, reason: 'labelCollision' }] });
  expect(await take(list)).toMatchObject({ unchanged: 1, rejected: [{ row: 2, reason: 'labelCollision' }] });
});

test('weighed goods are priced by the unit of the list, and by the kilogram where it names none', async () => {
  await take('编码,品名,单位,售价,称重\n102,西红柿,斤,4,是\n103,鸡肝,个,4,是\n104,大米,公斤,4,\n10005,茶叶,,4,否\n');
  const per = (code: string) => [
    catalogue.byCode(code)?.per,
    catalogue.byCode(code)?.unit,
    catalogue.byCode(code)?.plu,
  ];
  expect([per('00102'), per('00103'), per('00104'), per('10005')]).toEqual([
    ['jin', '斤', '00102'],
    ['kg', 'kg', '00103'],
    ['kg', '公斤', '00104'],
    ['piece', '', null],
  ]);
});

test('a PLU of two goods and a change from pieces to grams are named', async () => {
  putItems(till, testItem());
  till.record({
    kind: 'waste',
    id: till.world.newId(),
    operator: null,
    body: { reason: 'broken', lines: [{ item: 'item-bread', quantity: 1, batch: null }] },
    stock: [{ item: 'item-bread', batch: null, delta: -1, line: 0 }],
  });
  const list = `barcode,name,price,weighed,plu\n${BREAD},老面包,5,1,\nAA001,甲,1,1,77\nAA002,乙,1,1,00077\n`;
  expect(await take(list)).toMatchObject({
    imported: 1,
    rejected: [
      { row: 2, reason: 'unitChanged' },
      { row: 4, reason: 'duplicatePlu' },
    ],
  });
});

test('a shop’s own number stands in where a row has no barcode', async () => {
  await take('商品编号,条码,品名,售价\n10001,6901234567892,老面包,5\n10002,,馒头,1\n');
  expect([catalogue.byCode(BREAD)?.name, catalogue.byCode('10002')?.name]).toEqual(['老面包', '馒头']);
});

test('a workbook comes in with the digits that it holds', async () => {
  const workbook = new excel.Workbook();
  const sheet = workbook.addWorksheet('商品');
  sheet.addRow(['条码', '品名', '单位', '售价', '称重']);
  sheet.addRow([Number(BREAD), '老面包', '袋', 5.5, 0]);
  sheet.addRow(['00102', '西红柿', 'kg', '4.00', 1]);
  sheet.addRow([Number('12345678901234567890'), '长码', '个', 1, 0]);
  const bytes = Buffer.from(await workbook.xlsx.writeBuffer());
  expect(await take(bytes)).toMatchObject({ read: 3, imported: 2, rejected: [{ row: 4, reason: 'digitsLost' }] });
  expect([catalogue.byCode(BREAD)?.priceFen, catalogue.byPlu('102')?.name]).toEqual([550, '西红柿']);
});

test.each([
  ['without a code column', '品名,售价\n甲,1\n', 'noCodeColumn'],
  ['without a name column', '条码,售价\n123456,1\n', 'noNameColumn'],
  ['with headings alone', '条码,品名\n', 'empty'],
  ['without anything', '', 'empty'],
])('a list %s is refused', async (_, list, reason) => {
  expect(await take(list)).toEqual({ kind: 'refused', reason });
});

test('every row is counted once, whatever it holds, and a second run writes nothing', async () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      BREAD,
      '6901234567890',
      'LB000002',
      '00102',
      '102',
      '1',
      'kg',
      '是',
      '5.00',
      '0',
      '-',
      '"',
      '\ud800',
      '6.9E+12',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(cell, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
      async (rows) => {
        const list = [
          '条码,品名,单位,售价,称重,plu',
          ...rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')),
        ].join('\n');
        const first = await take(list);
        const records = till.records('itemChange').length;
        const second = await take(list);
        if (first.kind === 'refused') {
          expect(second).toEqual(first);
          return;
        }
        expect(first.imported + first.updated + first.unchanged + first.rejected.length).toBe(first.read);
        expect(second).toMatchObject({ imported: 0, updated: 0, read: first.read, rejected: first.rejected });
        expect(till.records('itemChange')).toHaveLength(records);
      },
    ),
    { numRuns: 60 },
  );
});

test('every reason is said in Chinese', () => {
  for (const reason of importReasons) expect(importReasonText(reason)).toMatch(/[一-龥]/);
  expect(importReasonText('somethingNew')).toBe('somethingNew');
});
