import { judgeExchange } from '../../shared/goods-exchange.ts';
import { bodyOf, type ExchangeBody } from '../../shared/record-bodies.ts';
import type { Command } from '../../shared/till-contract.ts';
import { expiredBatchWarning } from './batches.ts';
import { refusedRefund, type Receipts, type Refunded } from './receipts.ts';
import { conflictOf, done, type Till } from './till.ts';

type ExchangeCommand = Extract<Command, { kind: 'exchange' }>;

/**
 * 换货: the same goods out for faulty ones. One record names the sale and its lines; nothing is owed, so it needs no claim
 * of the town, which folds what was exchanged anywhere and names what exceeds the sale. What is handed out leaves the
 * shelf; what comes back goes there only when it is fine, and to waste otherwise.
 */
export function createGoodsExchange(till: Till, receipts: Receipts, shiftId: () => string | null) {
  const { ledger, world } = till;

  /** Whether an exchange of this id stands already, as it is asked for now; null when none does. */
  const doneBefore = (command: ExchangeCommand): Refunded | null => {
    const before = ledger.byId(command.id);
    if (before === null) return null;
    const same = isSameExchange(bodyOf(before.record, 'exchange'), command);
    return { answer: same ? done : conflictOf(till, command.id, 'exchange'), stored: null };
  };

  return {
    exchange: async (command: ExchangeCommand): Promise<Refunded> => {
      const answered = doneBefore(command);
      if (answered !== null) return answered;
      const sold = receipts.known(command.receipt) ?? (await receipts.lookUp(command.receipt));
      if (sold.kind === 'refused') return refusedRefund(sold.reason);
      // While the town was asked, somebody may have gone home.
      const operator = till.operator();
      const shift = shiftId();
      if (operator === null) return refusedRefund('notSignedIn');
      if (shift === null) return refusedRefund('noShift');
      const joined = doneBefore(command);
      if (joined !== null) return joined;
      const { body: sale, record } = sold;
      const judged = judgeExchange(
        sale.lines,
        receipts.returnedBefore(sold),
        receipts.exchangedBefore(sold),
        command.lines,
      );
      if (judged.kind === 'refused') return refusedRefund(judged.reason);
      const lines: ExchangeBody['lines'] = [];
      for (const { line, quantity, goods } of command.lines) {
        const bought = sale.lines[line];
        const item = bought === undefined ? null : receipts.itemHere(bought);
        if (bought === undefined || item === null) return refusedRefund('unknownItem');
        if (expiredBatchWarning(ledger, item, till.businessDay())) return refusedRefund('expiredBatch');
        const { name, unit, per } = bought;
        lines.push({ line, item, name, unit, per, quantity, goods });
      }
      const isLate = receipts.isLate(
        sold,
        lines.map(({ line }) => line),
      );
      const approved = receipts.approvalOf(command.approval, isLate, operator);
      if (approved.kind === 'refused') return { answer: approved, stored: null };
      const reason = till.codeOf(command.reason);
      const recorded = ledger.transaction(() => {
        if (approved.by !== null) {
          till.record({
            kind: 'override',
            id: world.newId(),
            operator: operator.id,
            body: { what: 'exchangeAfterDays', document: command.id, by: approved.by, reason, detail: {} },
          });
        }
        return till.record({
          kind: 'exchange',
          id: command.id,
          operator: operator.id,
          body: {
            shift,
            sale: record.id,
            saleReceipt: sale.receipt,
            saleTill: record.till,
            saleIncarnation: record.incarnation,
            reason,
            lines,
          },
          stock: lines.flatMap(({ item, quantity, goods }, index) => [
            { item, batch: null, delta: -quantity, line: 2 * index },
            ...(goods === 'shelf' ? [{ item, batch: null, delta: quantity, line: 2 * index + 1 }] : []),
          ]),
        });
      });
      return recorded.kind === 'conflict' ? refusedRefund('idConflict') : { answer: done, stored: recorded };
    },
  };
}

function isSameExchange(body: ExchangeBody | null, { receipt, lines }: ExchangeCommand): boolean {
  return (
    body !== null &&
    body.saleReceipt === receipt &&
    body.lines.length === lines.length &&
    body.lines.every(({ line, quantity, goods }, index) => {
      const asked = lines[index];
      return asked?.line === line && asked.quantity === quantity && asked.goods === goods;
    })
  );
}
