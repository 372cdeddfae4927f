import { z } from 'zod';
import { unitGrams } from './quantity.ts';
import { type PricedSale, type ReturnedLine, type SaleLine, priceSale, refundDifference } from './pricing.ts';

/**
 * Cases of a sale and its refunds in the form that towns exchange to check each other's arithmetic. A case says
 * everything that a price depends on, so its answer is the same on every machine (`till price --cases FILE`).
 */
const whole = z.int().min(0);
const basisPoints = z.int().min(0).max(10_000);

const policySchema = z.object({
  pointValueFen: z.int().min(1),
  discount: z.object({ rateBpByStars: z.array(whole), excludedCategories: z.array(z.string()) }),
  points: z.object({
    perSale: whole,
    perDay: whole,
    perMonth: whole,
    maxShareBp: basisPoints,
    excludedCategories: z.array(z.string()),
  }),
  truncation: z.object({ appliesTo: z.enum(['cash', 'off']), unitFen: z.int().min(1) }),
});

const memberSchema = z.object({ stars: whole, spendable: whole, spentToday: whole, spentThisMonth: whole });

const offerShape = {
  category: z.string(),
  priceFen: whole,
  discountable: z.boolean(),
  clearanceFen: whole.optional(),
  promotionFen: whole.optional(),
  manualFen: whole.optional(),
};
const lineSchema = z.discriminatedUnion('per', [
  z.object({ ...offerShape, per: z.literal('piece'), count: whole, labelFen: whole.optional() }),
  z.object({ ...offerShape, per: z.literal('jin'), grams: whole.optional(), labelFen: whole.optional() }),
  z.object({ ...offerShape, per: z.literal('kg'), grams: whole.optional(), labelFen: whole.optional() }),
]);

const refundEntrySchema = z.object({ line: whole, count: whole.optional(), grams: whole.optional() });

const caseSchema = z.object({
  id: z.union([z.string(), z.int()]),
  policy: policySchema,
  member: memberSchema.nullable(),
  lines: z.array(lineSchema),
  tender: z.object({ points: z.union([z.literal('max'), whole]), mobileFen: whole, cashGivenFen: whole }),
  refunds: z.array(z.array(refundEntrySchema)).default([]),
});
type Case = z.infer<typeof caseSchema>;

export type RefundAnswer =
  | Readonly<{ pointsBack: number; mobileBackFen: number; cashBackFen: number }>
  | Readonly<{ refused: string }>;

export type SaleAnswer = Readonly<{
  lines: readonly Readonly<{ shelfFen: number; payFen: number; reason: string; pointsShareFen: number }>[];
  totalFen: number;
  pointsMax: number;
  pointsUsed: number;
  pointsFen: number;
  mobileFen: number;
  cashDueFen: number;
  truncationFen: number;
  paidFen: number;
  changeFen: number;
  refunds: readonly RefundAnswer[];
}>;

/** `at` is the path of the first thing wrong in the case, `why` a sentence about it. */
export type CaseError = Readonly<{ error: 'malformedCase' | 'beyondRange'; at: string; why: string }>;

export type CaseAnswer = SaleAnswer | Readonly<{ refused: string }> | CaseError;

/** The answer of one case; a malformed case gets a named error, never a guess. */
export function answerCase(input: unknown): CaseAnswer {
  const parsed = caseSchema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return malformed((issue?.path ?? []).join('.'), issue?.message ?? 'not a case');
  }
  const { member, policy, tender } = parsed.data;
  if (member !== null && policy.discount.rateBpByStars[member.stars] === undefined) {
    return malformed('member.stars', `the policy has no rate for ${member.stars} stars`);
  }
  const lines: SaleLine[] = [];
  for (const [index, raw] of parsed.data.lines.entries()) {
    const line = saleLineOf(raw);
    if (typeof line === 'string') return malformed(`lines.${index}`, line);
    lines.push(line);
  }
  if (!withinRange(lines)) return { error: 'beyondRange', at: 'lines', why: 'an amount is beyond 2^53 - 1' };
  const steps = refundStepsOf(parsed.data.refunds, lines);
  if (!Array.isArray(steps)) return steps;

  const sale = priceSale(lines, member, policy, tender);
  return sale.kind === 'refused' ? { refused: sale.reason } : answerOf(sale, steps);
}

