import {
  closeSync,
  existsSync,
  ftruncateSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ChainHead } from '../../shared/journal.ts';
import type { Crypto } from './world.ts';

/**
 * What a till keeps outside its data folder and never puts into a backup: the private key of its incarnation and the
 * high-water mark of its journal. A folder that was restored, copied or moved stands behind the mark or in another
 * place, and so begins a new incarnation instead of continuing a chain (invariant 11).
 */
const keysSchema = z.object({ publicKey: z.string().min(1), privateKey: z.string().min(1) });
export type Keys = Readonly<z.infer<typeof keysSchema>>;

const markSchema = z.object({ incarnation: z.int().min(1), seq: z.int().min(0), hash: z.string(), folder: z.string() });
type Mark = Readonly<z.infer<typeof markSchema>>;

/** Why the chain in a folder may not be continued. */
export type KeeperVerdict = 'continue' | 'restored' | 'moved' | 'noKey';

/**
 * What the folder of a till is called: its id alone would meet the till of another town on the same machine, so the
 * town's key stands in it too.
 */
export function keepName(town: string, till: string, townKey: string, crypto: Crypto): string {
  return `${town}-${till}-${crypto.hash(new TextEncoder().encode(townKey)).slice(0, 12)}`;
}

export function createKeeper(keepFolder: string, dataFolder: string, name: string, crypto: Crypto) {
  const folder = join(keepFolder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const place = realpathSync(dataFolder);
  const keysFile = join(folder, 'keys.json');
  const markFile = join(folder, 'mark.json');
  let markHandle: number | null = null;

  /** What a file says; null when it is not there, or was torn. A disk that fails to read it is an error, and no answer. */
  const readJson = (file: string): unknown => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
    try {
      return JSON.parse(text);
    } catch {
      // A mark torn by a power cut tells nothing; the town still compares heads at the next contact.
      return null;
    }
  };

  /** A mark of another form tells as little as a torn one. */
  const readMark = (): Mark | null => {
    const read = markSchema.safeParse(readJson(markFile));
    return read.success ? read.data : null;
  };

  /** Everything in the file of keys, also what this program cannot read: nobody but a person throws a key away. */
  const allKeys = (): Record<string, unknown> => {
    const read = z.record(z.string(), z.unknown()).safeParse(readJson(keysFile));
    return read.success ? read.data : {};
  };

  const keysOf = (incarnation: number): Keys | null => {
    const read = keysSchema.safeParse(allKeys()[String(incarnation)]);
    return read.success ? read.data : null;
  };

  /** Whether the two halves belong together: a byte that turned over in either signs what nobody would believe. */
  const isPair = (keys: Keys): boolean => {
    const probe = new TextEncoder().encode('onecard/v1/probe');
    try {
      return crypto.verify(keys.publicKey, probe, crypto.signWith(keys.privateKey)(probe));
    } catch {
      return false;
    }
  };

  const keep = (incarnation: number, keys: Keys): void =>
    writeDurably(keysFile, JSON.stringify({ ...allKeys(), [String(incarnation)]: keys }));

  const writeDurably = (file: string, text: string): void => {
    const draft = `${file}.new`;
    const handle = openSync(draft, 'w', 0o600);
    writeSync(handle, text);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(draft, file);
    syncNames();
  };

  /** Waits until the new name is on the disk, too: a key that a power cut takes ends its incarnation. */
  const syncNames = (): void => {
    // Windows brings names to the disk by itself and opens no folder.
    if (process.platform === 'win32') return;
    for (const one of [folder, keepFolder]) {
      const handle = openSync(one, 'r');
      try {
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    }
  };

  return {
    keys: keysOf,
    putKeys: keep,
    /** Makes the key pair of an incarnation and keeps it before anything is signed with it. */
    makeKeys: (incarnation: number): Keys => {
      const keys = crypto.newKeys();
      keep(incarnation, keys);
      return keys;
    },
    /** The highest incarnation this machine has seen of the till, so that a restored folder never takes an old number. */
    highestIncarnation: (): number => readMark()?.incarnation ?? 0,
    /** How far this machine has seen the till's journal; null where it has seen nothing of it. */
    mark: (): ChainHead | null => {
      const mark = readMark();
      return mark === null ? null : { incarnation: mark.incarnation, seq: mark.seq, hash: mark.hash };
    },
    judge: (head: ChainHead): KeeperVerdict => {
      const mark = readMark();
      const keys = keysOf(head.incarnation);
      if (keys === null || !isPair(keys)) return 'noKey';
      if (mark === null) return 'continue';
      if (mark.folder !== place) return 'moved';
      if (mark.incarnation > head.incarnation) return 'restored';
      if (mark.incarnation === head.incarnation && mark.seq > head.seq) return 'restored';
      if (mark.incarnation === head.incarnation && mark.seq === head.seq && mark.hash !== head.hash) return 'restored';
      return 'continue';
    },
    /**
     * Raises the mark after a commit. It is written in place and not synced: a mark that is behind after a power cut
     * only says less, while a mark that is ahead of its journal would wrongly end an incarnation.
     */
    raise: (head: ChainHead): void => {
      const text = JSON.stringify({
        incarnation: head.incarnation,
        seq: head.seq,
        hash: head.hash,
        folder: place,
      } satisfies Mark).padEnd(512);
      const isFirst = markHandle === null;
      markHandle ??= openSync(markFile, existsSync(markFile) ? 'r+' : 'w', 0o600);
      const length = writeSync(markHandle, text, 0);
      // A mark of a folder with a longer name must not show behind this one.
      if (isFirst) ftruncateSync(markHandle, length);
    },
    /** Removes the folder of a till that has got its name and keeps its key there now. */
    discard: (): void => rmSync(folder, { recursive: true, force: true }),
    close: (): void => {
      if (markHandle !== null) closeSync(markHandle);
      markHandle = null;
    },
  };
}

export type Keeper = ReturnType<typeof createKeeper>;
