import { createHash } from 'node:crypto';
import { HOUR_MS, startOfDayMs } from '../../shared/time.ts';
import { checkHeads, checkTerms, checkTown, look, newSpent, type Spent } from './check.ts';
import { makeScratch, removeFolder } from './disk.ts';
import { enrolAnew, strike } from './faults.ts';
import { converge } from './liveness.ts';
import type { FaultKind, Options } from './options.ts';
import { planOf, type Operation } from './plan.ts';
import { createRandom } from './random.ts';
import { machinesOf, openSimulation, type Simulation } from './simulation.ts';
import type { AcknowledgedKind } from './truth.ts';
import { Violation } from './violation.ts';

export type Outcome = Readonly<{
  options: Options;
  /** What was broken, or null. `operation` is the number of the one after which it was seen. */
  failure: Readonly<{ check: string; message: string; operation: number }> | null;
  counts: ReadonlyMap<FaultKind, number>;
  operations: number;
  /** What screens called done. */
  documents: Readonly<Record<AcknowledgedKind, number>>;
  /** Head hashes of every journal and the town's rows: equal for equal seeds, to the byte. */
  digest: string;
}>;

/** Runs one seed: a safety phase with all its faults, then a liveness phase without any. */
export async function run(options: Options): Promise<Outcome> {
  const scratch = makeScratch();
  const operations = planOf(options);
  const spent = newSpent();
  let failure: Outcome['failure'] = null;
  let simulation: Simulation | null = null;
  let last = 0;
  try {
    simulation = await openSimulation(options, scratch, startOfDayMs(options.firstDay) + 6 * HOUR_MS);
    simulation.network.start();
    for (const operation of operations) {
      last = operation.number;
      await simulation.time.advanceTo(operation.atMs);
      await perform(simulation, operation);
      await inspect(simulation, spent, operation);
    }
    last = Number.MAX_SAFE_INTEGER;
    await converge(simulation, spent);
  } catch (error) {
    const thrown = simulation?.errors[0] ?? error;
    const found = thrown instanceof Violation ? thrown : null;
    const message = found?.message ?? `threw: ${thrown instanceof Error ? (thrown.stack ?? '') : String(thrown)}`;
    failure = { check: found?.check ?? 'threw', message, operation: last };
  }
  const outcome: Outcome = {
    options,
    failure,
    counts: simulation?.counts ?? new Map(),
    operations: operations.length,
    documents: documentsOf(simulation),
    digest: digestOf(simulation),
  };
  for (const post of simulation?.posts ?? []) {
    for (const machine of [post.machine, post.clone]) {
      if (machine === null) continue;
      machine.truth.letGo();
      await machine.abandon();
    }
  }
  removeFolder(scratch);
  return outcome;
}

async function perform(simulation: Simulation, operation: Operation): Promise<void> {
  const { options, town } = simulation;
  const random = createRandom(`${options.seed}:operation:${operation.number}`);
  const post = simulation.posts[operation.till];
  if (post === undefined) return;
  const { what } = operation;
  if (what.kind === 'fault') return strike(simulation, what.fault, post, random);
  if (what.kind === 'issue') {
    const villager = random.pick(town.villagers);
    const lot = {
      villager,
      id: `issue-${operation.number}`,
      points: random.between(5, 120),
      earnedOn: options.firstDay,
    };
    simulation.issues.push(lot);
    return town.issue(villager, lot.id, lot.points, lot.earnedOn);
  }
  const machine = post.clone !== null && (post.isLost || random.chance(400)) ? post.clone : post.machine;
  if (machine === post.machine && post.isLost) return;
  const hands = simulation.hands(machine, random);
  await machine.bury();
  if (random.chance(500)) await machine.tick();
  switch (what.kind) {
    case 'sell':
      return hands.sell(random.chance(750) ? random.pick(town.villagers) : null);
    case 'recall':
      return hands.recall();
    case 'refund':
      return hands.refund();
    case 'exchange':
      return hands.exchange();
    case 'changeTender':
      return hands.changeTender();
    case 'reportCard':
      return hands.reportCard(random.pick(town.villagers));
    case 'manage':
      return hands.manage();
    case 'morning': {
      if (operation.till === 0) simulation.townImages.push({ image: town.image(), atMs: simulation.time.nowMs() });
      await hands.ready();
      const screen = await machine.screen();
      if (screen?.status.town === 'notEnrolled' && random.chance(500))
        await enrolAnew(simulation, post, machine, random);
      return;
    }
    case 'night':
      await machine.night();
      return;
    case 'copy':
      if (machine.isOn() && machine === post.machine)
        post.copies.push({ folder: machine.copy(), atMs: simulation.time.nowMs() });
      return;
    case 'switchOff':
      await machine.switchOff();
      return;
    default:
      what.kind satisfies never;
  }
}

/** What is looked at after every operation: the town, and the machine that was touched; terms every few operations. */
async function inspect(simulation: Simulation, spent: Spent, operation: Operation): Promise<void> {
  for (const machine of machinesOf(simulation)) await machine.bury();
  const [error] = simulation.errors;
  if (error !== undefined) throw error;
  for (const machine of machinesOf(simulation)) look(simulation, spent, machine);
  checkTown(simulation, spent);
  if (operation.number % 5 !== 0) return;
  checkHeads(simulation);
  checkTerms(simulation);
}

function documentsOf(simulation: Simulation | null): Outcome['documents'] {
  const all = (simulation?.posts ?? []).flatMap(({ machine, clone }) => [
    ...machine.truth.acknowledged.values(),
    ...(clone?.truth.acknowledged.values() ?? []),
  ]);
  const count = (kind: AcknowledgedKind): number => all.filter((one) => one.kind === kind).length;
  return {
    sale: count('sale'),
    refund: count('refund'),
    exchange: count('exchange'),
    tenderChange: count('tenderChange'),
    cardChange: count('cardChange'),
  };
}

function digestOf(simulation: Simulation | null): string {
  const digest = createHash('sha256');
  for (const { machine, clone } of simulation?.posts ?? [])
    for (const one of [machine, clone]) for (const { hash } of one?.truth.seen() ?? []) digest.update(hash);
  for (const table of ['lot', 'term', 'statement', 'record'] as const)
    digest.update(JSON.stringify(simulation?.town.rows(table) ?? []));
  return digest.digest('hex');
}
