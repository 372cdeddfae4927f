import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { movesOf } from '../../shared/allotment.ts';
import { bodyOf } from '../../shared/record-bodies.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import type { Rows } from '../../town-server/store.ts';
import { loseCard } from './cards.ts';
import type { Machine } from './machine.ts';
import type { FaultKind } from './options.ts';
import type { Random } from './random.ts';
import { expose, machinesOf, type Post, type Simulation } from './simulation.ts';

const CUTS_MS = [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS] as const;
const FREEABLE_AFTER_MS = 24 * HOUR_MS;

/** Lets a planned fault happen at a till, or at the town; one that finds nothing to strike does not happen. */
export async function strike(simulation: Simulation, fault: FaultKind, post: Post, random: Random): Promise<void> {
  const { time, town, network, happened } = simulation;
  const { machine } = post;
  switch (fault) {
    case 'partition':
      network.cut(machine.name, time.nowMs() + random.pick(CUTS_MS));
      happened('partition');
      return;
    case 'commitRefused':
      machine.trap('refused', random.between(1, 12), () => happened(fault));
      return;
    case 'lostBeforeCommit':
      machine.trap('lostBefore', random.between(1, 12), () => happened(fault));
      return;
    case 'lostAfterCommit':
      machine.trap('lostAfter', random.between(1, 12), () => happened(fault));
      return;
    case 'processLost':
      if (post.isLost || !machine.isOn()) return;
      happened(fault);
      await machine.kill();
      return;
    case 'folderSetBack':
    case 'machineSetBack':
      await setBack(simulation, post, fault === 'machineSetBack', random);
      return;
    case 'folderCloned':
      await clone(simulation, post, random);
      return;
    case 'tillLost':
      if (post.isLost || simulation.posts.filter((one) => !one.isLost).length < 2) return;
      happened(fault);
      await machine.kill();
      machine.truth.read(machine.ledgerFile);
      machine.truth.letGo();
      post.isLost = true;
      for (const id of machine.truth.acknowledged.keys()) post.mayMiss.add(id);
      for (const term of openTermsOf(simulation, post.name)) simulation.unknowable.add(term.term);
      return;
    case 'clockHours':
    case 'clockYears': {
      const hours = fault === 'clockYears' ? random.between(1, 10) * 365 * 24 : random.between(1, 60);
      machine.setClock((random.chance(500) ? 1 : -1) * hours * HOUR_MS);
      happened(fault);
      time.at(time.nowMs() + random.between(1, 24) * HOUR_MS, () => machine.setClock(0));
      return;
    }
    case 'townCommitRefused':
      town.trap('refused', random.between(1, 20));
      return;
    case 'townLostAfterCommit':
      town.trap('lostAfter', random.between(1, 20));
      return;
    case 'townRestarted':
      await town.restart();
      return;
    case 'townSetBack':
      await setTownBack(simulation, random);
      return;
    case 'termFreed':
      await free(simulation, random);
      return;
    case 'cardLost': {
      const villager = random.pick(town.villagers);
      if (simulation.lostCards.has(villager.card)) return;
      await town.reportLost(villager);
      loseCard(simulation, villager.card, time.nowMs());
      happened(fault);
      return;
    }
    case 'requestLost':
    case 'answerLost':
    case 'requestDoubled':
    case 'requestReplayed':
    case 'answerLate':
      // These strike messages by their own chance.
      return;
    default:
      fault satisfies never;
  }
}

export function openTermsOf(simulation: Simulation, till: string): Rows['term'][] {
  return simulation.town.rows('term').filter((term) => term.till === till && term.closedAtMs === null);
}

/** What the tills of some terms may spend once more than they should: what the town moved to them, lot by lot. */
function exposeTerms(simulation: Simulation, terms: readonly Rows['term'][]): void {
  for (const lot of simulation.town.rows('lot')) {
    const points = terms.reduce((sum, { term }) => sum + (lot.allotted[term] ?? 0), 0);
    if (points > 0) expose(simulation, lot.lot, points);
  }
}

