import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startDemoTown } from '../electron/demo-town.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const MOULD = 'ONE_CARD_TOWN_MOULD';

/** Before the native tests: names the place of the mould. Nobody has to make it unless somebody wants a copy. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'one-card-mould-'));
  process.env[MOULD] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/**
 * Lays a demo town's folder, where there is none, as its first start would leave it. Making a database and filling it is
 * most of what a town's first start costs, so it is done once in a run and copied for each shop; a program that runs
 * without the tests around it finds an empty folder, and its town makes its own.
 */
export async function layTown(folder: string): Promise<void> {
  const mould = process.env[MOULD];
  if (mould === undefined || existsSync(folder)) return;
  await made(mould);
  cpSync(join(mould, 'town'), folder, { recursive: true });
  // A copy's folders are open to everyone, which PostgreSQL does not take.
  chmodSync(join(folder, 'postgres'), 0o700);
}

/** Made by whoever comes first, while the others wait; where that fails, by the next. */
async function made(mould: string): Promise<void> {
  const finished = join(mould, 'town');
  const making = join(mould, 'making');
  while (!existsSync(finished)) {
    if (existsSync(making)) {
      await wait(50);
      continue;
    }
    try {
      mkdirSync(making);
    } catch {
      continue;
    }
    try {
      const town = await startDemoTown(root, join(making, 'town'), () => {});
      await town.stop();
      renameSync(join(making, 'town'), finished);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
}
