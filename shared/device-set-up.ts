import { z } from 'zod';

/**
 * Which devices a shop has set up, what is plugged in, and what each says: the words between the set-up page, the core
 * and the drivers. The settings stand in the shop's own file, because a host needs them before it opens the core.
 */

/**
 * By what a device is found again at any port: vendor, product and its own serial number where it has one; the path
 * decides between several that are alike.
 */
export const deviceIdentitySchema = z.object({
  vendorId: z.int().nullable(),
  productId: z.int().nullable(),
  serialNumber: z.string().max(200).nullable(),
  path: z.string().max(400).nullable(),
});
export type DeviceIdentity = z.infer<typeof deviceIdentitySchema>;

const columns = z.union([z.literal(32), z.literal(42), z.literal(48)]);
const baudRate = z.union([
  z.literal(2_400),
  z.literal(4_800),
  z.literal(9_600),
  z.literal(19_200),
  z.literal(38_400),
  z.literal(57_600),
  z.literal(115_200),
]);
export type BaudRate = z.infer<typeof baudRate>;

/** The ways bytes get to a printer: over the network, a device path, a serial port, or a queue of the system. */
const networkLine = {
  kind: z.literal('network'),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).optional(),
};
const fileLine = { kind: z.literal('file'), path: z.string().min(1).max(400) };
const serialLine = { kind: z.literal('serial'), identity: deviceIdentitySchema, baudRate };
const queueLine = { kind: z.literal('queue'), name: z.string().min(1).max(127) };

/** `openWhen` is the level of the drawer's sensor line while it stands open; drawers are wired either way. */
export const drawerSettingsSchema = z.object({
  pin: z.union([z.literal(2), z.literal(5)]),
  openWhen: z.enum(['high', 'low', 'noSensor']),
});
export type DrawerSettings = z.infer<typeof drawerSettingsSchema>;
const drawer = drawerSettingsSchema.optional();

export const printerSettingsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('simulated'), columns, folder: z.string().optional(), drawer }),
  z.object({ ...networkLine, columns, drawer }),
  z.object({ ...fileLine, columns, drawer }),
  z.object({ ...serialLine, columns, drawer }),
  z.object({ ...queueLine, columns, drawer }),
]);
export type PrinterSettings = z.infer<typeof printerSettingsSchema>;

const size = z.enum(['40x30', '60x40']);
export type TagSize = z.infer<typeof size>;

export const labelSettingsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('simulated'), size }),
  z.object({ ...networkLine, size }),
  z.object({ ...fileLine, size }),
  z.object({ ...serialLine, size }),
  z.object({ ...queueLine, size }),
]);
export type LabelSettings = z.infer<typeof labelSettingsSchema>;

export const displaySettingsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('simulated') }),
  z.object({
    kind: z.literal('serial'),
    identity: deviceIdentitySchema,
    baudRate,
    protocol: z.enum(['led8', 'cd5220', 'epson']),
    /** Whether a display of two lines has Chinese characters. */
    gbk: z.boolean(),
  }),
]);
export type DisplaySettings = z.infer<typeof displaySettingsSchema>;

/** What lies beyond a scale's range is no weight; 30 kg where nothing is said. */
const capacityGrams = z.int().min(1_000).max(300_000).optional();

export const scaleSettingsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('simulated') }),
  z.object({
    kind: z.literal('serial'),
    identity: deviceIdentitySchema,
    protocol: z.enum(['os2Active', 'os2Passive', 'dahua', 'toledo']),
    /** The protocol's own where the scale was not set to another. */
    baudRate: baudRate.optional(),
    capacityGrams,
  }),
  z.object({ kind: z.literal('hid'), identity: deviceIdentitySchema, capacityGrams }),
]);
export type ScaleSettings = z.infer<typeof scaleSettingsSchema>;

/** Scanners that are no keyboards; `ending` is what a serial one sends behind each code. */
export const scannerSettingsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hid'), identity: deviceIdentitySchema }),
  z.object({
    kind: z.literal('serial'),
    identity: deviceIdentitySchema,
    baudRate,
    ending: z.enum(['cr', 'lf', 'crlf', 'none']),
  }),
]);
export type ScannerSettings = z.infer<typeof scannerSettingsSchema>;

