import { assertNever } from '../../shared/assert.ts';
import type {
  DeviceSettings,
  DisplaySettings,
  Heard,
  LabelSettings,
  PrinterSettings,
} from '../../shared/device-set-up.ts';
import type {
  CustomerFigure,
  DeviceEvent,
  Devices,
  OtherDevice,
  PrinterState,
  SimulatedAct,
} from '../../shared/devices.ts';
import { filePrinter } from './file-printer.ts';
import { type InputRole, openInputs } from './inputs.ts';
import { networkPrinter } from './network-printer.ts';
import { figureWords, poleDisplay, type PoleDisplay } from './pole-display.ts';
import type { Printer } from './printer.ts';
import { queuePrinter } from './queue-printer.ts';
import { DRAWER_UNSENSED, receiptPrinter, type ReceiptPrinter } from './receipt-printer.ts';
import { portFinder, serialLine } from './serial-line.ts';
import { serialPrinter } from './serial-printer.ts';
import { type Printout, simulatedPrinter, simulatedScale } from './simulated.ts';
import { tagBytes } from './tspl.ts';

/** A counter, with what its simulated printer holds; a real printer holds nothing to look at. */
export type OpenDevices = Devices &
  Readonly<{
    printouts: () => readonly Printout[];
    /** What scanners, readers and scale said last, newest first. */
    heard: () => readonly Heard[];
    /** Shows a figure and waits until the display has it; false where none took it. */
    tryDisplay: (figure: CustomerFigure) => Promise<boolean>;
  }>;

/** The port on which receipt and label printers listen for raw bytes. */
const RAW_PORT = 9100;

/** What is beyond the devices. */
type Hosted = Readonly<{
  /** Milliseconds of any clock that never jumps; it only tells how old a weight is. */
  nowMs?: () => number;
  /** Told of characters that a printer could not show and of printers that fail; never of what a receipt says. */
  log?: (line: string) => void;
  /** Told of every report as it came. */
  raw?: (role: InputRole, name: string, bytes: Uint8Array) => void;
  /** How long a row takes from the printer's memory to the paper; a software printer is quicker. */
  rowMs?: number;
}>;

/** Opens what the settings name. What is not there yet is opened when it comes, so this cannot fail. */
export function openDevices(settings: DeviceSettings, hosted: Hosted = {}): OpenDevices {
  const { nowMs = () => performance.now(), log = () => {} } = hosted;
  const takers = new Set<(event: DeviceEvent) => void>();
  const tell = (event: DeviceEvent): void => {
    for (const take of takers) take(event);
  };
  const changed = (): void => tell({ kind: 'changed' });

  const paper = openPrinter(settings.printer, { log, changed }, hosted.rowMs);
  const scale = settings.scale.kind === 'simulated' ? openSimulatedScale(nowMs, changed) : null;
  const inputs = openInputs(
    settings,
    { nowMs, wallMs: Date.now, later: laterOf(), log },
    { event: tell, raw: (role, name, bytes) => hosted.raw?.(role, name, bytes) },
  );
  const display = openDisplay(settings.display, changed);
  const labels = openLabels(settings.labels, log);

  const weightGrams = (): number | null => scale?.weightGrams() ?? inputs.weightGrams();

  const simulate = (act: SimulatedAct): void => {
    switch (act.what) {
      case 'code':
        return tell({ kind: 'code', code: act.code });
      case 'card':
        return tell({ kind: 'card', token: act.token });
      case 'weight':
        return scale?.put(act.weightGrams);
      case 'scale':
        if (act.state === 'moving') scale?.shake();
        else if (act.state === 'unplugged') scale?.unplug();
        else scale?.plugIn();
        return changed();
      case 'printer':
        paper.simulated?.become(act.state);
        return paper.printer?.look();
      case 'drawer':
        paper.simulated?.setDrawer(act.state);
        return paper.printer?.look();
      default:
        return assertNever(act);
    }
  };

  return {
    get printer(): PrinterState {
      return paper.printer?.state() ?? 'missing';
    },
    get drawer() {
      return paper.printer?.drawer() ?? 'unknown';
    },
    get scale() {
      if (scale === null) return inputs.scaleState();
      return scale.isPluggedIn() ? 'ready' : 'silent';
    },
    get others(): readonly OtherDevice[] {
      return [...inputs.others(), display.other, labels.other].filter((other) => other !== null);
    },
    simulated: isSimulated(settings),
    print: async (receipt) => paper.printer?.print(receipt) ?? 'failed',
    openDrawer: async () => paper.printer?.openDrawer() ?? 'failed',
    printTag: labels.print,
    lookAtPrinter: () => paper.printer?.look(),
    weightGrams,
    tellScale(what) {
      if (scale === null) return inputs.tellScale(what);
      if (what === 'tare') scale.tare();
      else scale.put(0);
      return true;
    },
    show: (figure) => void display.pole?.show(figure),
    tryDisplay: async (figure) => (await display.pole?.show(figure)) ?? false,
    shown: display.shown,
    listen(take) {
      takers.add(take);
      return () => void takers.delete(take);
    },
    simulate: isSimulated(settings) ? simulate : () => {},
    setUp: null,
    close() {
      scale?.close();
      inputs.close();
      takers.clear();
      paper.printer?.close();
      display.pole?.close();
      labels.close();
    },
    heard: inputs.heard,
    printouts: () => paper.simulated?.printouts() ?? [],
  };
}

