import type {
  CardReaderSettings,
  DeviceIdentity,
  Heard,
  ScaleSettings,
  ScannerSettings,
} from '../../shared/device-set-up.ts';
import type { DeviceEvent, OtherDevice, ScaleState } from '../../shared/devices.ts';
import { assertNever } from '../../shared/assert.ts';
import { openCardReader } from './card-reader.ts';
import { openHidScale } from './hid-scale.ts';
import { openHidScanner } from './hid-scanner.ts';
import type { InputDevice, InputEvent, InputWorld, Tell } from './input.ts';
import { openSerialScale } from './serial-scale.ts';
import { openSerialScanner } from './serial-scanner.ts';
import { openStripeReader } from './stripe-reader.ts';
import { type WeightReading, weightNow } from './weight-reading.ts';

export type InputRole = 'scanner' | 'stripeReader' | 'chipReader' | 'scale';

export type InputSettings = Readonly<{
  scanners: readonly ScannerSettings[];
  cardReaders: readonly CardReaderSettings[];
  scale: ScaleSettings;
}>;

type Opened = { readonly role: InputRole; readonly name: string; state: InputState; rawHex: string };
type InputState = Extract<InputEvent, { kind: 'state' }>;

/** What came last is shown while somebody tries the devices. */
const HEARD_KEPT = 12;

/** How often a scale is looked at, so that a weight that went stale leaves the screen. */
const WEIGHT_LOOK_MS = 200;

/** How a device opens; a test hands in drivers of its own. */
export type Openers = Readonly<{
  scanner: (settings: ScannerSettings, tell: Tell, world: InputWorld) => InputDevice;
  cardReader: (settings: CardReaderSettings, tell: Tell, world: InputWorld) => InputDevice;
  scale: (settings: ScaleSettings, tell: Tell, world: InputWorld) => InputDevice | null;
}>;

export const machineOpeners: Openers = {
  scanner: (settings, tell, world) =>
    settings.kind === 'hid'
      ? openHidScanner(settings, tell, world)
      : openSerialScanner(
          {
            identity: settings.identity,
            serial: { baudRate: settings.baudRate, dataBits: 8, parity: 'none', stopBits: 1 },
            ending: settings.ending,
          },
          tell,
          world,
        ),
  cardReader: (settings, tell, world) =>
    settings.kind === 'stripe'
      ? openStripeReader(settings, tell, world)
      : // What the till learned of its cards turns the bytes into the number, so that every reader goes the same way.
        openCardReader({ reader: settings.reader, reading: settings.reading, number: null }, tell, world),
  scale: (settings, tell, world) => {
    if (settings.kind === 'serial') return openSerialScale(settings, tell, world);
    return settings.kind === 'hid' ? openHidScale(settings, tell, world) : null;
  },
};

/**
 * All scanners, readers and the scale of a counter. Their codes and cards come out in the order in which they were read,
 * whatever else is going on; what is wrong with one is no matter of the others.
 */
