import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { findAgain } from './identity.ts';
import type { DeviceIdentity, FoundDevice, InputTrouble, InputWorld, Tell } from './input.ts';
import { keepOpen, type KeptOpen, messageOf } from './keep-open.ts';

export type HidHandle = Readonly<{
  /** Sends a feature report, its ID first; a device that does not know it says nothing. */
  feature: (report: Uint8Array) => void;
  close: () => void;
}>;

/** The machine's HID devices, or reports that are replayed. A report comes with its ID in front where it has one. */
export type HidTransport = Readonly<{
  list: () => Promise<readonly FoundDevice[]>;
  open: (
    path: string,
    on: Readonly<{ report: (report: Uint8Array) => void; lost: (why: InputTrouble) => void }>,
  ) => Promise<HidHandle>;
  /** The report descriptor, where the system gives it. */
  descriptor: (path: string) => Promise<Uint8Array | null>;
  /** Paths that a driver of this process has open: a second reader would get every report, too. */
  held: ReadonlySet<string>;
}>;

const MAGTEK = 0x0801;

/** What a collection is for, by usage page and usage (USB-IF point of sale 1.02); MagTek has a page of its own. */
export function proposalOf(usagePage: number, usage: number, vendorId: number): FoundDevice['proposal'] {
  if (usagePage === 0x8c) return 'scanner';
  if (usagePage === 0x8d) return 'scale';
  if (usagePage === 0x8e || (usagePage === 0xff00 && usage === 1 && vendorId === MAGTEK)) return 'stripeReader';
  return null;
}

const held = new Set<string>();

/** By node-hid, loaded when first wanted: a machine on which it cannot be loaded still has a till. */
export const machineHid: HidTransport = {
  held,
  async list() {
    const { devicesAsync } = await import('node-hid');
    return (await devicesAsync()).flatMap((device): FoundDevice[] => {
      if (device.path === undefined) return [];
      const { vendorId, productId, usagePage = 0, usage = 0, manufacturer = '', product = '', serialNumber } = device;
      return [
        {
          identity: {
            vendorId,
            productId,
            serialNumber: serialNumber === undefined || serialNumber === '' ? null : serialNumber,
            path: device.path,
          },
          line: 'hid',
          name: `${manufacturer} ${product}`.trim(),
          proposal: proposalOf(usagePage, usage, vendorId),
        },
      ];
    });
  },
  async open(path, on) {
    // Taken before anything is waited for, so that two drivers never open the same of two that are alike.
    if (held.has(path)) throw new Error('in use by another driver');
    held.add(path);
    const device = await openDevice(path).catch((error: unknown) => {
      held.delete(path);
      throw error;
    });
    device.on('error', () => on.lost('notPluggedIn'));
    device.on('data', (report: Uint8Array) => on.report(report));
    return {
      feature: (report) => void device.sendFeatureReport([...report]).catch(() => {}),
      close: () => {
        held.delete(path);
        void device.close().catch(() => {});
      },
    };
  },
  // node-hid does not hand it on; Linux has it in a file that everybody may read.
  descriptor: async (path) =>
    readFile(`/sys/class/hidraw/${basename(path)}/device/report_descriptor`).catch(() => null),
};

async function openDevice(path: string) {
  const { HIDAsync } = await import('node-hid');
  return HIDAsync.open(path);
}

/** Listens to the HID device that was set up and is good for this, wherever it is plugged in. */
export function openHidInput(
  identity: DeviceIdentity,
  purpose: NonNullable<FoundDevice['proposal']>,
  on: Readonly<{ report: (report: Uint8Array) => void; opened?: (path: string, handle: HidHandle) => void }>,
  tell: Tell,
  world: InputWorld,
  transport: HidTransport,
): KeptOpen<HidHandle> {
  let path = '';
  return keepOpen<HidHandle>({
    async open(lost) {
      const free = (await transport.list()).filter(
        (one) => one.proposal === purpose && one.identity.path !== null && !transport.held.has(one.identity.path),
      );
      const found = findAgain(identity, free);
      if (found === null || found.identity.path === null) return 'notPluggedIn';
      ({ path } = found.identity);
      const report = (bytes: Uint8Array): void => {
        try {
          tell({ kind: 'raw', bytes: Uint8Array.from(bytes) });
          on.report(bytes);
        } catch (error) {
          world.log(`what ${found.name} sent could not be taken: ${messageOf(error)}`);
        }
      };
      return transport.open(path, { report, lost });
    },
    shut: (handle) => handle.close(),
    opened: (handle) => {
      on.opened?.(path, handle);
      return '';
    },
    tell,
    world,
  });
}
