import { amountAt } from './amounts.ts';
import type { JournalRecord } from './journal.ts';
import type { RefundBody, SaleBody, Totals } from './record-bodies.ts';

/**
 * The fold that both sides do with the same records (design, promise 4): till and town must come to the same totals,
 * and each difference is a break with an owner (invariants 22, 25, 27).
 */
export type TotalsFold = {
  records: number;
  sales: number;
  refunds: number;
  lines: number;
  totalFen: number;
  pointsSpent: number;
  pointsBack: number;
  accounts: Map<string, number>;
};

export function newFold(from?: Totals): TotalsFold {
  return {
    records: from?.records ?? 0,
    sales: from?.sales ?? 0,
    refunds: from?.refunds ?? 0,
    lines: from?.lines ?? 0,
    totalFen: from?.totalFen ?? 0,
    pointsSpent: from?.pointsSpent ?? 0,
    pointsBack: from?.pointsBack ?? 0,
    accounts: new Map(Object.entries(from?.accounts ?? {})),
  };
}

/** Adds one record, whose body was checked when it was read, to a fold. */
export function foldRecord(fold: TotalsFold, record: JournalRecord): void {
  fold.records += 1;
  if (record.kind === 'sale') {
    const body = record.body as SaleBody;
    fold.sales += 1;
    fold.lines += body.lines.length;
    fold.totalFen += body.totalFen;
  } else if (record.kind === 'refund') {
    fold.refunds += 1;
    fold.totalFen -= (record.body as RefundBody).lines.reduce((sum, line) => sum + line.payFen, 0);
  }
  for (const posting of record.postings) {
    const key = `${posting.unit} ${posting.account}`;
    fold.accounts.set(key, (fold.accounts.get(key) ?? 0) + posting.amount);
    if (posting.unit === 'points' && posting.account === 'spent') {
      if (posting.amount > 0) fold.pointsSpent += posting.amount;
      else fold.pointsBack -= posting.amount;
    }
  }
}

/** The totals a fold stands at. `cashFen` is what the drawer gained by trade and moves alike. */
export function totalsOf(fold: TotalsFold): Totals {
  const accounts: Record<string, number> = {};
  let mobileFen = 0;
  for (const key of [...fold.accounts.keys()].sort()) {
    const amount = fold.accounts.get(key) ?? 0;
    if (amount === 0) continue;
    accounts[key] = amount;
    if (key.startsWith('fen mobile:')) mobileFen += amount;
  }
  return {
    records: fold.records,
    sales: fold.sales,
    refunds: fold.refunds,
    lines: fold.lines,
    totalFen: fold.totalFen,
    pointsSpent: fold.pointsSpent,
    pointsBack: fold.pointsBack,
    cashFen: accounts['fen drawer'] ?? 0,
    mobileFen,
    accounts,
  };
}

/** The sum of several totals: a month of its periods, a year of its months. */
export function sumOf(all: readonly Totals[]): Totals {
  const sum = newFold();
  for (const totals of all) {
    sum.records += totals.records;
    sum.sales += totals.sales;
    sum.refunds += totals.refunds;
    sum.lines += totals.lines;
    sum.totalFen += totals.totalFen;
    sum.pointsSpent += totals.pointsSpent;
    sum.pointsBack += totals.pointsBack;
    for (const [account, amount] of Object.entries(totals.accounts)) {
      sum.accounts.set(account, (sum.accounts.get(account) ?? 0) + amount);
    }
  }
  return totalsOf(sum);
}

/** One figure on which the two sides do not agree; `tillAmount - townAmount` is the break. */
export type Difference = Readonly<{ figure: string; tillAmount: number; townAmount: number }>;

const figures = [
  'records',
  'sales',
  'refunds',
  'lines',
  'totalFen',
  'pointsSpent',
  'pointsBack',
  'cashFen',
  'mobileFen',
] as const;

/** Every figure that differs, counts first, then accounts by name. Silence on an account is zero, not a match. */
export function differences(till: Totals, town: Totals): Difference[] {
  const found: Difference[] = [];
  for (const figure of figures) {
    if (till[figure] !== town[figure]) found.push({ figure, tillAmount: till[figure], townAmount: town[figure] });
  }
  for (const account of [...new Set([...Object.keys(till.accounts), ...Object.keys(town.accounts)])].sort()) {
    const tillAmount = amountAt(till.accounts, account);
    const townAmount = amountAt(town.accounts, account);
    if (tillAmount !== townAmount) found.push({ figure: account, tillAmount, townAmount });
  }
  return found;
}
