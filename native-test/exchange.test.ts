import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cardOf, goods, scan, type TestCore } from '../electron/core/test-core.ts';
import { exchangeRefusals } from '../shared/exchange-reasons.ts';
import { DAY_MS, HOUR_MS } from '../shared/time.ts';
import { setCardState } from '../town-server/console.ts';
import { exchange } from '../town-server/exchange.ts';
import { breaksOf, openTestTown } from '../town-server/test-town.ts';
import { applied, back, card, makeReady, manager, openCarried, out, sellBread, type Carried } from './carried.ts';

let world: Carried;
beforeEach(async () => {
  world = await openCarried();
});
afterEach(() => world.close());

/** A till that was enrolled by a stick and has its shift open. */
async function enrolled(): Promise<TestCore> {
  const till = world.till();
  const file = await out(till, await world.codeFor());
  await applied(till, await world.answer(file), manager);
  await makeReady(till);
  return till;
}

async function roundTrip(till: TestCore) {
  return applied(till, await world.answer(await out(till)));
}

describe('a till that never had a network', () => {
  test('is enrolled by one stick there and back, and spends points at once', async () => {
    const till = await enrolled();
    expect((await sellBread(till, 3)).pointsUsed).toBe(3);
    const report = await roundTrip(till);
    expect(report).toMatchObject({ state: 'matched', breaks: [], till: { sales: 1, pointsSpent: 3 } });
    expect(report?.town).toEqual(report?.till);
    expect(await world.spent()).toBe(3);
  });

  test('wants its first manager before it takes its name, and a code before it asks for one', async () => {
    const till = world.till();
    expect(await till.client.exchangeOut({ code: null })).toEqual({ kind: 'refused', reason: 'notEnrolled' });
    const answer = await world.answer(await out(till, await world.codeFor()));
    expect(await back(till, answer)).toEqual({ kind: 'refused', reason: 'managerWanted' });
    await applied(till, answer, manager);
    expect((await till.screen()).phase).toBe('signIn');
  });

  test('says why a wrong code was refused, and takes the right one with its next stick', async () => {
    const till = world.till();
    const wrong = await world.answer(await out(till, 'WRONG-CODE'));
    expect(await back(till, wrong, manager)).toMatchObject({
      kind: 'applied',
      enrolled: false,
      trouble: 'unknownCode',
    });
    await applied(till, await world.answer(await out(till, await world.codeFor())), manager);
  });

  test('two machines enrolled by two sticks get two names', async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    expect(new Set([one, other].map((till) => till.records()[0]?.till)).size).toBe(2);
  });

  test('goes on day after day, months closed, points granted, and every day matches', async () => {
    world.town.clock.ms += 4 * DAY_MS;
    const till = await enrolled();
    let spent = 0;
    for (let day = 0; day < 5; day += 1) {
      spent += (await sellBread(till, 2)).pointsUsed;
      await till.ask({ kind: 'nextSale' });
      expect(await roundTrip(till), `day ${day}`).toMatchObject({ state: 'matched' });
      till.world.advance(23 * HOUR_MS);
      world.town.clock.ms += 23 * HOUR_MS;
    }
    expect(spent).toBe(10);
    expect(await world.spent()).toBe(10);
    expect(till.records().filter((record) => record.kind === 'monthClose')).toHaveLength(1);
    expect((await till.client.verify()).state).toBe('sound');
  });
});

