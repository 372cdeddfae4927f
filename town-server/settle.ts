import {
  adoptGrant,
  applyMove,
  expire,
  freeTerm,
  issueAgain,
  movesOf,
  newLot,
  REBORN_DAYS,
  returnOfLostCard,
  spendOnLostCard,
  type LotState,
  type Moved,
  type PointsMove,
} from '../shared/allotment.ts';
import { amountAt } from '../shared/amounts.ts';
import { must } from '../shared/assert.ts';
import { canonical } from '../shared/canonical.ts';
import type { JournalRecord } from '../shared/journal.ts';
import { mispostedRefund, mispostedSale, mispostedTenderChange, NO_TOTALS, type Misposted } from '../shared/posting.ts';
import { policyOn, type Policy } from '../shared/policy.ts';
import { differences, foldRecord, newFold, sumOf, totalsOf, type TotalsFold } from '../shared/reconcile.ts';
import {
  bodyOf,
  type ExchangeBody,
  type Grant,
  type RefundBody,
  type SaleBody,
  type TenderChangeBody,
} from '../shared/record-bodies.ts';
import { unseal } from '../shared/signed.ts';
import { addDays } from '../shared/time.ts';
import type { Break } from '../shared/till-contract.ts';
import { hashText, verify } from './crypto.ts';
import { headOf } from './intake.ts';
import { putLots } from './lots.ts';
import { touchMembers } from './members.ts';
import { movedBalance, tillMovement } from './movements.ts';
import { keepRestore, noteForgotten, noteHeard, provesHeard, restoreOf, type Restore } from './restored.ts';
import type { Rows, SaleState, Span, Transaction, WaitingReturn } from './store.ts';
import { asCanonical, present, UNRESOLVED, type Town } from './town.ts';

/** Records folded in one transaction: small enough that a top-up waiting behind it is still answered in time. */
const CHUNK = 250;

/**
 * Folds the next taken-in records of a chain, in order, up to `untilSeq`. Pointer and effects move in one transaction, so
 * a fold cut anywhere goes on where it stood and nothing counts twice. Answers whether `untilSeq` is reached.
 * Only under the `points` lock. The fold looks at the records, the books and the day, and at nothing else (invariant 25).
 */
export async function foldNext(
  town: Town,
  transaction: Transaction,
  till: string,
  incarnation: number,
  untilSeq: number,
): Promise<boolean> {
  const chain = await transaction.get('incarnation', { till, incarnation });
  must(chain !== null, `${till}/${incarnation} is not enrolled`);
  if (chain.settledSeq >= untilSeq) return true;
  const rows = await transaction.list('record', {
    equal: { till, incarnation },
    above: { seq: chain.settledSeq },
    below: { seq: untilSeq + 1 },
    limit: CHUNK,
  });
  const last = rows.at(-1);
  must(last !== undefined, `records of ${till} up to ${untilSeq} were acknowledged and are not there`);
  const records = rows.filter((row) => row.fault === null).map(recordOf);
  const { today, policies } = await present(town, transaction);
  const promised = await promisesIn(transaction, records, chain);
  // Noticed before anything is folded: it says what the terms of this chain are held to.
  const restore = promised.isForgotten
    ? await noteForgotten(town, transaction, chain)
    : promised.statement > 0
      ? await restoreOf(transaction)
      : null;
  const book = await openBook(transaction, records, chain, promised.grants, today, policies);
  book.restore = restore;
  for (const record of records) foldOne(book, record);
  if (promised.behind !== null) goOnBehind(book, promised.behind);
  book.chain = {
    ...book.chain,
    settledSeq: last.seq,
    settledHash: last.hash,
    perpetual: totalsOf(book.perpetual),
    periodTotals: totalsOf(book.period),
  };
  await closeBook(transaction, book);
  if (promised.isForgotten && restore !== null) await keepRestore(transaction, restore);
  if (provesHeard(restore, chain, promised.statement)) await noteHeard(town, transaction, chain);
  return last.seq >= untilSeq;
}

/** Folds the next of all that was taken in of a chain; true when nothing of it is left, or when there is no such chain. */
export async function foldTakenIn(
  town: Town,
  transaction: Transaction,
  till: string,
  incarnation: number,
): Promise<boolean> {
  const chain = await transaction.get('incarnation', { till, incarnation });
  if (chain === null) return true;
  const head = await headOf(transaction, till, incarnation);
  return chain.settledSeq >= head.seq || foldNext(town, transaction, till, incarnation, head.seq);
}

async function promisesIn(
  transaction: Transaction,
  records: readonly JournalRecord[],
  { till, incarnation }: Rows['incarnation'],
): Promise<Promises> {
  const granted = new Set(records.flatMap((record) => bodyOf(record, 'allotmentIn')?.grant.id ?? []));
  const applied = records.flatMap((record) => bodyOf(record, 'statementApplied') ?? []);
  const grants = await byKey(transaction, 'grant', 'grant', granted);
  const issued =
    applied.length === 0
      ? []
      : await transaction.list('statement', {
          equal: { till, incarnation },
          among: { number: applied.map((body) => body.number) },
        });
  const hashes = new Map(issued.map((row) => [row.number, row.hash]));
  const own = applied.filter((body) => hashes.get(body.number) === body.hash);
  const newest = applied.at(-1);
  return {
    grants,
    statement: own.reduce((number, body) => Math.max(number, body.number), 0),
    isForgotten: grants.size < granted.size || own.length < applied.length,
    behind: newest === undefined || own.includes(newest) ? null : { number: newest.number, hash: newest.hash },
  };
}

