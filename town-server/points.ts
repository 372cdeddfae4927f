import {
  expire,
  freeTerm,
  grantFrom,
  issueAgain,
  newLot,
  targetsOf,
  type LotState,
  type TillShare,
} from '../shared/allotment.ts';
import { must } from '../shared/assert.ts';
import type { MemberView } from '../shared/member.ts';
import type { Grant } from '../shared/record-bodies.ts';
import { seal, type SignedDocument } from '../shared/signed.ts';
import { addDays, HOUR_MS } from '../shared/time.ts';
import type { SealedGrant, TownRefusal } from '../shared/town-contract.ts';
import { headOf } from './intake.ts';
import { putLots } from './lots.ts';
import { remainingPoints, touchMembers, viewsOf } from './members.ts';
import { earning } from './movements.ts';
import { FREE_AFTER_MS, isWaiting } from './restored.ts';
import { foldNext, foldTakenIn } from './settle.ts';
import type { Rows, Transaction } from './store.ts';
import {
  asCanonical,
  noteContact,
  openBreaks,
  present,
  refused,
  unknownCaller,
  type Refused,
  type TillRequest,
  type Town,
} from './town.ts';

type LotRow = Rows['lot'];

/** Moves what is free in lots past their last day to expired, at once (protocol, "expiry of a lot"). */
export async function expireLots(transaction: Transaction, today: string): Promise<void> {
  const due = await transaction.list('lot', { below: { expiresOn: today }, above: { free: 0 } });
  await putLots(
    transaction,
    due.map((lot) => ({ ...lot, ...expire(lot, today) })),
  );
  await touchMembers(
    transaction,
    due.map((lot) => lot.member),
  );
}

/** 31 December of the year after earning (R-L3). */
export function expiryOf(earnedOn: string): string {
  return `${Number(earnedOn.slice(0, 4)) + 1}-12-31`;
}

export type NewLot = Readonly<{
  id: string;
  member: string;
  village: string;
  fund: string;
  points: number;
  earnedOn: string;
  note: string;
}>;

/** Credits points to a member, once per id: the same again is answered the same, another content is refused. */
export async function issueLot(town: Town, transaction: Transaction, wanted: NewLot): Promise<TownRefusal | null> {
  const { id, member, village, fund, points, earnedOn, note } = wanted;
  if ((await transaction.get('member', { member })) === null) return 'unknownMember';
  if ((await transaction.get('village', { village })) === null) return 'unknownVillage';
  const before = await transaction.get('lot', { lot: id });
  if (before !== null && before.issued === 0) {
    // Known from a grant that a restored town had forgotten, as it had the lot itself: now it is issued.
    if (before.member !== member || before.village !== village || before.fund !== fund) return 'duplicate';
    await credit(
      transaction,
      before,
      { ...before, ...issueAgain(before, points), earnedOn, note },
      points,
      town.nowMs(),
    );
    return null;
  }
  if (before !== null) {
    const same =
      before.member === member && before.village === village && before.fund === fund && before.issued === points;
    return same && before.earnedOn === earnedOn && before.note === note ? null : 'duplicate';
  }
  const lot = newLot({ lot: id, member, village, fund, expiresOn: expiryOf(earnedOn), issued: points });
  await credit(transaction, null, { ...lot, earnedOn, note, unlisted: 0 }, points, town.nowMs());
  return null;
}

async function credit(
  transaction: Transaction,
  before: LotRow | null,
  lot: LotRow,
  points: number,
  nowMs: number,
): Promise<void> {
  await putLots(transaction, [lot]);
  await transaction.put('movement', [earning(before, lot, points, nowMs)]);
  await touchMembers(transaction, [lot.member]);
}

/** The open term of a chain; a new, empty one when there is none or the last was closed. */
export async function openTerm(
  town: Town,
  transaction: Transaction,
  chain: Rows['incarnation'],
  endMs: number,
): Promise<Rows['term']> {
  const before = chain.term === null ? null : await transaction.get('term', { term: chain.term });
  const term: Rows['term'] =
    before !== null && before.closedAtMs === null
      ? { ...before, endMs: Math.max(before.endMs, endMs) }
      : { term: town.newId(), till: chain.till, incarnation: chain.incarnation, endMs, closedAtMs: null };
  await transaction.put('term', [term]);
  return term;
}

/** Tills that share in points: heard from within a term's length, each by the open term of its present incarnation. */
async function sharingTills(transaction: Transaction, nowMs: number, termHours: number): Promise<TillShare[]> {
  const heard = await transaction.list('contact', { above: { heardAtMs: nowMs - termHours * HOUR_MS } });
  const tills = await transaction.list('till', { among: { till: heard.map((row) => row.till) } });
  const chains = await transaction.list('incarnation', { among: { till: tills.map((row) => row.till) } });
  const terms = await transaction.list('term', {
    among: { till: tills.map((row) => row.till) },
    equal: { closedAtMs: null },
  });
  return tills.flatMap(({ till, shop, incarnation }) => {
    const chain = chains.find((one) => one.till === till && one.incarnation === incarnation);
    const term = terms.find((one) => one.term === chain?.term);
    return term === undefined ? [] : [{ till, shop, term: term.term }];
  });
}

