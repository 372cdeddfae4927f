import { planReturn } from '../../shared/allotment.ts';
import { must } from '../../shared/assert.ts';
import { halfUpMulDiv } from '../../shared/money.ts';
import { refundPostings } from '../../shared/posting.ts';
import { readRecord, type JournalRecord } from '../../shared/journal.ts';
import { exchangeable } from '../../shared/goods-exchange.ts';
import { refundDifference, refundState, type Refund, type ReturnedLine } from '../../shared/pricing.ts';
import {
  exchangeReceipt,
  saleReceipt,
  refundReceipt,
  UNNAMED,
  type ReceiptMember,
} from '../../shared/receipt-build.ts';
import { receiptMeant, type Receipt } from '../../shared/receipt.ts';
import {
  bodyOf,
  type ExchangeBody,
  type RefundBody,
  type SaleBody,
  type SaleRecordLine,
} from '../../shared/record-bodies.ts';
import { paidWith, tendersOf, type Tenders } from '../../shared/tenders.ts';
import type { Answer, Command, RefusalReason } from '../../shared/till-contract.ts';
import { addDays } from '../../shared/time.ts';
import type { Returnable } from '../../shared/town-contract.ts';
import type { Claims } from './claims.ts';
import type { RecordRow } from './ledger/ledger.ts';
import type { Members } from './members.ts';
import { readOperator, type Operators } from './operators.ts';
import { maskName, readShop } from './shop.ts';
import { conflictOf, done, refuse, type Operator, type Till } from './till.ts';
import type { TownTrouble } from './town-client.ts';
import { isPractice } from './world.ts';

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

type RefundCommand = Extract<Command, { kind: 'refund' }>;
/** What the counter answers, and the record whose slip is printed; null where none was made now. */
export type Refunded = Readonly<{ answer: Answer; stored: RecordRow | null }>;
type Refusal = Readonly<{ kind: 'refused'; reason: RefusalReason }>;

/** A sale of which goods may come back, wherever it was made. */
export type Sold = Readonly<{
  kind: 'sold';
  record: JournalRecord;
  hash: string;
  /** Its place in this till's journal; null for a sale that only the town has. */
  n: number | null;
  /** With its tenders as they were put right since. */
  body: SaleBody;
  /** Of this very chain: it comes back without the town, offline too. */
  isOwn: boolean;
}>;

