import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import type { JournalRecord } from '../../shared/journal.ts';
import type { BodyOf, ExchangeBody, RefundBody, SaleBody } from '../../shared/record-bodies.ts';
import type { Tenders } from '../../shared/tenders.ts';
import { ensure } from './violation.ts';

/** A record as the simulation itself read it from a till's file. */
export type Seen = Readonly<{ record: JournalRecord; hash: string; n: number }>;

/** What a cashier's screen called done, and nobody may lose any more. */
export type Acknowledged = Readonly<{ id: string; kind: AcknowledgedKind; atMs: number }>;
export type AcknowledgedKind = 'sale' | 'refund' | 'exchange' | 'tenderChange' | 'cardChange';

/** What the policy of a run allows, and the true time, for the checks that a record must pass whoever wrote it. */
export type Rules = Readonly<{
  pointsCap: number;
  pinFreePerDay: number;
  /** Whom a member named at the town to buy for them. */
  bearerOf: (member: string) => string;
  trueMs: () => number;
}>;

const ZERO = '0'.repeat(64);

/** A signed time may be as old as its answer was late. */
const SLACK_MS = 60_000;

/** The hash of a record by the format's own words, not by the product's code. */
function hashOf(text: string): string {
  return createHash('sha256').update('onecard/v1\0').update(text, 'utf8').digest('hex');
}

/**
 * What really happened at one till: every record its file ever showed, read behind the product's back and checked on the
 * way in (invariants 1, 2, 5, 9, 10; receipt numbers gapless), and what its screens acknowledged.
 */
