import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkDigit } from '../../shared/barcode.ts';
import { learnCardRule } from '../../shared/card-number.ts';
import { withChanges } from '../../shared/changes.ts';
import { DAY_MS, HOUR_MS } from '../../shared/time.ts';
import type { Answer, BasketLines, Command, RefusalReason, Screen } from '../../shared/till-contract.ts';
import { cardOf, cards, coreOn, goods, openTestCore, pins, scan, sellAt, textsOf, type TestCore } from './test-core.ts';

let till: TestCore;
function freshTill(hooks: { before: typeof beforeEach; after: typeof afterEach }): void {
  hooks.before(async () => {
    till = await openTestCore();
  });
  hooks.after(() => till.close());
}

const refused = (reason: RefusalReason): object => expect.objectContaining({ kind: 'refused', reason });
const { bread, salt, smoke, pork, free } = goods;

describe('a scan that was looked up ahead', () => {
  freshTill({ before: beforeEach, after: afterEach });
  const lookAhead = (code: string) => till.client.lookAhead({ code });
  const linesOf = ({ sale }: Screen): BasketLines => ({ lines: sale.lines, selected: sale.selected });

  test('makes the very lines that were foreseen, and the look itself changes and records nothing', async () => {
    await till.ask(scan(salt.code));
    await till.ask(scan(cards.good, 'card'));
    for (const code of [bread.code, salt.code, bread.code]) {
      const before = await till.screen();
      const records = till.records().length;
      const looked = await lookAhead(code);
      expect(looked?.revision).toBe(before.revision);
      expect(await till.screen()).toEqual(before);
      expect(till.records()).toHaveLength(records);
      await till.ask(scan(code));
      const foreseen = withChanges(linesOf(before), looked?.changes ?? []);
      expect(foreseen).not.toEqual(linesOf(before));
      expect(linesOf(await till.screen())).toEqual(foreseen);
    }
  });

  test('takes the count that was typed before it', async () => {
    await till.ask({ kind: 'quantityFirst', count: 3 });
    const looked = await lookAhead(bread.code);
    expect(withChanges(linesOf(await till.screen()), looked?.changes ?? []).lines).toMatchObject([{ quantity: 3 }]);
  });

  test('costs what it costs when it is scanned, whatever it did when it was looked up', async () => {
    await lookAhead(bread.code);
    await till.ask({ kind: 'saveItem', item: { ...bread, priceFen: 600 }, id: 'dearer-bread' });
    await till.ask(scan(bread.code));
    expect((await till.screen()).sale.lines).toMatchObject([{ priceFen: 600 }]);
  });

  const nothing: readonly [string, string][] = [
    ['goods nobody knows', '6901234567939'],
    ['goods without a price', free.code],
    ['goods to weigh', pork.code],
    ['goods that ask for an age', smoke.code],
    ['a card', cards.good],
    ['a wrong check digit', '6901234567893'],
  ];
  for (const [what, code] of nothing) {
    test(`of ${what} shows nothing ahead and leaves no record`, async () => {
      const before = till.records().length;
      expect(await lookAhead(code)).toBeNull();
      expect(till.records()).toHaveLength(before);
    });
  }

  const elsewhere: readonly [string, Command][] = [
    ['at the payment', { kind: 'startPay' }],
    ['while goods wait for their weight', scan(pork.code)],
    ['on a locked till', { kind: 'lock' }],
    ['where nobody is signed in', { kind: 'signOut' }],
  ];
  for (const [where, command] of elsewhere) {
    test(`shows nothing ahead ${where}`, async () => {
      await till.ask(scan(bread.code));
      expect(await lookAhead(bread.code)).not.toBeNull();
      await till.send(command);
      expect(await lookAhead(bread.code)).toBeNull();
    });
  }
});

