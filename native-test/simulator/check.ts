import type { JournalRecord } from '../../shared/journal.ts';
import type { RefundBody, SaleBody, Totals } from '../../shared/record-bodies.ts';
import { businessDayOf } from '../../shared/time.ts';
import type { Rows } from '../../town-server/store.ts';
import { bearLostSale, noteReport } from './cards.ts';
import type { Machine } from './machine.ts';
import { machinesOf, type Simulation } from './simulation.ts';
import { ensure } from './violation.ts';

/** As the policy of every run says. */
const BUSINESS_DAY_ENDS = '03:00';

const sumOf = (numbers: Iterable<number>): number => {
  let sum = 0;
  for (const one of numbers) sum += one;
  return sum;
};

/** What every record that was ever seen spent of each lot, less what came back; each counted once. */
export type Spent = Readonly<{ counted: Set<string>; byLot: Map<string, number> }>;

export function newSpent(): Spent {
  return { counted: new Set(), byLot: new Map() };
}

/** Reads what a machine recorded since the last look, and counts the points that left and came back. */
export function look(simulation: Simulation, spent: Spent, machine: Machine): void {
  for (const seen of machine.truth.read(machine.ledgerFile)) {
    const { record, hash } = seen;
    noteReport(simulation, seen);
    if (spent.counted.has(hash)) continue;
    spent.counted.add(hash);
    const sign = record.kind === 'sale' ? 1 : record.kind === 'refund' ? -1 : 0;
    if (sign === 0) continue;
    const { lots } = record.body as SaleBody | RefundBody;
    for (const { lot, points } of lots) spent.byLot.set(lot, (spent.byLot.get(lot) ?? 0) + sign * points);
    bearLostSale(simulation, seen);
  }
}

/** What holds at the town at every moment (protocol, "Always"; invariants 12, 20). */
export function checkTown(simulation: Simulation, spent: Spent): void {
  const twice = refundedTwice(simulation);
  for (const lot of simulation.town.rows('lot')) {
    const allotted = Object.values(lot.allotted);
    const parts = lot.free + sumOf(allotted) + lot.spent + lot.expired - lot.shortfall;
    ensure(parts === lot.issued, 'conservation', () => `${parts} of ${lot.issued}: ${JSON.stringify(lot)}`);
    const least = Math.min(lot.free, lot.spent, lot.expired, lot.shortfall, ...allotted);
    ensure(least >= 0, 'neverNegative', () => JSON.stringify(lot));
    const allowed = (simulation.exposure.get(lot.lot) ?? 0) + (twice.get(lot.lot) ?? 0);
    ensure(lot.shortfall <= allowed, 'shortfallExplained', () => `${allowed} allowed: ${JSON.stringify(lot)}`);
    const really = spent.byLot.get(lot.lot) ?? 0;
    ensure(
      really <= lot.issued + allowed,
      'pointsDoubled',
      () => `${really} really spent, ${allowed} allowed beyond: ${JSON.stringify(lot)}`,
    );
  }
  checkMovements(simulation);
}

/** The list that each villager is told comes to what they have, whatever was lost, doubled or heard late. */
function checkMovements({ town, time }: Simulation): void {
  const today = businessDayOf(time.nowMs(), BUSINESS_DAY_ENDS);
  const listed = new Map<string, number>();
  const add = (member: string, points: number): void => void listed.set(member, (listed.get(member) ?? 0) + points);
  for (const { member, points } of town.rows('movement')) add(member, points);
  for (const lot of town.rows('lot')) {
    const left = Math.max(0, lot.free + sumOf(Object.values(lot.allotted)) - lot.overdrawn);
    // In time it is the holder's, and otherwise told as expired: either takes it out of the sum.
    add(lot.member, -(lot.expiresOn >= today ? left : Math.max(0, left + lot.expired - lot.unlisted)));
  }
  for (const [member, points] of listed)
    ensure(points === 0, 'movementsAddUp', () => `${member}: ${points} points more in the list than there are`);
}

/** Points that came back at two tills while they could not hear of each other: named by the town, lot by lot. */
function refundedTwice(simulation: Simulation): Map<string, number> {
  const twice = new Map<string, number>();
  for (const { kind, account, tillAmount, townAmount } of simulation.town.rows('break')) {
    if (kind !== 'refundedTwice' || account?.startsWith('points ') !== true) continue;
    const lot = account.slice('points '.length);
    twice.set(lot, (twice.get(lot) ?? 0) + (tillAmount ?? 0) - (townAmount ?? 0));
  }
  return twice;
}

/**
 * Per term and lot: what the town calls allotted is what the till holds and what is still under way (protocol, "Always";
 * invariants 13 and 15).
 */
