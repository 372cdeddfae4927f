import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveBreak } from '../../town-server/console.ts';
import { Line, LOT_POINTS } from '../exchange-faults/line.ts';

describe('a town whose PostgreSQL is an older copy of its folder', () => {
  let line: Line;
  beforeEach(async () => {
    line = await Line.open();
  });
  afterEach(() => line.close());

  const copy = (from: string, to: string): void => {
    rmSync(to, { recursive: true, force: true });
    execFileSync('cp', ['-a', from, to]);
  };
  const keep = (): Promise<void> =>
    line.restartTown((folder) => copy(join(folder, 'postgres'), join(line.folder, 'older')));
  const restore = (): Promise<void> =>
    line.restartTown((folder) => copy(join(line.folder, 'older'), join(folder, 'postgres')));

  const heldByTown = async (): Promise<number> =>
    line.town.town.store.transact([], async (transaction) => (await transaction.list('record')).length);

  test('is noticed at the next contact, refilled to the last byte, and well again once a clerk has seen what it forgot', async () => {
    await line.exchange(null);
    await keep();
    const older = await heldByTown();
    for (let day = 0; day < 3; day += 1) {
      for (let sale = 0; sale < 3; sale += 1) expect(await line.sellOn()).toEqual([]);
      expect((await line.client.night()).state).toBe('matched');
    }
    const newer = await heldByTown();
    await restore();
    // The fault really happened: what had been acknowledged is not there any more.
    expect(await heldByTown()).toBe(older);
    expect(newer).toBeGreaterThan(older + 20);

    await line.sellOn();
    const report = await line.client.night();
    expect(report.breaks.map((one) => [one.kind, one.owner])).toEqual([['townBehind', 'town']]);
    expect(report.town).toEqual(report.till);
    expect(await heldByTown()).toBeGreaterThan(newer);
    const { failures, lost, doubled } = await line.compareAll(report);
    expect([lost, doubled]).toEqual([0, 0]);
    expect(failures).toEqual([
      expect.stringMatching(/^the next try was breaks/),
      'breaks: townBehind',
      'the town has 1 rows of break',
    ]);

    const [forgotten] = report.breaks;
    const settled = await resolveBreak(line.town.town, { id: forgotten?.id ?? '', by: 'clerk', note: 'restored' });
    expect(settled.kind).toBe('ok');
    await line.sellOn();
    expect(await line.client.night()).toMatchObject({ state: 'matched', breaks: [] });
  });

  test('may grant once more what it granted since: at most that is held twice, and named as a shortfall at once', async () => {
    await line.exchange(null);
    const card = line.facts.cards.at(-1) ?? '';
    await line.issue(card);
    await keep();
    // Read at the counter, the card brings its free points to the till; the copy knows nothing of that.
    expect(await line.sellOn(card)).toEqual([]);
    expect((await line.client.night()).state).toBe('matched');
    await restore();
    expect(await line.sellOn(card)).toEqual([]);
    const report = await line.client.night();
    const named = report.breaks.map(({ kind, account, tillAmount, townAmount }) => [
      kind,
      account,
      kind === 'shortfall' ? (tillAmount ?? 0) - (townAmount ?? 0) : 0,
    ]);
    expect(named).toEqual([
      ['shortfall', 'points granted', LOT_POINTS],
      ['townBehind', null, 0],
    ]);
    // Money, sales and the law of each lot agree all the same; only the grant that was made twice is there twice.
    expect(report.town).toEqual(report.till);
    const { failures, lost, doubled } = await line.compareAll(report);
    expect([lost, doubled]).toEqual([0, LOT_POINTS]);
    expect(failures.filter((text) => /law|record|counts|claims|fork/.test(text))).toEqual([]);
  });
});
