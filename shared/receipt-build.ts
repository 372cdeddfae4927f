import type { MemberState } from './member.ts';
import { halfUpMulDiv, sum } from './money.ts';
import { unitGrams } from './quantity.ts';
import type { Receipt } from './receipt.ts';
import type { ExchangeBody, RefundBody, SaleBody, SaleRecordLine } from './record-bodies.ts';

/**
 * Makes the receipt of a recorded sale or refund. A record names nobody (invariant 32), so whatever a person reads is
 * handed in from the replicas at the moment of printing; a reprint after someone has left the scheme no longer knows them.
 */

/** What the till knows of the member when it prints. Points are whole points, amounts fen. */
export type ReceiptMember = Readonly<{
  mask: string;
  villageName: string;
  state: MemberState;
  lastFour: string;
  /** The mask of who bought for the holder, where somebody did. */
  bearer?: string;
  stars: number;
  /** 本店现在可用 after this receipt. */
  spendableAfter: number;
  /** 镇上总数 less what was spent here since, and when the town said so. */
  townPoints: number;
  townAsOfMs: number;
  nextExpiry: Readonly<{ points: number; day: string }> | null;
  /** The town's figure of the year. */
  savedThisYearFen: number;
  /** What records of this till beyond the town's figure saved, this one among them; refunds take away. */
  ownSavedSinceFen: number;
}>;

export type ReceiptContext = Readonly<{
  record: Readonly<{ seq: number; atMs: number; hash: string }>;
  townName: string;
  shopName: string;
  shopAddress: string;
  hotline: string;
  tillName: string;
  /** Number or mask of the cashier, never a full name. */
  cashier: string;
  demo: boolean;
  practice: boolean;
  /** True for every print after the first. */
  copy: boolean;
  /** A line of the town's notice board for the foot of a sale's first print; null when there is none. */
  boardLine: string | null;
  /** Null when the member, or their card, is not known here. */
  member: ReceiptMember | null;
  /** The version that priced the sale. */
  policy: Readonly<{
    discount: Readonly<{ rateBpByStars: readonly number[] }>;
    points: Readonly<{ excludedCategories: readonly string[] }>;
    mobileChannels: readonly Readonly<{ code: string; name: string }>[];
  }>;
}>;

/** What stands for a person whom the till does not know or may no longer name. */
export const UNNAMED = '会员';

/** The receipt of a sale, with what every line would have cost and why it cost less (R-P13). */
export function saleReceipt(sale: SaleBody, context: ReceiptContext): Receipt {
  const shelfFen = sum(sale.lines.map((line) => line.shelfFen));
  return {
    kind: 'sale',
    number: sale.receipt,
    ...place(context),
    lines: sale.lines.map((line) => ({
      ...priceOf(line, sale, context),
      name: nameOf(line),
      quantity: line.quantity,
      shelfFen: line.shelfFen,
      payFen: line.payFen,
    })),
    shelfFen,
    discountFen: shelfFen - sale.totalFen,
    totalFen: sale.totalFen,
    points: sale.pointsUsed === 0 ? null : { used: sale.pointsUsed, fen: sale.pointsFen },
    mobile: mobileOf(sale.mobileFen, sale.mobileChannel, context),
    truncationFen: sale.truncationFen,
    cashDueFen: sale.cashDueFen,
    cashGivenFen: sale.cashGivenFen,
    changeFen: sale.changeFen,
    member: memberOf(sale.member, sale.member?.stars ?? null, context),
    original: null,
    ...(context.boardLine === null ? {} : { boardLine: context.boardLine }),
  };
}

/**
 * The receipt of a refund. `sale` is the sale that it undoes, or null when another till sold it and its record is not
 * here. `reason` is said in words. `cashDueFen` is what goes out in cash, `points` and `mobile` what goes back there;
 * `truncationFen` is what rounding leaves between these and the goods, and may be negative.
 */
export function refundReceipt(
  refund: RefundBody,
  sale: SaleBody | null,
  reason: string,
  context: ReceiptContext,
): Receipt {
  const shelfFen = sum(refund.lines.map((line) => line.shelfFen));
  const totalFen = sum(refund.lines.map((line) => line.payFen));
  const pointsFen = refund.pointsBack * refund.pointValueFen;
  const stars = sale?.member?.stars ?? null;
  return {
    kind: 'refund',
    number: refund.receipt,
    ...place(context),
    lines: refund.lines.map((line) => {
      const sold = sale?.lines[line.line];
      return {
        ...(sold === undefined || sale === null ? unknownPriceOf(line) : priceOf(sold, sale, context)),
        name: sold === undefined ? line.name : nameOf(sold),
        quantity: line.quantity,
        shelfFen: line.shelfFen,
        payFen: line.payFen,
      };
    }),
    shelfFen,
    discountFen: shelfFen - totalFen,
    totalFen,
    points: refund.pointsBack === 0 ? null : { used: refund.pointsBack, fen: pointsFen },
    mobile: mobileOf(refund.mobileBackFen, refund.mobileChannel, context),
    truncationFen: totalFen - pointsFen - refund.mobileBackFen - refund.cashBackFen,
    cashDueFen: refund.cashBackFen,
    cashGivenFen: 0,
    changeFen: 0,
    member: memberOf(refund.member, stars, context),
    original: { number: refund.saleReceipt, reason },
  };
}

