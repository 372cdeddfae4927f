import { z } from 'zod';
import { LAST_INSTANT_MS } from './time.ts';

const points = z.int();
const instant = z.int().min(0).max(LAST_INSTANT_MS);

/** One movement of a member's points, as it is told to who holds the card. */
export const movementSchema = z.object({
  /** When it happened, by the till or the town that wrote it down; what expired did so at the end of its last day. */
  atMs: instant,
  /** `carried` is what there was before movements were kept one by one. */
  kind: z.enum(['earned', 'spent', 'returned', 'expired', 'carried']),
  /** What it did to the balance. */
  points,
  /** The part of what was spent or given back that a shortfall bore and not the holder; it is not in `points`. */
  borne: z.int().min(0),
  /** The balance behind it; null where other tills may have moved something in between that is not known here. */
  balance: points.nullable(),
  /** The shop that sold or took back, or the village and the fund that gave the points; '' where that goes without saying. */
  place: z.string(),
  /** The number of its receipt, or what the points were earned for. */
  about: z.string(),
});
export type Movement = z.infer<typeof movementSchema>;

/** So many movements stand on the slip, newest first. */
export const MOVEMENTS_SHOWN = 10;

/**
 * 积分查询单: balance, last movements, next expiry and how to object, the one value behind paper and screen. It pays for
 * nothing, and holds no name, ID number or phone of the member.
 */
export const pointsSlipSchema = z.object({
  kind: z.literal('points'),
  /** Names the paper; it is no receipt and takes no receipt's number. */
  number: z.string(),
  shopName: z.string(),
  tillName: z.string(),
  cashier: z.string(),
  hotline: z.string(),
  atMs: z.int(),
  demo: z.boolean(),
  practice: z.boolean(),
  copy: z.boolean(),
  member: z.object({ mask: z.string(), villageName: z.string(), stars: z.int(), lastFour: z.string() }),
  /** Whose list this is: the town's, or what this till knows while the town does not answer. */
  source: z.enum(['town', 'till']),
  /** 本店现在可用. */
  spendable: points,
  /** 镇上总数 and when the town said so. */
  townPoints: points,
  townAsOfMs: z.int(),
  nextExpiry: z.object({ points, day: z.string() }).nullable(),
  movements: z.array(movementSchema).max(MOVEMENTS_SHOWN),
  /** Days to object in, and working days in which the village and then the town answer (R-V5). */
  objection: z.object({ days: z.int(), villageDays: z.int(), townDays: z.int() }),
});
export type PointsSlip = z.infer<typeof pointsSlipSchema>;
