import { afterEach, beforeEach, expect, test } from 'vitest';
import { bareCounter } from '../../shared/devices.ts';
import type { MemberView } from '../../shared/member.ts';
import type { PaperSlip } from '../../shared/paper.ts';
import type { Movement, PointsSlip } from '../../shared/points-slip.ts';
import { seal } from '../../shared/signed.ts';
import type { SealedMovements } from '../../shared/town-contract.ts';
import {
  cards,
  goods,
  OPENED_AT_MS,
  openTestCore,
  pins,
  ringingClock,
  scan,
  sellAt,
  type TestCore,
} from './test-core.ts';
import { testCrypto } from './test-till.ts';
import type { TownApi } from './town-api.ts';

type Heard = Parameters<TownApi['movements']>[0];
type Answered = Awaited<ReturnType<TownApi['movements']>>;

/** What the town of these tests puts under everything it means. */
const SIGNATURE = 'signed-by-the-town-of-this-test';

const VIEW: MemberView = {
  id: 'member-good',
  mask: '孙**',
  village: 'v01',
  villageName: '槐树湾村',
  stars: 3,
  state: 'active',
  standingWish: 'none',
  townPoints: 281,
  spentToday: 7,
  spentThisMonth: 7,
  spentDay: '2026-03-02',
  nextExpiry: { points: 40, day: '2026-12-31' },
  savedThisYearFen: 0,
  countedSeq: 1_000,
  asOfMs: OPENED_AT_MS + 5_000,
};

const EARNED: Movement = {
  atMs: OPENED_AT_MS - 86_400_000,
  kind: 'earned',
  points: 20,
  borne: 0,
  balance: 281,
  place: '槐树湾村信用基金',
  about: '清洁家园',
};

/** A town that takes records in and tells movements as a test wants it to. */
function tellingTown() {
  const heard: Heard[] = [];
  const state: {
    answer: (told: SealedMovements) => SealedMovements | 'silent' | 'unreachable' | 'unknownCard';
    signature: string;
  } = { answer: (told) => told, signature: SIGNATURE };
  const town = {
    upload: async ({ lastSeq, headHash }: Parameters<TownApi['upload']>[0]) => ({
      kind: 'ok' as const,
      ack: { seq: lastSeq, hash: headHash },
      quarantined: [],
    }),
    movements: async (asked: Heard): Promise<Answered> => {
      heard.push(asked);
      const { town: of, till: at, incarnation, request, card } = asked;
      const told = state.answer({
        v: 1,
        town: of,
        till: at,
        incarnation,
        request,
        card,
        issuedAtMs: VIEW.asOfMs,
        member: VIEW,
        movements: [EARNED],
      });
      if (told === 'silent') return new Promise<Answered>(() => {});
      if (told === 'unreachable') throw new Error('out of reach');
      if (told === 'unknownCard') return { kind: 'refused', reason: told };
      return { kind: 'ok', movements: seal('movements', told, () => state.signature) };
    },
  } as unknown as TownApi;
  return { town, heard, state };
}

let till: TestCore;
let town: ReturnType<typeof tellingTown>;
let printed: PaperSlip[];
let outcome: 'printed' | 'failed';
let time: ReturnType<typeof ringingClock>;
beforeEach(async () => {
  town = tellingTown();
  printed = [];
  outcome = 'printed';
  time = ringingClock();
  const print = async (slip: PaperSlip): Promise<'printed' | 'failed'> => {
    if (slip.kind === 'points') printed.push(slip);
    return outcome;
  };
  till = await openTestCore({
    town: town.town,
    clock: time.clock,
    devices: { ...bareCounter, printer: 'ready', print },
    crypto: {
      ...testCrypto,
      verify: (key, bytes, signature) => signature === SIGNATURE || testCrypto.verify(key, bytes, signature),
    },
  });
});
afterEach(async () => {
  const closing = till.close();
  // It waits two seconds for a town that says nothing.
  await time.pass(2_000);
  await closing;
});

const refused = (reason: string) => ({ kind: 'refused', reason });
const read = async (): Promise<PointsSlip> => {
  const told = await till.client.pointsSlip();
  if (told.kind === 'refused') throw new Error(told.reason);
  return told.slip;
};
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('with the card in the hand the town tells balance, movements and next expiry, and its figures count here too', async () => {
  await till.ask(scan(cards.good, 'card'));
  const slip = await read();
  expect(slip).toMatchObject({
    kind: 'points',
    source: 'town',
    spendable: 300,
    townPoints: 281,
    townAsOfMs: VIEW.asOfMs,
    nextExpiry: { points: 40, day: '2026-12-31' },
    movements: [EARNED],
    member: { mask: '孙**', villageName: '槐树湾村', lastFour: cards.good.slice(-4) },
    objection: { days: 30, villageDays: 7, townDays: 15 },
    copy: false,
  });
  expect(town.heard).toMatchObject([{ card: 'card-good', till: 't01' }]);
  expect((await till.screen()).sale.member).toMatchObject({ townPoints: 281 });
  // No number, name or token of the person, in what is asked and in what is printed.
  expect(JSON.stringify(slip)).not.toMatch(new RegExp(`member-good|card-good|${cards.good}`));
});