/**
 * Steers what a term holds towards the split of the policy (protocol, "Split"). Points that are missing leave the free
 * part now, durably, before anything is sent; points that other tills miss are asked back.
 */
export async function steer(town: Town, transaction: Transaction, term: Rows['term']): Promise<void> {
  const { nowMs, today, policy } = await present(town, transaction);
  const sharing = await sharingTills(transaction, nowMs, policy.term.hours);
  const tills = sharing.some((one) => one.term === term.term)
    ? sharing
    : [...sharing, { till: term.till, shop: await shopOf(transaction, term.till), term: term.term }];
  const members = new Map((await transaction.list('member', { equal: { state: 'active' } })).map((m) => [m.member, m]));
  const undone = await transaction.list('recall', { equal: { term: term.term, doneSeq: null } });
  const asked = new Map(undone.map((recall) => [recall.lot, recall]));
  const granted = new Map<string, Grant['lots']>();
  const changed: LotRow[] = [];
  const recalls: Rows['recall'][] = [];
  for (const lot of await transaction.list('lot', { above: { expiresOn: addDays(today, -1) } })) {
    const member = members.get(lot.member);
    if (member === undefined) continue;
    const targets = targetsOf(remainingPoints(lot), tills, member.homeShop, policy.allotment);
    const held = lot.allotted[term.term] ?? 0;
    const target = targets.get(term.term) ?? 0;
    const points = Math.min(target - held, lot.free);
    if (points > 0) {
      changed.push({ ...lot, ...grantFrom(lot, term.term, points) });
      granted.set(lot.member, [...(granted.get(lot.member) ?? []), grantedLot(lot, points)]);
    }
    const back = Math.min(held - target, missingElsewhere(lot, term.term, targets));
    const before = asked.get(lot.lot);
    // Nobody misses them any more: the till may have spent them since. Should it still send them, they are taken back.
    if (before !== undefined && back <= 0) recalls.push({ ...before, doneSeq: 0 });
    if (back > 0 && before === undefined) {
      recalls.push({
        recall: town.newId(),
        till: term.till,
        incarnation: term.incarnation,
        term: term.term,
        member: lot.member,
        lot: lot.lot,
        points: back,
        doneSeq: null,
      });
    }
  }
  await putLots(transaction, changed);
  await transaction.put(
    'grant',
    [...granted].map(([member, lots]) => grantRow(town, term, member, lots, nowMs)),
  );
  await transaction.put('recall', recalls);
}

/** What other terms and the free part miss of their shares beyond what is free, and what is held twice: worth asking back. */
function missingElsewhere(lot: LotState, term: string, targets: ReadonlyMap<string, number>): number {
  let missing = remainingPoints(lot);
  for (const [other, target] of targets) {
    missing -= target;
    if (other !== term) missing += Math.max(0, target - (lot.allotted[other] ?? 0));
  }
  return missing - lot.free + lot.overdrawn;
}

async function shopOf(transaction: Transaction, till: string): Promise<string> {
  return (await transaction.get('till', { till }))?.shop ?? '';
}

function grantedLot(lot: LotState, points: number): Grant['lots'][number] {
  return { lot: lot.lot, village: lot.village, fund: lot.fund, expiresOn: lot.expiresOn, points };
}

function grantRow(town: Town, term: Rows['term'], member: string, lots: Grant['lots'], nowMs: number): Rows['grant'] {
  return {
    grant: town.newId(),
    till: term.till,
    incarnation: term.incarnation,
    term: term.term,
    member,
    lots,
    madeAtMs: nowMs,
    appliedSeq: null,
  };
}

/** A grant as it is sent. */
export function grantOf(row: Rows['grant']): Grant {
  return {
    id: row.grant,
    till: row.till,
    incarnation: row.incarnation,
    term: row.term,
    member: row.member,
    lots: row.lots,
  };
}

/** `seq` is the till's newest record by then: what it holds of the town's promises stands in its chain up to there. */
export type TopUp = TillRequest & Readonly<{ request: string; term: string; member: string; seq: number }>;

/**
 * Folds a till's chain up to where it stands, in short transactions, before free points are moved to it: a town that was
 * restored from an older copy sees by it what it forgot. A till whose records are not here is told to send them first.
 */
async function hearOut(town: Town, till: string, incarnation: number, seq: number): Promise<Refused | null> {
  for (;;) {
    const heard = await town.store.transact(['points'], async (transaction): Promise<Refused | boolean> => {
      const chain = await transaction.get('incarnation', { till, incarnation });
      if (chain === null || chain.settledSeq >= seq) return true;
      const head = await headOf(transaction, till, incarnation);
      return head.seq < seq ? refused('gap') : foldNext(town, transaction, till, incarnation, seq);
    });
    if (heard === true) return null;
    if (heard !== false) return heard;
  }
}

/**
 * Moves what is free of a member's points to the till where the member stands, once all that the till has recorded is
 * here; while a restored town waits for other tills, nothing moves. The request's id makes it happen once:
 * asked again, the same bytes are answered. A top-up never moves the end of a term; for a closed one it grants nothing.
 */