/** Receipts of this till: what was sold, what came back, and the paper of both. */
export function createReceipts(
  till: Till,
  members: Members,
  operators: Operators,
  shiftId: () => string | null,
  claims: Claims,
  boardLine: (atMs: number) => string | null,
) {
  const { ledger, replicas, world } = till;

  const rowOf = (receipt: string): ReceiptLine | null =>
    ledger.get<ReceiptLine>('SELECT * FROM receipt WHERE number = ?', receipt) ?? null;

  /** What the town said of sales since this till was started, by receipt. */
  const told = new Map<string, Returnable>();

  /** What came back of a sale by our own records and by what the town told, whichever knows of more. */
  const returnedBefore = (sale: Sold, more: Returnable | null = null): ReturnedLine[] =>
    mostOf([
      ...ledger.all<ReturnedLine>('SELECT line, quantity FROM returned WHERE sale = ?', sale.record.id),
      ...(told.get(sale.body.receipt)?.returned ?? []),
      ...(more?.returned ?? []),
    ]);

  /** What was exchanged of a sale, likewise. */
  const exchangedBefore = (sale: Sold): ReturnedLine[] =>
    mostOf([
      ...ledger.all<ReturnedLine>('SELECT line, quantity FROM exchanged WHERE sale = ?', sale.record.id),
      ...(told.get(sale.body.receipt)?.exchanged ?? []),
    ]);

  /** The sale with its tenders as this till put them right, or as the town tells of another chain's. */
  const mended = (sale: string, body: SaleBody): SaleBody => {
    const own = ledger.get<Tenders>(
      'SELECT mobile_fen AS mobileFen, mobile_channel AS mobileChannel, cash_fen AS cashFen FROM tender WHERE sale = ?',
      sale,
    );
    const tenders = own ?? told.get(body.receipt)?.tenders ?? null;
    return tenders === null ? body : paidWith(body, tenders);
  };

  const memberOf = (
    id: string,
    card: string | null,
    bearer: string | undefined,
    afterN: number,
  ): ReceiptMember | null => {
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
      ...(bearer === undefined ? {} : { bearer: replicas.member(bearer)?.view.mask ?? UNNAMED }),
      stars: figures.stars,
      spendableAfter: figures.held,
      townPoints: figures.townPoints,
      townAsOfMs: figures.view.asOfMs,
      nextExpiry: figures.view.nextExpiry,
      savedThisYearFen: figures.view.savedThisYearFen,
      ownSavedSinceFen: own?.saved ?? 0,
    };
  };

  /** `n` is the record's place in the journal, null for a sale that only the town has. */
  const build = (
    stored: Readonly<{ record: JournalRecord; hash: string; n: number | null }>,
    copy: boolean,
  ): Receipt => {
    // Records of our own journal were checked when they were written, and are again by every `verify`; a sale that the
    // town tells was checked when it came.
    const { kind, body } = stored.record;
    const sale = kind === 'sale' ? mended(stored.record.id, body as SaleBody) : null;
    const refund = kind === 'refund' ? (body as RefundBody) : null;
    const exchange = kind === 'exchange' ? (body as ExchangeBody) : null;
    const shop = readShop(ledger);
    const operator = stored.record.operator === null ? null : readOperator(ledger, stored.record.operator);
    const member = sale?.member ?? refund?.member ?? null;
    const of = refund ?? exchange;
    const original = of === null ? null : ledger.byId(of.sale);
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
      practice: isPractice(world),
      copy,
      // What hangs today is no part of a sale: a copy of it says nothing of another day's.
      boardLine: copy ? null : boardLine(stored.record.at),
      member:
        member === null
          ? null
          : memberOf(
              member.id,
              sale?.member?.card ?? originalSale?.member?.card ?? null,
              sale?.member?.bearer,
              stored.n ?? Number.MAX_SAFE_INTEGER,
            ),
      policy,
    };
    if (sale !== null) return saleReceipt(sale, context);
    if (exchange !== null)
      return exchangeReceipt(exchange, originalSale, wordsOfReason(till, exchange.reason), context);
    must(refund !== null, 'only a sale, a refund or an exchange has a receipt');
    return refundReceipt(refund, originalSale, wordsOfReason(till, refund.reason), context);
  };

  const soldOf = (record: JournalRecord, hash: string, n: number | null): Sold | null => {
    const body = bodyOf(record, 'sale');
    const head = ledger.head();
    const isOwn = n !== null && record.incarnation === head.incarnation;
    return body === null ? null : { kind: 'sold', record, hash, n, body: mended(record.id, body), isOwn };
  };

  /** A sale of this till's journal, or one that the town told of. */
  const soldBy = (receipt: string): Sold | null => {
    const row = rowOf(receipt);
    if (row !== null) {
      const stored = ledger.byN(row.n);
      return stored === null ? null : soldOf(stored.record, stored.hash, stored.n);
    }
    const text = told.get(receipt)?.sale ?? '';
    const read = readRecord(text);
    if (read.kind === 'refused') return null;
    const sold = soldOf(read.record, world.crypto.hash(new TextEncoder().encode(`onecard/v1\0${text}`)), null);
    return sold !== null && sold.body.receipt === receipt ? sold : null;
  };

  const numberOf = (text: string): string => {
    const identity = ledger.identity();
    return identity === null ? text : receiptMeant(text, identity);
  };

  /** Whether a number is a receipt of some till, though not one that only this very chain could have made. */
  const isElsewhere = (receipt: string): boolean => {
    const identity = ledger.identity();
    const [, chain] = /^(.+-\d+)-\d+$/.exec(receipt) ?? [];
    return chain !== undefined && chain !== `${identity?.till}-${ledger.head().incarnation}`;
  };

  /**
   * A sale to take back. One that is not of this chain, the town tells; of one's own the town is asked too while it can
   * be reached, since goods of it may have come back elsewhere.
   */
  const lookUp = async (meant: string): Promise<Sold | Refusal> => {
    const receipt = numberOf(meant);
    const here = soldBy(receipt);
    if (here === null && (rowOf(receipt) !== null || !isElsewhere(receipt))) return unknownReceipt;
    if (here?.isOwn === true && claims.state() !== 'reachable') return here;
    const found = await claims.find(receipt, here?.isOwn === true);
    if (found.kind === 'found') {
      told.set(receipt, found.sale);
      return soldBy(receipt) ?? unknownReceipt;
    }
    if (here?.isOwn === true) return here;
    return { kind: 'refused', reason: reasonOf(found) };
  };

  type Leave = Readonly<{ kind: 'leave'; request: string | null; sale: Returnable | null }>;

  /** The town's claim on the goods; for an own sale only while the town answers (protocol, "Refund at another till"). */
  const leaveFor = async (sold: Sold, lines: readonly ReturnedLine[]): Promise<Leave | Refusal> => {
    if (sold.isOwn && claims.state() !== 'reachable') return { kind: 'leave', request: null, sale: null };
    const claimed = await claims.claim(sold.body.receipt, lines, sold.isOwn);
    if (claimed.kind === 'claimed') return { kind: 'leave', request: claimed.request, sale: claimed.sale };
    const reason = reasonOf(claimed);
    const isJudged = reason === 'claimHeld' || reason === 'moreThanBought' || reason === 'wholeOnly';
    return sold.isOwn && !isJudged ? { kind: 'leave', request: null, sale: null } : { kind: 'refused', reason };
  };

  /** Past the policy's days, or a fresh good past its own day: only with a manager (R-P10). */
  const isLate = (sale: SaleBody, soldOn: string, lines: readonly number[]): boolean => {
    const { days, sameDayCategories } = till.policy().refund;
    const today = till.businessDay();
    if (addDays(soldOn, days) < today) return true;
    return soldOn < today && lines.some((line) => sameDayCategories.includes(sale.lines[line]?.category ?? ''));
  };

  const shownOf = (sold: Sold) => {
    const returned = new Map(returnedBefore(sold).map((line) => [line.line, line.quantity]));
    const exchanged = new Map(exchangedBefore(sold).map((line) => [line.line, line.quantity]));
    return {
      receipt: build(sold, false),
      lines: sold.body.lines.map((line, index) => ({
        line: index,
        name: line.name,
        unit: line.unit,
        per: line.per,
        bought: line.quantity,
        returned: returned.get(index) ?? 0,
        gone: (returned.get(index) ?? -1) >= line.quantity,
        exchangeable: exchangeable(line, returned.get(index) ?? 0, exchanged.get(index) ?? 0),
        wholeOnly: line.labelFen !== undefined,
        payFen: line.payFen,
      })),
      needsManager: isLate(
        sold.body,
        sold.record.businessDay,
        sold.body.lines.map((_, index) => index),
      ),
    };
  };

  /** Refunds that wait for the town, by their command's id. */
  const underWay = new Map<string, Promise<Refunded>>();

  const refund = async (command: RefundCommand): Promise<Refunded> => {
    const ready = mayRefund(command);
    if (ready.kind === 'answered') return ready.refunded;
    const here = soldBy(command.receipt);
    const sold = here ?? (await lookUp(command.receipt));
    if (sold.kind === 'refused') return refusedRefund(sold.reason);
    // Refunds of an older incarnation's sale wait until the town knows this one (protocol, "Incarnations").
    if (!sold.isOwn && !claims.isEnrolled()) return refusedRefund('notThisTill');
    const wanted = wantedLines(command);
    // Only what weighs nothing comes back as nothing.
    const isNothing = wanted.some(({ line, quantity }) => quantity === 0 && sold.body.lines[line]?.quantity !== 0);
    if (isNothing) return refusedRefund('badInput');
    const first = refundDifference(sold.body, returnedBefore(sold), wanted);
    if (first.kind === 'refused') return refusedRefund(first.reason);
    const approved = approvalOf(command.approval, needsManager(sold, wanted, first), ready.operator);
    if (approved.kind === 'refused') return { answer: approved, stored: null };
    const leave = await leaveFor(sold, wanted);
    if (leave.kind === 'refused') return refusedRefund(leave.reason);
    try {
      // While the town was asked, somebody may have gone home, or the same goods may have come back.
      const still = mayRefund(command);
      if (still.kind === 'answered') return still.refunded;
      const before = returnedBefore(sold, leave.sale);
      const difference = refundDifference(sold.body, before, wanted);
      if (difference.kind === 'refused') return refusedRefund(difference.reason);
      return recordRefund(command, sold, before, difference, leave.request, still, approved.by);
    } finally {
      if (leave.request !== null) claims.finished(leave.request);
    }
  };

  type Ready = Readonly<{ kind: 'ready'; operator: Operator; shift: string }>;

  const mayRefund = (command: RefundCommand): Ready | Readonly<{ kind: 'answered'; refunded: Refunded }> => {
    const operator = till.operator();
    const shift = shiftId();
    if (operator === null) return { kind: 'answered', refunded: refusedRefund('notSignedIn') };
    if (shift === null) return { kind: 'answered', refunded: refusedRefund('noShift') };
    const before = ledger.byId(command.id);
    if (before === null) return { kind: 'ready', operator, shift };
    // Paper and drawer followed the first answer; asked again, the refund is only said again.
    const same = isSameRefund(bodyOf(before.record, 'refund'), command);
    const answer = same ? done : conflictOf(till, command.id, 'refund');
    return { kind: 'answered', refunded: { answer, stored: null } };
  };

  /** Past its days, or worth more than a cashier takes back alone. */
  const needsManager = (
    sold: Sold,
    wanted: readonly ReturnedLine[],
    { pointsShareFen, moneyShareFen }: Refund,
  ): boolean =>
    pointsShareFen + moneyShareFen > till.policy().refund.managerAboveFen ||
    isLate(
      sold.body,
      sold.record.businessDay,
      wanted.map(({ line }) => line),
    );

  /** Who allowed what needs a manager; null when nobody had to. */
  const approvalOf = (
    approval: RefundCommand['approval'],
    isNeeded: boolean,
    operator: Operator,
  ): { kind: 'allowed'; by: string | null } | Extract<Answer, { kind: 'refused' }> =>
    isNeeded ? operators.allowedBy(operator, approval) : { kind: 'allowed', by: null };

  /** The article here that a sold line was: by its id, or by its code where another till has given it another id. */
  const itemHere = (line: SaleRecordLine): string | null =>
    ledger.get<{ id: string }>('SELECT id FROM item WHERE id = ?', line.item)?.id ??
    ledger.get<{ id: string }>('SELECT id FROM item WHERE code = ?', line.code)?.id ??
    null;

  const recordRefund = (
    command: RefundCommand,
    sold: Sold,
    before: readonly ReturnedLine[],
    difference: Refund,
    claim: string | null,
    { operator, shift }: Ready,
    approvedBy: string | null,
  ): Refunded => {
    const sale = sold.body;
    const returned = new Map(before.map((line) => [line.line, line.quantity]));
    const goodsOf = new Map(command.lines.map((line) => [line.line, line.goods]));
    const lines = wantedLines(command).map(({ line, quantity }) => {
      const bought = sale.lines[line];
      must(bought !== undefined, 'a planned refund names lines of its sale');
      const already = returned.get(line) ?? 0;
      return {
        line,
        item: itemHere(bought) ?? bought.item,
        name: bought.name,
        unit: bought.unit,
        per: bought.per,
        quantity,
        goods: goodsOf.get(line) ?? 'waste',
        shelfFen: shareBetween(bought, bought.shelfFen, already, quantity),
        payFen: shareBetween(bought, bought.payFen, already, quantity),
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
      refundState(sale, before).pointsBack,
      difference.pointsBack,
      sold.isOwn ? (members.openTerm()?.id ?? null) : null,
      (lot) => expiryOf(lot) < till.businessDay(),
    );
    const counter = nextCounter(till);
    const body: RefundBody = {
      receipt: receiptNumber(till, counter),
      counter,
      shift,
      sale: sold.record.id,
      saleReceipt: sale.receipt,
      saleTill: sold.record.till,
      saleIncarnation: sold.record.incarnation,
      ...(claim === null ? {} : { claim }),
      before: [...before],
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
          body: {
            what: isLate(
              sale,
              sold.record.businessDay,
              lines.map(({ line }) => line),
            )
              ? 'refundAfterDays'
              : 'refund',
            document: command.id,
            by: approvedBy,
            reason: body.reason,
            detail: { payFen: lines.reduce((sum, line) => sum + line.payFen, 0) },
          },
        });
      }
      if (claim !== null) claims.used(claim);
      return till.record({
        kind: 'refund',
        id: command.id,
        operator: operator.id,
        body,
        postings: refundPostings(body, { ...difference, discountFenByReason }),
        // Goods of another shop that this one does not know have no shelf here to go back to.
        stock: lines
          .filter(({ goods, quantity, line }) => {
            const bought = sale.lines[line];
            return goods === 'shelf' && quantity > 0 && bought !== undefined && itemHere(bought) !== null;
          })
          .map((line, index) => ({ item: line.item, batch: null, delta: line.quantity, line: index })),
      });
    });
    return recorded.kind === 'conflict' ? refusedRefund('idConflict') : { answer: done, stored: recorded };
  };

  /** Why the tenders of a sale stay as they are; null where they may still be put right. */
  const whyNotMended = (sold: Sold): RefusalReason | null => {
    if (!sold.isOwn || sold.body.shift !== shiftId()) return 'notThisShift';
    // What was given back was counted from the tenders as they stand.
    if (returnedBefore(sold).length > 0) return 'refundedAlready';
    return sold.body.mobileFen + sold.body.cashDueFen === 0 ? 'moreThanPaid' : null;
  };

  return {
    build,
    lookUp,
    /** A sale that this till knows of already, by its receipt. */
    known: (receipt: string): Sold | null => soldBy(numberOf(receipt)),
    returnedBefore,
    exchangedBefore,
    isLate: (sold: Sold, lines: readonly number[]): boolean => isLate(sold.body, sold.record.businessDay, lines),
    approvalOf,
    itemHere,
    whyNotMended,
    byNumber: (receipt: string): RecordRow | null => {
      const row = rowOf(receipt);
      return row === null ? null : ledger.byN(row.n);
    },
    list: (query: Readonly<{ day: string | null; text: string; limit: number }>, ackSeq: number) => {
      // A card in the hand finds what was bought with it; its number goes no further than this.
      const card = members.cardBehind(query.text.trim())?.member ?? null;
      const text = card === null ? `%${query.text.trim()}%` : '%';
      const rows = ledger.all<ReceiptLine & { seq: number }>(
        `SELECT receipt.*, journal.seq AS seq FROM receipt JOIN journal USING (n)
         WHERE (? IS NULL OR receipt.business_day = ?) AND (receipt.number LIKE ? OR receipt.first_name LIKE ?)
           AND (? IS NULL OR receipt.member = ?)
         ORDER BY receipt.n DESC LIMIT ?`,
        query.day,
        query.day,
        text,
        text,
        card,
        card,
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
      const sold = soldOf(stored.record, stored.hash, stored.n);
      if (sold === null)
        return {
          receipt: build(stored, false),
          kind: 'refund' as const,
          lines: [],
          needsManager: false,
          tenders: null,
        };
      const tenders = tendersOf(sold.body);
      return {
        kind: 'sale' as const,
        ...shownOf(sold),
        tenders: { ...tenders, mendable: whyNotMended(sold) === null },
      };
    },
    /** A sale to take back, asked for at the town when it is not of this till. */
    refundable: async (receipt: string) => {
      const sold = await lookUp(receipt);
      if (sold.kind === 'refused') return sold;
      return { kind: 'sale' as const, ...shownOf(sold), fromTown: !sold.isOwn };
    },
    preview: (receipt: string, wanted: readonly ReturnedLine[]) => {
      const sold = soldBy(receipt);
      if (sold === null) return unknownReceipt;
      const difference = refundDifference(sold.body, returnedBefore(sold), wanted);
      if (difference.kind === 'refused') return { kind: 'refused' as const, reason: difference.reason };
      const { pointsBack, mobileBackFen, cashBackFen } = difference;
      const wantsManager = needsManager(sold, wanted, difference);
      return { kind: 'preview' as const, pointsBack, mobileBackFen, cashBackFen, needsManager: wantsManager };
    },
    /**
     * Takes goods back (R-P10): names the original lines, goes back to the original tenders and lots, and asks shelf or
     * waste. The same command id is the same refund. Goods of another chain's sale come back only with the town's claim.
     */
    refund: (command: RefundCommand): Promise<Refunded> => {
      // Sent again while the town is being asked, it is the refund that is under way.
      const joined = underWay.get(command.id);
      if (joined !== undefined) return joined.then(({ answer }) => ({ answer, stored: null }));
      const work = refund(command).finally(() => underWay.delete(command.id));
      underWay.set(command.id, work);
      return work;
    },
  };
}

