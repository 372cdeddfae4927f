import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { cardOf, coreOn, pins, type TestCore } from '../electron/core/test-core.ts';
import { newId } from '../electron/host-world.ts';
import type { TownApi } from '../electron/core/town-api.ts';
import { bodyOf } from '../shared/record-bodies.ts';
import { DAY_MS, dayOf } from '../shared/time.ts';
import type { Answer, Command } from '../shared/till-contract.ts';
import { breaksOf, checkLaws, addShop, codeFor, lotsOf, openTestTown, START_MS } from '../town-server/test-town.ts';
import { defaultPolicy } from '../electron/core/test-till.ts';
import { publishPolicy } from '../town-server/console.ts';
import { issueLot } from '../town-server/points.ts';
import { goods, saveGoods } from './shop.ts';

/** Two real tills of two shops on the town's real logic, in one process, with a clock and a network of the test's own. */
type Street = Awaited<ReturnType<typeof openStreet>>;

/** The town of the tests makes a member's card of the id: this one reads as a card. */
const CARD = cardOf(1);
const MEMBER = {
  id: CARD.slice(2),
  lots: [
    { id: 'lot-d', points: 45 },
    { id: 'lot-e', points: 55 },
  ],
};

const open: { close: () => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const street of open.splice(0)) await street.close();
});

type Line = { connected: boolean; dropAnswerOf: keyof TownApi | null; calls: (keyof TownApi)[] };

function lineTo(api: TownApi, line: Line): TownApi {
  return new Proxy(api, {
    get(target, name: keyof TownApi) {
      const call = target[name] as unknown as (input: unknown) => Promise<unknown>;
      return async (input: unknown) => {
        line.calls.push(name);
        if (!line.connected) throw new Error('the test cut the network');
        const answer = await call(input);
        if (line.dropAnswerOf === name) throw new Error('the test lost the answer');
        return answer;
      };
    },
  });
}

async function openStreet() {
  const shop = await openTestTown([MEMBER]);
  await addShop(shop.town, 's02');
  const clock = { nowMs: () => shop.clock.ms, later: () => () => {} };
  const tills: (TestCore & { line: Line; parts: Parameters<typeof coreOn>[2] })[] = [];
  for (const where of ['s01', 's02']) {
    const line: Line = { connected: true, dropAnswerOf: null, calls: [] };
    const folder = mkdtempSync(join(tmpdir(), 'one-card-refund-'));
    // A worker of its own for each night's backup would take most of the time of these tests.
    const parts = { clock, town: lineTo(shop.api, line), backups: null };
    const till = coreOn(folder, START_MS, parts);
    const code = await codeFor(shop.town, where);
    await till.ask({ kind: 'enrol', code, managerName: '于海明', managerPin: pins.manager });
    await till.ask({ kind: 'signIn', pin: pins.manager });
    await saveGoods(till.client);
    await till.ask({ kind: 'openShift', shift: newId(), floatFen: 50_000 });
    tills.push({ ...till, line, parts });
  }
  const [first, second] = tills;
  if (first === undefined || second === undefined) throw new Error('two tills');
  for (const till of tills) await till.client.night();
  await first.client.night();
  const street = { ...shop, first, second, tills, close: () => Promise.all(tills.map((till) => till.close())) };
  open.push(street);
  return street;
}

type Till = Street['first'];
type Basket = readonly (readonly [item: keyof typeof goods, quantity: number])[];

/** Rings a basket up: points as far as they go, a part of the rest by mobile, what is left in cash. */
async function sell(till: Till, basket: Basket, points: number, mobilePart = 0): Promise<string> {
  for (const [item, quantity] of basket) {
    await till.ask({ kind: 'scan', code: goods[item].code, source: 'scanner' });
    const { sale } = await till.screen();
    if (goods[item].per === 'piece') await till.ask({ kind: 'setQuantity', line: sale.selected, quantity });
    else await till.ask({ kind: 'weigh', item: `item-${item}`, weightGrams: quantity });
  }
  if (points > 0) await till.ask({ kind: 'scan', code: CARD, source: 'card' });
  await till.ask({ kind: 'startPay' });
  if (points > 0) {
    const { pay } = await till.screen();
    await till.ask({ kind: 'setPoints', points: Math.min(points, pay?.pointsMax ?? 0) });
  }
  const { pay } = await till.screen();
  const amountFen = Math.trunc(((pay?.cashDueFen ?? 0) * mobilePart) / 100);
  if (amountFen > 0) await till.ask({ kind: 'setMobile', amountFen, channel: 'wechat' });
  await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
  const { paid } = await till.screen();
  if (paid === null) throw new Error('the sale was not paid');
  return paid.receipt.number;
}