/**
 * What records name of the town's promises: the grants among them that it knows, its own newest statement that they
 * apply (0 for none), whether any of it is unknown here, as to a town that was restored from an older copy, and the
 * statement that the till applied last where the town has forgotten it, or has signed another one under its number.
 */
type Promises = Readonly<{
  grants: Map<string, Rows['grant']>;
  statement: number;
  isForgotten: boolean;
  behind: Readonly<{ number: number; hash: string }> | null;
}>;

function recordOf(row: Rows['record']): JournalRecord {
  // Intake read it in full, its body too, and marked what it could not read; nothing else writes these rows.
  return JSON.parse(row.text) as JournalRecord;
}

/** Everything a chunk of records can touch, loaded at once, changed in memory, and written at once. */
type Book = {
  chain: Rows['incarnation'];
  perpetual: TotalsFold;
  period: TotalsFold;
  today: string;
  policies: readonly Policy[];
  lots: Map<string, Rows['lot']>;
  terms: Map<string, Rows['term']>;
  sales: Map<string, SaleState>;
  cards: Map<string, Rows['card']>;
  /** Cards that these records say want replacing. */
  unreadable: Set<string>;
  grants: Map<string, Rows['grant']>;
  recalls: Map<string, Rows['recall']>;
  /** What these records moved, by movement and member. */
  movements: Map<string, Rows['movement']>;
  spendings: Map<string, Rows['spending']>;
  payables: Map<string, Rows['payable']>;
  days: Map<string, Rows['tillDay']>;
  claims: Map<string, Rows['claim']>;
  /** The restore that the town waits over; null where these records say nothing of it. */
  restore: Restore | null;
  breaks: Rows['break'][];
  touched: Set<string>;
};

async function openBook(
  transaction: Transaction,
  records: readonly JournalRecord[],
  chain: Rows['incarnation'],
  grants: Map<string, Rows['grant']>,
  today: string,
  policies: readonly Policy[],
): Promise<Book> {
  const wanted = { lots: new Set<string>(), terms: new Set<string>(), sales: new Set<string>() };
  const ids = {
    cards: new Set<string>(),
    members: new Set<string>(),
    recalls: new Set<string>(),
    claims: new Set<string>(),
  };
  for (const record of records) {
    for (const { lot, term } of record.postings) {
      if (lot !== undefined) wanted.lots.add(lot);
      if (term !== undefined) wanted.terms.add(term);
    }
    const sale = bodyOf(record, 'sale');
    if (sale !== null) {
      wanted.sales.add(record.id);
      if (sale.member !== null) ids.members.add(sale.member.id);
      if (sale.member !== null && sale.member.card !== null) ids.cards.add(sale.member.card);
    }
    const refund = bodyOf(record, 'refund');
    if (refund !== null) wanted.sales.add(refund.sale);
    const about = bodyOf(record, 'exchange') ?? bodyOf(record, 'tenderChange');
    if (about !== null) wanted.sales.add(about.sale);
    if (refund?.claim !== undefined) ids.claims.add(refund.claim);
    if (refund !== null && refund.member !== null) ids.members.add(refund.member.id);
    const applied = bodyOf(record, 'statementApplied');
    if (applied !== null && applied.term !== null) wanted.terms.add(applied.term.id);
    const out = bodyOf(record, 'allotmentOut');
    if (out !== null) ids.recalls.add(out.recall);
    const change = bodyOf(record, 'cardChange');
    if (change !== null) ids.cards.add(change.card);
  }
  const sales = await byKey(transaction, 'sale', 'sale', wanted.sales);
  for (const sale of sales.values()) {
    for (const waiting of sale.waiting) {
      for (const move of waiting.moves) {
        wanted.lots.add(move.lot);
        if (move.kind !== 'returnFree') wanted.terms.add(move.term);
      }
    }
  }
  const months = [...new Set(records.map((record) => record.businessDay.slice(0, 7)))];
  // A waiting refund is paid in its own month, which may be another one than those of these records.
  for (const sale of sales.values()) for (const waiting of sale.waiting) months.push(waiting.day.slice(0, 7));
  const firstDay = months.toSorted()[0] ?? today;
  const { till } = chain;
  const terms = await byKey(transaction, 'term', 'term', wanted.terms);
  const lots = await byKey(transaction, 'lot', 'lot', wanted.lots);
  if (chain.term !== null && terms.size < wanted.terms.size) {
    // A term that was forgotten begins when the one before it was freed: what that held is free again.
    const { term: before } = chain;
    for (const lot of await transaction.list('lot')) {
      if (amountAt(lot.allotted, before) > 0) lots.set(lot.lot, lot);
    }
    const row = await transaction.get('term', { term: before });
    if (row !== null) terms.set(before, row);
  }
  const spendings = await transaction.list('spending', {
    among: { member: [...ids.members] },
    above: { day: firstDay },
  });
  return {
    chain: { ...chain },
    perpetual: newFold(chain.perpetual),
    period: newFold(chain.periodTotals),
    today,
    policies,
    lots,
    terms,
    sales,
    cards: await byKey(transaction, 'card', 'card', ids.cards),
    unreadable: new Set(),
    grants,
    recalls: await byKey(transaction, 'recall', 'recall', ids.recalls),
    movements: new Map(),
    spendings: new Map(spendings.map((row) => [`${row.member} ${row.day}`, row])),
    payables: new Map(
      (await transaction.list('payable', { among: { month: months } })).map((row) => [payableKey(row), row]),
    ),
    days: new Map(
      (await transaction.list('tillDay', { equal: { till }, above: { day: firstDay } })).map((row) => [row.day, row]),
    ),
    claims: await byKey(transaction, 'claim', 'claim', ids.claims),
    restore: null,
    breaks: [],
    touched: new Set(),
  };
}

