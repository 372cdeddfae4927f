import { afterEach, beforeEach, expect, test } from 'vitest';
import { cards, goods, OPENED_AT_MS, openTestCore, pins, recordsOf, scan, sellAt, type TestCore } from './test-core.ts';
import { bareCounter } from '../../shared/devices.ts';

/** What users of other tills suffer from, each held to this one; the numbers are those of their complaints. */
let till: TestCore;
/** How many sales were in the file when each slip was printed. */
let printed: number[];
const print = async (): Promise<'printed'> => {
  printed.push(recordsOf(till.folder).filter((record) => record.kind === 'sale').length);
  return 'printed';
};
beforeEach(async () => {
  printed = [];
  till = await openTestCore({ devices: { ...bareCounter, printer: 'ready', print } });
});
afterEach(() => till.close());

const { bread, salt, pork } = goods;
const stockOf = async (item: string): Promise<number> => (await till.client.item({ item }))?.stock ?? 0;
const lines = async (): Promise<string[]> =>
  (await till.screen()).sale.lines.map((line) => `${line.quantity} ${line.name}`);

test('peers A1: what the screen calls paid is in the file already, and its number is never given again', async () => {
  const first = await sellAt(till, bread.code);
  // Another reader of the same file, as after a power cut.
  expect(recordsOf(till.folder).at(-1)).toMatchObject({ kind: 'sale', body: { receipt: first } });
  till = await till.again();
  const second = await sellAt(till, bread.code);
  expect(second).not.toBe(first);
  expect(Number(second.split('-')[2])).toBe(Number(first.split('-')[2]) + 1);
});

test('peers A2: paper comes only from a sale that is on the disk', async () => {
  await till.close();
  // Paper is made behind the answer, so here what is due at once is done at once.
  const later = (delayMs: number, task: () => void): (() => void) => {
    if (delayMs === 0) setImmediate(task);
    return () => {};
  };
  till = await openTestCore({
    devices: { ...bareCounter, printer: 'ready', print },
    clock: { nowMs: () => OPENED_AT_MS, later },
  });
  await sellAt(till, bread.code);
  await sellAt(till, salt.code);
  await expect.poll(() => printed).toHaveLength(2);
  for (const [index, salesOnDisk] of printed.entries()) expect(salesOnDisk).toBeGreaterThan(index);
});

test('peers A3, B17: how many records are not sent yet is always said, and each receipt says whether it is', async () => {
  await sellAt(till, bread.code);
  expect((await till.screen()).status.unsent).toBe(till.records().length);
  expect(await till.client.receipts({ day: null, text: '', limit: 9 })).toMatchObject([{ unsent: true }]);
});

test('peers A7: a page that comes back at the receipt finds it paid, and pays nothing again', async () => {
  const receipt = await sellAt(till, bread.code);
  const screen = await till.screen();
  expect(screen).toMatchObject({ phase: 'paid', paid: { receipt: { number: receipt } } });
  await till.ask({ kind: 'pay', sale: screen.sale.id });
  expect(till.records().filter((record) => record.kind === 'sale')).toHaveLength(1);
});

test('peers C25: a refund gives points back exactly once, and takes none', async () => {
  const receipt = await (async () => {
    await till.ask(scan(cards.good));
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setPoints', points: 3 });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    return (await till.screen()).paid?.receipt.number ?? '';
  })();
  const shown = async (): Promise<number | undefined> => {
    await till.ask(scan(cards.good));
    return (await till.screen()).sale.member?.spendable;
  };
  const after = (await shown()) ?? 0;
  const back = { line: 0, quantity: 1, goods: 'shelf' as const };
  const refund = {
    kind: 'refund' as const,
    id: 'refund-01',
    receipt,
    lines: [back],
    reason: '买错了',
    approval: null,
  };
  await till.ask(refund);
  await till.ask(refund);
  expect(await shown()).toBe(after + 3);
});

test('peers C29: points come off what is due, and the cash box shows the remainder by itself', async () => {
  await till.ask(scan(cards.good));
  await till.ask(scan(bread.code));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points: 3 });
  const { pay, sale } = await till.screen();
  expect(pay).toMatchObject({ pointsFen: 300, missingFen: 0, cashTyped: false });
  expect((pay?.cashGivenFen ?? 0) + (pay?.truncationFen ?? 0)).toBe(sale.totalFen - 300);
});

