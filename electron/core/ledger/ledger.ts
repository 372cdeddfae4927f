import type { Statement } from 'better-sqlite3';
import { must } from '../../../shared/assert.ts';
import { canonical, type CanonicalValue } from '../../../shared/canonical.ts';
import {
  followsHead,
  GENESIS_PREVIOUS,
  isBalanced,
  readRecord,
  recordHash,
  recordText,
  type ChainFault,
  type ChainHead,
  type JournalRecord,
  type Posting,
  type RecordKind,
  type StockLine,
} from '../../../shared/journal.ts';
import { bodySchemas, type BodyOf } from '../../../shared/record-bodies.ts';
import type { Hash } from '../../../shared/signed.ts';
import { chainFault, type StoredRow } from './chain.ts';
import { diskTrouble, inspectDatabase, openDatabase, type Connection, type DatabaseRefusal } from './database.ts';
import { PROJECTIONS } from './migrations.ts';
import { createProjector, TRADE, type Projector } from './projections.ts';

/** Who writes this journal: given by the town at enrolment, and standing in every record. */
export type Identity = Readonly<{ town: string; shop: string; till: string; incarnation: number }>;

/** A fact as the one who acts brings it; the ledger adds where and when it stands. `id` was made before the first attempt. */
export type RecordDraft<K extends RecordKind = RecordKind> = Readonly<{
  kind: K;
  id: string;
  operator: string | null;
  body: BodyOf<K>;
  postings?: readonly Posting[];
  stock?: readonly StockLine[];
}>;

export type RecordRow = Readonly<{ n: number; record: JournalRecord; hash: string }>;

/** Why a chain could not be continued with what the town sent. */
export type ExtendFault = ChainFault | 'noRoom';

/** A repeat with the same content answers the first row again; the same id with other content is refused (invariant 5). */
export type Recorded = ({ kind: 'recorded' } & RecordRow) | ({ kind: 'exists' } & RecordRow) | { kind: 'conflict' };

/**
 * What the next record is judged by: the newest period, the last receipt's counter, and the record that last changed an
 * item or a price. It is kept beside the head, so that no sale asks the tables for it.
 */
export type Tip = Readonly<{
  period: number;
  label: string;
  isOpen: boolean;
  traded: boolean;
  counter: number;
  catalogueN: number;
}>;

function tipAfter(tip: Tip, n: number, record: JournalRecord): Tip {
  const samePeriod = tip.isOpen && tip.period === record.period;
  const takesNumber = record.kind === 'sale' || record.kind === 'refund';
  return {
    period: record.period,
    label: record.businessDay,
    isOpen: record.kind !== 'periodClose',
    traded: TRADE.has(record.kind) || (samePeriod && tip.traded),
    counter: takesNumber ? (record.body as BodyOf<'sale' | 'refund'>).counter : tip.counter,
    catalogueN: record.kind === 'itemChange' || record.kind === 'priceChange' ? n : tip.catalogueN,
  };
}

/** How many of the newest records are checked at every opening; the whole chain is walked by `verify`. */
const TAIL_CHECKED = 50;

/**
 * A file of up to this many pages (of 4 kB) is checked whole at every opening. In a larger one that would stand for
 * seconds between switching on and the first scan; there a damaged page is found when it is read, and by `verify`.
 */
const PAGES_CHECKED = 8_192;

/** Records read at a time where many are folded, so that memory stays flat. */
const FOLD_PAGE = 1_000;

/**
 * Room that the journal's order leaves before each new incarnation, so that what the town gives back of an earlier one
 * stands before it as it happened.
 */
const ROOM = 1_000_000_000;

type Parameter = string | number | null;

/**
 * The till's ledger: the only code that writes SQLite. A record is one row, and holds its postings, its stock, its
 * receipt's number and its points (invariant 8): it is on disk whole or not at all. The projections of it are folded in
 * a transaction of their own, before anything reads them; everything else reads.
 */
export type Ledger = ReturnType<typeof createLedger>;

export type OpenedLedger =
  | { kind: 'opened'; ledger: Ledger }
  | { kind: 'refused'; reason: DatabaseRefusal; detail: string };

