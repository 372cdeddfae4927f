import type { Devices } from '../../shared/devices.ts';
import type { Policy } from '../../shared/policy.ts';
import type { Hash, Verify } from '../../shared/signed.ts';
import type { TownApi } from './town-api.ts';

export type { Devices };

/**
 * Everything the core may touch beside its own ledger file, handed in by the host (Electron's core process, the loopback
 * host, the command line, a simulator). The core has no global clock, no global ids and no device of its own.
 */
export type World = Readonly<{
  /** The till's folder: the ledger, the open sale and its backups. */
  dataFolder: string;
  /** A folder outside the data folder in which each till keeps its private key and high-water mark; never part of a backup. */
  keepFolder: string;
  /** Where the night's backups go and how many stay; beside the ledger, seven of them, when nothing is said; null makes none. */
  backups?: Readonly<{ folder: string | null; keep: number }> | null;
  devices: Devices;
  /** The town over any transport; null for a till that was never told where its town is. */
  town: TownApi | null;
  clock: Clock;
  /** What holds until the town's first policy has come: the defaults of `resources/policy-default.json`. */
  policy: Policy;
  newId: () => string;
  /** Of the process that holds the folder, for whoever finds it held. */
  processId: number;
  crypto: Crypto;
  /** The file that `audit-worker.ts` is in this host: beside the sources, or built for Electron. */
  auditWorker: URL;
  /** Called for what a person would want to read in a log; never with a card number, a name or a PIN. */
  log: (line: string) => void;
  /** A demo shop shows the simulated devices and the PINs; null in a real shop. */
  demo: DemoShop | null;
  /** Switches the machine off, and rejects where it cannot; absent where a host must not. */
  powerOff?: () => Promise<void>;
  /** How this till begins to practise, or stops; absent where a host has no room for it. */
  practice?: Practice;
}>;

/** 练习: a core of its own beside the till's, on a folder of its own, to which every page turns meanwhile. */
export type Practice =
  | Readonly<{
      kind: 'beside';
      /** Opens it on what `furnish` leaves in the folder that it is handed, and turns every page there. */
      enter: (furnish: (folder: PracticeFolder) => void) => Promise<'entered' | 'failed'>;
    }>
  /** This world is the one that practises. */
  | Readonly<{ kind: 'inside'; leave: () => void }>;

export type PracticeFolder = Pick<World, 'dataFolder' | 'keepFolder' | 'crypto' | 'newId'>;

export const isPractice = (world: Pick<World, 'practice'>): boolean => world.practice?.kind === 'inside';

export type Clock = Readonly<{
  /** Milliseconds since 1970 UTC by the machine's wall clock. */
  nowMs: () => number;
  /** Runs `task` after `delayMs`; answers a function that cancels it. */
  later: (delayMs: number, task: () => void) => () => void;
}>;

export type Crypto = Readonly<{
  hash: Hash;
  verify: Verify;
  /** A new Ed25519 key pair, base64 (SPKI and PKCS8 DER). */
  newKeys: () => { publicKey: string; privateKey: string };
  signWith: (privateKey: string) => (bytes: Uint8Array) => string;
  /** A slow salted hash of a PIN, and its check. */
  hashPin: (pin: string) => string;
  pinMatches: (pin: string, hashed: string) => boolean;
}>;

/** What a demo shop tells a newcomer. */
export type DemoShop = Readonly<{
  pins: readonly Readonly<{ role: string; name: string; pin: string }>[];
  cards: readonly Readonly<{ token: string; label: string }>[];
  itemCodes: readonly string[];
  /** Pulls the plug to the town, or puts it back. */
  setConnected: (connected: boolean) => void;
}>;
