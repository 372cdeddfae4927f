import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PaperSlip } from '../../shared/paper.ts';
import type { Command } from '../../shared/till-contract.ts';
import { DAY_MS, HOUR_MS } from '../../shared/time.ts';
import { foldRecord, newFold, totalsOf } from '../../shared/reconcile.ts';
import { bodyOf } from '../../shared/record-bodies.ts';
import {
  cards,
  coreOn,
  FIRST_DAY,
  goods,
  makeFolder,
  openTestCore,
  pins,
  scan,
  sellAt,
  type TestCore,
} from './test-core.ts';

let till: TestCore;
beforeEach(async () => {
  till = await openTestCore();
});
afterEach(() => till.close());

const { bread, salt } = goods;
const conflict = { kind: 'refused', reason: 'idConflict' };
const conflictsOf = (): unknown[] =>
  till.records().flatMap((record) => (record.kind === 'idConflict' ? [record.body] : []));

describe('a shift', () => {
  test('opened twice is one; with another float it is refused and recorded, and a second is refused', async () => {
    await till.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
    expect(await till.send({ kind: 'openShift', shift: 'shift-0001', floatFen: 1 })).toEqual(conflict);
    expect(conflictsOf()).toEqual([{ id: 'shift-0001', kind: 'shiftOpen' }]);
    expect(await till.send({ kind: 'openShift', shift: 'shift-0002', floatFen: 1 })).toMatchObject({
      reason: 'shiftOpenAlready',
    });
    expect(till.records().filter((record) => record.kind === 'shiftOpen')).toHaveLength(1);
  });

  test('cash moved twice under one id moves once, in words of its own too; another amount is refused and recorded', async () => {
    const move = (amountFen: number, id = 'move-0001'): Command => ({
      kind: 'moveCash',
      id,
      direction: 'out',
      amountFen,
      reason: '给孙晓峰买垃圾袋',
    });
    await till.ask(move(500));
    await till.ask(move(500));
    expect(await till.send(move(501))).toEqual(conflict);
    expect(conflictsOf()).toEqual([{ id: 'move-0001', kind: 'cashMove' }]);
    const report = await till.client.shiftReport();
    expect([report?.cashOutFen, report?.totals.cashFen]).toEqual([500, -500]);
    expect(JSON.stringify(till.records())).not.toContain('孙晓峰');
    expect(await till.send(move(0, 'move-0002'))).toMatchObject({ reason: 'badInput' });
  });

  test('is closed under an id of its incarnation, so that a folder that was set back may close it once more', async () => {
    await till.ask({ kind: 'closeShift', shift: 'shift-0001', countedFen: 20_000 });
    expect(till.records().find((record) => record.kind === 'shiftClose')?.id).toBe('shift-0001:1:close');
  });

  test('closed with a count keeps the difference, which the next float begins with; a repeat answers the same', async () => {
    await sellAt(till, bread.code);
    await till.ask({ kind: 'nextSale' });
    await till.ask({ kind: 'startCloseShift' });
    const close = (countedFen: number): Command => ({ kind: 'closeShift', shift: 'shift-0001', countedFen });
    await till.ask(close(20_300));
    await till.ask(close(20_300));
    expect(await till.send(close(20_400))).toEqual(conflict);
    expect(await till.client.lastShift()).toMatchObject({
      expectedFen: 20_500,
      countedFen: 20_300,
      differenceFen: -200,
      sales: 1,
    });
    expect((await till.screen()).carriedFloatFen).toBe(20_300);
    await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 20_300 });
    expect((await till.screen()).shift).toMatchObject({ number: 2, sales: 0 });
  });

  test('nothing is sold, moved or closed without one, nor by nobody', async () => {
    await till.ask({ kind: 'closeShift', shift: 'shift-0001', countedFen: 20_000 });
    for (const command of [scan(bread.code), { kind: 'startPay' }, { kind: 'hold' }] as const) {
      expect(await till.send(command), command.kind).toMatchObject({ kind: 'refused', reason: 'noShift' });
    }
    expect(await till.send({ kind: 'closeShift', shift: 'shift-0009', countedFen: 1 })).toMatchObject({
      reason: 'noShift',
    });
    await till.ask({ kind: 'signOut' });
    for (const command of [
      scan(bread.code),
      { kind: 'openShift', shift: 'shift-0003', floatFen: 1 },
      { kind: 'closeShift', shift: 'shift-0001', countedFen: 1 },
      { kind: 'moveCash', id: 'move-0003', direction: 'in', amountFen: 1, reason: 'x' },
    ] as const) {
      expect(await till.send(command), command.kind).toMatchObject({ kind: 'refused', reason: 'notSignedIn' });
    }
  });
});

