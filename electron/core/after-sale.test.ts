import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isReceipt, type PaperSlip } from '../../shared/paper.ts';
import type { Receipt } from '../../shared/receipt.ts';
import type { Command } from '../../shared/till-contract.ts';
import { DAY_MS } from '../../shared/time.ts';
import { cards, goods, openTestCore, pins, scan, sellAt, type TestCore } from './test-core.ts';
import { bareCounter } from '../../shared/devices.ts';

/** What is done with a sale after it was paid: goods exchanged, a tender put right, goods taken back, found by card. */
let till: TestCore;
let slips: Receipt[];
beforeEach(async () => {
  slips = [];
  const print = async (slip: PaperSlip): Promise<'printed'> => {
    if (isReceipt(slip)) slips.push(slip);
    return 'printed';
  };
  till = await openTestCore({ devices: { ...bareCounter, printer: 'ready', print } });
});
afterEach(() => till.close());

const { bread, salt, pork } = goods;
const refused = (reason: string) => ({ kind: 'refused', reason });
const stockOf = async (item: string): Promise<number> => (await till.client.item({ item }))?.stock ?? 0;
const isIdentical = async (): Promise<boolean> => (await till.client.rebuild()).identical;
const cashier = async (): Promise<void> => {
  await till.ask({
    kind: 'saveOperator',
    id: 'operator-cashier-2',
    name: '王小梅',
    role: 'cashier',
    pin: '2468',
    active: true,
  });
  await till.ask({ kind: 'signIn', pin: '2468' });
};
type Exchange = Extract<Command, { kind: 'exchange' }>;
const exchange = (receipt: string, quantity: number, change: Partial<Exchange> = {}): Exchange => ({
  kind: 'exchange',
  id: `exchange-${quantity}`,
  receipt,
  lines: [{ line: 0, quantity, goods: 'waste' }],
  reason: '质量问题',
  approval: null,
  ...change,
});
const refund = (id: string, receipt: string, quantity: number, line = 0): Command => ({
  kind: 'refund',
  id,
  receipt,
  lines: [{ line, quantity, goods: 'shelf' }],
  reason: '质量问题',
  approval: null,
});

describe('an exchange', () => {
  test('peers G53: takes one off the shelf for one to waste, moves no money and no points, and prints a slip', async () => {
    const receipt = await sellAt(till, bread.code, bread.code, bread.code);
    const before = [await stockOf(bread.id), (await till.client.shiftReport())?.totals.accounts] as const;
    await till.ask(exchange(receipt, 1));
    await till.ask(exchange(receipt, 1));
    expect(await stockOf(bread.id)).toBe(before[0] - 1);
    expect((await till.client.shiftReport())?.totals.accounts).toEqual(before[1]);
    const record = till.records().find((one) => one.kind === 'exchange');
    expect(record).toMatchObject({ postings: [], stock: [{ item: bread.id, delta: -1, line: 0 }] });
    expect(record?.body).toMatchObject({ saleReceipt: receipt, lines: [{ line: 0, quantity: 1, goods: 'waste' }] });
    expect(till.records().filter((one) => one.kind === 'exchange')).toHaveLength(1);
    await expect.poll(() => slips.at(-1)?.kind).toBe('exchange');
    expect(slips.at(-1)).toMatchObject({ number: receipt, totalFen: 0, original: { reason: '质量问题' } });
    expect(await isIdentical()).toBe(true);
  });

  test('of a piece that is fine puts it back, so that the shelf has as many as before', async () => {
    const receipt = await sellAt(till, bread.code);
    const before = await stockOf(bread.id);
    await till.ask(exchange(receipt, 1, { lines: [{ line: 0, quantity: 1, goods: 'shelf' }] }));
    expect(await stockOf(bread.id)).toBe(before);
    expect(till.records().find((one) => one.kind === 'exchange')?.stock).toHaveLength(2);
  });

  test('never exceeds what was bought less what came back, and each piece is exchanged once', async () => {
    const receipt = await sellAt(till, bread.code, bread.code, bread.code);
    await till.ask(refund('refund-01', receipt, 1));
    expect(await till.send(exchange(receipt, 3))).toEqual(refused('moreThanBought'));
    await till.ask(exchange(receipt, 2));
    expect(await till.send(exchange(receipt, 1))).toEqual(refused('moreThanBought'));
    const shown = await till.client.refundable({ receipt });
    expect(shown).toMatchObject({ lines: [{ bought: 3, returned: 1, exchangeable: 0, gone: false }] });
  });

  test('leaves the line as it was bought: an exchanged piece is still refunded, to the fen', async () => {
    const receipt = await sellAt(till, bread.code, bread.code);
    await till.ask(exchange(receipt, 2));
    await till.ask(refund('refund-02', receipt, 2));
    expect((await till.client.shiftReport())?.totals).toMatchObject({ cashFen: 0, totalFen: 0 });
    expect(await isIdentical()).toBe(true);
  });

  test('peers G55: works for half a kilogram of loose goods', async () => {
    await till.ask({ kind: 'weigh', item: pork.id, weightGrams: 1_230 });
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    const receipt = (await till.screen()).paid?.receipt.number ?? '';
    const before = await stockOf(pork.id);
    await till.ask(exchange(receipt, 500));
    expect(await stockOf(pork.id)).toBe(before - 500);
  });

  test('past its days wants a manager, and says who allowed it', async () => {
    const receipt = await sellAt(till, bread.code);
    till.world.advance(20 * DAY_MS);
    await cashier();
    expect(await till.send(exchange(receipt, 1))).toEqual(refused('needsManager'));
    await till.ask(exchange(receipt, 1, { approval: { pin: pins.manager } }));
    expect(till.records().find((one) => one.body['what'] === 'exchangeAfterDays')?.body['by']).not.toBe('');
  });

  test('of an unknown receipt, a line that is not there, or under a taken id is refused', async () => {
    const receipt = await sellAt(till, bread.code);
    expect(await till.send(exchange('t01-1-000099', 1))).toEqual(refused('unknownReceipt'));
    const line = { line: 7, quantity: 1, goods: 'waste' } as const;
    expect(await till.send(exchange(receipt, 1, { lines: [line] }))).toEqual(refused('moreThanBought'));
    await till.ask(exchange(receipt, 1));
    const other = { line: 0, quantity: 1, goods: 'shelf' } as const;
    expect(await till.send(exchange(receipt, 1, { lines: [other] }))).toEqual(refused('idConflict'));
  });
});

