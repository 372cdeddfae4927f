import { z } from 'zod';
import { countedNotesSchema } from './counted-notes.ts';
import type { JournalRecord } from './journal.ts';
import { bodyOf } from './record-bodies.ts';

/**
 * What a shift comes to (交班单): the one value behind paper and screen, made from the shift's records alone, so that it
 * can be printed again at any time. While the shift is open it is the X report, which shows no expected cash, because the
 * count that closes the shift is blind.
 */
const fen = z.int();
const count = z.int().min(0);

const sumsFields = {
  sales: count,
  refunds: count,
  exchanges: count,
  /** Tenders of a sale that were put right within the shift; its cash and mobile payments are the right ones. */
  tenderChanges: count,
  totalFen: fen,
  /** What the drawer gained by each: refunds and what was taken out are below zero. `otherFen` is every other record. */
  cash: z.object({ salesFen: fen, refundsFen: fen, inFen: fen, outFen: fen, otherFen: fen }),
  mobile: z.array(z.object({ channel: z.string(), inFen: fen, backFen: fen })),
  points: z.object({ used: count, back: count }),
  truncationFen: fen,
  voids: z.object({ count, totalFen: fen }),
  priceCuts: count,
  drawerOpenings: count,
  /** Other decisions against the rule, such as a refund past its days. */
  otherOverrides: count,
  /** Whoever sold or took back, in the order in which they came. */
  people: z.array(z.object({ operator: z.string(), sales: count, refunds: count, totalFen: fen })),
};

const sumsSchema = z.object(sumsFields);
export type ShiftSums = z.infer<typeof sumsSchema>;

export const shiftSlipSchema = z.object({
  ...sumsFields,
  kind: z.literal('shift'),
  /** Names the paper: till and number of the shift. */
  number: z.string(),
  shift: z.string(),
  shiftNumber: z.int(),
  shopName: z.string(),
  tillName: z.string(),
  demo: z.boolean(),
  practice: z.boolean(),
  copy: z.boolean(),
  openedBy: z.string(),
  fromMs: z.int(),
  /** Until when it counts: the moment of closing, or now. */
  toMs: z.int(),
  floatFen: fen,
  /** Null while the shift is open. */
  closing: z
    .object({
      by: z.string(),
      expectedFen: fen,
      countedFen: fen,
      differenceFen: fen,
      notes: countedNotesSchema,
      /** A manager put a mistyped count right afterwards. */
      isCorrected: z.boolean(),
    })
    .nullable(),
  held: count,
  unsent: count,
  /** The same chain mark as on a receipt, of the record that closed the shift. */
  seq: z.int(),
  shortHash: z.string(),
});
export type ShiftSlip = z.infer<typeof shiftSlipSchema>;

/** Sums up the records of one shift, from behind its opening up to its closing. Operators stay ids. */
export function sumShift(records: Iterable<JournalRecord>): ShiftSums {
  const sums: ShiftSums = {
    sales: 0,
    refunds: 0,
    exchanges: 0,
    tenderChanges: 0,
    totalFen: 0,
    cash: { salesFen: 0, refundsFen: 0, inFen: 0, outFen: 0, otherFen: 0 },
    mobile: [],
    points: { used: 0, back: 0 },
    truncationFen: 0,
    voids: { count: 0, totalFen: 0 },
    priceCuts: 0,
    drawerOpenings: 0,
    otherOverrides: 0,
    people: [],
  };
  for (const record of records) {
    addPostings(sums, record);
    addFacts(sums, record);
  }
  return sums;
}

/** Money and points by what was posted, so that a kind of record that is not thought of here still adds up. */
function addPostings(sums: ShiftSums, record: JournalRecord): void {
  const drawer = drawerOf(record);
  for (const { account, unit, amount } of record.postings) {
    if (unit === 'points') {
      if (account === 'spent' && amount > 0) sums.points.used += amount;
      if (account === 'spent' && amount < 0) sums.points.back -= amount;
    } else if (account === 'drawer') sums.cash[drawer] += amount;
    else if (account === 'truncation') sums.truncationFen += amount;
    else if (account.startsWith('mobile:'))
      addMobile(sums, account.slice('mobile:'.length), amount, record.kind === 'refund');
  }
}

function addMobile(sums: ShiftSums, channel: string, amountFen: number, isBack: boolean): void {
  let row = sums.mobile.find((one) => one.channel === channel);
  if (row === undefined) {
    row = { channel, inFen: 0, backFen: 0 };
    sums.mobile.push(row);
  }
  if (isBack) row.backFen += amountFen;
  else row.inFen += amountFen;
}

/** Where a record's cash belongs on the slip; what undoes a cash move belongs to the way the move went. */
function drawerOf(record: JournalRecord): keyof ShiftSums['cash'] {
  switch (record.kind) {
    case 'sale':
    case 'tenderChange':
      return 'salesFen';
    case 'refund':
      return 'refundsFen';
    case 'cashMove':
      return bodyOf(record, 'cashMove')?.direction === 'in' ? 'inFen' : 'outFen';
    case 'correction': {
      const body = bodyOf(record, 'correction');
      if (body?.what !== 'cashMove') return 'otherFen';
      return body.differenceFen < 0 ? 'inFen' : 'outFen';
    }
    default:
      return 'otherFen';
  }
}

function addFacts(sums: ShiftSums, record: JournalRecord): void {
  const sale = bodyOf(record, 'sale');
  if (sale !== null) {
    sums.sales += 1;
    sums.totalFen += sale.totalFen;
    addPerson(sums, record.operator, 1, 0, sale.totalFen);
  }
  const refund = bodyOf(record, 'refund');
  if (refund !== null) {
    const backFen = refund.lines.reduce((total, line) => total + line.payFen, 0);
    sums.refunds += 1;
    sums.totalFen -= backFen;
    addPerson(sums, record.operator, 0, 1, -backFen);
  }
  if (record.kind === 'exchange') sums.exchanges += 1;
  if (record.kind === 'tenderChange') sums.tenderChanges += 1;
  const voided = bodyOf(record, 'saleVoid');
  if (voided !== null) {
    sums.voids.count += 1;
    sums.voids.totalFen += voided.totalFen;
  }
  const override = bodyOf(record, 'override');
  if (override?.what === 'manualPrice') sums.priceCuts += 1;
  else if (override?.what === 'drawer') sums.drawerOpenings += 1;
  else if (override !== null) sums.otherOverrides += 1;
}

function addPerson(sums: ShiftSums, operator: string | null, sales: number, refunds: number, totalFen: number): void {
  const id = operator ?? '';
  let row = sums.people.find((one) => one.operator === id);
  if (row === undefined) {
    row = { operator: id, sales: 0, refunds: 0, totalFen: 0 };
    sums.people.push(row);
  }
  row.sales += sales;
  row.refunds += refunds;
  row.totalFen += totalFen;
}
