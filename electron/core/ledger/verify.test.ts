import { createHash, hash as hashOf } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { GENESIS_PREVIOUS, readRecord, recordHash, recordText, type ChainHead } from '../../../shared/journal.ts';
import { sampleRecord } from '../../../shared/record-sample.ts';
import type { Hash } from '../../../shared/signed.ts';
import { chainFault, surelyFollows } from './chain.ts';
import { verdictOf, verifyChain, walkChain } from './verify.ts';

const hash: Hash = (bytes) => hashOf('sha256', bytes, 'hex');
const folder = mkdtempSync(join(tmpdir(), 'one-card-till-verify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Row = { incarnation: number; seq: number; hash: string; text: string | Buffer };

/** Chains of a few incarnations, one behind the other; some texts hold an escape, which only the long way reads. */
function rowsOf(lengths: readonly number[]): Row[] {
  return lengths.flatMap((length, index) => {
    const incarnation = index + 1;
    let previous = GENESIS_PREVIOUS;
    return Array.from({ length }, (_, at): Row => {
      const seq = at + 1;
      const text = recordText(
        sampleRecord('cashMove', {
          incarnation,
          seq,
          id: `record-${incarnation}-${seq}`,
          body: { shift: 's1', direction: 'in', amountFen: seq, reason: seq % 5 === 0 ? '"零钱"' : '零钱' },
          previous,
        }),
      );
      previous = recordHash(text, hash);
      return { incarnation, seq, hash: previous, text };
    });
  });
}

/** The columns beside a text, as the text says them; of what is no record it does not matter. */
function columnsOf(text: string): (string | number)[] {
  const read = readRecord(text);
  if (read.kind === 'refused') return [0, '', '', 0, ''];
  const { at, kind, id, period, businessDay } = read.record;
  return [at, kind, id, period, businessDay];
}

let files = 0;
function fileOf(rows: readonly Row[]): string {
  files += 1;
  const file = join(folder, `${files}.sqlite`);
  const database = new Database(file);
  database.exec(
    `CREATE TABLE journal (n INTEGER PRIMARY KEY, incarnation INTEGER, seq INTEGER, hash TEXT, text TEXT, at_ms INTEGER,
       kind TEXT, id TEXT, period INTEGER, business_day TEXT)`,
  );
  const insert = database.prepare(
    `INSERT INTO journal (incarnation, seq, hash, text, at_ms, kind, id, period, business_day)
       VALUES (?, ?, ?, CAST(? AS TEXT), ?, ?, ?, ?, ?)`,
  );
  database.transaction(() => {
    for (const row of rows) insert.run(row.incarnation, row.seq, row.hash, row.text, ...columnsOf(row.text.toString()));
  })();
  database.close();
  return file;
}

/** The verdict that one record after the other gets from the long way alone. */
function slowVerdict(rows: readonly Row[]): [string, string | null, number] {
  let head: ChainHead = { incarnation: 0, seq: 0, hash: GENESIS_PREVIOUS };
  const ended = new Set<number>();
  let records = 0;
  for (const row of rows) {
    const { incarnation, seq } = row;
    const starts = incarnation !== head.incarnation;
    const goesOn =
      starts && ended.has(incarnation) ? `record ${incarnation}/${seq}: an ended incarnation goes on` : null;
    const before = starts ? { incarnation, seq: 0, hash: GENESIS_PREVIOUS } : head;
    const fault = goesOn ?? chainFault([{ n: 0, ...row, text: row.text.toString() }], before, hash);
    if (fault !== null) return ['damaged', fault, records];
    ended.add(incarnation);
    head = { incarnation, seq, hash: row.hash };
    records += 1;
  }
  return ['sound', null, records];
}

const rehashed = (row: Row, text: string): Row => ({ ...row, text, hash: recordHash(text, hash) });

/** What may befall a row, hashed to fit or not. */
const damages: Readonly<Record<string, (row: Row, at: number) => Row>> = {
  nothing: (row) => row,
  'its hash': (row) => ({ ...row, hash: '0'.repeat(64) }),
  'its sequence in the table': (row) => ({ ...row, seq: row.seq + 1 }),
  'its incarnation in the table': (row) => ({ ...row, incarnation: row.incarnation + 1 }),
  'an earlier incarnation in the table': (row) => ({ ...row, incarnation: 1 }),
  'its amount': (row) => ({ ...row, text: row.text.toString().replace('"amountFen":', '"amountFen":1') }),
  'its amount, hashed to fit': (row) => rehashed(row, row.text.toString().replace('"amountFen":', '"amountFen":1')),
  'its body, hashed to fit': (row) => rehashed(row, row.text.toString().replace('"direction":"in"', '"direction":""')),
  'its sequence, hashed to fit': (row) => rehashed(row, row.text.toString().replace('"seq":', '"seq":1')),
  'its form, hashed to fit': (row) => rehashed(row, row.text.toString().replace('"seq":', '"seq": ')),
  'a duplicate key, hashed to fit': (row) => rehashed(row, row.text.toString().replace('"v":1', '"v":1,"v":1')),
  'an unsafe integer, hashed to fit': (row) =>
    rehashed(row, row.text.toString().replace('"amountFen":', '"amountFen":99999999999999999')),
  'an escaped lone surrogate, hashed to fit': (row) => rehashed(row, row.text.toString().replace('零钱', '\\ud800')),
  'a character': (row, at) => {
    const text = row.text.toString();
    return { ...row, text: `${text.slice(0, at % text.length)}7${text.slice((at % text.length) + 1)}` };
  },
  'a character, hashed to fit': (row, at) => {
    const text = row.text.toString();
    return rehashed(row, `${text.slice(0, at % text.length)}7${text.slice((at % text.length) + 1)}`);
  },
  'a byte that is no UTF-8, hashed to fit': (row, at) => {
    const bytes = Buffer.from(row.text);
    bytes[at % bytes.length] = 0xff;
    const hashed = createHash('sha256').update('onecard/v1\0').update(bytes).digest('hex');
    return { ...row, text: bytes, hash: hashed };
  },
};

const someDamage = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
  row: fc.nat(),
  damage: fc.constantFrom(...Object.keys(damages)),
  at: fc.nat(),
  cut: fc.option(fc.nat(), { nil: null }),
  twice: fc.option(fc.nat(), { nil: null }),
});

