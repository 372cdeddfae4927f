import type { PrinterState } from '../../shared/devices.ts';
import type { PaperSlip } from '../../shared/paper.ts';
import {
  drawerPin,
  isReply,
  NO_REPLIES,
  QUESTIONS,
  stateByReplies,
  statusQuestion,
  type StatusReplies,
} from './printer-status.ts';

/** What a printer says of itself, and the level of the line on which the drawer's sensor is. */
export type PrinterLook = Readonly<{ state: PrinterState; drawerPin: 'high' | 'low' | null }>;

/** Where tickets go. `write` never rejects and never takes much longer than its timeout: a printer may not hold up a sale. */
export type Printer = Readonly<{
  /** `slip` is what the bytes show; null when they only kick the drawer or are a label. */
  write: (bytes: Uint8Array, slip: PaperSlip | null) => Promise<'written' | 'failed'>;
  /** Asks it what is the matter; never rejects. Null where the line has no way back. */
  look: (() => Promise<PrinterLook>) | null;
  close: () => void;
}>;

/** No answer in this time is no answer, neither good nor bad. */
export const REPLY_MS = 500;

/** Sends a few bytes and gives the first byte that can be a status; null when none came in time. */
export type Asking = (
  question: Uint8Array,
  isAnswer: (byte: number) => boolean,
  timeoutMs: number,
) => Promise<number | null>;

/** Goes through the questions, and stops at the first silence: a printer that knows none would be asked for two seconds. */
export async function lookBy(ask: Asking): Promise<PrinterLook> {
  const replies: [number | null, number | null, number | null, number | null] = [...NO_REPLIES];
  for (const n of Object.values(QUESTIONS)) {
    const reply = await ask(statusQuestion(n), isReply, REPLY_MS);
    replies[n - 1] = reply;
    if (reply === null) break;
  }
  const known: StatusReplies = replies;
  return { state: stateByReplies(known), drawerPin: drawerPin(known) };
}
