import { planReturn } from '../../shared/allotment.ts';
import { must } from '../../shared/assert.ts';
import { halfUpMulDiv } from '../../shared/money.ts';
import { refundPostings } from '../../shared/posting.ts';
import { refundDifference, refundState, type Refund, type RefundRefusal } from '../../shared/pricing.ts';
import { saleReceipt, refundReceipt, type ReceiptMember } from '../../shared/receipt-build.ts';
import type { Receipt } from '../../shared/receipt.ts';
import { bodyOf, type RefundBody, type SaleBody, type SaleRecordLine } from '../../shared/record-bodies.ts';
import type { Answer, Command, RefusalReason } from '../../shared/till-contract.ts';
import { addDays } from '../../shared/time.ts';
import type { RecordRow } from './ledger/ledger.ts';
import type { Members } from './members.ts';
import { readOperator, type Operators } from './operators.ts';
import { maskName, readShop } from './shop.ts';
import { conflictOf, done, refuse, type Till } from './till.ts';

type ReceiptLine = {
  number: string;
  n: number;
  kind: 'sale' | 'refund';
  incarnation: number;
  counter: number;
  business_day: string;
  at_ms: number;
  document: string;
  operator: string | null;
  member: string | null;
  total_fen: number;
  points: number;
  lines: number;
  first_name: string;
};

type WantedLine = Readonly<{ line: number; quantity: number }>;

