import type { Statement } from 'better-sqlite3';
import { must } from '../../../shared/assert.ts';
import { canonical, type CanonicalValue } from '../../../shared/canonical.ts';
import {
  GENESIS_PREVIOUS,
  isBalanced,
  readRecord,
  recordHash,
  recordText,
  type ChainHead,
  type JournalRecord,
  type Posting,
  type RecordKind,
  type StockLine,
} from '../../../shared/journal.ts';
import { bodySchemas, type BodyOf } from '../../../shared/record-bodies.ts';
import type { Hash } from '../../../shared/signed.ts';
import { diskTrouble, inspectDatabase, openDatabase, type Connection, type DatabaseRefusal } from './database.ts';
import { createProjector, type Projector } from './projections.ts';

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

/** A repeat with the same content answers the first row again; the same id with other content is refused (invariant 5). */
export type Recorded = ({ kind: 'recorded' } & RecordRow) | ({ kind: 'exists' } & RecordRow) | { kind: 'conflict' };

/** How many of the newest records are checked at every opening; the whole chain is walked by `verify`. */
const TAIL_CHECKED = 50;

/**
 * A file of up to this many pages (of 4 kB) is checked whole at every opening. In a larger one that would stand for
 * seconds between switching on and the first scan; there a damaged page is found when it is read, and by `verify`.
 */
const PAGES_CHECKED = 8_192;

type Parameter = string | number | null;