function back(receipt: string, lines: readonly (readonly [line: number, quantity: number])[], id = newId()): Command {
  return {
    kind: 'refund',
    id,
    receipt,
    lines: lines.map(([line, quantity]) => ({ line, quantity, goods: 'shelf' as const })),
    reason: 'quality',
    approval: null,
  };
}

/** What a sale and its refunds leave on each account of money, and of each lot's points; of all sales without a receipt. */
function leftOver(street: Street, receipt: string | null = null): Record<string, number> {
  const sums = new Map<string, number>();
  for (const till of street.tills) {
    for (const { kind, postings, body } of till.records()) {
      if (kind !== 'sale' && kind !== 'refund') continue;
      if (receipt !== null && receipt !== (kind === 'sale' ? body['receipt'] : body['saleReceipt'])) continue;
      for (const { unit, account, lot, amount } of postings) {
        if (unit === 'points' && account !== 'spent') continue;
        const key = unit === 'fen' ? account : `${account} ${lot}`;
        sums.set(key, (sums.get(key) ?? 0) + amount);
      }
    }
  }
  return Object.fromEntries([...sums].filter(([, amount]) => amount !== 0));
}

async function stockOf(till: Till): Promise<Record<string, number>> {
  const { rows } = await till.client.stock({ text: '', only: 'all', category: null, offset: 0, limit: 100 });
  return Object.fromEntries(rows.map((row) => [row.item, row.stock]));
}

async function boughtOf(till: Till, receipt: string): Promise<number[]> {
  const found = await till.client.refundable({ receipt });
  if (found.kind === 'refused') throw new Error(found.reason);
  return found.lines.map((line) => line.bought);
}

const refused = (reason: string): Answer => ({ kind: 'refused', reason }) as Answer;

async function settled(street: Street): Promise<void> {
  for (let round = 0; round < 3; round += 1) for (const till of street.tills) await till.client.night();
  await checkLaws(street.town);
}

async function spentOf(street: Street): Promise<number> {
  return (await lotsOf(street.town)).reduce((sum, lot) => sum + lot.spent, 0);
}

