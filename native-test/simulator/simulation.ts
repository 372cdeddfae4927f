import type { BodyOf } from '../../shared/record-bodies.ts';
import type { StoreImage } from '../../town-server/memory-store.ts';
import { createHands, type Hands } from './hands.ts';
import { createMachine, type Machine } from './machine.ts';
import { createNetwork, type Network } from './network.ts';
import type { FaultKind, Options } from './options.ts';
import { createRandom, type Random } from './random.ts';
import { bearerOf, openSimulatedTown, simulatedPolicy, type SimulatedTown, type Villager } from './town.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export type LotIssue = Readonly<{ villager: Villager; id: string; points: number; earnedOn: string }>;

/** A till of the town: its machine, which may be lost, and what else came to stand on its records. */
export type Post = {
  name: string;
  machine: Machine;
  /** A second machine on a copy of its folder. */
  clone: Machine | null;
  isLost: boolean;
  /** The whole machine went back in time: its chain goes two ways, and a person has to decide. */
  isForked: boolean;
  /** The incarnation whose newest records went with a folder that was set back; 0 while none did. */
  wentBackFrom: number;
  /** Folders as they once stood, and when. */
  copies: { folder: string; atMs: number }[];
  /** Documents whose only copy went with a folder that was set back or a machine that was lost. */
  mayMiss: Set<string>;
};

/** The world of one run and what its faults explain. */
export type Simulation = Readonly<{
  options: Options;
  time: VirtualTime;
  town: SimulatedTown;
  network: Network;
  posts: Post[];
  counts: Map<FaultKind, number>;
  happened: (kind: FaultKind) => void;
  /** Points of each lot that may be spent twice, because a fault that the protocol names made them so. */
  exposure: Map<string, number>;
  /** Terms whose books the faults put beyond comparison with their till. */
  unknowable: Set<string>;
  townImages: { image: StoreImage; atMs: number }[];
  issues: LotIssue[];
  /** Cards that count no more, and from when on at the earliest. */
  lostCards: Map<string, number>;
  /** Every report of a card that was ever seen in a journal, by its request. */
  reports: Map<string, BodyOf<'cardChange'>>;
  /** Sales with such a card, by the hash of their record, whose points are named in `exposure`. */
  borne: Set<string>;
  errors: unknown[];
  machine: (name: string) => Machine;
  hands: (machine: Machine, random: Random) => Hands;
}>;

export async function openSimulation(options: Options, scratch: string, startMs: number): Promise<Simulation> {
  const time = createVirtualTime(startMs);
  const counts = new Map<FaultKind, number>();
  const errors: unknown[] = [];
  const happened = (kind: FaultKind): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  };
  const threw = (error: unknown): void => {
    errors.push(error);
  };
  const town = await openSimulatedTown(options, time, happened, threw);
  const network = createNetwork(options, time, town.call, happened);
  const policy = simulatedPolicy(options);
  const machine = (name: string): Machine =>
    createMachine(name, scratch, {
      seed: options.seed,
      time,
      policy,
      bearerOf: (member) => bearerOf(town.villagers, member),
      lineOf: network.lineOf,
      threw,
    });
  const simulation: Simulation = {
    options,
    time,
    town,
    network,
    posts: [],
    counts,
    happened,
    exposure: new Map(),
    unknowable: new Set(),
    townImages: [],
    issues: [],
    lostCards: new Map(),
    reports: new Map(),
    borne: new Set(),
    errors,
    machine,
    hands: (of, random) =>
      createHands(of, { street: () => machinesOf(simulation), town, time, random, wishes: options.hands ?? {} }),
  };
  for (let index = 0; index < options.tills; index += 1) simulation.posts.push(await openPost(simulation, index));
  return simulation;
}

/** A till as its shop gets it: enrolled, stocked, signed in, with its first points; nothing goes wrong here. */
async function openPost(simulation: Simulation, index: number): Promise<Post> {
  const { town } = simulation;
  const name = `t${String(index + 1).padStart(2, '0')}`;
  const machine = simulation.machine(name);
  const hands = simulation.hands(machine, createRandom(`${simulation.options.seed}:open:${name}`));
  await machine.boot();
  const shop = town.shops[index % town.shops.length] ?? 's1';
  await hands.enrol(await town.code(shop, null, name));
  await hands.ready();
  await hands.stockShelves();
  const whole = { clone: null, isLost: false, isForked: false, wentBackFrom: 0 };
  return { name, machine, ...whole, copies: [], mayMiss: new Set() };
}

/** Every machine that still exists. */
export function machinesOf(simulation: Simulation): Machine[] {
  return simulation.posts.flatMap(({ machine, clone, isLost }) => [
    ...(isLost ? [] : [machine]),
    ...(clone === null ? [] : [clone]),
  ]);
}

export function expose(simulation: Simulation, lot: string, points: number): void {
  simulation.exposure.set(lot, (simulation.exposure.get(lot) ?? 0) + points);
}