describe('whatever becomes of the stick', () => {
  test('the same file brought twice, and its answer read twice, change nothing', async () => {
    const till = await enrolled();
    await sellBread(till, 4);
    const file = await out(till);
    const first = await world.answer(file);
    const second = await world.answer(file);
    await applied(till, first);
    const before = till.records().length;
    expect(await back(till, first)).toEqual({ kind: 'already', number: 2 });
    expect(await back(till, second)).toEqual({ kind: 'already', number: 2 });
    expect(till.records()).toHaveLength(before);
    expect(await world.spent()).toBe(4);
    expect(await breaksOf(world.town.town)).toEqual([]);
  });

  test('a stick that was lost is made up for by the next; found again, it is too old', async () => {
    const till = await enrolled();
    await sellBread(till, 1);
    const lost = await world.answer(await out(till));
    await sellBread(till, 2);
    expect(await roundTrip(till)).toMatchObject({ state: 'matched' });
    expect(await back(till, lost)).toEqual({ kind: 'refused', reason: 'older' });
    expect(await world.spent()).toBe(3);
  });

  test('answers that come in their order, though both files left before, both count and nothing twice', async () => {
    const till = await enrolled();
    await sellBread(till, 1);
    const one = await out(till);
    await sellBread(till, 2);
    const two = await out(till);
    // The town sees them the other way round.
    const answerTwo = await world.answer(two);
    const answerOne = await world.answer(one);
    await applied(till, answerOne);
    await applied(till, answerTwo);
    expect(await roundTrip(till)).toMatchObject({ state: 'matched', breaks: [] });
    expect(await world.spent()).toBe(3);
  });

  test('a night over the network between a file and its answer doubles nothing, whichever came first', async () => {
    const folder = `${world.scratch}/mixed`;
    const till = await (async () => {
      const alone = world.till({}, folder);
      await applied(alone, await world.answer(await out(alone, await world.codeFor())), manager);
      await makeReady(alone);
      await sellBread(alone, 4);
      return alone;
    })();
    const file = await out(till);
    const answer = await world.answer(file);
    await till.core.close();
    const online = world.till({ town: world.town.api }, folder);
    expect(await online.client.night()).toMatchObject({ state: 'matched' });
    await sellBread(online, 1);
    expect(await online.client.night()).toMatchObject({ state: 'matched' });
    const before = online.records().length;
    expect(await back(online, answer)).toMatchObject({ kind: 'applied', trouble: null });
    expect(online.records()).toHaveLength(before);
    const late = await out(online);
    expect(await online.client.night()).toMatchObject({ state: 'matched' });
    await applied(online, await world.answer(late));
    expect(await world.spent()).toBe(5);
    expect(await breaksOf(world.town.town)).toEqual([]);
  });

  test('a stick that took a week raises no doubt of the clock, and its term counts from when the town signed', async () => {
    const till = await enrolled();
    await sellBread(till, 1);
    const answer = await world.answer(await out(till));
    for (let day = 0; day < 7; day += 1) {
      till.world.advance(DAY_MS - 1);
      await till.ask({ kind: 'dismiss' });
    }
    await applied(till, answer);
    const { status } = await till.screen();
    expect(status.clock).not.toBe('suspect');
    await till.ask({ kind: 'scan', code: goods.bread.code, source: 'scanner' });
    await till.ask({ kind: 'scan', code: card, source: 'card' });
    expect((await till.screen()).sale.member?.pointsRefused).toBe('termEnded');
  });

  test('points asked for in vain are asked for again by the stick and come with it', async () => {
    let isDown = false;
    const line = new Proxy(world.town.api, {
      get: (town, name, receiver): unknown =>
        isDown ? () => Promise.reject(new Error('the test cut the line')) : Reflect.get(town, name, receiver),
    });
    const till = world.till({ town: line });
    const { name, pin } = manager;
    await till.ask({ kind: 'enrol', code: await world.codeFor(), managerName: name, managerPin: pin });
    await makeReady(till);
    isDown = true;
    await till.ask({ kind: 'scan', code: goods.bread.code, source: 'scanner' });
    await till.ask({ kind: 'scan', code: card, source: 'card' });
    await till.ask({ kind: 'voidSale', reason: 'test' });
    const file = await out(till);
    expect(file).toContain('"topUps":[{');
    await applied(till, await world.answer(file));
    expect(await out(till)).toContain('"topUps":[]');
    expect(till.records().filter((record) => record.kind === 'allotmentIn')).toHaveLength(1);
  });
});

