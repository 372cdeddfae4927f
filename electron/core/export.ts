import { createHash, hash as digest } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { canonical } from '../../shared/canonical.ts';
import { GENESIS_PREVIOUS, readRecord, recordHash, type JournalRecord } from '../../shared/journal.ts';
import { bodyOf, type Totals } from '../../shared/record-bodies.ts';
import { seal, type Sign } from '../../shared/signed.ts';
import { dateTimeOf } from '../../shared/time.ts';
import { openReadOnly, type Connection } from './ledger/database.ts';
import type { Identity } from './ledger/ledger.ts';
import { CLOSINGS } from './periods.ts';
import type { Shop } from './shop.ts';

/**
 * What an auditor takes away (docs/journal-format.md, "An export"): exact record bytes, closings, statements, public keys
 * and tables to read, in a folder of their own. A stranger's program checks it: `resources/audit/verify.mjs`.
 */
export type ExportAsk = Readonly<{
  file: string;
  /** Where to write; it must not be there yet, or be empty. */
  folder: string;
  /** Business days, both inclusive; null for all there is on that side. */
  from: string | null;
  to: string | null;
  madeAtMs: number;
}>;

export type Exported =
  | Readonly<{
      kind: 'exported';
      records: number;
      incarnations: number;
      statements: number;
      /** SHA-256 of the town's public key, for the auditor to compare with one got elsewhere. */
      townKeyFingerprint: string;
    }>
  | Readonly<{ kind: 'refused'; reason: ExportRefusal; detail: string }>;

export type ExportRefusal = 'noRecords' | 'folderNotEmpty' | 'cannotWrite' | 'journalDamaged';

/** What the worker wrote, and the manifest that the till has yet to sign: without it the folder is no export. */
export type Unsealed = Readonly<{ manifest: string; answer: Extract<Exported, { kind: 'exported' }> }>;

type Part = { incarnation: number; firstSeq: number; lastSeq: number; before: string; head: string };
type Row = Readonly<{ seq: number; hash: string; text: string }>;
type Listed = Readonly<{ name: string; bytes: number; sha256: string }>;

class Stopped extends Error {
  readonly refusal: Extract<Exported, { kind: 'refused' }>;
  constructor(reason: ExportRefusal, detail: string) {
    super(`the export stopped: ${reason} ${detail}`);
    this.refusal = { kind: 'refused', reason, detail };
  }
}

const sha256 = (bytes: Uint8Array): string => digest('sha256', bytes, 'hex');

/** Writes everything but the manifest, from one read transaction; sales rung up meanwhile are not in it. */
export function writeExport(ask: ExportAsk): Unsealed | Extract<Exported, { kind: 'refused' }> {
  const existed = existsSync(ask.folder);
  let database: Connection | null = null;
  const out = outFiles(ask.folder);
  try {
    // A relative path would mean another folder in the process that holds the till.
    if (!isAbsolute(ask.folder)) throw new Stopped('cannotWrite', ask.folder);
    if (existed && readdirSync(ask.folder).length > 0) throw new Stopped('folderNotEmpty', ask.folder);
    mkdirSync(ask.folder, { recursive: true });
    database = openReadOnly(ask.file);
    database.exec('BEGIN');
    const unsealed = writeFiles(database, ask, out);
    database.exec('COMMIT');
    return unsealed;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal.reason !== 'folderNotEmpty') {
      // Half an export would look like one that was tampered with.
      out.discard();
      if (!existed) rmSync(ask.folder, { recursive: true, force: true });
    }
    return refusal;
  } finally {
    database?.close();
  }
}

