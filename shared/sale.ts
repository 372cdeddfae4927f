import { z } from 'zod';
import { perSchema, PRICE_MAX_FEN, promotionOn, type Item } from './item.ts';
import { standingWishSchema } from './member.ts';
import { mulDivFloor } from './money.ts';
import type { SaleLine } from './pricing.ts';

/** The dearest sale: a hundred million yuan at shelf price. Beyond it somebody mistook a code for a count. */
const SALE_MAX_FEN = 10_000_000_000;

const priceFen = z.int().min(0).max(PRICE_MAX_FEN);

/**
 * The open sale: what stands on the counter until it is paid. Every command makes a new value of it, which is saved
 * before the page sees it, so that a power cut comes back to the same screen.
 */
const openLineSchema = z.object({
  /** Made by the core when the line appears; stays with the line. */
  key: z.string(),
  item: z.string(),
  code: z.string(),
  name: z.string(),
  spec: z.string(),
  unit: z.string(),
  category: z.string(),
  per: perSchema,
  /** Pieces or grams; for a label without weight, 0 until pricing has computed its grams. */
  quantity: z.int().min(0).max(10_000_000),
  labelFen: z.int().min(0).max(SALE_MAX_FEN).nullable(),
  /** True when a label printed the weight, which nobody may then change by hand. */
  labelled: z.boolean(),
  priceFen: priceFen.min(1),
  clearanceFen: priceFen.nullable(),
  promotionFen: priceFen.nullable(),
  manualFen: priceFen.nullable(),
  manualReason: z.string().nullable(),
  discountable: z.boolean(),
});
export type OpenLine = Readonly<z.infer<typeof openLineSchema>>;

const openMemberSchema = z.object({
  id: z.string(),
  card: z.string().nullable(),
  lastFour: z.string(),
  how: z.enum(['presented', 'lookedUp']),
  personConfirmed: z.boolean(),
  /** The town judged the PIN right that was typed for this sale; the PIN itself is kept nowhere. */
  pinProven: z.boolean().optional(),
  /** Who came with the card for its holder; absent when the holder did. */
  bearer: z.string().optional(),
});
export type OpenMember = Readonly<z.infer<typeof openMemberSchema>>;

const openPaySchema = z.object({
  wish: z.union([standingWishSchema, z.int().min(0).max(10_000_000)]),
  mobileFen: z.union([z.int().min(0).max(SALE_MAX_FEN), z.literal('rest')]),
  mobileChannel: z.string(),
  /** Null accepts the exact amount. */
  cashGivenFen: z.int().min(0).max(SALE_MAX_FEN).nullable(),
});
export type OpenPay = Readonly<z.infer<typeof openPaySchema>>;

export const openSaleSchema = z.object({
  id: z.string(),
  openedAtMs: z.int(),
  lines: z.array(openLineSchema),
  selected: z.int(),
  quantityFirst: z.int().nullable(),
  member: openMemberSchema.nullable(),
  /** Whether the cashier was told to look at the buyer's age, which is said once a sale. */
  adultsAsked: z.boolean().default(false),
  weighing: z.string().nullable(),
  choices: z.array(z.string()),
  pay: openPaySchema.nullable(),
});
export type OpenSale = Readonly<z.infer<typeof openSaleSchema>>;

export function newSale(id: string, openedAtMs: number): OpenSale {
  return {
    id,
    openedAtMs,
    lines: [],
    selected: -1,
    quantityFirst: null,
    member: null,
    adultsAsked: false,
    weighing: null,
    choices: [],
    pay: null,
  };
}

/** The largest count or weight of one line: what a person could mean, and far below where integers end. */
export const QUANTITY_LIMIT = 1_000_000;

const GRAMS_PER = { piece: 1, jin: 500, kg: 1_000 } as const;

/** Whether a sale at shelf price stays within what a till counts, whatever a person typed for a quantity. */
export function isCountable(sale: OpenSale): boolean {
  let totalFen = 0;
  for (const { per, quantity, priceFen, labelFen } of sale.lines) {
    totalFen += labelFen ?? mulDivFloor(quantity, priceFen, GRAMS_PER[per]);
    if (totalFen > SALE_MAX_FEN) return false;
  }
  return true;
}

/** What a scan or a weighing brought: pieces or grams, and the amount a scale label printed. */
export type Brought = Readonly<{ quantity: number; labelFen: number | null; labelled: boolean }>;

/**
 * Adds goods to the sale and selects their line. Pieces of the same item at the same prices join the line that is there,
 * unless an operator gave that one a price of its own; weighed goods always stand in a line of their own, as they were
 * weighed. A price that changed since the line was scanned begins a new line, so that each piece costs what the shelf
 * said when it was scanned.
 */
export function addGoods(
  sale: OpenSale,
  item: Item & { priceFen: number },
  brought: Brought,
  key: string,
  day: string,
): OpenSale {
  const base = { ...sale, quantityFirst: null, weighing: null, choices: [], pay: null };
  const promotionFen = promotionOn(item, day);
  const same = sale.lines.findIndex(
    (line) =>
      line.item === item.id &&
      line.per === 'piece' &&
      line.labelFen === null &&
      line.manualFen === null &&
      line.priceFen === item.priceFen &&
      line.clearanceFen === item.clearanceFen &&
      line.promotionFen === promotionFen &&
      line.quantity + brought.quantity <= QUANTITY_LIMIT,
  );
  const existing = sale.lines[same];
  if (item.per === 'piece' && brought.labelFen === null && existing !== undefined) {
    const joined = { ...existing, quantity: existing.quantity + brought.quantity };
    return { ...base, lines: sale.lines.with(same, joined), selected: same };
  }
  const line: OpenLine = {
    key,
    item: item.id,
    code: item.code,
    name: item.name,
    spec: item.spec,
    unit: item.unit,
    category: item.category,
    per: item.per,
    quantity: brought.quantity,
    labelFen: brought.labelFen,
    labelled: brought.labelled,
    priceFen: item.priceFen,
    clearanceFen: item.clearanceFen,
    promotionFen,
    manualFen: null,
    manualReason: null,
    discountable: item.discountable,
  };
  return { ...base, lines: [...sale.lines, line], selected: sale.lines.length };
}

/** Replaces one line; any change of the goods leaves the payment prompt, whose figures it would make untrue. */
export function changeLine(sale: OpenSale, index: number, change: Partial<OpenLine>): OpenSale {
  return {
    ...sale,
    pay: null,
    selected: index,
    lines: sale.lines.map((line, at) => (at === index ? { ...line, ...change } : line)),
  };
}

export function removeLine(sale: OpenSale, index: number): OpenSale {
  const lines = sale.lines.filter((_, at) => at !== index);
  return { ...sale, pay: null, lines, selected: Math.min(index, lines.length - 1) };
}

/** A line as pricing takes it. */
export function pricingLine(line: OpenLine): SaleLine {
  const offer = {
    category: line.category,
    priceFen: line.priceFen,
    discountable: line.discountable,
    ...(line.clearanceFen === null ? {} : { clearanceFen: line.clearanceFen }),
    ...(line.promotionFen === null ? {} : { promotionFen: line.promotionFen }),
    ...(line.manualFen === null ? {} : { manualFen: line.manualFen }),
    ...(line.labelFen === null ? {} : { labelFen: line.labelFen }),
  };
  if (line.per === 'piece') return { ...offer, per: 'piece', count: line.quantity };
  if (line.labelFen !== null && line.quantity === 0) return { ...offer, per: line.per, labelFen: line.labelFen };
  return { ...offer, per: line.per, grams: line.quantity };
}
