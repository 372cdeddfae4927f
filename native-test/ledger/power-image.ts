import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever, must } from '../../shared/assert.ts';
import type { Chance } from './chance.ts';

/**
 * What a disk may hold after its power was cut. A write, a truncation, a new name, a renaming or a removal is safe once
 * its file (or, for names, its folder) was synced; until then it may be there, be missing, be torn at a sector, or have
 * overtaken an older one. Nothing is promised by the order of calls alone.
 */

/** One change of a trace, in the order in which the disk was asked for it. */
export type Change =
  | Readonly<{ kind: 'create'; ino: string; path: string }>
  | Readonly<{ kind: 'write'; ino: string; offset: number; bytes: Buffer }>
  | Readonly<{ kind: 'truncate'; ino: string; size: number }>
  | Readonly<{ kind: 'unlink'; path: string }>
  | Readonly<{ kind: 'rename'; from: string; to: string }>
  | Readonly<{ kind: 'sync'; ino: string }>
  | Readonly<{ kind: 'syncFolder'; path: string }>
  | Readonly<{ kind: 'syncFailed'; ino: string }>
  | Readonly<{ kind: 'mark'; text: string }>
  | Readonly<{ kind: 'makeFolder'; path: string }>
  | Readonly<{ kind: 'removeFolder'; path: string }>;

const HEAD_BYTES = 24;

export function readTrace(trace: Buffer): Change[] {
  const changes: Change[] = [];
  for (let at = 0; at + HEAD_BYTES <= trace.length; ) {
    const kind = trace.readUInt32LE(at);
    const ino = trace.readBigUInt64LE(at + 4).toString();
    const offset = Number(trace.readBigUInt64LE(at + 12));
    const size = trace.readUInt32LE(at + 20);
    const bytes = trace.subarray(at + HEAD_BYTES, at + HEAD_BYTES + size);
    const text = (): string => bytes.toString('utf8');
    at += HEAD_BYTES + size;
    if (kind === 1) changes.push({ kind: 'create', ino, path: text() });
    else if (kind === 2) changes.push({ kind: 'write', ino, offset, bytes });
    else if (kind === 3) changes.push({ kind: 'truncate', ino, size: offset });
    else if (kind === 4) changes.push({ kind: 'unlink', path: text() });
    else if (kind === 5) {
      const [from = '', to = ''] = text().split('\0');
      changes.push({ kind: 'rename', from, to });
    } else if (kind === 6) changes.push({ kind: 'sync', ino });
    else if (kind === 7) changes.push({ kind: 'syncFolder', path: text() });
    else if (kind === 8) changes.push({ kind: 'mark', text: text() });
    else if (kind === 9) changes.push({ kind: 'syncFailed', ino });
    else if (kind === 10) changes.push({ kind: 'makeFolder', path: text() });
    else if (kind === 11) changes.push({ kind: 'removeFolder', path: text() });
    else throw new Error(`no entry of a trace is of kind ${kind}`);
  }
  return changes;
}

/** How the disk treats what was not synced. */
export const PATTERNS = ['drop', 'keep', 'inOrder', 'reordered', 'sectors', 'grown', 'junk'] as const;
export type Pattern = (typeof PATTERNS)[number];

const SECTOR_BYTES = 512;

type DataChange = Extract<Change, { kind: 'write' | 'truncate' }>;
type NameChange = Extract<Change, { kind: 'create' | 'unlink' | 'rename' | 'makeFolder' | 'removeFolder' }>;

