import { closeSync, existsSync, fdatasync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSaleSchema, type OpenSale } from '../../shared/sale.ts';
import type { Hash } from '../../shared/signed.ts';
import type { Clock } from './world.ts';

/**
 * The open sale on disk. Each state is one line appended to a file of its own, so that a kill at any moment leaves the
 * last whole line to come back to; the disk is asked to make it power-proof behind the answer, because a scan must not
 * wait for it. What is paid never depends on this file: that is the journal's.
 */
/** States this close together reach the disk together; a power cut loses no more of an open sale than that. */
const SYNC_AFTER_MS = 50;

export function createSaleFile(dataFolder: string, hash: Hash, clock: Pick<Clock, 'later'>) {
  const file = join(dataFolder, 'open-sale.log');
  const digest = (text: string): string => hash(new TextEncoder().encode(text)).slice(0, 16);

  const load = (): OpenSale | null => {
    if (!existsSync(file)) return null;
    const lines = readFileSync(file, 'utf8').split('\n');
    for (const line of lines.reverse()) {
      if (line === '') continue;
      const text = line.slice(17);
      // A line torn by a power cut does not match its own digest; the one before it does.
      if (line.slice(0, 16) !== digest(text)) continue;
      try {
        const parsed = openSaleSchema.safeParse(JSON.parse(text));
        return parsed.success ? parsed.data : null;
      } catch {
        return null;
      }
    }
    return null;
  };

  const loaded = load();
  const handle = openSync(file, 'a+', 0o600);
  let syncing = 0;
  let cancelSync: (() => void) | null = null;
  let open = true;
  let sizeBytes = fstatSync(handle).size;
  /** Appends a line whole or not at all: a disk that took a part of it gives that part back. */
  const append = (line: string): void => {
    const bytes = Buffer.from(line);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written);
    } catch (error) {
      ftruncateSync(handle, sizeBytes);
      throw error;
    }
    sizeBytes += bytes.length;
  };
  // A line torn by a power cut must not run into the next one.
  append('\n');

  /** Asks the disk once for all states of a moment: a scan's own write must not queue behind the last one's. */
  const syncSoon = (): void => {
    cancelSync ??= clock.later(SYNC_AFTER_MS, () => {
      cancelSync = null;
      if (!open) return;
      // A slow disk may still be busy with the one before; the last of them closes.
      syncing += 1;
      fdatasync(handle, () => {
        syncing -= 1;
        if (!open && syncing === 0) closeSync(handle);
      });
    });
  };

  return {
    loaded,
    /** Saves the sale as it stands now; null says that nothing stands on the counter. */
    save: (sale: OpenSale | null): void => {
      if (sale === null) {
        ftruncateSync(handle, 0);
        sizeBytes = 0;
        return;
      }
      const text = JSON.stringify(sale);
      append(`${digest(text)} ${text}\n`);
      syncSoon();
    },
    close: (): void => {
      open = false;
      cancelSync?.();
      if (syncing === 0) closeSync(handle);
    },
  };
}

export type SaleFile = ReturnType<typeof createSaleFile>;
