import { isUtf8 } from 'node:buffer';
import {
  bytesHash,
  GENESIS_PREVIOUS,
  readRecord,
  recordHash,
  type ChainHead,
  type JournalRecord,
} from '../../../shared/journal.ts';
import { bodySchemas } from '../../../shared/record-bodies.ts';
import { surelySays } from '../../../shared/record-scan.ts';
import type { Hash } from '../../../shared/signed.ts';

/** A row of the journal as it lies on disk. */
export type StoredRow = Readonly<{ n: number; incarnation: number; seq: number; hash: string; text: string }>;

/**
 * Walks stored rows in order; `before` is the head they should follow, or null when the first row is taken on trust as a
 * starting point. Answers the first fault in words, or null (invariants 9 and 10).
 */
export function chainFault(rows: Iterable<StoredRow>, before: ChainHead | null, hash: Hash): string | null {
  let head = before;
  for (const row of rows) {
    const read = readRecord(row.text);
    if (read.kind === 'refused') return `record ${row.incarnation}/${row.seq}: ${read.reason}`;
    if (!bodySchemas[read.record.kind].safeParse(read.record.body).success)
      return `record ${row.incarnation}/${row.seq}: wrong body`;
    const { record } = read;
    const starts = head === null || head.incarnation !== row.incarnation;
    if (starts && before !== null && record.previous !== GENESIS_PREVIOUS)
      return `record ${row.incarnation}/${row.seq}: an incarnation without a beginning`;
    // What `followsHead` judges of a text from outside, without reading the text a second time.
    if (record.incarnation !== row.incarnation) return `record ${row.incarnation}/${row.seq}: foreign`;
    if (head !== null && !starts && record.seq !== head.seq + 1) return `record ${row.incarnation}/${row.seq}: gap`;
    if (head !== null && !starts && record.previous !== head.hash)
      return `record ${row.incarnation}/${row.seq}: brokenChain`;
    const ownHash = recordHash(row.text, hash);
    if (ownHash !== row.hash || record.seq !== row.seq)
      return `record ${row.incarnation}/${row.seq}: stored hash differs`;
    head = { incarnation: record.incarnation, seq: record.seq, hash: ownHash };
  }
  return null;
}

/** A row whose text was read as the bytes that lie on disk, with the columns by which it is found. */
export type StoredBytes = Readonly<
  Pick<JournalRecord, 'incarnation' | 'seq' | 'at' | 'kind' | 'id' | 'period' | 'businessDay'> & {
    hash: string;
    bytes: Uint8Array;
  }
>;

/**
 * Whether one look at its bytes says that a row follows `before`, a head of its own incarnation, and that its columns say
 * what they do. True only where `chainFault` finds nothing in that row; false where it has to be asked.
 */
export function surelyFollows(row: StoredBytes, before: ChainHead, hash: Hash): boolean {
  const { incarnation, seq, at, kind, id, period, businessDay } = row;
  return (
    isUtf8(row.bytes) &&
    incarnation === before.incarnation &&
    seq === before.seq + 1 &&
    surelySays(row.bytes, { at, kind, id, incarnation, seq, period, businessDay, previous: before.hash }) &&
    bytesHash(row.bytes, hash) === row.hash
  );
}
