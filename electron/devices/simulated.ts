import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrinterState, SimulatedAct } from '../../shared/devices.ts';
import { type PaperSlip, paperText } from '../../shared/paper.ts';
import type { Columns } from '../../shared/receipt-layout.ts';
import type { Printer } from './printer.ts';
import { type WeightReading, weightNow } from './weight-reading.ts';

/** One ticket that a simulated printer holds. */
export type Printout = Readonly<{ receipt: PaperSlip; bytes: Uint8Array; text: string }>;

type PrinterAct = Extract<SimulatedAct, { what: 'printer' }>['state'];

export type SimulatedPrinter = Printer &
  Readonly<{
    printouts: () => readonly Printout[];
    drawerOpenings: () => number;
    become: (state: PrinterAct) => void;
    setDrawer: (state: 'open' | 'closed') => void;
  }>;

/** A demo runs for days; its last receipts are enough to look at. */
const KEPT = 20;

/** A kicked drawer is pushed shut by the hand that took the change. */
const SHUT_AFTER_MS = 2_500;

/**
 * A printer without paper: keeps the last receipts, and writes each into `folder` as bytes and as text if one is given.
 * Its sensors say what they are told, so that a demo shows what a shop does without paper.
 */
export function simulatedPrinter(settings: { columns: Columns; folder?: string | undefined }): SimulatedPrinter {
  const { columns, folder } = settings;
  const printouts: Printout[] = [];
  let drawerOpenings = 0;
  let state: PrinterAct = 'ready';
  let isDrawerOpen = false;
  let kickedMs = -SHUT_AFTER_MS;
  return {
    async write(bytes, receipt) {
      if (state === 'gone') return 'failed';
      if (receipt === null) {
        drawerOpenings += 1;
        kickedMs = performance.now();
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
    look: async () => ({
      state: state satisfies PrinterState,
      drawerPin: isDrawerOpen || performance.now() - kickedMs < SHUT_AFTER_MS ? 'high' : 'low',
    }),
    close() {},
    printouts: () => [...printouts],
    drawerOpenings: () => drawerOpenings,
    become: (next) => {
      state = next;
    },
    setDrawer: (next) => {
      isDrawerOpen = next === 'open';
    },
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
  plugIn: () => void;
  isPluggedIn: () => boolean;
  /** What lies on the plate counts as nothing from now on. */
  tare: () => void;
}>;

/** A scale that sends readings all the time, as real ones do, by the same rules of stability and age. */
export function simulatedScale(nowMs: () => number): SimulatedScale {
  let last: WeightReading | null = null;
  let isPlugged = true;
  let tareGrams = 0;
  const listen = (): void => {
    if (isPlugged && last !== null) last = { ...last, atMs: nowMs() };
  };
  return {
    weightGrams() {
      listen();
      return weightNow(last, nowMs());
    },
    put(weightGrams) {
      if (isPlugged) last = { weightGrams: weightGrams - tareGrams, isStable: true, atMs: nowMs() };
    },
    shake() {
      listen();
      if (last !== null) last = { ...last, isStable: false };
    },
    unplug() {
      listen();
      isPlugged = false;
    },
    plugIn() {
      isPlugged = true;
      last = null;
    },
    isPluggedIn: () => isPlugged,
    tare() {
      listen();
      if (last === null) return;
      tareGrams += last.weightGrams;
      last = { ...last, weightGrams: 0 };
    },
  };
}