/** The bytes of a file, grown as needed; a gap reads as zeros. */
class Bytes {
  #bytes: Buffer;
  size: number;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = Buffer.from(bytes);
    this.size = bytes.length;
  }

  copy(): Bytes {
    return new Bytes(this.view());
  }

  view(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  write(offset: number, bytes: Buffer): void {
    const end = offset + bytes.length;
    this.#grow(end);
    bytes.copy(this.#bytes, offset);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    this.#grow(size);
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    this.size = size;
  }

  #grow(size: number): void {
    if (size <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(size, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.size);
    this.#bytes = grown;
  }
}

type File = { safe: Bytes; pending: DataChange[]; syncedAt: number };

/** A file system as its syncs leave it, moved forward through a trace change by change. */
export class PowerModel {
  readonly #changes: readonly Change[];
  /** By inode; a number that is given again stands for a new file. */
  readonly #files = new Map<string, File>();
  /** What names lead to, as far as it is safe; folders lead to null. */
  readonly #names = new Map<string, File | null>();
  /** Changes of names that no sync of their folder has made safe, oldest first, and the file that each is about. */
  #pendingNames: { change: NameChange; file: File | null }[] = [];
  /** Names as the running system sees them. */
  readonly #live = new Map<string, File | null>();
  #at = 0;

  /** `backing` is the folder as it stands when the trace begins, all of it safe. */
  constructor(changes: readonly Change[], base: readonly BaseFile[]) {
    this.#changes = changes;
    for (const { path, ino, bytes } of base) {
      const file = bytes === null ? null : { safe: new Bytes(bytes), pending: [], syncedAt: 0 };
      if (file !== null) this.#files.set(ino, file);
      this.#names.set(path, file);
      this.#live.set(path, file);
    }
  }

  get at(): number {
    return this.#at;
  }

  /** Moves to the moment before change number `position`. */
  moveTo(position: number): void {
    must(position >= this.#at && position <= this.#changes.length, 'time goes forward');
    while (this.#at < position) {
      const change = this.#changes[this.#at];
      must(change !== undefined, 'a change stands at each place');
      this.#apply(change);
      this.#at += 1;
    }
  }

  #fileOf(ino: string): File {
    let file = this.#files.get(ino);
    if (file === undefined) {
      file = { safe: new Bytes(), pending: [], syncedAt: 0 };
      this.#files.set(ino, file);
    }
    return file;
  }

  #apply(change: Change): void {
    switch (change.kind) {
      case 'create': {
        // Opened with O_CREAT while it was there: no new file.
        if (this.#live.get(change.path) !== undefined) return;
        const file: File = { safe: new Bytes(), pending: [], syncedAt: 0 };
        this.#files.set(change.ino, file);
        this.#live.set(change.path, file);
        this.#pendingNames.push({ change, file });
        return;
      }
      case 'write':
      case 'truncate':
        this.#fileOf(change.ino).pending.push(change);
        return;
      case 'sync': {
        const file = this.#fileOf(change.ino);
        for (const one of file.pending) applyData(file.safe, one);
        file.pending = [];
        file.syncedAt = this.#at;
        return;
      }
      case 'syncFailed':
        // The kernel forgets that these pages were ever dirty.
        this.#fileOf(change.ino).pending = [];
        return;
      case 'unlink':
      case 'removeFolder':
        this.#live.delete(change.path);
        this.#pendingNames.push({ change, file: null });
        return;
      case 'makeFolder':
        this.#live.set(change.path, null);
        this.#pendingNames.push({ change, file: null });
        return;
      case 'rename': {
        const file = this.#live.get(change.from) ?? null;
        this.#live.delete(change.from);
        this.#live.set(change.to, file);
        this.#pendingNames.push({ change, file });
        return;
      }
      case 'syncFolder':
        this.#pendingNames = this.#pendingNames.filter(({ change: one, file }) => {
          if (!foldersOf(one).includes(change.path)) return true;
          applyName(this.#names, one, file);
          return false;
        });
        return;
      case 'mark':
        return;
      default:
        assertNever(change);
    }
  }

  /** How many changes of the file at `path` a power cut may lose now. */
  unsafe(path: string): number {
    return this.#live.get(path)?.pending.length ?? 0;
  }

  /** How many changes of any file or name a power cut may lose now. */
  get unsafeInAll(): number {
    return [...new Set(this.#live.values())].reduce(
      (sum, file) => sum + (file?.pending.length ?? 0),
      this.#pendingNames.length,
    );
  }

  /** The number of the change that last made the file at `path` safe. */
  syncedAt(path: string): number {
    return this.#live.get(path)?.syncedAt ?? 0;
  }

  /** What the disk holds when the power goes at this moment: each file with its bytes, folders with null. */
  image(pattern: Pattern, chance: Chance): Map<string, Buffer | null> {
    const names = new Map(this.#names);
    // A journaling file system brings names to the disk in order, up to some moment.
    const keptNames =
      pattern === 'drop'
        ? 0
        : pattern === 'keep'
          ? this.#pendingNames.length
          : chance.below(this.#pendingNames.length + 1);
    for (const { change, file } of this.#pendingNames.slice(0, keptNames)) applyName(names, change, file);
    const contents = new Map<File, Buffer>();
    for (const file of new Set(names.values())) {
      if (file === null || contents.has(file)) continue;
      const bytes = file.safe.copy();
      survive(bytes, file.pending, pattern, chance);
      contents.set(file, bytes.view());
    }
    return new Map([...names].map(([path, file]) => [path, file === null ? null : (contents.get(file) ?? null)]));
  }
}

function foldersOf(change: NameChange): string[] {
  const folder = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));
  return change.kind === 'rename' ? [folder(change.from), folder(change.to)] : [folder(change.path)];
}

function applyName(names: Map<string, File | null>, change: NameChange, file: File | null): void {
  switch (change.kind) {
    case 'create':
    case 'makeFolder':
      names.set(change.path, file);
      return;
    case 'unlink':
    case 'removeFolder':
      names.delete(change.path);
      return;
    case 'rename':
      names.delete(change.from);
      names.set(change.to, file);
      return;
    default:
      assertNever(change);
  }
}

function applyData(bytes: Bytes, change: DataChange): void {
  if (change.kind === 'truncate') bytes.truncate(change.size);
  else bytes.write(change.offset, change.bytes);
}

/** Lets some of the pending changes of a file reach the disk. */
function survive(bytes: Bytes, pending: readonly DataChange[], pattern: Pattern, chance: Chance): void {
  switch (pattern) {
    case 'drop':
      return;
    case 'keep':
      for (const change of pending) applyData(bytes, change);
      return;
    case 'inOrder': {
      const whole = chance.below(pending.length + 1);
      for (const change of pending.slice(0, whole)) applyData(bytes, change);
      const torn = pending[whole];
      if (torn?.kind === 'write') {
        const kept = chance.below(Math.ceil(torn.bytes.length / SECTOR_BYTES) + 1);
        writeSectors(bytes, torn, (sector) => sector < kept);
      }
      return;
    }
    case 'reordered':
      for (const change of pending) {
        if (chance.percent(50)) applyData(bytes, change);
        else if (change.kind === 'write' && chance.percent(30)) writeSectors(bytes, change, () => chance.percent(50));
      }
      return;
    case 'sectors':
      for (const change of pending) {
        if (change.kind === 'write') writeSectors(bytes, change, () => chance.percent(50));
        else if (chance.percent(50)) applyData(bytes, change);
      }
      return;
    case 'grown':
    case 'junk': {
      // A file may have grown before its bytes came: what stands there then are zeros, or whatever stood there before.
      const safeSize = bytes.size;
      for (const change of pending) {
        if (change.kind === 'truncate') {
          if (chance.percent(50)) applyData(bytes, change);
          continue;
        }
        const isNew = change.offset >= safeSize;
        const stale = Buffer.from(change.bytes.map(() => (pattern === 'junk' ? chance.below(256) : 0)));
        if (isNew && chance.percent(60)) bytes.write(change.offset, stale);
        else if (chance.percent(50)) applyData(bytes, change);
      }
      return;
    }
    default:
      assertNever(pattern);
  }
}

/** Sectors of a disk stand at fixed places; a write that is torn is torn between two of them. */
function writeSectors(
  bytes: Bytes,
  change: Extract<DataChange, { kind: 'write' }>,
  keep: (sector: number) => boolean,
): void {
  const end = change.offset + change.bytes.length;
  let sector = 0;
  for (let from = change.offset; from < end; sector += 1) {
    const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (keep(sector)) bytes.write(from, change.bytes.subarray(from - change.offset, to - change.offset));
    from = to;
  }
}

export type BaseFile = Readonly<{ path: string; ino: string; bytes: Buffer | null }>;

/** Everything in a folder with its inodes, as the state from which a trace begins. */
export function readBase(backing: string): BaseFile[] {
  const found: BaseFile[] = [];
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(backing, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`;
      const full = join(backing, below);
      const ino = statSync(full, { bigint: true }).ino.toString();
      found.push({ path: below, ino, bytes: entry.isDirectory() ? null : readFileSync(full) });
      if (entry.isDirectory()) walk(below);
    }
  };
  walk('');
  return found;
}
