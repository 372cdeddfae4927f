import { z } from 'zod';

/** How an item is priced: per piece, per jin (500 g) or per kilogram. */
export const perSchema = z.enum(['piece', 'jin', 'kg']);
export type Per = z.infer<typeof perSchema>;

/** A million yuan: what one piece or kilogram may cost, so that sums over a sale stay far below where integers end. */
export const PRICE_MAX_FEN = 100_000_000;
const priceFen = z.int().min(1).max(PRICE_MAX_FEN);

/**
 * What the shop knows of an item. `priceFen` is the shelf price; null means that it cannot be sold until it is priced.
 * `initials` are the pinyin initials of every reading, upper case, parted by spaces, and stay editable.
 */
export const itemSchema = z.object({
  id: z.string(),
  code: z.string(),
  name: z.string(),
  category: z.string(),
  spec: z.string(),
  unit: z.string(),
  per: perSchema,
  /** PLU of a weighed item, as the scale label carries it; null when it has none. */
  plu: z.string().nullable(),
  priceFen: priceFen.nullable(),
  clearanceFen: priceFen.nullable(),
  promotion: z.object({ priceFen, fromDay: z.string(), toDay: z.string() }).nullable(),
  costFen: z.int().min(0).max(PRICE_MAX_FEN).nullable(),
  discountable: z.boolean(),
  /** Pieces or grams below which the item is on the low-stock list; null leaves it off. */
  lowStock: z.int().min(0).max(1_000_000_000).nullable(),
  shelfLifeDays: z.int().min(0).max(36_500).nullable(),
  initials: z.string(),
});
export type Item = z.infer<typeof itemSchema>;

/** The promotion price in force on a day, or null (R-P6). */
export function promotionOn(item: Item, day: string): number | null {
  const promotion = item.promotion;
  return promotion !== null && promotion.fromDay <= day && day <= promotion.toDay ? promotion.priceFen : null;
}
