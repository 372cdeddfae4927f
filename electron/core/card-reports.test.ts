import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CardView } from '../../shared/member.ts';
import { cardTokenHash } from '../../shared/member.ts';
import type { Command } from '../../shared/till-contract.ts';
import { cardOf, cards, goods, openTestCore, pins, scan, textsOf, type TestCore } from './test-core.ts';
import type { TownApi } from './town-api.ts';

const BLANK = cardOf(42);

type Heard = Parameters<TownApi['reportCard']>[0];
type Answered = Awaited<ReturnType<TownApi['reportCard']>>;

/** A town that answers reports, and is out of reach for everything else and while `answer` is null. */
function reportsOnly() {
  const heard: Heard[] = [];
  const state: { answer: ((report: Heard) => Answered) | null } = { answer: null };
  const town = {
    reportCard: async (report: Heard): Promise<Answered> => {
      heard.push(report);
      if (state.answer === null) throw new Error('out of reach');
      return state.answer(report);
    },
  } as unknown as TownApi;
  return { town, heard, state };
}

let till: TestCore;
let town: ReturnType<typeof reportsOnly>;
beforeEach(async () => {
  town = reportsOnly();
  till = await openTestCore({ town: town.town });
});
afterEach(() => till.close());

const report = (parts: Partial<Extract<Command, { kind: 'reportCard' }>> = {}): Command => ({
  kind: 'reportCard',
  id: 'report-0001',
  member: 'member-good',
  card: 'card-good',
  blank: null,
  approval: null,
  ...parts,
});
/** What goes on behind the counter has come to its end. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const said = async () => (await till.screen()).notice?.text;
const found = async () => (await till.client.findMembers({ text: 'member-good' }))[0];

const asTown = ({ request, card, blank }: Heard): Answered => {
  if (card !== 'card-good') return { kind: 'ok', cards: [] };
  const old: CardView = {
    id: 'card-good',
    tokenHash: cardTokenHash(cards.good, 'town', till.world.crypto.hash),
    member: 'member-good',
    lastFour: cards.good.slice(-4),
    state: blank === null ? 'lost' : 'replaced',
    expiresOn: null,
  };
  const fresh: CardView[] =
    blank === null ? [] : [{ ...blank, id: request, member: 'member-good', state: 'active', expiresOn: null }];
  return { kind: 'ok', cards: [old, ...fresh] };
};

// Invariant 32.
test('a card that is reported lost is refused here at once, and its record names no digit', async () => {
  await till.ask(scan(goods.bread.code));
  await till.ask(report());
  await settled();
  expect(await said()).toBe('cardReportWaits');
  expect(await till.send(scan(cards.good))).toMatchObject({ reason: 'cardLost' });
  expect(await found()).toMatchObject({ report: 'lost' });
  expect(till.records().findLast((one) => one.kind === 'cardChange')).toMatchObject({
    id: 'report-0001',
    body: { what: 'lost', card: 'card-good', member: 'member-good', by: 'operator-manager' },
  });
});

// Invariant 31.
test('a cashier needs a manager, who stands in the record', async () => {
  await till.ask({ kind: 'signIn', pin: pins.cashier });
  expect(await till.send(report())).toMatchObject({ reason: 'needsManager' });
  await till.ask(report({ approval: { pin: pins.manager } }));
  expect(till.records().findLast((one) => one.kind === 'cardChange')).toMatchObject({
    operator: 'operator-cashier',
    body: { by: 'operator-manager' },
  });
});

test('a new card waits while the town is out of reach, over a restart, and lives once it is confirmed', async () => {
  await till.ask(report({ blank: BLANK }));
  await settled();
  till = await till.again();
  expect(await till.send(scan(cards.good))).toMatchObject({ reason: 'cardReplaced' });
  expect(await till.send(scan(BLANK))).toMatchObject({ reason: 'cardNotActive' });
  town.state.answer = asTown;
  // Any further report asks for what waits as well, as every contact does.
  await till.ask(report({ id: 'report-0002', card: 'card-chip' }));
  await settled();
  expect(town.heard.at(1)).toMatchObject({ request: 'report-0001', blank: { lastSix: BLANK.slice(-6) } });
  await till.ask(scan(BLANK));
  expect((await till.screen()).sale.member).toMatchObject({ how: 'presented', lastFour: BLANK.slice(-4) });
  expect(await till.send(scan(cards.good))).toMatchObject({ reason: 'cardReplaced' });
  expect(textsOf(till.folder).filter((text) => text.includes(BLANK.slice(-6)))).toEqual([]);
});

test('a report that is sent twice is one report', async () => {
  town.state.answer = asTown;
  await till.ask(report({ blank: BLANK }));
  await settled();
  await till.ask(report({ blank: BLANK }));
  await settled();
  expect(town.heard).toHaveLength(1);
  expect(till.records().filter((one) => one.kind === 'cardChange')).toHaveLength(1);
});

const refusedBlanks: readonly [string, string, string][] = [
  ["another member's card", cards.kin, 'blankTaken'],
  ['goods', goods.salt.code, 'blankUnknown'],
  ['no number', 'abc', 'blankUnknown'],
];
for (const [what, blank, reason] of refusedBlanks) {
  test(`${what} is no blank, and nothing is recorded`, async () => {
    expect(await till.send(report({ blank }))).toMatchObject({ reason });
    expect(till.records().filter((one) => one.kind === 'cardChange')).toEqual([]);
    await till.ask(scan(cards.good));
  });
}

test('a blank that waits for one member is not given to another', async () => {
  await till.ask(report({ blank: BLANK }));
  const other = report({ id: 'report-0002', member: 'member-kin', card: 'card-kin', blank: BLANK });
  expect(await till.send(other)).toMatchObject({ reason: 'blankTaken' });
});

test('what the town refuses is said and shown, and the old card is what the town says it is', async () => {
  town.state.answer = () => ({ kind: 'refused', reason: 'duplicate' });
  await till.ask(report({ blank: BLANK }));
  await settled();
  expect(await said()).toBe('cardReportRefused');
  expect(await found()).toMatchObject({ report: 'refused' });
  expect(await till.send(scan(BLANK))).toMatchObject({ kind: 'refused' });
  await till.ask(scan(cards.good));
});
