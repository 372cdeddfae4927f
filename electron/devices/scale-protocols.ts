import { halfUp } from '../../shared/money.ts';
import { assertNever } from '../../shared/assert.ts';
import type { FrameAt } from './frames.ts';

/**
 * What scales say, byte by byte, as their manuals have it. A frame that does not hold together (a wrong check sum, a
 * digit that is none) is no frame; a weight that no shop's scale can have is none either.
 */
export type ScaleSays =
  | Readonly<{ kind: 'weight'; weightGrams: number; isStable: boolean }>
  /** Moving without a figure, over its range, below zero, or out of order: there is no weight to be had. */
  | Readonly<{ kind: 'none' }>;

/** How a serial scale is spoken to. */
export type ScaleProtocol = 'os2Active' | 'os2Passive' | 'dahua' | 'toledo';

export type SerialScaleLine = Readonly<{
  baudRate: number;
  dataBits: 7 | 8;
  parity: 'none' | 'even';
  frameAt: FrameAt<ScaleSays>;
  /** What asks for one weight; null for scales that send by themselves. */
  ask: Uint8Array | null;
  /** What the scale must say before it is asked, where it wants to be greeted. */
  greet: Readonly<{ send: Uint8Array; answer: number }> | null;
  zero: Uint8Array | null;
  tare: Uint8Array | null;
  /** Says of each weight whether it is stable; a scale that does not must be watched. */
  saysStable: boolean;
}>;

const NONE: ScaleSays = { kind: 'none' };

const [SOH, STX, ETX, EOT, ENQ, DC1, LF, CR] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x11, 0x0a, 0x0d] as const;

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The line that each protocol wants, from the manuals. */
export function scaleLine(protocol: ScaleProtocol): SerialScaleLine {
  const os2 = {
    baudRate: 9_600,
    dataBits: 8,
    parity: 'none',
    frameAt: os2FrameAt,
    zero: ascii('<ZK>\t'),
    tare: ascii('<TK>\t'),
    saysStable: true,
  } as const;
  switch (protocol) {
    case 'os2Active':
      return { ...os2, ask: null, greet: null };
    case 'os2Passive':
      return {
        ...os2,
        ask: Uint8Array.of(DC1),
        greet: { send: Uint8Array.of(ENQ), answer: 0x06 },
      };
    case 'dahua':
      return {
        baudRate: 9_600,
        dataBits: 8,
        parity: 'none',
        frameAt: dahuaFrameAt,
        ask: null,
        greet: null,
        zero: null,
        tare: null,
        saysStable: false,
      };
    case 'toledo':
      return {
        baudRate: 9_600,
        dataBits: 7,
        parity: 'even',
        frameAt: toledoFrameAt,
        ask: ascii('W'),
        greet: null,
        zero: ascii('Z'),
        tare: ascii('T'),
        saysStable: true,
      };
    default:
      return assertNever(protocol);
  }
}