/** Checks the newest records of a till's ledger file, then opens it and brings its schema up to date. */
export function openLedger(file: string, hash: Hash): OpenedLedger {
  const refused = inspectDatabase(file, (database) => tailFault(database, hash));
  if (refused !== null) return refused;
  const opened = openDatabase(file);
  return opened.kind === 'refused' ? opened : { kind: 'opened', ledger: createLedger(file, opened.database, hash) };
}

/** Whether the file is sound and the newest records follow each other and hash to what is stored; null when they do. */
function tailFault(database: Connection, hash: Hash): string | null {
  const pages = Number(database.pragma('page_count', { simple: true }));
  const check = pages > PAGES_CHECKED ? 'ok' : database.pragma('quick_check(1)', { simple: true });
  if (check !== 'ok') return String(check);
  const rows = database
    .prepare<[number], StoredRow>('SELECT n, incarnation, seq, hash, text FROM journal ORDER BY n DESC LIMIT ?')
    .all(TAIL_CHECKED)
    .reverse();
  return chainFault(rows, null, hash);
}

/** One for all work in a transaction: to make one anew costs more than a scan's whole look into the database. */
function wholeOf(database: Connection): (work: () => unknown) => unknown {
  return database.transaction((work: () => unknown) => work());
}

function createLedger(file: string, opened: Connection, hash: Hash) {
  let database = opened;
  let whole = wholeOf(database);
  let statements = new Map<string, Statement<Parameter[]>>();
  let project: Projector = createProjector(database);
  let identity: Identity | null = null;
  let head: ChainHead = { incarnation: 1, seq: 0, hash: GENESIS_PREVIOUS };
  /** Records that are in the journal and not yet in the projections, oldest first. */
  let unfolded: { n: number; record: JournalRecord }[] = [];
  let tip: Tip | null = null;
  let afterCommit: (head: ChainHead) => void = () => {};
  /** Where the next record stands, when it is not right behind the newest. */
  let placeOfNext: number | null = null;

  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare<Parameter[]>(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  /** One row of the journal or of the settings, which are true before any fold. */
  const own = <Row>(sql: string, ...parameters: Parameter[]): Row | undefined =>
    prepared(sql).get(...parameters) as Row | undefined;
  const get = <Row>(sql: string, ...parameters: Parameter[]): Row | undefined => {
    catchUp();
    return own<Row>(sql, ...parameters);
  };
  const all = <Row>(sql: string, ...parameters: Parameter[]): Row[] => {
    catchUp();
    return prepared(sql).all(...parameters) as Row[];
  };
  const write = (sql: string, ...parameters: Parameter[]): void => {
    prepared(sql).run(...parameters);
  };
  /** For tables beside the journal that a rebuild does not make: replicas and working state. */
  const run = (sql: string, ...parameters: Parameter[]): void => {
    catchUp();
    write(sql, ...parameters);
  };

  const loadHead = (): void => {
    tip = null;
    unfolded = unfoldedRows();
    const stored = own<{ value: string }>(`SELECT value FROM setting WHERE key = 'identity'`);
    identity = stored === undefined ? null : (JSON.parse(stored.value) as Identity);
    const incarnation = identity?.incarnation ?? 1;
    const last = own<{ seq: number; hash: string }>(
      'SELECT seq, hash FROM journal WHERE incarnation = ? ORDER BY seq DESC LIMIT 1',
      incarnation,
    );
    head = { incarnation, seq: last?.seq ?? 0, hash: last?.hash ?? GENESIS_PREVIOUS };
  };

  /** The next page of records that the projections do not hold. */
  const unfoldedRows = (): { n: number; record: JournalRecord }[] =>
    (
      prepared('SELECT n, text, hash FROM journal WHERE n > (SELECT n FROM folded) ORDER BY n LIMIT ?').all(
        FOLD_PAGE,
      ) as { n: number; text: string; hash: string }[]
    ).map(rowOf);

  /**
   * Brings every projection up to the newest record. What a customer waits for is the record, which holds the postings,
   * the stock and the receipt's number; the tables beside it follow before anybody reads them, after a power cut too.
   */
  const catchUp = (): void => {
    if (unfolded.length === 0) return;
    transaction(() => {
      for (let page = unfolded; page.length > 0; page = unfoldedRows()) {
        // First, because the fold itself reads nothing that it has not written.
        unfolded = [];
        for (const { n, record } of page) project(n, record);
        write('UPDATE folded SET n = ?', page[page.length - 1]?.n ?? 0);
      }
    });
  };

  /** All or nothing; what a failed transaction had moved in memory is read back from disk. */
  const transaction = <T>(work: () => T): T => {
    if (database.inTransaction) return work();
    const before = head;
    try {
      const result = whole(work) as T;
      if (head !== before) afterCommit(head);
      return result;
    } catch (error) {
      if (database.open) loadHead();
      throw error;
    }
  };

  const rowOf = (row: { n: number; text: string; hash: string }): RecordRow => {
    const read = readRecord(row.text);
    must(read.kind === 'read', `record ${row.n} of the journal cannot be read`);
    return { n: row.n, record: read.record, hash: row.hash };
  };

  const byId = (id: string): RecordRow | null => {
    const row = own<{ n: number; text: string; hash: string }>('SELECT n, text, hash FROM journal WHERE id = ?', id);
    return row === undefined ? null : rowOf(row);
  };

  const byN = (n: number): RecordRow | null => {
    const row = own<{ n: number; text: string; hash: string }>('SELECT n, text, hash FROM journal WHERE n = ?', n);
    return row === undefined ? null : rowOf(row);
  };

  /** Where a chain stands that this journal holds a part of, of whichever incarnation. */
  const headOf = (incarnation: number): ChainHead => {
    const last = own<{ seq: number; hash: string }>(
      'SELECT seq, hash FROM journal WHERE incarnation = ? ORDER BY seq DESC LIMIT 1',
      incarnation,
    );
    return { incarnation, seq: last?.seq ?? 0, hash: last?.hash ?? GENESIS_PREVIOUS };
  };

  loadHead();

  /** What the next record is judged by, as of the newest one. */
  const tipNow = (): Tip => {
    if (tip !== null) return tip;
    const { incarnation } = head;
    const period = get<{ period: number; label: string; traded: number; closed_seq: number | null }>(
      'SELECT period, label, traded, closed_seq FROM period WHERE incarnation = ? ORDER BY period DESC LIMIT 1',
      incarnation,
    );
    const receipt = get<{ counter: number }>(
      'SELECT counter FROM receipt WHERE incarnation = ? ORDER BY n DESC LIMIT 1',
      incarnation,
    );
    const priced = get<{ n: number }>(
      `SELECT MAX(COALESCE((SELECT MAX(n) FROM journal WHERE kind = 'itemChange'), 0),
                  COALESCE((SELECT MAX(n) FROM journal WHERE kind = 'priceChange'), 0)) AS n`,
    );
    tip = {
      period: period?.period ?? 0,
      label: period?.label ?? '',
      isOpen: period !== undefined && period.closed_seq === null,
      traded: period?.traded === 1,
      counter: receipt?.counter ?? 0,
      catalogueN: priced?.n ?? 0,
    };
    return tip;
  };

  /** A fact whose id stands in the journal already: the same one answers its row again, another is refused. */
  const repeated = (draft: RecordDraft): Recorded => {
    const known = byId(draft.id);
    must(known !== null, 'an id that is taken has its record');
    const same =
      known.record.kind === draft.kind && canonical(known.record.body as CanonicalValue) === canonical(draft.body);
    return same ? { kind: 'exists', ...known } : { kind: 'conflict' };
  };

  /**
   * Records a fact at judged time `atMs` on `businessDay`. When this returns, the transaction is on disk with
   * synchronous=FULL, unless the caller holds one open around it (invariant 7).
   */
  const record = <K extends RecordKind>(draft: RecordDraft<K>, atMs: number, businessDay: string): Recorded =>
    transaction(() => {
      const postings = draft.postings ?? [];
      const stock = draft.stock ?? [];
      must(identity !== null, 'a till records nothing before it is enrolled');
      // Invariants 1, 2 and 3: whatever the accounts stood at, they stand at zero together after it too.
      must(isBalanced(postings), `the postings of a ${draft.kind} do not balance`);
      const before = tipNow();
      // The open period, or the next one with its own label (protocol, "Periods").
      const { period, label } = before.isOpen ? before : { period: before.period + 1, label: businessDay };
      const next: JournalRecord = {
        v: 1,
        ...identity,
        seq: head.seq + 1,
        period,
        businessDay: label,
        at: atMs,
        kind: draft.kind,
        id: draft.id,
        operator: draft.operator,
        body: draft.body,
        postings: [...postings],
        stock: [...stock],
        previous: head.hash,
      };
      const text = recordText(next);
      const ownHash = recordHash(text, hash);
      // The index itself says whether the id stands already: to ask first would be a second walk down it at every sale.
      const { changes, lastInsertRowid } = prepared(
        `INSERT INTO journal (n, incarnation, seq, period, business_day, at_ms, kind, id, hash, text)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
      ).run(placeOfNext, next.incarnation, next.seq, period, label, atMs, draft.kind, draft.id, ownHash, text);
      if (changes === 0) return repeated(draft);
      const n = Number(lastInsertRowid);
      unfolded.push({ n, record: next });
      tip = tipAfter(before, n, next);
      head = { incarnation: next.incarnation, seq: next.seq, hash: ownHash };
      return { kind: 'recorded', n, record: next, hash: ownHash };
    });

  return {
    file,
    get,
    all,
    run,
    transaction,
    record,
    byId,
    byN,
    /** Told the new head once it is on disk, never from within a transaction that may still fail. */
    onCommit: (told: (head: ChainHead) => void): void => {
      afterCommit = told;
    },
    identity: () => identity,
    head: () => head,
    tip: tipNow,
    setting: (key: string): string | null =>
      own<{ value: string }>('SELECT value FROM setting WHERE key = ?', key)?.value ?? null,
    setSetting: (key: string, value: string): void =>
      write(
        'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        key,
        value,
      ),
    /** Begins an incarnation: its records start at 1 behind the zero hash. */
    begin: (next: Identity, genesis: RecordDraft<'genesis'>, atMs: number, businessDay: string): void =>
      transaction(() => {
        run(
          `INSERT INTO setting (key, value) VALUES ('identity', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
          JSON.stringify(next),
        );
        loadHead();
        must(head.seq === 0, 'an incarnation begins once');
        const last = own<{ n: number | null }>('SELECT MAX(n) AS n FROM journal')?.n ?? null;
        placeOfNext = last === null && next.incarnation === 1 ? null : (last ?? 0) + ROOM;
        try {
          record(genesis, atMs, businessDay);
        } finally {
          placeOfNext = null;
        }
      }),
    headOf,
    /** The incarnations that the journal holds records of, oldest first. */
    incarnations: (): number[] =>
      all<{ incarnation: number }>('SELECT DISTINCT incarnation FROM journal ORDER BY incarnation').map(
        (row) => row.incarnation,
      ),
    /**
     * Puts exact texts behind the last record that is here of a chain of this till: what a restored copy lacks. Each
     * must continue the one before it. Every projection is folded anew before anything reads it again, since what
     * happened before must be folded before. Answers where the chain stands and why it stopped, if it did.
     */
    extend: (incarnation: number, texts: readonly string[]): { head: ChainHead; fault: ExtendFault | null } =>
      transaction(() => {
        let at = headOf(incarnation);
        const stopped = (fault: ExtendFault) => ({ head: at, fault });
        if (identity === null) return stopped('foreign');
        const place = (which: string, sql: string): number | null =>
          own<{ n: number | null }>(`SELECT ${which}(n) AS n FROM journal WHERE ${sql}`, incarnation)?.n ?? null;
        const before = place('MAX', 'incarnation <= ?') ?? 0;
        const ceiling = place('MIN', 'incarnation > ?') ?? Number.MAX_SAFE_INTEGER;
        for (const table of PROJECTIONS) database.exec(`DELETE FROM ${table}`);
        write('UPDATE folded SET n = 0');
        let n = at.seq === 0 && before > 0 ? before + ROOM / 1_000 : before;
        try {
          for (const text of texts) {
            n += 1;
            if (n >= ceiling) return stopped('noRoom');
            const next = followsHead(at, text, identity.till, hash);
            if (next.kind === 'refused') return stopped(next.reason);
            const { record: old } = next;
            if (old.town !== identity.town || !bodySchemas[old.kind].safeParse(old.body).success)
              return stopped('foreign');
            // A document that was made again since the loss keeps its id; the record's own stands in its text.
            const id = byId(old.id) === null ? old.id : `${old.id}#${old.incarnation}.${old.seq}`;
            prepared(
              `INSERT INTO journal (n, incarnation, seq, period, business_day, at_ms, kind, id, hash, text)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            ).run(n, incarnation, old.seq, old.period, old.businessDay, old.at, old.kind, id, next.head.hash, text);
            at = next.head;
          }
          return { head: at, fault: null };
        } finally {
          loadHead();
        }
      }),
    /** Exact texts after a sequence, consecutive, at most `limit` of them. */
    textsAfter: (incarnation: number, seq: number, limit: number): { seq: number; hash: string; text: string }[] =>
      all(
        'SELECT seq, hash, text FROM journal WHERE incarnation = ? AND seq > ? ORDER BY seq LIMIT ?',
        incarnation,
        seq,
        limit,
      ),
    hashAt: (incarnation: number, seq: number): string | null =>
      seq === 0
        ? GENESIS_PREVIOUS
        : (get<{ hash: string }>('SELECT hash FROM journal WHERE incarnation = ? AND seq = ?', incarnation, seq)
            ?.hash ?? null),
    /** Records of one incarnation from one sequence to another, read one by one so that memory stays flat. */
    *records(incarnation: number, fromSeq: number, toSeq: number): Generator<JournalRecord> {
      const rows = database
        .prepare<[number, number, number], { n: number; text: string; hash: string }>(
          'SELECT n, text, hash FROM journal WHERE incarnation = ? AND seq BETWEEN ? AND ? ORDER BY seq',
        )
        .iterate(incarnation, fromSeq, toSeq);
      for (const row of rows) yield rowOf(row).record;
    },
    balance: (account: string): number =>
      get<{ amount: number }>(`SELECT amount FROM balance WHERE unit = 'fen' AND account = ?`, account)?.amount ?? 0,
    catchUp,
    /** Throws every projection away and folds the journal again, in one transaction. */
    refold: (tables: readonly string[]): void =>
      transaction(() => {
        for (const table of tables) database.exec(`DELETE FROM ${table}`);
        write('UPDATE folded SET n = 0');
        unfolded = unfoldedRows();
        catchUp();
      }),
    /**
     * After a failed write nothing in this handle is trusted again: close it, open the file anew and check its tail
     * (after a failed fsync a retry on the same handle may report success for bytes that were dropped).
     */
    reopen: (): string | null => {
      if (database.open) database.close();
      const again = openDatabase(file);
      if (again.kind === 'refused') return again.reason;
      database = again.database;
      whole = wholeOf(database);
      statements = new Map();
      project = createProjector(database);
      loadHead();
      return tailFault(database, hash);
    },
    /** Folds the write-ahead log back into the file as far as nobody reads it; durable either way. */
    checkpoint: (): void => {
      if (database.open) database.pragma('wal_checkpoint(PASSIVE)');
    },
    closeHandle: (): void => {
      if (database.open) database.close();
    },
    close: (): void => {
      if (!database.open) return;
      try {
        catchUp();
        database.pragma('wal_checkpoint(TRUNCATE)');
      } catch (error) {
        // On a full disk the log simply stays beside the file, and the next opening reads both.
        if (diskTrouble(error) === null) throw error;
      } finally {
        database.close();
      }
    },
  };
}
