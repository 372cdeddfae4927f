import { codeOf } from './scan-text.ts';

/**
 * Reports of HID point-of-sale scanners: 64 bytes with their ID, 02, in front. Two layouts are in the field: with the AIM
 * identifier before the data (Honeywell, Access-IS, and by their libraries Zebra and Datalogic), and without (新大陆
 * Newland, Quio). A long code comes in several reports, all but the last with bit 0 of byte 63 set.
 */
type Layout = 'aim' | 'plain';

/** The parts of a long code that came so far. */
export type PartialScan = Readonly<{ layout: Layout; bytes: Uint8Array; atMs: number }> | null;

const REPORT_ID = 0x02;
const LENGTH = 64;
const DATA_MAX = 56;
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
  if (report.length !== LENGTH || report[0] !== REPORT_ID || size > DATA_MAX) return null;
  const layout = before?.layout ?? layoutOf(report);
  const from = layout === 'aim' ? 5 : 2;
  // The identifier stands in each report, and counts once.
  const front = before === null ? report.subarray(2, from) : before.bytes;
  const bytes = Uint8Array.from([...front, ...report.subarray(from, from + size)]);
  if (before === null && size === 0) return null;
  return { layout, bytes, goesOn: ((report[LENGTH - 1] ?? 0) & 1) === 1 };
}

/** `]`, a letter and a digit or letter are an AIM identifier (ISO/IEC 15424). */
function layoutOf(report: Uint8Array): Layout {
  return /^\][A-Za-z][0-9A-Za-z]$/.test(String.fromCharCode(...report.subarray(2, 5))) ? 'aim' : 'plain';
}
