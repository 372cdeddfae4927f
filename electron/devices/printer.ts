import type { Receipt } from '../../shared/receipt.ts';

/** Where tickets go. `write` never rejects and never takes much longer than its timeout: a printer may not hold up a sale. */
export type Printer = Readonly<{
  /** `receipt` is what the bytes show; null when they only kick the drawer. */
  write: (bytes: Uint8Array, receipt: Receipt | null) => Promise<'written' | 'failed'>;
  close: () => void;
}>;