/** Receipts of this till: what was sold, what came back, and the paper of both. */
export function createReceipts(till: Till, members: Members, operators: Operators, shiftId: () => string | null) {
  const { ledger, replicas, world } = till;

  const rowOf = (receipt: string): ReceiptLine | null =>
    ledger.get<ReceiptLine>('SELECT * FROM receipt WHERE number = ?', receipt) ?? null;

  const saleOf = (row: ReceiptLine): { sale: SaleBody; stored: RecordRow } => {
    const stored = ledger.byN(row.n);
    const sale = stored === null ? null : bodyOf(stored.record, 'sale');
    must(stored !== null && sale !== null, `receipt ${row.number} has no sale`);
    return { sale, stored };
  };

  const returnedBefore = (saleId: string): WantedLine[] =>
    ledger.all<WantedLine>('SELECT line, quantity FROM returned WHERE sale = ? ORDER BY line', saleId);

  const memberOf = (id: string, card: string | null, afterN: number): ReceiptMember | null => {
    const figures = members.figures(id, till.policy());
    if (figures === null) return null;
    const cardView = card === null ? null : replicas.card(card);
    const own = ledger.get<{ saved: number | null }>(
      'SELECT SUM(saved_fen) AS saved FROM member_spend WHERE member = ? AND n <= ? AND (incarnation > ? OR seq > ?)',
      id,
      afterN,
      ledger.head().incarnation,
      figures.view.countedSeq,
    );
    return {
      mask: figures.view.mask,
      villageName: figures.view.villageName,
      state: figures.view.state,
      lastFour: cardView?.lastFour ?? '',
      stars: figures.stars,
      spendableAfter: figures.held,
      townPoints: figures.townPoints,
      townAsOfMs: figures.view.asOfMs,
      nextExpiry: figures.view.nextExpiry,
      savedThisYearFen: figures.view.savedThisYearFen,
      ownSavedSinceFen: own?.saved ?? 0,
    };
  };

  const build = (stored: RecordRow, copy: boolean): Receipt => {
    // Records of our own journal were checked when they were written, and are again by every `verify`.
    const { kind, body } = stored.record;
    const sale = kind === 'sale' ? (body as SaleBody) : null;
    const refund = kind === 'refund' ? (body as RefundBody) : null;
    const shop = readShop(ledger);
    const operator = stored.record.operator === null ? null : readOperator(ledger, stored.record.operator);
    const member = sale?.member ?? refund?.member ?? null;
    const original = refund === null ? null : ledger.byId(refund.sale);
    const originalSale = original === null ? null : bodyOf(original.record, 'sale');
    const version = (sale ?? originalSale)?.policyVersion ?? 0;
    const policy = replicas.policies().find((one) => one.version === version) ?? till.policy();
    const context = {
      record: { seq: stored.record.seq, atMs: stored.record.at, hash: stored.hash },
      townName: shop.townName,
      shopName: shop.shopName,
      shopAddress: shop.shopAddress,
      hotline: shop.hotline,
      tillName: shop.tillName,
      cashier: operator === null ? '' : maskName(operator.name),
      demo: world.demo !== null,
      copy,
      member:
        member === null
          ? null
          : memberOf(member.id, sale?.member?.card ?? originalSale?.member?.card ?? null, stored.n),
      policy,
    };
    if (sale !== null) return saleReceipt(sale, context);
    must(refund !== null, 'only a sale or a refund has a receipt');
    return refundReceipt(refund, originalSale, wordsOfReason(till, refund.reason), context);
  };

  /** What a refund of these lines would be, and the original sale behind it. */
  const plan = (
    receipt: string,
    wanted: readonly WantedLine[],
  ):
    | { kind: 'plan'; row: ReceiptLine; sale: SaleBody; stored: RecordRow; difference: Refund }
    | { kind: 'refused'; reason: RefusalReason } => {
    const row = rowOf(receipt);
    if (row === null || row.kind !== 'sale') return { kind: 'refused', reason: 'unknownReceipt' };
    const { sale, stored } = saleOf(row);
    const difference: Refund | RefundRefusal = refundDifference(sale, returnedBefore(row.document), wanted);
    if (difference.kind === 'refused') return { kind: 'refused', reason: difference.reason };
    return { kind: 'plan', row, sale, stored, difference };
  };

  /** Past the policy's days, or a fresh good past its own day: only with a manager (R-P10). */
  const isLate = (sale: SaleBody, soldOn: string, lines: readonly number[]): boolean => {
    const { days, sameDayCategories } = till.policy().refund;
    const today = till.businessDay();
    if (addDays(soldOn, days) < today) return true;
    return soldOn < today && lines.some((line) => sameDayCategories.includes(sale.lines[line]?.category ?? ''));
  };

  return {
    build,
    byNumber: (receipt: string): RecordRow | null => {
      const row = rowOf(receipt);
      return row === null ? null : ledger.byN(row.n);
    },
    list: (query: Readonly<{ day: string | null; text: string; limit: number }>, ackSeq: number) => {
      const text = `%${query.text.trim()}%`;
      const rows = ledger.all<ReceiptLine & { seq: number }>(
        `SELECT receipt.*, journal.seq AS seq FROM receipt JOIN journal USING (n)
         WHERE (? IS NULL OR receipt.business_day = ?) AND (receipt.number LIKE ? OR receipt.first_name LIKE ?)
         ORDER BY receipt.n DESC LIMIT ?`,
        query.day,
        query.day,
        text,
        text,
        query.limit,
      );
      return rows.map((row) => ({
        receipt: row.number,
        kind: row.kind,
        atMs: row.at_ms,
        totalFen: row.total_fen,
        pointsUsed: row.points,
        mask: row.member === null ? null : (replicas.member(row.member)?.view.mask ?? '会员'),
        operator: row.operator === null ? '' : maskName(readOperator(ledger, row.operator)?.name ?? ''),
        lines: row.lines,
        firstName: row.first_name,
        unsent: row.incarnation === ledger.head().incarnation && row.seq > ackSeq,
      }));
    },
    detail: (receipt: string) => {
      const row = rowOf(receipt);
      const stored = row === null ? null : ledger.byN(row.n);
      if (row === null || stored === null) return null;
      const shown = build(stored, false);
      const sale = bodyOf(stored.record, 'sale');
      if (sale === null) return { receipt: shown, kind: 'refund' as const, lines: [], needsManager: false };
      const returned = new Map(returnedBefore(row.document).map((line) => [line.line, line.quantity]));
      const lines = sale.lines.map((line, index) => ({
        line: index,
        name: line.name,
        unit: line.unit,
        per: line.per,
        bought: line.quantity,
        returned: returned.get(index) ?? 0,
        wholeOnly: line.labelFen !== undefined,
        payFen: line.payFen,
      }));
      return {
        receipt: shown,
        kind: 'sale' as const,
        lines,
        needsManager: isLate(
          sale,
          row.business_day,
          sale.lines.map((_, index) => index),
        ),
      };
    },
    preview: (receipt: string, wanted: readonly WantedLine[]) => {
      const planned = plan(receipt, wanted);
      if (planned.kind === 'refused') return planned;
      const { pointsBack, mobileBackFen, cashBackFen } = planned.difference;
      return { kind: 'preview' as const, pointsBack, mobileBackFen, cashBackFen };
    },
    /**
     * Takes goods back (R-P10): names the original lines, goes back to the original tenders and lots, and asks shelf or
     * waste. The same command id is the same refund.
     */
    refund: (command: Extract<Command, { kind: 'refund' }>): { answer: Answer; stored: RecordRow | null } => {
      const operator = till.operator();
      const shift = shiftId();
      if (operator === null) return { answer: refuse('notSignedIn'), stored: null };
      if (shift === null) return { answer: refuse('noShift'), stored: null };
      const before = ledger.byId(command.id);
      if (before !== null) {
        // Paper and drawer followed the first answer; asked again, the refund is only said again.
        const same = isSameRefund(bodyOf(before.record, 'refund'), command);
        return { answer: same ? done : conflictOf(till, command.id, 'refund'), stored: null };
      }
      const planned = plan(command.receipt, command.lines);
      if (planned.kind === 'refused') return { answer: refuse(planned.reason), stored: null };
      const { row, sale, stored, difference } = planned;
      const head = ledger.head();
      const isOwn = row.incarnation === head.incarnation;
      // Refunds of an older incarnation's sale wait until the town knows this one (protocol, "Incarnations").
      const isEnrolled = ledger.setting('enrolledIncarnation') === String(head.incarnation);
      if (!isOwn && !isEnrolled) return { answer: refuse('notThisTill'), stored: null };
      let approvedBy: string | null = null;
      if (
        isLate(
          sale,
          row.business_day,
          command.lines.map((line) => line.line),
        )
      ) {
        if (operator.role === 'manager') approvedBy = operator.id;
        else if (command.approval === null) return { answer: refuse('needsManager'), stored: null };
        else {
          const approver = operators.byPin(command.approval.pin, 'manager');
          if (approver.kind === 'refused') return { answer: approver, stored: null };
          approvedBy = approver.operator.id;
        }
      }
      const returned = new Map(returnedBefore(row.document).map((line) => [line.line, line.quantity]));
      const wanted = new Map<number, { quantity: number; goods: 'shelf' | 'waste' }>();
      for (const { line, quantity, goods } of command.lines)
        wanted.set(line, { quantity: (wanted.get(line)?.quantity ?? 0) + quantity, goods });
      const lines = [...wanted].map(([line, { quantity, goods }]) => {
        const sold = sale.lines[line];
        must(sold !== undefined, 'a planned refund names lines of its sale');
        const already = returned.get(line) ?? 0;
        return {
          line,
          item: sold.item,
          name: sold.name,
          unit: sold.unit,
          per: sold.per,
          quantity,
          goods,
          shelfFen: shareBetween(sold, sold.shelfFen, already, quantity),
          payFen: shareBetween(sold, sold.payFen, already, quantity),
        };
      });
      const discountFenByReason: Record<string, number> = {};
      for (const line of lines) {
        const reason = sale.lines[line.line]?.reason ?? 'shelf';
        if (line.shelfFen !== line.payFen)
          discountFenByReason[reason] = (discountFenByReason[reason] ?? 0) + line.shelfFen - line.payFen;
      }
      const expiryOf = (lot: string): string =>
        ledger.get<{ expires_on: string }>('SELECT expires_on FROM held_lot WHERE lot = ? LIMIT 1', lot)?.expires_on ??
        '9999-12-31';
      const lots = planReturn(
        sale.lots,
        refundState(sale, returnedBefore(row.document)).pointsBack,
        difference.pointsBack,
        members.openTerm()?.id ?? null,
        (lot) => expiryOf(lot) < till.businessDay(),
      );
      const counter = nextCounter(till);
      const body: RefundBody = {
        receipt: receiptNumber(till, counter),
        counter,
        shift,
        sale: row.document,
        saleReceipt: row.number,
        saleTill: stored.record.till,
        saleIncarnation: row.incarnation,
        reason: till.codeOf(command.reason),
        member: sale.member === null ? null : { id: sale.member.id, village: sale.member.village },
        lines,
        pointsBack: difference.pointsBack,
        pointValueFen: sale.pointValueFen,
        lots,
        mobileBackFen: difference.mobileBackFen,
        mobileChannel: difference.mobileBackFen > 0 ? sale.mobileChannel : null,
        cashBackFen: difference.cashBackFen,
      };
      const recorded = ledger.transaction(() => {
        if (approvedBy !== null) {
          till.record({
            kind: 'override',
            id: world.newId(),
            operator: operator.id,
            body: { what: 'refundAfterDays', document: command.id, by: approvedBy, detail: {} },
          });
        }
        return till.record({
          kind: 'refund',
          id: command.id,
          operator: operator.id,
          body,
          postings: refundPostings(body, { ...difference, discountFenByReason }),
          stock: lines
            .filter((line) => line.goods === 'shelf' && line.quantity > 0)
            .map((line, index) => ({ item: line.item, batch: null, delta: line.quantity, line: index })),
        });
      });
      return recorded.kind === 'conflict'
        ? { answer: refuse('idConflict'), stored: null }
        : { answer: done, stored: recorded };
    },
  };
}