export function openInputs(
  settings: InputSettings,
  world: InputWorld & Readonly<{ wallMs: () => number }>,
  told: Readonly<{
    event: (event: DeviceEvent) => void;
    raw: (role: InputRole, name: string, bytes: Uint8Array) => void;
  }>,
  openers: Openers = machineOpeners,
) {
  const opened: Opened[] = [];
  const heard: Heard[] = [];
  let reading: WeightReading | null = null;
  const changed = (): void => told.event({ kind: 'changed' });

  const listenTo = (role: InputRole, name: string): Tell => {
    const one: Opened = { role, name, state: { kind: 'state', state: 'missing', why: 'notPluggedIn' }, rawHex: '' };
    opened.push(one);
    const note = (parsed: string): void => {
      const kind = role === 'scanner' || role === 'scale' ? role : 'cardReader';
      // Ten readings a second of a scale would push out everything else.
      const before = heard.findIndex((other) => role === 'scale' && other.role === 'scale' && other.name === name);
      if (before >= 0) heard.splice(before, 1);
      heard.unshift({ role: kind, name, atMs: world.wallMs(), rawHex: one.rawHex, parsed });
      heard.length = Math.min(heard.length, HEARD_KEPT);
    };
    return (event) => {
      switch (event.kind) {
        case 'code':
          note(event.code);
          return told.event({ kind: 'code', code: event.code });
        case 'card':
          note(event.token);
          return told.event({ kind: 'card', token: event.token });
        case 'weight':
          reading = event.reading;
          return note(reading === null ? '--' : `${reading.weightGrams} g${reading.isStable ? '' : ' ~'}`);
        case 'raw':
          one.rawHex = Buffer.from(event.bytes.subarray(0, 400)).toString('hex');
          return told.raw(role, name, event.bytes);
        case 'state':
          one.state = event;
          if (role === 'scale' && event.state !== 'ready') reading = null;
          return changed();
        default:
          return assertNever(event);
      }
    };
  };

  const devices: InputDevice[] = [];
  for (const scanner of settings.scanners) {
    devices.push(openers.scanner(scanner, listenTo('scanner', nameOf(scanner.identity)), world));
  }
  for (const reader of settings.cardReaders) {
    const [role, name] =
      reader.kind === 'stripe'
        ? (['stripeReader', nameOf(reader.identity)] as const)
        : (['chipReader', reader.reader] as const);
    devices.push(openers.cardReader(reader, listenTo(role, name), world));
  }
  const { scale: wanted } = settings;
  const hasScale = wanted.kind === 'serial' || wanted.kind === 'hid';
  const scale = hasScale ? openers.scale(wanted, listenTo('scale', nameOf(wanted.identity)), world) : null;
  if (scale !== null) devices.push(scale);

  const weightGrams = (): number | null => weightNow(reading, world.nowMs());
  let shownGrams: number | null = null;
  let isClosed = false;
  /** A weight that went stale says nothing by itself. */
  const lookAtWeight = (): void => {
    if (isClosed) return;
    const grams = weightGrams();
    if (grams !== shownGrams) {
      shownGrams = grams;
      changed();
    }
    world.later(WEIGHT_LOOK_MS, lookAtWeight);
  };
  if (scale !== null) lookAtWeight();

  return {
    weightGrams,
    scaleState: (): ScaleState => {
      if (scale === null) return 'missing';
      return opened.find(({ role }) => role === 'scale')?.state.state === 'ready' ? 'ready' : 'silent';
    },
    tellScale: (what: 'zero' | 'tare'): boolean => {
      const act = what === 'zero' ? scale?.zero : scale?.tare;
      act?.();
      return act !== undefined;
    },
    /** The worst of each role: a second scanner that works does not hide the first that does not. */
    others: (): OtherDevice[] =>
      (['scanner', 'cardReader'] as const).flatMap((role) => {
        const mine = opened.filter((one) => roleOf(one.role) === role);
        const worst = mine.find(({ state }) => state.state !== 'ready') ?? mine[0];
        return worst === undefined ? [] : [{ role, state: worst.state.state, why: worst.state.why }];
      }),
    heard: (): readonly Heard[] => heard,
    close: (): void => {
      isClosed = true;
      for (const device of devices) device.close();
    },
  };
}

export type Inputs = ReturnType<typeof openInputs>;

function roleOf(role: InputRole): Heard['role'] {
  return role === 'scanner' || role === 'scale' ? role : 'cardReader';
}

/** What a person can tell a device by when its own name is not at hand. */
export function nameOf({ vendorId, productId, serialNumber, path }: DeviceIdentity): string {
  const four = (value: number | null): string => (value ?? 0).toString(16).padStart(4, '0');
  if (vendorId === null) return path ?? '';
  return `${four(vendorId)}:${four(productId)}${serialNumber === null ? '' : ` ${serialNumber}`}`;
}
