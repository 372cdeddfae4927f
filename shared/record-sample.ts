import type { JournalRecord, Posting, RecordKind } from './journal.ts';
import { GENESIS_PREVIOUS } from './journal.ts';
import { halfUpMulDiv } from './money.ts';
import { refundPostings } from './posting.ts';
import { refundDifference, type PricedSale, type ReturnedLine } from './pricing.ts';
import type { LotPoints, RefundBody, SaleBody } from './record-bodies.ts';

/** Records as a till writes them, for tests: every part but the names is made by the code that a till uses. */
export function sampleRecord(kind: RecordKind, change: Partial<JournalRecord> = {}): JournalRecord {
  return {
    v: 1,
    town: 'town-1',
    shop: 'shop-1',
    till: 'till-1',
    incarnation: 1,
    seq: 1,
    period: 1,
    businessDay: '2026-03-01',
    at: 1_772_330_400_000,
    kind,
    id: `record-${change.seq ?? 1}`,
    operator: null,
    body: {},
    postings: [],
    stock: [],
    previous: GENESIS_PREVIOUS,
    ...change,
  };
}

/** The body of a paid sale, its points taken from `lots`. */
export function sampleSaleBody(sale: PricedSale, lots: readonly LotPoints[], seq = 1): SaleBody {
  return {
    receipt: `till-1-1-${String(seq).padStart(6, '0')}`,
    counter: seq,
    shift: 'shift-1',
    policyVersion: 1,
    catalogueVersion: 1,
    openedAtMs: 1_772_330_340_000,
    member: null,
    lines: sale.lines.map((line, index) => ({
      item: `item-${index}`,
      code: '6900000000007',
      name: '大米',
      spec: '',
      unit: line.per === 'piece' ? '件' : '斤',
      category: line.eligible ? '粮油' : '烟草',
      per: line.per,
      quantity: line.quantity,
      ...(line.labelFen === undefined ? {} : { labelFen: line.labelFen }),
      priceFen: 100,
      discountable: true,
      shelfFen: line.shelfFen,
      payFen: line.payFen,
      reason: line.reason,
      pointsShareFen: line.pointsShareFen,
      moneyShareFen: line.moneyShareFen,
    })),
    pointValueFen: sale.pointValueFen,
    truncation: sale.truncation,
    totalFen: sale.totalFen,
    pointsMax: sale.pointsMax,
    pointsUsed: sale.pointsUsed,
    pointsFen: sale.pointsFen,
    lots: [...lots],
    mobileFen: sale.mobileFen,
    mobileChannel: sale.mobileFen > 0 ? 'wechat' : null,
    truncationFen: sale.truncationFen,
    cashDueFen: sale.cashDueFen,
    cashGivenFen: sale.cashGivenFen,
    changeFen: sale.changeFen,
    paidFen: sale.paidFen,
  };
}

export type SampleRefund = Readonly<{ body: RefundBody; postings: Posting[]; returnedAfter: readonly ReturnedLine[] }>;

/** A refund of some goods of a sale, after `before` came back already; `lotsFor` says which lots take the points. */
export function sampleRefund(
  sale: SaleBody,
  before: readonly ReturnedLine[],
  wanted: readonly ReturnedLine[],
  lotsFor: (pointsBack: number) => readonly LotPoints[],
): SampleRefund | { kind: 'refused'; reason: string } {
  const difference = refundDifference(sale, before, wanted);
  if (difference.kind === 'refused') return difference;
  const discountFenByReason: Record<string, number> = {};
  const lines = wanted.flatMap(({ line, quantity }) => {
    const sold = sale.lines[line];
    if (sold === undefined) return [];
    const already = before.reduce((sum, one) => sum + (one.line === line ? one.quantity : 0), 0);
    const share = (amountFen: number): number =>
      sold.quantity === 0
        ? amountFen
        : halfUpMulDiv(amountFen, already + quantity, sold.quantity) - halfUpMulDiv(amountFen, already, sold.quantity);
    const shelfFen = share(sold.shelfFen);
    const payFen = share(sold.payFen);
    discountFenByReason[sold.reason] = (discountFenByReason[sold.reason] ?? 0) + shelfFen - payFen;
    const { item, name, unit, per } = sold;
    return [{ line, item, name, unit, per, quantity, shelfFen, payFen, goods: 'shelf' as const }];
  });
  const body: RefundBody = {
    receipt: 'till-1-1-000002',
    counter: 2,
    shift: 'shift-1',
    sale: 'record-1',
    saleReceipt: sale.receipt,
    saleTill: 'till-1',
    saleIncarnation: 1,
    reason: 'other',
    member: null,
    lines,
    pointsBack: difference.pointsBack,
    pointValueFen: sale.pointValueFen,
    lots: [...lotsFor(difference.pointsBack)],
    mobileBackFen: difference.mobileBackFen,
    mobileChannel: difference.mobileBackFen > 0 ? sale.mobileChannel : null,
    cashBackFen: difference.cashBackFen,
  };
  return {
    body,
    postings: refundPostings(body, { ...difference, discountFenByReason }),
    returnedAfter: difference.returnedAfter,
  };
}
