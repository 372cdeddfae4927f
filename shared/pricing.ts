import { must } from './assert.ts';
import { halfUp, halfUpMulDiv, mulDiv, mulDivFloor, multiply, sum } from './money.ts';
import { unitGrams } from './quantity.ts';

/**
 * The price of a sale and of its refunds (R-P1..R-P10), pure and total. Every rounding stands where the town's rules put
 * it, once, so that till and town get the same fen from the same lines. A sale is priced by one policy version, and its
 * refunds are worked out from the paid sale alone, so that a later policy never changes what comes back.
 */

/** What pricing needs of a policy document. */
export type PricingPolicy = Readonly<{
  pointValueFen: number;
  discount: Readonly<{ rateBpByStars: readonly number[]; excludedCategories: readonly string[] }>;
  points: Readonly<{
    perSale: number;
    perDay: number;
    perMonth: number;
    maxShareBp: number;
    excludedCategories: readonly string[];
  }>;
  truncation: Truncation;
}>;

/** 抹零: what is left to pay in cash is cut down to a multiple of `unitFen`, or nothing is cut. */
export type Truncation = Readonly<{ appliesTo: 'cash' | 'off'; unitFen: number }>;

/** Whole points throughout. `spendable` is what this till may spend now. */
export type PricingMember = Readonly<{
  stars: number;
  spendable: number;
  spentToday: number;
  spentThisMonth: number;
}>;

/** All prices are unit prices: fen per piece, per jin or per kilogram. An absent one is not set; 0 is a price. */
type Offer = Readonly<{
  category: string;
  priceFen: number;
  discountable: boolean;
  clearanceFen?: number | undefined;
  promotionFen?: number | undefined;
  manualFen?: number | undefined;
}>;

/**
 * A piece line counts pieces, a weighed line has grams, a scale label's printed amount (`labelFen`), or both. An amount
 * label alone carries its weight in its price.
 */
export type SaleLine = Offer &
  (
    | Readonly<{ per: 'piece'; count: number; labelFen?: number | undefined }>
    | Readonly<{ per: 'jin' | 'kg'; grams: number; labelFen?: number | undefined }>
    | Readonly<{ per: 'jin' | 'kg'; grams?: undefined; labelFen: number }>
  );

/** In the order that decides a tie. */
export type PriceReason = 'shelf' | 'clearance' | 'promotion' | 'star' | 'manual';

export type LinePrice = Readonly<{
  per: 'piece' | 'jin' | 'kg';
  /** Pieces, or grams carried or computed: what moves in the stock and what a refund counts. */
  quantity: number;
  /** The same for weighed goods only. */
  grams?: number;
  /** The printed amount; its presence means that the line comes back whole. */
  labelFen?: number;
  shelfFen: number;
  payFen: number;
  reason: PriceReason;
  /** Whether points may pay for it (R-P9). */
  eligible: boolean;
}>;

/** What the running screen shows before anyone has said how to pay. */
export type PricedLines = Readonly<{
  lines: readonly LinePrice[];
  shelfTotalFen: number;
  totalFen: number;
  eligibleFen: number;
  pointsMax: number;
}>;

export type Tender = Readonly<{ points: 'max' | number; mobileFen: number; cashGivenFen: number }>;

/** `pointsShareFen + moneyShareFen = payFen`: how the line was paid, kept for its refund and for settlement. */
export type PricedLine = LinePrice & Readonly<{ pointsShareFen: number; moneyShareFen: number }>;

export type PricedSale = Readonly<{
  kind: 'priced';
  lines: readonly PricedLine[];
  shelfTotalFen: number;
  totalFen: number;
  eligibleFen: number;
  pointsMax: number;
  pointsUsed: number;
  pointsFen: number;
  /** What points leave to pay in money. */
  moneyGrossFen: number;
  mobileFen: number;
  restFen: number;
  cashDueFen: number;
  truncationFen: number;
  cashGivenFen: number;
  changeFen: number;
  paidFen: number;
  moneyPaidFen: number;
  pointValueFen: number;
  truncation: Truncation;
}>;

export type SaleRefusal = Readonly<{ kind: 'refused'; reason: 'tooManyPoints' | 'mobileAboveDue' | 'shortOfCash' }>;

