import { expect, test } from 'vitest';
import type { Item } from './item.ts';
import { priceLines } from './pricing.ts';
import {
  addGoods,
  changeLine,
  isCountable,
  newSale,
  openSaleSchema,
  pricingLine,
  QUANTITY_LIMIT,
  removeLine,
  type Brought,
  type OpenSale,
} from './sale.ts';

const DAY = '2026-03-01';
type Priced = Item & { priceFen: number };

function item(id: string, change: Partial<Priced> = {}): Priced {
  return {
    id,
    code: `69000000${id}`,
    name: `货品${id}`,
    category: '粮油',
    spec: '500克',
    unit: '袋',
    per: 'piece',
    plu: null,
    priceFen: 500,
    clearanceFen: null,
    promotion: null,
    costFen: null,
    discountable: true,
    lowStock: null,
    shelfLifeDays: null,
    initials: 'HP',
    ...change,
  };
}

const pieces = (quantity: number): Brought => ({ quantity, labelFen: null, labelled: false });
const empty = newSale('s1', 0);
let keys = 0;

function add(sale: OpenSale, what: Priced, brought: Brought = pieces(1)): OpenSale {
  keys += 1;
  return addGoods(sale, what, brought, `k${keys}`, DAY);
}

const quantities = (sale: OpenSale): [string, number][] => sale.lines.map((line) => [line.item, line.quantity]);

test('a new sale has nothing on it and keeps its shape through JSON', () => {
  expect(openSaleSchema.parse(JSON.parse(JSON.stringify(empty)))).toEqual(empty);
  const sale = add(add(empty, item('1')), item('2', { per: 'jin' }), pieces(735));
  expect(openSaleSchema.parse(JSON.parse(JSON.stringify(sale)))).toEqual(sale);
});

test('pieces of the same item join their line, keep its key, and select it', () => {
  const two = add(add(empty, item('1')), item('2'));
  const sale = add(two, item('1'), pieces(3));
  expect(quantities(sale)).toEqual([
    ['1', 4],
    ['2', 1],
  ]);
  expect(sale.selected).toBe(0);
  expect(sale.lines[0]?.key).toBe(two.lines[0]?.key);
});

for (const [what, first, second, brought] of [
  ['weighed goods, as each was weighed', item('1', { per: 'jin' }), item('1', { per: 'jin' }), pieces(500)],
  [
    'a scale label, whose amount is printed for itself',
    item('1'),
    item('1'),
    { quantity: 1, labelFen: 300, labelled: true },
  ],
  ['another item', item('1'), item('2'), pieces(1)],
  ['an item whose shelf price went down meanwhile', item('1'), item('1', { priceFen: 450 }), pieces(1)],
  ['an item whose shelf price went up meanwhile', item('1'), item('1', { priceFen: 550 }), pieces(1)],
  ['an item cleared meanwhile', item('1'), item('1', { clearanceFen: 300 }), pieces(1)],
  [
    'an item whose promotion began meanwhile',
    item('1'),
    item('1', { promotion: { priceFen: 400, fromDay: DAY, toDay: DAY } }),
    pieces(1),
  ],
] as const satisfies readonly (readonly [string, Priced, Priced, Brought])[]) {
  test(`a line of its own has ${what}`, () => {
    const sale = add(add(empty, first), second, brought);
    expect(sale.lines).toHaveLength(2);
    expect(sale.selected).toBe(1);
  });
}

test('pieces scanned after a price went down never cost more than the shelf says now', () => {
  const sale = add(add(empty, item('1', { priceFen: 500 })), item('1', { priceFen: 450 }));
  expect(sale.lines.map((line) => line.priceFen)).toEqual([500, 450]);
});

test('pieces do not join a line that an operator gave a price of its own', () => {
  const priced = changeLine(add(empty, item('1')), 0, { manualFen: 400, manualReason: 'damaged' });
  expect(quantities(add(priced, item('1')))).toEqual([
    ['1', 1],
    ['1', 1],
  ]);
});

test('a promotion counts only on its days', () => {
  const on = (fromDay: string, toDay: string): number | null | undefined =>
    add(empty, item('1', { promotion: { priceFen: 400, fromDay, toDay } })).lines[0]?.promotionFen;
  expect([on(DAY, DAY), on('2026-02-01', '2026-02-28'), on('2026-03-02', '2026-03-31')]).toEqual([400, null, null]);
});

