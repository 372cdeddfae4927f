import type { ReturnedLine } from './pricing.ts';

/** What an exchange needs of a sale: how much of each line was bought, and whether a label was printed for all of it. */
type Bought = Readonly<{ quantity: number; labelFen?: number | undefined }>;

export type ExchangeJudgement =
  | Readonly<{ kind: 'fits' }>
  | Readonly<{ kind: 'refused'; reason: 'moreThanBought' | 'wholeOnly' | 'badInput'; line: number }>;

/**
 * How much of a bought line may still be exchanged: what the customer has, less what was exchanged before. Each bought
 * piece is exchanged once. If the second one is faulty too it goes back for its money, as the line still can: else goods
 * could leave the shop without end on one receipt, with nothing in the drawer that would ever show it (invariant 21).
 */
export function exchangeable(bought: Bought, returned: number, exchanged: number): number {
  return Math.max(0, bought.quantity - returned - exchanged);
}

/** Whether all of the wanted goods may be exchanged; the first line that may not refuses the whole. */
export function judgeExchange(
  lines: readonly Bought[],
  returned: readonly ReturnedLine[],
  exchanged: readonly ReturnedLine[],
  wanted: readonly ReturnedLine[],
): ExchangeJudgement {
  const sumOf = (all: readonly ReturnedLine[], line: number): number =>
    all.reduce((sum, one) => sum + (one.line === line ? one.quantity : 0), 0);
  for (const { line, quantity } of wanted) {
    const bought = lines[line];
    if (bought === undefined) return { kind: 'refused', reason: 'moreThanBought', line };
    if (!Number.isSafeInteger(quantity) || quantity < 1) return { kind: 'refused', reason: 'badInput', line };
    if (sumOf(wanted, line) > exchangeable(bought, sumOf(returned, line), sumOf(exchanged, line)))
      return { kind: 'refused', reason: 'moreThanBought', line };
    // What a label was printed for is weighed and priced as one.
    if (bought.labelFen !== undefined && quantity !== bought.quantity)
      return { kind: 'refused', reason: 'wholeOnly', line };
  }
  return { kind: 'fits' };
}