/** Prices the lines and says how many points could pay for them. The member is null when no card was presented. */
export function priceLines(
  lines: readonly SaleLine[],
  member: PricingMember | null,
  policy: PricingPolicy,
): PricedLines {
  const priced = lines.map((line) => priceLine(line, member, policy));
  const eligibleFen = sum(priced.filter((line) => line.eligible).map((line) => line.payFen));
  return {
    lines: priced,
    shelfTotalFen: sum(priced.map((line) => line.shelfFen)),
    totalFen: sum(priced.map((line) => line.payFen)),
    eligibleFen,
    pointsMax: member === null ? 0 : pointsMaxOf(eligibleFen, member, policy),
  };
}

/** A whole sale with its tenders, or the first reason why it cannot be paid like that. */
export function priceSale(
  lines: readonly SaleLine[],
  member: PricingMember | null,
  policy: PricingPolicy,
  tender: Tender,
): PricedSale | SaleRefusal {
  const { mobileFen, cashGivenFen } = tender;
  mustBeWhole(mobileFen, 'mobileFen');
  mustBeWhole(cashGivenFen, 'cashGivenFen');
  const running = priceLines(lines, member, policy);

  const pointsUsed = tender.points === 'max' ? running.pointsMax : tender.points;
  mustBeWhole(pointsUsed, 'points');
  if (pointsUsed > running.pointsMax) return { kind: 'refused', reason: 'tooManyPoints' };
  const pointsFen = multiply(pointsUsed, policy.pointValueFen);

  const moneyGrossFen = running.totalFen - pointsFen;
  if (mobileFen > moneyGrossFen) return { kind: 'refused', reason: 'mobileAboveDue' };
  const restFen = moneyGrossFen - mobileFen;
  const truncationFen = policy.truncation.appliesTo === 'cash' ? restFen % policy.truncation.unitFen : 0;
  const cashDueFen = restFen - truncationFen;
  if (cashGivenFen < cashDueFen) return { kind: 'refused', reason: 'shortOfCash' };

  return {
    kind: 'priced',
    ...running,
    lines: withShares(running.lines, pointsFen),
    pointsUsed,
    pointsFen,
    moneyGrossFen,
    mobileFen,
    restFen,
    cashDueFen,
    truncationFen,
    cashGivenFen,
    changeFen: cashGivenFen - cashDueFen,
    paidFen: pointsFen + mobileFen + cashDueFen,
    moneyPaidFen: mobileFen + cashDueFen,
    pointValueFen: policy.pointValueFen,
    truncation: { appliesTo: policy.truncation.appliesTo, unitFen: policy.truncation.unitFen },
  };
}

function priceLine(line: SaleLine, member: PricingMember | null, policy: PricingPolicy): LinePrice {
  const quantity = quantityOf(line);
  const shelfFen = shelfFenOf(line, quantity);
  must(Number.isSafeInteger(shelfFen), 'the shelf amount of a line is beyond what a till counts');
  let best: Readonly<{ reason: PriceReason; payFen: number }> = { reason: 'shelf', payFen: shelfFen };
  const offer = (reason: PriceReason, payFen: number | null): void => {
    // Strictly smaller, so that a tie stays with the reason named first.
    if (payFen !== null && payFen < best.payFen) best = { reason, payFen };
  };
  offer('clearance', line.clearanceFen === undefined ? null : amountFen(line.per, quantity, line.clearanceFen));
  offer('promotion', line.promotionFen === undefined ? null : amountFen(line.per, quantity, line.promotionFen));
  offer('star', starFen(line, shelfFen, member, policy));
  offer('manual', line.manualFen === undefined ? null : amountFen(line.per, quantity, line.manualFen));
  return {
    per: line.per,
    quantity,
    ...(line.per === 'piece' ? {} : { grams: quantity }),
    ...(line.labelFen === undefined ? {} : { labelFen: line.labelFen }),
    shelfFen,
    payFen: best.payFen,
    reason: best.reason,
    eligible: !policy.points.excludedCategories.includes(line.category),
  };
}

/** Pieces, or grams: those carried, else those that the printed amount stands for at the shelf price. */
function quantityOf(line: SaleLine): number {
  if (line.per === 'piece') return line.count;
  if (line.grams !== undefined) return line.grams;
  must(line.priceFen > 0, 'an amount label needs a shelf price to be weighed by');
  return halfUpMulDiv(line.labelFen, unitGrams(line.per), line.priceFen);
}

/** Never above the amount printed on the label (R-P4). */
function shelfFenOf(line: SaleLine, quantity: number): number {
  if (line.labelFen === undefined) return amountFen(line.per, quantity, line.priceFen);
  if (line.per !== 'piece' && line.grams === undefined) return line.labelFen;
  return Math.min(line.labelFen, amountFen(line.per, quantity, line.priceFen));
}

