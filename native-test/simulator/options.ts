import { createRandom } from './random.ts';

/** Every kind of fault, as the coverage table names them. */
export const FAULT_KINDS = [
  'requestLost',
  'answerLost',
  'requestDoubled',
  'requestReplayed',
  'answerLate',
  'partition',
  'commitRefused',
  'lostBeforeCommit',
  'lostAfterCommit',
  'processLost',
  'folderSetBack',
  'folderCloned',
  'machineSetBack',
  'tillLost',
  'clockHours',
  'clockYears',
  'townCommitRefused',
  'townLostAfterCommit',
  'townRestarted',
  'townSetBack',
  'termFreed',
  'cardLost',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What hands do beside selling, taking back and managing: of a thousand customers, or of a thousand cards shown. */
export const HAND_KINDS = ['exchange', 'changeTender', 'reportCard', 'forgotten', 'unreadable', 'bearer'] as const;
export type HandKind = (typeof HAND_KINDS)[number];

/** Everything that decides a run, so that a printed line repeats it exactly. */
export type Options = Readonly<{
  seed: number;
  tills: number;
  shops: number;
  days: number;
  /** Days between two days of trade on which the shops are shut: partitions and terms go on over them. */
  shutDays: number;
  villagers: number;
  /** Customers at each till and day. */
  customers: number;
  /** The first day, `YYYY-MM-DD`; near the end of a year lots expire during the run. */
  firstDay: string;
  termHours: number;
  /** Caps of the policy on points per sale, day and month. */
  pointsCap: number;
  /** How many of a thousand messages meet each fault of the network. */
  network: Readonly<Record<'requestLost' | 'answerLost' | 'requestDoubled' | 'requestReplayed' | 'answerLate', number>>;
  /** How many of each other fault are planned over the run. */
  planned: Readonly<Partial<Record<FaultKind, number>>>;
  /** How many of a thousand do each of these; options that were written down before hands knew them have none. */
  hands?: Readonly<Partial<Record<HandKind, number>>>;
  /** Operations left out, by their number in the plan: what shrinking takes away. */
  skipped: readonly number[];
  /** Operations after this one are left out. */
  lastOperation: number;
}>;

/** Parts of options that stand in for what a seed chose; faults are added one by one. */
export type Wanted = Readonly<Partial<Omit<Options, 'network'>> & { network?: Readonly<Partial<Options['network']>> }>;

/** A seed's own world with what is wanted in it. */
export function withWanted(options: Options, wanted: Wanted): Options {
  const network = { ...options.network, ...wanted.network };
  const planned = { ...options.planned, ...wanted.planned };
  return { ...options, ...wanted, network, planned, hands: { ...options.hands, ...wanted.hands } };
}

export type Ranges = Readonly<{ tills: readonly [number, number] | null; days: readonly [number, number] | null }>;

/** Till-days that a run of one seed has at most, unless its tills and days are asked for. */
const TILL_DAYS = 7;

/** What a seed stands for when nothing but ranges is asked for. */
export function optionsOf(seed: number, ranges: Ranges): Options {
  const random = createRandom(`${seed}:options`);
  const tills = ranges.tills === null ? random.between(2, 4) : random.between(...ranges.tills);
  const days = ranges.days === null ? Math.max(1, Math.floor(TILL_DAYS / tills)) : random.between(...ranges.days);
  const isRough = random.chance(700);
  const rate = (most: number): number => (isRough && random.chance(600) ? random.below(most) : 0);
  const network = {
    requestLost: rate(300),
    answerLost: rate(300),
    requestDoubled: rate(500),
    requestReplayed: rate(200),
    answerLate: rate(300),
  };
  // Drawn beside the others, so that a seed keeps the world that it had before hands could do this.
  const wishes = createRandom(`${seed}:hands`);
  const hands: Partial<Record<HandKind, number>> = {};
  for (const kind of HAND_KINDS) if (wishes.chance(700)) hands[kind] = wishes.between(20, 150);
  const tillDays = tills * days;
  const planned: Partial<Record<FaultKind, number>> = {};
  const plan = (kind: FaultKind, chance: number, most: number): void => {
    if (random.chance(chance)) planned[kind] = random.between(1, most);
  };
  plan('partition', 700, tillDays);
  plan('commitRefused', 500, tillDays);
  plan('lostBeforeCommit', 400, tillDays);
  plan('lostAfterCommit', 400, tillDays);
  plan('processLost', 500, tillDays);
  plan('folderSetBack', 250, 1);
  plan('folderCloned', 200, 1);
  plan('machineSetBack', 150, 1);
  plan('tillLost', 150, 1);
  plan('clockHours', 400, Math.ceil(tillDays / 2));
  plan('clockYears', 250, Math.ceil(tillDays / 3));
  plan('townCommitRefused', 400, tillDays);
  plan('townLostAfterCommit', 400, tillDays);
  plan('townRestarted', 300, days);
  plan('townSetBack', 200, 1);
  plan('termFreed', 350, 2);
  plan('cardLost', 350, 2);
  return {
    seed,
    tills,
    shops: random.between(1, Math.min(3, tills)),
    days,
    shutDays: random.chance(300) ? random.between(1, 6) : 0,
    villagers: random.between(2, 6),
    customers: random.between(6, 14),
    firstDay: random.chance(400) ? random.pick(['2026-12-29', '2026-12-30', '2026-12-31']) : '2026-11-24',
    termHours: random.pick([6, 24, 72]),
    pointsCap: random.pick([200, 1_000, 5_000]),
    network,
    planned,
    hands,
    skipped: [],
    lastOperation: Number.MAX_SAFE_INTEGER,
  };
}