export function createTruth(till: string, rules: Rules) {
  let seen: Seen[] = [];
  let reader: Database.Database | null = null;
  const acknowledged = new Map<string, Acknowledged>();
  /** Documents that a screen refused: they must not stand in the journal. */
  const refused = new Set<string>();
  const heads = new Map<number, { seq: number; hash: string; counter: number }>();
  const ids = new Set<string>();
  const hashes = new Map<string, string>();
  const publicKeys = new Map<number, string>();
  /** The open term of each incarnation, by its newest statement, and when it ends. */
  const terms = new Map<number, { id: string; endMs: number }>();
  /** What is left of each sale of this journal: quantity by line, what of it was exchanged, points, and its tenders. */
  const sold = new Map<string, { quantities: number[]; exchanged: number[]; points: number; tenders: Tenders }>();
  const confirmed = new Set<string>();
  /** Between a jump of the clock and the town's next word a record bears whatever the wall clock says (protocol, "Time"). */
  let inDoubt = false;
  /** True time of the last look. */
  let readMs = rules.trueMs();
  /** The newest incarnation that was read before the folder was set back: its records may come back from the town. */
  let forgotten = 0;

  const take = (row: { n: number; incarnation: number; seq: number; hash: string; text: string }): void => {
    const where = `${till} ${row.incarnation}/${row.seq}`;
    const head = heads.get(row.incarnation) ?? { seq: 0, hash: ZERO, counter: 0 };
    ensure(row.seq === head.seq + 1, 'sequenceGapless', () => `${where} follows ${head.seq}`);
    ensure(hashOf(row.text) === row.hash, 'hashOfBytes', () => where);
    const record = JSON.parse(row.text) as JournalRecord;
    ensure(record.previous === head.hash, 'chain', () => where);
    ensure(!ids.has(record.id), 'idOnce', () => `${where} ${record.id}`);
    ids.add(record.id);
    checkPostings(record, where);
    if (record.kind === 'genesis') publicKeys.set(row.incarnation, (record.body as BodyOf<'genesis'>).publicKey);
    let { counter } = head;
    if (record.kind === 'sale' || record.kind === 'refund') {
      const body = record.body as SaleBody | RefundBody;
      counter += 1;
      ensure(body.counter === counter, 'receiptGapless', () => `${where}: ${body.receipt} is number ${counter}`);
    }
    if (record.kind === 'override' && record.body['what'] === 'personConfirmed')
      confirmed.add(String(record.body['document']));
    if (record.kind === 'statementApplied') {
      const { term } = record.body as BodyOf<'statementApplied'>;
      if (term !== null) terms.set(row.incarnation, term);
    }
    const before = seen.at(-1)?.record;
    const isBack = before !== undefined && before.incarnation === row.incarnation && record.at < before.at - SLACK_MS;
    // Only the town's own time takes a mark back, and only one that was ahead of it when the record was made, which was
    // after the last look; when records were made that are read a second time, nobody knows any more.
    if (record.kind === 'clock') inDoubt = true;
    if (record.kind === 'statementApplied') inDoubt = false;
    ensure(
      !isBack || inDoubt || before.at > readMs || row.incarnation <= forgotten,
      'timeNeverBack',
      () => `${where}: ${record.at} after ${before?.at}`,
    );
    if (record.kind === 'sale') takeSale(record, record.body as SaleBody, where);
    if (record.kind === 'refund') takeRefund(record.body as RefundBody, where);
    if (record.kind === 'exchange') takeExchange(record, record.body as ExchangeBody, where);
    if (record.kind === 'tenderChange') takeTenderChange(record, record.body as BodyOf<'tenderChange'>, where);
    heads.set(row.incarnation, { seq: row.seq, hash: row.hash, counter });
    hashes.set(`${row.incarnation}:${row.seq}`, row.hash);
    seen.push({ record, hash: row.hash, n: row.n });
  };

  const takeSale = (record: JournalRecord, body: SaleBody, where: string): void => {
    checkSale(body, where);
    sold.set(record.id, {
      quantities: body.lines.map((line) => line.quantity),
      exchanged: body.lines.map(() => 0),
      points: body.pointsUsed,
      tenders: { mobileFen: body.mobileFen, mobileChannel: body.mobileChannel, cashFen: body.cashDueFen },
    });
    const { bearer, id: holder = '' } = body.member ?? {};
    ensure(bearer === undefined || bearer === rules.bearerOf(holder), 'bearerNamed', () => `${where}: ${bearer}`);
    if (body.member === null) return;
    if (body.pointsUsed === 0) return;
    // R-C5: whoever forgot the card has the discount and spends nothing.
    const isPresented = body.member.how === 'presented' && body.member.card !== null;
    ensure(isPresented, 'pointsByCard', () => `${where}: ${body.pointsUsed} points without a card`);
    const spent = body.member.known.spentToday + body.pointsUsed;
    ensure(spent <= rules.pointsCap, 'capKept', () => `${where}: ${spent} points in a day`);
    const isConfirmed = confirmed.has(record.id);
    ensure(isConfirmed || spent <= rules.pinFreePerDay, 'pinFree', () => `${where}: ${spent} points without PIN`);
    // Invariants 16 and 18.
    const term = terms.get(record.incarnation);
    for (const lot of body.lots)
      ensure(lot.term !== null && lot.term === term?.id, 'ownTerm', () => `${where}: ${lot.lot} of ${lot.term}`);
    ensure(record.at < (term?.endMs ?? 0), 'termEnded', () => `${where}: at ${record.at}, ended ${term?.endMs}`);
  };

  const takeRefund = (body: RefundBody, where: string): void => {
    const sale = sold.get(body.sale);
    // Invariant 21. A sale of another till comes back under the town's claim; the town counts those.
    if (sale === undefined) return;
    sale.points -= body.pointsBack;
    ensure(sale.points >= 0, 'refundWithin', () => `${where}: points of ${body.sale}`);
    for (const { line, quantity } of body.lines) {
      sale.quantities[line] = (sale.quantities[line] ?? 0) - quantity;
      ensure((sale.quantities[line] ?? 0) >= 0, 'refundWithin', () => `${where}: line ${line} of ${body.sale}`);
    }
  };

  /** What is handed out leaves the shelf, and only what is fine comes back there; no more of a line than was kept (invariant 21). */
  const takeExchange = (record: JournalRecord, body: ExchangeBody, where: string): void => {
    ensure(record.postings.length === 0, 'exchangeOwesNothing', () => where);
    for (const item of new Set(body.lines.map((line) => line.item))) {
      const own = body.lines.filter((line) => line.item === item && line.goods === 'waste');
      const wanted = -own.reduce((sum, line) => sum + line.quantity, 0);
      const moved = record.stock.reduce((sum, one) => sum + (one.item === item ? one.delta : 0), 0);
      ensure(moved === wanted, 'exchangeMovesStock', () => `${where} ${item}: ${moved} instead of ${wanted}`);
    }
    const sale = sold.get(body.sale);
    if (sale === undefined) return;
    for (const { line, quantity } of body.lines) {
      sale.exchanged[line] = (sale.exchanged[line] ?? 0) + quantity;
      const isKept = (sale.exchanged[line] ?? 0) <= (sale.quantities[line] ?? 0);
      ensure(isKept, 'exchangeWithin', () => `${where}: line ${line} of ${body.sale}`);
    }
  };

  /** From what stood there to something that is worth the same, in the drawer as on the phone (invariants 4 and 21). */
  const takeTenderChange = (record: JournalRecord, body: BodyOf<'tenderChange'>, where: string): void => {
    const { before, after } = body;
    const same = before.mobileFen + before.cashFen === after.mobileFen + after.cashFen;
    ensure(same, 'tendersWorthTheSame', () => `${where}: ${JSON.stringify(body)}`);
    const drawer = record.postings.reduce((sum, one) => sum + (one.account === 'drawer' ? one.amount : 0), 0);
    ensure(drawer === after.cashFen - before.cashFen, 'drawerFollowsTender', () => `${where}: ${drawer}`);
    const sale = sold.get(body.sale);
    ensure(sale !== undefined, 'tenderOfOwnSale', () => `${where}: ${body.sale}`);
    const isNow = sale.tenders.mobileFen === before.mobileFen && sale.tenders.cashFen === before.cashFen;
    ensure(isNow, 'tenderFromWhatStood', () => `${where}: ${JSON.stringify(sale.tenders)}, ${JSON.stringify(before)}`);
    sale.tenders = after;
  };

  const forget = (): void => {
    seen = [];
    inDoubt = false;
    heads.clear();
    ids.clear();
    hashes.clear();
    publicKeys.clear();
    terms.clear();
    sold.clear();
  };

  /** Records that the town gave back stand where they happened, before some that were read already. */
  const readAnew = (database: Database.Database): readonly Seen[] => {
    forget();
    const rows = database
      .prepare<[], { n: number; incarnation: number; seq: number; hash: string; text: string }>(
        'SELECT n, incarnation, seq, hash, text FROM journal ORDER BY n',
      )
      .all();
    // Nothing is known of when these were made.
    readMs = 0;
    for (const row of rows) take(row);
    readMs = rules.trueMs();
    return seen;
  };

  return {
    seen: (): readonly Seen[] => seen,
    acknowledged,
    refused,
    acknowledge: (one: Acknowledged): void => {
      acknowledged.set(one.id, one);
      refused.delete(one.id);
    },
    head: (incarnation: number) => heads.get(incarnation) ?? { seq: 0, hash: ZERO, counter: 0 },
    /** The incarnation that the machine writes now; records that the town gave back may stand behind newer ones. */
    incarnation: (): number => Math.max(0, ...heads.keys()),
    till: (): string => seen[0]?.record.till ?? '',
    /** The key that an incarnation signs with, as its first record says; null where that was never read. */
    publicKeyOf: (incarnation: number): string | null => publicKeys.get(incarnation) ?? null,
    hashAt: (incarnation: number, seq: number): string | null => hashes.get(`${incarnation}:${seq}`) ?? null,
    /** Reads what the file holds beyond what was read before; answers the new records. */
    read: (file: string): readonly Seen[] => {
      const before = seen.length;
      reader ??= new Database(file, { readonly: true });
      const from = seen[before - 1]?.n ?? 0;
      const rows = reader
        .prepare<[number], { n: number; incarnation: number; seq: number; hash: string; text: string }>(
          'SELECT n, incarnation, seq, hash, text FROM journal WHERE n > ? ORDER BY n',
        )
        .all(from);
      const stored = reader.prepare<[], { n: number }>('SELECT COUNT(*) AS n FROM journal').get()?.n ?? 0;
      if (stored !== before + rows.length) return readAnew(reader);
      for (const row of rows) take(row);
      readMs = rules.trueMs();
      const fresh = seen.slice(before);
      // A sale whose payment was refused may be voided, under the same id: what became of a sale stands there once.
      for (const { record } of fresh)
        ensure(
          record.kind === 'saleVoid' || !refused.has(record.id),
          'refusedIsNotRecorded',
          () => `${till} ${record.kind} ${record.id}`,
        );
      return fresh;
    },
    /** The file is a copy of another machine's: nothing is known of when what stands in it was made. */
    copied: (): void => {
      readMs = 0;
    },
    /** Closes the file before it goes away. */
    letGo: (): void => {
      reader?.close();
      reader = null;
    },
    /** The folder was set back: what the file shows is read anew, from its first record. */
    forget: (): void => {
      forgotten = Math.max(0, ...heads.keys());
      forget();
    },
  };
}

