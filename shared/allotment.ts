import { amountAt } from './amounts.ts';
import type { JournalRecord } from './journal.ts';
import type { LotPoints } from './record-bodies.ts';

/**
 * Points, lot by lot (protocol, "Allotments"). The town keeps for each lot what is free, what it moved to which term of
 * which till, what was spent, what expired, and what a shortfall had to cover. Every function is pure and answers the
 * lot as it stands afterwards.
 *
 * The law, always: free + sum of allotted + spent + expired - shortfall = issued, and nothing is free while a lot is
 * overdrawn.
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
   * The part of `shortfall` that stands for grants which a restored town had forgotten and found nothing free for when
   * it heard of them. Whatever comes free makes up for it first, so that it is nobody's a second time.
   */
  overdrawn: number;
}>;

export function newLot(
  lot: Readonly<{ lot: string; member: string; village: string; fund: string; expiresOn: string; issued: number }>,
): LotState {
  return { ...lot, free: lot.issued, allotted: {}, spent: 0, expired: 0, shortfall: 0, overdrawn: 0 };
}

/** True when the law of the lot holds (invariants 3 and 20) and no part is negative (invariant 12). */
export function lawHolds(lot: LotState): boolean {
  const allotted = Object.values(lot.allotted);
  const parts = lot.free + allotted.reduce((sum, points) => sum + points, 0) + lot.spent + lot.expired - lot.shortfall;
  return (
    parts === lot.issued &&
    [lot.free, lot.spent, lot.expired, lot.shortfall, lot.overdrawn, ...allotted].every((points) => points >= 0) &&
    lot.overdrawn <= lot.shortfall &&
    (lot.overdrawn === 0 || lot.free === 0)
  );
}

function withAllotted(lot: LotState, term: string, points: number): LotState {
  const { [term]: _, ...others } = lot.allotted;
  return { ...lot, allotted: points === 0 ? others : { ...others, [term]: points } };
}

function held(lot: LotState, term: string): number {
  return amountAt(lot.allotted, term);
}

