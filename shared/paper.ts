import { assertNever } from './assert.ts';
import { layoutPointsSlip } from './points-slip-layout.ts';
import type { PointsSlip } from './points-slip.ts';
import { type Columns, layoutReceipt, type ReceiptRow, rowsText } from './receipt-layout.ts';
import type { Receipt } from './receipt.ts';
import { layoutShiftSlip } from './shift-slip-layout.ts';
import type { ShiftSlip } from './shift-slip.ts';

/** Whatever the receipt printer prints; each is shown on the screen by the same rows. */
export type PaperSlip = Receipt | ShiftSlip | PointsSlip;

export function layoutPaper(slip: PaperSlip, columns: Columns): ReceiptRow[] {
  switch (slip.kind) {
    case 'shift':
      return layoutShiftSlip(slip, columns);
    case 'points':
      return layoutPointsSlip(slip, columns);
    case 'sale':
    case 'refund':
    case 'exchange':
      return layoutReceipt(slip, columns);
    default:
      return assertNever(slip);
  }
}

/** Whether it is a customer's proof, which waits for paper when the printer fails; other slips are asked for again. */
export function isReceipt(slip: PaperSlip): slip is Receipt {
  return slip.kind !== 'shift' && slip.kind !== 'points';
}

/** The slip as plain text for a terminal, where every character has one size. */
export function paperText(slip: PaperSlip, columns: Columns): string {
  return rowsText(layoutPaper(slip, columns), columns);
}