/**
 * The till's ledger: the only code that writes SQLite. One transaction holds a record, its postings, its stock and every
 * projection of it (invariant 8); everything else reads.
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

function createLedger(file: string, opened: Connection, hash: Hash) {
  let database = opened;
  let statements = new Map<string, Statement<Parameter[]>>();
  let project: Projector = createProjector(database);
  let identity: Identity | null = null;
  let head: ChainHead = { incarnation: 1, seq: 0, hash: GENESIS_PREVIOUS };
  let afterCommit: (head: ChainHead) => void = () => {};

  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare<Parameter[]>(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const get = <Row>(sql: string, ...parameters: Parameter[]): Row | undefined =>
    prepared(sql).get(...parameters) as Row | undefined;
  const all = <Row>(sql: string, ...parameters: Parameter[]): Row[] => prepared(sql).all(...parameters) as Row[];
  /** For tables beside the journal that a rebuild does not make: replicas and working state. */
  const run = (sql: string, ...parameters: Parameter[]): void => {
    prepared(sql).run(...parameters);
  };

  const loadHead = (): void => {
    const stored = get<{ value: string }>(`SELECT value FROM setting WHERE key = 'identity'`);
    identity = stored === undefined ? null : (JSON.parse(stored.value) as Identity);
    const incarnation = identity?.incarnation ?? 1;
    const last = get<{ seq: number; hash: string }>(
      'SELECT seq, hash FROM journal WHERE incarnation = ? ORDER BY seq DESC LIMIT 1',
      incarnation,
    );
    head = { incarnation, seq: last?.seq ?? 0, hash: last?.hash ?? GENESIS_PREVIOUS };
  };
  loadHead();

  /** All or nothing; what a failed transaction had moved in memory is read back from disk. */
  const transaction = <T>(work: () => T): T => {
    if (database.inTransaction) return work();
    const before = head;
    try {
      const result = database.transaction(work)();
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
    const row = get<{ n: number; text: string; hash: string }>('SELECT n, text, hash FROM journal WHERE id = ?', id);
    return row === undefined ? null : rowOf(row);
  };

  const byN = (n: number): RecordRow | null => {
    const row = get<{ n: number; text: string; hash: string }>('SELECT n, text, hash FROM journal WHERE n = ?', n);
    return row === undefined ? null : rowOf(row);
  };

  /** The period that the next record belongs to: the open one, or the next with its own label (protocol, "Periods"). */
  const periodFor = (businessDay: string): { period: number; label: string } => {
    const last = get<{ period: number; label: string; closed_seq: number | null }>(
      'SELECT period, label, closed_seq FROM period WHERE incarnation = ? ORDER BY period DESC LIMIT 1',
      head.incarnation,
    );
    if (last === undefined) return { period: 1, label: businessDay };
    return last.closed_seq === null ? last : { period: last.period + 1, label: businessDay };
  };

  /**
   * Records a fact at judged time `atMs` on `businessDay`. When this returns, the transaction is on disk with
   * synchronous=FULL, unless the caller holds one open around it (invariant 7).
   */
  const record = <K extends RecordKind>(draft: RecordDraft<K>, atMs: number, businessDay: string): Recorded =>
    transaction(() => {
      const before = byId(draft.id);
      const postings = draft.postings ?? [];
      const stock = draft.stock ?? [];
      if (before !== null) {
        const same =
          before.record.kind === draft.kind &&
          canonical(before.record.body as CanonicalValue) === canonical(draft.body);
        return same ? { kind: 'exists', ...before } : { kind: 'conflict' };
      }
      must(identity !== null, 'a till records nothing before it is enrolled');
      must(isBalanced(postings), `the postings of a ${draft.kind} do not balance`);
      const { period, label } = periodFor(businessDay);
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
      const { lastInsertRowid } = prepared(
        'INSERT INTO journal (incarnation, seq, period, business_day, at_ms, kind, id, hash, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(next.incarnation, next.seq, period, label, atMs, draft.kind, draft.id, ownHash, text);
      const n = Number(lastInsertRowid);
      project(n, next);
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
    setting: (key: string): string | null =>
      get<{ value: string }>('SELECT value FROM setting WHERE key = ?', key)?.value ?? null,
    setSetting: (key: string, value: string): void =>
      run(
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
        record(genesis, atMs, businessDay);
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
    backupTo: (target: string): void => {
      database.prepare('VACUUM INTO ?').run(target);
    },
    /** Throws every projection away and folds the journal again, in one transaction. */
    refold: (tables: readonly string[]): void =>
      transaction(() => {
        for (const table of tables) database.exec(`DELETE FROM ${table}`);
        const rows = database
          .prepare<[], { n: number; text: string; hash: string }>('SELECT n, text, hash FROM journal ORDER BY n')
          .all();
        for (const row of rows) project(row.n, rowOf(row).record);
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

type StoredRow = Readonly<{ n: number; incarnation: number; seq: number; hash: string; text: string }>;

/**
 * Walks stored rows in order; `before` is the head they should follow, or null when the first row is taken on trust as a
 * starting point. Answers the first fault in words, or null (invariants 9 and 10).
 */
export function chainFault(rows: Iterable<StoredRow>, before: ChainHead | null, hash: Hash): string | null {
  let head = before;
  for (const row of rows) {
    const read = readRecord(row.text);
    if (read.kind === 'refused') return `record ${row.incarnation}/${row.seq}: ${read.reason}`;
    if (!bodySchemas[read.record.kind].safeParse(read.record.body).success)
      return `record ${row.incarnation}/${row.seq}: wrong body`;
    const { record } = read;
    const starts = head === null || head.incarnation !== row.incarnation;
    if (starts && before !== null && record.previous !== GENESIS_PREVIOUS)
      return `record ${row.incarnation}/${row.seq}: an incarnation without a beginning`;
    // What `followsHead` judges of a text from outside, without reading the text a second time.
    if (record.incarnation !== row.incarnation) return `record ${row.incarnation}/${row.seq}: foreign`;
    if (head !== null && !starts && record.seq !== head.seq + 1) return `record ${row.incarnation}/${row.seq}: gap`;
    if (head !== null && !starts && record.previous !== head.hash)
      return `record ${row.incarnation}/${row.seq}: brokenChain`;
    const ownHash = recordHash(row.text, hash);
    if (ownHash !== row.hash || record.seq !== row.seq)
      return `record ${row.incarnation}/${row.seq}: stored hash differs`;
    head = { incarnation: record.incarnation, seq: record.seq, hash: ownHash };
  }
  return null;
}
