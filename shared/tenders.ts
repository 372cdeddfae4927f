import { z } from 'zod';

const fen = z.int().min(0).max(10_000_000_000_000);

/**
 * How the money of a sale came in, and how that is put right when it was written down wrong (改付款方式). Whole fen.
 * Points are no part of it: what was paid with points stays paid with points.
 */
export const tendersSchema = z.object({ mobileFen: fen, mobileChannel: z.string().nullable(), cashFen: fen });
export type Tenders = Readonly<z.infer<typeof tendersSchema>>;

/** A sale as its record says it, as far as its money goes; the body of a sale has this shape. */
type Paid = Readonly<{
  mobileFen: number;
  mobileChannel: string | null;
  cashDueFen: number;
  cashGivenFen: number;
  changeFen: number;
}>;

export type Mended =
  | Readonly<{ kind: 'mended'; tenders: Tenders }>
  | Readonly<{ kind: 'refused'; reason: 'sameTenders' | 'moreThanPaid' }>;

/** The tenders of a sale as they were recorded. */
export function tendersOf({ mobileFen, mobileChannel, cashDueFen }: Paid): Tenders {
  return { mobileFen, mobileChannel, cashFen: cashDueFen };
}

/**
 * Puts `mobileFen` of what was paid in money on a phone, and the rest in the drawer. What was paid in all stays what it
 * was: 抹零 was given when the goods left, so neither a fen of it is asked for again nor any more given
 * (invariant 21).
 */
export function mendTenders(now: Tenders, mobileFen: number, channel: string): Mended {
  const paidFen = now.mobileFen + now.cashFen;
  if (!Number.isSafeInteger(mobileFen) || mobileFen < 0 || mobileFen > paidFen)
    return { kind: 'refused', reason: 'moreThanPaid' };
  const tenders = { mobileFen, mobileChannel: mobileFen === 0 ? null : channel, cashFen: paidFen - mobileFen };
  return tenders.mobileFen === now.mobileFen && tenders.mobileChannel === now.mobileChannel
    ? { kind: 'refused', reason: 'sameTenders' }
    : { kind: 'mended', tenders };
}

/**
 * The sale as if it had been paid like that from the beginning: what its refunds are worked out from (R-P10). Where cash
 * is no longer what it was, nobody knows which notes were given, so the slip says just what was paid.
 */
export function paidWith<Sale extends Paid>(sale: Sale, { mobileFen, mobileChannel, cashFen }: Tenders): Sale {
  const same = mobileFen === sale.mobileFen && mobileChannel === sale.mobileChannel;
  if (same) return sale;
  return { ...sale, mobileFen, mobileChannel, cashDueFen: cashFen, cashGivenFen: cashFen, changeFen: 0 };
}
