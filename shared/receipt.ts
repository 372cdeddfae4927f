import { z } from 'zod';
import { perSchema } from './item.ts';

/** One receipt, the single value behind paper and screen (R-P13). It holds no ID number, phone or village group. */
export const receiptSchema = z.object({
  kind: z.enum(['sale', 'refund', 'exchange']),
  /** Till, incarnation and counter: gapless and never reused. An exchange has none of its own and names its sale's. */
  number: z.string(),
  townName: z.string(),
  shopName: z.string(),
  shopAddress: z.string(),
  hotline: z.string(),
  tillName: z.string(),
  cashier: z.string(),
  atMs: z.int(),
  demo: z.boolean(),
  /** Made while practising (练习): nothing was sold. */
  practice: z.boolean(),
  lines: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      per: perSchema,
      quantity: z.int(),
      labelled: z.boolean(),
      priceFen: z.int(),
      shelfFen: z.int(),
      payFen: z.int(),
      reason: z.enum(['shelf', 'clearance', 'promotion', 'star', 'manual']),
      starRateBp: z.int().nullable(),
      pointsAllowed: z.boolean(),
    }),
  ),
  shelfFen: z.int(),
  discountFen: z.int(),
  totalFen: z.int(),
  points: z.object({ used: z.int(), fen: z.int() }).nullable(),
  mobile: z.object({ channel: z.string(), fen: z.int() }).nullable(),
  truncationFen: z.int(),
  cashDueFen: z.int(),
  cashGivenFen: z.int(),
  changeFen: z.int(),
  member: z
    .object({
      mask: z.string(),
      villageName: z.string(),
      stars: z.int(),
      lastFour: z.string(),
      /** The mask of who bought for the holder. */
      bearer: z.string().optional(),
      /** 本店现在可用 after this receipt. */
      spendableAfter: z.int(),
      /** 镇上总数 less what was spent here since, and its date. */
      townPoints: z.int(),
      townAsOfMs: z.int(),
      nextExpiry: z.object({ points: z.int(), day: z.string() }).nullable(),
      savedThisYearFen: z.int(),
    })
    .nullable(),
  /** Of a refund or an exchange: the receipt it undoes and why. */
  original: z.object({ number: z.string(), reason: z.string() }).nullable(),
  /** Sequence and the first eight digits of the record's hash, so that a dropped tail shows. */
  seq: z.int(),
  shortHash: z.string(),
  copy: z.boolean(),
  /** A line of the town's notice board, of the day of the print. */
  boardLine: z.string().optional(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/**
 * The receipt that a scanner or a hand means: a whole number, also inside of what a code on paper carries around it, or
 * just its last digits, which are a receipt of this very chain. Anything else is answered as it came.
 */
export function receiptMeant(text: string, chain: Readonly<{ till: string; incarnation: number }>): string {
  const plain = text.normalize('NFKC').trim();
  if (/^\d{1,6}$/.test(plain)) return `${chain.till}-${chain.incarnation}-${plain.padStart(6, '0')}`;
  return /[\p{L}\p{N}][\p{L}\p{N}_.-]*-\d{1,9}-\d{6,9}(?!\d)/u.exec(plain)?.[0] ?? plain;
}