describe('a bad scan', () => {
  freshTill({ before: beforeAll, after: afterAll });
  afterEach(() => till.send({ kind: 'voidSale', reason: 'test' }));
  const PAYMENT_CODE = '134567890123456789';
  const table: readonly [string, Command, RefusalReason, string][] = [
    ['an unknown article', scan('6901234567939'), 'unknownCode', 'unknownCode'],
    ['an unknown code of the shop', scan('77001'), 'unknownCode', 'unknownCode'],
    ['a wrong check digit', scan('6901234567893'), 'wrongCheckDigit', 'wrongCheckDigit'],
    ['goods without a price', scan(free.code), 'notPriced', 'notPriced'],
    ['a payment code in item mode', scan(PAYMENT_CODE), 'paymentCode', 'paymentCode'],
    ['words that find nothing', scan('没有这个', 'typed'), 'noMatch', 'noMatch'],
    ['a card that was reported lost', scan(cards.lost, 'card'), 'cardLost', 'cardLost'],
    ['a blocked card', scan(cards.blocked, 'card'), 'cardBlocked', 'cardBlocked'],
    ['a replaced card', scan(cards.replaced), 'cardReplaced', 'cardReplaced'],
    ['an expired card', scan(cards.expired), 'cardExpired', 'cardExpired'],
    ['a cancelled card', scan(cards.cancelled, 'card'), 'cardNotActive', 'cardNotActive'],
    ['a card of a member who moved away', scan(cards.movedOut, 'card'), 'memberNotActive', 'memberNotActive'],
    ['a card of another town', scan(cardOf(99)), 'cardUnknown', 'cardUnknown'],
  ];
  for (const [what, command, reason, notice] of table) {
    test(`${what} is refused as ${reason}, said aloud, and the sale goes on at shelf price`, async () => {
      await till.ask(scan(bread.code));
      expect(await till.send(command)).toEqual(refused(reason));
      const { sale, notice: said } = await till.screen();
      expect(said).toMatchObject({ tone: 'bad', text: notice });
      expect(sale.lines).toMatchObject([{ item: bread.id, quantity: 1, reason: 'shelf' }]);
      expect(sale.member).toBeNull();
      await till.ask(scan(salt.code));
      expect((await till.screen()).sale.totalFen).toBe(750);
      const last = till.records().at(-1);
      expect(last).toMatchObject({ kind: 'refusedScan', body: { shift: 'shift-0001' } });
      const content = command.kind === 'scan' ? command.code : '';
      expect(textsOf(till.folder).filter((text) => text.includes(content) && !text.includes('items-000'))).toEqual([]);
    });
  }

  test('a payment code at the payment prompt is refused too, with what to do, and the prompt stays', async () => {
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    expect(await till.send(scan(PAYMENT_CODE))).toEqual(refused('paymentCode'));
    const { phase, notice } = await till.screen();
    expect([phase, notice?.text]).toEqual(['paying', 'payWithCounterCode']);
    expect(JSON.stringify(notice)).not.toContain(PAYMENT_CODE);
  });

  test('an empty scan is refused and changes nothing', async () => {
    expect(await till.send(scan('   '))).toEqual(refused('badInput'));
  });
});

