import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PaperSlip, paperText } from '../../shared/paper.ts';
import type { Columns } from '../../shared/receipt-layout.ts';
import type { Printer } from './printer.ts';
import { type WeightReading, weightNow } from './weight-reading.ts';

/** One ticket that a simulated printer holds. */
export type Printout = Readonly<{ receipt: PaperSlip; bytes: Uint8Array; text: string }>;

export type SimulatedPrinter = Printer &
  Readonly<{ printouts: () => readonly Printout[]; drawerOpenings: () => number }>;

/** A demo runs for days; its last receipts are enough to look at. */
const KEPT = 20;

/** A printer without paper: keeps the last receipts, and writes each into `folder` as bytes and as text if one is given. */
export function simulatedPrinter(settings: { columns: Columns; folder?: string }): SimulatedPrinter {
  const { columns, folder } = settings;
  const printouts: Printout[] = [];
  let drawerOpenings = 0;
  return {
    async write(bytes, receipt) {
      if (receipt === null) {
        drawerOpenings += 1;
        return 'written';
      }
      const text = paperText(receipt, columns);
      if (folder !== undefined) {
        const name = receipt.number.replace(/[^0-9A-Za-z-]/g, '_') + (receipt.copy ? '-copy' : '');
        try {
          await mkdir(folder, { recursive: true });
          await writeFile(join(folder, `${name}.bin`), bytes);
          await writeFile(join(folder, `${name}.txt`), text);
        } catch {
          return 'failed';
        }
      }
      printouts.push({ receipt, bytes, text });
      if (printouts.length > KEPT) printouts.shift();
      return 'written';
    },
    close() {},
    printouts: () => [...printouts],
    drawerOpenings: () => drawerOpenings,
  };
}

export type SimulatedScale = Readonly<{
  weightGrams: () => number | null;
  /** Puts goods on the plate; they stay until another weight, or 0, takes their place. */
  put: (weightGrams: number) => void;
  /** Goods that still move: the scale sends readings that are not stable. */
  shake: () => void;
  /** The cable is out: no reading comes after the last. */
  unplug: () => void;
}>;

/** A scale that sends readings all the time, as real ones do, by the same rules of stability and age. */
export function simulatedScale(nowMs: () => number): SimulatedScale {
  let last: WeightReading | null = null;
  let isPlugged = true;
  const listen = (): void => {
    if (isPlugged && last !== null) last = { ...last, atMs: nowMs() };
  };
  return {
    weightGrams() {
      listen();
      return weightNow(last, nowMs());
    },
    put(weightGrams) {
      if (isPlugged) last = { weightGrams, isStable: true, atMs: nowMs() };
    },
    shake() {
      listen();
      if (last !== null) last = { ...last, isStable: false };
    },
    unplug() {
      listen();
      isPlugged = false;
    },
  };
}