/** Infinity where no JSON integer carries it: such an amount may lose against a printed or a better one, never win. */
function amountFen(per: SaleLine['per'], quantity: number, priceFen: number): number {
  const unit = per === 'piece' ? 1 : unitGrams(per);
  if (Number.isSafeInteger(priceFen * quantity)) return halfUp(priceFen * quantity, unit);
  const exact = (2n * BigInt(priceFen) * BigInt(quantity) + BigInt(unit)) / BigInt(2 * unit);
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(exact);
}

/** R-P1..R-P3: the member's rate on the shelf amount, or null where no discount is given. */
function starFen(line: SaleLine, shelfFen: number, member: PricingMember | null, policy: PricingPolicy): number | null {
  if (member === null || !line.discountable) return null;
  if (policy.discount.excludedCategories.includes(line.category)) return null;
  const rateBp = policy.discount.rateBpByStars[member.stars] ?? 10_000;
  return rateBp < 10_000 ? halfUpMulDiv(shelfFen, rateBp, 10_000) : null;
}

/** R-P7, R-P8: whole points, within the caps and the share of the basket that points may pay. */
function pointsMaxOf(eligibleFen: number, member: PricingMember, policy: PricingPolicy): number {
  const { perSale, perDay, perMonth, maxShareBp } = policy.points;
  const shareFen = mulDivFloor(eligibleFen, maxShareBp, 10_000);
  const payable = mulDivFloor(Math.min(shareFen, eligibleFen), 1, policy.pointValueFen);
  const { spendable, spentToday, spentThisMonth } = member;
  return Math.max(0, Math.min(spendable, perSale, perDay - spentToday, perMonth - spentThisMonth, payable));
}

