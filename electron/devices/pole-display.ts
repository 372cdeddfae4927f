import { assertNever } from '../../shared/assert.ts';
import type { DisplaySettings } from '../../shared/device-set-up.ts';
import type { CustomerFigure } from '../../shared/devices.ts';
import { formatFen } from '../../shared/money.ts';
import { displayWidth } from '../../shared/receipt-layout.ts';
import { inGbk, SQUARE } from './gbk.ts';
import type { SerialLine } from './serial-line.ts';

/** How a pole display is spoken to. `led8` shows eight digits and four lamps, the others two lines of twenty columns. */
type Protocol = Extract<DisplaySettings, { kind: 'serial' }>['protocol'];

const ESC = 0x1b;
const CLEAR = 0x0c;
const CR = 0x0d;
const COLUMNS = 20;

/** What eight digits can say; a figure beyond it is shown as dashes and never as another figure. */
const LED_MAX_FEN = 999_999;

const LAMPS: Readonly<Record<CustomerFigure['what'], number>> = {
  none: 0x30,
  price: 0x31,
  total: 0x32,
  received: 0x33,
  change: 0x34,
};

const LABELS: Readonly<Record<CustomerFigure['what'], Readonly<{ chinese: string; ascii: string }>>> = {
  none: { chinese: '', ascii: '' },
  price: { chinese: '单价', ascii: 'PRICE' },
  total: { chinese: '合计', ascii: 'TOTAL' },
  received: { chinese: '收款', ascii: 'CASH' },
  change: { chinese: '找零', ascii: 'CHANGE' },
};

/** The bytes that make a display show a figure, whatever it showed before. */
export function displayBytes(protocol: Protocol, hasGbk: boolean, figure: CustomerFigure): Uint8Array {
  switch (protocol) {
    case 'led8':
      return ledBytes(figure);
    case 'cd5220':
    case 'epson': {
      if (figure.what === 'none') return Uint8Array.of(CLEAR);
      const [upper, lower] = linesOf(figure, hasGbk);
      // A CD5220 keeps a line that was written whole until it is cleared.
      return protocol === 'cd5220'
        ? Uint8Array.of(CLEAR, ESC, 0x51, 0x41, ...upper, CR, ESC, 0x51, 0x42, ...lower, CR)
        : Uint8Array.of(CLEAR, 0x1f, 0x24, 1, 1, ...upper, 0x1f, 0x24, 1, 2, ...lower);
    }
    default:
      return assertNever(protocol);
  }
}

/** The digits on the eight places of an LED display. */
export function ledDigits(amountFen: number): string {
  return Math.abs(amountFen) > LED_MAX_FEN ? '--------' : formatFen(amountFen);
}

function ledBytes({ what, amountFen }: CustomerFigure): Uint8Array {
  const lamp = [ESC, 0x73, LAMPS[what]];
  if (what === 'none') return Uint8Array.of(ESC, 0x40, CLEAR, ...lamp);
  return Uint8Array.of(...lamp, ESC, 0x51, 0x41, ...Buffer.from(ledDigits(amountFen), 'ascii'), CR);
}

/** Two lines of twenty columns each: what it is at the left of the lower one, how much at its right. */
function linesOf({ what, amountFen, name }: CustomerFigure, hasGbk: boolean): [number[], number[]] {
  const label = hasGbk ? LABELS[what].chinese : LABELS[what].ascii;
  const amount = formatFen(amountFen);
  const gap = COLUMNS - displayWidth(label) - amount.length;
  return [
    encoded(hasGbk ? name : name.replace(/[^ -~]+/g, ' ').trim(), hasGbk),
    encoded(gap > 0 ? label + ' '.repeat(gap) + amount : amount.padStart(COLUMNS), hasGbk),
  ];
}

/** Exactly twenty columns; a character of two that would stand half outside is left out. */
function encoded(text: string, hasGbk: boolean): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const next = inGbk(character) ?? SQUARE;
    if (bytes.length + next.length > COLUMNS || (next.length === 2 && !hasGbk)) break;
    bytes.push(...next);
  }
  while (bytes.length < COLUMNS) bytes.push(0x20);
  return bytes;
}

export type PoleDisplay = Readonly<{
  /** Answers whether the display was there to take it. */
  show: (figure: CustomerFigure) => Promise<boolean>;
  close: () => void;
}>;

/** How long until a display that is not there is looked for again. */
const RETRY_MS = 1_000;

/**
 * A pole display on its line. Only the newest figure counts: those that came while one was being written are passed
 * over, so that a slow line (2400 baud is 240 characters a second) never lags behind the till. One that was pulled out
 * and plugged in again shows what the till shows by then.
 */
export function poleDisplay(
  open: (lost: () => void) => Pick<SerialLine, 'write' | 'close'>,
  settings: Readonly<{ protocol: Protocol; gbk: boolean }>,
  heard: (isThere: boolean) => void,
  later: (delayMs: number, task: () => void) => () => void,
): PoleDisplay {
  let last: CustomerFigure = { what: 'none', amountFen: 0, name: '' };
  let isWanted = false;
  let writing: Promise<boolean> | null = null;
  let isClosed = false;
  let cancel = (): void => {};

  const again = (): void => {
    cancel();
    if (!isClosed) cancel = later(RETRY_MS, () => void begin());
  };
  const line = open(() => {
    if (isClosed) return;
    heard(false);
    isWanted = true;
    again();
  });
  const write = async (): Promise<boolean> => {
    let isThere = false;
    do {
      isWanted = false;
      isThere = await line.write(displayBytes(settings.protocol, settings.gbk, last));
    } while (isWanted && isThere);
    writing = null;
    if (isClosed) return isThere;
    heard(isThere);
    if (!isThere) again();
    return isThere;
  };
  const begin = (): Promise<boolean> => {
    cancel();
    isWanted = true;
    writing ??= write();
    return writing;
  };
  // A display that is not there is known before the first customer.
  void begin();
  return {
    show(figure) {
      last = figure;
      return begin();
    },
    close() {
      isClosed = true;
      cancel();
      line.close();
    },
  };
}

/** What a simulated display shows, in words. */
export function figureWords({ what, amountFen, name }: CustomerFigure): string {
  if (what === 'none') return '';
  return `${what === 'price' ? `${name} ` : ''}${LABELS[what].chinese} ${formatFen(amountFen)}`;
}
