import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isCountable, openSaleSchema, type OpenSale } from '../../shared/sale.ts';
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
        return parsed.success && isCountable(parsed.data) ? parsed.data : null;
      } catch {
        return null;
      }
    }
    return null;
  };

  const loaded = load();
  let handle = openSync(file, 'a+', 0o600);
  let sizeBytes = fstatSync(handle).size;
  /** Asynchronous syncs under way, by the handle that they hold open. */
  const syncing = new Map<number, number>();
  let cancelSync: (() => void) | null = null;
  let open = true;
  const lineOf = (sale: OpenSale): string => {
    const text = JSON.stringify(sale);
    return `${digest(text)} ${text}\n`;
  };
  /** What the file should hold; null when nothing stands on the counter. */
  let lastLine = loaded === null ? null : lineOf(loaded);
  /** After a write or a sync that failed nobody knows what this handle has brought to the disk: it is not used again. */
  let isTrusted = true;

  /** A slow disk may still be busy with a handle that nobody needs any more; then the last of its syncs closes it. */
  const letGo = (one: number): void => {
    if (!syncing.has(one)) closeSync(one);
  };

  const writeWhole = (to: number, line: string): void => {
    const bytes = Buffer.from(line);
    for (let written = 0; written < bytes.length; ) written += writeSync(to, bytes, written);
    if (to === handle) sizeBytes += bytes.length;
  };

  /** Writes what should stand there into a new file, and waits for the disk: a disk that still fails says so here. */
  const renew = (): void => {
    const draft = `${file}.new`;
    const fresh = openSync(draft, 'w', 0o600);
    const line = `\n${lastLine ?? ''}`;
    try {
      writeWhole(fresh, line);
      fdatasyncSync(fresh);
    } catch (error) {
      closeSync(fresh);
      throw error;
    }
    closeSync(fresh);
    renameSync(draft, file);
    const again = openSync(file, 'a+', 0o600);
    letGo(handle);
    handle = again;
    sizeBytes = Buffer.byteLength(line);
    isTrusted = true;
  };

  /** Lets a change of the file happen, or leaves it to `renew` when the handle is not to be trusted. */
  const change = (work: () => void): void => {
    if (!isTrusted) {
      renew();
      return;
    }
    try {
      work();
    } catch (error) {
      isTrusted = false;
      throw error;
    }
  };

  /** Appends a line whole or not at all: a disk that took a part of it gives that part back. */
  const append = (line: string): void =>
    change(() => {
      try {
        writeWhole(handle, line);
      } catch (error) {
        ftruncateSync(handle, sizeBytes);
        throw error;
      }
    });
  // A line torn by a power cut must not run into the next one.
  append('\n');

  /** Asks the disk once for all states of a moment: a scan's own write must not queue behind the last one's. */
  const syncSoon = (): void => {
    cancelSync ??= clock.later(SYNC_AFTER_MS, () => {
      cancelSync = null;
      if (!open) return;
      const asked = handle;
      syncing.set(asked, (syncing.get(asked) ?? 0) + 1);
      fdatasync(asked, (error) => {
        const left = (syncing.get(asked) ?? 1) - 1;
        if (left > 0) syncing.set(asked, left);
        else syncing.delete(asked);
        if ((!open || asked !== handle) && left === 0) closeSync(asked);
        if (error === null || !open || asked !== handle) return;
        // What the disk refused to keep is written anew at once; if it still refuses, the next command hears of it.
        isTrusted = false;
        try {
          renew();
        } catch {
          isTrusted = false;
        }
      });
    });
  };

  return {
    loaded,
    /** Saves the sale as it stands now; null says that nothing stands on the counter. */
    save: (sale: OpenSale | null): void => {
      const line = sale === null ? null : lineOf(sale);
      const before = lastLine;
      lastLine = line;
      try {
        if (line !== null) append(line);
        else {
          change(() => {
            ftruncateSync(handle, 0);
            sizeBytes = 0;
          });
        }
      } catch (error) {
        lastLine = before;
        throw error;
      }
      syncSoon();
    },
    /** Waits until the disk has what was saved: for a sale that is about to stand nowhere else. */
    sync: (): void => {
      cancelSync?.();
      cancelSync = null;
      change(() => fdatasyncSync(handle));
    },
    close: (): void => {
      open = false;
      if (cancelSync !== null) {
        cancelSync();
        try {
          fdatasyncSync(handle);
        } catch {
          // The till is closing; what a failing disk keeps of an open sale is what it kept before.
        }
      }
      letGo(handle);
    },
  };
}

export type SaleFile = ReturnType<typeof createSaleFile>;