/** Signs the manifest with the key of this incarnation: whoever has not the key can cut nothing off, not even the tail. */
export function sealExport(
  folder: string,
  manifest: string,
  sign: Sign,
): Extract<Exported, { kind: 'refused' }> | null {
  const out = outFiles(folder);
  try {
    const signature = seal('export', JSON.parse(manifest), sign).signature;
    for (const [name, text] of [
      ['manifest.sig', signature],
      ['manifest.json', manifest],
    ] as const) {
      const file = out.open(name);
      file.write(text);
      file.end();
    }
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): Extract<Exported, { kind: 'refused' }> {
  if (error instanceof Stopped) return error.refusal;
  // A stick that is full, gone or read-only is the folder's trouble; anything else is ours.
  if (error instanceof Error && 'syscall' in error)
    return { kind: 'refused', reason: 'cannotWrite', detail: error.message };
  throw error;
}

/** Files of one folder, written in large pieces and hashed as they grow. */
function outFiles(folder: string) {
  const listed: Listed[] = [];
  const opened = new Map<string, () => void>();
  return {
    listed,
    open(name: string) {
      const handle = openSync(join(folder, name), 'wx');
      opened.set(name, () => closeSync(handle));
      const hash = createHash('sha256');
      let waiting: string[] = [];
      let waitingLength = 0;
      let bytes = 0;
      const flush = (): void => {
        const piece = Buffer.from(waiting.join(''));
        [waiting, waitingLength] = [[], 0];
        for (let at = 0; at < piece.length; ) at += writeSync(handle, piece, at);
        hash.update(piece);
        bytes += piece.length;
      };
      return {
        write: (text: string): void => {
          waiting.push(text);
          waitingLength += text.length;
          if (waitingLength > 1 << 18) flush();
        },
        end: (): void => {
          flush();
          fsyncSync(handle);
          closeSync(handle);
          opened.set(name, () => {});
          listed.push({ name, bytes, sha256: hash.digest('hex') });
        },
      };
    },
    discard: (): void => {
      for (const [name, close] of opened) {
        close();
        rmSync(join(folder, name), { force: true });
      }
    },
  };
}

type OutFiles = ReturnType<typeof outFiles>;

function writeFiles(database: Connection, ask: ExportAsk, out: OutFiles): Unsealed {
  const setting = (key: string): string | undefined =>
    database.prepare<[string], { value: string }>('SELECT value FROM setting WHERE key = ?').get(key)?.value;
  const identity = JSON.parse(setting('identity') ?? 'null') as Identity | null;
  const shop = JSON.parse(setting('shop') ?? '{}') as Partial<Shop>;
  const ranges = database
    .prepare<[string, string], { incarnation: number; firstSeq: number; lastSeq: number }>(
      `SELECT incarnation, MIN(seq) AS firstSeq, MAX(seq) AS lastSeq FROM journal
         WHERE business_day BETWEEN ? AND ? GROUP BY incarnation ORDER BY incarnation`,
    )
    .all(ask.from ?? '', ask.to ?? '9999-12-31');
  if (identity === null || ranges.length === 0) throw new Stopped('noRecords', `${ask.from ?? ''} ${ask.to ?? ''}`);

  const closings = out.open('closings.jsonl');
  const views = openViews(out);
  const parts: Part[] = [];
  let records = 0;
  for (const range of ranges) {
    const file = out.open(`records-${range.incarnation}.jsonl`);
    let before: string = GENESIS_PREVIOUS;
    if (range.firstSeq > 1) {
      // The closing before a range carries the hash that its first record names, and the totals that it goes on from.
      for (const row of rowsOf(database, range.incarnation, range.firstSeq - 1, range.firstSeq - 1)) {
        before = row.hash;
        closings.write(`${row.text}\n`);
      }
    }
    let head = before;
    for (const row of rowsOf(database, range.incarnation, range.firstSeq, range.lastSeq)) {
      const record = recordOf(row, range.incarnation);
      file.write(`${row.text}\n`);
      if (CLOSINGS.has(record.kind)) closings.write(`${row.text}\n`);
      writeViews(views, record, row.hash);
      head = row.hash;
      records += 1;
    }
    file.end();
    parts.push({ ...range, before, head });
  }
  for (const file of [closings, ...Object.values(views)]) file.end();
  const statements = writeStatements(database, parts, out);
  const tills: Record<string, string> = {};
  for (const row of database
    .prepare<[], { text: string }>(`SELECT text FROM journal WHERE kind = 'genesis' ORDER BY n`)
    .all()) {
    const read = readRecord(row.text);
    const body = read.kind === 'read' ? bodyOf(read.record, 'genesis') : null;
    if (read.kind === 'read' && body !== null) tills[String(read.record.incarnation)] = body.publicKey;
  }
  const keys = out.open('keys.json');
  keys.write(canonical({ tills, town: shop.townKey ?? '' }));
  keys.end();
  const { town, till, incarnation } = identity;
  const manifest = canonical({
    v: 1,
    town,
    shop: identity.shop,
    till,
    from: ask.from,
    to: ask.to,
    madeAtMs: ask.madeAtMs,
    signedBy: incarnation,
    parts,
    files: out.listed,
  });
  const townKeyFingerprint = sha256(Buffer.from(shop.townKey ?? '', 'base64'));
  return {
    manifest,
    answer: { kind: 'exported', records, incarnations: parts.length, statements, townKeyFingerprint },
  };
}

function rowsOf(database: Connection, incarnation: number, first: number, last: number): IterableIterator<Row> {
  return database
    .prepare<[number, number, number], Row>(
      'SELECT seq, hash, text FROM journal WHERE incarnation = ? AND seq BETWEEN ? AND ? ORDER BY seq',
    )
    .iterate(incarnation, first, last);
}

/** A damaged record is named and never exported: an export must not look like a chain that it is not. */
function recordOf(row: Row, incarnation: number): JournalRecord {
  const read = readRecord(row.text);
  const place = `record ${incarnation}/${row.seq}`;
  if (read.kind === 'refused') throw new Stopped('journalDamaged', `${place}: ${read.reason}`);
  if (recordHash(row.text, sha256) !== row.hash) throw new Stopped('journalDamaged', `${place}: stored hash differs`);
  if (bodyOf(read.record, read.record.kind) === null) throw new Stopped('journalDamaged', `${place}: wrong body`);
  return read.record;
}

/**
 * The town's statements that these records applied or that acknowledge one of them, exact bytes and signature. Numbers
 * between are in it too, so that each names the one before.
 */
function writeStatements(database: Connection, parts: readonly Part[], out: OutFiles): number {
  const file = out.open('statements.jsonl');
  let written = 0;
  for (const { incarnation, firstSeq, lastSeq } of parts) {
    const all = database
      .prepare<[number], { number: number; bytes: string; signature: string }>(
        'SELECT number, bytes, signature FROM statement WHERE incarnation = ? ORDER BY number',
      )
      .all(incarnation);
    const appliedAt = new Map(
      database
        .prepare<[number], { seq: number; number: number }>(
          `SELECT seq, json_extract(text, '$.body.number') AS number FROM journal
             WHERE kind = 'statementApplied' AND incarnation = ?`,
        )
        .all(incarnation)
        .map((row) => [row.number, row.seq]),
    );
    const wanted = all.filter(({ number, bytes }) => {
      const { ack } = JSON.parse(bytes) as { ack: { seq: number } };
      const applied = appliedAt.get(number) ?? 0;
      return (ack.seq >= firstSeq - 1 && ack.seq <= lastSeq) || (applied >= firstSeq && applied <= lastSeq);
    });
    const first = wanted[0]?.number ?? 0;
    const last = wanted.at(-1)?.number ?? -1;
    for (const { number, bytes, signature } of all) {
      if (number < first || number > last) continue;
      file.write(`${canonical({ bytes, signature })}\n`);
      written += 1;
    }
  }
  file.end();
  return written;
}

/** The tables to read: what each column is called, in the order in which `writeViews` fills them. */
const VIEWS = {
  'records.csv': '代,序号,期,营业日,时间,种类,编号,操作员,小票号,借方金额(元),现金变动(元),借方积分,哈希',
  'sales.csv': '代,序号,营业日,时间,种类,小票号,原小票号,行别,编号,名称,数量,单位,原价(元),金额(元),积分',
  'closings.csv': ['代,期,营业日,首序号,末序号', ...['本期', '累计'].flatMap((of) => figuresOf(of))].join(','),
  'stock.csv': '代,序号,营业日,时间,种类,编号,行,商品,批次,变动',
} as const;

function figuresOf(which: string): string[] {
  const names = ['记录数', '销售单', '退货单', '商品行', '金额(元)', '用积分', '退积分', '现金(元)', '移动支付(元)'];
  return names.map((name) => `${which}${name}`);
}

type Views = Record<keyof typeof VIEWS, ReturnType<OutFiles['open']>>;

/** Excel takes a file for UTF-8 by its mark, and its lines end as those of a spreadsheet do. */
function openViews(out: OutFiles): Views {
  const opened = (name: keyof typeof VIEWS) => {
    const file = out.open(name);
    file.write(`\uFEFF${VIEWS[name]}\r\n`);
    return file;
  };
  return {
    'records.csv': opened('records.csv'),
    'sales.csv': opened('sales.csv'),
    'closings.csv': opened('closings.csv'),
    'stock.csv': opened('stock.csv'),
  };
}

/** Fen as yuan with two digits, without a float in between. */
function yuan(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** A word in quotes, without control characters and without what a spreadsheet would calculate. */
function word(text: string): string {
  return `"${text
    .replace(/\p{Cc}/gu, ' ')
    .replace(/^[=+@-]/, "'$&")
    .replaceAll('"', '""')}"`;
}

function writeViews(views: Views, record: JournalRecord, hash: string): void {
  const { incarnation, seq, businessDay, kind, id, postings } = record;
  const line = (name: keyof Views, cells: readonly (string | number)[]): void =>
    views[name].write(`${cells.join(',')}\r\n`);
  const time = dateTimeOf(record.at);
  const start = [incarnation, seq, businessDay, time, kind];
  const sale = bodyOf(record, 'sale');
  const refund = bodyOf(record, 'refund');
  const trade = sale ?? refund;
  const total = (holds: (posting: JournalRecord['postings'][number]) => boolean): number =>
    postings.reduce((sum, posting) => sum + (holds(posting) ? posting.amount : 0), 0);
  line('records.csv', [
    incarnation,
    seq,
    record.period,
    businessDay,
    time,
    kind,
    word(id),
    word(record.operator ?? ''),
    word(trade?.receipt ?? ''),
    yuan(total((one) => one.unit === 'fen' && one.amount > 0)),
    yuan(total((one) => one.unit === 'fen' && one.account === 'drawer')),
    total((one) => one.unit === 'points' && one.amount > 0),
    hash,
  ]);
  if (trade !== null) {
    const sign = sale === null ? -1 : 1;
    const document = [...start, word(trade.receipt), word(refund?.saleReceipt ?? '')];
    for (const { item, name, quantity, per, shelfFen, payFen } of trade.lines) {
      const goods = [word(item), word(name), sign * quantity, per === 'piece' ? '件' : '克'];
      line('sales.csv', [...document, '商品', ...goods, yuan(sign * shelfFen), yuan(sign * payFen), '']);
    }
    for (const { unit, account, amount, lot } of postings) {
      // Goods at shelf price and what was taken off them stand in the lines already; the rest is how it was paid.
      if (unit === 'fen' && account !== 'sales' && !account.startsWith('discount:'))
        line('sales.csv', [...document, '收付', word(account), '', '', '', '', yuan(amount), '']);
      if (unit === 'points' && account === 'spent')
        line('sales.csv', [...document, '积分', word(lot ?? ''), '', '', '', '', '', amount]);
    }
  }
  const mended = bodyOf(record, 'tenderChange');
  if (mended !== null) {
    const document = [...start, word(''), word(mended.saleReceipt)];
    for (const { account, amount } of postings)
      line('sales.csv', [...document, '收付', word(account), '', '', '', '', yuan(amount), '']);
  }
  const closing = bodyOf(record, 'periodClose');
  if (closing !== null) {
    const { period, label, firstSeq, lastSeq, totals, perpetual } = closing;
    line('closings.csv', [
      incarnation,
      period,
      label,
      firstSeq,
      lastSeq,
      ...totalsCells(totals),
      ...totalsCells(perpetual),
    ]);
  }
  for (const { line: position, item, batch, delta } of record.stock)
    line('stock.csv', [...start, word(id), position, word(item), word(batch ?? ''), delta]);
}

function totalsCells(totals: Totals): (string | number)[] {
  const { records, sales, refunds, lines, totalFen, pointsSpent, pointsBack, cashFen, mobileFen } = totals;
  return [records, sales, refunds, lines, yuan(totalFen), pointsSpent, pointsBack, yuan(cashFen), yuan(mobileFen)];
}