/** Every case of a file with its answer, in the order of the file. */
export function answerCases(
  cases: unknown,
): readonly Readonly<{ id: string | number | null; answer: CaseAnswer }>[] | CaseError {
  if (!Array.isArray(cases)) return malformed('', 'the file does not hold a JSON array of cases');
  return cases.map((one: unknown) => ({ id: idOf(one), answer: answerCase(one) }));
}

function answerOf(sale: PricedSale, steps: readonly (readonly ReturnedLine[])[]): SaleAnswer {
  const refunds: RefundAnswer[] = [];
  let returned: readonly ReturnedLine[] = [];
  for (const wanted of steps) {
    const refund = refundDifference(sale, returned, wanted);
    if (refund.kind === 'refused') {
      refunds.push({ refused: refund.reason });
      continue;
    }
    returned = refund.returnedAfter;
    const { pointsBack, mobileBackFen, cashBackFen } = refund;
    refunds.push({ pointsBack, mobileBackFen, cashBackFen });
  }
  const { totalFen, pointsMax, pointsUsed, pointsFen, mobileFen, cashDueFen, truncationFen, paidFen, changeFen } = sale;
  return {
    lines: sale.lines.map(({ shelfFen, payFen, reason, pointsShareFen }) => ({
      shelfFen,
      payFen,
      reason,
      pointsShareFen,
    })),
    totalFen,
    pointsMax,
    pointsUsed,
    pointsFen,
    mobileFen,
    cashDueFen,
    truncationFen,
    paidFen,
    changeFen,
    refunds,
  };
}

function saleLineOf(line: Case['lines'][number]): SaleLine | string {
  if (line.per === 'piece') return line;
  const { grams, labelFen, ...offer } = line;
  if (grams !== undefined) return { ...offer, grams, labelFen };
  if (labelFen === undefined) return 'a weighed line has neither grams nor labelFen';
  if (line.priceFen === 0) return 'labelFen without grams needs a priceFen above 0';
  return { ...offer, labelFen };
}

function refundStepsOf(refunds: Case['refunds'], lines: readonly SaleLine[]): ReturnedLine[][] | CaseError {
  const steps: ReturnedLine[][] = [];
  for (const [step, entries] of refunds.entries()) {
    const wanted: ReturnedLine[] = [];
    for (const [position, entry] of entries.entries()) {
      const at = `refunds.${step}.${position}`;
      const line = lines[entry.line];
      if (line === undefined) return malformed(`${at}.line`, `the sale has no line ${entry.line}`);
      const quantity = line.per === 'piece' ? entry.count : entry.grams;
      if (quantity === undefined) return malformed(at, line.per === 'piece' ? 'count is missing' : 'grams is missing');
      wanted.push({ line: entry.line, quantity });
    }
    steps.push(wanted);
  }
  return steps;
}

/** Whether the weights and the shelf amounts are integers that JSON carries exactly; nothing else is larger. */
function withinRange(lines: readonly SaleLine[]): boolean {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  let shelfTotal = 0n;
  for (const line of lines) {
    const unit = line.per === 'piece' ? 1n : BigInt(unitGrams(line.per));
    const price = BigInt(line.priceFen);
    const carried = line.per === 'piece' ? line.count : line.grams;
    if (carried === undefined) {
      const label = BigInt(line.labelFen ?? 0);
      if ((2n * label * unit + price) / (2n * price) > limit) return false;
      shelfTotal += label;
      continue;
    }
    const amount = (2n * price * BigInt(carried) + unit) / (2n * unit);
    const label = line.labelFen === undefined ? amount : BigInt(line.labelFen);
    shelfTotal += amount < label ? amount : label;
  }
  return shelfTotal <= limit;
}

function malformed(at: string, why: string): CaseError {
  return { error: 'malformedCase', at, why };
}

function idOf(one: unknown): string | number | null {
  const parsed = z.object({ id: z.union([z.string(), z.int()]) }).safeParse(one);
  return parsed.success ? parsed.data.id : null;
}