async function byKey<N extends 'sale' | 'lot' | 'term' | 'card' | 'grant' | 'recall' | 'claim'>(
  transaction: Transaction,
  table: N,
  field: keyof Rows[N] & string,
  ids: ReadonlySet<string>,
): Promise<Map<string, Rows[N]>> {
  if (ids.size === 0) return new Map();
  const among = { [field]: [...ids].sort() } as unknown as { [C in keyof Rows[N]]?: readonly Rows[N][C][] };
  return new Map((await transaction.list(table, { among })).map((row) => [String(row[field]), row]));
}

async function closeBook(transaction: Transaction, book: Book): Promise<void> {
  await putLots(transaction, [...book.lots.values()]);
  await transaction.put('sale', [...book.sales.values()]);
  await transaction.put('claim', [...book.claims.values()]);
  await transaction.put(
    'card',
    [...book.unreadable].flatMap((card) => book.cards.get(card) ?? []),
  );
  await transaction.put('term', [...book.terms.values()]);
  await transaction.put('grant', [...book.grants.values()]);
  await transaction.put('recall', [...book.recalls.values()]);
  await transaction.put('movement', [...book.movements.values()]);
  await transaction.put('spending', [...book.spendings.values()]);
  await transaction.put('payable', [...book.payables.values()]);
  await transaction.put('tillDay', [...book.days.values()]);
  await transaction.add('break', book.breaks);
  await transaction.put('incarnation', [book.chain]);
  await touchMembers(transaction, book.touched);
}

/** One record: its effects on points and documents, then the totals that both sides fold alike. */
function foldOne(book: Book, record: JournalRecord): void {
  const { chain } = book;
  if (record.period !== chain.period) {
    chain.period = record.period;
    book.period = newFold();
  }
  switch (record.kind) {
    case 'sale':
      judgePostings(book, record, mispostedSale(record.body as SaleBody, record.postings));
      foldSale(book, record, record.body as SaleBody);
      break;
    case 'refund':
      judgePostings(book, record, mispostedRefund(record.body as RefundBody, record.postings));
      foldRefund(book, record, record.body as RefundBody);
      break;
    case 'exchange':
      foldExchange(book, record, record.body as ExchangeBody);
      break;
    case 'tenderChange':
      judgePostings(book, record, mispostedTenderChange(record.body as TenderChangeBody, record.postings));
      foldTenderChange(book, record, record.body as TenderChangeBody);
      break;
    case 'allotmentIn':
      foldGrant(book, record);
      break;
    case 'allotmentOut':
      foldRecall(book, record);
      break;
    case 'statementApplied':
      foldStatement(book, record);
      break;
    case 'cardChange':
      foldCardChange(book, record);
      break;
    default:
      // Every other kind moves no points and no document of the town's: only the totals below.
      break;
  }
  foldRecord(book.perpetual, record);
  foldRecord(book.period, record);
  // A closing counts itself, so it is judged with itself folded.
  if (record.kind === 'periodClose') foldClosing(book, record);
  if (record.kind === 'monthClose' || record.kind === 'yearClose') foldSpan(book, record, record.kind);
}

/** A document whose postings are not what its body says is folded by its postings, and named account by account. */
function judgePostings(book: Book, { kind, seq }: JournalRecord, found: readonly Misposted[]): void {
  for (const { account, posted, said } of found) {
    const amounts = { account: `${kind} ${account}`, seq, tillAmount: posted, townAmount: said };
    addBreak(book, 'totalsDiffer', `${seq}:posted:${account}`, amounts);
  }
}

function foldSale(book: Book, record: JournalRecord, body: SaleBody): void {
  const { chain } = book;
  const moves = movesOf(record);
  const known = book.sales.get(record.id);
  const card = book.cards.get(body.member?.card ?? '');
  const sale: SaleState = {
    sale: record.id,
    seen: true,
    receipt: body.receipt,
    till: chain.till,
    incarnation: chain.incarnation,
    seq: record.seq,
    sold: body.lines.map((line) => line.quantity),
    back: body.lines.map((_, index) => known?.back[index] ?? null),
    exchanged: body.lines.map((_, index) => known?.exchanged[index] ?? 0),
    mobileFen: body.mobileFen + (known?.mobileFen ?? 0),
    cashFen: body.cashDueFen + (known?.cashFen ?? 0),
    tenders: null,
    points: {},
    borne: {},
    onLostCard: card !== undefined && card.lostAtMs !== null && card.lostAtMs < record.at,
    waiting: [],
  };
  book.sales.set(record.id, sale);

  const where = {
    shop: record.shop,
    till: chain.till,
    incarnation: chain.incarnation,
    day: record.businessDay,
    seq: record.seq,
    atMs: record.at,
    pointValueFen: body.pointValueFen,
  };
  for (const move of moves) {
    if (applyToLot(book, move, where, sale)) sale.points[move.lot] = amountAt(sale.points, move.lot) + move.points;
  }
  for (const waiting of known?.waiting ?? []) {
    giveBack(book, sale, waiting);
    judgeReturned(book, sale, waiting);
  }

  judgeExchanged(book, sale, record.seq);

  const day = dayOf(book, chain.till, record.businessDay);
  day.sales += 1;
  day.points += body.pointsUsed;
  if (body.member !== null) {
    const saved = body.lines.reduce((sum, line) => sum + line.shelfFen - line.payFen, 0);
    noteSpending(book, body.member.id, record.businessDay, body.pointsUsed, saved);
    if (body.pointsUsed > 0) judgeCaps(book, body.member.id, record);
  }
}

