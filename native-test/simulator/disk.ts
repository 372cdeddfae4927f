import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * The disks of the simulated tills: real folders with real SQLite files on a file system in memory, so that the till's own
 * code opens, locks, writes and recovers them as it does in a shop. Faults strike between commits, never inside one: what
 * a torn or forgotten write does to a file is for the tests on real disks.
 */

/** What happens at a commit: it is refused, or the process is lost just before or just after it. */
export type CommitFault = 'refused' | 'lostBefore' | 'lostAfter';

type Trap = { fault: CommitFault; commitsLeft: number; strikes: () => void };

const traps = new Map<string, Trap>();

/** Thrown through a process that was lost; whatever it still does afterwards happens on no disk. */
export class ProcessLost extends Error {}

type Work = (...parameters: unknown[]) => unknown;
type Patched = { transaction: (this: Database.Database, work: Work) => Work };

/** Puts the traps under every transaction of this process. A trap is set for one file and strikes once. */
function install(): void {
  const prototype = Database.prototype as unknown as Patched;
  const { transaction } = prototype;
  prototype.transaction = function trapped(work) {
    let strikesAfter: Trap | null = null;
    const run = transaction.call(this, (...parameters) => {
      // Asked at each run: a ledger makes its transaction once, long before a trap is set.
      if (!traps.has(this.name)) return work(...parameters);
      const before = changesOf(this);
      const result = work(...parameters);
      const trap = traps.get(this.name);
      // A transaction that only read commits nothing that could be refused or lost.
      if (trap === undefined || changesOf(this) === before) return result;
      trap.commitsLeft -= 1;
      if (trap.commitsLeft > 0) return result;
      traps.delete(this.name);
      if (trap.fault === 'lostAfter') {
        strikesAfter = trap;
        return result;
      }
      trap.strikes();
      if (trap.fault === 'lostBefore') throw new ProcessLost(trap.fault);
      throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE');
    });
    return (...parameters) => {
      strikesAfter = null;
      const result = run(...parameters);
      const struck = strikesAfter as Trap | null;
      if (struck === null) return result;
      struck.strikes();
      throw new ProcessLost('lostAfter');
    };
  };
}

// Before any ledger is opened, since each makes its transaction then.
install();

function changesOf(database: Database.Database): number {
  return database.prepare<[], { n: number }>('SELECT total_changes() AS n').get()?.n ?? 0;
}

/** Sets a trap at the commit after `commits - 1` others of a ledger file. */
export function trapCommit(file: string, fault: CommitFault, commits: number, strikes: () => void): void {
  traps.set(file, { fault, commitsLeft: commits, strikes });
}

export function disarm(file: string): void {
  traps.delete(file);
}

function memoryFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/** A folder for one simulation, in memory where the system has one. */
export function makeScratch(): string {
  return mkdtempSync(join(memoryFolder(), 'one-card-simulator-'));
}

/** What a copy of a folder leaves out: SQLite's shared memory, who holds the folder, and backups, which no fault reads. */
const NOT_COPIED = /^(holder\..*|.*-shm|backups)$/;

export function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (NOT_COPIED.test(entry.name)) continue;
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyFolder(source, target);
    else copyFileSync(source, target);
  }
}

/** Puts a copy where a folder stands; its path, which a till remembers, stays the same. */
export function replaceFolder(folder: string, copy: string): void {
  rmSync(folder, { recursive: true, force: true });
  renameSync(copy, folder);
}

export function removeFolder(folder: string): void {
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
