import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  cards,
  coreOn,
  goods,
  OPENED_AT_MS,
  openTestCore,
  pins,
  recordsOf,
  scan,
  sellAt,
  type TestCore,
} from './test-core.ts';
import { checkDigit } from '../../shared/barcode.ts';
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

test('peers A1, A9: what the screen calls paid is in the file already, and its number is never given again', async () => {
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

test('peers A3, B15, B17: how many records are not sent yet is always said, and each receipt says whether it is', async () => {
  await sellAt(till, bread.code);
  expect((await till.screen()).status.unsent).toBe(till.records().length);
  expect(await till.client.receipts({ day: null, text: '', limit: 9 })).toMatchObject([{ unsent: true }]);
});

test('peers A4: the journal in the file can be added to, and nothing in it changed or taken out', async () => {
  await sellAt(till, bread.code);
  const database = new Database(join(till.folder, 'data', 'ledger.sqlite'));
  try {
    for (const sql of ["UPDATE journal SET text = '{}'", 'DELETE FROM journal'])
      expect(() => database.exec(sql), sql).toThrow();
  } finally {
    database.close();
  }
  expect(recordsOf(till.folder).at(-1)?.kind).toBe('sale');
});

test('peers A7: a page that comes back at the receipt finds it paid, and pays nothing again', async () => {
  const receipt = await sellAt(till, bread.code);
  const screen = await till.screen();
  expect(screen).toMatchObject({ phase: 'paid', paid: { receipt: { number: receipt } } });
  await till.ask({ kind: 'pay', sale: screen.sale.id });
  expect(till.records().filter((record) => record.kind === 'sale')).toHaveLength(1);
});

test('peers B22: a changed price counts at the next scan, and the status says which catalogue it is from', async () => {
  await till.ask(scan(bread.code));
  const before = (await till.screen()).status.catalogueVersion;
  const price = { which: 'shelf', priceFen: 480, fromDay: null, toDay: null } as const;
  await till.ask({ kind: 'changePrice', id: 'price-0001', item: bread.id, ...price });
  await till.ask({ kind: 'voidSale', reason: '录错了' });
  await till.ask(scan(bread.code));
  till.world.advance(2_000);
  const { sale, status } = await till.screen();
  expect(sale.totalFen).toBe(480);
  expect(status.catalogueVersion).toBeGreaterThan(before);
});

/** A sale of one bread, 3 of its 5 yuan in points. */
async function sellInPoints(): Promise<string> {
  await till.ask(scan(cards.good));
  await till.ask(scan(bread.code));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points: 3 });
  const { sale } = await till.screen();
  await till.ask({ kind: 'pay', sale: sale.id });
  return sale.id;
}
const spendable = async (): Promise<number> => {
  if ((await till.screen()).sale.member === null) await till.ask(scan(cards.good));
  return (await till.screen()).sale.member?.spendable ?? Number.NaN;
};

test('peers C23: points leave with the sale, in its one record, with no town to ask', async () => {
  await sellInPoints();
  const [sale] = recordsOf(till.folder).filter((record) => record.kind === 'sale');
  const points = sale?.postings.filter((one) => one.unit === 'points').map((one) => [one.account, one.amount]);
  expect(points).toEqual(
    expect.arrayContaining([
      [expect.stringMatching(/^spent/), 3],
      [expect.stringMatching(/^allotment/), -3],
    ]),
  );
  till = await till.again();
  expect(await spendable()).toBe(297);
});

test('peers C24: a sale sent again, also after a restart, takes its points once', async () => {
  const sale = await sellInPoints();
  await till.ask({ kind: 'pay', sale });
  till = await till.again();
  await till.ask({ kind: 'pay', sale });
  await till.ask({ kind: 'nextSale' });
  till.world.advance(61_000);
  expect(await spendable()).toBe(297);
});

test('peers C26: a return of what points bought gives back points for points and cash for cash, part by part', async () => {
  await till.ask(scan(cards.good));
  for (const code of [bread.code, bread.code, bread.code]) await till.ask(scan(code));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points: 6 });
  await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
  const receipt = (await till.screen()).paid?.receipt.number ?? '';
  for (const id of ['refund-11', 'refund-12', 'refund-13']) {
    const lines = [{ line: 0, quantity: 1, goods: 'shelf' as const }];
    await till.ask({ kind: 'refund', id, receipt, lines, reason: '买错了', approval: null });
  }
  const [sale, ...refunds] = till.records().filter(({ kind }) => kind === 'sale' || kind === 'refund');
  expect(refunds.map(({ body }) => body['pointsBack'])).toEqual([2, 2, 2]);
  expect(refunds.reduce((sum, { body }) => sum + Number(body['cashBackFen']), 0)).toBe(sale?.body['cashDueFen']);
});

