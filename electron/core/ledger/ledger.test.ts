import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GENESIS_PREVIOUS, recordHash } from '../../../shared/journal.ts';
import { openTestTill, putItems, testItem, type TestTill } from '../test-till.ts';
import { compareProjections } from './compare.ts';
import { assertFullSynchrony, inspectDatabase, migrate, openDatabase } from './database.ts';
import { openLedger, type RecordDraft } from './ledger.ts';
import { MIGRATIONS, PROJECTIONS } from './migrations.ts';

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'one-card-ledger-'));
  file = join(folder, 'ledger.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function opened(): Database.Database {
  const answer = openDatabase(file);
  if (answer.kind === 'refused') throw new Error(answer.reason);
  return answer.database;
}

describe('the connection', () => {
  // Invariant 7.
  test('is fully synchronous after a write, in WAL', () => {
    const database = opened();
    database.prepare(`INSERT INTO setting (key, value) VALUES ('a', 'b')`).run();
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    database.close();
  });

  test('throws where synchrony fell back to NORMAL', () => {
    const database = opened();
    database.pragma('synchronous = NORMAL');
    expect(() => assertFullSynchrony(database)).toThrow('synchronous=FULL');
    database.close();
  });

  test('a file of a newer program is refused by name and left as it was', () => {
    const database = opened();
    database.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    database.close();
    const before = sha256(readFileSync(file));
    const answer = openLedger(file, sha256);
    expect(answer).toEqual({
      kind: 'refused',
      reason: 'newerDatabase',
      detail: `${MIGRATIONS.length + 1} > ${MIGRATIONS.length}`,
    });
    expect(openDatabase(file)).toMatchObject({ kind: 'refused', reason: 'newerDatabase' });
    expect(sha256(readFileSync(file))).toBe(before);
  });

  test('a file that is no database is refused as damaged and left as it was', () => {
    opened().close();
    const bytes = readFileSync(file);
    bytes.write('not a database', 0);
    writeFileSync(file, bytes);
    expect(openLedger(file, sha256)).toMatchObject({ kind: 'refused', reason: 'journalDamaged' });
    expect(sha256(readFileSync(file))).toBe(sha256(bytes));
  });

  test('a folder in place of the file is a refusal, not a throw', () => {
    expect(inspectDatabase(folder, () => null)).toMatchObject({ kind: 'refused', reason: 'ioError' });
  });
});

describe('migrations', () => {
  test('bring an empty file to the newest version, and doing it again changes nothing', () => {
    const database = opened();
    expect(database.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    migrate(database, MIGRATIONS.length);
    database.close();
    opened().close();
  });

  for (const [index] of MIGRATIONS.entries()) {
    test(`${index} to ${index + 1} keeps every row that was there`, () => {
      const database = new Database(file);
      migrate(database, 0, index);
      const rows = fill(database);
      migrate(database, index, index + 1);
      expect(database.pragma('user_version', { simple: true })).toBe(index + 1);
      for (const [table, count] of rows) {
        if (!DONE_WITHOUT.has(table)) expect(countOf(database, table), table).toBe(count);
      }
      expect(database.pragma('foreign_key_check')).toEqual([]);
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      database.close();
      expect(openLedger(file, sha256)).toMatchObject({ kind: 'opened' });
    });
  }

  test('a step that fails leaves the file at the version before', () => {
    const database = new Database(file);
    database.exec('CREATE TABLE journal (n INTEGER)');
    expect(() => migrate(database, 0)).toThrow('already exists');
    expect(database.pragma('user_version', { simple: true })).toBe(0);
    expect(database.prepare(`SELECT name FROM sqlite_master WHERE name = 'setting'`).all()).toEqual([]);
    database.close();
  });

  test('the tables that a rebuild makes anew are there', () => {
    const database = opened();
    for (const table of PROJECTIONS) expect(countOf(database, table)).toBe(0);
    database.close();
  });
});

/** Projections of an older schema that a later one does without. */
const DONE_WITHOUT: ReadonlySet<string> = new Set(['returned_lot']);

/** One row in every table that takes one, so that a step of the schema has something to lose. */
function fill(database: Database.Database): Map<string, number> {
  const tables = database
    .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .all();
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    if (name === 'journal') continue;
    const columns = database
      .prepare<[], { name: string; type: string }>(`SELECT * FROM pragma_table_info('${name}')`)
      .all();
    const values = columns.map((column) => (column.type === 'INTEGER' ? 1 : 'x'));
    // It has its one row from the start, and says that the made-up record is folded.
    if (name === 'folded') database.exec('UPDATE folded SET n = 1');
    else database.prepare(`INSERT INTO ${name} VALUES (${columns.map(() => '?').join(', ')})`).run(...values);
    counts.set(name, 1);
  }
  return counts;
}