/**
 * The slip of an exchange: which goods went out for which sale. No money and no points moved, so it shows none, and it has
 * no number of its own. `reason` is said in words.
 */
export function exchangeReceipt(
  exchange: ExchangeBody,
  sale: SaleBody | null,
  reason: string,
  context: ReceiptContext,
): Receipt {
  return {
    kind: 'exchange',
    number: exchange.saleReceipt,
    ...place(context),
    lines: exchange.lines.map((line) => {
      const sold = sale?.lines[line.line];
      const plain = { ...line, shelfFen: 0, payFen: 0 };
      return {
        ...unknownPriceOf(plain),
        name: sold === undefined ? line.name : nameOf(sold),
        quantity: line.quantity,
        shelfFen: 0,
        payFen: 0,
      };
    }),
    shelfFen: 0,
    discountFen: 0,
    totalFen: 0,
    points: null,
    mobile: null,
    truncationFen: 0,
    cashDueFen: 0,
    cashGivenFen: 0,
    changeFen: 0,
    member: null,
    original: { number: exchange.saleReceipt, reason },
  };
}

function place(context: ReceiptContext) {
  return {
    townName: context.townName,
    shopName: context.shopName,
    shopAddress: context.shopAddress,
    hotline: context.hotline,
    tillName: context.tillName,
    cashier: context.cashier,
    atMs: context.record.atMs,
    demo: context.demo,
    practice: context.practice,
    seq: context.record.seq,
    shortHash: context.record.hash.slice(0, 8),
    copy: context.copy,
  };
}

/** The name with its specification, unless the name says it already. */
function nameOf(line: SaleRecordLine): string {
  return line.spec === '' || line.name.includes(line.spec) ? line.name : `${line.name} ${line.spec}`;
}

function priceOf(line: SaleRecordLine, sale: SaleBody, context: ReceiptContext) {
  const stars = sale.member?.stars ?? 0;
  return {
    unit: line.unit,
    per: line.per,
    labelled: line.labelFen !== undefined,
    priceFen: line.priceFen,
    reason: line.reason,
    starRateBp: line.reason === 'star' ? (context.policy.discount.rateBpByStars[stars] ?? null) : null,
    pointsAllowed: !context.policy.points.excludedCategories.includes(line.category),
  };
}

/** Without the sale, the unit price is what the goods cost at the shelf for their quantity. */
function unknownPriceOf(line: Omit<RefundBody['lines'][number], 'line' | 'payFen' | 'item' | 'name' | 'goods'>) {
  const unitQuantity = line.per === 'piece' ? 1 : unitGrams(line.per);
  return {
    unit: line.unit,
    per: line.per,
    labelled: false,
    priceFen: line.quantity === 0 ? line.shelfFen : halfUpMulDiv(line.shelfFen, unitQuantity, line.quantity),
    reason: 'shelf' as const,
    starRateBp: null,
    pointsAllowed: true,
  };
}

function mobileOf(fen: number, code: string | null, context: ReceiptContext): Receipt['mobile'] {
  if (fen === 0) return null;
  const channel = context.policy.mobileChannels.find((one) => one.code === code)?.name ?? code ?? '其他';
  return { channel, fen };
}

/**
 * `stars` are those that priced the sale. A member who has left, or is not known here, is only 会员, without figures:
 * `townAsOfMs` 0 says that the town never told any.
 */
function memberOf(recorded: object | null, stars: number | null, context: ReceiptContext): Receipt['member'] {
  if (recorded === null) return null;
  const { member } = context;
  if (member === null || member.state === 'withdrawn') {
    return {
      mask: UNNAMED,
      villageName: '',
      stars: stars ?? 0,
      lastFour: '',
      spendableAfter: 0,
      townPoints: 0,
      townAsOfMs: 0,
      nextExpiry: null,
      savedThisYearFen: 0,
    };
  }
  return {
    mask: member.mask,
    villageName: member.villageName,
    stars: stars ?? member.stars,
    lastFour: member.lastFour,
    ...(member.bearer === undefined ? {} : { bearer: member.bearer }),
    spendableAfter: member.spendableAfter,
    townPoints: member.townPoints,
    townAsOfMs: member.townAsOfMs,
    nextExpiry: member.nextExpiry === null ? null : { ...member.nextExpiry },
    savedThisYearFen: member.savedThisYearFen + member.ownSavedSinceFen,
  };
}
