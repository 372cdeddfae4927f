import type { Posting } from './journal.ts';
import { isBalanced } from './journal.ts';
import type { LotPoints, RefundBody, SaleBody, TenderChangeBody, Totals } from './record-bodies.ts';
import type { Tenders } from './tenders.ts';

/**
 * Accounts and the postings of each kind (protocol, "Records"). Debit is positive, credit negative.
 * Fen: drawer, mobile:{channel}, receivable:{village}:{fund}, discount:{reason}, truncation, cashRounding,
 * pointsRounding, sales, safe, expense, cashDifference. Points, per lot: spent, allotment, granted, returned.
 */
function fen(account: string, amount: number): Posting[] {
  return amount === 0 ? [] : [{ account, unit: 'fen', amount }];
}

function points(account: string, lot: string, amount: number, term: string | null): Posting[] {
  if (amount === 0) return [];
  return [{ account, unit: 'points', amount, lot, ...(term === null ? {} : { term }) }];
}

/** Postings that do not sum to zero are never handed out (invariant 1): who made them has a bug. */
function balanced(postings: Posting[], what: string): Posting[] {
  if (!isBalanced(postings)) throw new Error(`the postings of a ${what} do not balance: ${JSON.stringify(postings)}`);
  return postings;
}

/** Points grouped by who owes for them, so that settlement can be split (R-T3). */
function receivables(lots: readonly LotPoints[], pointValueFen: number, sign: 1 | -1): Posting[] {
  const owed = new Map<string, number>();
  for (const lot of lots) {
    const account = `receivable:${lot.village}:${lot.fund}`;
    owed.set(account, (owed.get(account) ?? 0) + lot.points * pointValueFen);
  }
  return [...owed].flatMap(([account, amount]) => fen(account, sign * amount));
}

/** Postings of a sale: what came in and what was given away against sales at shelf price. */
export function salePostings(sale: SaleBody): Posting[] {
  return balanced(partsOfSale(sale), 'sale');
}

function partsOfSale(sale: SaleBody): Posting[] {
  const discounts = new Map<string, number>();
  let shelfFen = 0;
  for (const line of sale.lines) {
    shelfFen += line.shelfFen;
    if (line.payFen !== line.shelfFen) {
      const account = `discount:${line.reason}`;
      discounts.set(account, (discounts.get(account) ?? 0) + line.shelfFen - line.payFen);
    }
  }
  return [
    ...fen('drawer', sale.cashDueFen),
    ...fen(`mobile:${sale.mobileChannel ?? 'other'}`, sale.mobileFen),
    ...receivables(sale.lots, sale.pointValueFen, 1),
    ...[...discounts].flatMap(([account, amount]) => fen(account, amount)),
    ...fen('truncation', sale.truncationFen),
    ...fen('sales', -shelfFen),
    ...sale.lots.flatMap((lot) => [
      ...points('spent', lot.lot, lot.points, null),
      ...points('allotment', lot.lot, -lot.points, lot.term),
    ]),
  ];
}

/**
 * Postings of a refund: the sale's shares reversed. `pointsShareFen` and `moneyExactFen` are the exact shares of what
 * comes back (P and C of the arithmetic); what rounding to whole points and to coins leaves stands in its own account.
 */
export function refundPostings(
  refund: RefundBody,
  exact: Readonly<{
    pointsShareFen: number;
    moneyShareFen: number;
    moneyExactFen: number;
    discountFenByReason: Readonly<Record<string, number>>;
  }>,
): Posting[] {
  const shelfFen = refund.lines.reduce((sum, line) => sum + line.shelfFen, 0);
  const pointsFen = refund.pointsBack * refund.pointValueFen;
  const exactCashFen = exact.moneyExactFen - refund.mobileBackFen;
  const discountFen = Object.values(exact.discountFenByReason).reduce((sum, amount) => sum + amount, 0);
  const payFen = shelfFen - discountFen;
  return balanced(
    [
      ...fen('sales', shelfFen),
      ...Object.entries(exact.discountFenByReason).flatMap(([reason, amount]) => fen(`discount:${reason}`, -amount)),
      ...receivables(refund.lots, refund.pointValueFen, -1),
      ...fen(`mobile:${refund.mobileChannel ?? 'other'}`, -refund.mobileBackFen),
      ...fen('drawer', -refund.cashBackFen),
      ...fen('truncation', exact.moneyExactFen - exact.moneyShareFen),
      ...fen('cashRounding', refund.cashBackFen - exactCashFen),
      // What is left is the part of a point that rounding gave or took, and the fen that rounding line shares leaves.
      ...fen('pointsRounding', pointsFen - (payFen - exact.moneyShareFen)),
      ...pointsOfRefund(refund),
    ],
    'refund',
  );
}

function pointsOfRefund({ lots }: RefundBody): Posting[] {
  return lots.flatMap((lot) => [
    ...points(lot.term === null ? 'returned' : 'allotment', lot.lot, lot.points, lot.term),
    ...points('spent', lot.lot, -lot.points, null),
  ]);
}

/** Money that came in another way than was written down: out of one tender's account, into the other's. */
export function tenderChangePostings(before: Tenders, after: Tenders): Posting[] {
  const moved = new Map<string, number>();
  for (const { account, amount } of [...tenderPostings(before, -1), ...tenderPostings(after, 1)])
    moved.set(account, (moved.get(account) ?? 0) + amount);
  return balanced(
    [...moved].flatMap(([account, amount]) => fen(account, amount)),
    'tender change',
  );
}

