import { z } from 'zod';
import type { DeviceSetUp } from './device-set-up.ts';
import type { PaperSlip } from './paper.ts';

/**
 * What a printer is known to be. `blind` takes bytes over a line that has no way back; `unknown` was asked and said
 * nothing: neither is known to print, and neither is known not to.
 */
export const printerStateSchema = z.enum([
  'missing',
  'ready',
  'blind',
  'unknown',
  'paperLow',
  'paperOut',
  'coverOpen',
  'cutterJam',
  'fault',
  'offline',
  'gone',
]);
export type PrinterState = z.infer<typeof printerStateSchema>;

/** In these a ticket would be lost, so that nothing is sent and the receipt waits. */
export const STANDING_STILL: ReadonlySet<PrinterState> = new Set([
  'paperOut',
  'coverOpen',
  'cutterJam',
  'fault',
  'offline',
  'gone',
]);

/** `unknown` where no sensor says it. */
export const drawerStateSchema = z.enum(['unknown', 'closed', 'open']);
export type DrawerState = z.infer<typeof drawerStateSchema>;

/** A scale that is `silent` is there and brings no reading that could be believed. */
export const scaleStateSchema = z.enum(['missing', 'ready', 'silent']);
export type ScaleState = z.infer<typeof scaleStateSchema>;

/** A scanner, card reader, display or label printer that was set up; `why` is a key of the words of devices. */
export const otherDeviceSchema = z.object({
  role: z.enum(['scanner', 'cardReader', 'display', 'labelPrinter']),
  state: z.enum(['ready', 'missing', 'failed']),
  why: z.string(),
});
export type OtherDevice = z.infer<typeof otherDeviceSchema>;

/** What a device says by itself. Codes and cards come in the order of the hand. */
export type DeviceEvent =
  | Readonly<{ kind: 'code'; code: string }>
  | Readonly<{ kind: 'card'; token: string }>
  /** A state or the weight is another than before: whoever shows it looks again. */
  | Readonly<{ kind: 'changed' }>;

/** What the customer's pole display shows: one figure, and what it is. */
export type CustomerFigure = Readonly<{
  what: 'none' | 'price' | 'total' | 'received' | 'change';
  amountFen: number;
  name: string;
}>;

/** One shelf tag (价签). `code` is printed as a bar code. */
export type ShelfTag = Readonly<{
  name: string;
  spec: string;
  unit: string;
  priceFen: number;
  per: 'piece' | 'jin' | 'kg';
  code: string;
}>;

/** What a hand does at a simulated counter. */
export const simulatedActSchema = z.discriminatedUnion('what', [
  z.object({ what: z.literal('code'), code: z.string().max(200) }),
  z.object({ what: z.literal('card'), token: z.string().max(200) }),
  z.object({ what: z.literal('weight'), weightGrams: z.int().min(0).max(60_000) }),
  z.object({ what: z.literal('scale'), state: z.enum(['moving', 'unplugged', 'pluggedIn']) }),
  z.object({ what: z.literal('printer'), state: z.enum(['ready', 'paperLow', 'paperOut', 'coverOpen', 'gone']) }),
  z.object({ what: z.literal('drawer'), state: z.enum(['open', 'closed']) }),
]);
export type SimulatedAct = z.infer<typeof simulatedActSchema>;

/** What stands at the counter. Every method may fail without touching the books; none may block a sale. */
export type Devices = Readonly<{
  printer: PrinterState;
  drawer: DrawerState;
  scale: ScaleState;
  others: readonly OtherDevice[];
  /** Nothing here is real, and every page says so. */
  simulated: boolean;
  print: (slip: PaperSlip) => Promise<'printed' | 'failed'>;
  /** `failed` also where a sensor says that it did not open. */
  openDrawer: () => Promise<'opened' | 'failed'>;
  /** `failed` also where no label printer is set up. */
  printTag: (tag: ShelfTag) => Promise<'printed' | 'failed'>;
  /** Asks the printer now what is the matter with it, so that a cashier knows before the customer pays. */
  lookAtPrinter: () => void;
  /** The last stable weight no older than a second, grams; null when there is none. */
  weightGrams: () => number | null;
  /** False where the scale cannot be told so by wire. */
  tellScale: (what: 'zero' | 'tare') => boolean;
  /** Never waits; a display that is not there shows nothing. */
  show: (figure: CustomerFigure) => void;
  /** What a simulated pole display shows now; null where there is none. */
  shown: () => string | null;
  /** Hands every event to `take`, which must not throw; answers a function that ends it. */
  listen: (take: (event: DeviceEvent) => void) => () => void;
  /** Does nothing at a real counter. */
  simulate: (act: SimulatedAct) => void;
  /** Finds, chooses and tries devices; null where nothing can be set up. */
  setUp: DeviceSetUp | null;
  close: () => void;
}>;

/** A counter with nothing on it. */
export const bareCounter: Devices = {
  printer: 'missing',
  drawer: 'unknown',
  scale: 'missing',
  others: [],
  simulated: false,
  print: async () => 'failed',
  openDrawer: async () => 'failed',
  printTag: async () => 'failed',
  lookAtPrinter: () => {},
  weightGrams: () => null,
  tellScale: () => false,
  show: () => {},
  shown: () => null,
  listen: () => () => {},
  simulate: () => {},
  setUp: null,
  close: () => {},
};
