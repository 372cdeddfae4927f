import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import { must } from '../../../shared/assert.ts';
import { readRecord } from '../../../shared/journal.ts';
import { openReadOnly, type Connection } from './database.ts';
import { MIGRATIONS, PROJECTIONS } from './migrations.ts';
import { createProjector } from './projections.ts';

export type CompareResult = Readonly<{
  identical: boolean;
  tables: { table: string; rows: number; identical: boolean }[];
}>;

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
      .prepare<[], { n: number; text: string }>(
        'SELECT n, text FROM journal WHERE n <= (SELECT n FROM folded) ORDER BY n',
      )
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