describe('a card on its reader', () => {
  freshTill({ before: beforeEach, after: afterEach });

  test('whose number is typed every 200 ms is one card, and leaves the next customer and the change alone', async () => {
    const token = '0040856634';
    const lies = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        await till.send(scan(token));
        till.world.advance(200);
      }
    };
    await till.ask(scan(bread.code));
    await lies(10);
    expect(till.records().filter((record) => record.kind === 'refusedScan')).toHaveLength(1);
    await till.ask({ kind: 'startPay' });
    await lies(3);
    const { sale, phase } = await till.screen();
    expect(phase).toBe('paying');
    await till.ask({ kind: 'pay', sale: sale.id });
    await lies(3);
    expect((await till.screen()).phase).toBe('paid');
    await till.ask({ kind: 'nextSale' });
    await lies(3);
    expect(till.records().filter((record) => record.kind === 'refusedScan')).toHaveLength(1);
    till.world.advance(1_001);
    expect(await till.send(scan(token))).toEqual(refused('cardUnknown'));
  });

  test('is known by the number that is printed, once the till has learned what its reader types', async () => {
    expect(await till.send(scan('04a1b2c3'))).toMatchObject({ kind: 'refused' });
    const learned = learnCardRule([{ read: '04a1b2c3', printed: cards.chip }]);
    const cardNumber = learned.kind === 'found' && learned.rule !== 'asRead' ? learned.rule : null;
    const { counter } = await till.screen();
    await till.ask({ kind: 'saveCounter', counter: { ...counter, cardNumber } });
    await till.ask(scan('04a1b2c3'));
    expect((await till.screen()).sale.member).toMatchObject({ lastFour: cards.chip.slice(-4), how: 'presented' });
    expect(await till.send(scan('04a1b2c4'))).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(textsOf(till.folder))).not.toContain(cards.chip);
  });

  test('is known by the printed number also where a driver brings its bytes, and another kind of card beside it', async () => {
    const { counter } = await till.screen();
    const cardNumber = { reads: '8H', order: 'same', prints: '8H10D' } as const;
    await till.ask({ kind: 'saveCounter', counter: { ...counter, cardNumber } });
    await till.ask(scan('04a1b2c3', 'card'));
    expect((await till.screen()).sale.member).toMatchObject({ lastFour: cards.chip.slice(-4), how: 'presented' });
    await till.ask({ kind: 'removeMember' });
    await till.ask(scan(cards.good, 'card'));
    expect((await till.screen()).sale.member).toMatchObject({ lastFour: cards.good.slice(-4) });
    expect(await till.send(scan('04a1b2c4', 'card'))).toEqual(refused('cardUnknown'));
  });

  test('goods with such a number are rung up as often as they are scanned', async () => {
    const item = { ...salt, id: 'item-ten', code: '0040856634', name: '十位码' };
    await till.ask({ kind: 'saveItem', id: 'item-ten-made', item });
    for (let time = 0; time < 3; time += 1) await till.ask(scan(item.code));
    expect((await till.screen()).sale.lines).toMatchObject([{ quantity: 3 }]);
  });

  test('that a driver brings is a card whatever else its digits could mean', async () => {
    for (const digits of ['6212345678901234567', bread.code, '04a1b2c39000ff', ';6217000012345678=2512?']) {
      expect(await till.send(scan(digits, 'card'))).toEqual(refused('cardUnknown'));
    }
    expect((await till.screen()).sale.lines).toEqual([]);
    await till.ask(scan(`;${cards.good}=2512?`, 'card'));
    expect((await till.screen()).sale.member).not.toBeNull();
  });
});

describe('a GS1 symbol', () => {
  freshTill({ before: beforeAll, after: afterAll });
  afterEach(() => till.send({ kind: 'voidSale', reason: 'test' }));
  const FNC1 = '\u001d';
  const PORK_CODE = `690123400001${checkDigit('690123400001')}`;
  // A tray of varying weight: the same article with an indicator of 9 in front, and a check digit of its own.
  const PORK = `9690123400001${checkDigit('9690123400001')}`;
  const BREAD = `]C1010${bread.code}`;
  beforeAll(async () => {
    await till.ask({
      kind: 'saveItem',
      id: 'item-gs1-pork',
      item: { ...pork, id: 'item-gs1-pork', code: PORK_CODE, plu: null, name: '盒装五花肉' },
    });
  });

  const table: readonly [string, string, object][] = [
    ['the article alone sells a piece', BREAD, { quantity: 1, payFen: 500, labelled: false }],
    ['a weight sells that weight', `]e001${PORK}3103000500`, { quantity: 500, payFen: 1580, labelled: true }],
    ['an amount sells at that amount', `]e001${PORK}3922790`, { quantity: 250, payFen: 790, labelled: true }],
    ['an amount below weight times price counts', `]e001${PORK}31030005003922790`, { quantity: 500, payFen: 790 }],
    ['an amount above weight times price does not', `]e001${PORK}310300050039229900`, { quantity: 500, payFen: 1580 }],
    ['an amount below a piece’s price counts', `${BREAD}3922350`, { quantity: 1, payFen: 350, labelled: true }],
    ['a weight of a piece changes nothing', `${BREAD}3103000500`, { quantity: 1, payFen: 500 }],
    ['a day not yet past sells', `${BREAD}1726030210B1${FNC1}21S`, { quantity: 1, payFen: 500 }],
    ['without an identifier in front too', `01${PORK}3103000500`, { quantity: 500, payFen: 1580 }],
  ];
  for (const [what, code, line] of table) {
    test(what, async () => {
      await till.ask(scan(code));
      expect((await till.screen()).sale.lines).toMatchObject([line]);
    });
  }

  test('a case of known contents sells them all and says so', async () => {
    await till.ask(scan(`]C1020${bread.code}3712`));
    const { sale, notice } = await till.screen();
    expect(sale.lines).toMatchObject([{ item: bread.id, quantity: 12 }]);
    expect(notice).toMatchObject({ tone: 'warn', text: 'caseScanned', values: { count: 12 } });
  });

  const refusals: readonly [string, string, RefusalReason][] = [
    ['past its expiry', `${BREAD}17260301`, 'expiredBatch'],
    ['past its best before', `${BREAD}1526030117270101`, 'expiredBatch'],
    ['whose weight is cut off', `]e001${PORK}310300050`, 'brokenGs1'],
    ['that weighs nothing', `]e001${PORK}3103000000`, 'brokenGs1'],
    ['that costs nothing', `]e001${PORK}39220`, 'brokenGs1'],
    ['that weighs more than a shop holds', `]e001${PORK}3100999999`, 'badInput'],
    ['that costs more than anything', `]e001${PORK}39209999999999`, 'badInput'],
    ['of an unknown article', ']C10106954767423579', 'unknownCode'],
    ['with a wrong check digit', `]C10106901234567890`, 'wrongCheckDigit'],
  ];
  for (const [what, code, reason] of refusals) {
    test(`goods ${what} are refused as ${reason} and leave no line`, async () => {
      expect(await till.send(scan(code))).toEqual(refused(reason));
      expect((await till.screen()).sale.lines).toEqual([]);
    });
  }
});

