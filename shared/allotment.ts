import type { JournalRecord } from './journal.ts';
import type { LotPoints } from './record-bodies.ts';

/**
 * Points, lot by lot (protocol, "Allotments"). The town keeps for each lot what is free, what it moved to which term of
 * which till, what was spent, what expired, and what a shortfall had to cover. Every function is pure and answers the
 * lot as it stands afterwards.
 *
 * The law, always: free + sum of allotted + spent + expired - shortfall = issued.
 */
export type LotState = Readonly<{
  lot: string;
  member: string;
  village: string;
  fund: string;
  /** The last day on which the lot may be spent, `YYYY-MM-DD`. */
  expiresOn: string;
  issued: number;
  free: number;
  /** Points moved to each term, by term id; terms with nothing are left out. */
  allotted: Readonly<Record<string, number>>;
  spent: number;
  expired: number;
  /** Points spent beyond what a term held; borne by the fund that answers for the breach, never by the villager. */
  shortfall: number;
  /**
   * The part of the shortfall that each closed term spent and may still take back, by term id: a refund into that term
   * undoes it before it frees anything. Terms with nothing are left out.
   */
  uncovered: Readonly<Record<string, number>>;
}>;

export function newLot(
  lot: Readonly<{ lot: string; member: string; village: string; fund: string; expiresOn: string; issued: number }>,
): LotState {
  return { ...lot, free: lot.issued, allotted: {}, spent: 0, expired: 0, shortfall: 0, uncovered: {} };
}

/** True when the law of the lot holds, no part is negative, and what terms left uncovered is within the shortfall. */
export function lawHolds(lot: LotState): boolean {
  const allotted = Object.values(lot.allotted);
  const uncovered = Object.values(lot.uncovered);
  const parts = lot.free + allotted.reduce((sum, points) => sum + points, 0) + lot.spent + lot.expired - lot.shortfall;
  return (
    parts === lot.issued &&
    uncovered.reduce((sum, points) => sum + points, 0) <= lot.shortfall &&
    [lot.free, lot.spent, lot.expired, lot.shortfall, ...allotted, ...uncovered].every((points) => points >= 0)
  );
}

function withTerm(terms: Readonly<Record<string, number>>, term: string, points: number): Record<string, number> {
  const { [term]: _, ...others } = terms;
  return points === 0 ? others : { ...others, [term]: points };
}

function withAllotted(lot: LotState, term: string, points: number): LotState {
  return { ...lot, allotted: withTerm(lot.allotted, term, points) };
}

function withUncovered(lot: LotState, term: string, points: number): LotState {
  return { ...lot, uncovered: withTerm(lot.uncovered, term, points) };
}

function held(lot: LotState, term: string): number {
  return lot.allotted[term] ?? 0;
}

/** What a record of a till does to lots, read from its postings. */
export type PointsMove =
  | Readonly<{ kind: 'spend'; lot: string; term: string; points: number }>
  | Readonly<{ kind: 'returnToTerm'; lot: string; term: string; points: number }>
  | Readonly<{ kind: 'returnFree'; lot: string; points: number }>
  | Readonly<{ kind: 'out'; lot: string; term: string; points: number }>;

/**
 * The moves of a record, in the order of its postings. An `allotmentIn` moves nothing at the town: the grant left the
 * free part before it was sent.
 */
export function movesOf(record: JournalRecord): PointsMove[] {
  const moves: PointsMove[] = [];
  for (const { account, unit, lot, term, amount } of record.postings) {
    if (unit !== 'points' || lot === undefined) continue;
    if (record.kind === 'sale' && account === 'allotment' && term !== undefined)
      moves.push({ kind: 'spend', lot, term, points: -amount });
    if (record.kind === 'refund' && account === 'allotment' && term !== undefined)
      moves.push({ kind: 'returnToTerm', lot, term, points: amount });
    if (record.kind === 'refund' && account === 'returned') moves.push({ kind: 'returnFree', lot, points: amount });
    if (record.kind === 'allotmentOut' && account === 'allotment' && term !== undefined)
      moves.push({ kind: 'out', lot, term, points: -amount });
  }
  return moves;
}