/** The sale that a document is about, or its place while it has not been heard of. */
function saleOf(book: Book, id: string): SaleState {
  const sale: SaleState = book.sales.get(id) ?? {
    sale: id,
    seen: false,
    receipt: '',
    till: '',
    incarnation: 0,
    seq: 0,
    sold: [],
    back: [],
    exchanged: [],
    mobileFen: 0,
    cashFen: 0,
    tenders: null,
    points: {},
    borne: {},
    onLostCard: false,
    waiting: [],
  };
  book.sales.set(id, sale);
  return sale;
}

/** The same goods out again: nothing is owed for it, but nobody exchanges more of a line than was sold (peers 53, invariant 21). */
function foldExchange(book: Book, record: JournalRecord, body: ExchangeBody): void {
  const sale = saleOf(book, body.sale);
  for (const { line, quantity } of body.lines) {
    while (sale.exchanged.length <= line) sale.exchanged.push(0);
    sale.exchanged[line] = (sale.exchanged[line] ?? 0) + quantity;
  }
  // Heard before its sale, from another till, it is judged when the sale is there.
  if (sale.seen) judgeExchanged(book, sale, record.seq);
}

function judgeExchanged(book: Book, sale: SaleState, seq: number): void {
  for (const [line, quantity] of sale.exchanged.entries()) {
    const sold = sale.sold[line] ?? 0;
    if (quantity <= sold) continue;
    const amounts = { account: `exchange line ${line}`, seq, tillAmount: quantity, townAmount: sold };
    addBreak(book, 'refundedTwice', `${sale.sale}:exchange:${line}`, amounts, sale);
  }
}

/** A tender put right: later refunds are held to it. Only the chain that sold may say so, and only of what it still has. */
function foldTenderChange(book: Book, record: JournalRecord, body: TenderChangeBody): void {
  const { till, incarnation } = book.chain;
  const sale = book.sales.get(body.sale);
  const { before, after } = body;
  if (sale === undefined || !sale.seen || sale.till !== till || sale.incarnation !== incarnation) {
    const amounts = {
      account: `tenderChange ${body.saleReceipt}`,
      seq: record.seq,
      tillAmount: null,
      townAmount: null,
    };
    addBreak(book, 'totalsDiffer', `${record.seq}:tenderChange`, amounts);
    return;
  }
  sale.mobileFen += after.mobileFen - before.mobileFen;
  sale.cashFen += after.cashFen - before.cashFen;
  sale.tenders = after;
  const missing = [
    ['fen mobile', sale.mobileFen],
    ['fen drawer', sale.cashFen],
  ] as const;
  for (const [account, leftFen] of missing) {
    if (leftFen >= 0) continue;
    const amounts = { account: `tenderChange ${account}`, seq: record.seq, tillAmount: -leftFen, townAmount: 0 };
    addBreak(book, 'refundedTwice', `${sale.sale}:tenderChange:${account}`, amounts);
  }
}

function foldRefund(book: Book, record: JournalRecord, body: RefundBody): void {
  const { till, incarnation } = book.chain;
  const sale = saleOf(book, body.sale);
  for (const { line, quantity } of body.lines) {
    while (sale.back.length <= line) sale.back.push(null);
    sale.back[line] = (sale.back[line] ?? 0) + quantity;
  }
  sale.mobileFen -= body.mobileBackFen;
  sale.cashFen -= body.cashBackFen;
  const waiting: WaitingReturn = {
    till,
    shop: record.shop,
    incarnation,
    seq: record.seq,
    atMs: record.at,
    day: record.businessDay,
    pointValueFen: body.pointValueFen,
    moves: movesOf(record),
    lines: body.lines.map(({ line }) => line),
  };
  // Heard before its sale, from another till, it waits: the order of arrival changes no balance (invariant 26).
  if (sale.seen) {
    giveBack(book, sale, waiting);
    judgeReturned(book, sale, waiting);
  } else sale.waiting.push(waiting);
  judgeClaim(book, record, body, sale);

  dayOf(book, till, record.businessDay).points -= body.pointsBack;
  if (body.member !== null) {
    const saved = body.lines.reduce((sum, line) => sum + line.payFen - line.shelfFen, 0);
    noteSpending(book, body.member.id, record.businessDay, -body.pointsBack, saved);
  }
}

/**
 * The claim of a refund is resolved by its record. One of another chain's sale without the town's claim, with one that
 * was let go or that spoke of other goods, is folded all the same and named: whoever took the goods back paid for them.
 */
