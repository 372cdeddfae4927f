import { beforeEach, expect, test } from 'vitest';
import { HOUR_MS } from '../shared/time.ts';
import { enrolTestTill, type TestTill } from './test-till.ts';
import { breaksOf, openTestTown, type TestTown } from './test-town.ts';

let town: TestTown;
let till: TestTill;

/** Three closed days: two at the end of November, one in December. */
beforeEach(async () => {
  town = await openTestTown([]);
  till = await enrolTestTill(town.api, await town.code(), town.nowMs);
  for (const [pieces, hours] of [
    [3, 24],
    [4, 24 * 7],
    [5, 24 * 40],
  ] as const) {
    await till.night();
    till.sell(pieces);
    till.closePeriod();
    town.clock.ms += hours * HOUR_MS;
  }
});

const named = async () =>
  (await breaksOf(town.town)).map(({ kind, account, tillAmount, townAmount }) => [
    kind,
    account,
    tillAmount,
    townAmount,
  ]);

test('months and a year that sum their days are taken as they are', async () => {
  till.closeSpan('monthClose', '2026-11');
  till.closeSpan('monthClose', '2026-12');
  till.closeSpan('yearClose', '2026');
  await till.night();
  expect(await named()).toEqual([]);
});

test('a month that claims more than its days is named by every figure, and the year behind it is still judged', async () => {
  till.closeSpan('monthClose', '2026-11', (claims) => ({
    ...claims,
    totals: { ...claims.totals, totalFen: claims.totals.totalFen + 100, sales: claims.totals.sales + 1 },
  }));
  till.closeSpan('monthClose', '2026-12');
  till.closeSpan('yearClose', '2026');
  await till.night();
  expect(await named()).toEqual([
    ['closingWrong', '2026-11 sales', 3, 2],
    ['closingWrong', '2026-11 totalFen', 800, 700],
  ]);
});

test('a year that leaves a month out, and a month that has no day, are named', async () => {
  till.closeSpan('monthClose', '2026-11');
  till.closeSpan('monthClose', '2026-12');
  till.closeSpan('monthClose', '2027-01', (claims) => ({ ...claims, firstPeriod: 3, lastPeriod: 3, periods: 1 }));
  till.closeSpan('yearClose', '2026', (claims) => ({ ...claims, lastPeriod: 2, periods: 2 }));
  await till.night();
  const accounts = (await named()).map(([kind, account]) => `${kind} ${account}`);
  expect(accounts).toContain('closingWrong 2027-01 periods');
  expect(accounts).toContain('closingWrong 2026 periods');
  expect(accounts).toContain('closingWrong 2026 lastPeriod');
});

test('a closing whose place in the chain or perpetual totals are wrong is named, and the chain goes on', async () => {
  till.closeSpan('monthClose', '2026-11', (claims) => ({
    ...claims,
    headHash: 'f'.repeat(64),
    perpetual: { ...claims.perpetual, records: claims.perpetual.records + 1 },
  }));
  till.sell(2);
  const statement = await till.night();
  expect(statement.perpetual.sales).toBe(4);
  const accounts = new Set((await named()).map(([, account]) => account));
  expect(accounts).toEqual(new Set(['2026-11 place', '2026-11 perpetual records']));
});

test('a sale or a refund whose postings are not what its body says is named by account, and stops nothing', async () => {
  const { body, postings } = till.records[till.records.map((one) => one.kind).lastIndexOf('sale')] ?? {};
  const shifted = (by: number) =>
    (postings ?? []).map((posting) => ({
      ...posting,
      amount: posting.account === 'drawer' ? posting.amount + by : posting.amount - by,
    }));
  const sold = till.record('sale', { ...body, receipt: 'a', counter: 90 }, shifted(100));
  till.refund(till.sell(2));
  const { body: back, postings: moved } = till.records.at(-1) ?? {};
  till.record(
    'refund',
    { ...back, counter: 91, pointsBack: 0 },
    (moved ?? []).map((posting) => ({ ...posting, account: posting.account === 'drawer' ? 'safe' : posting.account })),
  );
  till.sell(1);
  const statement = await till.night();
  expect(statement.settled.seq).toBeGreaterThan(sold.seq);
  const wrong = (await named()).filter(([kind]) => kind === 'totalsDiffer');
  expect(wrong).toEqual([
    ['totalsDiffer', 'sale fen drawer', 600, 500],
    ['totalsDiffer', 'sale fen sales', -600, -500],
    ['totalsDiffer', 'refund fen drawer', 0, -200],
    ['totalsDiffer', 'refund fen safe', -200, 0],
  ]);
});