function countOf(database: Database.Database, table: string): number {
  return database.prepare<[], { count: number }>(`SELECT COUNT(*) AS count FROM ${table}`).get()?.count ?? -1;
}

describe('the journal', () => {
  let till: TestTill;
  beforeEach(() => {
    till = openTestTill();
  });
  afterEach(() => till.close());

  const move = (id: string, amountFen = 100): RecordDraft<'cashMove'> => ({
    kind: 'cashMove',
    id,
    operator: 'operator-manager',
    body: { shift: 'shift-1', direction: 'out', amountFen, reason: 'test' },
    postings: [
      { account: 'expense', unit: 'fen', amount: amountFen },
      { account: 'drawer', unit: 'fen', amount: -amountFen },
    ],
  });

  for (const [what, sql] of [
    ['changed', `UPDATE journal SET text = '{}'`],
    ['renumbered', 'UPDATE journal SET seq = seq + 10'],
    ['deleted', 'DELETE FROM journal'],
    [
      'replaced',
      `INSERT OR REPLACE INTO journal SELECT n, incarnation, seq, period, business_day, at_ms, kind, id, hash, '{}' FROM journal`,
    ],
  ] as const) {
    // Invariants 4 and 24.
    test(`cannot be ${what}`, () => {
      till.record(move('move-0001'));
      const before = till.ledger.all('SELECT * FROM journal');
      expect(() => till.ledger.run(sql)).toThrow();
      expect(till.ledger.all('SELECT * FROM journal')).toEqual(before);
    });
  }

  // Invariant 5.
  test('the same id and content answers the first record again; another content is a conflict', () => {
    const first = till.record(move('move-0001'));
    const again = till.record(move('move-0001'));
    expect(first.kind).toBe('recorded');
    expect(again).toEqual({ ...first, kind: 'exists' });
    expect(till.record(move('move-0001', 101))).toEqual({ kind: 'conflict' });
    expect(
      till.record({
        ...move('move-0001'),
        kind: 'shiftOpen',
        body: { shift: 's', floatFen: 1, carriedFen: 0 },
      } as never),
    ).toEqual({
      kind: 'conflict',
    });
    expect(till.records('cashMove')).toHaveLength(1);
  });

  test('postings that do not balance are a bug and leave nothing behind', () => {
    const head = till.ledger.head();
    expect(() =>
      till.record({ ...move('move-0001'), postings: [{ account: 'drawer', unit: 'fen', amount: 1 }] }),
    ).toThrow('balance');
    expect(till.ledger.head()).toEqual(head);
    expect(till.record(move('move-0001')).kind).toBe('recorded');
  });

  test('sequences have no gap, each record names the hash of the one before, and the bytes hash to it', () => {
    for (let index = 0; index < 30; index += 1) till.record(move(`move-${index}`, index + 1));
    const rows = till.ledger.textsAfter(1, 0, 1_000);
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
    let previous = GENESIS_PREVIOUS;
    for (const { text, hash } of rows) {
      expect((JSON.parse(text) as { previous: string }).previous).toBe(previous);
      expect(recordHash(text, sha256)).toBe(hash);
      previous = hash;
    }
    expect(till.ledger.head()).toEqual({ incarnation: 1, seq: rows.length, hash: previous });
  });

  // Invariant 8.
  test('a transaction that fails leaves record, balances and head as before, and its mark is never told', () => {
    const told: number[] = [];
    till.ledger.onCommit((head) => void told.push(head.seq));
    till.record(move('move-0001'));
    const head = till.ledger.head();
    const drawer = till.ledger.balance('drawer');
    expect(() =>
      till.ledger.transaction(() => {
        till.record(move('move-0002'));
        throw new Error('the test');
      }),
    ).toThrow('the test');
    expect(till.ledger.head()).toEqual(head);
    expect(till.ledger.balance('drawer')).toBe(drawer);
    expect(told).toEqual([head.seq]);
    till.ledger.transaction(() => {
      till.record(move('move-0002'));
      till.record(move('move-0003'));
      expect(told).toEqual([head.seq]);
    });
    expect(told).toEqual([head.seq, head.seq + 2]);
  });

  // Invariant 25.
  test('folded anew, every projection comes out identical; one that was tampered with is found and mended', () => {
    putItems(till, testItem());
    till.record(move('move-0001'));
    expect(compareProjections(till.ledger.file).identical).toBe(true);
    till.ledger.run(`UPDATE balance SET amount = amount + 1 WHERE account = 'drawer'`);
    till.ledger.run('DELETE FROM item_search');
    const compared = compareProjections(till.ledger.file);
    expect(compared.tables.filter((table) => !table.identical).map((table) => table.table)).toEqual([
      'balance',
      'item_search',
    ]);
    till.ledger.refold(PROJECTIONS);
    expect(compareProjections(till.ledger.file).identical).toBe(true);
  });
});
