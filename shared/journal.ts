import { z } from 'zod';
import { canonical, readCanonical, type CanonicalFault, type CanonicalValue } from './canonical.ts';
import type { Hash } from './signed.ts';
import { LAST_INSTANT_MS } from './time.ts';

/**
 * The journal: one record is one business fact, chained by hash, its exact bytes kept (protocol, "Records").
 * What each kind carries in `body` stands in `record-bodies.ts`.
 */
export const recordKinds = [
  'genesis',
  'sale',
  'refund',
  'exchange',
  'tenderChange',
  'saleVoid',
  'cashMove',
  'shiftOpen',
  'shiftClose',
  'periodClose',
  'monthClose',
  'yearClose',
  'statementApplied',
  'policyApplied',
  'allotmentIn',
  'allotmentOut',
  'clock',
  'override',
  'operatorChange',
  'signIn',
  'priceChange',
  'itemChange',
  'goodsIn',
  'count',
  'waste',
  'refusedScan',
  'idConflict',
  'correction',
  'cardChange',
] as const;
export type RecordKind = (typeof recordKinds)[number];

/** Debit is positive, credit negative; each unit of a record sums to zero, points also per lot (invariant 1). */
export const postingSchema = z.object({
  account: z.string().min(1),
  unit: z.enum(['fen', 'points']),
  amount: z.int(),
  lot: z.string().optional(),
  term: z.string().optional(),
});
export type Posting = z.infer<typeof postingSchema>;

/** Goods that moved: pieces or grams, keyed by the line of the document so that nothing moves twice (peers 53). */
export const stockLineSchema = z.object({
  item: z.string(),
  batch: z.string().nullable(),
  delta: z.int().min(-10_000_000_000).max(10_000_000_000),
  line: z.int(),
});
export type StockLine = z.infer<typeof stockLineSchema>;