function judgeClaim(book: Book, record: JournalRecord, body: RefundBody, sale: SaleState): void {
  const { till, incarnation } = book.chain;
  const claim = body.claim === undefined ? undefined : book.claims.get(body.claim);
  const isOurs =
    claim !== undefined &&
    claim.till === till &&
    claim.incarnation === incarnation &&
    claim.sale === body.sale &&
    (claim.doneSeq === null || claim.doneSeq === record.seq);
  if (isOurs) book.claims.set(claim.claim, { ...claim, doneSeq: record.seq });
  const isCovered =
    isOurs &&
    claim.releasedAtMs === null &&
    body.lines.every(({ line, quantity }) => claim.lines.some((one) => one.line === line && one.quantity === quantity));
  const seller = sale.seen ? sale : { till: body.saleTill, incarnation: body.saleIncarnation };
  if (isCovered || (seller.till === till && seller.incarnation === incarnation)) return;
  addBreak(book, 'refundUnclaimed', `${record.seq}`, {
    account: body.saleReceipt,
    seq: record.seq,
    tillAmount: body.lines.reduce((sum, line) => sum + line.payFen, 0),
    townAmount: null,
  });
}

/** Which record a move belongs to: its chain and sequence, its shop, day and time. */
type Where = Readonly<{
  shop: string;
  till: string;
  incarnation: number;
  day: string;
  seq: number;
  atMs: number;
  pointValueFen: number;
}>;

/**
 * Applies one move to its lot and to what the lot's village owes the shop; false when the town knows no such lot.
 * `sale` is the one that the move belongs to, null for an *out*: what a shortfall bears is remembered with it.
 */
function applyToLot(book: Book, move: PointsMove, where: Where, sale: SaleState | null): boolean {
  const lot = book.lots.get(move.lot);
  if (lot === undefined) {
    addBreak(
      book,
      'shortfall',
      `${where.seq}:${move.lot}`,
      { account: `points ${move.lot}`, seq: where.seq, tillAmount: move.points, townAmount: 0 },
      where,
    );
    return false;
  }
  const termOpen = move.kind !== 'returnFree' && isOpen(book, move.term, where);
  const { lot: moved, rebornPoints, borne } = moveOf(lot, move, termOpen, where.day, sale);
  const after = keepLot(book, lot, { ...moved, unlisted: lot.unlisted + rebornPoints }, where);
  let balance = movedBalance(lot, after);
  if (sale !== null && borne !== 0) sale.borne[move.lot] = amountAt(sale.borne, move.lot) + borne;
  if (rebornPoints > 0) {
    const from = [lot.lot, where.till, where.incarnation, where.seq].join('\0');
    const id = hashText(`reborn\0${from}`).slice(0, 32);
    const { member, village, fund } = lot;
    const empty = newLot({ lot: id, member, village, fund, expiresOn: addDays(where.day, REBORN_DAYS), issued: 0 });
    // Where the town forgot the refund, a grant out of this lot may have been heard of first.
    const before = book.lots.get(id) ?? null;
    const reborn = issueAgain(before ?? empty, rebornPoints);
    const born = {
      ...reborn,
      ...expire(reborn, book.today),
      earnedOn: where.day,
      note: 'refund',
      unlisted: before?.unlisted ?? 0,
    };
    book.lots.set(id, born);
    balance += movedBalance(before, born);
  }
  owe(book, lot, move, where);
  noteMovement(book, lot.member, move, where, balance);
  return true;
}

/** One line in the holder's list for all that a record moves; an *out* only changes where the points lie. */
function noteMovement(book: Book, member: string, move: PointsMove, where: Where, balance: number): void {
  if (move.kind === 'out') return;
  const kind = move.kind === 'spend' ? 'spent' : 'returned';
  const key = JSON.stringify([member, where.till, where.incarnation, where.seq]);
  book.movements.set(key, tillMovement(book.movements.get(key), member, kind, where, balance, move.points));
}

/** What was spent on a card that was reported lost is never the holder's (R-C3, invariant 12). */
function moveOf(lot: LotState, move: PointsMove, termOpen: boolean, day: string, sale: SaleState | null): Moved {
  if (sale?.onLostCard !== true || move.kind === 'out')
    return applyMove(lot, move, termOpen, day, amountAt(sale?.borne ?? {}, move.lot));
  const moved = move.kind === 'spend' ? spendOnLostCard(lot, move, termOpen) : returnOfLostCard(lot, move, termOpen);
  return { lot: moved, rebornPoints: 0, borne: moved.shortfall - lot.shortfall };
}

/** Stores how a lot stands after a move; what a shortfall had to cover is a break with the clerk as its owner. */
function keepLot(
  book: Book,
  before: Rows['lot'],
  moved: LotState & Readonly<{ unlisted: number }>,
  where: Where,
): Rows['lot'] {
  const after = { ...before, ...moved, ...expire(moved, book.today) };
  book.lots.set(after.lot, after);
  book.touched.add(after.member);
  const missing = after.shortfall - before.shortfall;
  if (missing > 0) {
    const spent = after.spent - before.spent;
    addBreak(
      book,
      'shortfall',
      `${where.seq}:${after.lot}`,
      { account: `points ${after.lot}`, seq: where.seq, tillAmount: spent, townAmount: spent - missing },
      where,
    );
  }
  return after;
}