describe('periods', () => {
  const kinds = (): string[] =>
    till
      .records()
      .flatMap(({ kind, period, businessDay }) =>
        ['sale', 'periodClose', 'shiftClose'].includes(kind) ? [`${kind} ${period} ${businessDay}`] : [],
      );
  const closings = () => till.records().flatMap((record) => bodyOf(record, 'periodClose') ?? []);

  test('a day that was forgotten is closed by the first record of the next, and the shift goes on through it', async () => {
    await sellAt(till, bread.code);
    till.world.advance(16 * HOUR_MS);
    await sellAt(till, salt.code);
    expect(kinds()).toEqual([`sale 1 ${FIRST_DAY}`, `sale 1 ${FIRST_DAY}`]);
    // Past three in the morning it is another business day.
    till.world.advance(2 * HOUR_MS);
    await sellAt(till, bread.code, salt.code);
    await till.ask({ kind: 'closeShift', shift: 'shift-0001', countedFen: 21_500 });
    expect(kinds().slice(2)).toEqual([`periodClose 1 ${FIRST_DAY}`, 'sale 2 2026-03-03', 'shiftClose 2 2026-03-03']);
    const shift = till.records().find((record) => record.kind === 'shiftClose');
    expect(shift?.body).toMatchObject({ differenceFen: 0, totals: { sales: 3, totalFen: 1_500 } });
  });

  test('what the night itself records after its closing takes no sale of the next day into the old one', async () => {
    await sellAt(till, bread.code);
    await till.client.night();
    // A sign-in late in the evening opens the next period under the old label.
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    till.world.advance(22 * HOUR_MS);
    await sellAt(till, salt.code);
    expect(kinds()).toEqual([
      `sale 1 ${FIRST_DAY}`,
      `periodClose 1 ${FIRST_DAY}`,
      `periodClose 2 ${FIRST_DAY}`,
      'sale 3 2026-03-03',
    ]);
    expect(closings()[1]?.totals).toMatchObject({ sales: 0, totalFen: 0, accounts: {} });
  });

  // Invariant 22.
  test('are gapless, hold every record once, and their totals are the fold of their records; the perpetual adds up', async () => {
    for (let day = 0; day < 4; day += 1) {
      for (let sale = 0; sale <= day; sale += 1) await sellAt(till, bread.code, salt.code);
      await till.ask({ kind: 'nextSale' });
      await till.client.night();
      await till.client.night();
      till.world.advance(23 * HOUR_MS);
    }
    const records = till.records();
    const closed = closings();
    expect(closed.map((body) => body.period)).toEqual(closed.map((_, index) => index + 1));
    let expectedFirst = 1;
    const perpetual = newFold();
    for (const body of closed) {
      expect(body.firstSeq).toBe(expectedFirst);
      expectedFirst = body.lastSeq + 1;
      const own = records.slice(body.firstSeq - 1, body.lastSeq);
      expect(own.at(-1)?.kind).toBe('periodClose');
      expect(new Set(own.map((record) => `${record.period} ${record.businessDay}`))).toEqual(
        new Set([`${body.period} ${body.label}`]),
      );
      const fold = newFold();
      for (const record of own) {
        foldRecord(fold, record);
        foldRecord(perpetual, record);
      }
      expect(body.totals).toEqual(totalsOf(fold));
      expect(body.perpetual).toEqual(totalsOf(perpetual));
    }
    expect(closed.filter((body) => body.totals.sales > 0).map((body) => body.totals.sales)).toEqual([1, 2, 3, 4]);
  });

  test('a day without trade closes nothing, however often the night runs', async () => {
    await till.client.night();
    const before = closings().length;
    till.world.advance(3 * DAY_MS);
    for (let night = 0; night < 3; night += 1) await till.client.night();
    expect(closings()).toHaveLength(before);
  });

  test('receipt numbers are gapless over sales and refunds, refusals and restarts, and take no number twice', async () => {
    const numbers: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      await till.ask({ kind: 'quantityFirst', count: 2 });
      const receipt = await sellAt(till, bread.code);
      numbers.push(receipt);
      const refund = (id: string, quantity: number): Command => ({
        kind: 'refund',
        id,
        receipt,
        lines: [{ line: 0, quantity, goods: 'waste' }],
        reason: 'quality',
        approval: null,
      });
      expect(await till.send(refund(`bad-refund-${round}`, 3))).toMatchObject({ reason: 'moreThanBought' });
      await till.ask(refund(`refund-0${round}`, 1));
      till = await till.again();
    }
    const taken = till.records().flatMap((record) => {
      const body = bodyOf(record, 'sale') ?? bodyOf(record, 'refund');
      return body === null ? [] : [body];
    });
    expect(taken.map((body) => body.counter)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(taken.map((body) => body.receipt)).toEqual(
      taken.map((body) => `t01-1-${String(body.counter).padStart(6, '0')}`),
    );
    expect(taken.filter((_, index) => index % 2 === 0).map((body) => body.receipt)).toEqual(numbers);
    expect((await till.client.verify()).state).toBe('sound');
    expect((await till.client.rebuild()).identical).toBe(true);
  });
});