export type Receipts = ReturnType<typeof createReceipts>;

/** Whether a command asks for the refund that stands in the journal already: the same receipt and the same goods. */
function isSameRefund(body: RefundBody | null, command: Extract<Command, { kind: 'refund' }>): boolean {
  if (body === null || body.saleReceipt !== command.receipt) return false;
  const wanted = new Map<number, number>();
  for (const { line, quantity } of command.lines) wanted.set(line, (wanted.get(line) ?? 0) + quantity);
  return (
    wanted.size === body.lines.length &&
    body.lines.every((line) => wanted.get(line.line) === line.quantity) &&
    command.lines.every((one) => body.lines.some((line) => line.line === one.line && line.goods === one.goods))
  );
}

/** What of a line's amount comes back now: the share of all returned so far less what had come back before. */
function shareBetween(line: SaleRecordLine, amountFen: number, already: number, quantity: number): number {
  if (line.quantity === 0) return amountFen;
  return halfUpMulDiv(amountFen, already + quantity, line.quantity) - halfUpMulDiv(amountFen, already, line.quantity);
}

/** The next receipt number of this incarnation; only a recorded sale or refund takes it. */
export function nextCounter({ ledger }: Till): number {
  const last = ledger.get<{ incarnation: number; counter: number }>(
    'SELECT incarnation, counter FROM receipt ORDER BY n DESC LIMIT 1',
  );
  return last?.incarnation === ledger.head().incarnation ? last.counter + 1 : 1;
}

/** Till, incarnation, counter: gapless within the incarnation and never reused. */
export function receiptNumber(till: Till, counter: number): string {
  const identity = till.ledger.identity();
  must(identity !== null, 'a receipt has a till');
  return `${identity.till}-${identity.incarnation}-${String(counter).padStart(6, '0')}`;
}

/** The words behind a reason: a code as it is, a free text from the side table. */
function wordsOfReason(till: Till, reason: string): string {
  return till.ledger.get<{ text: string }>('SELECT text FROM side_text WHERE digest = ?', reason)?.text ?? reason;
}
