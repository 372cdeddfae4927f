import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';

/** Who holds a data folder, and where the holder can be asked. */
const holderSchema = z.object({ pid: z.int(), url: z.string().nullable(), token: z.string().nullable() });
export type Holder = Readonly<z.infer<typeof holderSchema>>;

export type HeldFolder = Readonly<{
  announce: (holder: Readonly<{ url: string; token: string }>) => void;
  release: () => void;
}>;

/**
 * Takes a data folder for one process. The lock is SQLite's own on a file of its own: the operating system drops it when
 * the process ends however it ends, so no stale lock ever needs a human (peers 14, one process owns the store).
 */
export function holdFolder(
  dataFolder: string,
  pid: number,
):
  | { kind: 'held'; folder: HeldFolder }
  | {
      kind: 'refused';
      reason: 'held' | 'notAFolder' | 'diskFull' | 'ioError';
      holder: Holder | null;
      detail: string;
    } {
  const holderFile = join(dataFolder, 'holder.json');
  try {
    mkdirSync(dataFolder, { recursive: true });
    if (!statSync(dataFolder).isDirectory()) throw new Error('not a folder');
  } catch (error) {
    return { kind: 'refused', reason: 'notAFolder', holder: null, detail: error instanceof Error ? error.message : '' };
  }
  const troubled = (error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL' ? 'diskFull' : 'ioError';
    return { kind: 'refused', reason, holder: null, detail: error instanceof Error ? error.message : '' } as const;
  };
  let lock: Database.Database;
  try {
    lock = new Database(join(dataFolder, 'holder.lock'), { timeout: 200 });
  } catch (error) {
    return troubled(error);
  }
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) return troubled(error);
    const holder = readHolder(dataFolder);
    return { kind: 'refused', reason: 'held', holder, detail: holder === null ? '' : `pid ${holder.pid}` };
  }
  const write = (holder: Holder): void => {
    writeFileSync(`${holderFile}.new`, JSON.stringify(holder), { mode: 0o600 });
    renameSync(`${holderFile}.new`, holderFile);
  };
  try {
    write({ pid, url: null, token: null });
  } catch (error) {
    lock.close();
    return troubled(error);
  }
  return {
    kind: 'held',
    folder: {
      announce: ({ url, token }) => write({ pid, url, token }),
      release: () => {
        rmSync(holderFile, { force: true });
        lock.close();
      },
    },
  };
}

/** What the present holder says of itself; null when it has said nothing yet. */
export function readHolder(dataFolder: string): Holder | null {
  const file = join(dataFolder, 'holder.json');
  if (!existsSync(file)) return null;
  try {
    return holderSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}
