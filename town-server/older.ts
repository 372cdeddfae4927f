import { GENESIS_PREVIOUS, readRecord } from '../shared/journal.ts';
import { NO_TOTALS } from '../shared/posting.ts';
import { bodyOf } from '../shared/record-bodies.ts';
import { seal, type SignedDocument } from '../shared/signed.ts';
import type { SealedAck } from '../shared/town-contract.ts';
import { hashAt, headOf, recordFork, takeBatch } from './intake.ts';
import { foldNext } from './settle.ts';
import { NO_SPANS } from './store.ts';
import {
  NEVER_ENROLLED,
  noteContact,
  refused,
  unknownCaller,
  type Refused,
  type TillRequest,
  type Town,
} from './town.ts';

/**
 * What passes between the town and a till whose folder was restored, copied or moved: the records that its copy lacks
 * go back to it, and those that an ended incarnation never sent still come in, brought by the present one (protocol,
 * "Incarnations"). Both speak of whole chains and may be repeated at will.
 */
const RECORDS_AT_ONCE = 500;
/** A page ends at about so many characters, so that an answer stays a message. */
const CHARACTERS_AT_ONCE = 4_000_000;

export type OwnRecords = TillRequest & Readonly<{ of: number; afterSeq: number; hash: string }>;

type OwnAnswer = Readonly<{ kind: 'ok'; ack: SignedDocument; records: string[]; more: boolean }>;

/**
 * The exact texts after a sequence of one of the till's own chains. Where the till holds another record at that
 * sequence than the town, the chain is in doubt and nothing is handed out.
 */
export async function ownRecords(town: Town, request: OwnRecords): Promise<OwnAnswer | Refused> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  if (request.of > request.incarnation) return refused('unknownIncarnation');
  return recordsAfter(town, request.till, request.of, request.afterSeq, request.hash);
}

/** A page of a chain's records for who is known to be its till; `hash` null where the page before was just answered. */
export async function recordsAfter(
  town: Town,
  till: string,
  of: number,
  afterSeq: number,
  hash: string | null,
): Promise<OwnAnswer | Refused> {
  return town.store.transact([`intake:${till}:${of}`], async (transaction) => {
    if ((await transaction.get('incarnation', { till, incarnation: of })) === null)
      return refused('unknownIncarnation');
    const head = await headOf(transaction, till, of);
    const signedFor = (upTo: Readonly<{ seq: number; hash: string }>): SignedDocument => {
      const held: SealedAck = { v: 1, town: town.id, till, of, seq: head.seq, hash: head.hash, upTo };
      return seal('ack', held, town.sign);
    };
    if (afterSeq > head.seq)
      return { kind: 'ok', ack: signedFor({ seq: head.seq, hash: head.hash }), records: [], more: false };
    if (hash !== null && (await hashAt(transaction, till, of, afterSeq)) !== hash) {
      await recordFork(town, transaction, till, of, afterSeq);
      return refused('fork');
    }
    const rows = await transaction.list('record', {
      equal: { till, incarnation: of },
      above: { seq: afterSeq },
      limit: RECORDS_AT_ONCE,
    });
    const records: string[] = [];
    let characters = 0;
    for (const row of rows) {
      // What the town could not read it keeps in base64; the till gets back its own bytes.
      const text = row.fault === null ? row.text : Buffer.from(row.text, 'base64').toString('utf8');
      characters += text.length;
      if (records.length > 0 && characters > CHARACTERS_AT_ONCE) break;
      records.push(text);
    }
    const last = rows[records.length - 1] ?? head;
    const ack = signedFor({ seq: last.seq, hash: last.hash });
    await noteContact(town, transaction, till);
    return { kind: 'ok', ack, records, more: afterSeq + records.length < head.seq };
  });
}

export type BroughtRecords = TillRequest &
  Readonly<{ of: number; firstSeq: number; lastSeq: number; headHash: string; records: readonly string[] }>;

/**
 * Takes in what an earlier incarnation recorded and never sent, and folds it. The present incarnation is enrolled and
 * signs for it; an earlier one that never was, since it sold for money before anybody gave it a code, is known from its
 * own genesis, and its key opens nothing.
 */
export async function bringRecords(town: Town, request: BroughtRecords) {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { till, of, firstSeq, lastSeq, headHash, records } = request;
  if (of >= request.incarnation) return refused('unknownIncarnation');
  const chain = await town.store.transact(['enrolment'], async (transaction) => {
    const known = await transaction.get('incarnation', { till, incarnation: of });
    const read = readRecord(firstSeq === 1 ? (records[0] ?? '') : '');
    const genesis = read.kind === 'read' ? bodyOf(read.record, 'genesis') : null;
    if (known !== null) return genesis !== null && genesis.publicKey !== known.publicKey ? 'fork' : 'known';
    if (read.kind === 'refused' || genesis === null) return 'unknown';
    if (read.record.till !== till || read.record.incarnation !== of) return 'unknown';
    await transaction.put('incarnation', [
      {
        till,
        incarnation: of,
        publicKey: genesis.publicKey,
        incarnationId: genesis.incarnationId,
        enrolledAtMs: NEVER_ENROLLED,
        settledSeq: 0,
        settledHash: GENESIS_PREVIOUS,
        statementNumber: 0,
        statementHash: GENESIS_PREVIOUS,
        term: null,
        perpetual: NO_TOTALS,
        period: 1,
        periodTotals: NO_TOTALS,
        closedPeriod: null,
        spans: NO_SPANS,
      },
    ]);
    return 'known';
  });
  if (chain === 'unknown') return refused('unknownIncarnation');
  // Another machine was enrolled under the number that this copy of its folder took: two chains, and not one.
  if (chain === 'fork') {
    await town.store.transact([`intake:${till}:${of}`], (transaction) => recordFork(town, transaction, till, of, 1));
    return refused('fork');
  }
  const taken = await takeBatch(town, { till, incarnation: of, firstSeq, lastSeq, headHash, records });
  if (taken.kind === 'refused') return taken;
  let settled = false;
  while (!settled) {
    settled = await town.store.transact(['points'], (transaction) =>
      foldNext(town, transaction, till, of, taken.ack.seq),
    );
  }
  return taken;
}