export async function topUp(
  town: Town,
  request: TopUp,
): Promise<Refused | { kind: 'ok'; grant: SignedDocument; member: MemberView }> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { till, incarnation, seq } = request;
  const heard = await hearOut(town, till, incarnation, seq);
  if (heard !== null) return heard;
  return town.store.transact(['points'], async (transaction) => {
    const { today } = await present(town, transaction);
    await expireLots(transaction, today);
    const member = await transaction.get('member', { member: request.member });
    if (member === null) return refused('unknownMember');
    const before = await transaction.get('topUp', { request: request.request });
    if (before !== null && (before.till !== request.till || before.member !== request.member)) {
      return refused('duplicate');
    }
    const answer = before ?? (await grantFree(town, transaction, request, member));
    const [view] = await viewsOf(town, transaction, [member], request);
    must(view !== undefined, 'one member has one view');
    await noteContact(town, transaction, request.till);
    return { kind: 'ok', grant: { bytes: answer.bytes, signature: answer.signature }, member: view };
  });
}

async function grantFree(
  town: Town,
  transaction: Transaction,
  request: TopUp,
  member: Rows['member'],
): Promise<Rows['topUp']> {
  const { nowMs, today } = await present(town, transaction);
  const term = await transaction.get('term', { term: request.term });
  const isOpen =
    term !== null &&
    term.till === request.till &&
    term.incarnation === request.incarnation &&
    term.closedAtMs === null &&
    term.endMs > nowMs;
  const inDoubt = await isInDoubt(transaction, request.till, request.incarnation);
  let grant: Grant | null = null;
  const isFree = !inDoubt && !(await isWaiting(town, transaction));
  if (term !== null && isOpen && isFree && member.state === 'active') {
    const lots = await transaction.list('lot', {
      equal: { member: member.member },
      above: { free: 0, expiresOn: addDays(today, -1) },
    });
    if (lots.length > 0) {
      const row = grantRow(
        town,
        term,
        member.member,
        lots.map((lot) => grantedLot(lot, lot.free)),
        nowMs,
      );
      await putLots(
        transaction,
        lots.map((lot) => ({ ...lot, ...grantFrom(lot, term.term, lot.free) })),
      );
      await transaction.put('grant', [row]);
      grant = grantOf(row);
    }
  }
  const value: SealedGrant = { v: 1, town: town.id, request: request.request, issuedAtMs: nowMs, grant };
  const row = { request: request.request, till: request.till, member: member.member };
  const answer = { ...row, ...seal('grant', asCanonical(value), town.sign) };
  await transaction.put('topUp', [answer]);
  return answer;
}

/** A chain with two records for one sequence gets no points until a person has decided (invariant 30). */
export async function isInDoubt(transaction: Transaction, till: string, incarnation: number): Promise<boolean> {
  const breaks = await openBreaks(transaction, till, incarnation);
  return breaks.some((one) => one.kind === 'fork');
}

/**
 * Frees the term of a silent till: a clerk's decision, with the possible loss named beforehand, and not before a day after
 * the last end ever sent (invariant 17). What its till has sent by then is folded first, so that no point is free again
 * whose spending lies here already. The term is closed for ever (invariant 14); what it held is free again; the till's
 * next statement opens a new, empty one. `agreedLoss` is what the clerk was told and agreed to; should the term hold
 * another number of points by now, it is named again first.
 */
export async function freeSilentTerm(
  town: Town,
  id: string,
  agreedLoss: number | null = null,
): Promise<{ kind: 'refused'; reason: 'unknownTerm' | 'tooEarly' | 'lossChanged' } | { kind: 'ok'; freed: number }> {
  type Answer = Awaited<ReturnType<typeof freeSilentTerm>>;
  const freeNow = async (transaction: Transaction): Promise<Answer | 'folding'> => {
    const { nowMs, today } = await present(town, transaction);
    const term = await transaction.get('term', { term: id });
    if (term === null) return { kind: 'refused', reason: 'unknownTerm' };
    if (term.closedAtMs !== null) return { kind: 'ok', freed: 0 };
    if (nowMs < term.endMs + FREE_AFTER_MS) return { kind: 'refused', reason: 'tooEarly' };
    if (!(await foldTakenIn(town, transaction, term.till, term.incarnation))) return 'folding';
    const lots = (await transaction.list('lot')).filter((lot) => (lot.allotted[id] ?? 0) > 0);
    const freed = lots.reduce((sum, lot) => sum + (lot.allotted[id] ?? 0), 0);
    if (agreedLoss !== null && agreedLoss !== freed) return { kind: 'refused', reason: 'lossChanged' };
    await putLots(
      transaction,
      lots.map((lot) => ({ ...lot, ...expire(freeTerm(lot, id), today) })),
    );
    await transaction.put('term', [{ ...term, closedAtMs: nowMs }]);
    return { kind: 'ok', freed };
  };
  for (;;) {
    const answer = await town.store.transact(['points'], freeNow);
    if (answer !== 'folding') return answer;
  }
}
