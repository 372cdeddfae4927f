import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import type { DrawerSettings } from '../../shared/device-set-up.ts';
import { type DrawerState, type PrinterState, STANDING_STILL } from '../../shared/devices.ts';
import type { Columns } from '../../shared/receipt-layout.ts';
import type { PaperSlip } from '../../shared/paper.ts';
import { drawerKick, receiptTicket } from './escpos.ts';
import type { Printer, PrinterLook } from './printer.ts';

/** How often an idle printer is asked; one that never answers is asked more rarely. */
const LOOK_EVERY_MS = 5_000;
const LOOK_AT_SILENT_EVERY_MS = 60_000;
const SILENCES = 3;

/** A ticket is in the printer's memory long before it is on paper; so long a row takes, and so often one looks. */
const ROW_MS = 60;
const PAPER_MS_MAX = 5_000;
const LOOK_BEHIND_MS = 400;

/** A kicked drawer is open well before this, or it stays shut. */
const DRAWER_MS = 1_000;
const DRAWER_LOOK_MS = 100;

export const DRAWER_UNSENSED: DrawerSettings = { pin: 2, openWhen: 'noSensor' };

export type ReceiptPrinter = Readonly<{
  state: () => PrinterState;
  drawer: () => DrawerState;
  print: (slip: PaperSlip) => Promise<'printed' | 'failed'>;
  openDrawer: () => Promise<'opened' | 'failed'>;
  look: () => void;
  close: () => void;
}>;

/**
 * One receipt printer with the drawer that hangs on it. It asks before a ticket whether it can be printed at all and
 * behind it whether the paper lasted: a ticket that the paper or the line broke off in has failed as a whole, and is
 * printed again as a whole.
 */
export function receiptPrinter(
  printer: Printer,
  settings: Readonly<{ columns: Columns; drawer: DrawerSettings; rowMs?: number }>,
  hosted: Readonly<{ log: (line: string) => void; changed: () => void }>,
): ReceiptPrinter {
  const { log } = hosted;
  const { drawer, columns, rowMs = ROW_MS } = settings;
  let last: PrinterLook = { state: printer.look === null ? 'blind' : 'unknown', drawerPin: null };
  let silences = 0;
  let isClosed = false;
  let timer: NodeJS.Timeout | null = null;

  // One after the other: the same printer is never spoken to by two at once.
  let turn: Promise<unknown> = Promise.resolve();
  // Not even a bug in here may reach a sale that is already on disk.
  const inTurn = <T>(task: () => Promise<T>, failed: T): Promise<T> => {
    // The answer to the cashier goes first: laying out and writing paper begins behind it.
    const taken = Promise.all([turn, setImmediate()])
      .then(task)
      .catch((error: unknown) => {
        log(`printing broke: ${error instanceof Error ? error.message : 'unknown'}`);
        return failed;
      });
    turn = taken;
    return taken;
  };

  const drawerOf = ({ drawerPin }: PrinterLook): DrawerState => {
    if (drawer.openWhen === 'noSensor' || drawerPin === null) return 'unknown';
    return drawerPin === drawer.openWhen ? 'open' : 'closed';
  };

  const heard = (next: PrinterLook): PrinterLook => {
    const isNews = next.state !== last.state || drawerOf(next) !== drawerOf(last);
    silences = next.state === 'unknown' ? silences + 1 : 0;
    last = next;
    if (isNews && !isClosed) hosted.changed();
    return next;
  };
  const lookNow = async (): Promise<PrinterLook> => {
    if (printer.look === null || isClosed) return last;
    return heard(await printer.look());
  };
  const lookInTurn = (): Promise<PrinterLook> => inTurn(lookNow, last);

  const lookLater = (): void => {
    if (printer.look === null || isClosed) return;
    timer = setTimeout(
      () => void lookInTurn().then(lookLater),
      silences >= SILENCES ? LOOK_AT_SILENT_EVERY_MS : LOOK_EVERY_MS,
    );
    timer.unref();
  };
  if (printer.look !== null) void lookInTurn().then(lookLater);

  /** A printer that answers is watched until the paper must be out; one that does not is believed. */
  const lasted = async (bytes: Uint8Array): Promise<boolean> => {
    if (printer.look === null || last.state === 'unknown') return true;
    const rows = bytes.filter((byte) => byte === 0x0a).length;
    const untilMs = performance.now() + Math.min(rows * rowMs, PAPER_MS_MAX);
    for (;;) {
      const { state } = await lookInTurn();
      // While it prints, a printer on the network may take no second call.
      if (STANDING_STILL.has(state) && state !== 'gone') return false;
      if (performance.now() >= untilMs || isClosed) return state !== 'gone';
      await wait(LOOK_BEHIND_MS);
    }
  };

  const opened = async (): Promise<boolean> => {
    const untilMs = performance.now() + DRAWER_MS;
    for (;;) {
      const state = drawerOf(await lookNow());
      if (state !== 'closed') return true;
      if (performance.now() >= untilMs) return false;
      await wait(DRAWER_LOOK_MS);
    }
  };

  return {
    state: () => last.state,
    drawer: () => drawerOf(last),
    async print(slip) {
      const ticket = await inTurn<Uint8Array | null>(async () => {
        const { bytes, missing } = receiptTicket(slip, columns);
        if (missing > 0) log(`slip ${slip.number}: ${missing} characters printed as a square`);
        const { state } = await lookNow();
        // One that is not heard of may still take a ticket: another till may be speaking to it.
        if (STANDING_STILL.has(state) && state !== 'gone') {
          log(`slip ${slip.number}: not sent, the printer is ${state}`);
          return null;
        }
        if ((await printer.write(bytes, slip)) === 'written') return bytes;
        log(`slip ${slip.number}: the printer did not take it`);
        return null;
      }, null);
      if (ticket === null) return 'failed';
      if (await lasted(ticket)) return 'printed';
      log(`slip ${slip.number}: the printer stood still in the middle of it`);
      return 'failed';
    },
    openDrawer: () =>
      inTurn<'opened' | 'failed'>(async () => {
        if ((await printer.write(drawerKick(drawer.pin), null)) !== 'written') return 'failed';
        return drawer.openWhen === 'noSensor' || printer.look === null || (await opened()) ? 'opened' : 'failed';
      }, 'failed'),
    look: () => void lookInTurn(),
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      printer.close();
    },
  };
}