test('a line takes as many pieces as its limit, and the next begins another line', () => {
  const nearly = add(empty, item('1'), pieces(QUANTITY_LIMIT - 1));
  const full = add(nearly, item('1'));
  expect(quantities(full)).toEqual([['1', QUANTITY_LIMIT]]);
  expect(quantities(add(full, item('1')))).toEqual([
    ['1', QUANTITY_LIMIT],
    ['1', 1],
  ]);
});

test('a sale beyond a hundred million yuan is none that a till counts, by weight as by the piece', () => {
  const dear = add(empty, item('1', { priceFen: 100_000_000 }), pieces(100));
  expect([isCountable(dear), isCountable(add(dear, item('2')))]).toEqual([true, false]);
  const heavy = add(empty, item('3', { per: 'kg', priceFen: 100_000_000 }), { ...pieces(100_000), labelled: true });
  expect([isCountable(heavy), isCountable(changeLine(heavy, 0, { quantity: 101_000 }))]).toEqual([true, false]);
});

const paying: OpenSale = {
  ...add(add(empty, item('1')), item('2')),
  quantityFirst: 3,
  weighing: '9',
  choices: ['7', '8'],
  pay: { wish: 'none', mobileFen: 0, mobileChannel: 'wechat', cashGivenFen: null },
};

test('goods that come leave the payment prompt and every question that was open', () => {
  expect(add(paying, item('1'))).toMatchObject({ quantityFirst: null, weighing: null, choices: [], pay: null });
});

test('a line changed or removed leaves the payment prompt', () => {
  expect(changeLine(paying, 1, { quantity: 5 })).toMatchObject({ pay: null, selected: 1 });
  expect(removeLine(paying, 0)).toMatchObject({ pay: null, selected: 0 });
});

test('a changed line changes alone, and the sale before it stays as it was', () => {
  const before = structuredClone(paying);
  expect(quantities(changeLine(paying, 1, { quantity: 5 }))).toEqual([
    ['1', 1],
    ['2', 5],
  ]);
  expect(paying).toEqual(before);
});

for (const [what, index, left, selected] of [
  ['the first', 0, ['2', '3'], 0],
  ['one between', 1, ['1', '3'], 1],
  ['the last', 2, ['1', '2'], 1],
] as const) {
  test(`${what} line removed: the selection stays on a line that is there`, () => {
    const sale = removeLine(add(add(add(empty, item('1')), item('2')), item('3')), index);
    expect([sale.lines.map((line) => line.item), sale.selected]).toEqual([left, selected]);
  });
}

test('the only line removed leaves nothing selected', () => {
  expect(removeLine(add(empty, item('1')), 0)).toMatchObject({ lines: [], selected: -1 });
});

const amountLabel: Brought = { quantity: 0, labelFen: 2310, labelled: false };
const bothLabel: Brought = { quantity: 735, labelFen: 2310, labelled: true };
const offer = { category: '粮油', priceFen: 500, discountable: true };

for (const [what, per, brought, expected] of [
  ['pieces', 'piece', pieces(3), { ...offer, per: 'piece', count: 3 }],
  ['a weight', 'jin', pieces(735), { ...offer, per: 'jin', grams: 735 }],
  ['an amount label without weight', 'jin', amountLabel, { ...offer, per: 'jin', labelFen: 2310 }],
  ['a label with both', 'kg', bothLabel, { ...offer, per: 'kg', labelFen: 2310, grams: 735 }],
] as const) {
  test(`pricing is given ${what}, and no price that is not set`, () => {
    const line = add(empty, item('1', { per }), brought).lines[0];
    if (line === undefined) throw new Error('a line was added');
    expect(pricingLine(line)).toStrictEqual(expected);
  });
}

test('pricing is given every price that is set', () => {
  const line = { ...item('1', { clearanceFen: 450, promotion: { priceFen: 430, fromDay: DAY, toDay: DAY } }) };
  const sale = changeLine(add(empty, line), 0, { manualFen: 0 });
  const priced = sale.lines.map(pricingLine);
  expect(priced).toMatchObject([{ clearanceFen: 450, promotionFen: 430, manualFen: 0 }]);
  const policy = {
    pointValueFen: 100,
    discount: { rateBpByStars: [10000], excludedCategories: [] },
    points: { perSale: 0, perDay: 0, perMonth: 0, maxShareBp: 0, excludedCategories: [] },
    truncation: { appliesTo: 'off', unitFen: 1 },
  } as const;
  expect(priceLines(priced, null, policy).lines[0]).toMatchObject({ payFen: 0, reason: 'manual' });
});
