import { z } from 'zod';

/**
 * Policy is data: a versioned, effective-dated document that the town signs. No number of the domain stands in code;
 * the defaults are `resources/policy-default.json` (R-P1..R-P9, R-C4, R-OFF1, R-OFF5, R-S1).
 */
/** Far above what anybody means, so that no product with it leaves the integers and no date the calendar. */
const wholeNumber = z.int().min(0).max(10_000_000);
const days = z.int().min(0).max(3_650);
const hours = z.int().min(1).max(8_784);
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const basisPoints = z.int().min(0).max(10_000);

/** One kind of label that the shop's scales print: the flag digits and what the digits after them mean. */
export const scaleLabelSchema = z.object({
  prefix: z.string().regex(/^\d{1,2}$/),
  /** F flag, W PLU, E amount, N weight or count, C check digit, O any digit; 13 or 18 letters. */
  layout: z.string().regex(/^(?=.{13}$|.{18}$)F{1,2}W+[EN]+[CO]$/),
  amountDecimals: z.int().min(0).max(3),
  weightDecimals: z.int().min(0).max(3),
  weightUnit: z.enum(['kg', 'jin']),
});
export type ScaleLabel = z.infer<typeof scaleLabelSchema>;

export const policySchema = z.object({
  v: z.literal(1),
  version: z.int().min(1),
  effectiveFrom: day,
  pointValueFen: z.int().min(1).max(100_000),
  discount: z.object({ rateBpByStars: z.array(basisPoints).length(6), excludedCategories: z.array(z.string()) }),
  points: z.object({
    perSale: wholeNumber,
    perDay: wholeNumber,
    perMonth: wholeNumber,
    maxShareBp: basisPoints,
    excludedCategories: z.array(z.string()),
    /** Points that one member may spend in a day without a PIN (R-C4). */
    pinFreePerDay: wholeNumber,
  }),
  truncation: z.object({ appliesTo: z.enum(['cash', 'off']), unitFen: z.int().min(1).max(10_000) }),
  manualPrice: z.object({ managerAboveBp: basisPoints }),
  refund: z.object({
    days,
    sameDayCategories: z.array(z.string()),
    /** What a cashier takes back alone, by what the goods had cost; above it a manager allows it. Older policies say nothing. */
    managerAboveFen: wholeNumber.default(10_000),
  }),
  /**
   * Objecting to points (R-V5): within how many days of their posting, and in how many working days the village answers
   * and then the town. Older policies say nothing.
   */
  objection: z
    .object({ days: days.min(1), villageDays: days.min(1), townDays: days.min(1) })
    .default({ days: 30, villageDays: 7, townDays: 15 }),
  /** Categories that ask for the buyer's age once per sale. */
  adultCategories: z.array(z.string()),
  term: z.object({ hours }),
  allotment: z.object({ homeBp: basisPoints, otherBp: basisPoints, freeBp: basisPoints }),
  stars: z.object({ validDays: days.min(1) }),
  blockList: z.object({ warnHours: hours }),
  clock: z.object({ warnMinutes: z.int().min(1).max(1_440), jumpHours: hours }),
  businessDay: z.object({ endsAt: clock, closeAt: clock }),
  /** A till that nobody touches for so many minutes locks its screen; 0 never does. */
  operator: z.object({ lockAfterMinutes: z.int().min(0).max(1_440) }).default({ lockAfterMinutes: 10 }),
  card: z.object({
    prefix: z.string().regex(/^\d{1,4}$/),
    /** A card that paid so short a time ago is used again only with a manager's leave. Older policies say nothing. */
    secondUseSeconds: z.int().min(0).max(3_600).default(60),
    /** So many wrong PINs in a row lock it until staff resets it (R-C4). */
    pinTries: z.int().min(1).max(20).default(5),
  }),
  mobileChannels: z.array(z.object({ code: z.string(), name: z.string() })),
  scaleLabels: z.array(scaleLabelSchema),
});
export type Policy = z.infer<typeof policySchema>;

/** The newest version in force on a business day; null when none is. A newer version wins over an older one. */
export function policyOn(policies: readonly Policy[], businessDay: string): Policy | null {
  let chosen: Policy | null = null;
  for (const policy of policies) {
    if (policy.effectiveFrom <= businessDay && (chosen === null || policy.version > chosen.version)) chosen = policy;
  }
  return chosen;
}
