import { readFileSync } from 'node:fs';
import { createRouterClient } from '@orpc/server';
import type { TownApi } from '../../electron/core/town-api.ts';
import { checkDigit } from '../../shared/barcode.ts';
import { policySchema, type Policy } from '../../shared/policy.ts';
import { startOfDayMs } from '../../shared/time.ts';
import { createSessions } from '../../town-server/console.ts';
import { issueCode } from '../../town-server/enrolment.ts';
import { createMemoryStore, type StoreImage } from '../../town-server/memory-store.ts';
import { freeSilentTerm, issueLot } from '../../town-server/points.ts';
import { touchMembers } from '../../town-server/members.ts';
import { leapVersions } from '../../town-server/versions.ts';
import { townRouter } from '../../town-server/router.ts';
import { seedTown, type Seed } from '../../town-server/seed.ts';
import type { Rows, Store, TableName, Transaction } from '../../town-server/store.ts';
import type { Town } from '../../town-server/town.ts';
import { newKeysFrom, signWith } from './keys.ts';
import type { FaultKind, Options } from './options.ts';
import { createRandom } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Card = Readonly<{ card: string; token: string }>;

/** A villager with the card they began with, and every card they were given since, the newest last. */
export type Villager = Readonly<{ member: string; card: string; token: string; cards: Card[] }>;

/** A card's number as the readers take it: the town's prefix, a number, and its check digit. */
export function cardToken(number: number): string {
  const digits = `98${String(number).padStart(10, '0')}`;
  return `${digits}${checkDigit(digits)}`;
}

/** Who buys for a villager: the one whom they named at the town. */
export function bearerOf(villagers: readonly Villager[], member: string): string {
  const at = villagers.findIndex((one) => one.member === member);
  return villagers[(at + 1) % villagers.length]?.member ?? member;
}

/** Thrown through a town that was lost: whoever asked hears nothing. */
class TownLost extends Error {}

/** The town of a simulation: its real logic on the store in memory, which faults refuse, lose and set back. */
export type SimulatedTown = Readonly<{
  villagers: readonly Villager[];
  shops: readonly string[];
  /** A call as it arrives; rejects when the town was lost over it. */
  call: (name: keyof TownApi, input: unknown) => Promise<unknown>;
  /** Rows of a table as they are committed, whatever fault is due. */
  rows: <N extends TableName>(table: N) => Rows[N][];
  town: () => Town;
  code: (shop: string, till: string | null, name: string) => Promise<string>;
  issue: (villager: Villager, id: string, points: number, earnedOn: string) => Promise<void>;
  reportLost: (villager: Villager) => Promise<void>;
  free: (term: string) => Promise<number | null>;
  trap: (fault: 'refused' | 'lostAfter', transactions: number) => void;
  restart: () => Promise<void>;
  image: () => StoreImage;
  setBack: (image: StoreImage) => Promise<void>;
  heal: () => void;
}>;

export function simulatedPolicy(options: Options): Policy {
  const file = new URL('../../resources/policy-default.json', import.meta.url);
  const policy = policySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { pointsCap } = options;
  return {
    ...policy,
    term: { hours: options.termHours },
    points: { ...policy.points, perSale: pointsCap, perDay: pointsCap, perMonth: pointsCap },
  };
}