test('a till whose clock stood still for a week closes one day and begins one', async () => {
  const folder = makeFolder();
  const other = coreOn(folder);
  await other.ask({ kind: 'signIn', pin: pins.manager });
  await other.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 0 });
  await sellAt(other, bread.code);
  for (let day = 0; day < 7; day += 1) other.world.advance(DAY_MS - 1);
  await sellAt(other, bread.code);
  const closed = other.records().filter((record) => record.kind === 'periodClose');
  expect(closed).toHaveLength(1);
  await other.close();
});

describe('a correction', () => {
  const drawer = async (): Promise<number> => (await till.screen()).carriedFloatFen;
  const move = (id: string, direction: 'in' | 'out', amountFen: number): Command => ({
    kind: 'moveCash',
    id,
    direction,
    amountFen,
    reason: '换零钱',
  });
  const undo = (id: string, of: string): Command => ({
    kind: 'undoCashMove',
    id,
    move: of,
    reason: '输错了',
    approval: null,
  });
  const correct = (id: string, countedFen: number, shift = 'shift-0001'): Command => ({
    kind: 'correctCount',
    id,
    shift,
    countedFen,
    reason: '点错了',
    approval: null,
  });
  const closed = (countedFen: number): Command => ({ kind: 'closeShift', shift: 'shift-0001', countedFen });
  /** What records of these kinds leave on each account of money. */
  const sums = (): Record<string, number> => {
    const fold = newFold();
    for (const record of till.records())
      if (['cashMove', 'correction', 'shiftClose'].includes(record.kind)) foldRecord(fold, record);
    return totalsOf(fold).accounts;
  };

  for (const direction of ['in', 'out'] as const) {
    // Invariant 4.
    test(`of a cash move ${direction} names it, leaves it standing and every account as before, once`, async () => {
      await till.ask(move('move-0001', direction, 50_000));
      await till.ask(undo('undo-0001', 'move-0001'));
      await till.ask(undo('undo-0001', 'move-0001'));
      expect(await till.send(undo('undo-0002', 'move-0001'))).toMatchObject({ reason: 'correctedAlready' });
      expect(await till.send(undo('undo-0001', 'move-0002'))).toEqual(conflict);
      expect(await till.send(undo('undo-0003', 'move-0009'))).toMatchObject({ reason: 'badInput' });
      expect([sums(), await drawer()]).toEqual([{}, 20_000]);
      expect(await till.client.shiftReport()).toMatchObject({
        cashInFen: 0,
        cashOutFen: 0,
        moves: [{ id: 'move-0001', amountFen: 50_000, undone: true, reason: '换零钱' }],
      });
    });

    test(`of a cash move ${direction} that was counted over takes it back from the difference of that count`, async () => {
      await till.ask(move('move-0001', direction, 500));
      await till.ask(closed(20_000));
      await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 20_000 });
      await till.ask(undo('undo-0001', 'move-0001'));
      expect([sums(), await drawer()]).toEqual([{}, 20_000]);
    });
  }

  test('of a count typed wrong leaves drawer and difference as if the right one had been typed', async () => {
    await sellAt(till, bread.code);
    await till.ask(closed(2_050));
    expect(await drawer()).toBe(2_050);
    await till.ask(correct('correct-01', 20_400));
    await till.ask(correct('correct-01', 20_400));
    expect(await till.send(correct('correct-01', 20_300))).toEqual(conflict);
    expect(await till.client.lastShift()).toMatchObject({
      expectedFen: 20_500,
      countedFen: 20_400,
      differenceFen: -100,
    });
    expect(await drawer()).toBe(20_400);
    await till.ask(correct('correct-02', 20_500));
    expect(sums()).toEqual({});
    expect((await till.client.rebuild()).identical).toBe(true);
  });

  test('of a count is refused once a new shift stands on it, and without a reason or a change', async () => {
    await till.ask(closed(2_000));
    expect(await till.send(correct('correct-01', 2_000))).toMatchObject({ reason: 'badInput' });
    expect(await till.send({ ...correct('correct-02', 1), reason: ' ' } as Command)).toMatchObject({
      reason: 'badInput',
    });
    expect(await till.send(correct('correct-03', 1, 'shift-0009'))).toMatchObject({ reason: 'notLastShift' });
    await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 20_000 });
    expect(await till.send(correct('correct-04', 20_000))).toMatchObject({ reason: 'notLastShift' });
  });

  // Invariant 31.
  test('is allowed by a manager only, who stands in the record', async () => {
    await till.ask(move('move-0001', 'out', 500));
    await till.ask({
      kind: 'saveOperator',
      id: 'operator-cashier',
      name: '林小雨',
      role: 'cashier',
      pin: pins.cashier,
      active: true,
    });
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    expect(await till.send(undo('undo-0001', 'move-0001'))).toMatchObject({ reason: 'needsManager' });
    await till.ask({ ...undo('undo-0001', 'move-0001'), approval: { pin: pins.manager } } as Command);
    const record = till.records().findLast((one) => one.kind === 'correction');
    expect(record).toMatchObject({ operator: 'operator-cashier', body: { by: 'operator-manager', of: 'move-0001' } });
  });
});

