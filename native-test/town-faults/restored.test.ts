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

  /** Whether every lot of so many points is with a till or spent, and none of it free. */
  const heldOf = async (points: number): Promise<boolean> =>
    line.town.town.store.transact([], async (transaction) =>
      (await transaction.list('lot', { equal: { issued: points } })).every((lot) => lot.free === 0),
    );

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

  test('grants nothing twice to the till that holds it: records come before a top-up, and points wait until it is heard', async () => {
    await line.exchange(null);
    const card = line.facts.cards.at(-1) ?? '';
    await line.issue(card);
    await keep();
    // Read at the counter, the card brings its free points to the till; the copy knows nothing of that.
    expect(await line.sellOn(card)).toEqual([]);
    expect((await line.client.night()).state).toBe('matched');
    await restore();
    // The first that the restored town hears is the question for the same points once more.
    expect(await line.sellOn(card)).toEqual([]);
    const report = await line.client.night();
    const named = report.breaks.map(({ kind, account, tillAmount, townAmount }) => [
      kind,
      account,
      account === null ? 0 : (tillAmount ?? 0) - (townAmount ?? 0),
    ]);
    expect(named).toEqual([
      ['townBehind', null, 0],
      ['townBehind', 'points granted', LOT_POINTS],
    ]);
    expect(report.town).toEqual(report.till);
    const { failures, lost, doubled } = await line.compareAll(report);
    expect([lost, doubled]).toEqual([0, 0]);
    expect(failures).toEqual([
      expect.stringMatching(/^the next try was breaks/),
      'breaks: townBehind townBehind',
      'the town has 2 rows of break',
    ]);

    for (const { id } of report.breaks) await resolveBreak(line.town.town, { id, by: 'clerk', note: 'restored' });
    // The night left a statement of the restored town in the till's chain: what it says is known, and points flow again.
    await line.issue(card);
    expect(await line.sellOn(card)).toEqual([]);
    const next = await line.client.night();
    expect(next).toMatchObject({ state: 'matched', breaks: [] });
    expect(await heldOf(LOT_POINTS)).toBe(true);
  });
});
