import { z } from 'zod';
import type { Ledger } from './ledger/ledger.ts';

/** More than a roll holds: whoever has so many unprinted receipts has no printer, and the oldest are of no use. */
const SLIPS_MAX = 60;

const numbersSchema = z.array(z.string()).catch([]);

/**
 * Receipts that were recorded and did not come out of the printer: they wait, also over a restart, until there is paper
 * again and somebody has them printed. The books know nothing of it.
 */
export function createSlips(ledger: Ledger) {
  let waiting: readonly string[] = numbersSchema.parse(JSON.parse(ledger.setting('slipsWaiting') ?? '[]'));
  const become = (next: readonly string[]): void => {
    waiting = next.slice(-SLIPS_MAX);
    ledger.setSetting('slipsWaiting', JSON.stringify(waiting));
  };
  return {
    waiting: () => waiting,
    /** A receipt that failed again keeps its place. */
    failed: (number: string): void => {
      if (!waiting.includes(number)) become([...waiting, number]);
    },
    printed: (number: string): void => {
      if (waiting.includes(number)) become(waiting.filter((one) => one !== number));
    },
    /** Nobody wants them any more; each can still be printed from the list of receipts. */
    drop: (): void => {
      if (waiting.length > 0) become([]);
    },
  };
}

export type Slips = ReturnType<typeof createSlips>;