/** Points that cannot go back into an expired lot live on in a new lot of the same issuer and fund. */
export const REBORN_DAYS = 30;

/**
 * Applies one move at the town. `termOpen` says whether the term still stands; `day` is the record's business day.
 * `rebornPoints` came back to a lot that had expired by then: the caller opens a lot of the same member, issuer and
 * fund for `REBORN_DAYS` with them (R-P10).
 */
export function applyMove(
  lot: LotState,
  move: PointsMove,
  termOpen: boolean,
  day: string,
): { lot: LotState; rebornPoints: number } {
  switch (move.kind) {
    case 'spend': {
      const covered = termOpen ? Math.min(held(lot, move.term), move.points) : 0;
      const next = termOpen
        ? withAllotted(lot, move.term, held(lot, move.term) - covered)
        : withUncovered(lot, move.term, (lot.uncovered[move.term] ?? 0) + move.points);
      return {
        lot: { ...next, spent: lot.spent + move.points, shortfall: lot.shortfall + move.points - covered },
        rebornPoints: 0,
      };
    }
    case 'out': {
      const moved = termOpen ? Math.min(held(lot, move.term), move.points) : 0;
      return {
        lot: { ...withAllotted(lot, move.term, held(lot, move.term) - moved), free: lot.free + moved },
        rebornPoints: 0,
      };
    }
    case 'returnToTerm': {
      if (!termOpen) {
        // The till took back what it had spent of a freed term: nobody is short of that, and nobody gains by it.
        const uncovered = lot.uncovered[move.term] ?? 0;
        const undone = Math.min(uncovered, move.points);
        const next = withUncovered(bearLess(lot, undone), move.term, uncovered - undone);
        return giveBack(next, move.points - undone, day);
      }
      return {
        lot: { ...withAllotted(lot, move.term, held(lot, move.term) + move.points), spent: lot.spent - move.points },
        rebornPoints: 0,
      };
    }
    case 'returnFree':
      return giveBack(lot, move.points, day);
  }
}

function giveBack(lot: LotState, points: number, day: string): { lot: LotState; rebornPoints: number } {
  const expired = lot.expiresOn < day;
  const next = { ...lot, spent: lot.spent - points };
  return expired
    ? { lot: { ...next, expired: lot.expired + points }, rebornPoints: points }
    : { lot: { ...next, free: lot.free + points }, rebornPoints: 0 };
}

/** Takes a spend back that a shortfall had to bear. */
function bearLess(lot: LotState, points: number): LotState {
  return { ...lot, spent: lot.spent - points, shortfall: lot.shortfall - points };
}

type Spend = Extract<PointsMove, { kind: 'spend' }>;
type Return = Extract<PointsMove, { kind: 'returnToTerm' | 'returnFree' }>;

/**
 * A spend recorded after its card was reported lost (R-C3): what its term held for it is free again, and the whole of it
 * is shortfall. Only `returnOfLostCard` takes such a spend back.
 */
export function spendOnLostCard(lot: LotState, move: Spend, termOpen: boolean): LotState {
  const { term, points } = move;
  const freed = termOpen ? Math.min(held(lot, term), points) : 0;
  const next = withAllotted(lot, term, held(lot, term) - freed);
  return { ...next, free: lot.free + freed, spent: lot.spent + points, shortfall: lot.shortfall + points };
}

/**
 * Goods of such a sale come back. Its holder never paid, so nothing is credited: a till that put the points into its
 * open term has them out of the free part again, and what is not free any more stays shortfall.
 */
export function returnOfLostCard(lot: LotState, move: Return, termOpen: boolean): LotState {
  if (move.kind === 'returnFree' || !termOpen) return bearLess(lot, move.points);
  const undone = Math.min(lot.free, move.points);
  return {
    ...withAllotted(lot, move.term, held(lot, move.term) + move.points),
    free: lot.free - undone,
    spent: lot.spent - move.points,
    shortfall: lot.shortfall - undone,
  };
}

/** Moves free points to a term; the caller never asks for more than is free. */
export function grantFrom(lot: LotState, term: string, points: number): LotState {
  if (points < 0 || points > lot.free) throw new Error(`lot ${lot.lot} has ${lot.free} free points, not ${points}`);
  return { ...withAllotted(lot, term, held(lot, term) + points), free: lot.free - points };
}