test('the walk says what the long way says of every record, whole or in stretches, whatever befell the rows', () => {
  fc.assert(
    fc.property(someDamage, fc.nat(), ({ lengths, row, damage, at, cut, twice }, middle) => {
      let rows = rowsOf(lengths);
      rows = rows.map((one, index) => (index === row % rows.length ? (damages[damage]?.(one, at) ?? one) : one));
      if (cut !== null) rows.splice(cut % rows.length, 1);
      const again = twice === null ? undefined : rows[twice % Math.max(1, rows.length)];
      if (again !== undefined) rows.push(again);
      const file = fileOf(rows);
      const whole = verifyChain(file);
      expect([whole.state, whole.fault, whole.records]).toEqual(slowVerdict(rows));
      const n = middle % (rows.length + 1);
      expect(verdictOf([walkChain(file, null, n), walkChain(file, n, null)])).toEqual(whole);
      rmSync(file);
    }),
    { numRuns: 60 },
  );
});

test('of rows as a till writes them, one look knows all but those with an escape', () => {
  let head: ChainHead = { incarnation: 1, seq: 0, hash: GENESIS_PREVIOUS };
  const known = rowsOf([10]).map((row) => {
    const bytes = Buffer.from(row.text);
    const read = readRecord(row.text.toString());
    if (read.kind === 'refused') throw new Error(read.reason);
    const isKnown = surelyFollows({ ...read.record, hash: row.hash, bytes }, head, hash);
    head = { incarnation: 1, seq: row.seq, hash: row.hash };
    return isKnown;
  });
  expect(known).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((seq) => seq % 5 !== 0));
});

test('a journal without records is sound', () => {
  expect(verifyChain(fileOf([]))).toMatchObject({ state: 'sound', records: 0, headHash: GENESIS_PREVIOUS });
});