/** Spreads the points' worth over the eligible lines in proportion to what they cost, by largest remainder. */
function withShares(lines: readonly LinePrice[], pointsFen: number): PricedLine[] {
  const eligibleFen = sum(lines.filter((line) => line.eligible).map((line) => line.payFen));
  const parts = lines.map((line, index) => ({
    index,
    ...(line.eligible && eligibleFen > 0 ? mulDiv(pointsFen, line.payFen, eligibleFen) : { quotient: 0, remainder: 0 }),
  }));
  const shares = parts.map((part) => part.quotient);
  const left = pointsFen - sum(shares);
  const byRemainder = parts.toSorted((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const part of byRemainder.slice(0, left)) shares[part.index] = part.quotient + 1;
  return lines.map((line, index) => {
    const pointsShareFen = shares[index] ?? 0;
    return { ...line, pointsShareFen, moneyShareFen: line.payFen - pointsShareFen };
  });
}

function mustBeWhole(value: number, name: string): void {
  must(Number.isSafeInteger(value) && value >= 0, `${name} is not a whole amount from 0 up: ${value}`);
}

/** What a refund needs of the sale it belongs to. Both a `PricedSale` and the body of a sale's record have this shape. */
export type PaidSale = Readonly<{
  lines: readonly Readonly<{
    quantity: number;
    labelFen?: number | undefined;
    pointsShareFen: number;
    moneyShareFen: number;
  }>[];
  pointValueFen: number;
  truncation: Truncation;
  mobileFen: number;
  cashDueFen: number;
}>;

/** Goods of one line of the sale, named by its index from 0; pieces or grams, as the line is priced. */
export type ReturnedLine = Readonly<{ line: number; quantity: number }>;

/** In all, for everything returned so far; or, for one refund, the difference it makes. */
export type RefundAmounts = Readonly<{
  pointsBack: number;
  mobileBackFen: number;
  cashBackFen: number;
  /** K: the cash before it is rounded to coins that the till takes. */
  exactCashFen: number;
  /** C: all money before it is split over the tenders. */
  moneyExactFen: number;
  /** P: what the returned goods had cost in points, as fen. */
  pointsShareFen: number;
  /** M: what the returned goods had cost in money, before truncation. */
  moneyShareFen: number;
}>;

export type Refund = RefundAmounts & Readonly<{ kind: 'refund'; returnedAfter: readonly ReturnedLine[] }>;

export type RefundRefusal = Readonly<{ kind: 'refused'; reason: 'moreThanBought' | 'wholeOnly'; line: number }>;

/**
 * What has come back in all for everything returned so far (R-P10). It depends on the goods alone, never on the steps
 * in which they came, so that no order of refunds pays more than another.
 */
export function refundState(sale: PaidSale, returned: readonly ReturnedLine[]): RefundAmounts {
  const byLine = gather(returned);
  const shareOf = (share: (line: PaidSale['lines'][number]) => number): number =>
    sum(sale.lines.map((line, index) => returnedShare(share(line), byLine.get(index), line.quantity)));
  const pointsShareFen = shareOf((line) => line.pointsShareFen);
  const moneyShareFen = shareOf((line) => line.moneyShareFen);

  const { mobileFen, cashDueFen, truncation } = sale;
  const moneyGrossFen = sum(sale.lines.map((line) => line.moneyShareFen));
  const moneyPaidFen = mobileFen + cashDueFen;
  const moneyExactFen = moneyGrossFen === 0 ? 0 : halfUpMulDiv(moneyShareFen, moneyPaidFen, moneyGrossFen);
  const mobileBackFen = moneyPaidFen === 0 ? 0 : mulDivFloor(moneyExactFen, mobileFen, moneyPaidFen);
  const exactCashFen = moneyExactFen - mobileBackFen;
  return {
    pointsBack: halfUp(pointsShareFen, sale.pointValueFen),
    mobileBackFen,
    cashBackFen:
      truncation.appliesTo === 'cash' ? wholeCoins(exactCashFen, truncation.unitFen, cashDueFen) : exactCashFen,
    exactCashFen,
    moneyExactFen,
    pointsShareFen,
    moneyShareFen,
  };
}

/**
 * One refund: what has come back after it less what had come back before. Refused as a whole when more of a line would
 * come back than was bought (invariant 21), or part of a labelled line, whose amount was printed for the whole of it.
 */
export function refundDifference(
  sale: PaidSale,
  returnedBefore: readonly ReturnedLine[],
  wanted: readonly ReturnedLine[],
): Refund | RefundRefusal {
  const before = gather(returnedBefore);
  for (const [line, quantity] of gather(wanted)) {
    const bought = sale.lines[line];
    const already = before.get(line);
    if (bought === undefined || (already ?? 0) + quantity > bought.quantity) return refuse('moreThanBought', line);
    if (bought.labelFen === undefined) continue;
    // A label so small that it weighs nothing can still come back only once.
    if (already !== undefined && already === bought.quantity) return refuse('moreThanBought', line);
    if (quantity !== bought.quantity) return refuse('wholeOnly', line);
  }
  const returnedAfter = [...gather([...returnedBefore, ...wanted])]
    .map(([line, quantity]) => ({ line, quantity }))
    .toSorted((a, b) => a.line - b.line);
  const then = refundState(sale, returnedBefore);
  const now = refundState(sale, returnedAfter);
  return {
    kind: 'refund',
    pointsBack: now.pointsBack - then.pointsBack,
    mobileBackFen: now.mobileBackFen - then.mobileBackFen,
    cashBackFen: now.cashBackFen - then.cashBackFen,
    exactCashFen: now.exactCashFen - then.exactCashFen,
    moneyExactFen: now.moneyExactFen - then.moneyExactFen,
    pointsShareFen: now.pointsShareFen - then.pointsShareFen,
    moneyShareFen: now.moneyShareFen - then.moneyShareFen,
    returnedAfter,
  };
}

function refuse(reason: RefundRefusal['reason'], line: number): RefundRefusal {
  return { kind: 'refused', reason, line };
}

/** Quantities per line, so that a line named twice counts as the sum. */
function gather(returned: readonly ReturnedLine[]): Map<number, number> {
  const byLine = new Map<number, number>();
  for (const { line, quantity } of returned) {
    mustBeWhole(quantity, 'a returned quantity');
    byLine.set(line, (byLine.get(line) ?? 0) + quantity);
  }
  return byLine;
}

/** `half_up(share * returned / bought)`; all of it for a returned line that weighed nothing. */
function returnedShare(shareFen: number, returned: number | undefined, bought: number): number {
  if (returned === undefined) return 0;
  must(returned <= bought, 'more has come back than was bought');
  return bought === 0 ? shareFen : halfUpMulDiv(shareFen, returned, bought);
}

/** The next multiple of the coin at or above, but never more than was paid in cash: no coin that the till does not take. */
function wholeCoins(fen: number, unitFen: number, atMostFen: number): number {
  const over = fen % unitFen;
  return Math.min(over === 0 ? fen : fen - over + unitFen, atMostFen);
}
