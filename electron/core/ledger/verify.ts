import { hash } from 'node:crypto';
import { GENESIS_PREVIOUS, type ChainHead, type RecordKind } from '../../../shared/journal.ts';
import { chainFault, surelyFollows } from './chain.ts';
import { openReadOnly, type Connection } from './database.ts';

export type VerifyResult = Readonly<{
  state: 'sound' | 'damaged';
  records: number;
  incarnations: number;
  headHash: string;
  fault: string | null;
  atSeq: number | null;
}>;

/** A stretch of the chain: the incarnations in it, where it ends, and the first fault, or null. */
export type Walked = Readonly<{
  records: number;
  incarnations: readonly number[];
  headHash: string;
  fault: Readonly<{ words: string; seq: number }> | null;
}>;

const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

/** Opening a till checks only what it needs; here the whole file is looked at. Answers the first fault, or `ok`. */
export function pagesFault(file: string): string {
  const database = openReadOnly(file);
  try {
    // The indexes, too: a row that an index does not lead to is a sale that is not found when it is asked for again.
    return String(database.pragma('integrity_check(1)', { simple: true }));
  } finally {
    database.close();
  }
}

type Row = [
  n: number,
  incarnation: number,
  seq: number,
  hash: string,
  bytes: Uint8Array,
  at: number,
  kind: RecordKind,
  id: string,
  period: number,
  businessDay: string,
];

/**
 * The id that a record says of itself. A document that was made again since keeps its id; then the row of the older one
 * carries its place behind it.
 */
function documentOf([, incarnation, seq, , , , , id]: Row): string {
  const place = `#${incarnation}.${seq}`;
  return id.endsWith(place) ? id.slice(0, -place.length) : id;
}

/**
 * Whether the columns beside a record, by which it is found, say what its bytes say. The bytes are canonical already, so
 * their members stand in the order of their names.
 */
function columnsAgree(row: Row): boolean {
  const [, incarnation, , , bytes, at, kind, , period, businessDay] = row;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const id = JSON.stringify(documentOf(row));
  const names = `"businessDay":"${businessDay}","id":${id},"incarnation":${incarnation},"kind":"${kind}",`;
  return (
    text.indexOf(`{"at":${at},"body":`) === 0 &&
    text.includes(names) &&
    text.includes(`,"period":${period},"postings":[`)
  );
}

/**
 * Walks a stretch of the chain, or all of it from genesis; every record must hash to what is stored and name the one
 * before it. The row before a stretch is taken on trust: whoever walks the stretch before this one judges it.
 */
export function walkChain(file: string, above: number | null, upTo: number | null): Walked {
  const database = openReadOnly(file);
  try {
    const range = { above: above ?? Number.MIN_SAFE_INTEGER, upTo: upTo ?? Number.MAX_SAFE_INTEGER };
    // One read transaction, so that what the till records meanwhile is not seen by halves.
    database.exec('BEGIN');
    let head = headAt(database, range.above);
    // Of those before this stretch it is enough to know which there were: none of them may go on after another began.
    const ended = new Set(
      database
        .prepare<[number], number>('SELECT DISTINCT incarnation FROM journal WHERE n <= ?')
        .pluck()
        .all(range.above),
    );
    const incarnations = new Set<number>();
    let records = 0;
    const rows = database
      .prepare<[number, number], Row>(
        `SELECT n, incarnation, seq, hash, CAST(text AS BLOB), at_ms, kind, id, period, business_day
           FROM journal WHERE n > ? AND n <= ? ORDER BY n`,
      )
      .raw()
      .iterate(range.above, range.upTo);
    for (const row of rows) {
      const [n, incarnation, seq, ownHash, bytes, at, kind, , period, businessDay] = row;
      const starts = incarnation !== head.incarnation;
      const before = starts ? { incarnation, seq: 0, hash: GENESIS_PREVIOUS } : head;
      if (starts && ended.has(incarnation)) {
        const words = `record ${incarnation}/${seq}: an ended incarnation goes on`;
        return { records, incarnations: [...incarnations], headHash: head.hash, fault: { words, seq } };
      }
      const stored = { incarnation, seq, hash: ownHash, bytes, at, kind, id: documentOf(row), period, businessDay };
      if (!surelyFollows(stored, before, sha256)) {
        const read = { n, incarnation, seq, hash: ownHash, text: decoder.decode(bytes) };
        const words =
          chainFault([read], before, sha256) ??
          (columnsAgree(row) ? null : `record ${incarnation}/${seq}: stored columns differ`);
        if (words !== null)
          return { records, incarnations: [...incarnations], headHash: head.hash, fault: { words, seq } };
      }
      ended.add(incarnation);
      incarnations.add(incarnation);
      head = { incarnation, seq, hash: ownHash };
      records += 1;
      // Given back at once: the collector would let tens of megabytes of them stand before it looks.
      (bytes.buffer as ArrayBuffer).transfer(0);
    }
    return { records, incarnations: [...incarnations], headHash: head.hash, fault: null };
  } finally {
    database.close();
  }
}

/** As SQLite's own reading of a text: a mark at its beginning is a part of it, and what is no UTF-8 is replaced. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The head that the newest row up to `n` makes; the one before genesis where there is none. */
function headAt(database: Connection, n: number): ChainHead {
  return (
    database
      .prepare<[number], ChainHead>('SELECT incarnation, seq, hash FROM journal WHERE n <= ? ORDER BY n DESC LIMIT 1')
      .get(n) ?? { incarnation: 0, seq: 0, hash: GENESIS_PREVIOUS }
  );
}

/** What one walk over all stretches of the chain, in their order, would have said; it ends at the first fault. */
export function verdictOf(stretches: readonly Walked[]): VerifyResult {
  const incarnations = new Set<number>();
  let records = 0;
  let headHash = GENESIS_PREVIOUS;
  for (const stretch of stretches) {
    records += stretch.records;
    headHash = stretch.headHash;
    for (const incarnation of stretch.incarnations) incarnations.add(incarnation);
    const { fault } = stretch;
    if (fault === null) continue;
    const { words, seq } = fault;
    return { state: 'damaged', records, incarnations: incarnations.size, headHash, fault: words, atSeq: seq };
  }
  return { state: 'sound', records, incarnations: incarnations.size, headHash, fault: null, atSeq: null };
}

/** The verdict of damaged pages: what was read from them tells nothing. */
export function damagedPages(fault: string): VerifyResult {
  return { state: 'damaged', records: 0, incarnations: 0, headHash: GENESIS_PREVIOUS, fault, atSeq: null };
}

/** Walks pages and chain in this thread, for who has nothing else to do. */
export function verifyChain(file: string): VerifyResult {
  const pages = pagesFault(file);
  return pages === 'ok' ? verdictOf([walkChain(file, null, null)]) : damagedPages(pages);
}