test('peers C27: lines taken out and sales that were voided or held move no points, whatever was chosen for them', async () => {
  const before = await spendable();
  await till.ask(scan(bread.code));
  await till.ask(scan(salt.code));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points: 'max' });
  await till.ask({ kind: 'leavePay' });
  await till.ask({ kind: 'deleteLine', line: 0 });
  await till.ask({ kind: 'voidSale', reason: '顾客不要了' });
  expect(await spendable()).toBe(before);
  expect(till.records().flatMap(({ kind, postings }) => (kind === 'saleVoid' ? postings : []))).toEqual([]);
});

test('peers C28: without the town a card spends what this till holds for it and not a point more', async () => {
  const { policy } = till.world;
  const own = { ...policy.points, perSale: 9_999, perDay: 9_999, perMonth: 9_999, pinFreePerDay: 9_999 };
  await till.core.close();
  till = coreOn(till.folder, OPENED_AT_MS, { policy: { ...policy, points: own } });
  await till.ask(scan(cards.good));
  for (let bought = 0; bought < 90; bought += 1) await till.ask(scan(bread.code));
  await till.ask({ kind: 'startPay' });
  expect((await till.screen()).pay).toMatchObject({ pointsMax: 300, pointsLimit: 'spendable' });
  expect(await till.send({ kind: 'setPoints', points: 301 })).toMatchObject({
    reason: 'tooManyPoints',
    detail: { pointsMax: 300 },
  });
});

test('peers C25: a refund gives points back exactly once, and takes none', async () => {
  await sellInPoints();
  const receipt = (await till.screen()).paid?.receipt.number ?? '';
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

test('peers D39: a label of the scale is its goods by weight, and its own check digit is looked at', async () => {
  await till.ask({ kind: 'saveItem', id: 'item-0001', item: { ...pork, plu: pork.code } });
  const digits = `20${pork.code}00730`;
  await till.ask(scan(digits + checkDigit(digits)));
  // 15.80 a jin for 730 grams: 23.068.
  expect((await till.screen()).sale).toMatchObject({ totalFen: 2_307, lines: [{ quantity: 730, labelled: true }] });
  const wrong = digits + ((Number(checkDigit(digits)) + 1) % 10);
  expect(await till.send(scan(wrong))).toMatchObject({ kind: 'refused' });
  expect((await till.screen()).sale.totalFen).toBe(2_307);
});

test('peers F45, F46: whatever the fen, the cash that is proposed pays the sale at one press', async () => {
  for (let grams = 1; grams < 120; grams += 1) {
    await till.ask({ kind: 'weigh', item: pork.id, weightGrams: grams });
    await till.ask({ kind: 'startPay' });
    const { pay, sale } = await till.screen();
    expect(pay?.missingFen).toBe(0);
    expect(Number(pay?.cashDueFen) + Number(pay?.truncationFen)).toBe(sale.totalFen);
    await till.ask({ kind: 'pay', sale: sale.id });
    expect((await till.screen()).phase).toBe('paid');
    await till.ask({ kind: 'nextSale' });
  }
});

test('peers F47: what was cut off is a line of its own on the receipt, on the shift’s slip and in the books, and all agree', async () => {
  await till.ask({ kind: 'weigh', item: pork.id, weightGrams: 730 });
  const number = await sellAt(till);
  const receipt = (await till.client.receipt({ receipt: number }))?.receipt;
  expect(receipt).toMatchObject({ totalFen: 2_307, truncationFen: 7, cashDueFen: 2_300 });
  const slip = (await till.client.shiftSlip({ shift: null }))?.slip;
  expect(slip).toMatchObject({ totalFen: 2_307, truncationFen: 7 });
  const { totals } = (await till.client.shiftReport()) ?? {};
  expect(totals?.accounts['fen truncation']).toBe(7);
  expect(totals?.accounts['fen drawer']).toBe(2_300);
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
