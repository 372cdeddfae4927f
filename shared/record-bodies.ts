import { z } from 'zod';
import { recordedNotesSchema } from './counted-notes.ts';
import { itemSchema, perSchema } from './item.ts';
import type { JournalRecord, RecordKind } from './journal.ts';
import { tendersSchema } from './tenders.ts';
import { LAST_INSTANT_MS } from './time.ts';

/**
 * What each kind of record carries. Settlement needs nothing beside these bodies and the postings; a person is only
 * ever a random id here (protocol, "People", invariant 32).
 */
/** Above what any one document of a shop says, and low enough that sums over all of them stay integers (invariant 2). */
const AMOUNT_MAX = 10_000_000_000_000;
const fen = z.int().min(-AMOUNT_MAX).max(AMOUNT_MAX);
const whole = z.int().min(0).max(AMOUNT_MAX);
const instant = z.int().min(0).max(LAST_INSTANT_MS);
const POINTS_MAX = 10_000_000;
const points = z.int().min(0).max(POINTS_MAX);
const pointValueFen = z.int().min(1).max(100_000);
/** An index from 0 into the lines of a document; a list is made as long as it says. */
const lineIndex = z.int().min(0).max(9_999);
const reason = z.string();

/** Points that one lot gave to a sale, or takes back in a refund. `term` is null when they go to the town's free part. */
export const lotPointsSchema = z.object({
  lot: z.string(),
  term: z.string().nullable(),
  village: z.string(),
  fund: z.string(),
  points: z.int().min(1).max(POINTS_MAX),
});
export type LotPoints = z.infer<typeof lotPointsSchema>;

export const saleLineSchema = z.object({
  item: z.string(),
  code: z.string(),
  name: z.string(),
  spec: z.string(),
  unit: z.string(),
  category: z.string(),
  per: perSchema,
  /** Pieces for `piece`, grams otherwise; grams of a label without weight are computed (arithmetic, "Line") and may be 0. */
  quantity: whole,
  labelFen: whole.optional(),
  priceFen: whole,
  clearanceFen: whole.optional(),
  promotionFen: whole.optional(),
  manualFen: whole.optional(),
  manualReason: reason.optional(),
  discountable: z.boolean(),
  shelfFen: whole,
  payFen: whole,
  reason: z.enum(['shelf', 'clearance', 'promotion', 'star', 'manual']),
  pointsShareFen: whole,
  moneyShareFen: whole,
});
export type SaleRecordLine = z.infer<typeof saleLineSchema>;

/** What the till knew of the member's points and caps when it judged the sale. */
export const knownSchema = z.object({
  spendable: whole,
  spentToday: z.int(),
  spentThisMonth: z.int(),
  townPoints: whole,
  townAsOfMs: instant,
});

export const saleBodySchema = z.object({
  receipt: z.string(),
  counter: z.int().min(1),
  shift: z.string(),
  policyVersion: z.int(),
  catalogueVersion: z.int(),
  openedAtMs: instant,
  member: z
    .object({
      id: z.string(),
      card: z.string().nullable(),
      village: z.string(),
      stars: z.int().min(0).max(5),
      /** `presented` allows points; `lookedUp` gives the discount only (R-C5). */
      how: z.enum(['presented', 'lookedUp']),
      /** What lifted the limit without PIN (R-C4): the PIN, judged by the town, or a manager who knew the person. */
      proof: z.enum(['pin', 'manager']).optional(),
      /** Who bought for the holder: the random id of a member whom the holder named at the town. */
      bearer: z.string().optional(),
      known: knownSchema,
    })
    .nullable(),
  lines: z.array(saleLineSchema),
  pointValueFen,
  truncation: z.object({ appliesTo: z.enum(['cash', 'off']), unitFen: z.int().min(1) }),
  totalFen: whole,
  pointsMax: whole,
  pointsUsed: points,
  pointsFen: whole,
  lots: z.array(lotPointsSchema),
  mobileFen: whole,
  mobileChannel: z.string().nullable(),
  truncationFen: whole,
  cashDueFen: whole,
  cashGivenFen: whole,
  changeFen: whole,
  paidFen: whole,
});
export type SaleBody = z.infer<typeof saleBodySchema>;

/** Goods of one line of a sale, by its index from 0; pieces or grams. */
export const returnedLineSchema = z.object({ line: lineIndex, quantity: whole });

export const refundLineSchema = z.object({
  /** Index of the line in the original sale, from 0. */
  line: lineIndex,
  item: z.string(),
  name: z.string(),
  unit: z.string(),
  per: perSchema,
  quantity: whole,
  shelfFen: whole,
  payFen: whole,
  goods: z.enum(['shelf', 'waste']),
});

