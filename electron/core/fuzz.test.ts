import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mutated } from '../../shared/mutated-sample.ts';
import { commandSchema, type Command } from '../../shared/till-contract.ts';
import { openReadOnly } from './ledger/database.ts';
import { cards, goods, openTestCore, pins, scan, sellAt, type TestCore } from './test-core.ts';

/** More for a soak; each run is a handful of commands to a till that goes on from run to run. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? '120');
const SLOWEST_MS = 20_000 + RUNS * 500;

/** The sum over all accounts of each unit. */
function standsAt(till: TestCore): unknown[] {
  const database = openReadOnly(join(till.folder, 'data', 'ledger.sqlite'));
  try {
    return database.prepare('SELECT unit, SUM(amount) AS accounts FROM balance GROUP BY unit ORDER BY unit').all();
  } finally {
    database.close();
  }
}

/** One command of each kind that a page sends, none of them wrong yet. */
async function corpus(till: TestCore, id: string): Promise<Command[]> {
  const sale = (await till.screen()).sale.id;
  const approval = { pin: pins.manager };
  return [
    scan(goods.bread.code),
    scan(cards.good, 'card'),
    scan('2110901012345', 'scanner'),
    scan(goods.pork.code, 'typed'),
    { kind: 'choose', item: goods.pork.id },
    { kind: 'weigh', item: goods.pork.id, weightGrams: 500 },
    { kind: 'quantityFirst', count: 3 },
    { kind: 'selectLine', line: 0 },
    { kind: 'setQuantity', line: 0, quantity: 1_000_000 },
    { kind: 'setPrice', line: 0, priceFen: 1, reason: 'damaged', approval },
    { kind: 'deleteLine', line: 0 },
    { kind: 'hold' },
    { kind: 'recall', sale },
    { kind: 'startPay' },
    { kind: 'setPoints', points: 'max' },
    { kind: 'setMobile', amountFen: 'rest', channel: 'wechat' },
    { kind: 'setCash', amountFen: 100_000_000 },
    { kind: 'pay', sale },
    { kind: 'nextSale' },
    { kind: 'voidSale', reason: 'changedMind' },
    {
      kind: 'refund',
      id,
      receipt: 't01-1-000001',
      lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
      reason: 'x',
      approval,
    },
    { kind: 'moveCash', id, direction: 'in', amountFen: 100_000_000, reason: '零钱' },
    {
      kind: 'receiveGoods',
      id,
      supplier: '批发',
      lines: [
        {
          item: goods.bread.id,
          quantity: 10,
          cases: 1,
          caseFactor: 10,
          costFen: 1,
          producedOn: '2026-03-01',
          shelfLifeDays: 3,
        },
      ],
    },
    {
      kind: 'changePrice',
      id,
      item: goods.bread.id,
      which: 'promotion',
      priceFen: 1,
      fromDay: '2026-03-01',
      toDay: '2026-03-09',
    },
    {
      kind: 'saveItem',
      id,
      item: {
        ...goods.bread,
        id: `item-${id}`,
        code: '12345',
        plu: '10901',
        per: 'jin',
        promotion: { priceFen: 1, fromDay: '2026-03-01', toDay: '2026-03-09' },
      },
    },
    { kind: 'saveItem', id, item: { ...goods.bread } },
    { kind: 'countStock', id, lines: [{ item: goods.bread.id, expected: 1, counted: 1 }] },
    { kind: 'recordWaste', id, reason: 'x', lines: [{ item: goods.bread.id, quantity: 1 }] },
    { kind: 'saveOperator', id, name: '王', role: 'cashier', pin: '2222', active: true },
    { kind: 'startCloseShift' },
    { kind: 'closeShift', shift: 'shift-0001', countedFen: 1 },
    { kind: 'openShift', shift: `shift-${id}`, floatFen: 100_000_000 },
    { kind: 'signIn', pin: pins.manager },
    { kind: 'undoCashMove', id, move: id, reason: 'x', approval },
    { kind: 'correctCount', id, shift: 'shift-0001', countedFen: 1, reason: 'x', approval },
    { kind: 'confirmPerson', approval },
    { kind: 'reprint', receipt: 't01-1-000001' },
    { kind: 'printPoints', slip: id },
    { kind: 'openDrawer', approval },
    { kind: 'dismiss' },
  ];
}

test(
  'whatever commands come, each is done or refused by name, the screen stands, and the books balance',
  async () => {
    let till = await openTestCore();
    await sellAt(till, goods.bread.code);
    const step = fc.record({ command: fc.nat(), at: fc.nat(), how: fc.option(fc.nat(), { nil: null }) });
    let count = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
          await till.send({ kind: 'signIn', pin: pins.manager });
          await till.send({ kind: 'openShift', shift: `shift-open-${(count += 1)}`, floatFen: 0 });
          for (const { command, at, how } of steps) {
            count += 1;
            const all = await corpus(till, `fuzz-${String(count).padStart(6, '0')}`);
            const chosen = all[command % all.length];
            const wanted = how === null ? chosen : mutated(chosen, at, how);
            // What the contract does not know is held off before the core (native-test/fuzz.test.ts).
            if (!commandSchema.safeParse(wanted).success) continue;
            const answer = await till.send(wanted as Command);
            expect(['done', 'refused'], JSON.stringify(wanted)).toContain(answer.kind);
            const { pay, sale, stopped } = await till.screen();
            expect(stopped, JSON.stringify(wanted)).toBeNull();
            expect(Number.isSafeInteger(sale.totalFen), JSON.stringify(wanted)).toBe(true);
            if (pay !== null) expect(pay.cashDueFen, JSON.stringify(wanted)).toBeGreaterThanOrEqual(0);
          }
        }),
        { numRuns: RUNS },
      );
      expect(await till.client.verify({})).toMatchObject({ state: 'sound' });
      expect(await till.client.rebuild({})).toMatchObject({ identical: true });
      // Invariant 3.
      expect(standsAt(till)).toEqual([
        { unit: 'fen', accounts: 0 },
        { unit: 'points', accounts: 0 },
      ]);
      till = await till.again();
      expect((await till.screen()).stopped).toBeNull();
    } finally {
      await till.close();
    }
  },
  SLOWEST_MS,
);