describe('a sale of another till', () => {
  test('is shown as the town tells it and comes back by its claim, to the fen and the point', async () => {
    const street = await openStreet();
    const { first, second } = street;
    const receipt = await sell(
      first,
      [
        ['oil', 1],
        ['pork', 735],
      ],
      30,
      40,
    );
    await first.client.night();
    expect(await second.client.receipt({ receipt })).toBeNull();
    const found = await second.client.refundable({ receipt });
    expect(found).toMatchObject({
      kind: 'sale',
      fromTown: true,
      lines: [
        { name: goods.oil.name, bought: 1, returned: 0, gone: false },
        { name: goods.pork.name, bought: 735, returned: 0, gone: false },
      ],
    });
    const lines = [
      [0, 1],
      [1, 500],
    ] as const;
    const preview = await second.client.previewRefund({
      receipt,
      lines: lines.map(([line, quantity]) => ({ line, quantity })),
    });
    await second.ask(back(receipt, lines));
    const refund = second.records().findLast((record) => record.kind === 'refund');
    const body = refund === undefined ? null : bodyOf(refund, 'refund');
    expect(preview).toMatchObject({
      kind: 'preview',
      pointsBack: body?.pointsBack,
      mobileBackFen: body?.mobileBackFen,
      cashBackFen: body?.cashBackFen,
    });
    expect(body).toMatchObject({ saleReceipt: receipt, claim: expect.any(String), before: [] });
    expect(body?.lots.every((lot) => lot.term === null)).toBe(true);
    await second.ask(back(receipt, [[1, 235]]));
    await settled(street);
    expect(leftOver(street)).toEqual({});
    expect(await spentOf(street)).toBe(0);
    expect(await breaksOf(street.town)).toEqual([]);
    for (const till of street.tills) {
      expect(await till.client.night()).toMatchObject({ state: 'matched' });
      expect((await till.client.rebuild()).identical).toBe(true);
    }
    expect((await stockOf(first))['item-oil']).toBe(-1);
    expect((await stockOf(second))['item-oil']).toBe(1);
  });

  test('without the town it is refused with the reason, and nothing is recorded', async () => {
    const street = await openStreet();
    const receipt = await sell(street.first, [['salt', 2]], 0);
    street.second.line.connected = false;
    const before = street.second.records().length;
    expect(await street.second.client.refundable({ receipt })).toEqual(refused('townNeeded'));
    expect(await street.second.send(back(receipt, [[0, 1]]))).toEqual(refused('townNeeded'));
    expect(street.second.records().length).toBe(before);
    street.second.line.connected = true;
    expect(await street.second.send(back('t09-1-000001', [[0, 1]]))).toEqual(refused('unknownReceipt'));
    // The seller has not sent it yet, so the town has not heard of it; afterwards it has.
    await street.first.client.night();
    await street.second.ask(back(receipt, [[0, 1]]));
    expect(await street.second.send(back(receipt, [[0, 2]]))).toEqual(refused('moreThanBought'));
    await street.second.ask(back(receipt, [[0, 1]]));
    expect(leftOver(street)).toEqual({});
  });

  test('a claim whose answer was lost is let go, and the refund is done once at the next try', async () => {
    const street = await openStreet();
    const receipt = await sell(street.first, [['salt', 2]], 0);
    await street.first.client.night();
    street.second.line.dropAnswerOf = 'claim';
    const command = back(receipt, [[0, 2]]);
    expect(await street.second.send(command)).toEqual(refused('townNeeded'));
    expect(await street.first.send(back(receipt, [[0, 1]]))).toEqual(refused('claimHeld'));
    street.second.line.dropAnswerOf = null;
    expect(await street.second.send(command)).toEqual({ kind: 'done' });
    expect(await street.second.send(command)).toEqual({ kind: 'done' });
    expect(street.second.records().filter((record) => record.kind === 'refund')).toHaveLength(1);
    expect(leftOver(street)).toEqual({});
  });

  test('a claim that was given up is let go at the next contact, so that its own till can take the goods back', async () => {
    const street = await openStreet();
    const receipt = await sell(street.first, [['salt', 2]], 0);
    await street.first.client.night();
    street.second.line.dropAnswerOf = 'claim';
    await street.second.send(back(receipt, [[0, 2]]));
    street.second.line.dropAnswerOf = null;
    await street.second.client.night();
    await street.first.ask(back(receipt, [[0, 2]]));
    await settled(street);
    expect(await breaksOf(street.town)).toEqual([]);
    expect(leftOver(street)).toEqual({});
  });

  test('sent twice at once it is one refund', async () => {
    const street = await openStreet();
    const receipt = await sell(street.first, [['salt', 2]], 0);
    await street.first.client.night();
    const command = back(receipt, [[0, 2]]);
    expect(await Promise.all([street.second.send(command), street.second.send(command)])).toEqual([
      { kind: 'done' },
      { kind: 'done' },
    ]);
    expect(street.second.records().filter((record) => record.kind === 'refund')).toHaveLength(1);
  });
});

describe("a till's own sale", () => {
  test('comes back offline, and what came back elsewhere is known as soon as the town answers', async () => {
    const street = await openStreet();
    const { first, second } = street;
    const receipt = await sell(first, [['salt', 3]], 0);
    await first.client.night();
    await second.ask(back(receipt, [[0, 1]]));
    await second.client.night();
    expect(await first.client.refundable({ receipt })).toMatchObject({ lines: [{ returned: 1 }], fromTown: false });
    expect(await first.send(back(receipt, [[0, 3]]))).toEqual(refused('moreThanBought'));
    first.line.connected = false;
    await first.ask(back(receipt, [[0, 2]]));
    first.line.connected = true;
    await settled(street);
    expect(await breaksOf(street.town)).toEqual([]);
    expect(leftOver(street)).toEqual({});
  });

  test('taken back offline at its own till while another holds it is a break with a name, and its points go back once', async () => {
    const street = await openStreet();
    const { first, second } = street;
    const receipt = await sell(first, [['oil', 1]], 20);
    await first.client.night();
    first.line.connected = false;
    await first.ask(back(receipt, [[0, 1]]));
    await second.ask(back(receipt, [[0, 1]]));
    first.line.connected = true;
    await settled(street);
    expect(new Set((await breaksOf(street.town)).map((one) => one.kind))).toEqual(new Set(['refundedTwice']));
    expect(await spentOf(street)).toBe(0);
    await checkLaws(street.town);
  });
});

