import type { PrinterState } from '../../shared/devices.ts';

/**
 * The real-time questions of ESC/POS (DLE EOT n) and what their answers mean. A printer answers them while it stands
 * still for want of paper, which is when they are needed.
 */
export const QUESTIONS = { printer: 1, offline: 2, fault: 3, paper: 4 } as const;

/** Bytes that came back, in the order of the questions 1 to 4; null for each that got no answer. */
export type StatusReplies = readonly [number | null, number | null, number | null, number | null];

export const NO_REPLIES: StatusReplies = [null, null, null, null];

export function statusQuestion(n: number): Uint8Array {
  return Uint8Array.of(0x10, 0x04, n);
}

/** Whether a byte can be an answer at all: bits 0 and 7 are off, bits 1 and 4 on; a line that only echoes has others. */
export function isReply(byte: number): boolean {
  return (byte & 0b1001_0011) === 0b0001_0010;
}

const has = (reply: number | null, bits: number): boolean => reply !== null && (reply & bits) !== 0;

/** What a printer is by its answers. The first question alone tells whether it prints; the others tell why it does not. */
export function stateByReplies([printer, offline, fault, paper]: StatusReplies): PrinterState {
  if (printer === null) return 'unknown';
  if (has(offline, 0x04)) return 'coverOpen';
  if (has(paper, 0x60) || has(offline, 0x20)) return 'paperOut';
  if (has(fault, 0x08)) return 'cutterJam';
  if (has(fault, 0x60) || has(offline, 0x40)) return 'fault';
  if (has(printer, 0x08)) return 'offline';
  return has(paper, 0x0c) ? 'paperLow' : 'ready';
}

/** The level of the drawer's sensor line (pin 3); null where nothing was answered. */
export function drawerPin([printer]: StatusReplies): 'high' | 'low' | null {
  if (printer === null) return null;
  return has(printer, 0x04) ? 'high' : 'low';
}