export async function openSimulatedTown(
  options: Options,
  time: VirtualTime,
  happened: (kind: FaultKind) => void,
  threw: (error: unknown) => void,
): Promise<SimulatedTown> {
  const random = createRandom(`${options.seed}:town`);
  const keys = newKeysFrom(random);
  let store = createMemoryStore();
  let trap: { fault: 'refused' | 'lostAfter'; left: number } | null = null;
  let generation = 0;
  let town: Town;
  let api: TownApi;

  const faulty: Store = {
    transact: async (locks, work) => {
      const mine = generation;
      if (trap !== null) trap.left -= 1;
      const due = trap !== null && trap.left <= 0 ? trap : null;
      if (due !== null) trap = null;
      const result = await store.transact(locks, async (transaction) => {
        const value = await work(transaction);
        // A town that was restarted or set back meanwhile has forgotten what it was doing.
        if (mine !== generation) throw new TownLost('forgotten');
        if (due?.fault === 'refused') {
          happened('townCommitRefused');
          throw new TownLost('refused');
        }
        return value;
      });
      if (due?.fault === 'lostAfter') {
        happened('townLostAfterCommit');
        start();
        throw new TownLost('lost');
      }
      return result;
    },
    close: async () => {},
  };

  const start = (): void => {
    generation += 1;
    town = {
      id: 'simtown',
      name: '模拟镇',
      store: faulty,
      nowMs: time.nowMs,
      newId: random.id,
      publicKey: keys.publicKey,
      sign: signWith(keys.privateKey),
      log: () => {},
      tillKeys: new Map(),
      contacts: new Map(),
    };
    api = createRouterClient(townRouter(town, createSessions(town)), { context: {} });
  };
  start();

  const shops = Array.from({ length: options.shops }, (_, index) => `s${index + 1}`);
  const villagers = Array.from({ length: options.villagers }, (_, index) => {
    const first = { card: `card-${index + 1}`, token: cardToken(index + 1) };
    return { member: `member-${index + 1}`, ...first, cards: [first] };
  });
  const yearStart = startOfDayMs(`${options.firstDay.slice(0, 4)}-01-01`);
  const daysIntoYear = Math.round((startOfDayMs(options.firstDay) - yearStart) / 86_400_000);
  const seed: Seed = {
    town: { id: 'simtown', name: '模拟镇' },
    shop: { id: 's1', name: '一店', address: '', hotline: '' },
    villages: [
      { id: 'v1', name: '甲村', fund: '基金一' },
      { id: 'v2', name: '乙村', fund: '基金二' },
    ],
    members: villagers.map(({ member, card, token }, index) => ({
      id: member,
      name: `村民${index + 1}`,
      village: index % 2 === 0 ? 'v1' : 'v2',
      stars: index % 6,
      standingWish: 'none',
      state: 'active',
      cards: [{ id: card, token, lastFour: token.slice(-4), state: 'active', expiresOn: null }],
      lots: Array.from({ length: random.between(1, 3) }, (_, lot) => ({
        id: `lot-${index + 1}-${lot + 1}`,
        issuerVillage: random.chance(700) ? 'v1' : 'v2',
        fund: '基金一',
        points: random.between(20, 300),
        // A lot earned in the year before expires on the last day of this one (R-L3).
        earnedDaysAgo: random.chance(500) ? daysIntoYear + 30 : 5,
        note: '',
      })),
    })),
  };
  await store.transact([], async (transaction) => {
    await seedTown(town, transaction, seed, simulatedPolicy(options));
    await transaction.put('town', [{ town: 'simtown', name: '模拟镇', publicKey: keys.publicKey }]);
    await transaction.put(
      'shop',
      shops.map((shop) => ({ shop, name: shop, address: '', hotline: '' })),
    );
    const members = await transaction.list('member');
    await transaction.put(
      'member',
      members.map((row) => ({ ...row, homeShop: random.pick(shops) })),
    );
  });

  if ((options.hands?.bearer ?? 0) > 0) {
    const bearer = villagers.map(({ member }) => ({ member, bearer: bearerOf(villagers, member), note: '家人' }));
    await store.transact([], (transaction) => transaction.put('bearer', bearer));
  }

  /** What the town's staff does at its console: no fault of the simulation stands between. */
  const atConsole = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> => store.transact([], work);

  return {
    villagers,
    shops,
    call: async (name, input) => {
      const mine = generation;
      try {
        const answer = await (api[name] as (input: unknown) => Promise<unknown>)(input);
        if (mine !== generation) throw new TownLost('forgotten');
        return answer;
      } catch (error) {
        if (!(error instanceof TownLost)) threw(error);
        throw error;
      }
    },
    rows: (table) => [...store.rows(table)],
    town: () => town,
    code: async (shop, till, tillName) =>
      atConsole(async (transaction) => (await issueCode(town, transaction, { shop, till, tillName })).code),
    issue: async ({ member }, id, points, earnedOn) => {
      const lot = { id, member, village: 'v1', fund: '基金一', points, earnedOn, note: '' };
      await atConsole((transaction) => issueLot(town, transaction, lot));
    },
    reportLost: ({ card, member }) =>
      atConsole(async (transaction) => {
        const row = await transaction.get('card', { card });
        // A clerk sees that a card was replaced, and leaves it so.
        if (row !== null && row.state !== 'replaced')
          await transaction.put('card', [{ ...row, state: 'lost', lostAtMs: time.nowMs() }]);
        await touchMembers(transaction, [member]);
      }),
    free: async (term) => {
      const answer = await freeSilentTerm({ ...town, store }, term);
      return answer.kind === 'ok' ? answer.freed : null;
    },
    trap: (fault, transactions) => {
      trap = { fault, left: transactions };
    },
    restart: async () => {
      happened('townRestarted');
      start();
      await atConsole((transaction) => leapVersions(town, transaction));
    },
    image: () => store.image(),
    setBack: async (image) => {
      happened('townSetBack');
      store = createMemoryStore(image);
      start();
      await atConsole((transaction) => leapVersions(town, transaction));
    },
    heal: () => {
      trap = null;
    },
  };
}
