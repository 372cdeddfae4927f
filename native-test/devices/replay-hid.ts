import { proposalOf, type HidTransport } from '../../electron/devices/hid-input.ts';
import type { FoundDevice, InputTrouble } from '../../electron/devices/input.ts';

type Plugged = {
  found: FoundDevice;
  descriptor: Uint8Array | null;
  on: { report: (report: Uint8Array) => void; lost: (why: InputTrouble) => void } | null;
};

/** HID devices that are plugged in, replay reports, and are pulled out again. No such machine part is behind it. */
export type ReplayHid = HidTransport &
  Readonly<{
    plugIn: (device: {
      path: string;
      vendorId?: number;
      productId?: number;
      serialNumber?: string;
      usagePage: number;
      usage?: number;
      descriptor?: Uint8Array;
    }) => void;
    unplug: (path: string) => void;
    replay: (path: string, report: Uint8Array) => void;
    features: () => readonly string[];
  }>;

export function replayHid(): ReplayHid {
  const plugged = new Map<string, Plugged>();
  const held = new Set<string>();
  const features: string[] = [];
  return {
    held,
    list: async () => [...plugged.values()].map((one) => one.found),
    async open(path, on) {
      const device = plugged.get(path);
      if (device === undefined) throw new Error('no such file');
      if (held.has(path)) throw new Error('in use by another driver');
      held.add(path);
      device.on = on;
      return {
        feature: (report) => features.push(Buffer.from(report).toString('hex')),
        close: () => {
          held.delete(path);
          device.on = null;
        },
      };
    },
    descriptor: async (path) => plugged.get(path)?.descriptor ?? null,
    plugIn: ({ path, vendorId = 0x1eab, productId = 0x0d10, serialNumber = null, usagePage, usage = 1, ...rest }) => {
      const proposal = proposalOf(usagePage, usage, vendorId);
      plugged.set(path, {
        found: { identity: { vendorId, productId, serialNumber, path }, line: 'hid', name: path, proposal },
        descriptor: rest.descriptor ?? null,
        on: null,
      });
    },
    unplug: (path) => {
      const device = plugged.get(path);
      plugged.delete(path);
      device?.on?.lost('notPluggedIn');
    },
    replay: (path, report) => plugged.get(path)?.on?.report(report),
    features: () => features,
  };
}
