import Database from 'better-sqlite3';
import { compareProjections } from '../../electron/core/ledger/compare.ts';
import type { Break, NightReport } from '../../shared/till-contract.ts';
import { checkCards, unforked } from './cards.ts';
import { checkTerms, checkTotals, checkTown, look, type Spent } from './check.ts';
import { enrolAnew } from './faults.ts';
import type { Machine } from './machine.ts';
import type { FaultKind } from './options.ts';
import { checkOrder } from './order.ts';
import { createRandom } from './random.ts';
import type { Post, Simulation } from './simulation.ts';
import { machinesOf } from './simulation.ts';
import { ensure } from './violation.ts';

const CONTACTS = 3;

/** Faults by which two tills, or a till and its town, do not hear of each other. */
const APART: readonly FaultKind[] = [
  'partition',
  'requestLost',
  'answerLost',
  'answerLate',
  'processLost',
  'lostBeforeCommit',
  'lostAfterCommit',
  'commitRefused',
  'townCommitRefused',
  'townLostAfterCommit',
  'townRestarted',
  'townSetBack',
  'folderSetBack',
  'machineSetBack',
  'folderCloned',
];

/** Which faults explain a break; a cap passed by several tills together is a notice and needs none. */
const EXPLAINS: Readonly<Record<Break['kind'], readonly FaultKind[] | 'always'>> = {
  capExceeded: 'always',
  shortfall: ['folderSetBack', 'machineSetBack', 'folderCloned', 'tillLost', 'termFreed', 'townSetBack', 'cardLost'],
  // Two machines on copies of one folder may both take its next number before the town hears of either.
  fork: ['machineSetBack', 'folderCloned'],
  refundUnclaimed: APART,
  refundedTwice: APART,
  townBehind: ['townSetBack'],
  totalsDiffer: [],
  quarantined: [],
  missing: [],
  closingWrong: [],
};

/** Words of the town that a new code answers: this till's incarnation is not known, or is another machine's. */
const ENROL_ANEW: ReadonlySet<string> = new Set(['notEnrolled', 'unknownIncarnation', 'unknownTill', 'wrongSignature']);

/** The liveness phase: no fault any more, and within three contacts everything agrees, or names what the faults explain. */
export async function converge(simulation: Simulation, spent: Spent): Promise<void> {
  const { network, town, time, options } = simulation;
  const random = createRandom(`${options.seed}:liveness`);
  network.heal();
  town.heal();
  for (const machine of machinesOf(simulation)) {
    machine.disarm();
    machine.setClock(0);
    await machine.bury();
    await simulation.hands(machine, random).ready();
  }
  await time.advanceTo(time.nowMs() + 60_000);
  const reports = new Map<Machine, NightReport | null>();
  for (let contact = 1; contact <= CONTACTS; contact += 1) {
    for (const post of simulation.posts) {
      for (const machine of standing(post)) {
        let report = await machine.night();
        if (ENROL_ANEW.has(report?.pendingBecause ?? '')) {
          await enrolAnew(simulation, post, machine, random);
          report = await machine.night();
        }
        reports.set(machine, report);
      }
    }
  }
  const [error] = simulation.errors;
  if (error !== undefined) throw error;
  for (const machine of machinesOf(simulation)) look(simulation, spent, machine);
  checkTown(simulation, spent);
  checkTerms(simulation);
  for (const post of simulation.posts) {
    for (const machine of standing(post)) {
      if (!post.isForked) checkReport(simulation, machine, reports.get(machine) ?? null);
      checkFile(machine, !post.isForked);
    }
  }
  checkBreaks(simulation);
  checkDocuments(simulation);
  await checkOrder(simulation);
  await checkCards(simulation, unforked(simulation), random);
}

function standing(post: Post): Machine[] {
  return [...(post.isLost ? [] : [post.machine]), ...(post.clone === null ? [] : [post.clone])];
}

/** A till agrees with its town: the night says so, the heads are one, and the totals are the same by a third count. */
function checkReport(simulation: Simulation, machine: Machine, report: NightReport | null): void {
  const { town } = simulation;
  const incarnation = machine.truth.incarnation();
  const isOurs = (row: Readonly<{ till: string; incarnation: number }>): boolean =>
    row.till === machine.truth.till() && row.incarnation === incarnation;
  const isDone = report?.state === 'matched' || report?.state === 'breaks';
  ensure(isDone, 'converges', () => `${machine.name}: ${JSON.stringify(report)}`);
  for (const one of report.breaks) explained(simulation, one.kind, `${machine.name} ${JSON.stringify(one)}`);
  const head = town.rows('head').find(isOurs);
  const own = machine.truth.head(incarnation);
  const isOne = head?.seq === own.seq && head.hash === own.hash;
  ensure(isOne, 'headsAgree', () => `${machine.name}: ${own.seq}, town ${head?.seq}`);
  const chain = town.rows('incarnation').find(isOurs);
  ensure(chain !== undefined, 'headsAgree', () => `${machine.name}: no chain`);
  checkTotals(machine, chain);
}