describe('the slip of a shift', () => {
  const slipOf = async (shift: string | null = null) => (await till.client.shiftSlip({ shift }))?.slip ?? null;
  const wechat = async (code: string): Promise<void> => {
    await till.ask(scan(code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setMobile', amountFen: 'rest', channel: 'wechat' });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
  };
  const close = (countedFen: number, change: Partial<Extract<Command, { kind: 'closeShift' }>> = {}): Command => ({
    kind: 'closeShift',
    shift: 'shift-0001',
    countedFen,
    ...change,
  });

  test('sums up sales, refunds, tenders, moves, voids, cuts and drawer openings, and says who did them', async () => {
    const receipt = await sellAt(till, bread.code, bread.code);
    await wechat(salt.code);
    await till.ask(scan(cards.good, 'card'));
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setPoints', points: 2 });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    await till.ask({ kind: 'moveCash', id: 'move-0001', direction: 'out', amountFen: 700, reason: '付货款' });
    await till.ask({ kind: 'moveCash', id: 'move-0002', direction: 'in', amountFen: 300, reason: '换零钱' });
    await till.ask({ kind: 'undoCashMove', id: 'undo-0001', move: 'move-0002', reason: '错', approval: null });
    await till.ask({ kind: 'openDrawer', approval: null });
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    await till.ask({
      kind: 'refund',
      id: 'refund-001',
      receipt,
      lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
      reason: 'quality',
      approval: null,
    });
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'setPrice', line: 0, priceFen: 460, reason: 'damaged', approval: null });
    await till.ask({ kind: 'voidSale', reason: 'changedMind' });
    await till.ask(scan(salt.code));
    await till.ask({ kind: 'hold' });
    const slip = await slipOf();
    // Three stars pay 92 % of 5.00: two points, the rest in cash.
    expect(slip).toMatchObject({
      sales: 3,
      refunds: 1,
      totalFen: 1_000 + 250 + 460 - 500,
      cash: { salesFen: 1_000 + 260, refundsFen: -500, inFen: 0, outFen: -700, otherFen: 0 },
      mobile: [{ channel: '微信', inFen: 250, backFen: 0 }],
      points: { used: 2, back: 0 },
      voids: { count: 1, totalFen: 460 },
      priceCuts: 1,
      drawerOpenings: 1,
      people: [
        { operator: '于**', sales: 3, refunds: 0 },
        { operator: '林**', sales: 0, refunds: 1 },
      ],
      openedBy: '于**',
      closing: null,
      held: 1,
    });
    const expectedFen = 20_000 + 1_260 - 500 - 700;
    await till.ask(close(expectedFen - 10));
    expect((await slipOf())?.closing).toMatchObject({
      by: '林**',
      expectedFen,
      differenceFen: -10,
      isCorrected: false,
    });
    // What happens later is no part of it.
    await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: expectedFen });
    await sellAt(till, bread.code);
    expect(await slipOf('shift-0001')).toMatchObject({ sales: 3, held: 1, closing: { expectedFen } });
  });

  test('peers F48: the cash of a shift is what was kept, not what was handed over', async () => {
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setCash', amountFen: 10_000 });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    expect((await slipOf())?.cash.salesFen).toBe(500);
    await till.ask(close(20_500));
    expect((await slipOf())?.closing).toMatchObject({ expectedFen: 20_500, differenceFen: 0 });
  });

  for (const countedFen of [0, 1, 19_999, 20_001, 100_000_000]) {
    test(`peers F49: a drawer counted at ${countedFen} fen closes its shift, and the difference is written down`, async () => {
      await till.ask(close(countedFen));
      expect((await slipOf())?.closing).toMatchObject({ countedFen, differenceFen: countedFen - 20_000 });
      expect((await till.screen()).phase).toBe('openShift');
    });
  }

  test('counted in notes keeps each sort in the record; notes that come to another sum are no count', async () => {
    const notes = [
      { valueFen: 10_000, count: 1 },
      { valueFen: 5_000, count: 2 },
      { valueFen: 10, count: 3 },
    ] as const;
    expect(await till.send(close(20_000, { notes: [...notes] }))).toMatchObject({ reason: 'badInput' });
    await till.ask(close(20_030, { notes: [...notes] }));
    expect(till.records().find((record) => record.kind === 'shiftClose')?.body).toMatchObject({ notes });
    expect((await slipOf())?.closing).toMatchObject({ differenceFen: 30, notes });
  });

  test('says that its count was put right, with the difference that is left', async () => {
    await till.ask(close(2_000));
    await till.ask({
      kind: 'correctCount',
      id: 'correct-01',
      shift: 'shift-0001',
      countedFen: 19_990,
      reason: '错',
      approval: null,
    });
    expect((await slipOf())?.closing).toMatchObject({ countedFen: 19_990, differenceFen: -10, isCorrected: true });
  });

  test('peers F51: a cashier sees their own shifts and no others; a manager leafs through all', async () => {
    await till.ask(close(20_000));
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 20_000 });
    const seen = await till.client.shiftSlip({ shift: null });
    expect([seen?.slip.shift, seen?.earlier, seen?.later]).toEqual(['shift-0002', null, null]);
    expect(await slipOf('shift-0001')).toBeNull();
    expect(await till.send({ kind: 'printShift', shift: 'shift-0001' })).toMatchObject({ reason: 'noPrinter' });
    await till.ask({ kind: 'signIn', pin: pins.manager });
    expect((await till.client.shiftSlip({ shift: null }))?.earlier).toBe('shift-0001');
    expect((await till.client.shiftSlip({ shift: 'shift-0001' }))?.later).toBe('shift-0002');
    // Whoever sold in a shift that another opened and closed had a part in it.
    await till.ask({ kind: 'closeShift', shift: 'shift-0002', countedFen: 20_000 });
    await till.ask({ kind: 'openShift', shift: 'shift-0003', floatFen: 20_000 });
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    await sellAt(till, bread.code);
    await till.ask({ kind: 'nextSale' });
    await till.ask({ kind: 'signIn', pin: pins.manager });
    await till.ask({ kind: 'closeShift', shift: 'shift-0003', countedFen: 20_500 });
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    expect(await slipOf('shift-0003')).toMatchObject({ shiftNumber: 3, openedBy: '于**' });
    await till.ask({ kind: 'signOut' });
    expect(await slipOf()).toBeNull();
  });

  test('peers F52: an open shift never blocks the next cashier, who goes on with it or opens one of their own', async () => {
    await sellAt(till, bread.code);
    await till.ask({ kind: 'nextSale' });
    await till.ask({ kind: 'signOut' });
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    expect(await till.screen()).toMatchObject({ phase: 'selling', shift: { id: 'shift-0001', sales: 1 } });
    await sellAt(till, bread.code);
    await till.ask({ kind: 'nextSale' });
    await till.ask(close(21_000));
    // A closed shift is shown no more, and another is opened on the same day, in the same period.
    expect(await till.screen()).toMatchObject({ phase: 'openShift', shift: null, carriedFloatFen: 21_000 });
    await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 21_000 });
    expect(await till.screen()).toMatchObject({ phase: 'selling', shift: { number: 2, sales: 0 } });
    expect(new Set(till.records().map((record) => record.period))).toEqual(new Set([1]));
  });
});