function tenderPostings({ mobileFen, mobileChannel, cashFen }: Tenders, sign: 1 | -1): Posting[] {
  return [...fen('drawer', sign * cashFen), ...fen(`mobile:${mobileChannel ?? 'other'}`, sign * mobileFen)];
}

/** Accounts on which the postings of a mended tender are not what its body says: never for a till of ours. */
export function mispostedTenderChange({ before, after }: TenderChangeBody, postings: readonly Posting[]): Misposted[] {
  return misposted(postings, [...tenderPostings(before, -1), ...tenderPostings(after, 1)], nameOf);
}

/** What a document's postings say of one account, and what its body says; points by lot and term. */
export type Misposted = Readonly<{ account: string; posted: number; said: number }>;

/**
 * Accounts on which the postings of a sale are not what its body says: never for a till of ours. Both come from outside,
 * so nothing here throws.
 */
export function mispostedSale(sale: SaleBody, postings: readonly Posting[]): Misposted[] {
  return misposted(postings, partsOfSale(sale), nameOf);
}

/**
 * The same of a refund, as far as its own body says it: goods, tenders, who is owed less, points, and all discounts
 * together. How coins and part points were rounded only its sale knows; postings that balance leave their sum no choice.
 */
export function mispostedRefund(refund: RefundBody, postings: readonly Posting[]): Misposted[] {
  const shelfFen = refund.lines.reduce((sum, line) => sum + line.shelfFen, 0);
  const payFen = refund.lines.reduce((sum, line) => sum + line.payFen, 0);
  const said = [
    ...fen('sales', shelfFen),
    ...fen('discount:', payFen - shelfFen),
    ...receivables(refund.lots, refund.pointValueFen, -1),
    ...fen(`mobile:${refund.mobileChannel ?? 'other'}`, -refund.mobileBackFen),
    ...fen('drawer', -refund.cashBackFen),
    ...pointsOfRefund(refund),
  ];
  const rounded = new Set(['truncation', 'cashRounding', 'pointsRounding']);
  return misposted(
    postings.filter(({ unit, account }) => unit === 'points' || !rounded.has(account)),
    said,
    (posting) => (posting.account.startsWith('discount:') ? 'fen discount:' : nameOf(posting)),
  );
}

function nameOf({ unit, account, lot, term }: Posting): string {
  return [unit, account, lot, term].filter((part) => part !== undefined).join(' ');
}

function misposted(posted: readonly Posting[], said: readonly Posting[], name: (one: Posting) => string): Misposted[] {
  const sums = new Map<string, { account: string; posted: number; said: number }>();
  const at = (posting: Posting): { posted: number; said: number } => {
    const account = name(posting);
    const sum = sums.get(account) ?? { account, posted: 0, said: 0 };
    sums.set(account, sum);
    return sum;
  };
  for (const posting of posted) at(posting).posted += posting.amount;
  for (const posting of said) at(posting).said += posting.amount;
  return [...sums.values()].filter((sum) => sum.posted !== sum.said);
}

/** Cash into the drawer from the safe, or out of it for an expense. */
export function cashMovePostings(direction: 'in' | 'out', amountFen: number): Posting[] {
  return direction === 'in'
    ? [...fen('drawer', amountFen), ...fen('safe', -amountFen)]
    : [...fen('expense', amountFen), ...fen('drawer', -amountFen)];
}

/** The float a shift begins with, beyond what was carried in the drawer from the last one. */
export function floatPostings(floatFen: number, carriedFen: number): Posting[] {
  return [...fen('drawer', floatFen - carriedFen), ...fen('safe', carriedFen - floatFen)];
}

/** A count that differs from the books: the difference is recorded, never refused (peers 49). */
export function countPostings(differenceFen: number): Posting[] {
  return [...fen('drawer', differenceFen), ...fen('cashDifference', -differenceFen)];
}

/**
 * A cash move that never happened is undone. Once the drawer was counted after it, its books are right, and what was
 * wrong stands as a difference of that count: there it is taken back.
 */
export function undoCashMovePostings(direction: 'in' | 'out', amountFen: number, isCounted: boolean): Posting[] {
  return cashMovePostings(direction, amountFen).map((posting) => ({
    ...posting,
    account: isCounted && posting.account === 'drawer' ? 'cashDifference' : posting.account,
    amount: -posting.amount,
  }));
}

/** Points that the town moved to this till, lot by lot. */
export function allotmentInPostings(
  term: string,
  lots: readonly Readonly<{ lot: string; points: number }>[],
): Posting[] {
  return lots.flatMap((lot) => [
    ...points('allotment', lot.lot, lot.points, term),
    ...points('granted', lot.lot, -lot.points, null),
  ]);
}

/** Points that go back to the town at its request. */
export function allotmentOutPostings(term: string, lot: string, amount: number): Posting[] {
  return [...points('allotment', lot, -amount, term), ...points('granted', lot, amount, null)];
}

export const NO_TOTALS: Totals = {
  records: 0,
  sales: 0,
  refunds: 0,
  lines: 0,
  totalFen: 0,
  pointsSpent: 0,
  pointsBack: 0,
  cashFen: 0,
  mobileFen: 0,
  accounts: {},
};