describe('a card that was lost or replaced at a till without network', () => {
  const BLANK = cardOf(42);
  const member = card.slice(2);
  const report = (id: string, blank: string | null) =>
    ({ kind: 'reportCard', id, member, card: `card-${member}`, blank, approval: null }) as const;
  const cardsAtTown = () => world.town.town.store.transact([], (transaction) => transaction.list('card'));
  const said = async (till: TestCore) => (await till.screen()).notice?.text;

  test('is reported by the stick, once, and the new card lives with the answer', async () => {
    const till = await enrolled();
    await till.ask(report('report-0001', BLANK));
    const file = await out(till);
    expect(await till.send(scan(BLANK, 'card'))).toMatchObject({ reason: 'cardNotActive' });
    const first = await world.answer(file);
    const second = await world.answer(file);
    const states = (await cardsAtTown()).map(({ card: id, state }) => [id, state]);
    expect(states).toEqual(expect.arrayContaining([[`card-${member}`, 'replaced']]));
    expect(states).toEqual(expect.arrayContaining([['report-0001', 'active']]));
    await applied(till, first);
    expect(await said(till)).toBe('cardReplacedConfirmed');
    expect(await back(till, second)).toMatchObject({ kind: 'already' });
    expect(await out(till)).toContain('"reports":[]');
    await till.ask(scan(goods.bread.code));
    await till.ask(scan(BLANK, 'card'));
    expect((await till.screen()).sale.member).toMatchObject({ lastFour: BLANK.slice(-4), pointsRefused: null });
    expect(await till.send(scan(card, 'card'))).toMatchObject({ reason: 'cardReplaced' });
    expect(file).not.toContain(BLANK);
  });

  test('goes on waiting when its stick is lost, and goes with the next', async () => {
    const till = await enrolled();
    await till.ask(report('report-0001', null));
    await world.answer(await out(till));
    expect(await till.send(scan(card, 'card'))).toMatchObject({ reason: 'cardLost' });
    await roundTrip(till);
    expect(await said(till)).toBe('cardLostConfirmed');
    expect(await till.send(scan(card, 'card'))).toMatchObject({ reason: 'cardLost' });
  });

  test('is said to be refused when the town refuses it, and its old card is what the town says', async () => {
    const till = await enrolled();
    const other = await enrolled();
    await till.ask(report('report-0001', BLANK));
    await other.ask(report('report-0002', BLANK));
    await roundTrip(till);
    const taken = await back(other, await world.answer(await out(other)));
    expect(taken).toMatchObject({ kind: 'applied', trouble: null });
    expect(await said(other)).toBe('cardReportRefused');
    expect(await out(other)).toContain('"reports":[]');
    await other.ask(scan(goods.bread.code));
    await other.ask(scan(BLANK, 'card'));
    expect(await other.send(scan(card, 'card'))).toMatchObject({ reason: 'cardReplaced' });
  });

  test('an answer that comes after newer word over the network brings no old state back', async () => {
    const folder = `${world.scratch}/mixed-cards`;
    const alone = world.till({}, folder);
    await applied(alone, await world.answer(await out(alone, await world.codeFor())), manager);
    await makeReady(alone);
    await alone.ask(report('report-0001', BLANK));
    const answer = await world.answer(await out(alone));
    await alone.core.close();
    // The new card is lost too before the stick comes back, and its night goes over the network.
    await setCardState(world.town.town, { card: 'report-0001', state: 'lost' });
    const online = world.till({ town: world.town.api }, folder);
    expect(await online.client.night()).toMatchObject({ state: 'matched' });
    expect(await online.send(scan(BLANK, 'card'))).toMatchObject({ reason: 'cardLost' });
    await applied(online, answer);
    expect(await online.send(scan(BLANK, 'card'))).toMatchObject({ reason: 'cardLost' });
    expect((await cardsAtTown()).find((one) => one.card === 'report-0001')?.state).toBe('lost');
  });

  test('is reported by the night over the network too, before the statement that says who bears what it spent', async () => {
    const heard: string[] = [];
    const line = new Proxy(world.town.api, {
      get: (town, name, receiver): unknown => {
        if (typeof name === 'string') heard.push(name);
        return Reflect.get(town, name, receiver);
      },
    });
    const folder = `${world.scratch}/reported-at-night`;
    const alone = world.till({}, folder);
    await applied(alone, await world.answer(await out(alone, await world.codeFor())), manager);
    await makeReady(alone);
    await alone.ask(report('report-0001', null));
    await alone.core.close();
    const online = world.till({ town: line }, folder);
    expect(await online.client.night()).toMatchObject({ state: 'matched' });
    expect(heard.indexOf('reportCard')).toBeGreaterThan(-1);
    expect(heard.indexOf('reportCard')).toBeLessThan(heard.indexOf('settle'));
  });
});