/** Timers that keep no process alive. */
function laterOf(): (delayMs: number, task: () => void) => () => void {
  return (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  };
}

/** How often a simulated scale is looked at, so that what happens to it shows. */
const WEIGHT_LOOK_MS = 200;

function openSimulatedScale(nowMs: () => number, changed: () => void) {
  const scale = simulatedScale(nowMs);
  let shownGrams: number | null = null;
  const watching = setInterval(() => {
    const grams = scale.weightGrams();
    if (grams === shownGrams) return;
    shownGrams = grams;
    changed();
  }, WEIGHT_LOOK_MS);
  watching.unref();
  return { ...scale, close: () => clearInterval(watching) };
}

/** A counter is simulated as a whole: real and simulated devices side by side would deceive whoever stands there. */
function isSimulated({ printer, scale }: DeviceSettings): boolean {
  return printer.kind === 'simulated' || scale.kind === 'simulated';
}

type Told = Readonly<{ log: (line: string) => void; changed: () => void }>;

function openPrinter(chosen: PrinterSettings, told: Told, rowMs: number | undefined) {
  const none = { printer: null, simulated: null } as const;
  if (chosen.kind === 'none') return none;
  const { columns, drawer = DRAWER_UNSENSED } = chosen;
  if (chosen.kind === 'simulated') {
    const simulated = simulatedPrinter(chosen);
    const sensed = { ...drawer, openWhen: 'high' } as const;
    return { printer: receiptPrinter(simulated, { columns, drawer: sensed, rowMs: 0 }, told), simulated };
  }
  const printer: ReceiptPrinter = receiptPrinter(
    printerOn(chosen),
    { columns, drawer, ...(rowMs === undefined ? {} : { rowMs }) },
    told,
  );
  return { printer, simulated: null };
}

/** The printer at the end of a line. */
function printerOn(chosen: Exclude<PrinterSettings | LabelSettings, { kind: 'none' | 'simulated' }>): Printer {
  switch (chosen.kind) {
    case 'network':
      return networkPrinter({ host: chosen.host, port: chosen.port ?? RAW_PORT });
    case 'file':
      return filePrinter(chosen);
    case 'serial':
      return serialPrinter({ find: portFinder(chosen.identity), baudRate: chosen.baudRate });
    case 'queue':
      return queuePrinter(chosen);
    default:
      return assertNever(chosen);
  }
}

function openDisplay(chosen: DisplaySettings, changed: () => void) {
  let shown = '';
  switch (chosen.kind) {
    case 'none':
      return { pole: null, other: null, shown: () => null };
    case 'simulated': {
      const pole: PoleDisplay = {
        async show(figure) {
          shown = figureWords(figure);
          changed();
          return true;
        },
        close() {},
      };
      return { pole, other: { role: 'display', state: 'ready', why: '' } satisfies OtherDevice, shown: () => shown };
    }
    case 'serial': {
      let isThere = true;
      const find = portFinder(chosen.identity);
      const pole = poleDisplay(
        (lost) => serialLine({ find, baudRate: chosen.baudRate, lost }),
        chosen,
        (next) => {
          if (next === isThere) return;
          isThere = next;
          changed();
        },
        laterOf(),
      );
      return {
        pole,
        get other(): OtherDevice {
          return { role: 'display', state: isThere ? 'ready' : 'missing', why: isThere ? '' : 'notPluggedIn' };
        },
        shown: () => null,
      };
    }
    default:
      return assertNever(chosen);
  }
}

function openLabels(chosen: LabelSettings, log: (line: string) => void) {
  if (chosen.kind === 'none') {
    return { other: null, print: async () => 'failed' as const, close: () => {} };
  }
  const printer = chosen.kind === 'simulated' ? null : printerOn(chosen);
  let turn: Promise<unknown> = Promise.resolve();
  let hasFailed = false;
  const print: Devices['printTag'] = (tag) => {
    const printed = turn.then(async () => {
      const outcome = await (printer?.write(tagBytes(tag, chosen.size), null) ?? 'written');
      hasFailed = outcome === 'failed';
      if (hasFailed) log(`tag ${tag.code}: the label printer did not take it`);
      return hasFailed ? 'failed' : 'printed';
    });
    turn = printed;
    return printed;
  };
  return {
    get other(): OtherDevice {
      return { role: 'labelPrinter', state: hasFailed ? 'failed' : 'ready', why: hasFailed ? 'broken' : '' };
    },
    print,
    close: () => printer?.close(),
  };
}
