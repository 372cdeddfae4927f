import { afterEach, describe, expect, test } from 'vitest';
import type { Command } from '../../shared/till-contract.ts';
import {
  coreOn,
  goods,
  makeFolder,
  OPENED_AT_MS,
  pins,
  ringingClock,
  scan,
  sellAt,
  type TestCore,
} from './test-core.ts';
import type { World } from './world.ts';

let till: TestCore;
let pass: (milliseconds: number) => Promise<void>;
let offs = 0;
const open = async (parts: Partial<World> = {}): Promise<void> => {
  offs = 0;
  const ringing = ringingClock();
  ({ pass } = ringing);
  const powerOff = async (): Promise<void> => void (offs += 1);
  till = coreOn(makeFolder(), OPENED_AT_MS, { clock: ringing.clock, powerOff, ...parts });
  await till.ask({ kind: 'signIn', pin: pins.manager });
  await till.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
  await sellAt(till, goods.bread.code);
  await till.ask({ kind: 'nextSale' });
};
afterEach(() => till.close());

const start: Command = { kind: 'startCloseShift', shutDown: true };
const count: Command = { kind: 'closeShift', shift: 'shift-0001', countedFen: 20_400 };
const evening = async () => (await till.screen()).evening;
const kinds = (): string[] => till.records().map((record) => record.kind);

describe('结账关机', () => {
  test('counts, closes the day, shows its report and switches off, with no town to be heard', async () => {
    await open();
    await till.ask(scan(goods.salt.code));
    await till.ask({ kind: 'hold' });
    await till.ask(start);
    expect(await till.screen()).toMatchObject({ phase: 'closeShift', closing: { shutDown: true, held: 1 } });
    await till.ask(count);
    await pass(0);
    const { phase, operator, evening: shown } = await till.screen();
    expect([phase, operator]).toEqual(['evening', null]);
    expect(shown).toMatchObject({
      step: 'countdown',
      trouble: [],
      slip: { closing: { differenceFen: -100 }, held: 1 },
      report: { state: 'pending', till: { sales: 1 } },
      offAtMs: till.world.clock.nowMs() + 20_000,
    });
    expect(kinds()).toContain('periodClose');
    await pass(19_999);
    expect(offs).toBe(0);
    await pass(1);
    expect(offs).toBe(1);
    expect((await evening())?.step).toBe('off');
  });

  test('needs no count where no shift is open, and may be hurried', async () => {
    await open();
    await till.ask(count);
    await till.ask(start);
    await pass(0);
    expect(await evening()).toMatchObject({ step: 'countdown', slip: null });
    await till.ask({ kind: 'switchOff' });
    expect(offs).toBe(1);
    await pass(60_000);
    expect(offs).toBe(1);
  });

  test('is stopped by one key, and the till stays on with nobody signed in', async () => {
    await open();
    await till.ask(start);
    await till.ask(count);
    await pass(0);
    await till.ask({ kind: 'leaveEvening' });
    await pass(60_000);
    expect([offs, (await till.screen()).phase]).toEqual([0, 'signIn']);
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    expect((await till.screen()).phase).toBe('openShift');
  });

  test('ends with whoever signs in before it is over', async () => {
    await open();
    await till.ask(start);
    await till.ask(count);
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    await pass(60_000);
    expect([offs, await evening()]).toEqual([0, null]);
  });

  test('stays on where the slip was not printed, until somebody has read it', async () => {
    await open();
    const devices = { ...till.world.devices, printer: 'ready', print: async () => 'failed' as const } as const;
    await till.close();
    await open({ devices });
    await till.ask(start);
    await till.ask(count);
    await pass(0);
    expect(await evening()).toMatchObject({ step: 'look', trouble: ['paper'], offAtMs: null });
    await pass(600_000);
    expect(offs).toBe(0);
    await till.ask({ kind: 'switchOff' });
    expect(offs).toBe(1);
  });

  test('says what it would have done where the host hands in no switch', async () => {
    await open();
    const { powerOff: _, ...without } = till.world;
    await till.core.close();
    till = coreOn(till.folder, OPENED_AT_MS, { clock: without.clock });
    await till.ask(start);
    await till.ask(count);
    await pass(0);
    await pass(20_000);
    expect((await evening())?.step).toBe('byHand');
  });

  test('copies the books also where no town is heard, and stays on where the copy could not be put in its place', async () => {
    await open({ backups: { folder: '/dev/null/elsewhere', keep: 3 } });
    await till.ask(start);
    await till.ask(count);
    await expect.poll(async () => (await evening())?.step, { timeout: 15_000 }).toBe('look');
    expect(await evening()).toMatchObject({ trouble: ['backup'], report: { state: 'pending', backup: 'elsewhere' } });
  });

  test('says so where the machine did not switch off', async () => {
    await open({
      powerOff: async () => {
        throw new Error('not allowed');
      },
    });
    await till.ask(start);
    await till.ask(count);
    await pass(0);
    await pass(20_000);
    expect(await evening()).toMatchObject({ step: 'look', trouble: ['powerOff'] });
  });

  test('is left by a dismissed count, and never begins for nobody', async () => {
    await open();
    await till.ask(start);
    await till.ask({ kind: 'dismiss' });
    expect((await till.screen()).phase).toBe('selling');
    await till.ask({ kind: 'signOut' });
    expect(await till.send(start)).toMatchObject({ reason: 'notSignedIn' });
    expect(await till.send({ kind: 'switchOff' })).toMatchObject({ reason: 'badInput' });
    expect(offs).toBe(0);
  });
});
