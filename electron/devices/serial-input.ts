import { noticeHangUp } from './hang-up.ts';
import { claimPlace, findAgain } from './identity.ts';
import type { DeviceIdentity, FoundDevice, InputTrouble, InputWorld, Tell } from './input.ts';
import { keepOpen, type KeptOpen, messageOf } from './keep-open.ts';

export type SerialSettings = Readonly<{
  baudRate: number;
  dataBits: 7 | 8;
  parity: 'none' | 'even' | 'odd';
  stopBits: 1 | 2;
}>;

export const DEFAULT_SERIAL: SerialSettings = { baudRate: 9_600, dataBits: 8, parity: 'none', stopBits: 1 };

export type SerialHandle = Readonly<{ write: (bytes: Uint8Array) => void; close: () => void }>;

/** The machine's serial ports. */
export type SerialPorts = Readonly<{
  list: () => Promise<readonly FoundDevice[]>;
  open: (
    path: string,
    settings: SerialSettings,
    on: Readonly<{ bytes: (bytes: Uint8Array) => void; lost: (why: InputTrouble) => void }>,
  ) => Promise<SerialHandle>;
  /** Paths that a driver of this process has open. */
  held: ReadonlySet<string>;
}>;

/** Makers of scanners that also come as a serial port; an adapter's own chip says nothing of what hangs on it. */
const SCANNER_VENDORS: ReadonlySet<number> = new Set([0x05e0, 0x05f9, 0x0c2e, 0x1eab, 0x23d0]);

const held = new Set<string>();

/** Marks a port as taken before it is open, so that no second driver looks for its device there; answers the end of it. */
export function holdPort(path: string): () => void {
  // Who opens a port that another driver holds is refused by the system, and has nothing to let go of.
  if (held.has(path)) return () => {};
  held.add(path);
  return () => void held.delete(path);
}

/** By the serialport package, loaded when first wanted: a machine on which it cannot be loaded still has a till. */
export const machineSerial: SerialPorts = {
  held,
  async list() {
    const { SerialPort } = await import('serialport');
    return (await SerialPort.list()).map((port): FoundDevice => {
      const vendorId = hexNumber(port.vendorId);
      return {
        identity: {
          vendorId,
          productId: hexNumber(port.productId),
          serialNumber: port.serialNumber ?? null,
          path: port.path,
        },
        line: 'serial',
        name: [port.manufacturer ?? '', port.path].join(' ').trim(),
        proposal: vendorId !== null && SCANNER_VENDORS.has(vendorId) ? 'scanner' : null,
      };
    });
  },
  async open(path, settings, on) {
    const { SerialPort } = await import('serialport');
    const port = new SerialPort({ path, ...settings, autoOpen: false });
    noticeHangUp(port);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Without a listener the error of a port that breaks off would end the process.
    port.on('error', (error) => {
      reject(error);
      on.lost('broken');
    });
    port.on('close', () => {
      letGo();
      on.lost('notPluggedIn');
    });
    port.on('data', (bytes: Uint8Array) => on.bytes(bytes));
    const letGo = holdPort(path);
    port.open((error) => (error === null || error === undefined ? resolve() : reject(error)));
    await promise.catch((error: unknown) => {
      letGo();
      throw error;
    });
    return {
      write: (bytes) => void port.write(Buffer.from(bytes)),
      close: () => {
        letGo();
        if (port.isOpen) port.close(() => {});
      },
    };
  },
};

function hexNumber(text: string | undefined): number | null {
  return text !== undefined && /^[0-9a-fA-F]{1,4}$/.test(text) ? Number.parseInt(text, 16) : null;
}

/** Listens to one serial device wherever it is plugged in; `bytes` gets each piece as it comes. */
export function openSerialInput(
  identity: DeviceIdentity,
  settings: SerialSettings,
  on: Readonly<{ bytes: (bytes: Uint8Array) => void; opened?: () => void }>,
  tell: Tell,
  world: InputWorld,
  ports: SerialPorts,
): KeptOpen<SerialHandle> {
  const isAnothers = claimPlace(identity);
  return keepOpen<SerialHandle>({
    async open(lost) {
      const path = await pathOf(identity, ports, isAnothers);
      if (path === null) return 'notPluggedIn';
      const bytes = (piece: Uint8Array): void => {
        try {
          tell({ kind: 'raw', bytes: Uint8Array.from(piece) });
          on.bytes(piece);
        } catch (error) {
          world.log(`what ${path} sent could not be taken: ${messageOf(error)}`);
        }
      };
      return ports.open(path, settings, { bytes, lost });
    },
    shut: (handle) => handle.close(),
    opened: () => {
      on.opened?.();
      return '';
    },
    tell,
    world,
  });
}

/** A port without a make is opened by its path, also one that no list shows. */
export async function pathOf(
  identity: DeviceIdentity,
  ports: Pick<SerialPorts, 'list' | 'held'>,
  isAnothers: (path: string) => boolean,
): Promise<string | null> {
  if (identity.vendorId === null) return identity.path;
  const free = (await ports.list()).filter(
    ({ identity: { path } }) => path !== null && !ports.held.has(path) && !isAnothers(path),
  );
  return findAgain(identity, free)?.identity.path ?? null;
}