describe('what is no answer to this till', () => {
  /** A till with a file under way, its answer, and how it stood. */
  async function waiting() {
    const till = await enrolled();
    await sellBread(till, 2);
    const file = await out(till);
    return { till, file, answer: await world.answer(file) };
  }

  test('is refused by name, at the till and at the town, and leaves everything as it was', async () => {
    const { till, file, answer } = await waiting();
    const records = till.records().length;
    const other = await enrolled();
    const elsewhere = await openTestTown([]);
    const forged = elsewhere.town.id === world.town.town.id ? elsewhere : null;
    expect(forged).not.toBeNull();
    const stranger = world.till();
    const strange = await exchange(elsewhere.town, await out(stranger, await elsewhere.code()));
    if (strange.kind === 'refused') throw new Error(strange.reason);
    const cases: readonly (readonly [string, string])[] = [
      ['', 'notAnExchangeFile'],
      ['hello\nworld', 'notAnExchangeFile'],
      [answer.slice(0, 12), 'truncated'],
      [answer.slice(0, answer.length >> 1), 'truncated'],
      [answer.slice(0, -2), 'truncated'],
      [answer.replace('"number":2', '"number":3'), 'altered'],
      [`${answer}x`, 'altered'],
      [file, 'wrongWay'],
      [strange.file, 'wrongKey'],
      [await world.answer(await out(other)), 'otherTill'],
    ];
    for (const [text, reason] of cases) expect(await back(till, text), reason).toEqual({ kind: 'refused', reason });
    expect(till.records()).toHaveLength(records);
    for (const [text, reason] of [
      ['x', 'notAnExchangeFile'],
      [file.slice(0, -2), 'truncated'],
      [file.replace('"number":2', '"number":3'), 'altered'],
      [answer, 'wrongWay'],
    ] as const) {
      expect(await exchange(world.town.town, text)).toEqual({ kind: 'refused', reason });
    }
    const third = await openTestTown([]);
    expect(await exchange({ ...third.town, id: 'another' }, file)).toEqual({ kind: 'refused', reason: 'otherTown' });
    expect(await exchange(third.town, file)).toEqual({ kind: 'refused', reason: 'otherTill' });
    await applied(till, answer);
  });

  test('any change of a file is refused by name and never read', async () => {
    const { till, file, answer } = await waiting();
    const names = new Set<string>(exchangeRefusals);
    const records = till.records().length;
    const runs = Number(process.env['FUZZ_RUNS'] ?? '60');
    const change = fc.record({
      at: fc.nat(),
      length: fc.nat({ max: 40 }),
      put: fc.oneof(fc.string({ maxLength: 20 }), fc.constant('"'), fc.constant('\n'), fc.constant('9')),
    });
    await fc.assert(
      fc.asyncProperty(change, fc.boolean(), async ({ at, length, put }, isAnswer) => {
        const whole = isAnswer ? answer : file;
        const from = at % whole.length;
        const text = whole.slice(0, from) + put + whole.slice(from + length);
        // A file that lacks only the end of its last line says all that was signed.
        if (text.trimEnd() === whole.trimEnd()) return;
        const taken = isAnswer ? await back(till, text) : await exchange(world.town.town, text);
        expect(taken.kind).toBe('refused');
        if (taken.kind === 'refused') expect(names.has(taken.reason), taken.reason).toBe(true);
      }),
      { numRuns: runs },
    );
    expect(till.records()).toHaveLength(records);
  });
});