describe('a tender put right', () => {
  const change = (receipt: string, mobileFen: number, id = `tender-${mobileFen}`, channel = 'wechat'): Command => ({
    kind: 'changeTender',
    id,
    receipt,
    mobileFen,
    channel,
  });
  const totals = async () => (await till.client.shiftReport())?.totals;

  test('moves what was paid from the drawer to the phone, once; the truncation stays what it was', async () => {
    await till.ask({ kind: 'weigh', item: pork.id, weightGrams: 733 });
    await till.ask({ kind: 'startPay' });
    const due = (await till.screen()).pay;
    expect(due?.truncationFen).toBeGreaterThan(0);
    const paidFen = due?.cashDueFen ?? 0;
    await till.ask({ kind: 'setCash', amountFen: 10_000 });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    const receipt = (await till.screen()).paid?.receipt.number ?? '';
    const before = await totals();
    expect(await till.client.receipt({ receipt })).toMatchObject({ tenders: { cashFen: paidFen, mendable: true } });
    await till.ask(change(receipt, paidFen));
    await till.ask(change(receipt, paidFen));
    const after = await totals();
    expect(after).toMatchObject({ cashFen: 0, mobileFen: paidFen, totalFen: before?.totalFen });
    expect(after?.accounts['fen truncation']).toBe(before?.accounts['fen truncation']);
    expect(till.records().filter((one) => one.kind === 'tenderChange')).toHaveLength(1);
    const shown = await till.client.receipt({ receipt });
    expect(shown?.receipt).toMatchObject({ mobile: { fen: paidFen }, cashDueFen: 0, changeFen: 0 });
    expect(await isIdentical()).toBe(true);
  });

  test('is followed by its refunds: they go back where the money really came from', async () => {
    const receipt = await sellAt(till, bread.code, salt.code);
    const paidFen = (await totals())?.cashFen ?? 0;
    await till.ask(change(receipt, paidFen, 'tender-to-phone', 'alipay'));
    expect(await till.client.previewRefund({ receipt, lines: [{ line: 0, quantity: 1 }] })).toMatchObject({
      cashBackFen: 0,
      mobileBackFen: bread.priceFen,
    });
    await till.ask(refund('refund-03', receipt, 1));
    await till.ask(refund('refund-04', receipt, 1, 1));
    expect(await totals()).toMatchObject({ cashFen: 0, mobileFen: 0, totalFen: 0 });
    const channels = till.records().flatMap((one) => (one.kind === 'refund' ? [one.body['mobileChannel']] : []));
    expect(channels).toEqual(['alipay', 'alipay']);
  });

  test('goes back again as often as it must, and each step stands', async () => {
    const receipt = await sellAt(till, bread.code);
    await till.ask(change(receipt, 300));
    await till.ask(change(receipt, 0));
    expect(await totals()).toMatchObject({ mobileFen: 0, cashFen: bread.priceFen });
    expect(till.records().filter((one) => one.kind === 'tenderChange')).toHaveLength(2);
  });

  test('leaves points alone: only what money paid can move', async () => {
    await till.ask(scan(cards.good));
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setPoints', points: 3 });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    const paid = (await till.screen()).paid;
    const receipt = paid?.receipt.number ?? '';
    const moneyFen = paid?.receipt.cashDueFen ?? 0;
    expect(await till.send(change(receipt, moneyFen + 1))).toEqual(refused('moreThanPaid'));
    const spent = (await totals())?.pointsSpent;
    await till.ask(change(receipt, moneyFen));
    expect((await totals())?.pointsSpent).toBe(spent);
  });

  test('is refused after a refund, in another shift, without a change, or for an unknown receipt', async () => {
    const receipt = await sellAt(till, bread.code, bread.code);
    expect(await till.send(change('t01-1-000099', 1))).toEqual(refused('unknownReceipt'));
    expect(await till.send(change(receipt, 0))).toEqual(refused('sameTenders'));
    expect(await till.send(change(receipt, 100, 'tender-x', 'cheque'))).toEqual(refused('badInput'));
    await till.ask(refund('refund-05', receipt, 1));
    expect(await till.send(change(receipt, 100))).toEqual(refused('refundedAlready'));
    const other = await sellAt(till, salt.code);
    await till.ask({ kind: 'closeShift', shift: 'shift-0001', countedFen: 20_000 });
    await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 20_000 });
    expect(await till.send(change(other, 100))).toEqual(refused('notThisShift'));
    expect(till.records().some((one) => one.kind === 'tenderChange')).toBe(false);
  });
});

