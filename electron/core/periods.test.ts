import { afterEach, expect, test } from 'vitest';
import { must } from '../../shared/assert.ts';
import { canonical, type CanonicalValue } from '../../shared/canonical.ts';
import type { JournalRecord } from '../../shared/journal.ts';
import { foldRecord, newFold, sumOf, totalsOf } from '../../shared/reconcile.ts';
import { bodyOf } from '../../shared/record-bodies.ts';
import { unseal } from '../../shared/signed.ts';
import { DAY_MS, HOUR_MS, startOfDayMs } from '../../shared/time.ts';
import { coreOn, goods, makeFolder, pins, sellAt, type TestCore } from './test-core.ts';

let till: TestCore;
afterEach(() => till.close());

async function openOn(day: string): Promise<void> {
  const atMs = startOfDayMs(day) + 10 * HOUR_MS;
  till = coreOn(makeFolder(atMs), atMs);
  await till.ask({ kind: 'signIn', pin: pins.manager });
  await till.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
}

const spansOf = (records: readonly JournalRecord[], kind: 'monthClose' | 'yearClose') =>
  records.flatMap((record) => bodyOf<'monthClose' | 'yearClose'>(record, kind) ?? []);
const periodsOf = (records: readonly JournalRecord[]) =>
  records.flatMap((record) => bodyOf(record, 'periodClose') ?? []);

/** Invariant 22 over a whole journal: each record in one period, each period in one month, each month in one year. */
function expectClosed(records: readonly JournalRecord[]): void {
  const periods = periodsOf(records);
  const months = spansOf(records, 'monthClose');
  const years = spansOf(records, 'yearClose');
  for (const [index, period] of periods.entries()) {
    const before = periods[index - 1];
    expect(period.firstSeq).toBe((before?.lastSeq ?? 0) + 1);
    const fold = newFold();
    for (const record of records.slice(period.firstSeq - 1, period.lastSeq)) foldRecord(fold, record);
    expect(period.totals).toEqual(totalsOf(fold));
    expect(period.perpetual).toEqual(before === undefined ? period.totals : sumOf([before.perpetual, period.totals]));
  }
  const today = records.at(-1)?.businessDay ?? '';
  const due = periods.filter((period) => period.label.slice(0, 7) < today.slice(0, 7));
  expect(sumOf(months.map((month) => month.totals))).toEqual(sumOf(due.map((period) => period.totals)));
  expect(months.reduce((sum, month) => sum + month.periods, 0)).toBe(due.length);
  expect(months.map((month) => month.number)).toEqual(months.map((_, index) => index + 1));
  for (const month of months) {
    const { span, firstPeriod, lastPeriod } = month;
    const own = periods.filter(
      ({ label, period }) => label.startsWith(span) && period >= firstPeriod && period <= lastPeriod,
    );
    expect(month.totals, month.span).toEqual(sumOf(own.map((period) => period.totals)));
  }
  for (const year of years) {
    const own = months.filter((month) => month.span.startsWith(year.span));
    expect(year.totals, year.span).toEqual(sumOf(own.map((month) => month.totals)));
    expect(year.periods).toBe(own.reduce((sum, month) => sum + month.periods, 0));
  }
}

test('months and years close as the sum of their days, over a new year, by the night and by the first sale alike', async () => {
  await openOn('2026-12-28');
  for (let day = 0; day < 38; day += 1) {
    // On some days the night does not run, so that the first sale of the next closes; one day rests altogether.
    if (day % 9 !== 4) await sellAt(till, goods.bread.code);
    if (day % 3 !== 0) await till.client.night();
    till.world.advance(23 * HOUR_MS);
  }
  const records = till.records();
  expectClosed(records);
  expect(spansOf(records, 'monthClose').map((month) => month.span)).toEqual(['2026-12', '2027-01']);
  expect(spansOf(records, 'yearClose').map((year) => year.span)).toEqual(['2026']);
  expect((await till.client.verify()).state).toBe('sound');
  expect((await till.client.rebuild()).identical).toBe(true);
});

test('a month that ended without another sale is closed by the night, once', async () => {
  await openOn('2026-03-30');
  await sellAt(till, goods.bread.code);
  await till.ask({ kind: 'nextSale' });
  await till.client.night();
  till.world.advance(DAY_MS - HOUR_MS);
  await till.client.night();
  expect(spansOf(till.records(), 'monthClose')).toHaveLength(0);
  for (let night = 0; night < 3; night += 1) {
    till.world.advance(DAY_MS - HOUR_MS);
    await till.client.night();
  }
  expect(spansOf(till.records(), 'monthClose').map(({ span, number }) => [span, number])).toEqual([['2026-03', 1]]);
  expectClosed(till.records());
  // The day of the last sale keeps its report; the day that only closed the month has one of its own.
  const reports = await till.client.nights({ limit: 10 });
  expect(reports.find((report) => report.businessDay === '2026-03-30')?.till.sales).toBe(1);
});

test('closings of every length carry the signature of the incarnation over their claims', async () => {
  await openOn('2026-12-30');
  for (let day = 0; day < 4; day += 1) {
    await sellAt(till, goods.bread.code);
    till.world.advance(23 * HOUR_MS);
    till.world.advance(HOUR_MS);
  }
  const records = till.records();
  const genesis = records[0] === undefined ? null : bodyOf(records[0], 'genesis');
  must(genesis !== null, 'a journal begins with its genesis');
  const closings = records.filter((record) => ['periodClose', 'monthClose', 'yearClose'].includes(record.kind));
  expect(new Set(closings.map((record) => record.kind))).toEqual(new Set(['periodClose', 'monthClose', 'yearClose']));
  for (const record of closings) {
    const { signature, ...claims } = record.body as { signature: string } & Record<string, CanonicalValue>;
    expect(claims['headHash']).toBe(record.previous);
    const document = { bytes: canonical(claims), signature };
    expect(unseal('closing', document, genesis.publicKey, till.world.crypto.verify, (value) => value)).toMatchObject({
      kind: 'opened',
    });
  }
});

test('a month whose days come back after a wrong clock closes once more with what is new', async () => {
  await openOn('2026-03-30');
  await sellAt(till, goods.bread.code);
  till.world.advance(40 * DAY_MS);
  await sellAt(till, goods.bread.code);
  await till.client.night();
  till.world.advance(-40 * DAY_MS);
  for (let day = 0; day < 4; day += 1) {
    await sellAt(till, goods.salt.code);
    await till.client.night();
    till.world.advance(23 * HOUR_MS);
  }
  const months = spansOf(till.records(), 'monthClose');
  expect(months.map(({ span, number }) => [span, number])).toEqual([
    ['2026-03', 1],
    ['2026-03', 2],
  ]);
  expect(months[1]?.firstPeriod).toBeGreaterThan(months[0]?.lastPeriod ?? 0);
  expectClosed(till.records());
});