/** What the village and fund of a lot owe the shop (R-T3); a return goes against the month it is recorded in (R-T4). */
function owe(book: Book, lot: LotState, move: PointsMove, where: Where): void {
  if (move.kind === 'out') return;
  const sign = move.kind === 'spend' ? 1 : -1;
  const key = { shop: where.shop, month: where.day.slice(0, 7), village: lot.village, fund: lot.fund };
  const row = book.payables.get(payableKey(key)) ?? { ...key, points: 0, amountFen: 0 };
  row.points += sign * move.points;
  row.amountFen += sign * move.points * where.pointValueFen;
  book.payables.set(payableKey(key), row);
}

function payableKey(row: Readonly<{ shop: string; month: string; village: string; fund: string }>): string {
  return JSON.stringify([row.shop, row.month, row.village, row.fund]);
}

/** Gives points back to the lots of a sale, never more than each of them gave (invariant 21). */
function giveBack(book: Book, sale: SaleState, refund: WaitingReturn): void {
  for (const move of refund.moves) {
    const left = amountAt(sale.points, move.lot);
    const points = Math.min(left, move.points);
    if (points > 0 && applyToLot(book, { ...move, points }, refund, sale)) sale.points[move.lot] = left - points;
    if (points < move.points) twice(book, sale, refund, `points ${move.lot}`, move.points, points);
  }
}

/** Whether a refund took more of a line than was sold, or gave more of a tender than was paid for what came back. */
function judgeReturned(book: Book, sale: SaleState, refund: WaitingReturn): void {
  const over = refund.lines.filter((line) => (sale.back[line] ?? 0) > (sale.sold[line] ?? 0));
  for (const line of over) twice(book, sale, refund, `line ${line}`, sale.back[line] ?? 0, sale.sold[line] ?? 0);
  if (over.length > 0) return;
  if (sale.mobileFen < 0) twice(book, sale, refund, 'fen mobile', -sale.mobileFen, 0);
  if (sale.cashFen < 0) twice(book, sale, refund, 'fen drawer', -sale.cashFen, 0);
}

function twice(
  book: Book,
  sale: SaleState,
  refund: WaitingReturn,
  account: string,
  tillAmount: number,
  townAmount: number,
): void {
  const { seq } = refund;
  addBreak(book, 'refundedTwice', `${sale.sale}:${account}:${seq}`, { account, seq, tillAmount, townAmount }, refund);
}

/** A term counts as open only for the chain it belongs to (invariant 16). */
function isOpen(book: Book, term: string, where: Pick<Where, 'till' | 'incarnation'>): boolean {
  const row = book.terms.get(term);
  return (
    row !== undefined && row.closedAtMs === null && row.till === where.till && row.incarnation === where.incarnation
  );
}

function noteSpending(book: Book, member: string, day: string, points: number, savedFen: number): void {
  const row = book.spendings.get(`${member} ${day}`) ?? { member, day, points: 0, savedFen: 0 };
  row.points += points;
  row.savedFen += savedFen;
  book.spendings.set(`${member} ${day}`, row);
  book.touched.add(member);
}

/** Caps hold at each till; over several that were cut off they may be exceeded together: a notice, never a debt. */
function judgeCaps(book: Book, member: string, record: JournalRecord): void {
  const policy = policyOn(book.policies, record.businessDay);
  if (policy === null) return;
  const month = record.businessDay.slice(0, 7);
  let spentThisMonth = 0;
  for (const row of book.spendings.values()) {
    if (row.member === member && row.day.startsWith(month)) spentThisMonth += row.points;
  }
  const spentToday = book.spendings.get(`${member} ${record.businessDay}`)?.points ?? 0;
  const notice = (cap: number, spent: number, period: string): void => {
    if (spent <= cap) return;
    addBreak(book, 'capExceeded', `${member}:${period}`, {
      account: `member ${member}`,
      seq: record.seq,
      tillAmount: spent,
      townAmount: cap,
    });
  };
  notice(policy.points.perDay, spentToday, record.businessDay);
  notice(policy.points.perMonth, spentThisMonth, month);
}

function dayOf(book: Book, till: string, day: string): Rows['tillDay'] {
  const row = book.days.get(day) ?? { till, day, sales: 0, points: 0 };
  book.days.set(day, row);
  return row;
}

/**
 * What a statement said of the till's term. One that the town has forgotten is known again, and with it that the term
 * before was freed, since only then a statement opens another.
 */
function foldStatement(book: Book, record: JournalRecord): void {
  const body = bodyOf(record, 'statementApplied');
  if (body === null || body.term === null) return;
  const { chain } = book;
  const { id, endMs } = body.term;
  const known = book.terms.get(id);
  if (known !== undefined) {
    if (known.till === chain.till && known.incarnation === chain.incarnation && known.endMs < endMs)
      book.terms.set(id, { ...known, endMs });
    return;
  }
  const before = book.terms.get(chain.term ?? '');
  if (before !== undefined && before.closedAtMs === null) {
    book.terms.set(before.term, { ...before, closedAtMs: record.at });
    for (const lot of book.lots.values()) {
      if (amountAt(lot.allotted, before.term) === 0) continue;
      book.lots.set(lot.lot, { ...lot, ...expire(freeTerm(lot, before.term), book.today) });
      book.touched.add(lot.member);
    }
  }
  const { till, incarnation } = chain;
  book.terms.set(id, { term: id, till, incarnation, endMs, closedAtMs: null });
  chain.term = id;
}