/** Closes a term for this lot for ever: what it held is free again. A clerk's decision, with the possible loss named. */
export function freeTerm(lot: LotState, term: string): LotState {
  return { ...withAllotted(lot, term, 0), free: lot.free + held(lot, term) };
}

/** On the day after its last, the free part of a lot expires; what comes back later follows at the next call. */
export function expire(lot: LotState, today: string): LotState {
  return lot.expiresOn < today && lot.free > 0 ? { ...lot, expired: lot.expired + lot.free, free: 0 } : lot;
}

/** A till that may receive points: heard from lately, with its open term. */
export type TillShare = Readonly<{ till: string; shop: string; term: string }>;

/**
 * What each term should hold of a lot (protocol, "Split"): home shop 60 %, other shops 30 % together, the rest free;
 * with one shop all of it. Within a shop equally; rounding stays free.
 */
export function targetsOf(
  points: number,
  tills: readonly TillShare[],
  homeShop: string | null,
  split: Readonly<{ homeBp: number; otherBp: number }>,
): Map<string, number> {
  const targets = new Map<string, number>();
  const shops = new Set(tills.map((till) => till.shop));
  const home = homeShop !== null && shops.has(homeShop) ? homeShop : null;
  for (const till of tills) {
    const inShop = tills.filter((other) => other.shop === till.shop).length;
    let shareBp: number;
    if (shops.size === 1) shareBp = 10_000;
    else if (home === null) shareBp = Math.floor((split.homeBp + split.otherBp) / shops.size);
    else if (till.shop === home) shareBp = split.homeBp;
    else shareBp = Math.floor(split.otherBp / (shops.size - 1));
    targets.set(till.term, Math.floor(Math.floor((points * shareBp) / 10_000) / inShop));
  }
  return targets;
}

/** What a till holds of one lot in its open term. */
export type HeldLot = Readonly<{
  lot: string;
  term: string;
  village: string;
  fund: string;
  expiresOn: string;
  points: number;
}>;

/** Points of unexpired lots, which is what a till may spend before caps. */
export function spendablePoints(lots: readonly HeldLot[], day: string): number {
  return lots.reduce((sum, lot) => sum + (lot.expiresOn >= day ? lot.points : 0), 0);
}

/** Which lots pay `points`: earliest expiry first, then by lot id (R-L2). The caller has checked that there are enough. */
export function planSpend(lots: readonly HeldLot[], points: number, day: string): LotPoints[] {
  const usable = lots.filter((lot) => lot.expiresOn >= day && lot.points > 0);
  usable.sort((a, b) => (a.expiresOn === b.expiresOn ? (a.lot < b.lot ? -1 : 1) : a.expiresOn < b.expiresOn ? -1 : 1));
  const plan: LotPoints[] = [];
  let left = points;
  for (const { lot, term, village, fund, points: available } of usable) {
    if (left === 0) break;
    const taken = Math.min(left, available);
    plan.push({ lot, term, village, fund, points: taken });
    left -= taken;
  }
  if (left > 0) throw new Error(`${left} points of a sale have no lot`);
  return plan;
}

/**
 * Which lots take `points` back: the lot spent last first, each up to what it gave less what it already got back.
 * A lot goes back into the term it came from while that is the till's open one and the lot has not expired;
 * otherwise it goes to the town's free part (`term` null).
 */
export function planReturn(
  spent: readonly LotPoints[],
  returned: ReadonlyMap<string, number>,
  points: number,
  openTerm: string | null,
  isExpired: (lot: string) => boolean,
): LotPoints[] {
  const plan: LotPoints[] = [];
  let left = points;
  for (const lot of [...spent].reverse()) {
    if (left === 0) break;
    const back = Math.min(left, lot.points - (returned.get(lot.lot) ?? 0));
    if (back <= 0) continue;
    plan.push({
      ...lot,
      term: lot.term !== null && lot.term === openTerm && !isExpired(lot.lot) ? lot.term : null,
      points: back,
    });
    left -= back;
  }
  if (left > 0) throw new Error(`${left} points of a refund have no lot to go back to`);
  return plan;
}