export type Receipts = ReturnType<typeof createReceipts>;

const unknownReceipt: Refusal = { kind: 'refused', reason: 'unknownReceipt' };

export function refusedRefund(reason: RefusalReason): Refunded {
  return { answer: refuse(reason), stored: null };
}

/** What the town's trouble is to the cashier: a judgement of the goods, or a town that did not help. */
function reasonOf({ because }: TownTrouble): RefusalReason {
  switch (because) {
    case 'unknownReceipt':
    case 'moreThanBought':
    case 'wholeOnly':
    case 'claimHeld':
      return because;
    case 'notEnrolled':
    case 'unknownIncarnation':
      return 'notThisTill';
    default:
      return 'townNeeded';
  }
}

/** The goods a command names, a line that is named twice as the sum. */
function wantedLines(command: RefundCommand): ReturnedLine[] {
  const wanted = new Map<number, number>();
  for (const { line, quantity } of command.lines) wanted.set(line, (wanted.get(line) ?? 0) + quantity);
  return [...wanted].map(([line, quantity]) => ({ line, quantity }));
}

/** Whether a command asks for the refund that stands in the journal already: the same receipt and the same goods. */
function isSameRefund(body: RefundBody | null, command: Extract<Command, { kind: 'refund' }>): boolean {
  if (body === null || body.saleReceipt !== command.receipt) return false;
  const wanted = wantedLines(command);
  return (
    wanted.length === body.lines.length &&
    body.lines.every((line) => wanted.some((one) => one.line === line.line && one.quantity === line.quantity)) &&
    command.lines.every((one) => body.lines.some((line) => line.line === one.line && line.goods === one.goods))
  );
}