export const refundBodySchema = z.object({
  receipt: z.string(),
  counter: z.int().min(1),
  shift: z.string(),
  sale: z.string(),
  saleReceipt: z.string(),
  saleTill: z.string(),
  saleIncarnation: z.int(),
  /** The town's claim under which it was done; a refund of this chain's own sale needs none. */
  claim: z.string().optional(),
  /** What had come back of the sale's lines before, here or anywhere the till knew of: what its shares are counted from. */
  before: z.array(returnedLineSchema).optional(),
  reason,
  member: z.object({ id: z.string(), village: z.string() }).nullable(),
  lines: z.array(refundLineSchema).min(1),
  pointsBack: points,
  pointValueFen,
  lots: z.array(lotPointsSchema),
  mobileBackFen: whole,
  mobileChannel: z.string().nullable(),
  cashBackFen: whole,
});
export type RefundBody = z.infer<typeof refundBodySchema>;

/**
 * The same article out again for a faulty one: no money and no points move, and the line stays the bought line it was, so
 * that it may still be refunded. What was handed out left the shelf; what came back went to waste, or to the shelf.
 */
export const exchangeBodySchema = z.object({
  shift: z.string(),
  sale: z.string(),
  saleReceipt: z.string(),
  saleTill: z.string(),
  saleIncarnation: z.int(),
  reason,
  lines: z
    .array(
      z.object({
        /** Index of the line in the original sale, from 0. */
        line: lineIndex,
        item: z.string(),
        name: z.string(),
        unit: z.string(),
        per: perSchema,
        quantity: z.int().min(1).max(AMOUNT_MAX),
        goods: z.enum(['shelf', 'waste']),
      }),
    )
    .min(1),
});
export type ExchangeBody = z.infer<typeof exchangeBodySchema>;

/**
 * A tender that was written down wrong, put right in the same shift. What was paid in all stays; only through which tender
 * it came changes, and refunds follow it from then on.
 */
export const tenderChangeBodySchema = z.object({
  shift: z.string(),
  sale: z.string(),
  saleReceipt: z.string(),
  before: tendersSchema,
  after: tendersSchema,
});
export type TenderChangeBody = z.infer<typeof tenderChangeBodySchema>;

/** Totals over a run of records: what both sides must fold to the same numbers (invariants 22 and 27). */
export const totalsSchema = z.object({
  records: z.int().min(0),
  sales: z.int().min(0),
  refunds: z.int().min(0),
  lines: z.int().min(0),
  /** Sum of what the goods of all sales cost after discounts, fen. */
  totalFen: z.int(),
  pointsSpent: z.int(),
  pointsBack: z.int(),
  cashFen: z.int(),
  mobileFen: z.int(),
  /** Balance of every account, keyed `unit account`, zero balances left out. */
  accounts: z.record(z.string(), z.int()),
});
export type Totals = z.infer<typeof totalsSchema>;

export const grantSchema = z.object({
  id: z.string(),
  till: z.string(),
  incarnation: z.int(),
  term: z.string(),
  member: z.string(),
  lots: z.array(
    z.object({ lot: z.string(), village: z.string(), fund: z.string(), expiresOn: z.string(), points: z.int().min(1) }),
  ),
});
export type Grant = z.infer<typeof grantSchema>;

export const recallSchema = z.object({
  id: z.string(),
  term: z.string(),
  member: z.string(),
  lot: z.string(),
  points: z.int().min(1),
});
export type Recall = z.infer<typeof recallSchema>;

/**
 * A month or a year as the sum of its closed periods, signed by the till like a period's closing. `number` counts up from
 * 1 within the incarnation; a month whose label came back after it was closed, as after a wrong clock, closes once more
 * with the periods since, so that every period stands in exactly one month and every month in one year (invariant 22).
 */
const spanCloseSchema = z.object({
  /** `2026-03` or `2026`. */
  span: z.string(),
  number: z.int().min(1),
  firstPeriod: z.int().min(1),
  lastPeriod: z.int().min(1),
  periods: z.int().min(1),
  headHash: z.string(),
  totals: totalsSchema,
  /** Since the incarnation began, up to its newest closed period. */
  perpetual: totalsSchema,
  signature: z.string(),
});

