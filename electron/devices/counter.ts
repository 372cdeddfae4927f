import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever } from '../../shared/assert.ts';
import type { DeviceSettings, DeviceSetUp, Found, TryWhat } from '../../shared/device-set-up.ts';
import type { DeviceEvent, Devices } from '../../shared/devices.ts';
import { sampleSale } from '../../shared/receipt-sample.ts';
import { openDevices, type OpenDevices } from './devices.ts';
import { listInputDevices } from './input-list.ts';
import { queuesOf } from './queue-printer.ts';
import { createRecorder } from './recorder.ts';

/** Where the kernel of Linux puts printers on USB. */
const USB_PRINTERS = '/dev/usb';

/** A tag whose every part is visibly a sample. */
const SAMPLE_TAG = {
  name: '价签样张',
  spec: '测试',
  unit: '瓶',
  priceFen: 1_234,
  per: 'piece',
  code: '6901028180559',
} as const;

/**
 * The counter of a till that stays: its devices can be set up anew while the till goes on, and whoever holds it never
 * notices. The new devices open only once the old ones have let go of their ports.
 */
export function openCounter(
  settings: DeviceSettings,
  hosted: Readonly<{
    log: (line: string) => void;
    /** Keeps the settings for the next start; throws when it cannot. */
    save: (settings: DeviceSettings) => void;
    /** For the head of a recording. */
    about: Readonly<Record<string, string>>;
  }>,
): Devices {
  const takers = new Set<(event: DeviceEvent) => void>();
  const tell = (event: DeviceEvent): void => {
    for (const take of takers) take(event);
  };
  const recorder = createRecorder(hosted.about, Date.now);
  let chosen = settings;
  let now: OpenDevices;
  const open = (): void => {
    now = openDevices(chosen, { log: hosted.log, raw: recorder.take });
    now.listen(tell);
  };
  open();

  const setUp: DeviceSetUp = {
    settings: () => chosen,
    found: () => found(hosted.log),
    async save(next) {
      hosted.save(next);
      chosen = next;
      now.close();
      open();
      tell({ kind: 'changed' });
    },
    heard: () => now.heard(),
    try: (what) => tryOut(now, what),
    record: recorder.set,
    recording: recorder.recording,
  };

  return {
    get printer() {
      return now.printer;
    },
    get drawer() {
      return now.drawer;
    },
    get scale() {
      return now.scale;
    },
    get others() {
      return now.others;
    },
    get simulated() {
      return now.simulated;
    },
    print: (slip) => now.print(slip),
    openDrawer: () => now.openDrawer(),
    printTag: (tag) => now.printTag(tag),
    lookAtPrinter: () => now.lookAtPrinter(),
    weightGrams: () => now.weightGrams(),
    tellScale: (what) => now.tellScale(what),
    show: (figure) => now.show(figure),
    shown: () => now.shown(),
    listen(take) {
      takers.add(take);
      return () => void takers.delete(take);
    },
    simulate: (act) => now.simulate(act),
    setUp,
    close: () => {
      takers.clear();
      now.close();
    },
  };
}

async function tryOut(devices: OpenDevices, what: TryWhat): Promise<'done' | 'failed'> {
  switch (what) {
    case 'receipt':
      return (await devices.print(sampleSale)) === 'printed' ? 'done' : 'failed';
    case 'drawer':
      return (await devices.openDrawer()) === 'opened' ? 'done' : 'failed';
    case 'display':
      devices.show({ what: 'total', amountFen: 1_234, name: '' });
      return devices.others.some(({ role, state }) => role === 'display' && state === 'ready') ? 'done' : 'failed';
    case 'tag':
      return (await devices.printTag(SAMPLE_TAG)) === 'printed' ? 'done' : 'failed';
    default:
      return assertNever(what);
  }
}

async function found(log: (line: string) => void): Promise<Found> {
  const world = {
    nowMs: () => performance.now(),
    later: (delayMs: number, task: () => void) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
    log,
  };
  const [devices, queues] = await Promise.all([listInputDevices(world), queuesOf()]);
  return { devices: [...devices], queues: [...queues], paths: usbPrinters() };
}

function usbPrinters(): string[] {
  try {
    if (!existsSync(USB_PRINTERS)) return [];
    return readdirSync(USB_PRINTERS)
      .filter((name) => /^lp\d+$/.test(name))
      .map((name) => join(USB_PRINTERS, name));
  } catch {
    return [];
  }
}
