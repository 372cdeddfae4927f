import type { LotState, PointsMove } from '../shared/allotment.ts';
import type { Item } from '../shared/item.ts';
import type { CardState, MemberState, StandingWish } from '../shared/member.ts';
import type { Movement } from '../shared/points-slip.ts';
import type { ReturnedLine } from '../shared/pricing.ts';
import type { Grant, Totals } from '../shared/record-bodies.ts';
import type { Tenders } from '../shared/tenders.ts';
import type { Break } from '../shared/till-contract.ts';

/**
 * What the town's logic knows of its storage. It is narrow on purpose: the same logic runs on PostgreSQL and, in a
 * simulator, on plain maps. A store belongs to one town; its implementation puts the town's id before every key.
 */
export type Store = Readonly<{
  /**
   * Runs `work` in one transaction that holds the named locks, and answers after it is on durable storage. Work may run
   * again after a conflict, so it changes nothing but the transaction.
   */
  transact: <T>(locks: readonly Lock[], work: (transaction: Transaction) => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}>;

/**
 * `points` orders everything that moves points or settles; `enrolment` orders codes and new tills; the intake of each
 * till and incarnation has its own, so that fifty tills are taken in side by side.
 */
export type Lock = 'points' | 'enrolment' | `intake:${string}:${number}`;

export type Transaction = Readonly<{
  get: <N extends TableName>(table: N, key: KeyOf<N>) => Promise<Rows[N] | null>;
  list: <N extends TableName>(table: N, query?: Query<N>) => Promise<Rows[N][]>;
  /** Inserts rows, or replaces those with the same key. */
  put: <N extends TableName>(table: N, rows: readonly Rows[N][]) => Promise<void>;
  /** Inserts the rows whose key is not there yet and answers how many those were. */
  add: <N extends TableName>(table: N, rows: readonly Rows[N][]) => Promise<number>;
  /** Inserts many rows the fastest way; the caller's lock sees to it that no key is there yet, or it throws. */
  append: <N extends TableName>(table: N, rows: readonly Appended<N>[]) => Promise<void>;
}>;

/** A row to append: any of its texts may come as its UTF-8 bytes. */
export type Appended<N extends TableName> = Readonly<{
  [C in keyof Rows[N]]: Rows[N][C] | (string extends Rows[N][C] ? Uint8Array : never);
}>;

/** Rows that satisfy every given condition, in the order of `order`, which is the key when left out. */
export type Query<N extends TableName> = Readonly<{
  equal?: Partial<Rows[N]>;
  among?: Readonly<{ [C in keyof Rows[N]]?: readonly Rows[N][C][] }>;
  above?: Partial<Rows[N]>;
  below?: Partial<Rows[N]>;
  order?: readonly (keyof Rows[N] & string)[];
  descending?: boolean;
  limit?: number;
}>;

export type Rows = {
  town: { town: string; name: string; publicKey: string };
  /** Versions and other single values of the town. */
  setting: { name: string; value: string };
  shop: { shop: string; name: string; address: string; hotline: string };
  village: { village: string; name: string; fund: string };
  till: { till: string; shop: string; name: string; incarnation: number };
  /** When a till was last heard from. Apart from `till`, since every request writes it. */
  contact: { till: string; heardAtMs: number };
  /** What is acknowledged of a chain; written by intake only. */
  head: { till: string; incarnation: number; seq: number; hash: string };
  /** What is settled of a chain; written under the `points` lock only. */
  incarnation: {
    till: string;
    incarnation: number;
    publicKey: string;
    incarnationId: string;
    enrolledAtMs: number;
    settledSeq: number;
    settledHash: string;
    statementNumber: number;
    statementHash: string;
    term: string | null;
    perpetual: Totals;
    period: number;
    periodTotals: Totals;
    closedPeriod: ClosedPeriod | null;
    spans: Spans;
  };
  /** The exact text of each record; of a quarantined one (`fault` not null) its bytes in base64. */
  record: { till: string; incarnation: number; seq: number; hash: string; text: string; fault: string | null };
  /** A second record for a sequence that is already taken: both are kept, a person decides. */
  fork: { till: string; incarnation: number; seq: number; hash: string; bytes: string; seenAtMs: number };
  code: {
    codeHash: string;
    shop: string;
    till: string | null;
    tillName: string;
    expiresAtMs: number;
    usedTill: string | null;
    usedIncarnation: number | null;
  };
  term: { term: string; till: string; incarnation: number; endMs: number; closedAtMs: number | null };
  member: {
    member: string;
    name: string;
    village: string;
    homeShop: string | null;
    stars: number;
    state: MemberState;
    standingWish: StandingWish;
    version: number;
  };
  card: {
    card: string;
    tokenHash: string;
    member: string;
    lastFour: string;
    /** Empty for cards from before it was kept. */
    lastSix: string;
    state: CardState;
    expiresOn: string | null;
    lostAtMs: number | null;
    /** When a till said that no reader takes it: it wants replacing. */
    unreadableAtMs: number | null;
  };
  /** Who may buy with a member's card for them, and what for staff knows them: of one household, or a note. */
  bearer: { member: string; bearer: string; note: string };
  /** A member's PIN as a slow salted hash, empty when it was taken away, and wrong tries in a row. */
  pin: { member: string; hash: string; wrong: number };
  /** Requests to judge a PIN that were heard: each counts once. */
  pinTry: { request: string; till: string; member: string; atMs: number };
  /** Card reports of tills that were carried out: each once. */
  cardReport: { request: string; till: string; member: string; atMs: number };
  /**
   * `unlisted` is what of a lot's expired points is not told as lost: it came back after the last day and lives on in a
   * lot of its own, or was gone before movements were kept.
   */
  lot: LotState & { earnedOn: string; note: string; unlisted: number };
  /**
   * What moved a member's points, written with the move itself: a lot that was credited, or a record of a till. What
   * expired is not among them, since the lots say it (`movements.ts`).
   */
  movement: {
    member: string;
    movement: string;
    kind: Exclude<Movement['kind'], 'expired'>;
    atMs: number;
    points: number;
    borne: number;
    lot: string | null;
    till: string | null;
    incarnation: number | null;
    seq: number | null;
  };
  /** Points that left the free part for a term; durable before it is sent, sent until the till's record is seen. */
  grant: {
    grant: string;
    till: string;
    incarnation: number;
    term: string;
    member: string;
    lots: Grant['lots'];
    madeAtMs: number;
    appliedSeq: number | null;
  };
  recall: {
    recall: string;
    till: string;
    incarnation: number;
    term: string;
    member: string;
    lot: string;
    points: number;
    doneSeq: number | null;
  };
  /** The sealed answer to a top-up, verbatim, so that asking again gives the same bytes. */
  topUp: { request: string; till: string; member: string; bytes: string; signature: string };
  /** Points a member spent on a business day, refunds taken off, and what discounts saved that day. */
  spending: { member: string; day: string; points: number; savedFen: number };
  sale: SaleState;
  /**
   * A till's leave to take back goods of a sale that is not of its own chain: held until the refund's record is folded
   * (`doneSeq`), or until the till or a clerk lets it go. The sealed answer is kept verbatim, so that asking again gives
   * the same bytes; a claim let go before it was ever made is kept too, so that it can never be made late.
   */
  claim: {
    claim: string;
    till: string;
    incarnation: number;
    sale: string;
    receipt: string;
    lines: ReturnedLine[];
    madeAtMs: number;
    bytes: string;
    signature: string;
    doneSeq: number | null;
    releasedAtMs: number | null;
    releasedBy: string | null;
    note: string | null;
  };
  payable: { shop: string; month: string; village: string; fund: string; points: number; amountFen: number };
  tillDay: { till: string; day: string; sales: number; points: number };
  break: Break & {
    till: string;
    incarnation: number;
    resolvedAtMs: number | null;
    resolvedBy: string | null;
    note: string | null;
  };
  statement: {
    till: string;
    incarnation: number;
    number: number;
    bytes: string;
    signature: string;
    hash: string;
    settledSeq: number;
    issuedAtMs: number;
  };
  policy: { version: number; effectiveFrom: string; bytes: string; signature: string };
  item: { item: string; version: number; value: Item };
  /** What hangs or hung on the town's notice board; a null `shop` is every shop, a null `village` the town itself. */
  notice: {
    notice: string;
    title: string;
    text: string;
    village: string | null;
    shop: string | null;
    fromDay: string;
    toDay: string;
    onReceipt: boolean;
    writtenAtMs: number;
    writtenBy: string;
    endedAtMs: number | null;
    endedBy: string | null;
  };
};

export type ClosedPeriod = { period: number; label: string; totals: Totals };

/** Closed periods of one month that no month's closing holds yet, or closed months of one year. */
export type Span = { span: string; firstPeriod: number; lastPeriod: number; periods: number; totals: Totals };

/** The town's own sums that a till's month and year closings are judged by. */
export type Spans = {
  /** The first period that the town folded with these sums; a closing that reaches back before it is not judged. */
  since: number;
  /** Since the incarnation began, as it stood at the newest closed period. */
  perpetual: Totals | null;
  months: Span[];
  years: Span[];
};

export const NO_SPANS: Spans = { since: 1, perpetual: null, months: [], years: [] };

/**
 * What later refunds of a sale are judged by. A refund may be heard of before its sale (another till, an earlier
 * incarnation): then `seen` is false, and its points wait until the sale is there.
 */
export type SaleState = {
  sale: string;
  seen: boolean;
  /** Whose sale it is and under which number: only that chain takes it back without a claim. Empty before it was seen. */
  receipt: string;
  till: string;
  incarnation: number;
  seq: number;
  /** Quantity sold and taken back by line; empty before the sale was seen, null where nothing came back. */
  sold: number[];
  back: (number | null)[];
  /** Quantity exchanged by line; what was exchanged may still come back. */
  exchanged: number[];
  /** What was paid in each tender and has not come back; below zero only before the sale was seen, or with a break. */
  mobileFen: number;
  cashFen: number;
  /** How its money came in, where that was put right later; null as the record says it. */
  tenders: Tenders | null;
  /** Points each lot gave and has not got back. */
  points: Record<string, number>;
  /** The part of those that a shortfall bore: taken back, it is undone before anything is credited. */
  borne: Record<string, number>;
  /** Its card had been reported lost: the shortfall bore its points, so its refunds credit nobody. */
  onLostCard: boolean;
  waiting: WaitingReturn[];
};

/** Points that a refund gives back and whose sale is not there yet. */
export type WaitingReturn = {
  till: string;
  shop: string;
  incarnation: number;
  seq: number;
  /** When the till recorded it. */
  atMs: number;
  day: string;
  pointValueFen: number;
  moves: PointsMove[];
  /** Which lines of the sale came back, by index. */
  lines: number[];
};

export type TableName = keyof Rows;

export const keys = {
  town: ['town'],
  setting: ['name'],
  shop: ['shop'],
  village: ['village'],
  till: ['till'],
  contact: ['till'],
  head: ['till', 'incarnation'],
  incarnation: ['till', 'incarnation'],
  record: ['till', 'incarnation', 'seq'],
  fork: ['till', 'incarnation', 'seq', 'hash'],
  code: ['codeHash'],
  term: ['term'],
  member: ['member'],
  card: ['card'],
  bearer: ['member', 'bearer'],
  pin: ['member'],
  pinTry: ['request'],
  cardReport: ['request'],
  lot: ['lot'],
  movement: ['member', 'movement'],
  grant: ['grant'],
  recall: ['recall'],
  topUp: ['request'],
  spending: ['member', 'day'],
  sale: ['sale'],
  claim: ['claim'],
  payable: ['shop', 'month', 'village', 'fund'],
  tillDay: ['till', 'day'],
  break: ['id'],
  statement: ['till', 'incarnation', 'number'],
  policy: ['version'],
  item: ['item'],
  notice: ['notice'],
} as const satisfies { [N in TableName]: readonly (keyof Rows[N])[] };

export type KeyOf<N extends TableName> = Pick<Rows[N], Extract<(typeof keys)[N][number], keyof Rows[N]>>;