describe('on paper', () => {
  const printing = async () => {
    const printed: PaperSlip[] = [];
    const shop = await openTestCore({
      devices: {
        ...till.world.devices,
        printer: 'ready',
        print: async (slip) => {
          printed.push(slip);
          return 'printed';
        },
      },
    });
    return { shop, printed };
  };

  test('the report of an open shift comes when asked for, and the slip at the closing, once, and then as copies', async () => {
    const { shop, printed } = await printing();
    await shop.ask({ kind: 'printShift', shift: 'shift-0001' });
    expect(printed.at(-1)).toMatchObject({ kind: 'shift', closing: null, copy: false });
    const close: Command = { kind: 'closeShift', shift: 'shift-0001', countedFen: 20_000 };
    await shop.ask(close);
    await shop.ask(close);
    expect(printed).toHaveLength(2);
    expect(printed.at(-1)).toMatchObject({ kind: 'shift', copy: false, closing: { differenceFen: 0 } });
    await shop.ask({ kind: 'printShift', shift: 'shift-0001' });
    expect(printed.at(-1)).toMatchObject({ kind: 'shift', copy: true });
    expect(await shop.send({ kind: 'printShift', shift: 'shift-0009' })).toMatchObject({ reason: 'noShift' });
    await shop.close();
  });
});
