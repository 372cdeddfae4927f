import { type Columns, layoutReceipt, type ReceiptRow, rowsText } from './receipt-layout.ts';
import type { Receipt } from './receipt.ts';
import { layoutShiftSlip } from './shift-slip-layout.ts';
import type { ShiftSlip } from './shift-slip.ts';

/** Whatever the receipt printer prints; each is shown on the screen by the same rows. */
export type PaperSlip = Receipt | ShiftSlip;

export function layoutPaper(slip: PaperSlip, columns: Columns): ReceiptRow[] {
  return slip.kind === 'shift' ? layoutShiftSlip(slip, columns) : layoutReceipt(slip, columns);
}

/** The slip as plain text for a terminal, where every character has one size. */
export function paperText(slip: PaperSlip, columns: Columns): string {
  return rowsText(layoutPaper(slip, columns), columns);
}
