import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../shared/till-contract.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import {
  cards,
  coreOn,
  goods,
  makeFolder,
  OPENED_AT_MS,
  openTestCore,
  pins,
  ringingClock,
  scan,
  type TestCore,
} from './test-core.ts';

let till: TestCore;
beforeEach(async () => {
  till = await openTestCore();
});
afterEach(() => till.close());

const { bread, salt } = goods;
const lock: Command = { kind: 'lock' };
const signIn = (pin: string): Command => ({ kind: 'signIn', pin });
const linesOf = async (): Promise<string[]> => (await till.screen()).sale.lines.map((line) => line.name);
const lastSignIns = (count: number) =>
  till
    .records()
    .flatMap((record) => (record.kind === 'signIn' ? [record.body] : []))
    .slice(-count);

describe('a locked screen', () => {
  test('keeps the sale and the payment as they stand, and refuses every hand', async () => {
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    const { sale } = await till.screen();
    await till.ask(lock);
    expect((await till.screen()).phase).toBe('locked');
    const hands: Command[] = [
      { kind: 'pay', sale: sale.id },
      { kind: 'voidSale', reason: 'x' },
      { kind: 'openDrawer', approval: { pin: pins.manager } },
      { kind: 'signOut' },
      { kind: 'hold' },
    ];
    for (const hand of hands) expect(await till.send(hand), hand.kind).toMatchObject({ reason: 'locked' });
    await till.ask(signIn(pins.manager));
    expect(await till.screen()).toMatchObject({ phase: 'paying', sale });
  });

  test('opens to the same PIN; another takes over the sale and the shift, and the journal names both', async () => {
    await till.ask(scan(bread.code));
    await till.ask(lock);
    expect(await till.send(signIn('0000'))).toMatchObject({ reason: 'wrongPin' });
    expect((await till.screen()).phase).toBe('locked');
    await till.ask(signIn(pins.cashier));
    expect(await till.screen()).toMatchObject({
      phase: 'selling',
      operator: { id: 'operator-cashier' },
      shift: { id: 'shift-0001' },
    });
    expect(await linesOf()).toEqual([bread.name]);
    expect(lastSignIns(3)).toEqual([
      { operator: '', outcome: 'wrongPin' },
      { operator: 'operator-manager', outcome: 'out' },
      { operator: 'operator-cashier', outcome: 'in', by: 'pin' },
    ]);
  });

  // Never a lost scan: what was rung up before anybody looked at the screen is not rung up twice, nor forgotten.
  test('says of a scan that it is kept, rings it up once unlocked, and names what it could not', async () => {
    await till.ask(lock);
    for (const code of [bread.code, salt.code, '6900000000007']) {
      expect(await till.send(scan(code))).toMatchObject({ reason: 'locked' });
    }
    expect((await till.screen()).notice).toMatchObject({ text: 'scanKept', values: { count: 3 } });
    expect(await linesOf()).toEqual([]);
    await till.ask(signIn(pins.manager));
    expect(await linesOf()).toEqual([bread.name, salt.name]);
    expect((await till.screen()).notice).toMatchObject({
      tone: 'warn',
      text: 'keptScansAdded',
      values: { added: 2, refused: 1 },
    });
    await till.ask(lock);
    await till.ask(signIn(pins.manager));
    expect(await linesOf()).toEqual([bread.name, salt.name]);
  });

  test('keeps a member’s card like goods, and a stuck scanner’s codes only up to a bound', async () => {
    await till.ask(lock);
    await till.send(scan(cards.good));
    for (let count = 0; count < 80; count += 1) await till.send(scan(bread.code));
    expect((await till.screen()).notice).toMatchObject({ tone: 'bad', text: 'locked' });
    await till.ask(signIn(pins.manager));
    const { sale } = await till.screen();
    expect(sale.member?.id).toBe('member-good');
    expect(sale.lines.map((line) => line.quantity)).toEqual([49]);
  });

  test('opens to a staff card that is scanned', async () => {
    await till.ask({
      kind: 'saveOperator',
      id: 'operator-cashier',
      name: '林小雨',
      role: 'cashier',
      pin: null,
      active: true,
      card: 'YG-000217',
    });
    await till.ask(lock);
    await till.ask(scan('YG-000217'));
    expect(await till.screen()).toMatchObject({ phase: 'selling', operator: { id: 'operator-cashier' } });
  });

  test('is locked still after a restart', async () => {
    await till.ask(scan(bread.code));
    await till.ask(lock);
    till = await till.again();
    expect((await till.screen()).phase).toBe('locked');
    await till.ask(signIn(pins.manager));
    expect(await linesOf()).toEqual([bread.name]);
  });
});

describe('a till that is left alone', () => {
  test('is locked at the next start when the policy’s time passed, and not before', async () => {
    till.world.advance(9 * MINUTE_MS);
    till = await till.again();
    expect((await till.screen()).phase).toBe('selling');
    till.world.advance(MINUTE_MS);
    till = await till.again();
    expect((await till.screen()).phase).toBe('locked');
  });

  for (const [minutes, locks] of [
    [10, true],
    [0, false],
  ] as const) {
    test(`locks itself after ${minutes} minutes without a command: ${locks}`, async () => {
      const { clock, pass } = ringingClock();
      const { policy } = till.world;
      const alone = coreOn(makeFolder(), OPENED_AT_MS, {
        clock,
        policy: { ...policy, operator: { lockAfterMinutes: minutes } },
      });
      await alone.ask(signIn(pins.manager));
      await pass(9 * MINUTE_MS);
      await alone.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 0 });
      await pass(9 * MINUTE_MS);
      expect((await alone.screen()).phase).toBe('selling');
      await pass(MINUTE_MS);
      expect((await alone.screen()).phase).toBe(locks ? 'locked' : 'selling');
      await alone.close();
    });
  }
});