/** An older copy of a till's folder takes its place; sales that only the newer one knew are gone, and named here. */
async function setBack(simulation: Simulation, post: Post, wholeMachine: boolean, random: Random): Promise<void> {
  if (post.isLost || post.clone !== null || post.isForked || post.copies.length === 0) return;
  const { machine } = post;
  machine.disarm();
  await machine.kill();
  machine.truth.read(machine.ledgerFile);
  const copy = random.pick(post.copies);
  simulation.happened(wholeMachine ? 'machineSetBack' : 'folderSetBack');
  for (const one of machine.truth.acknowledged.values())
    if (one.atMs >= copy.atMs && !atTown(simulation, one.id)) post.mayMiss.add(one.id);
  const terms = openTermsOf(simulation, post.name);
  exposeTerms(simulation, terms);
  for (const term of terms) simulation.unknowable.add(term.term);
  post.wentBackFrom = machine.truth.incarnation();
  if (wholeMachine) post.isForked = true;
  await machine.setBack(copy.folder, wholeMachine);
  post.copies = [];
}

export function atTown(simulation: Simulation, id: string): boolean {
  return simulation.town.rows('record').some((row) => row.text.includes(`"id":"${id}"`));
}

/** A copy of the folder is started on a second machine, which has no key of the first. */
async function clone(simulation: Simulation, post: Post, random: Random): Promise<void> {
  if (post.isLost || post.clone !== null || post.isForked || post.machine.truth.seen().length === 0) return;
  simulation.happened('folderCloned');
  const twin = simulation.machine(`${post.name}-twin`);
  const copy = post.machine.copy();
  cpSync(join(copy, 'data'), twin.dataFolder, { recursive: true });
  twin.truth.copied();
  post.clone = twin;
  exposeTerms(simulation, openTermsOf(simulation, post.name));
  await twin.boot();
  if (random.chance(500)) await enrolAnew(simulation, post, twin, random);
}

/** A clerk gives the machine that waits for it a code for its present incarnation. */
export async function enrolAnew(simulation: Simulation, post: Post, machine: Machine, random: Random): Promise<void> {
  const till = simulation.town.rows('till').find((one) => one.till === post.name);
  const shop = till?.shop ?? 's1';
  const code = await simulation.town.code(shop, till === undefined ? null : post.name, post.name);
  await simulation.hands(machine, random).enrol(code);
}

/** The town is restored from an older copy; what it promised since is unknown to it, and its staff enters its lists again. */
async function setTownBack(simulation: Simulation, random: Random): Promise<void> {
  const { town } = simulation;
  if (simulation.townImages.length === 0) return;
  const { image } = random.pick(simulation.townImages);
  const known = new Set((image.get('grant') ?? new Map<string, unknown>()).keys());
  for (const grant of town.rows('grant')) {
    if (known.has(JSON.stringify([grant.grant]))) continue;
    for (const lot of grant.lots) expose(simulation, lot.lot, lot.points);
  }
  for (const term of town.rows('term')) simulation.unknowable.add(term.term);
  await town.setBack(image);
  for (const term of town.rows('term')) simulation.unknowable.add(term.term);
  for (const { villager, id, points, earnedOn } of simulation.issues) await town.issue(villager, id, points, earnedOn);
  for (const villager of town.villagers) if (simulation.lostCards.has(villager.card)) await town.reportLost(villager);
}

/**
 * What a till gave back into a term and the town has not got yet, of sales that it has: free again when it comes, and the
 * till may have spent it once more while the term was its own.
 */
function exposeUnseenRefunds(simulation: Simulation, { term, till, incarnation }: Rows['term']): void {
  const { town } = simulation;
  const head = town.rows('head').find((row) => row.till === till && row.incarnation === incarnation);
  const folded = new Set(town.rows('sale').map(({ sale }) => sale));
  for (const machine of machinesOf(simulation)) {
    if (machine.truth.till() !== till) continue;
    for (const { record } of machine.truth.seen()) {
      const refund = bodyOf(record, 'refund');
      if (refund === null || record.incarnation !== incarnation || record.seq <= (head?.seq ?? 0)) continue;
      if (!folded.has(refund.sale)) continue;
      for (const move of movesOf(record))
        if (move.kind === 'returnToTerm' && move.term === term) expose(simulation, move.lot, move.points);
    }
  }
}

/**
 * A clerk frees the term of a till that was silent for a day after its end: the possible loss is what it held, and what
 * it gave back that is not settled.
 */
async function free(simulation: Simulation, random: Random): Promise<void> {
  const { time, town } = simulation;
  const due = town
    .rows('term')
    .filter((term) => term.closedAtMs === null && time.nowMs() >= term.endMs + FREEABLE_AFTER_MS);
  if (due.length === 0) return;
  const term = random.pick(due);
  exposeTerms(simulation, [term]);
  exposeUnseenRefunds(simulation, term);
  const freed = await town.free(term.term);
  if (freed !== null) simulation.happened('termFreed');
}