function explained(simulation: Simulation, kind: Break['kind'], what: string): void {
  const faults = EXPLAINS[kind];
  const isExplained =
    faults === 'always' ||
    faults.some((fault) => (simulation.counts.get(fault) ?? 0) > 0) ||
    // A till may report a card as well as the town's staff.
    (kind === 'shortfall' && simulation.lostCards.size > 0);
  ensure(isExplained, 'breakExplained', () => what);
}

function checkBreaks(simulation: Simulation): void {
  for (const one of simulation.town.rows('break')) explained(simulation, one.kind, JSON.stringify(one));
}

/** The file is sound, and a rebuild of everything beside the journal comes out identical (invariants 8 and 25). */
function checkFile(machine: Machine, isHeard: boolean): void {
  const compared = compareProjections(machine.ledgerFile);
  const other = compared.tables.filter((table) => !table.identical).map(({ table }) => table);
  ensure(compared.identical, 'rebuildIdentical', () => `${machine.name}: ${other.join(', ')}`);
  const database = new Database(machine.ledgerFile, { readonly: true });
  try {
    const sound = database.pragma('integrity_check', { simple: true });
    ensure(sound === 'ok', 'fileSound', () => `${machine.name}: ${String(sound)}`);
    const waiting = database.prepare<[], { n: number }>('SELECT COUNT(*) AS n FROM top_up').get()?.n;
    ensure(waiting === 0 || !isHeard, 'topUpsAnswered', () => `${machine.name}: ${waiting} wait`);
    const shelf = new Map<string, number>();
    for (const { record } of machine.truth.seen())
      for (const { item, delta } of record.stock) shelf.set(item, (shelf.get(item) ?? 0) + delta);
    const rows = database.prepare<[], { item: string; quantity: number }>('SELECT item, quantity FROM stock').all();
    for (const { item, quantity } of rows) {
      const moved = shelf.get(item) ?? 0;
      ensure(moved === quantity, 'stockAgrees', () => `${machine.name} ${item}: ${quantity}, moved ${moved}`);
    }
  } finally {
    database.close();
  }
}

/** Everything that a screen called done stands at the town, once; what is missing went with a folder, and is named. */
function checkDocuments(simulation: Simulation): void {
  const times = new Map<string, number>();
  for (const { text, fault } of simulation.town.rows('record')) {
    if (fault !== null) continue;
    const { id } = JSON.parse(text) as { id: string };
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  // Chains that go two ways are named by the town, and a person decides; both machines still hold what they recorded.
  const forks = new Set(
    simulation.town.rows('break').flatMap((one) => (one.kind === 'fork' ? [`${one.till}:${one.incarnation}`] : [])),
  );
  const wasTownSetBack = (simulation.counts.get('townSetBack') ?? 0) > 0;
  for (const post of simulation.posts) {
    for (const machine of [post.machine, post.clone]) {
      if (machine === null) continue;
      const here = new Map(
        machine.truth.seen().map(({ record }) => [record.id, `${record.till}:${record.incarnation}`]),
      );
      for (const { id, kind } of machine.truth.acknowledged.values()) {
        const found = times.get(id) ?? 0;
        const isExcused =
          post.mayMiss.has(id) ||
          post.isForked ||
          forks.has(here.get(id) ?? '') ||
          (wasTownSetBack && (!here.has(id) || post.isLost));
        const isCopied = wentBack(simulation) || (simulation.counts.get('folderCloned') ?? 0) > 0;
        ensure(
          found <= 1 || isCopied,
          'acknowledgedOnce',
          () => `${machine.name} ${kind} ${id}: ${found} times at the town`,
        );
        ensure(found === 1 || isExcused, 'acknowledgedLost', () => `${machine.name} ${kind} ${id}`);
        // A lost machine and one that went back hold what they hold; every other still holds all it acknowledged.
        const isKept = here.has(id) || post.mayMiss.has(id) || wentBack(simulation);
        ensure(isKept, 'acknowledgedLost', () => `${machine.name} ${kind} ${id} is not in its journal`);
      }
    }
  }
}

function wentBack(simulation: Simulation): boolean {
  return (['folderSetBack', 'machineSetBack'] as const).some((kind) => (simulation.counts.get(kind) ?? 0) > 0);
}