describe('points', () => {
  freshTill({ before: beforeEach, after: afterEach });
  const present = async (...codes: readonly string[]): Promise<void> => {
    for (const code of codes) await till.ask(scan(code));
    await till.ask(scan(cards.good, 'card'));
  };
  const manyBreads = async (count: number): Promise<void> => {
    await till.ask({ kind: 'quantityFirst', count });
    await present(bread.code);
  };

  // Invariant 13.
  test('more than are possible are refused, and how many are possible is said', async () => {
    await present(bread.code);
    await till.ask({ kind: 'startPay' });
    const { pay } = await till.screen();
    expect(pay?.pointsMax).toBe(4);
    expect(await till.send({ kind: 'setPoints', points: 5 })).toEqual({
      kind: 'refused',
      reason: 'tooManyPoints',
      detail: { pointsMax: 4 },
    });
    expect((await till.screen()).notice).toMatchObject({ text: 'tooManyPoints', values: { pointsMax: 4 } });
    await till.ask({ kind: 'setPoints', points: 4 });
  });

  test('without a PIN 50 a day are possible, and with the person confirmed what the caps leave', async () => {
    await manyBreads(100);
    await till.ask({ kind: 'startPay' });
    expect((await till.screen()).pay).toMatchObject({ pointsMax: 50, pointsLimit: 'pin' });
    await till.ask({ kind: 'confirmPerson', approval: null });
    await till.ask({ kind: 'startPay' });
    expect((await till.screen()).pay).toMatchObject({ pointsMax: 200, pointsLimit: 'perSale' });
    await till.ask({ kind: 'setPoints', points: 'max' });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    await manyBreads(10);
    await till.ask({ kind: 'confirmPerson', approval: null });
    await till.ask({ kind: 'startPay' });
    const { pay, sale } = await till.screen();
    expect(sale.member).toMatchObject({ leftToday: 0, leftThisMonth: 300 });
    expect(pay).toMatchObject({ pointsMax: 0, pointsLimit: 'perDay' });
    expect(await till.send({ kind: 'setPoints', points: 1 })).toEqual(refused('tooManyPoints'));
    await till.ask({ kind: 'pay', sale: sale.id });
    const paid = till.records().filter((record) => record.kind === 'sale');
    expect(paid.map((record) => record.body['pointsUsed'])).toEqual([200, 0]);
    expect(paid[1]?.body['member']).toMatchObject({ known: { spentToday: 200, spentThisMonth: 200 } });
  });

  test('goods that take no points are named beside what is possible', async () => {
    await present(smoke.code);
    await till.ask({ kind: 'startPay' });
    expect((await till.screen()).pay).toMatchObject({ pointsMax: 0, pointsLimit: 'goods', notForPointsFen: 1_250 });
  });

  test('end with the term, reached in steps no longer than a day, and the sale goes on with the stars', async () => {
    for (let step = 0; step < 4; step += 1) {
      till.world.advance(20 * HOUR_MS);
      await till.ask(scan(salt.code));
    }
    await till.ask(scan(cards.good, 'card'));
    const { sale, status } = await till.screen();
    expect(status.clock).toBe('good');
    expect(sale.member).toMatchObject({ pointsRefused: 'termEnded', spendable: 0, stars: 3 });
    await till.ask({ kind: 'startPay' });
    expect(await till.send({ kind: 'setPoints', points: 1 })).toEqual(refused('tooManyPoints'));
    await till.ask({ kind: 'pay', sale: sale.id });
    expect(till.records().at(-1)).toMatchObject({ kind: 'sale', body: { pointsUsed: 0, lots: [] } });
  });

  const almostPaid = async (steps: number): Promise<string> => {
    await manyBreads(2);
    for (let step = 0; step < steps; step += 1) {
      till.world.advance(23 * HOUR_MS);
      await till.ask(scan(salt.code));
    }
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setPoints', points: 5 });
    const { sale, pay } = await till.screen();
    expect(pay).toMatchObject({ pointsUsed: 5 });
    return sale.id;
  };

  test('of a term that ended while the payment stood open pay nothing any more (invariant 18)', async () => {
    const sale = await almostPaid(3);
    till.world.advance(4 * HOUR_MS);
    expect(await till.send({ kind: 'pay', sale })).toEqual({
      kind: 'refused',
      reason: 'tooManyPoints',
      detail: { pointsMax: 0 },
    });
    expect(till.records().filter((record) => record.kind === 'sale')).toEqual([]);
    expect((await till.screen()).sale.member).toMatchObject({ pointsRefused: 'termEnded' });
    await till.ask({ kind: 'pay', sale });
    expect(till.records().at(-1)).toMatchObject({ kind: 'sale', id: sale, body: { pointsUsed: 0, lots: [] } });
  });

  test('pay nothing either once the clock jumped while the payment stood open (invariants 18 and 30)', async () => {
    const sale = await almostPaid(1);
    till.world.advance(-400 * DAY_MS);
    expect(await till.send({ kind: 'pay', sale })).toMatchObject({ kind: 'refused', reason: 'tooManyPoints' });
    expect((await till.screen()).sale.member).toMatchObject({ pointsRefused: 'clockSuspect' });
    await till.ask({ kind: 'pay', sale });
    expect(till.records().at(-1)).toMatchObject({ kind: 'sale', id: sale, body: { pointsUsed: 0, lots: [] } });
  });

  test('stars older than seven days count as none, with a word', async () => {
    for (let step = 0; step < 8; step += 1) {
      till.world.advance(23 * HOUR_MS);
      await till.ask(scan(salt.code));
    }
    await till.ask(scan(cards.good, 'card'));
    const { sale, notice } = await till.screen();
    expect(sale.member).toMatchObject({ stars: 0, starsStale: true });
    expect(notice?.text).toBe('starsStale');
    expect(sale.discountFen).toBe(0);
  });

  for (const [name, jumpMs] of [
    ['three years ahead', 1_100 * DAY_MS],
    ['years behind', -2_000 * DAY_MS],
  ] as const) {
    test(`a clock ${name} is recorded once, stops points, and the till sells on`, async () => {
      const nowMs = till.world.clock.nowMs();
      const off = await wrongClock(nowMs + jumpMs);
      await off.ask(scan(bread.code));
      await off.ask(scan(cards.good, 'card'));
      const { sale, status } = await off.screen();
      expect(status.clock).toBe('suspect');
      expect(sale.member).toMatchObject({ pointsRefused: 'clockSuspect', spendable: 0 });
      await off.ask({ kind: 'startPay' });
      await off.ask({ kind: 'pay', sale: sale.id });
      const records = off.records();
      expect(records.filter((record) => record.kind === 'clock')).toMatchObject([{ body: { wallMs: nowMs + jumpMs } }]);
      const times = records.map((record) => record.at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });
  }

  const wrongClock = async (wallMs: number): Promise<TestCore> => {
    await till.core.close();
    till = coreOn(till.folder, wallMs);
    // By that clock the till was left alone for years, so it is locked.
    await till.ask({ kind: 'signIn', pin: pins.manager });
    return till;
  };
});

describe('paying', () => {
  freshTill({ before: beforeEach, after: afterEach });
  test('peers F50: the same sale paid twice is one sale with one number, and its answer again', async () => {
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    const { id } = (await till.screen()).sale;
    const answers = await Promise.all([1, 2, 3].map(() => till.send({ kind: 'pay', sale: id })));
    expect(answers).toEqual([{ kind: 'done' }, { kind: 'done' }, { kind: 'done' }]);
    await till.ask({ kind: 'nextSale' });
    expect(await till.send({ kind: 'pay', sale: id })).toEqual({ kind: 'done' });
    const again = await till.again();
    till = again;
    expect(await again.send({ kind: 'pay', sale: id })).toEqual({ kind: 'done' });
    expect(again.records().filter((record) => record.kind === 'sale')).toHaveLength(1);
  });

  test('with short cash is refused with what is missing, and nothing is recorded', async () => {
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setCash', amountFen: 300 });
    const { pay, sale } = await till.screen();
    expect(pay?.missingFen).toBe(200);
    const answer = await till.send({ kind: 'pay', sale: sale.id });
    expect(answer).toMatchObject({ kind: 'refused', reason: 'shortOfCash', detail: { missingFen: 200 } });
    expect(till.records().some((record) => record.kind === 'sale')).toBe(false);
    expect((await till.screen()).phase).toBe('paying');
  });

  const atThePrompt: readonly [string, Command, RefusalReason][] = [
    ['more by phone than is due', { kind: 'setMobile', amountFen: 501, channel: 'wechat' }, 'mobileAboveDue'],
    ['a channel that the shop has not', { kind: 'setMobile', amountFen: 100, channel: 'shells' }, 'badInput'],
    ['another sale', { kind: 'pay', sale: 'no-such-sale' }, 'unknownSale'],
  ];
  for (const [what, command, reason] of atThePrompt) {
    test(`${what} is refused as ${reason}`, async () => {
      await till.ask(scan(bread.code));
      await till.ask({ kind: 'startPay' });
      expect(await till.send(command)).toEqual(refused(reason));
    });
  }

  for (const [pieces, proposedFen] of [
    [1, [250, 500, 1_000, 2_000, 5_000]],
    [12, [3_000, 4_000, 5_000, 10_000]],
    [27, [6_750, 7_000, 8_000, 10_000]],
    [41, [10_250, 10_500, 11_000, 12_000, 15_000, 20_000]],
  ] as const) {
    test(`${pieces} packets of salt propose the notes that may be handed over, a hundred among them unless it is a trifle`, async () => {
      await till.ask({ kind: 'quantityFirst', count: pieces });
      await till.ask(scan(salt.code));
      await till.ask({ kind: 'startPay' });
      expect((await till.screen()).pay?.suggestionsFen).toEqual(proposedFen);
    });
  }

  test('nothing, or without the prompt, is refused', async () => {
    expect(await till.send({ kind: 'startPay' })).toEqual(refused('saleEmpty'));
    await till.ask(scan(bread.code));
    expect(await till.send({ kind: 'pay', sale: (await till.screen()).sale.id })).toEqual(refused('notPaying'));
  });

  test('a paid sale cannot be changed, held, voided or paid otherwise, and its record stays one', async () => {
    await till.ask(scan(cards.good, 'card'));
    await sellAt(till, bread.code, salt.code);
    const before = till.records().length;
    const after: readonly [Command, Answer | object][] = [
      [{ kind: 'hold' }, refused('saleEmpty')],
      [{ kind: 'voidSale', reason: 'test' }, refused('saleEmpty')],
      [{ kind: 'startPay' }, refused('saleEmpty')],
      [{ kind: 'setQuantity', line: 0, quantity: 2 }, refused('noLine')],
      [{ kind: 'setPrice', line: 0, priceFen: 100, reason: 'x', approval: null }, refused('noLine')],
      [{ kind: 'deleteLine', line: 0 }, refused('noLine')],
      [{ kind: 'removeMember' }, refused('noSale')],
      [{ kind: 'confirmPerson', approval: null }, refused('noSale')],
      [{ kind: 'setPoints', points: 1 }, refused('notPaying')],
      [{ kind: 'setCash', amountFen: 1 }, refused('notPaying')],
      [{ kind: 'setMobile', amountFen: 1, channel: 'wechat' }, refused('notPaying')],
      [{ kind: 'leavePay' }, { kind: 'done' }],
    ];
    for (const [command, answer] of after) expect(await till.send(command), command.kind).toEqual(answer);
    const { phase, sale } = await till.screen();
    expect([phase, sale.lines.length, sale.member?.id]).toEqual(['paid', 2, 'member-good']);
    expect(till.records()).toHaveLength(before);
  });

  test('a sale voided just before the till died does not come back, so nothing voids or sells it a second time', async () => {
    await till.ask(scan(bread.code));
    const { id } = (await till.screen()).sale;
    const file = join(till.folder, 'data', 'open-sale.log');
    const before = readFileSync(file);
    await till.ask({ kind: 'voidSale', reason: 'test' });
    await till.core.close();
    // The record was on the disk, and the file of the open sale was not emptied any more.
    writeFileSync(file, before);
    till = coreOn(till.folder);
    await till.ask({ kind: 'signIn', pin: pins.manager });
    const { sale } = await till.screen();
    expect([sale.lines.length, sale.id === id]).toEqual([0, false]);
    expect(till.records().filter((record) => record.kind === 'saleVoid')).toMatchObject([{ id, body: { sale: id } }]);
  });

  test('a held sale can be called back from the paid page', async () => {
    await till.ask(scan(salt.code));
    const { id } = (await till.screen()).sale;
    await till.ask({ kind: 'hold' });
    await sellAt(till, bread.code);
    await till.ask({ kind: 'recall', sale: id });
    const { sale, phase, held } = await till.screen();
    expect([phase, sale.id, sale.lines.length, held.length]).toEqual(['selling', id, 1, 0]);
  });
});

describe('a price by hand', () => {
  freshTill({ before: beforeEach, after: afterEach });
  const price = (priceFen: number, pin: string | null = null): Command => ({
    kind: 'setPrice',
    line: 0,
    priceFen,
    reason: '包装破损',
    approval: pin === null ? null : { pin },
  });

  test('above the shelf is refused, whoever asks', async () => {
    await till.ask(scan(bread.code));
    expect(await till.send(price(501))).toEqual(refused('priceAboveShelf'));
    expect((await till.screen()).sale.totalFen).toBe(500);
  });

  test('far below it wants the manager, whose PIN counts and a wrong one does not', async () => {
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    await till.ask(scan(bread.code));
    await till.ask(price(450));
    expect(await till.send(price(449))).toEqual(refused('needsManager'));
    expect(await till.send(price(449, '0000'))).toEqual(refused('wrongPin'));
    expect(await till.send(price(449, pins.cashier))).toEqual(refused('needsManager'));
    await till.ask(price(449, pins.manager));
    expect(till.records().at(-1)).toMatchObject({ kind: 'override', body: { by: 'operator-manager' } });
    expect(textsOf(till.folder).join()).not.toContain('包装破损');
  });
});

describe('a refund', () => {
  freshTill({ before: beforeEach, after: afterEach });
  const back = (id: string, receipt: string, quantity: number, line = 0): Command => ({
    kind: 'refund',
    id,
    receipt,
    lines: [{ line, quantity, goods: 'shelf' }],
    reason: 'quality',
    approval: null,
  });

  // Invariant 21.
  test('of more than was bought is refused, also over several refunds and several mentions of a line', async () => {
    await till.ask({ kind: 'quantityFirst', count: 3 });
    const receipt = await sellAt(till, bread.code);
    expect(await till.send(back('refund-01', receipt, 4))).toEqual(refused('moreThanBought'));
    await till.ask(back('refund-02', receipt, 2));
    expect(await till.send(back('refund-03', receipt, 2))).toEqual(refused('moreThanBought'));
    const twice = {
      kind: 'refund' as const,
      id: 'refund-04',
      receipt,
      lines: [0, 0].map((line) => ({ line, quantity: 1, goods: 'shelf' as const })),
      reason: 'quality',
      approval: null,
    };
    expect(await till.send(twice)).toEqual(refused('moreThanBought'));
    await till.ask(back('refund-05', receipt, 1));
    const fen = till.records().flatMap((record) => (record.kind === 'refund' ? [record.body['cashBackFen']] : []));
    expect(fen).toEqual([1_000, 500]);
  });

  test('of a line or receipt that is none is refused', async () => {
    const receipt = await sellAt(till, bread.code);
    expect(await till.send(back('refund-01', receipt, 1, 7))).toMatchObject({ kind: 'refused' });
    expect(await till.send(back('refund-02', 'no such receipt', 1))).toEqual(refused('unknownReceipt'));
  });

  // Invariant 5.
  test('sent twice is one; the same id with other goods is refused and recorded', async () => {
    await till.ask({ kind: 'quantityFirst', count: 3 });
    const receipt = await sellAt(till, bread.code);
    await till.ask(back('refund-01', receipt, 1));
    await till.ask(back('refund-01', receipt, 1));
    expect(await till.send(back('refund-01', receipt, 2))).toEqual(refused('idConflict'));
    const records = till.records();
    expect(records.filter((record) => record.kind === 'refund')).toHaveLength(1);
    expect(records.at(-1)).toMatchObject({ kind: 'idConflict', body: { id: 'refund-01', kind: 'refund' } });
  });
});

describe('what a person decides against the rule', () => {
  freshTill({ before: beforeEach, after: afterEach });

  test('stands in the journal with who did it, who allowed it and why, also of a voided sale (invariant 31)', async () => {
    const approval = { pin: pins.manager };
    const receipt = await sellAt(till, bread.code);
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    await till.ask(scan(bread.code));
    await till.ask(scan(cards.good, 'card'));
    await till.ask({ kind: 'setPrice', line: 0, priceFen: 100, reason: 'damaged', approval });
    await till.ask({ kind: 'confirmPerson', approval });
    await till.ask({ kind: 'openDrawer', approval });
    await till.ask({ kind: 'voidSale', reason: 'wish' });
    for (let step = 0; step < 40; step += 1) {
      till.world.advance(23 * HOUR_MS);
      await till.ask(scan(salt.code));
    }
    const lines = [{ line: 0, quantity: 1, goods: 'waste' as const }];
    const refund: Command = { kind: 'refund', id: 'refund-01', receipt, lines, reason: 'quality', approval: null };
    expect(await till.send(refund)).toEqual(refused('needsManager'));
    await till.ask({ ...refund, approval });
    const overrides = till.records().filter((record) => record.kind === 'override');
    expect(overrides.map(({ operator, body }) => [operator, body['by'], body['what'], body['reason']])).toEqual([
      ['operator-cashier', 'operator-manager', 'manualPrice', 'damaged'],
      ['operator-cashier', 'operator-manager', 'personConfirmed', undefined],
      ['operator-cashier', 'operator-manager', 'drawer', undefined],
      ['operator-cashier', 'operator-manager', 'refundAfterDays', 'quality'],
    ]);
  });

  test('is refused without leave, and then nothing of it stands in the journal (invariant 31)', async () => {
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    await till.ask(scan(bread.code));
    await till.ask(scan(cards.good, 'card'));
    const acts: readonly Command[] = [
      { kind: 'setPrice', line: 0, priceFen: 100, reason: 'damaged', approval: null },
      { kind: 'confirmPerson', approval: null },
      { kind: 'openDrawer', approval: null },
    ];
    for (const act of acts) expect(await till.send(act)).toEqual(refused('needsManager'));
    expect(till.records().filter((record) => record.kind === 'override')).toEqual([]);
    expect((await till.screen()).sale).toMatchObject({ totalFen: 460, member: { personConfirmed: false } });
  });
});

describe('weighed goods', () => {
  freshTill({ before: beforeEach, after: afterEach });
  test('wait for their weight, and pieces take none', async () => {
    await till.ask(scan(pork.code));
    expect((await till.screen()).sale.weighing?.item).toBe(pork.id);
    expect(await till.send({ kind: 'weigh', item: bread.id, weightGrams: 500 })).toEqual(refused('notWeighed'));
    await till.ask({ kind: 'weigh', item: pork.id, weightGrams: 500 });
    expect((await till.screen()).sale).toMatchObject({ weighing: null, totalFen: 1_580 });
  });
});