export function checkTerms(simulation: Simulation): void {
  const { town } = simulation;
  const grants = Map.groupBy(town.rows('grant'), (grant) => grant.term);
  const chains = new Map(town.rows('incarnation').map((row) => [`${row.till}:${row.incarnation}`, row]));
  const twice = refundedTwice(simulation);
  const lots = town.rows('lot');
  for (const machine of machinesOf(simulation)) {
    const seen = machine.truth.seen();
    const incarnation = machine.truth.incarnation();
    const chain = ownChain(machine, chains);
    const term = town.rows('term').find((one) => one.term === chain?.term);
    if (chain === undefined || term === undefined || term.closedAtMs !== null) continue;
    if (simulation.unknowable.has(term.term)) continue;
    const own = seen.filter(({ record }) => record.incarnation === incarnation);
    const held = movedBy(own, term.term);
    const moved = movedBy(
      own.filter(({ record }) => isUnseen(record, chain.settledSeq)),
      term.term,
    );
    const applied = new Set(own.map(({ record }) => record.id));
    const coming = new Map<string, number>();
    for (const grant of grants.get(term.term) ?? [])
      if (!applied.has(grant.grant))
        for (const lot of grant.lots) coming.set(lot.lot, (coming.get(lot.lot) ?? 0) + lot.points);
    for (const lot of lots) {
      if (twice.has(lot.lot)) continue;
      const allotted = lot.allotted[term.term] ?? 0;
      const holds = held.get(lot.lot) ?? 0;
      ensure(holds >= 0, 'heldNegative', () => `${machine.name} ${lot.lot}: ${holds}`);
      const figures = [holds, -(moved.get(lot.lot) ?? 0), coming.get(lot.lot) ?? 0] as const;
      ensure(
        allotted === sumOf(figures),
        'termEquation',
        () => `${machine.name} ${lot.lot}: allotted ${allotted}, held, unseen and coming ${figures.join(', ')}`,
      );
    }
  }
}

/** What the town has not folded yet and moves something there: a grant left the free part before it was sent. */
function isUnseen(record: JournalRecord, settledSeq: number): boolean {
  return record.seq > settledSeq && record.kind !== 'allotmentIn';
}

/** What records moved into a term, less what they moved out of it, by lot. */
function movedBy(own: readonly Readonly<{ record: JournalRecord }>[], term: string): Map<string, number> {
  const moved = new Map<string, number>();
  for (const { record } of own) {
    for (const { account, lot = '', term: of, amount } of record.postings)
      if (account === 'allotment' && of === term) moved.set(lot, (moved.get(lot) ?? 0) + amount);
  }
  return moved;
}

/**
 * What the town acknowledges stands in the till's own file (invariant 23, the other way round): a till that could lose what
 * its town holds would have shown what it had not committed.
 */
export function checkHeads(simulation: Simulation): void {
  const heads = new Map(simulation.town.rows('head').map((row) => [`${row.till}:${row.incarnation}`, row]));
  const chains = new Map(simulation.town.rows('incarnation').map((row) => [`${row.till}:${row.incarnation}`, row]));
  for (const { machine, isForked, isLost, wentBackFrom } of simulation.posts) {
    const incarnation = machine.truth.incarnation();
    if (isForked || isLost || incarnation <= wentBackFrom || ownChain(machine, chains) === undefined) continue;
    const head = heads.get(`${machine.truth.till()}:${incarnation}`);
    if (head === undefined || head.seq === 0) continue;
    const own = machine.truth.hashAt(incarnation, head.seq);
    ensure(own === head.hash, 'townHasOurs', () => `${machine.name} ${incarnation}/${head.seq}`);
  }
}

/**
 * The town's chain of a machine's present incarnation. A machine that waits for its code may bear the number of a copy that
 * was enrolled before it: the key tells whose the chain is.
 */
function ownChain(machine: Machine, chains: ReadonlyMap<string, Rows['incarnation']>): Rows['incarnation'] | undefined {
  const incarnation = machine.truth.incarnation();
  const chain = chains.get(`${machine.truth.till()}:${incarnation}`);
  return chain?.publicKey === machine.truth.publicKeyOf(incarnation) ? chain : undefined;
}

/** The town's totals of a chain against a fold of the till's file that shares no code with either side (invariant 27). */
export function checkTotals(machine: Machine, chain: Rows['incarnation']): void {
  const own = machine.truth
    .seen()
    .filter(({ record }) => record.incarnation === chain.incarnation && record.seq <= chain.settledSeq);
  const accounts = new Map<string, number>();
  let sales = 0;
  let refunds = 0;
  let totalFen = 0;
  for (const { record } of own) {
    if (record.kind === 'sale') {
      sales += 1;
      totalFen += (record.body as SaleBody).totalFen;
    }
    if (record.kind === 'refund') {
      refunds += 1;
      totalFen -= sumOf((record.body as RefundBody).lines.map((line) => line.payFen));
    }
    for (const { unit, account, amount } of record.postings)
      accounts.set(`${unit} ${account}`, (accounts.get(`${unit} ${account}`) ?? 0) + amount);
  }
  const figures = (totals: Totals): [string, number][] => [
    ['records', totals.records],
    ['sales', totals.sales],
    ['refunds', totals.refunds],
    ['totalFen', totals.totalFen],
  ];
  const mine: Record<string, number> = { records: own.length, sales, refunds, totalFen };
  for (const [figure, amount] of figures(chain.perpetual))
    ensure(amount === mine[figure], 'totalsAgree', () => `${machine.name} ${figure}: ${mine[figure]}, town ${amount}`);
  for (const key of new Set([...accounts.keys(), ...Object.keys(chain.perpetual.accounts)])) {
    const here = accounts.get(key) ?? 0;
    const there = chain.perpetual.accounts[key] ?? 0;
    ensure(here === there, 'totalsAgree', () => `${machine.name} ${key}: ${here}, town ${there}`);
  }
}
