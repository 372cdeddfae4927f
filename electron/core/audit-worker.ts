import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { GENESIS_PREVIOUS, readRecord } from '../../shared/journal.ts';
import { must } from '../../shared/assert.ts';
import { openReadOnly, type Connection } from './ledger/database.ts';
import { chainFault } from './ledger/ledger.ts';
import { MIGRATIONS, PROJECTIONS } from './ledger/migrations.ts';
import { createProjector } from './ledger/projections.ts';

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

export type CompareResult = Readonly<{
  identical: boolean;
  tables: { table: string; rows: number; identical: boolean }[];
}>;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

type StoredRow = { n: number; incarnation: number; seq: number; hash: string; text: string };

/** Walks the whole chain from genesis; every record must hash to what is stored and name the one before it. */
export function verifyChain(file: string): VerifyResult {
  const database = openReadOnly(file);
  try {
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

function digestOf(database: Connection, table: string): { rows: number; digest: string } {
  const columns = database
    .prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map((column) => column.name);
  const hash = createHash('sha256');
  let rows = 0;
  for (const row of database
    .prepare(`SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${columns.join(', ')}`)
    .raw()
    .iterate()) {
    hash.update(`${JSON.stringify(row)}\n`);
    rows += 1;
  }
  return { rows, digest: hash.digest('hex') };
}

/** Folds the journal into a ledger of its own, on disk but unnamed, and compares each projection row by row. */
export function compareProjections(file: string): CompareResult {
  const live = openReadOnly(file);
  const anew = new Database('');
  try {
    for (const sql of MIGRATIONS) anew.exec(sql);
    const project = createProjector(anew);
    // One read transaction, so that sales rung up meanwhile change neither side.
    live.exec('BEGIN');
    anew.exec('BEGIN');
    for (const row of live
      .prepare<[], { n: number; text: string }>('SELECT n, text FROM journal ORDER BY n')
      .iterate()) {
      const read = readRecord(row.text);
      must(read.kind === 'read', `record ${row.n} of the journal cannot be read`);
      project(row.n, read.record);
    }
    anew.exec('COMMIT');
    const tables = PROJECTIONS.map((table) => {
      const here = digestOf(live, table);
      return { table, rows: here.rows, identical: here.digest === digestOf(anew, table).digest };
    });
    live.exec('COMMIT');
    return { identical: tables.every((table) => table.identical), tables };
  } finally {
    live.close();
    anew.close();
  }
}

if (parentPort !== null) {
  const { task, file } = workerData as AuditTask;
  parentPort.postMessage(task === 'verify' ? verifyChain(file) : compareProjections(file));
}