/** `REFUND_RUNS` asks for more than there is time for in every test run. */
const RUNS = Number(process.env['REFUND_RUNS'] ?? 2);

describe('a sale of an earlier incarnation', () => {
  test('waits for enrolment, and then comes back by the claim, its points to the town', async () => {
    const street = await openStreet();
    const { first } = street;
    const receipt = await sell(first, [['oil', 2]], 20);
    await first.client.night();
    await first.core.close();
    // Without its keys the folder begins anew, as one that was restored or moved.
    for (const name of readdirSync(first.world.keepFolder)) rmSync(join(first.world.keepFolder, name, 'keys.json'));
    const again = coreOn(first.folder, street.clock.ms, first.parts);
    open.splice(0, 1, street.second, again);
    const ask = back(receipt, [[0, 1]]);
    expect(await again.send(ask)).toEqual(refused('notThisTill'));
    expect(await again.client.refundable({ receipt })).toEqual(refused('notThisTill'));
    const code = await codeFor(street.town, 's01', 't01');
    await again.ask({ kind: 'enrol', code, managerName: '于海明', managerPin: pins.manager });
    expect(await again.client.refundable({ receipt })).toMatchObject({ fromTown: true, lines: [{ returned: 0 }] });
    await again.ask(ask);
    await street.second.ask(back(receipt, [[0, 1]]));
    const refunds = again.records().filter((record) => record.kind === 'refund');
    expect(refunds).toMatchObject([{ incarnation: 2, body: { saleIncarnation: 1, claim: expect.any(String) } }]);
    expect(refunds.flatMap((record) => bodyOf(record, 'refund')?.lots ?? []).every((lot) => lot.term === null)).toBe(
      true,
    );
    await again.client.night();
    await street.second.client.night();
    expect(await spentOf(street)).toBe(0);
    expect(leftOver(street)).toEqual({});
    expect(await breaksOf(street.town)).toEqual([]);
    await checkLaws(street.town);
  });
});

const quantities = { oil: [1, 4], salt: [1, 9], smoke: [1, 3], pork: [1, 3_000] } as const;
const anyBasket = fc.uniqueArray(
  fc
    .constantFrom(...(Object.keys(quantities) as (keyof typeof quantities)[]))
    .chain((item) =>
      fc.integer({ min: quantities[item][0], max: quantities[item][1] }).map((quantity) => [item, quantity] as const),
    ),
  { minLength: 1, maxLength: 4, selector: ([item]) => item },
);
const anyStep = fc.record({
  till: fc.nat(1),
  line: fc.nat(3),
  part: fc.integer({ min: 1, max: 100 }),
  event: fc.constantFrom('nothing', 'nothing', 'month', 'price', 'policy', 'shift', 'cut', 'mend', 'lose'),
});

