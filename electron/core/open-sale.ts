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
import { z } from 'zod';
import { isCountable, openSaleSchema, type OpenSale } from '../../shared/sale.ts';
import type { Hash } from '../../shared/signed.ts';
import type { Clock } from './world.ts';

/**
 * The open sale on disk. Each state is one line appended to a file of its own, so that a kill at any moment leaves the
 * last whole line to come back to; the disk is asked to make it power-proof behind the answer, because a scan must not
 * wait for it. What is paid never depends on this file: that is the journal's.
 *
 * A line is `DIGEST JSON`. The first state that a process saves stands there whole, and so does the first of each sale;
 * the others say what is different from the line before, so that a scan writes as little in a basket of two hundred goods
 * as in one of two. The digest of such a line is made over the digest before it as well: it continues that line alone.
 */
/** States this close together reach the disk together; a power cut loses no more of an open sale than that. */
const SYNC_AFTER_MS = 50;

const DIGITS = 16;
const TEXT_AT = DIGITS + 1;

/** Emptying a file costs the disk more than a line, so an empty counter is a line too, until the file is this long. */
const EMPTIED_ABOVE_BYTES = 65_536;

/** A state as the line says it that knows the one before: `head` and `tail` count the lines that stay at either end. */
const changeSchema = openSaleSchema.extend({ head: z.int().min(0), tail: z.int().min(0) });
type Change = Readonly<z.infer<typeof changeSchema>>;

function changeOf(before: OpenSale, after: OpenSale): Change {
  const most = Math.min(before.lines.length, after.lines.length);
  let head = 0;
  while (head < most && before.lines[head] === after.lines[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.lines.at(-1 - tail) === after.lines.at(-1 - tail)) tail += 1;
  return { ...after, lines: after.lines.slice(head, after.lines.length - tail), head, tail };
}

/** Null when the change does not fit the state. */
function changed(before: OpenSale, { head, tail, lines, ...rest }: Change): OpenSale | null {
  const { length } = before.lines;
  if (head + tail > length) return null;
  return { ...rest, lines: [...before.lines.slice(0, head), ...lines, ...before.lines.slice(length - tail)] };
}

/** What a line with the right digest says; null when that has another form, or says that nothing stood there. */
function read<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

export function createSaleFile(dataFolder: string, hash: Hash, clock: Pick<Clock, 'later'>) {
  const file = join(dataFolder, 'open-sale.log');
  const digest = (text: string): string => hash(new TextEncoder().encode(text)).slice(0, DIGITS);

  const load = (): OpenSale | null => {
    if (!existsSync(file)) return null;
    let sale: OpenSale | null = null;
    let last = '';
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue;
      const text = line.slice(TEXT_AT);
      const said = line.slice(0, DIGITS);
      if (said === digest(text)) sale = read(openSaleSchema, text);
      else if (said === digest(`${last} ${text}`)) {
        const change: Change | null = read(changeSchema, text);
        sale = sale === null || change === null ? null : changed(sale, change);
      } else {
        // Torn by a power cut: the state before it counts, and what continues it continues nothing.
        last = '';
        continue;
      }
      last = said;
    }
    return sale !== null && isCountable(sale) ? sale : null;
  };

  const loaded = load();
  let handle = openSync(file, 'a+', 0o600);
  let sizeBytes = fstatSync(handle).size;
  /** Asynchronous syncs under way, by the handle that they hold open. */
  const syncing = new Map<number, number>();
  let cancelSync: (() => void) | null = null;
  let open = true;
  /** What the file should hold; null when nothing stands on the counter. */
  let current = loaded;
  /** The digest of the newest line; null when it is not known that it stands there, and says `current`. */
  let newest: string | null = null;
  /** Where each line is put together: one of its own for each would be thrown away at once. */
  let room = Buffer.allocUnsafe(16_384);

  /** A line that says `sale`, by its difference from `before` where that stands in the line with the digest `last`. */
  const lineOf = (sale: OpenSale | null, before: OpenSale | null, last: string | null) => {
    const change = sale === null || before === null || last === null ? null : changeOf(before, sale);
    const text = JSON.stringify(change ?? sale);
    // A character of UTF-16 is three bytes of UTF-8 at most.
    const most = TEXT_AT + 3 * text.length + 1;
    if (room.length < most) room = Buffer.allocUnsafe(2 * most);
    room.write(`${last ?? ''} `.padStart(TEXT_AT), 'latin1');
    const end = TEXT_AT + room.write(text, TEXT_AT);
    const own = hash(room.subarray(change === null ? TEXT_AT : 0, end)).slice(0, DIGITS);
    room.write(own, 'latin1');
    room.write('\n', end, 'latin1');
    return { bytes: room.subarray(0, end + 1), digest: own };
  };
  /** After a write or a sync that failed nobody knows what this handle has brought to the disk: it is not used again. */
  let isTrusted = true;

  /** A slow disk may still be busy with a handle that nobody needs any more; then the last of its syncs closes it. */
  const letGo = (one: number): void => {
    if (!syncing.has(one)) closeSync(one);
  };

  const writeWhole = (to: number, bytes: Uint8Array): void => {
    for (let written = 0; written < bytes.length; ) written += writeSync(to, bytes, written);
    if (to === handle) sizeBytes += bytes.length;
  };

  /** Writes what should stand there into a new file, and waits for the disk: a disk that still fails says so here. */
  const renew = (): void => {
    const draft = `${file}.new`;
    const fresh = openSync(draft, 'w', 0o600);
    const line = lineOf(current, null, null);
    try {
      writeWhole(fresh, line.bytes);
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
    sizeBytes = line.bytes.length;
    newest = line.digest;
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
  const append = (bytes: Uint8Array): void => {
    try {
      writeWhole(handle, bytes);
    } catch (error) {
      ftruncateSync(handle, sizeBytes);
      throw error;
    }
  };
  // A line torn by a power cut must not run into the next one.
  change(() => append(Buffer.from('\n')));

  const empty = (): void => {
    ftruncateSync(handle, 0);
    sizeBytes = 0;
    newest = null;
  };

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
      const before = current;
      if (sale === null && before === null && isTrusted) return;
      current = sale;
      try {
        change(() => {
          if (sale === null && sizeBytes > EMPTIED_ABOVE_BYTES) return empty();
          const line = lineOf(sale, before, newest);
          append(line.bytes);
          newest = line.digest;
        });
      } catch (error) {
        current = before;
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
