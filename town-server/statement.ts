import { seal, type SignedDocument } from '../shared/signed.ts';
import { HOUR_MS } from '../shared/time.ts';
import { must } from '../shared/assert.ts';
import type { Statement } from '../shared/town-contract.ts';
import { hashText } from './crypto.ts';
import { hashAt, headOf, recordFork } from './intake.ts';
import { versionOf } from './versions.ts';
import { expireLots, grantOf, isInDoubt, openTerm, steer } from './points.ts';
import { isWaiting, judgeRestored } from './restored.ts';
import { foldNext } from './settle.ts';
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

export type SettleRequest = TillRequest & Readonly<{ seq: number; hash: string; afterStatement: number }>;

type Answered = Readonly<{ kind: 'ok'; statement: SignedDocument }>;

/**
 * Settles a chain up to the head that the till names and answers a signed night statement. It may be cut at any point
 * and asked again: the fold goes on where it stood, and a statement whose answer was lost is answered again, verbatim.
 * Asked for the one after its newest, the town issues that; it carries every grant not seen written down, by the same id.
 */
export async function settle(town: Town, request: SettleRequest): Promise<Answered | Refused> {
  return (await unknownCaller(town, request)) ?? settleChain(town, request);
}

/** Where a chain stands that is to be settled, and the number of the last statement that its till has. */
export type Settling = Readonly<{
  till: string;
  incarnation: number;
  seq: number;
  hash: string;
  afterStatement: number;
}>;

/** Settles a chain whose till is known. */
export async function settleChain(town: Town, request: Settling): Promise<Answered | Refused> {
  const { till, incarnation, seq } = request;
  const place = await town.store.transact([`intake:${till}:${incarnation}`], async (transaction) => {
    const head = await headOf(transaction, till, incarnation);
    if (head.seq < seq) return refused('gap');
    if ((await hashAt(transaction, till, incarnation, seq)) === request.hash) return null;
    await recordFork(town, transaction, till, incarnation, seq);
    return refused('fork');
  });
  if (place !== null) return place;
  let settled = false;
  while (!settled) {
    settled = await town.store.transact(['points'], (transaction) =>
      foldNext(town, transaction, till, incarnation, seq),
    );
  }
  return town.store.transact(['points'], async (transaction) => {
    const chain = await transaction.get('incarnation', { till, incarnation });
    must(chain !== null, `${till} was known a moment ago`);
    await noteContact(town, transaction, till);
    // A till that lost answers gets them in order and verbatim, so that its chain of statements has no hole. One that
    // stands behind where the chain goes on now was signed for nobody, by a town that had forgotten what the till applied.
    const wanted = request.afterStatement + 1;
    const lost =
      wanted > chain.statementNumber ? null : await transaction.get('statement', { till, incarnation, number: wanted });
    const statement = lost ?? (await issueStatement(town, transaction, chain));
    return { kind: 'ok', statement: { bytes: statement.bytes, signature: statement.signature } };
  });
}

async function issueStatement(
  town: Town,
  transaction: Transaction,
  chain: Rows['incarnation'],
): Promise<Rows['statement']> {
  const { till, incarnation } = chain;
  const { nowMs, today, policy, policyVersion } = await present(town, transaction);
  await expireLots(transaction, today);
  await judgeRestored(town, transaction);
  const term = await openTerm(town, transaction, chain, nowMs + policy.term.hours * HOUR_MS);
  const inDoubt = await isInDoubt(transaction, till, incarnation);
  if (!inDoubt && !(await isWaiting(town, transaction))) await steer(town, transaction, term);
  const head = await headOf(transaction, till, incarnation);
  // Every grant that the till has not written down yet, from whichever statement or top-up it first came.
  const grants = inDoubt ? [] : await transaction.list('grant', { equal: { term: term.term, appliedSeq: null } });
  const recalls = await transaction.list('recall', { equal: { term: term.term, doneSeq: null } });
  const statement: Statement = {
    v: 1,
    town: town.id,
    shop: (await transaction.get('till', { till }))?.shop ?? '',
    till,
    incarnation,
    number: chain.statementNumber + 1,
    previous: chain.statementHash,
    issuedAtMs: nowMs,
    ack: { seq: head.seq, hash: head.hash },
    settled: { seq: chain.settledSeq, hash: chain.settledHash },
    period: chain.closedPeriod,
    perpetual: chain.perpetual,
    breaks: (await openBreaks(transaction, till, incarnation)).map(
      ({ till: _till, incarnation: _incarnation, resolvedAtMs: _resolvedAtMs, ...named }) => named,
    ),
    term: { id: term.term, endMs: term.endMs },
    grants: grants.map(grantOf),
    recalls: recalls.map(({ recall, member, lot, points }) => ({ id: recall, term: term.term, member, lot, points })),
    policyVersion,
    membersVersion: await versionOf(transaction, 'membersVersion'),
  };
  const sealed = seal('statement', asCanonical(statement), town.sign);
  const row: Rows['statement'] = {
    till,
    incarnation,
    number: statement.number,
    ...sealed,
    hash: hashText(sealed.bytes),
    settledSeq: chain.settledSeq,
    issuedAtMs: nowMs,
  };
  await transaction.put('statement', [row]);
  const next = { ...chain, term: term.term, statementNumber: row.number, statementHash: row.hash };
  await transaction.put('incarnation', [next]);
  return row;
}

/** A statement that was signed before, verbatim, for a till whose answer was lost. */
export async function fetchStatement(
  town: Town,
  request: TillRequest & Readonly<{ number: number }>,
): Promise<Refused | { kind: 'ok'; statement: SignedDocument | null }> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { till, incarnation, number } = request;
  return town.store.transact([], async (transaction) => {
    const row = await transaction.get('statement', { till, incarnation, number });
    return { kind: 'ok', statement: row === null ? null : { bytes: row.bytes, signature: row.signature } };
  });
}