describe('a refund', () => {
  test('worth more than a cashier takes back alone wants a manager, and the journal says who', async () => {
    await till.ask({ kind: 'quantityFirst', count: 30 });
    const receipt = await sellAt(till, bread.code);
    await cashier();
    const lines = (quantity: number) => [{ line: 0, quantity }];
    expect(await till.client.previewRefund({ receipt, lines: lines(10) })).toMatchObject({ needsManager: false });
    expect(await till.client.previewRefund({ receipt, lines: lines(30) })).toMatchObject({ needsManager: true });
    await till.ask(refund('refund-06', receipt, 1));
    const large = refund('refund-07', receipt, 29) as Extract<Command, { kind: 'refund' }>;
    expect(await till.send(large)).toEqual(refused('needsManager'));
    await till.ask({ ...large, approval: { pin: pins.manager } });
    const override = till.records().find((one) => one.body['what'] === 'refund');
    expect(override?.body).toMatchObject({ document: 'refund-07', detail: { payFen: 29 * (bread.priceFen ?? 0) } });
  });

  test('peers G54: to waste brings nothing back to the shelf, to the shelf brings just what came back', async () => {
    const receipt = await sellAt(till, bread.code, bread.code);
    const before = await stockOf(bread.id);
    await till.ask({
      ...(refund('refund-08', receipt, 1) as Extract<Command, { kind: 'refund' }>),
      lines: [{ line: 0, quantity: 1, goods: 'waste' }],
    });
    expect(await stockOf(bread.id)).toBe(before);
    await till.ask(refund('refund-09', receipt, 1));
    expect(await stockOf(bread.id)).toBe(before + 1);
  });

  test('is found by the last digits of its receipt, by the code on its paper, and by the card', async () => {
    const own = await sellAt(till, cards.good, bread.code);
    const other = await sellAt(till, salt.code);
    for (const text of [own, String(Number(own.split('-')[2])), `https://town.example/r/${own}`])
      expect(await till.client.refundable({ receipt: text })).toMatchObject({ receipt: { number: own } });
    const numbers = async (text: string) =>
      (await till.client.receipts({ day: null, text, limit: 20 })).map((row) => row.receipt);
    expect(await numbers(cards.good)).toEqual([own]);
    expect(await numbers('')).toEqual([other, own]);
  });
});