/** Card readers that are no keyboards. A block is one of a MIFARE Classic card, with its key in hexadecimal. */
export const cardReaderSettingsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stripe'), identity: deviceIdentitySchema }),
  z.object({
    kind: z.literal('pcsc'),
    reader: z.string().max(400),
    reading: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('uid') }),
      z.object({
        kind: z.literal('block'),
        block: z.int().min(0).max(255),
        key: z.string().regex(/^[0-9a-fA-F]{12}$/),
        keyKind: z.enum(['A', 'B']),
      }),
    ]),
  }),
]);
export type CardReaderSettings = z.infer<typeof cardReaderSettingsSchema>;

export const deviceSettingsSchema = z.object({
  printer: printerSettingsSchema,
  scale: scaleSettingsSchema,
  display: displaySettingsSchema.default({ kind: 'none' }),
  labels: labelSettingsSchema.default({ kind: 'none' }),
  scanners: z.array(scannerSettingsSchema).max(8).default([]),
  cardReaders: z.array(cardReaderSettingsSchema).max(8).default([]),
});
export type DeviceSettings = z.infer<typeof deviceSettingsSchema>;

/** The devices of a demo shop, and those of a real one before anybody has set them up. */
export const SIMULATED_DEVICES: DeviceSettings = {
  printer: { kind: 'simulated', columns: 32 },
  scale: { kind: 'simulated' },
  display: { kind: 'simulated' },
  labels: { kind: 'simulated', size: '40x30' },
  scanners: [],
  cardReaders: [],
};
export const NO_DEVICES: DeviceSettings = {
  printer: { kind: 'none' },
  scale: { kind: 'none' },
  display: { kind: 'none' },
  labels: { kind: 'none' },
  scanners: [],
  cardReaders: [],
};

/** One thing that is plugged into this machine, and what it seems to be; null when it could be anything. */
export const foundDeviceSchema = z.object({
  identity: deviceIdentitySchema,
  line: z.enum(['hid', 'serial', 'pcsc']),
  name: z.string(),
  proposal: z.enum(['scanner', 'stripeReader', 'cardReader', 'scale']).nullable(),
});
export type FoundDevice = z.infer<typeof foundDeviceSchema>;

export const foundSchema = z.object({
  devices: z.array(foundDeviceSchema),
  /** Print queues of the system. */
  queues: z.array(z.string()),
  /** Paths at which a printer of the system's own driver stands, such as /dev/usb/lp0. */
  paths: z.array(z.string()),
});
export type Found = z.infer<typeof foundSchema>;

/**
 * What a device that is set up said last, for whoever tries it. It is shown to a manager on the set-up page and kept
 * nowhere; `rawHex` is what came over the line, `parsed` what the driver made of it.
 */
export const heardSchema = z.object({
  role: z.enum(['scanner', 'cardReader', 'scale']),
  name: z.string(),
  atMs: z.int(),
  rawHex: z.string(),
  parsed: z.string(),
});
export type Heard = z.infer<typeof heardSchema>;

export const tryWhatSchema = z.enum(['receipt', 'drawer', 'display', 'tag']);
export type TryWhat = z.infer<typeof tryWhatSchema>;

/** What the set-up page may do with the counter; the core lets only a manager do it. */
export type DeviceSetUp = Readonly<{
  settings: () => DeviceSettings;
  found: () => Promise<Found>;
  /** Keeps the settings and works by them from now on. Rejects when they cannot be kept. */
  save: (settings: DeviceSettings) => Promise<void>;
  /** Newest first. */
  heard: () => readonly Heard[];
  /** Prints a sample, opens the drawer, shows a figure; answers whether the device took it. */
  try: (what: TryWhat) => Promise<'done' | 'failed'>;
  /** Starts writing down what the devices send; the digits of cards only where `keepCards` says so. */
  record: (wish: Readonly<{ on: boolean; keepCards: boolean }>) => void;
  /** What was written down so far; null when nothing ever was. */
  recording: () => Readonly<{ text: string; isRunning: boolean; lines: number }> | null;
}>;
