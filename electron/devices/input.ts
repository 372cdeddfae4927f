import type { WeightReading } from './weight-reading.ts';

/**
 * What the devices of the counter that bring something in (scanners, card readers, scales) say. A driver is opened with
 * its settings and tells of these until it is closed; it never throws, and comes back by itself when its device does.
 */
export type InputEvent =
  /** As the scanner gave it, with the AIM identifier in front where it sends one. */
  | Readonly<{ kind: 'code'; code: string }>
  /** The token by which members are looked up; never a secret, and never to be logged. */
  | Readonly<{ kind: 'card'; token: string }>
  /** Each reading of a scale; null when it says that there is no weight to be had. */
  | Readonly<{ kind: 'weight'; reading: WeightReading | null }>
  /** Every report or piece as it came, for the live test of the set-up page and for the recorder. */
  | Readonly<{ kind: 'raw'; bytes: Uint8Array }>
  /** `why` is a key of the words that a person reads; '' while all is well. */
  | Readonly<{ kind: 'state'; state: 'ready' | 'missing' | 'failed'; why: InputTrouble | '' }>;

/** Why a device brings nothing. */
export type InputTrouble =
  /** Nothing with this identity is plugged in. */
  | 'notPluggedIn'
  /** Another program holds it. */
  | 'inUse'
  /** This account may not open it: a udev rule or a group is missing. */
  | 'notAllowed'
  /** The service or library that it needs is not there (pcscd, libusb). */
  | 'noService'
  /** It is plugged in and answers nothing, or nothing that can be understood. */
  | 'silent'
  /** A card lies there that does not answer, or not as the shop's do. */
  | 'cardUnreadable'
  /** It broke off or could not be opened for another reason. */
  | 'broken';

/** A device that is being listened to, whether or not it is plugged in right now. */
export type InputDevice = Readonly<{
  close: () => void;
  /** Scales that can be told so by wire. */
  zero?: () => void;
  tare?: () => void;
}>;

export type Tell = (event: InputEvent) => void;

/** What a driver may touch beside its device. */
export type InputWorld = Readonly<{
  /** Milliseconds of a clock that never jumps. */
  nowMs: () => number;
  /** Runs `task` after `delayMs`; answers a function that cancels it. */
  later: (delayMs: number, task: () => void) => () => void;
  /** For what a person would want to read in a log; never a code, a card or a track. */
  log: (line: string) => void;
}>;

/**
 * By what a device is found again, also at another port: vendor and product, its own serial number where it has one, and
 * last the path, which only decides between several that are alike.
 */
export type DeviceIdentity = Readonly<{
  vendorId: number | null;
  productId: number | null;
  serialNumber: string | null;
  path: string | null;
}>;

/** One thing that is plugged in now, as the set-up page lists it. */
export type FoundDevice = Readonly<{
  identity: DeviceIdentity;
  line: 'hid' | 'serial' | 'pcsc';
  name: string;
  /** What it seems to be by what it says of itself; null when that could be anything. */
  proposal: 'scanner' | 'stripeReader' | 'cardReader' | 'scale' | null;
}>;
