import { assertNever } from '../../shared/assert.ts';
import { layoutPaper, type PaperSlip } from '../../shared/paper.ts';
import { type Columns, type ReceiptRow, rowText, type TextSize } from '../../shared/receipt-layout.ts';
import { inGbk, SQUARE } from './gbk.ts';

/**
 * Our own ESC/POS, because no library prints Chinese right. Chinese printers take GBK two bytes at a time once FS & has
 * switched them; switching in mid-line ends the line on some, so it is sent once, at the start.
 */
const ESC = 0x1b;
const FS = 0x1c;
const GS = 0x1d;
const LF = 0x0a;

/** A ticket ready for the printer. */
export type Ticket = Readonly<{
  bytes: Uint8Array;
  /** Characters that GBK does not have, printed as □. */
  missing: number;
}>;

/** Opens the drawer on pin 2, where nearly all hang, or on pin 5: 50 ms on, 500 ms off. */
export function drawerKick(pin: 2 | 5): Uint8Array {
  return Uint8Array.of(ESC, 0x70, pin === 2 ? 0x00 : 0x01, 0x19, 0xfa);
}

/** The bytes of a receipt or another slip, the same rows as on the screen. */
export function receiptTicket(slip: PaperSlip, columns: Columns): Ticket {
  const builder = new TicketBuilder(columns);
  for (const row of layoutPaper(slip, columns)) builder.row(row);
  return builder.ticket();
}

const ALIGNMENTS = { left: 0, center: 1, right: 2 } as const;

/** Puts commands and text one after the other; it sends a command only where something changes. */
export class TicketBuilder {
  readonly #columns: Columns;
  readonly #bytes: number[] = [ESC, 0x40, FS, 0x26];
  #align: keyof typeof ALIGNMENTS = 'left';
  #isBold = false;
  #size: TextSize = 1;
  #missing = 0;

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  row(row: ReceiptRow): void {
    switch (row.kind) {
      case 'text':
        return this.#line(row.text, row.align, row.bold, row.size);
      case 'pair':
        return this.#line(rowText(row, this.#columns), 'left', row.bold, row.size);
      case 'rule':
        return this.#line(rowText(row, this.#columns), 'left', false, 1);
      case 'feed':
        this.#bytes.push(ESC, 0x64, row.lines);
        return;
      case 'qr':
        return this.qr(row.data);
      case 'cut':
        // Feeds to the knife and leaves a bridge of paper, so that the receipt does not fall.
        this.#bytes.push(GS, 0x56, 0x42, 0x00);
        return;
      default:
        return assertNever(row);
    }
  }

  /** A QR code of model 2, error correction M, in the middle of the paper. `data` is ASCII. */
  qr(data: string, moduleDots = 6): void {
    this.#style('center', this.#isBold, this.#size);
    const stored = Buffer.from(data, 'ascii');
    const length = stored.length + 3;
    this.#bytes.push(GS, 0x28, 0x6b, 4, 0, 0x31, 0x41, 0x32, 0x00);
    this.#bytes.push(GS, 0x28, 0x6b, 3, 0, 0x31, 0x43, moduleDots);
    this.#bytes.push(GS, 0x28, 0x6b, 3, 0, 0x31, 0x45, 0x31);
    this.#bytes.push(GS, 0x28, 0x6b, length & 0xff, length >> 8, 0x31, 0x50, 0x30, ...stored);
    this.#bytes.push(GS, 0x28, 0x6b, 3, 0, 0x31, 0x51, 0x30);
  }

  ticket(): Ticket {
    return { bytes: Uint8Array.from(this.#bytes), missing: this.#missing };
  }

  #line(text: string, align: keyof typeof ALIGNMENTS, isBold: boolean, size: TextSize): void {
    this.#style(align, isBold, size);
    for (const character of text) {
      const encoded = inGbk(character);
      if (encoded === null) this.#missing += 1;
      this.#bytes.push(...(encoded ?? SQUARE));
    }
    this.#bytes.push(LF);
  }

  /** Alignment counts only at the start of a line, which is where this is always called. */
  #style(align: keyof typeof ALIGNMENTS, isBold: boolean, size: TextSize): void {
    if (align !== this.#align) this.#bytes.push(ESC, 0x61, ALIGNMENTS[align]);
    if (isBold !== this.#isBold) this.#bytes.push(ESC, 0x45, isBold ? 1 : 0);
    if (size !== this.#size) this.#bytes.push(GS, 0x21, size === 2 ? 0x11 : 0x00);
    this.#align = align;
    this.#isBold = isBold;
    this.#size = size;
  }
}