/** Grams of digits with at most one point, in kg or g; null for anything else. */
function gramsOf(text: string, unitGrams: 1 | 1_000): number | null {
  const match = /^ *(\d{1,6})(?:\.(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const decimals = match[2] ?? '';
  return halfUp(Number((match[1] ?? '') + decimals) * unitGrams, 10 ** decimals.length);
}

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/**
 * 顶尖 OS2: `01 02`, state (S stable, U not, F over its range or not zeroed), sign, six characters, unit, the XOR of
 * these twelve bytes, `03 04`. Active scales send a byte of flags behind it, which says nothing that the state does not.
 */
export const os2FrameAt: FrameAt<ScaleSays> = (bytes) => {
  const [first, second] = bytes;
  if (first !== SOH) return null;
  if (second === undefined) return 'more';
  if (second !== STX) return null;
  if (bytes.length < OS2_LENGTH) return 'more';
  const sum = bytes.subarray(0, 12).reduce((xor, byte) => xor ^ byte, 0);
  if (bytes[12] !== sum || bytes[13] !== ETX || bytes[14] !== EOT) return null;
  return { length: OS2_LENGTH, frame: os2Says(textOf(bytes.subarray(2, 12))) };
};

const OS2_LENGTH = 15;

function os2Says(text: string): ScaleSays {
  const [state, sign] = [text.charAt(0), text.charAt(1)];
  const unit = text.slice(8).trim().toLowerCase();
  if ((state !== 'S' && state !== 'U') || sign !== ' ' || (unit !== 'kg' && unit !== 'g')) return NONE;
  const weightGrams = gramsOf(text.slice(2, 8), unit === 'kg' ? 1_000 : 1);
  return weightGrams === null ? NONE : { kind: 'weight', weightGrams, isStable: state === 'S' };
}

/**
 * 大华 ACS: five digits of grams, spaces for leading zeros, LF CR; no check sum and no word on stability. Six digits in a
 * row are a frame that lost its end, so all of a row counts or nothing of it.
 */
export const dahuaFrameAt: FrameAt<ScaleSays> = (bytes) => {
  const isFigure = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && isDigit(byte));
  if (!isFigure(bytes[0])) return null;
  let length = 1;
  while (isFigure(bytes[length])) length += 1;
  // A row without end is noise; it is dropped before it grows.
  if (length === bytes.length) return length > 64 ? { length, frame: null } : 'more';
  if (bytes[length] !== LF) return { length, frame: null };
  const end = bytes[length + 1];
  if (end === undefined) return 'more';
  const text = textOf(bytes.subarray(0, length));
  if (end !== CR || !/^(?=.{5}$) *\d+$/.test(text)) return { length, frame: null };
  return { length: length + 2, frame: { kind: 'weight', weightGrams: Number(text), isStable: true } };
};

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/**
 * Toledo 8217, asked by `W`: `02`, `WW.WWW` in kilograms, `N` when net, `0D`; or `02 3F`, a byte of state, `0D` when
 * there is no weight. The eighth bit may be parity that the line left in.
 */
export const toledoFrameAt: FrameAt<ScaleSays> = (bytes) => {
  const seven = (at: number): number | null => {
    const byte = bytes[at];
    return byte === undefined ? null : byte & 0x7f;
  };
  if (seven(0) !== STX) return null;
  if (seven(1) === 0x3f) {
    const [state, end] = [seven(2), seven(3)];
    if (state === null || end === null) return 'more';
    // Bit 6 of the state is always set; without it these are other bytes.
    return end === CR && (state & 0x40) !== 0 ? { length: 4, frame: NONE } : null;
  }
  let text = '';
  for (let at = 1; at <= 8; at += 1) {
    const byte = seven(at);
    if (byte === null) return /^[\d.N]*$/.test(text) ? 'more' : null;
    if (byte === CR) {
      const match = /^(\d\d\.\d{3})N?$/.exec(text);
      const weightGrams = match === null ? null : gramsOf(match[1] ?? '', 1_000);
      return weightGrams === null ? null : { length: at + 1, frame: { kind: 'weight', weightGrams, isStable: true } };
    }
    text += String.fromCharCode(byte);
  }
  return null;
};

/** Milligrams, grams and kilograms, of the units of usage page 0x8D. A shop's scale that shows others is set up wrong. */
const HID_UNITS: ReadonlyMap<number, number> = new Map([
  [1, -3],
  [2, 0],
  [3, 3],
]);

/**
 * A data report of usage page 0x8D: `03`, state, unit, exponent of ten, weight in two bytes, lower first. Null for other
 * reports of the scale.
 */
export function hidScaleSays(report: Uint8Array): ScaleSays | null {
  const [id, state, unit = 0, exponent = 0, low = 0, high = 0] = report;
  if (id !== 0x03 || report.length < 6) return null;
  // 2 is stable at zero, 3 moving, 4 stable; the others are faults, below zero, over range, wants zeroing.
  if (state === 2) return { kind: 'weight', weightGrams: 0, isStable: true };
  const unitExponent = HID_UNITS.get(unit);
  if ((state !== 3 && state !== 4) || unitExponent === undefined) return NONE;
  const power = (exponent > 127 ? exponent - 256 : exponent) + unitExponent;
  const value = low + high * 256;
  if (power < -12 || power > 6) return NONE;
  const weightGrams = power >= 0 ? value * 10 ** power : halfUp(value, 10 ** -power);
  return { kind: 'weight', weightGrams, isStable: state === 4 };
}

/** Readings of a scale that does not say whether it is stable. */
export type Steadiness = Readonly<{ weightGrams: number; sinceMs: number; lastMs: number; count: number }> | null;

/** Equal readings in a row, over a time in which goods that still move would have shown. */
const STEADY_COUNT = 5;
const STEADY_MS = 500;
/** A longer gap is a cable that was out; what came before it says nothing. */
const STEADY_GAP_MS = 1_000;

/** Takes one more reading; it is stable once it has been the same long enough. */
export function watchSteadiness(
  before: Steadiness,
  weightGrams: number,
  atMs: number,
): Readonly<{ steadiness: Steadiness; isStable: boolean }> {
  const goesOn = before !== null && before.weightGrams === weightGrams && atMs - before.lastMs <= STEADY_GAP_MS;
  const steadiness = goesOn
    ? { ...before, lastMs: atMs, count: before.count + 1 }
    : { weightGrams, sinceMs: atMs, lastMs: atMs, count: 1 };
  return {
    steadiness,
    isStable: steadiness.count >= STEADY_COUNT && atMs - steadiness.sinceMs >= STEADY_MS,
  };
}