export const bodySchemas = {
  genesis: z.object({
    publicKey: z.string(),
    incarnationId: z.string(),
    because: z.enum(['enrolled', 'restored', 'moved']),
  }),
  sale: saleBodySchema,
  refund: refundBodySchema,
  exchange: exchangeBodySchema,
  tenderChange: tenderChangeBodySchema,
  /** A sale abandoned before payment leaves its size behind, never its goods or its member (R-P11). */
  saleVoid: z.object({ sale: z.string(), shift: z.string().nullable(), lines: whole, totalFen: fen, reason }),
  cashMove: z.object({ shift: z.string(), direction: z.enum(['in', 'out']), amountFen: z.int().min(1), reason }),
  shiftOpen: z.object({ shift: z.string(), floatFen: whole, carriedFen: whole }),
  shiftClose: z.object({
    shift: z.string(),
    expectedFen: fen,
    countedFen: whole,
    differenceFen: fen,
    held: whole,
    unsent: whole,
    /** The notes and coins that make up the count, where they were counted one sort after the other. */
    notes: recordedNotesSchema.optional(),
    totals: totalsSchema,
  }),
  /** Signed by the till: the period's totals and those since genesis of this incarnation. */
  periodClose: z.object({
    period: z.int(),
    label: z.string(),
    firstSeq: z.int(),
    lastSeq: z.int(),
    headHash: z.string(),
    totals: totalsSchema,
    perpetual: totalsSchema,
    signature: z.string(),
  }),
  monthClose: spanCloseSchema,
  yearClose: spanCloseSchema,
  statementApplied: z.object({
    number: z.int().min(1),
    hash: z.string(),
    ackSeq: whole,
    ackHash: z.string(),
    term: z.object({ id: z.string(), endMs: instant }).nullable(),
    townMs: instant,
    state: z.enum(['matched', 'breaks']),
    breaks: whole,
  }),
  policyApplied: z.object({ version: z.int(), hash: z.string() }),
  allotmentIn: z.object({ source: z.enum(['statement', 'topUp']), grant: grantSchema }),
  allotmentOut: z.object({
    recall: z.string(),
    term: z.string(),
    lot: z.string(),
    member: z.string(),
    points: z.int().min(1),
  }),
  clock: z.object({ jumpMs: z.int(), seenMs: instant, wallMs: instant }),
  /**
   * What a person decided against the rule (invariant 31): the record's operator did it, `by` allowed it, which is the
   * operator again where that was enough. Why is `what` itself, and the words of it as a code where the act asks for them.
   */
  override: z.object({
    what: z.enum([
      'manualPrice',
      'refund',
      'personConfirmed',
      'drawer',
      'refundAfterDays',
      'exchangeAfterDays',
      'cardAgain',
    ]),
    document: z.string(),
    by: z.string(),
    reason: reason.optional(),
    detail: z.record(z.string(), z.int()),
  }),
  /** `member` is whose own card buys nothing while this operator stands at the till; null where none is known. */
  operatorChange: z.object({
    operator: z.string(),
    role: z.enum(['cashier', 'manager']),
    active: z.boolean(),
    member: z.string().nullable().optional(),
  }),
  /** `by` is what was shown; records of before staff cards do not say. A try that failed names nobody. */
  signIn: z.object({
    operator: z.string(),
    outcome: z.enum(['in', 'out', 'wrongPin', 'wrongCard']),
    by: z.enum(['pin', 'card']).optional(),
  }),
  priceChange: z.object({
    item: z.string(),
    which: z.enum(['shelf', 'clearance', 'promotion']),
    beforeFen: whole.nullable(),
    afterFen: whole.nullable(),
    fromDay: z.string().nullable(),
    toDay: z.string().nullable(),
  }),
  /** Items as they stand after the change; an import is a few records of many items. */
  itemChange: z.object({ source: z.string(), items: z.array(itemSchema) }),
  goodsIn: z.object({
    supplier: z.string(),
    lines: z.array(
      z.object({
        item: z.string(),
        quantity: z.int().min(1),
        cases: z.int().nullable(),
        caseFactor: z.int().nullable(),
        costFen: whole.nullable(),
        batch: z.string(),
        producedOn: z.string().nullable(),
        expiresOn: z.string().nullable(),
      }),
    ),
  }),
  count: z.object({
    lines: z.array(z.object({ item: z.string(), expected: z.int(), counted: whole, difference: z.int() })),
  }),
  waste: z.object({
    reason,
    lines: z.array(z.object({ item: z.string(), quantity: z.int().min(1), batch: z.string().nullable() })),
  }),
  /** What class of code was refused and how often, never its digits. */
  refusedScan: z.object({ class: z.string(), shift: z.string().nullable() }),
  idConflict: z.object({ id: z.string(), kind: z.string() }),
  /** What was written wrong stands; this names it, says by how much the drawer's books were off, and who allowed it. */
  correction: z.object({
    what: z.enum(['count', 'cashMove']),
    of: z.string(),
    shift: z.string(),
    /** The right count; null for a cash move that never happened. */
    countedFen: whole.nullable(),
    differenceFen: fen,
    reason,
    by: z.string(),
  }),
  /**
   * What the counter saw or did of a card, which is a random id here as everywhere: its number was read off it because no
   * reader took it, it was reported lost, or a blank took its place. `document` is the sale, or the new card of a
   * replacement; `by` who answers for it. `card` is empty where a member had none in use.
   */
  cardChange: z.object({
    what: z.enum(['unreadable', 'lost', 'replaced']),
    card: z.string(),
    member: z.string(),
    document: z.string(),
    by: z.string(),
  }),
} as const satisfies Record<RecordKind, z.ZodType>;

export type BodyOf<K extends RecordKind> = z.infer<(typeof bodySchemas)[K]>;

/** The body of a record as its kind; null when a foreign writer gave it another shape. */
export function bodyOf<K extends RecordKind>(record: JournalRecord, kind: K): BodyOf<K> | null {
  if (record.kind !== kind) return null;
  const parsed = bodySchemas[kind].safeParse(record.body);
  return parsed.success ? (parsed.data as BodyOf<K>) : null;
}