// Invariant 21.
test('any partial refunds at both tills, over months, shifts, prices and policies, leave every balance as before', {
  timeout: 60_000 + RUNS * 5_000,
}, async () => {
  const street = await openStreet();
  let runs = 0;
  const property = fc.asyncProperty(
    anyBasket,
    fc.nat(90),
    fc.nat(100),
    fc.array(anyStep, { maxLength: 6 }),
    async (basket, points, mobilePart, steps) => {
      runs += 1;
      await givePoints(street, `lot-of-run-${runs}`);
      const before = await stockOfAll(street);
      const receipt = await sell(street.first, basket, points, mobilePart);
      const sale = bodyOf(street.first.records().findLast((record) => record.kind === 'sale')!, 'sale');
      const left = await boughtOf(street.first, receipt);
      let elsewhere = false;
      const take = async (which: number, line: number, quantity: number): Promise<void> => {
        // Cut off, the seller goes by its own records, and the town by what it was sent: nobody else may refund then.
        const till = which === 1 && street.first.line.connected ? street.second : street.first;
        expect(await till.send(back(receipt, [[line, quantity]]))).toEqual({ kind: 'done' });
        left[line] = (left[line] ?? 0) - quantity;
        if (till === street.second) {
          elsewhere = true;
          // Looking a receipt up waits for what is on its way to the town.
          await till.client.refundable({ receipt });
        }
      };
      for (const { till, line: any, part, event } of steps) {
        const line = any % left.length;
        const all = left[line] ?? 0;
        if (all > 0) await take(till, line, Math.max(1, Math.trunc((all * part) / 100)));
        await happen(street, event, receipt, elsewhere);
        const sums = leftOver(street, receipt);
        for (const [account, paid] of [
          ['drawer', sale?.cashDueFen ?? 0],
          ['mobile:wechat', sale?.mobileFen ?? 0],
          ...(sale?.lots ?? []).map((lot) => [`spent ${lot.lot}`, lot.points] as const),
        ] as const) {
          expect(sums[account] ?? 0).toBeGreaterThanOrEqual(0);
          expect(sums[account] ?? 0).toBeLessThanOrEqual(paid);
        }
      }
      await happen(street, 'mend', receipt, elsewhere);
      for (const [line, all] of left.entries()) if (all > 0) await take(steps.length % 2, line, all);
      await happen(street, 'mend', receipt, elsewhere);
      expect(leftOver(street, receipt)).toEqual({});
      expect(await stockOfAll(street)).toEqual(before);
      await checkLaws(street.town);
    },
  );
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  await settled(street);
  expect(leftOver(street)).toEqual({});
  expect(await spentOf(street)).toBe(0);
  expect((await lotsOf(street.town)).reduce((sum, lot) => sum + lot.shortfall, 0)).toBe(0);
  expect(await breaksOf(street.town)).toEqual([]);
  for (const till of street.tills) {
    expect((await till.client.rebuild()).identical).toBe(true);
    expect((await till.client.verify()).state).toBe('sound');
  }
});

/** Goods of both shops together: what one sold, another may take back. */
async function stockOfAll(street: Street): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const till of street.tills) {
    for (const [item, stock] of Object.entries(await stockOf(till))) sums[item] = (sums[item] ?? 0) + stock;
  }
  return sums;
}

/** Fresh points for the member, at the seller's till as after a night. */
async function givePoints(street: Street, id: string): Promise<void> {
  const earnedOn = dayOf(street.clock.ms);
  const lot = { id, member: MEMBER.id, village: 'v01', fund: 'fund', points: 60, earnedOn, note: '' };
  await street.town.store.transact(['points'], (transaction) => issueLot(street.town, transaction, lot));
  await street.first.client.night();
  await street.first.client.night();
}

async function happen(street: Street, what: string, receipt: string, elsewhere: boolean): Promise<void> {
  const { first, second } = street;
  switch (what) {
    case 'month':
      // A few of these and the lots of the first year have expired, and what comes back lives on in others.
      street.clock.ms += 31 * DAY_MS;
      if (first.line.connected) await first.client.night();
      return;
    case 'price': {
      const priceFen = 199 + (Math.trunc(street.clock.ms / DAY_MS) % 50);
      const change = { item: 'item-salt', which: 'shelf', priceFen, fromDay: null, toDay: null } as const;
      await first.ask({ kind: 'changePrice', id: newId(), ...change });
      return;
    }
    case 'policy': {
      const draft = { ...defaultPolicy(), pointValueFen: 50, truncation: { appliesTo: 'off', unitFen: 1 } };
      await publishPolicy(street.town, { ...draft, effectiveFrom: dayOf(street.clock.ms) });
      await second.client.night();
      return;
    }
    case 'shift': {
      const { shift } = await second.screen();
      if (shift === null) return;
      await second.ask({ kind: 'closeShift', shift: shift.id, countedFen: 1_000 });
      await second.ask({ kind: 'openShift', shift: newId(), floatFen: 1_000 });
      return;
    }
    case 'cut':
      // What the seller does not know of, it cannot count from: only before anything came back elsewhere.
      if (!elsewhere) first.line.connected = false;
      return;
    case 'mend':
      // What the seller took back alone goes up before anybody else counts from the town's figures.
      if (!first.line.connected) {
        first.line.connected = true;
        await first.client.night();
      }
      await first.client.refundable({ receipt });
      return;
    case 'lose':
      second.line.dropAnswerOf = 'claim';
      expect(await second.send(back(receipt, [[0, 1]]))).toMatchObject({ kind: 'refused' });
      second.line.dropAnswerOf = null;
      await second.client.night();
      return;
    default:
      return;
  }
}
