import { setImmediate } from 'node:timers/promises';
import { assertNever } from '../../shared/assert.ts';
import type { Devices } from '../../shared/devices.ts';
import type { Columns } from '../../shared/receipt-layout.ts';
import { drawerKick, receiptTicket } from './escpos.ts';
import { filePrinter } from './file-printer.ts';
import { networkPrinter } from './network-printer.ts';
import type { Printer } from './printer.ts';
import { type Printout, simulatedPrinter, simulatedScale } from './simulated.ts';

/** What a shop has set up at its counter. The cash drawer hangs on the printer. */
export type DeviceSettings = Readonly<{
  printer:
    | Readonly<{ kind: 'none' }>
    | Readonly<{ kind: 'simulated'; columns: Columns; folder?: string }>
    | Readonly<{ kind: 'network'; host: string; port?: number; columns: Columns }>
    | Readonly<{ kind: 'file'; path: string; columns: Columns }>;
  scale: Readonly<{ kind: 'none' | 'simulated' }>;
}>;

/** A counter, with what its simulated printer holds; a real printer holds nothing to look at. */
export type OpenDevices = Devices & Readonly<{ printouts: () => readonly Printout[] }>;

/** The port on which receipt printers listen for raw bytes. */
const RAW_PORT = 9100;

/** What is beyond the printer. */
type Hosted = Readonly<{
  /** Milliseconds of any clock that never jumps; it only tells how old a weight is. */
  nowMs?: () => number;
  /** Told of characters that a printer could not show and of printers that fail; never of what a receipt says. */
  log?: (line: string) => void;
}>;

/** Opens what the settings name. Nothing is connected until something is printed, so this cannot fail. */
export function openDevices(settings: DeviceSettings, hosted: Hosted = {}): OpenDevices {
  const { nowMs = () => performance.now(), log = () => {} } = hosted;
  const chosen = settings.printer;
  const simulated = chosen.kind === 'simulated' ? simulatedPrinter(chosen) : null;
  const printer = simulated ?? realPrinter(chosen);
  const scale = settings.scale.kind === 'simulated' ? simulatedScale(nowMs) : null;

  // One ticket after the other: the same printer is never written by two of them at once.
  let last: Promise<unknown> = Promise.resolve();
  // Not even a bug in here may reach a sale that is already on disk.
  const inTurn = <T>(task: () => Promise<T>, failed: T): Promise<T> => {
    // The answer to the cashier goes first: laying out and writing paper begins behind it.
    const turn = Promise.all([last, setImmediate()])
      .then(task)
      .catch((error: unknown) => {
        log(`printing broke: ${error instanceof Error ? error.message : 'unknown'}`);
        return failed;
      });
    last = turn;
    return turn;
  };

  return {
    printer: printer === null ? 'missing' : simulated === null ? 'ready' : 'simulated',
    scale: scale === null ? 'missing' : 'simulated',
    print: (receipt) =>
      inTurn<'printed' | 'failed'>(async () => {
        if (printer === null || chosen.kind === 'none') return 'failed';
        const ticket = receiptTicket(receipt, chosen.columns);
        if (ticket.missing > 0) log(`receipt ${receipt.number}: ${ticket.missing} characters printed as a square`);
        const outcome = await printer.write(ticket.bytes, receipt);
        if (outcome === 'failed') log(`receipt ${receipt.number}: the printer did not take it`);
        return outcome === 'written' ? 'printed' : 'failed';
      }, 'failed'),
    openDrawer: () =>
      inTurn<'opened' | 'failed'>(async () => {
        if (printer === null) return 'failed';
        return (await printer.write(drawerKick, null)) === 'written' ? 'opened' : 'failed';
      }, 'failed'),
    weightGrams: () => scale?.weightGrams() ?? null,
    ...(scale === null ? {} : { simulateWeight: scale.put }),
    close: () => printer?.close(),
    printouts: () => simulated?.printouts() ?? [],
  };
}

function realPrinter(chosen: DeviceSettings['printer']): Printer | null {
  switch (chosen.kind) {
    case 'none':
    case 'simulated':
      return null;
    case 'network':
      return networkPrinter({ host: chosen.host, port: chosen.port ?? RAW_PORT });
    case 'file':
      return filePrinter(chosen);
    default:
      return assertNever(chosen);
  }
}