export type Truth = ReturnType<typeof createTruth>;

function checkPostings(record: JournalRecord, where: string): void {
  const sums = new Map<string, number>();
  for (const { unit, lot, amount } of record.postings) {
    const whole = Number.isSafeInteger(amount) && amount !== 0;
    ensure(whole, 'wholePostings', () => `${where}: ${amount}`);
    const key = `${unit} ${lot ?? ''}`;
    sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  for (const [key, sum] of sums) ensure(sum === 0, 'balancedPostings', () => `${where}: ${key} sums to ${sum}`);
}

/** The figures of one sale against each other (arithmetic, "Sale"): nothing appears and nothing vanishes. */
function checkSale(body: SaleBody, where: string): void {
  const lines = body.lines.reduce((sum, line) => sum + line.payFen, 0);
  ensure(lines === body.totalFen, 'saleAddsUp', () => `${where}: lines ${lines}, total ${body.totalFen}`);
  const tenders = body.pointsFen + body.mobileFen + body.truncationFen + body.cashDueFen;
  ensure(tenders === body.totalFen, 'saleAddsUp', () => `${where}: tenders ${tenders}, total ${body.totalFen}`);
  const lots = body.lots.reduce((sum, lot) => sum + lot.points, 0);
  ensure(lots === body.pointsUsed, 'saleAddsUp', () => `${where}: lots ${lots}, points ${body.pointsUsed}`);
  ensure(body.pointsUsed * body.pointValueFen === body.pointsFen, 'saleAddsUp', () => `${where}: value of points`);
  const change = body.cashGivenFen - body.cashDueFen;
  ensure(change === body.changeFen && change >= 0, 'saleAddsUp', () => `${where}: change ${body.changeFen}`);
  const shares = body.lines.reduce((sum, line) => sum + line.pointsShareFen, 0);
  ensure(shares === body.pointsFen, 'saleAddsUp', () => `${where}: shares ${shares}, points ${body.pointsFen}`);
  for (const line of body.lines)
    ensure(line.payFen <= line.shelfFen, 'neverAboveShelf', () => `${where}: ${line.payFen} > ${line.shelfFen}`);
}
