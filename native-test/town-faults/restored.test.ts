import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveBreak } from '../../town-server/console.ts';
import { Line } from '../exchange-faults/line.ts';

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

  test('is noticed at the next contact and refilled to the last byte; what it forgot is named once, and then it is well again', async () => {
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
});