/**
 * A town that was restored from an older copy has forgotten statements that its till applied, and may have signed others
 * under their numbers since, for requests that came late or twice. It goes on behind what the till applied, which is all
 * that the till can follow; what it forgot is a break.
 */
function goOnBehind(book: Book, { number, hash }: Readonly<{ number: number; hash: string }>): void {
  const { chain } = book;
  addBreak(book, 'townBehind', String(number), {
    account: null,
    seq: null,
    tillAmount: number,
    townAmount: chain.statementNumber,
  });
  book.chain = { ...chain, statementNumber: number, statementHash: hash };
}

/** The till has written its grant down, once (invariant 19). One that the town forgot is made good, or named. */
function foldGrant(book: Book, record: JournalRecord): void {
  const body = bodyOf(record, 'allotmentIn');
  if (body === null) return;
  const { chain } = book;
  const row = book.grants.get(body.grant.id);
  const isOurs =
    row !== undefined &&
    row.till === chain.till &&
    row.incarnation === chain.incarnation &&
    row.term === body.grant.term &&
    (row.appliedSeq === null || row.appliedSeq === record.seq) &&
    canonical(asCanonical(row.lots)) === canonical(asCanonical(body.grant.lots));
  if (isOurs) {
    book.grants.set(row.grant, { ...row, appliedSeq: record.seq });
    return;
  }
  const { term } = body.grant;
  const isOfChain = body.grant.till === chain.till && body.grant.incarnation === chain.incarnation;
  if (row === undefined && isOfChain && isOpen(book, term, chain)) {
    adopt(book, record, body.grant);
    return;
  }
  addBreak(book, 'shortfall', `${record.seq}:${body.grant.id}`, {
    account: 'points granted',
    seq: record.seq,
    tillAmount: body.grant.lots.reduce((sum, lot) => sum + lot.points, 0),
    townAmount: 0,
  });
}

/**
 * A grant that a restored town has forgotten. What it moved is the till's, whatever the town believed since: taken out of
 * the free part, and what that has not is overdrawn until it comes back or for ever. A lot that the town forgot with it
 * stands without points until it is issued again.
 */
function adopt(book: Book, record: JournalRecord, grant: Grant): void {
  const { till, incarnation } = book.chain;
  const { id, term, member, lots } = grant;
  const { seq } = record;
  let points = 0;
  for (const { lot, village, fund, expiresOn, points: granted } of lots) {
    const before = book.lots.get(lot) ?? {
      ...newLot({ lot, member, village, fund, expiresOn, issued: 0 }),
      earnedOn: record.businessDay,
      note: '',
      unlisted: 0,
    };
    const after = { ...before, ...adoptGrant(before, term, granted, before.unlisted) };
    book.lots.set(lot, after);
    book.touched.add(before.member);
    points += granted;
    // Tills that are still to be heard may give it back; it is named when none is waited for any more.
    if (book.restore !== null && after.overdrawn > before.overdrawn)
      book.restore.beyond[lot] = { till, incarnation, seq };
  }
  book.grants.set(id, {
    grant: id,
    till,
    incarnation,
    term,
    member,
    lots: [...lots],
    madeAtMs: record.at,
    appliedSeq: record.seq,
  });
  // One word for all that this till shows: a town may have forgotten thousands of them, and each is made good.
  const about = `granted:${book.restore?.noticedAtMs ?? 0}`;
  addBreak(book, 'townBehind', about, { account: 'points granted', seq, tillAmount: points, townAmount: 0 });
}

/** A card that somebody had to read, the first time; staff sees it among those to replace. */
function foldCardChange(book: Book, record: JournalRecord): void {
  const body = bodyOf(record, 'cardChange');
  // A loss or a new card came by its own request, which the town has answered.
  if (body?.what !== 'unreadable') return;
  const card = book.cards.get(body.card);
  if (card === undefined || card.unreadableAtMs !== null) return;
  book.cards.set(card.card, { ...card, unreadableAtMs: record.at });
  book.unreadable.add(card.card);
}

function foldRecall(book: Book, record: JournalRecord): void {
  const body = bodyOf(record, 'allotmentOut');
  if (body === null) return;
  const { till, incarnation } = book.chain;
  const where = {
    shop: record.shop,
    till,
    incarnation,
    day: record.businessDay,
    seq: record.seq,
    atMs: record.at,
    pointValueFen: 0,
  };
  for (const move of movesOf(record)) applyToLot(book, move, where, null);
  const recall = book.recalls.get(body.recall);
  if (recall !== undefined) book.recalls.set(recall.recall, { ...recall, doneSeq: record.seq });
}

