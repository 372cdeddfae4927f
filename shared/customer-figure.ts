import { assertNever } from './assert.ts';
import type { CustomerFigure } from './devices.ts';
import type { Screen } from './till-contract.ts';

const NOTHING: CustomerFigure = { what: 'none', amountFen: 0, name: '' };

/**
 * The one figure that a pole display shows of a screen: the price of the goods that were touched last, then what is to
 * be paid, what was handed over, and the change. Each is a figure of the screen as the core made it.
 */
export function customerFigure({
  phase,
  sale,
  pay,
  paid,
}: Pick<Screen, 'phase' | 'sale' | 'pay' | 'paid'>): CustomerFigure {
  switch (phase) {
    case 'selling': {
      const line = sale.lines[sale.selected] ?? sale.lines.at(-1);
      return line === undefined ? NOTHING : { what: 'price', amountFen: line.unitPayFen, name: line.name };
    }
    case 'paying':
      if (pay === null) return NOTHING;
      return pay.cashTyped && pay.cashGivenFen > 0
        ? { what: 'received', amountFen: pay.cashGivenFen, name: '' }
        : { what: 'total', amountFen: sale.totalFen, name: '' };
    case 'paid':
      if (paid === null) return NOTHING;
      return paid.cashGivenFen > 0
        ? { what: 'change', amountFen: paid.changeFen, name: '' }
        : { what: 'total', amountFen: paid.receipt.totalFen, name: '' };
    case 'enrol':
    case 'signIn':
    case 'openShift':
    case 'closeShift':
    case 'locked':
    case 'evening':
    case 'stopped':
      return NOTHING;
    default:
      return assertNever(phase);
  }
}