/** Takes what is free for what was granted beyond it; nothing is both overdrawn and free. */
function madeUp(lot: LotState): LotState {
  const points = Math.min(lot.free, lot.overdrawn);
  return points === 0
    ? lot
    : {
        ...lot,
        free: lot.free - points,
        shortfall: lot.shortfall - points,
        overdrawn: lot.overdrawn - points,
      };
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

/** A lot after a move, and what the caller has to remember of it. */
export type Moved = Readonly<{
  lot: LotState;
  /** Came back to a lot that had expired by then: the caller opens a lot of the same issuer and fund with them (R-P10). */
  rebornPoints: number;
  /** By how much more, or less when negative, a shortfall now bears for the sale that this move belongs to. */
  borne: number;
}>;

/**
 * Applies one move at the town. `termOpen` says whether the term still stands; `day` is the record's business day.
 * `borne` is what a shortfall still bears of this lot for the very sale that a return belongs to: nobody paid for that
 * part, so it is undone first, wherever the till put the points, and only the rest is anybody's again.
 * Nothing leaves a term twice (invariant 14): what one spends or gives back beyond what it holds, or of a closed one, is
 * not taken from it (invariant 16), and a shortfall bears the spend instead of the villager (invariant 12).
 */
export function applyMove(lot: LotState, move: PointsMove, termOpen: boolean, day: string, borne = 0): Moved {
  switch (move.kind) {
    case 'spend': {
      const covered = termOpen ? Math.min(held(lot, move.term), move.points) : 0;
      const missing = move.points - covered;
      const next = withAllotted(lot, move.term, held(lot, move.term) - covered);
      return {
        lot: { ...next, spent: lot.spent + move.points, shortfall: lot.shortfall + missing },
        rebornPoints: 0,
        borne: missing,
      };
    }
    case 'out': {
      const moved = termOpen ? Math.min(held(lot, move.term), move.points) : 0;
      const next = withAllotted(lot, move.term, held(lot, move.term) - moved);
      return { lot: madeUp({ ...next, free: lot.free + moved }), rebornPoints: 0, borne: 0 };
    }
    case 'returnToTerm':
    case 'returnFree': {
      const undone = Math.min(borne, move.points);
      const left = move.points - undone;
      const next = bearLess(lot, undone);
      if (move.kind === 'returnFree' || !termOpen) return { ...giveBack(next, left, day), borne: -undone };
      const back = withAllotted(next, move.term, held(next, move.term) + left);
      return { lot: { ...back, spent: next.spent - left }, rebornPoints: 0, borne: -undone };
    }
  }
}

function giveBack(lot: LotState, points: number, day: string): { lot: LotState; rebornPoints: number } {
  const expired = lot.expiresOn < day;
  const next = { ...lot, spent: lot.spent - points };
  return expired
    ? { lot: { ...next, expired: lot.expired + points }, rebornPoints: points }
    : { lot: madeUp({ ...next, free: lot.free + points }), rebornPoints: 0 };
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
  return madeUp({ ...next, free: lot.free + freed, spent: lot.spent + points, shortfall: lot.shortfall + points });
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

/** Moves free points to a term, never more than is free (invariants 13, 15), and so none of a lot that is overdrawn. */
export function grantFrom(lot: LotState, term: string, points: number): LotState {
  if (points < 0 || points > lot.free) throw new Error(`lot ${lot.lot} has ${lot.free} free points, not ${points}`);
  return { ...withAllotted(lot, term, held(lot, term) + points), free: lot.free - points };
}

/** Closes a term for this lot for ever: what it held is free again. A clerk's decision, with the possible loss named. */
export function freeTerm(lot: LotState, term: string): LotState {
  return madeUp({ ...withAllotted(lot, term, 0), free: lot.free + held(lot, term) });
}

/**
 * A grant that the till has written down and a town restored from an older copy has forgotten: it is the term's all the
 * same. It was taken from the free part then, so it is now, or from what the restored town let expire of it since; what
 * neither has was granted elsewhere meanwhile, or comes back by records that are still to be heard, and is overdrawn.
 * `reborn` of what expired lives on in another lot (R-P10) and is nobody's a second time (invariant 12).
 */
export function adoptGrant(lot: LotState, term: string, points: number, reborn = 0): LotState {
  const fromFree = Math.min(lot.free, points);
  const fromExpired = Math.min(Math.max(0, lot.expired - reborn), points - fromFree);
  const beyond = points - fromFree - fromExpired;
  return {
    ...withAllotted(lot, term, held(lot, term) + points),
    free: lot.free - fromFree,
    expired: lot.expired - fromExpired,
    shortfall: lot.shortfall + beyond,
    overdrawn: lot.overdrawn + beyond,
  };
}

/** The points of a lot that was known only from a forgotten grant, once it is issued again. */
export function issueAgain(lot: LotState, points: number): LotState {
  return madeUp({ ...lot, issued: lot.issued + points, free: lot.free + points });
}

/** On the day after its last, the free part of a lot expires; what comes back later follows at the next call. */
export function expire(lot: LotState, today: string): LotState {
  return lot.expiresOn < today && lot.free > 0 ? { ...lot, expired: lot.expired + lot.free, free: 0 } : lot;
}

/** A till that may receive points: heard from lately, with its open term. */
export type TillShare = Readonly<{ till: string; shop: string; term: string }>;

/**
 * What each term should hold of a lot (protocol, "Split"): home shop 60 %, other shops 30 % together, the rest free;
 * with one shop all of it. Within a shop equally; rounding stays free, so that all of them together never want more than
 * there is (invariant 15).
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
 * Which lots take `points` back: the lot spent last first, each up to what it gave. `already` points of the sale came
 * back before, and went the same way. A lot goes back into the term it came from while that is the till's open one and
 * the lot has not expired; otherwise it goes to the town's free part (`term` null).
 */
export function planReturn(
  spent: readonly LotPoints[],
  already: number,
  points: number,
  openTerm: string | null,
  isExpired: (lot: string) => boolean,
): LotPoints[] {
  const plan: LotPoints[] = [];
  let skipped = already;
  let left = points;
  for (const lot of [...spent].reverse()) {
    const gone = Math.min(skipped, lot.points);
    skipped -= gone;
    const back = Math.min(left, lot.points - gone);
    if (back === 0) continue;
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
