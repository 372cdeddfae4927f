import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../shared/time.ts';
import { cards, goods, openTestCore, scan, sellAt, type TestCore } from './test-core.ts';

let till: TestCore;
beforeEach(async () => {
  till = await openTestCore();
});
afterEach(() => till.close());

const { bread, salt, smoke, pork } = goods;
const named = async (which: 'frequent' | 'recent' | 'loose', category: string | null = null): Promise<string[]> =>
  (await till.client.handy({ which, category })).map((item) => item.name);

test('what was sold last comes first, each once', async () => {
  expect(await named('recent')).toEqual([]);
  await sellAt(till, bread.code, salt.code);
  await sellAt(till, smoke.code);
  await sellAt(till, salt.code);
  expect(await named('recent')).toEqual([salt.name, smoke.name, bread.name]);
});

test('what stood in most sales of the last thirty days comes first, however many pieces one of them took', async () => {
  await till.ask({ kind: 'quantityFirst', count: 50 });
  await sellAt(till, smoke.code);
  for (let sale = 0; sale < 3; sale += 1) await sellAt(till, salt.code);
  await sellAt(till, bread.code);
  await sellAt(till, bread.code);
  expect(await named('frequent')).toEqual([salt.name, bread.name, smoke.name]);
  till.world.advance(31 * DAY_MS);
  await sellAt(till, bread.code);
  expect(await named('frequent')).toEqual([bread.name]);
});

test('what came back was sold all the same, and goods in, counts and waste are no sales', async () => {
  const receipt = await sellAt(till, bread.code);
  await till.ask({
    kind: 'refund',
    id: 'refund-01',
    receipt,
    lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
    reason: '买错了',
    approval: null,
  });
  await till.ask({ kind: 'countStock', id: 'count-01', lines: [{ item: salt.id, expected: 0, counted: 5 }] });
  expect(await named('recent')).toEqual([bread.name]);
});

test('loose goods stand by category, with their PLU; goods without a price are not offered', async () => {
  expect(await till.client.looseCategories()).toEqual([pork.category]);
  expect(await till.client.handy({ which: 'loose', category: pork.category })).toMatchObject([
    { name: pork.name, plu: pork.plu, per: 'jin' },
  ]);
  expect(await named('loose', '没有这一类')).toEqual([]);
});

test('a price is checked for each number of stars by the arithmetic of a sale; excluded goods cost the same for all', async () => {
  const of = async (item: string) => (await till.client.starPrices({ item })).map((one) => one.payFen);
  const shelfFen = bread.priceFen ?? 0;
  const prices = await of(bread.id);
  expect(prices).toHaveLength(6);
  expect(prices[0]).toBe(shelfFen);
  expect(prices.toSorted((a, b) => b - a)).toEqual(prices);
  await till.ask(scan(cards.good));
  await till.ask(scan(bread.code));
  const { sale } = await till.screen();
  expect(prices[sale.member?.stars ?? 0]).toBe(sale.totalFen);
  expect(new Set(await of(smoke.id))).toEqual(new Set([smoke.priceFen]));
  expect(await of(goods.free.id)).toEqual([]);
});
