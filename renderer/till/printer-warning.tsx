import type { ReactNode } from 'react';
import { printerWords } from '../../shared/device-words.ts';
import { useScreenPart } from '../parts/connection.ts';
import { connection } from './till.ts';
import './devices.css';

/** What the cashier should know of printer and drawer before the customer pays; nothing stands in the way of paying. */
export function PrinterWarning(): ReactNode {
  const printer = useScreenPart(connection, (screen) => screen?.status.printer ?? 'ready');
  const drawer = useScreenPart(connection, (screen) => screen?.status.drawer ?? 'unknown');
  const { level, means } = printerWords[printer];
  const isWorthSaying = level === 'bad' || printer === 'paperLow' || printer === 'unknown';
  return (
    <div className="counter-warnings" aria-live="polite">
      {isWorthSaying && (
        <p data-level={level}>
          <i aria-hidden="true">{level === 'bad' ? '■' : '▲'}</i>
          {means}
          {level === 'bad' && '可以照常收款，小票先留着，好了再补打。'}
        </p>
      )}
      {drawer === 'open' && (
        <p data-level="warn">
          <i aria-hidden="true">▲</i>钱箱还开着
        </p>
      )}
    </div>
  );
}