test('peers D33: scans that come at the same moment all land, in order, and each once', async () => {
  const codes = [bread.code, salt.code, bread.code, bread.code, salt.code];
  await Promise.all(codes.map((code) => till.ask(scan(code))));
  expect(await lines()).toEqual([`3 ${bread.name}`, `2 ${salt.name}`]);
});

test('peers D35: a code with a digit misread adds nothing and says so', async () => {
  const misread = `${bread.code.slice(0, -1)}${(Number(bread.code.at(-1)) + 1) % 10}`;
  expect(await till.send(scan(misread))).toMatchObject({ kind: 'refused', reason: 'wrongCheckDigit' });
  expect(await lines()).toEqual([]);
  expect((await till.screen()).notice).toMatchObject({ tone: 'bad' });
});

test('peers D38: a scan on the receipt begins the next sale, and one at the payment goes into the basket and says so', async () => {
  await sellAt(till, bread.code);
  await till.ask(scan(salt.code));
  expect(await lines()).toEqual([`1 ${salt.name}`]);
  await till.ask({ kind: 'startPay' });
  await till.ask(scan(bread.code));
  expect(await till.screen()).toMatchObject({
    phase: 'selling',
    notice: { tone: 'warn', text: 'addedWhilePaying', values: { name: bread.name } },
  });
  expect(await lines()).toEqual([`1 ${salt.name}`, `1 ${bread.name}`]);
});

test('peers G53: held and then paid, goods leave the shelf once; voided, not at all', async () => {
  const before = await stockOf(bread.id);
  await till.ask(scan(bread.code));
  await till.ask({ kind: 'hold' });
  expect(await stockOf(bread.id)).toBe(before);
  await till.ask({ kind: 'recall', sale: (await till.screen()).held[0]?.sale ?? '' });
  await sellAt(till);
  expect(await stockOf(bread.id)).toBe(before - 1);
  await till.ask(scan(bread.code));
  await till.ask({ kind: 'voidSale', reason: '顾客不要了' });
  expect(await stockOf(bread.id)).toBe(before - 1);
});

test('peers G55: half a kilogram of loose goods is refunded, and the rest in another shift, to the fen', async () => {
  await till.ask({ kind: 'weigh', item: pork.id, weightGrams: 1_230 });
  const receipt = await sellAt(till);
  const refund = (id: string, quantity: number) => ({
    kind: 'refund' as const,
    id,
    receipt,
    lines: [{ line: 0, quantity, goods: 'shelf' as const }],
    reason: '质量问题',
    approval: null,
  });
  await till.ask(refund('refund-02', 500));
  await till.ask({ kind: 'closeShift', shift: 'shift-0001', countedFen: 20_000 });
  await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 20_000 });
  await till.ask(refund('refund-03', 730));
  const cash = till.records().flatMap(({ kind, body }) => {
    if (kind === 'sale') return Number(body['cashDueFen']);
    return kind === 'refund' ? -Number(body['cashBackFen']) : [];
  });
  expect(cash.reduce((sum, fen) => sum + fen, 0)).toBe(0);
});

test('peers G56: a sale that was paid cannot be deleted, and who voided, cut a price or allowed it stays', async () => {
  await sellAt(till, bread.code);
  expect(await till.send({ kind: 'voidSale', reason: '录错了' })).toMatchObject({ kind: 'refused' });
  const cashier = { id: 'operator-second', name: '王小梅', role: 'cashier', pin: '2468', active: true } as const;
  await till.ask({ kind: 'saveOperator', ...cashier });
  await till.ask({ kind: 'signIn', pin: '2468' });
  await till.ask(scan(bread.code));
  const cut = { kind: 'setPrice', line: 0, priceFen: 100, reason: '包装破损' } as const;
  expect(await till.send({ ...cut, approval: null })).toMatchObject({ reason: 'needsManager' });
  await till.ask({ ...cut, approval: { pin: pins.manager } });
  await till.ask({ kind: 'voidSale', reason: '顾客不要了' });
  const [override, voided] = till.records().filter(({ kind }) => kind === 'override' || kind === 'saleVoid');
  expect(override).toMatchObject({ operator: 'operator-second', body: { what: 'manualPrice' } });
  expect(override?.body['by']).not.toBe('operator-second');
  expect(voided).toMatchObject({ kind: 'saleVoid', operator: 'operator-second', body: { lines: 1, totalFen: 100 } });
});
