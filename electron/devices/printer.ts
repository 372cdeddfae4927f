import type { PaperSlip } from '../../shared/paper.ts';

/** Where tickets go. `write` never rejects and never takes much longer than its timeout: a printer may not hold up a sale. */
export type Printer = Readonly<{
  /** `slip` is what the bytes show; null when they only kick the drawer. */
  write: (bytes: Uint8Array, slip: PaperSlip | null) => Promise<'written' | 'failed'>;
  close: () => void;
}>;