for (const [what, silence] of [
  ['out of reach', 'unreachable'],
  ['silent for four seconds', 'silent'],
] as const) {
  test(`while the town is ${what} the till lists its own sales and refunds, and what it cannot know it leaves open`, async () => {
    town.state.answer = () => silence;
    await till.ask(scan(cards.good, 'card'));
    await till.ask(scan(goods.bread.code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'setPoints', points: 2 });
    const { sale } = await till.screen();
    await till.ask({ kind: 'pay', sale: sale.id });
    const reading = till.client.pointsSlip();
    await settled();
    if (silence === 'silent') await time.pass(4_000);
    const told = await reading;
    expect(told).toMatchObject({
      kind: 'slip',
      slip: {
        source: 'till',
        spendable: 298,
        townPoints: 298,
        movements: [{ kind: 'spent', points: -2, balance: 298, place: '店', about: 't01-1-000001' }],
      },
    });
  });
}

test('what the town counts already has no balance in the list of a till that is alone', async () => {
  town.state.answer = (told) => ({ ...told, member: { ...VIEW, townPoints: 298 } });
  await till.ask(scan(cards.good, 'card'));
  await till.ask(scan(goods.bread.code));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points: 2 });
  await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
  await read();
  town.state.answer = () => 'unreachable';
  expect((await read()).movements).toMatchObject([{ kind: 'spent', points: -2, balance: null }]);
});

test('an answer that the town did not give for this very question is none', async () => {
  await till.ask(scan(cards.good, 'card'));
  const lies: ((told: SealedMovements) => SealedMovements)[] = [
    (told) => ({ ...told, request: 'another-question' }),
    (told) => ({ ...told, card: 'card-kin' }),
    (told) => ({ ...told, till: 't99' }),
  ];
  for (const lie of lies) {
    town.state.answer = lie;
    expect((await read()).source).toBe('till');
  }
  town.state.answer = (told) => told;
  town.state.signature = 'signed-by-somebody-else-entirely';
  expect((await read()).source).toBe('till');
});

test('only who holds the card is told: nobody without it, and nobody who buys for somebody', async () => {
  expect(await till.client.pointsSlip()).toEqual(refused('cardWanted'));
  await till.ask({ kind: 'lookUpMember', member: 'member-good' });
  expect(await till.client.pointsSlip()).toEqual(refused('cardWanted'));
  await till.ask(scan(cards.good, 'card'));
  await till.ask({ kind: 'setBearer', bearer: 'member-kin', stranger: false });
  expect(await till.client.pointsSlip()).toEqual(refused('holderOnly'));
  await till.ask({ kind: 'setBearer', bearer: null, stranger: false });
  expect((await read()).source).toBe('town');
  expect(town.heard).toHaveLength(1);
});

test('a card that the town does not know in use any more is told nothing', async () => {
  town.state.answer = () => 'unknownCard';
  await till.ask(scan(cards.good, 'card'));
  expect(await till.client.pointsSlip()).toEqual(refused('cardBlocked'));
  town.state.answer = (told) => ({ ...told, member: { ...VIEW, id: 'member-kin' } });
  expect(await till.client.pointsSlip()).toEqual(refused('cardUnknown'));
});

test('a locked till tells nobody anything', async () => {
  await till.ask(scan(cards.good, 'card'));
  await till.ask({ kind: 'lock' });
  expect(await till.client.pointsSlip()).toEqual(refused('notSignedIn'));
  await till.ask({ kind: 'signIn', pin: pins.manager });
  expect((await read()).source).toBe('town');
});

test('the slip is printed, then again as a copy, until its holder has gone', async () => {
  await till.ask(scan(cards.good, 'card'));
  const { number } = await read();
  await till.ask({ kind: 'printPoints', slip: number });
  await settled();
  await till.ask({ kind: 'printPoints', slip: number });
  await settled();
  expect(printed.map((slip) => slip.copy)).toEqual([false, true]);
  expect((await till.screen()).status.slipsWaiting).toBe(0);
  expect(await till.send({ kind: 'printPoints', slip: 'another-slip' })).toEqual(refused('slipGone'));
  await till.ask({ kind: 'removeMember' });
  expect(await till.send({ kind: 'printPoints', slip: number })).toEqual(refused('slipGone'));
  await till.ask(scan(cards.kin, 'card'));
  expect(await till.send({ kind: 'printPoints', slip: number })).toEqual(refused('slipGone'));
});

test('what the printer did not print is no original yet, and waits for nobody', async () => {
  outcome = 'failed';
  await till.ask(scan(cards.good, 'card'));
  const { number } = await read();
  await till.ask({ kind: 'printPoints', slip: number });
  await settled();
  expect((await till.screen()).status.slipsWaiting).toBe(0);
  outcome = 'printed';
  await till.ask({ kind: 'printPoints', slip: number });
  expect(printed.map((slip) => slip.copy)).toEqual([false, false]);
});

test('a customer who goes while the town thinks leaves nothing to print', async () => {
  await till.ask(scan(cards.good, 'card'));
  const reading = till.client.pointsSlip();
  await till.ask({ kind: 'removeMember' });
  expect(await reading).toEqual(refused('slipGone'));
});

test('who has just paid with the card may ask at once, and a sale leaves no trace of the question', async () => {
  await till.ask(scan(cards.good, 'card'));
  await sellAt(till, goods.bread.code);
  const before = till.records().length;
  expect((await read()).source).toBe('town');
  expect(till.records()).toHaveLength(before);
});
