import { hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { GENESIS_PREVIOUS } from '../../shared/journal.ts';
import { compareProjections } from './ledger/compare.ts';
import { openReadOnly } from './ledger/database.ts';
import { chainFault } from './ledger/ledger.ts';

/** What the worker is asked: walk the chain, or fold the journal anew and compare every projection with what stands. */
export type AuditTask = Readonly<{ task: 'verify' | 'compare'; file: string }>;

export type VerifyResult = Readonly<{
  state: 'sound' | 'damaged';
  records: number;
  incarnations: number;
  headHash: string;
  fault: string | null;
  atSeq: number | null;
}>;

const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

type StoredRow = { n: number; incarnation: number; seq: number; hash: string; text: string };

/** Walks the whole chain from genesis; every record must hash to what is stored and name the one before it. */
export function verifyChain(file: string): VerifyResult {
  const database = openReadOnly(file);
  try {
    // Opening checks only what it needs; here the whole file is walked, pages and all.
    const pages = String(database.pragma('quick_check(1)', { simple: true }));
    if (pages !== 'ok') {
      return { state: 'damaged', records: 0, incarnations: 0, headHash: GENESIS_PREVIOUS, fault: pages, atSeq: null };
    }
    let records = 0;
    let head = { incarnation: 0, seq: 0, hash: GENESIS_PREVIOUS };
    const incarnations = new Set<number>();
    for (const row of database
      .prepare<[], StoredRow>('SELECT n, incarnation, seq, hash, text FROM journal ORDER BY n')
      .iterate()) {
      const starts = row.incarnation !== head.incarnation;
      const before = starts ? { incarnation: row.incarnation, seq: 0, hash: GENESIS_PREVIOUS } : head;
      const fault =
        starts && incarnations.has(row.incarnation)
          ? `record ${row.incarnation}/${row.seq}: an ended incarnation goes on`
          : chainFault([row], before, sha256);
      if (fault !== null)
        return {
          state: 'damaged',
          records,
          incarnations: incarnations.size,
          headHash: head.hash,
          fault,
          atSeq: row.seq,
        };
      incarnations.add(row.incarnation);
      head = { incarnation: row.incarnation, seq: row.seq, hash: row.hash };
      records += 1;
    }
    return { state: 'sound', records, incarnations: incarnations.size, headHash: head.hash, fault: null, atSeq: null };
  } finally {
    database.close();
  }
}

if (parentPort !== null) {
  const { task, file } = workerData as AuditTask;
  parentPort.postMessage(task === 'verify' ? verifyChain(file) : compareProjections(file));
}