export const recordSchema = z.strictObject({
  v: z.literal(1),
  town: z.string().min(1),
  shop: z.string().min(1),
  till: z.string().min(1),
  incarnation: z.int().min(1),
  seq: z.int().min(1),
  period: z.int().min(1),
  businessDay: z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/),
  at: z.int().min(0).max(LAST_INSTANT_MS),
  kind: z.enum(recordKinds),
  id: z.string().min(1),
  operator: z.string().nullable(),
  body: z.record(z.string(), z.unknown()),
  postings: z.array(postingSchema),
  stock: z.array(stockLineSchema),
  previous: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A record as its envelope says it; `at` is judged time in milliseconds. Bodies are read by `record-bodies.ts`. */
export type JournalRecord = Readonly<z.infer<typeof recordSchema>>;

/** The hash that stands before the first record of an incarnation. */
export const GENESIS_PREVIOUS = '0'.repeat(64);

const encoder = new TextEncoder();

/** The bytes of a record that this program made. Throws when it has no canonical form, which is a bug. */
export function recordText(record: JournalRecord): string {
  return canonical(record as unknown as CanonicalValue);
}

const HASHED_AS = encoder.encode('onecard/v1\0');

function placeToHash(length: number): Uint8Array {
  const place = new Uint8Array(length);
  place.set(HASHED_AS);
  return place;
}

/** Where nearly every record is put behind the prefix: a place of its own for each would be thrown away at once. */
const COMMON_PLACE = placeToHash(65_536);

/** `SHA-256("onecard/v1\0" || bytes)` over the exact text of a record (invariant 10). */
export function recordHash(text: string, hash: Hash): string {
  // A character of UTF-16 is three bytes of UTF-8 at most.
  const most = HASHED_AS.length + 3 * text.length;
  const place = most > COMMON_PLACE.length ? placeToHash(most) : COMMON_PLACE;
  const { written } = encoder.encodeInto(text, place.subarray(HASHED_AS.length));
  return hash(place.subarray(0, HASHED_AS.length + written));
}

/** The same for who holds the bytes of the text, which are UTF-8. */
export function bytesHash(bytes: Uint8Array, hash: Hash): string {
  const length = HASHED_AS.length + bytes.length;
  const place = length > COMMON_PLACE.length ? placeToHash(length) : COMMON_PLACE;
  place.set(bytes, HASHED_AS.length);
  return hash(place.subarray(0, length));
}

export type RecordFault = CanonicalFault | 'wrongShape' | 'unbalanced' | 'wrongPostings';

/** Reads a record from its exact text: canonical form, shape, and postings that balance. Never throws on input. */
export function readRecord(
  text: string,
): { kind: 'read'; record: JournalRecord } | { kind: 'refused'; reason: RecordFault } {
  const read = readCanonical(text);
  if (read.kind === 'refused') return read;
  const parsed = recordSchema.safeParse(read.value);
  if (!parsed.success) return { kind: 'refused', reason: 'wrongShape' };
  if (!isBalanced(parsed.data.postings)) return { kind: 'refused', reason: 'unbalanced' };
  return fitsItsKind(parsed.data)
    ? { kind: 'read', record: parsed.data }
    : { kind: 'refused', reason: 'wrongPostings' };
}

/**
 * No posting of a shop is larger: a hundred thousand million yuan, ten million points. Thousands of them still sum up to
 * what an integer holds, so that no single record can carry the totals behind it out of it (invariant 2).
 */
const POSTING_MAX = { fen: 10_000_000_000_000, points: 10_000_000 } as const;

/** Which way points go on each account, by kind of record: 1 is debit. A kind that is not here moves none. */
const POINTS_WAYS: Readonly<Partial<Record<RecordKind, Readonly<Record<string, 1 | -1>>>>> = {
  sale: { spent: 1, allotment: -1 },
  refund: { spent: -1, allotment: 1, returned: 1 },
  allotmentIn: { allotment: 1, granted: -1 },
  allotmentOut: { allotment: -1, granted: 1 },
};

/**
 * Whether the postings are such as this kind of record has. A sale that gave points instead of spending them would fill
 * a term that the town never funded (invariant 12); what an allotment names is its term.
 */
export function fitsItsKind({ kind, postings }: Pick<JournalRecord, 'kind' | 'postings'>): boolean {
  const ways = POINTS_WAYS[kind];
  for (const { account, unit, amount, term } of postings) {
    if (Math.abs(amount) > POSTING_MAX[unit]) return false;
    if (unit === 'fen') continue;
    if (ways === undefined || !Object.hasOwn(ways, account) || Math.sign(amount) !== ways[account]) return false;
    if (account === 'allotment' && term === undefined) return false;
  }
  return true;
}

/** Invariants 1 and 2: whole fen sum to zero, whole points sum to zero per named lot, no posting is empty. */
export function isBalanced(postings: readonly Posting[]): boolean {
  const sums = new Map<string, number>();
  for (const posting of postings) {
    if (posting.amount === 0) return false;
    // Points without a lot would count in the totals and move nothing in any lot.
    if (posting.unit === 'points' && posting.lot === undefined) return false;
    const key = posting.unit === 'fen' ? 'fen' : `points ${posting.lot ?? ''}`;
    const sum = (sums.get(key) ?? 0) + posting.amount;
    // Beyond 2^53 a sum is rounded, and a rounded sum could come back to zero where the amounts do not.
    if (!Number.isSafeInteger(sum)) return false;
    sums.set(key, sum);
  }
  for (const sum of sums.values()) if (sum !== 0) return false;
  return true;
}

/** Where a chain stands: the last sequence and its hash. Seq 0 with the zero hash is the chain before genesis. */
export type ChainHead = Readonly<{ incarnation: number; seq: number; hash: string }>;

/** Why a record does not continue a chain (invariants 9 and 10). */
export type ChainFault = RecordFault | 'gap' | 'brokenChain' | 'foreign';

/** Whether `text` is the next record after `head` of the same till and incarnation, for who has its hash already. */
export function readNext(
  head: ChainHead,
  text: string,
  till: string,
): { kind: 'read'; record: JournalRecord } | { kind: 'refused'; reason: ChainFault } {
  const read = readRecord(text);
  if (read.kind === 'refused') return read;
  const { record } = read;
  if (record.till !== till || record.incarnation !== head.incarnation) return { kind: 'refused', reason: 'foreign' };
  if (record.seq !== head.seq + 1) return { kind: 'refused', reason: 'gap' };
  return record.previous === head.hash ? read : { kind: 'refused', reason: 'brokenChain' };
}

/** Whether `text` is the next record after `head` of the same till and incarnation, and the head that it makes. */
export function followsHead(
  head: ChainHead,
  text: string,
  till: string,
  hash: Hash,
): { kind: 'follows'; record: JournalRecord; head: ChainHead } | { kind: 'refused'; reason: ChainFault } {
  const read = readNext(head, text, till);
  if (read.kind === 'refused') return read;
  const { record } = read;
  return {
    kind: 'follows',
    record,
    head: { incarnation: record.incarnation, seq: record.seq, hash: recordHash(text, hash) },
  };
}
