import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever } from '../../shared/assert.ts';
import type { DeviceSettings, DeviceSetUp, Found, TryWhat } from '../../shared/device-set-up.ts';
import type { CustomerFigure, DeviceEvent, Devices } from '../../shared/devices.ts';
import { sampleSale } from '../../shared/receipt-sample.ts';
import { openDevices, type OpenDevices } from './devices.ts';
import { machineHid } from './hid-input.ts';
import { listInputDevices } from './input-list.ts';
import type { InputWorld } from './input.ts';
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
  let figure: CustomerFigure | null = null;
  const open = (): void => {
    now = openDevices(chosen, { log: hosted.log, raw: recorder.take });
    now.listen(tell);
    // Whoever shows a figure says it once, and a display that was set up since has not heard of it.
    if (figure !== null) now.show(figure);
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
    record(wish) {
      recorder.set(wish);
      if (wish.on) void notePlugged(recorder, hosted.log);
    },
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
    show: (next) => {
      figure = next;
      now.show(next);
    },
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
      return (await devices.tryDisplay({ what: 'total', amountFen: 1_234, name: '' })) ? 'done' : 'failed';
    case 'tag':
      return (await devices.printTag(SAMPLE_TAG)) === 'printed' ? 'done' : 'failed';
    default:
      return assertNever(what);
  }
}

/** Writes what is plugged in at the head of a recording. */
async function notePlugged(recorder: ReturnType<typeof createRecorder>, log: (line: string) => void): Promise<void> {
  for (const device of await listInputDevices(worldOf(log))) {
    const { line, identity } = device;
    recorder.plugged(
      device,
      line === 'hid' && identity.path !== null ? await machineHid.descriptor(identity.path) : null,
    );
  }
}

function worldOf(log: (line: string) => void): InputWorld {
  return {
    nowMs: () => performance.now(),
    later: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
    log,
  };
}

async function found(log: (line: string) => void): Promise<Found> {
  const [devices, queues] = await Promise.all([listInputDevices(worldOf(log)), queuesOf()]);
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
