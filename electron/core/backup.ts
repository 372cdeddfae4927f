import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { diskTrouble, openReadOnly } from './ledger/database.ts';
import { verifyChain } from './ledger/verify.ts';

/**
 * Backups of the books: a copy made beside a selling till, read back from genesis before it counts as one, and put in
 * its place by one rename. The key of the till lies outside its folder and is in no backup, so a stolen one speaks for
 * nobody.
 */
export type BackedUp =
  | Readonly<{ kind: 'made'; file: string; records: number; incarnations: number; headHash: string; bytes: number }>
  | Readonly<{ kind: 'refused'; reason: 'diskFull' | 'ioError' | 'journalDamaged' | 'exists'; detail: string }>;

/** Backups that the night made: one of each day that it closed. */
const NIGHTLY = /^ledger-\d{4}-\d{2}-\d{2}\.sqlite$/;

/**
 * Copies a ledger file, open or not, to `target` and walks the whole copy. It takes as long as the disk does, so a till
 * asks a worker for it.
 */
export function copyLedger(file: string, target: string): BackedUp {
  const draft = `${target}.new`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    rmSync(draft, { force: true });
    const database = openReadOnly(file);
    try {
      database.prepare('VACUUM INTO ?').run(draft);
    } finally {
      database.close();
    }
    syncPath(draft);
    const found = verifyChain(draft);
    if (found.state === 'damaged') {
      rmSync(draft, { force: true });
      return { kind: 'refused', reason: 'journalDamaged', detail: found.fault ?? '' };
    }
    renameSync(draft, target);
    syncPath(dirname(target));
    const { records, incarnations, headHash } = found;
    return { kind: 'made', file: target, records, incarnations, headHash, bytes: statSync(target).size };
  } catch (error) {
    try {
      rmSync(draft, { force: true });
    } catch {
      // A disk that cannot be written cannot be tidied either.
    }
    return {
      kind: 'refused',
      reason: diskTrouble(error) ?? 'ioError',
      detail: error instanceof Error ? error.message : '',
    };
  }
}

/** A backup for somebody to carry away: into a folder under a name of its own, or as a file that is not there yet. */
export function copyForHand(file: string, out: string, day: string): BackedUp {
  const isFolder = existsSync(out) && statSync(out).isDirectory();
  if (!isFolder) {
    return existsSync(out) ? { kind: 'refused', reason: 'exists', detail: out } : copyLedger(file, out);
  }
  for (let number = 1; ; number += 1) {
    const target = join(out, `onecard-${day}${number === 1 ? '' : `-${number}`}.sqlite`);
    if (!existsSync(target)) return copyLedger(file, target);
  }
}

/** The night's backup into a set that rotates: only files of the night's own making ever leave it, the oldest first. */
export async function keepCopy(
  folder: string,
  label: string,
  keep: number,
  copyTo: (target: string) => Promise<BackedUp>,
): Promise<BackedUp> {
  const made = await copyTo(join(folder, `ledger-${label}.sqlite`));
  if (made.kind === 'refused') return made;
  try {
    const all = readdirSync(folder)
      .filter((name) => NIGHTLY.test(name) && name !== basename(made.file))
      .map((name) => ({ name, madeMs: statSync(join(folder, name)).mtimeMs }))
      .sort((one, other) => other.madeMs - one.madeMs);
    for (const { name } of all.slice(Math.max(0, keep - 1))) rmSync(join(folder, name), { force: true });
  } catch {
    // An old copy too many is no reason to call the new one bad.
  }
  return made;
}

/** Has the disk keep what was written to a file, or the names in a folder. */
export function syncPath(path: string): void {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    // Windows opens no folder; its renames are kept by the file system's own journal.
    if (process.platform === 'win32') return;
    throw error;
  }
  try {
    fsyncSync(handle);
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  } finally {
    closeSync(handle);
  }
}