/** A closing is the till's claim: its signature, its place in the chain, and its totals against our own fold (invariant 22). */
function foldClosing(book: Book, record: JournalRecord): void {
  const body = bodyOf(record, 'periodClose');
  if (body === null) return;
  const { chain } = book;
  const { signature, ...claim } = body;
  const bytes = canonical(asCanonical(claim));
  const opened = unseal('closing', { bytes, signature }, chain.publicKey, verify, (value) => value as object);
  const inPlace =
    body.period === record.period &&
    body.label === record.businessDay &&
    body.lastSeq === record.seq &&
    body.headHash === record.previous;
  if (opened.kind === 'refused' || !inPlace) {
    const account = opened.kind === 'refused' ? opened.reason : 'place';
    addBreak(book, 'closingWrong', `${record.seq}`, { account, seq: record.seq, tillAmount: null, townAmount: null });
  }
  const compare = (what: string, till: typeof body.totals, town: typeof body.totals): void => {
    for (const { figure, tillAmount, townAmount } of differences(till, town)) {
      addBreak(book, 'totalsDiffer', `${record.seq}:${what}:${figure}`, {
        account: what === 'period' ? figure : `${what} ${figure}`,
        seq: record.seq,
        tillAmount,
        townAmount,
      });
    }
  };
  const totals = totalsOf(book.period);
  const perpetual = totalsOf(book.perpetual);
  compare('period', body.totals, totals);
  compare('perpetual', body.perpetual, perpetual);
  const { period, businessDay: label } = record;
  chain.closedPeriod = { period, label, totals };
  const closed = { span: label.slice(0, 7), firstPeriod: period, lastPeriod: period, periods: 1, totals };
  chain.spans = { ...chain.spans, perpetual, months: withPart(chain.spans.months, closed) };
}

/** Adds a closed part to the span that it belongs to, which begins with it where there is none. */
function withPart(spans: readonly Span[], part: Span): Span[] {
  const before = spans.find((one) => one.span === part.span);
  if (before === undefined) return [...spans, part];
  const sum: Span = {
    span: part.span,
    firstPeriod: Math.min(before.firstPeriod, part.firstPeriod),
    lastPeriod: Math.max(before.lastPeriod, part.lastPeriod),
    periods: before.periods + part.periods,
    totals: sumOf([before.totals, part.totals]),
  };
  return spans.map((one) => (one === before ? sum : one));
}

/**
 * A month's or a year's closing is the till's claim like a day's: its signature, its place in the chain, and its sums
 * against those of the periods that the town folded itself (invariant 22).
 */
function foldSpan(book: Book, record: JournalRecord, kind: 'monthClose' | 'yearClose'): void {
  const body = bodyOf(record, kind);
  if (body === null) return;
  const { chain } = book;
  const { seq } = record;
  const wrong = (figure: string, tillAmount: number | null, townAmount: number | null): void =>
    addBreak(book, 'closingWrong', `${seq}:${body.span}:${figure}`, {
      account: `${body.span} ${figure}`,
      seq,
      tillAmount,
      townAmount,
    });
  const { signature, ...claim } = body;
  const bytes = canonical(asCanonical(claim));
  const opened = unseal('closing', { bytes, signature }, chain.publicKey, verify, (value) => value as object);
  if (opened.kind === 'refused') wrong(opened.reason, null, null);
  if (body.headHash !== record.previous) wrong('place', null, null);

  const { since, perpetual, months, years } = chain.spans;
  const isMonth = kind === 'monthClose';
  const open = isMonth ? months : years;
  const own = open.find((one) => one.span === body.span);
  // Periods from before the town kept these sums are in the till's claim and not in ours.
  const isJudged = body.firstPeriod >= since && (own === undefined || own.firstPeriod >= since);
  if (isJudged) {
    for (const figure of ['firstPeriod', 'lastPeriod', 'periods'] as const) {
      if (body[figure] !== (own?.[figure] ?? 0)) wrong(figure, body[figure], own?.[figure] ?? 0);
    }
    for (const { figure, tillAmount, townAmount } of differences(body.totals, own?.totals ?? NO_TOTALS))
      wrong(figure, tillAmount, townAmount);
    for (const { figure, tillAmount, townAmount } of differences(body.perpetual, perpetual ?? NO_TOTALS))
      wrong(`perpetual ${figure}`, tillAmount, townAmount);
  }
  const left = open.filter((one) => one !== own);
  if (!isMonth) {
    chain.spans = { ...chain.spans, years: left };
    return;
  }
  const { firstPeriod, lastPeriod, periods, totals } = isJudged && own !== undefined ? own : body;
  const part = { span: body.span.slice(0, 4), firstPeriod, lastPeriod, periods, totals };
  chain.spans = { ...chain.spans, months: left, years: withPart(years, part) };
}

const OWNERS: Readonly<Record<Break['kind'], Break['owner']>> = {
  totalsDiffer: 'clerk',
  quarantined: 'clerk',
  fork: 'clerk',
  missing: 'till',
  shortfall: 'clerk',
  refundedTwice: 'manager',
  refundUnclaimed: 'manager',
  capExceeded: 'clerk',
  townBehind: 'town',
  closingWrong: 'clerk',
};

/**
 * A break is named once by what it is about, however often its records are folded (invariant 28). It belongs to the
 * chain whose record it is about: a refund that waited for its sale is not the seller's.
 */
function addBreak(
  book: Book,
  kind: Break['kind'],
  about: string,
  amounts: Pick<Break, 'account' | 'seq' | 'tillAmount' | 'townAmount'>,
  { till, incarnation }: Readonly<{ till: string; incarnation: number }> = book.chain,
): void {
  const id = `${kind}:${till}:${incarnation}:${about}`;
  if (book.breaks.some((one) => one.id === id)) return;
  const owner = OWNERS[kind];
  book.breaks.push({ id, till, incarnation, kind, owner, ...amounts, sinceDay: book.today, ...UNRESOLVED });
}
