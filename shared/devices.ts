import type { PaperSlip } from './paper.ts';

/** What stands at the counter. Every method may fail without touching the books; none may block a sale. */
export type Devices = Readonly<{
  printer: 'ready' | 'simulated' | 'missing';
  scale: 'ready' | 'simulated' | 'missing';
  print: (slip: PaperSlip) => Promise<'printed' | 'failed'>;
  openDrawer: () => Promise<'opened' | 'failed'>;
  /** The last stable weight no older than a second, grams; null when there is none. */
  weightGrams: () => number | null;
  /** Puts a weight on a simulated scale; absent on real ones. */
  simulateWeight?: (weightGrams: number) => void;
  close: () => void;
}>;
