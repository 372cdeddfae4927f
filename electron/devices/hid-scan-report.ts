import { codeOf } from './scan-text.ts';

/**
 * Reports of HID point-of-sale scanners: 64 bytes with their ID, 02, in front. Two layouts are in the field: with the AIM
 * identifier before the data (Honeywell, Access-IS, and by their libraries Zebra and Datalogic; some Zebra one byte later),
 * and without (新大陆 Newland, Quio). A long code comes in several reports, all but the last with bit 0 of byte 63 set.
 */
type Layout = 'aim' | 'aimLater' | 'plain';

/** The parts of a long code that came so far. */
export type PartialScan = Readonly<{ layout: Layout; bytes: Uint8Array; atMs: number }> | null;

const REPORT_ID = 0x02;
const LENGTH = 64;
const DATA_MAX = 56;
const DATA_AT = 2;
const AIM_LENGTH = 3;
/** Where the identifier stands; the data comes behind it. */
const AIM_AT: Readonly<Record<Layout, number | null>> = { aim: 2, aimLater: 3, plain: null };
/** Reports of one code follow each other at once; after this the rest will not come. */
const NEXT_MS = 200;
/** More than any code: a scanner that goes on and on is broken. */
const CODE_MAX = 1_024;

/** Takes one report. `code` has the AIM identifier in front where the scanner sends it. */
export function takeScanReport(
  before: PartialScan,
  report: Uint8Array,
  atMs: number,
): Readonly<{ partial: PartialScan; code: string | null }> {
  const part = readPart(report, isFresh(before, atMs) ? before : null);
  if (part === null) return { partial: null, code: null };
  const { layout, bytes, goesOn } = part;
  if (goesOn) return { partial: bytes.length > CODE_MAX ? null : { layout, bytes, atMs }, code: null };
  return { partial: null, code: codeOf(bytes) };
}

function isFresh(before: PartialScan, atMs: number): boolean {
  return before !== null && atMs - before.atMs <= NEXT_MS;
}

function readPart(
  report: Uint8Array,
  before: PartialScan,
): Readonly<{ layout: Layout; bytes: Uint8Array; goesOn: boolean }> | null {
  const size = report[1] ?? 0;
  const goesOn = ((report[LENGTH - 1] ?? 0) & 1) === 1;
  if (report.length !== LENGTH || report[0] !== REPORT_ID || size > DATA_MAX) return null;
  if (before === null) {
    const layout = layoutOf(report);
    const front = AIM_AT[layout];
    const from = front === null ? DATA_AT : front + AIM_LENGTH;
    // An identifier counts as data where the scanner was told to send it so; what is then beyond the data is zero.
    const bytes = report.slice(front ?? from, from + size);
    if (size === 0) return null;
    return { layout, bytes, goesOn };
  }
  // The identifier stands in the same place of each report, and counts once. Where it does not come again it was data.
  const front = AIM_AT[before.layout];
  const isAgain = front !== null && before.bytes.every((byte, at) => at >= AIM_LENGTH || report[front + at] === byte);
  const from = front !== null && isAgain ? front + AIM_LENGTH : DATA_AT;
  const bytes = Uint8Array.from([...before.bytes, ...report.subarray(from, from + size)]);
  return { layout: before.layout, bytes, goesOn };
}

/** `]`, a letter and a digit or letter are an AIM identifier (ISO/IEC 15424). */
function layoutOf(report: Uint8Array): Layout {
  const isAimAt = (at: number): boolean =>
    /^\][A-Za-z][0-9A-Za-z]$/.test(String.fromCharCode(...report.subarray(at, at + AIM_LENGTH)));
  if (isAimAt(2)) return 'aim';
  // A code of digits with such a sign in its second place is no code; a byte below a space in front of it is none of it.
  return isAimAt(3) && (report[2] ?? 0) < 0x20 ? 'aimLater' : 'plain';
}