/** By line, the most that any of them knows of. */
function mostOf(all: readonly ReturnedLine[]): ReturnedLine[] {
  const byLine = new Map<number, number>();
  for (const { line, quantity } of all) byLine.set(line, Math.max(byLine.get(line) ?? 0, quantity));
  return [...byLine].map(([line, quantity]) => ({ line, quantity })).toSorted((a, b) => a.line - b.line);
}

/** What of a line's amount comes back now: the share of all returned so far less what had come back before. */
function shareBetween(line: SaleRecordLine, amountFen: number, already: number, quantity: number): number {
  if (line.quantity === 0) return amountFen;
  return halfUpMulDiv(amountFen, already + quantity, line.quantity) - halfUpMulDiv(amountFen, already, line.quantity);
}

/** The next receipt number of this incarnation; only a recorded sale or refund takes it. */
export function nextCounter({ ledger }: Till): number {
  return ledger.tip().counter + 1;
}

/** Till, incarnation, counter: gapless within the incarnation and never reused. */
export function receiptNumber(till: Till, counter: number): string {
  const identity = till.ledger.identity();
  must(identity !== null, 'a receipt has a till');
  return `${identity.till}-${identity.incarnation}-${String(counter).padStart(6, '0')}`;
}

/** The words behind a reason: a code as it is, a free text from the side table. */
export function wordsOfReason(till: Till, reason: string): string {
  return till.ledger.get<{ text: string }>('SELECT text FROM side_text WHERE digest = ?', reason)?.text ?? reason;
}
