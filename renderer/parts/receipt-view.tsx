import type { ReactNode } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { layoutPaper, type PaperSlip } from '../../shared/paper.ts';
import type { ReceiptRow } from '../../shared/receipt-layout.ts';
import './receipt-view.css';

const COLUMNS = 32;

/** A receipt, or a shift's slip, as the paper has it: the same rows, from the same value. */
export function ReceiptView({ receipt }: { receipt: PaperSlip }): ReactNode {
  return (
    <div className="receipt" data-copy={receipt.copy}>
      {layoutPaper(receipt, COLUMNS).map((row, index) => (
        // The rows of one receipt never move, so their place is their identity.
        <Row key={index} row={row} />
      ))}
    </div>
  );
}

function Row({ row }: { row: ReceiptRow }): ReactNode {
  switch (row.kind) {
    case 'text':
      return (
        <p className="receipt-text" data-align={row.align} data-bold={row.bold} data-size={row.size}>
          {row.text}
        </p>
      );
    case 'pair':
      return (
        <p className="receipt-pair" data-bold={row.bold} data-size={row.size}>
          <span>{row.left}</span>
          <span>{row.right}</span>
        </p>
      );
    case 'rule':
      return <hr className="receipt-rule" />;
    case 'feed':
      return <div className="receipt-feed" aria-hidden="true" />;
    // The code repeats the number for a scanner, which reads paper and no screen.
    case 'qr':
    case 'cut':
      return null;
    default:
      return assertNever(row);
  }
}
