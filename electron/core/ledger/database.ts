import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { must } from '../../../shared/assert.ts';
import { MIGRATIONS } from './migrations.ts';

export type Connection = Database.Database;

/** Why a ledger file cannot be opened; each is a page of its own. */
export type DatabaseRefusal = 'newerDatabase' | 'journalDamaged' | 'diskFull' | 'ioError';

/** What kind of trouble an error of SQLite or of a file beside it is; null when it is none of the disk's. */
export function diskTrouble(error: unknown): 'diskFull' | 'journalDamaged' | 'ioError' | null {
  // Whatever comes from outside is read where it comes in; what stands in the ledger was written by the till itself, and
  // a text of it that is none any more was damaged there.
  if (error instanceof SyntaxError) return 'journalDamaged';
  if (!(error instanceof Database.SqliteError)) return fileTrouble(error);
  if (error.code.startsWith('SQLITE_FULL')) return 'diskFull';
  if (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB') return 'journalDamaged';
  if (
    error.code.startsWith('SQLITE_IOERR') ||
    error.code.startsWith('SQLITE_CANTOPEN') ||
    error.code.startsWith('SQLITE_READONLY')
  )
    return 'ioError';
  return null;
}

function fileTrouble(error: unknown): 'diskFull' | 'ioError' | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'diskFull';
  return code === 'EIO' || code === 'EROFS' ? 'ioError' : null;
}

/**
 * Every connection that may write is set to full synchrony, and says so again after its first write: the build's default
 * falls back to NORMAL then, under which a power cut loses what was called paid (promise 1, invariant 7).
 */
function setPragmas(database: Connection): void {
  // A record touches a handful of pages and fills none, so that smaller ones are fewer bytes to bring to the disk at
  // each sale; only a new file takes it.
  database.pragma('page_size = 4096');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('fullfsync = ON');
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
  // Without it a REPLACE would delete a record and no trigger would see it.
  database.pragma('recursive_triggers = ON');
  database.pragma('cell_size_check = ON');
  database.pragma('busy_timeout = 5000');
  // The till folds the log back while nobody waits (`ledger.checkpoint`); this is for a day on which it never rests.
  database.pragma('wal_autocheckpoint = 8000');
  database.pragma('cache_size = -8000');
}

export type DatabaseRefused = Readonly<{ kind: 'refused'; reason: DatabaseRefusal; detail: string }>;

/**
 * Looks at a ledger file on a connection that cannot write, so that a file that is refused stays as it was found, to
 * the byte. `faultOf` answers what is wrong with the records in words, or null. A file that is not there yet is good.
 */
export function inspectDatabase(
  file: string,
  faultOf: (database: Connection) => string | null,
): DatabaseRefused | null {
  if (!existsSync(file)) return null;
  let database: Connection | null = null;
  try {
    database = openReadOnly(file);
    const version = versionOf(database);
    if (version > MIGRATIONS.length) return newer(version);
    if (version === MIGRATIONS.length && schemaOf(database) !== ownSchema())
      return { kind: 'refused', reason: 'journalDamaged', detail: 'the schema is not the one of its version' };
    const fault = version === 0 ? null : faultOf(database);
    return fault === null ? null : { kind: 'refused', reason: 'journalDamaged', detail: fault };
  } catch (error) {
    return refusedFor(error);
  } finally {
    database?.close();
  }
}

/** What tables, indexes and triggers a file says it has; a byte that turned over here is found by no walk over pages. */
function schemaOf(database: Connection): string {
  const rows = database
    .prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name`,
    )
    .raw()
    .all();
  return JSON.stringify(rows);
}

let known: string | null = null;

/** The schema that the migrations make, built once beside any file. */
function ownSchema(): string {
  if (known !== null) return known;
  const anew = new Database(':memory:');
  try {
    migrate(anew, 0);
    known = schemaOf(anew);
    return known;
  } finally {
    anew.close();
  }
}

function versionOf(database: Connection): number {
  return Number(database.pragma('user_version', { simple: true }));
}

function newer(version: number): DatabaseRefused {
  return { kind: 'refused', reason: 'newerDatabase', detail: `${version} > ${MIGRATIONS.length}` };
}

function refusedFor(error: unknown): DatabaseRefused {
  const reason = diskTrouble(error);
  if (reason === null) throw error;
  return { kind: 'refused', reason, detail: error instanceof Error ? error.message : '' };
}

/**
 * Writes what a log holds once more and waits for the disk. A log that outlived a sync that failed is read from memory
 * and may be nowhere else: the system calls its pages clean, and a new record behind them would be lost with them.
 */
function secureLog(log: string): void {
  if (!existsSync(log)) return;
  const handle = openSync(log, 'r+');
  try {
    const bytes = readFileSync(handle);
    for (let written = 0; written < bytes.length; )
      written += writeSync(handle, bytes, written, bytes.length - written, written);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Opens a ledger file for writing, brings its schema up to date, and asserts full synchrony after a write. */
export function openDatabase(file: string): { kind: 'opened'; database: Connection } | DatabaseRefused {
  let database: Connection | null = null;
  try {
    secureLog(`${file}-wal`);
    database = new Database(file);
    setPragmas(database);
    const version = versionOf(database);
    if (version > MIGRATIONS.length) {
      database.close();
      return newer(version);
    }
    migrate(database, version);
    assertFullSynchrony(database);
    return { kind: 'opened', database };
  } catch (error) {
    database?.close();
    return refusedFor(error);
  }
}

/** Applies the migrations above `version` in one transaction; exported for the tests of each migration. */
export function migrate(database: Connection, version: number, upTo: number = MIGRATIONS.length): void {
  if (version >= upTo) return;
  database.transaction(() => {
    for (const sql of MIGRATIONS.slice(version, upTo)) database.exec(sql);
    database.pragma(`user_version = ${upTo}`);
  })();
}

/** Writes one row and reads the pragma back; anything but FULL (2) is a bug that must not take money. */
export function assertFullSynchrony(database: Connection): void {
  database
    .prepare(`INSERT INTO setting (key, value) VALUES ('opened', '1') ON CONFLICT (key) DO UPDATE SET value = value`)
    .run();
  must(database.pragma('synchronous', { simple: true }) === 2, 'the ledger is not written with synchronous=FULL');
}

/** A connection that can only read, for the worker that verifies and rebuilds beside the till's own. */
export function openReadOnly(file: string): Connection {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  database.pragma('busy_timeout = 5000');
  return database;
}
