import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { must } from '../../shared/assert.ts';
import { currentScreen } from '../../electron/till-client.ts';
import { makeFixture, type Fixture } from './fixture.ts';
import { openOwnCore, type OwnCore } from './own-core.ts';
import { atMost, percentile, timed, type BenchResult, type BenchRun } from './result.ts';

const LINES = 10;
const SCAN_MS = 0.3;
const SALE_ABOVE_COMMIT_MS = 0.5;
const SEARCH_MS = { small: 5, large: 20 } as const;

/** How many items the two sizes of a shop have; the names of the rows say the true number. */
export function catalogueSizes(run: BenchRun): { small: number; large: number } {
  return run.quick ? { small: 2_000, large: 20_000 } : { small: 2_000, large: 200_000 };
}

const made = new Map<number, Fixture>();

/** A shop with a catalogue and members, and hardly any history: made once, used by row after row. */
export function catalogueShop(run: BenchRun, items: number): Fixture {
  const known = made.get(items);
  if (known !== undefined) return known;
  run.say(`a shop with ${items.toLocaleString('en')} items …`);
  const place = join(run.scratch, `items-${items}`);
  mkdirSync(place, { recursive: true });
  const shop = makeFixture(place, { items, members: 2_000, records: 0, nightMissed: false });
  made.set(items, shop);
  return shop;
}

/** A scan in the core: from the command to the answer, with one page taking every screen. */
async function scanRow(run: BenchRun, shop: Fixture): Promise<BenchResult> {
  const core = openOwnCore(shop);
  try {
    const samples: number[] = [];
    const bare: number[] = [];
    const lookUp = bareLookUp(core);
    const rounds = run.quick ? 60 : 300;
    let next = 0;
    for (let round = -20; round < rounds; round += 1) {
      for (let line = 0; line < LINES; line += 1) {
        next = (next + 7_919) % shop.codes.length;
        const code = shop.codes[next] ?? '';
        const scanned = await timed(() => core.send({ kind: 'scan', code, source: 'scanner' }));
        const looked = await timed(() => lookUp(code));
        if (round < 0) continue;
        samples.push(scanned);
        bare.push(looked);
        // The next scan of a hand comes long after this one's file is synced.
        await wait(1);
      }
      await core.send({ kind: 'voidSale', reason: 'bench' });
      await wait(2);
    }
    return atMost({
      name: `scan command in the core, ${shop.codes.length.toLocaleString('en')} items`,
      unit: 'ms',
      samples,
      limit: percentile(bare, 0.99),
      budget: SCAN_MS,
      judged: 'p99',
    });
  } finally {
    await core.close();
  }
}

/** The least that a scan can be: one lookup of its code by a prepared statement. */
function bareLookUp(core: OwnCore): (code: string) => unknown {
  const database = new Database(core.ledgerFile, { readonly: true });
  const statement = database.prepare('SELECT * FROM item WHERE code = ?');
  return (code) => statement.get(code);
}

/** Ten lines, a member's points and cash: the `pay` command, beside a bare one-row commit that alternates with it. */
async function saleRow(run: BenchRun, shop: Fixture): Promise<BenchResult> {
  const core = openOwnCore(shop);
  const bareCommit = bareFullCommit(join(run.scratch, 'bare-commit.sqlite'));
  try {
    const samples: number[] = [];
    const bare: number[] = [];
    const rounds = Math.min(shop.cards.length, run.quick ? 100 : 600);
    for (let round = 0; round < rounds; round += 1) {
      for (let line = 0; line < LINES; line += 1) {
        const code = shop.codes[(round * 31 + line * 1_009) % shop.codes.length] ?? '';
        await core.send({ kind: 'scan', code, source: 'scanner' });
      }
      await core.send({ kind: 'scan', code: shop.cards[round] ?? '', source: 'card' });
      await core.send({ kind: 'startPay' });
      await core.send({ kind: 'setPoints', points: 'max' });
      const paying = await currentScreen(core.client);
      const { pay } = paying;
      must(pay !== null && pay.pointsUsed > 0 && pay.cashDueFen > 0, 'a bench sale is paid by points and cash');
      await core.send({ kind: 'setCash', amountFen: pay.cashDueFen });
      // The open sale is synced behind its command; a customer takes longer than that to find the coins.
      await wait(4);
      const paid = await timed(() => core.send({ kind: 'pay', sale: paying.sale.id }));
      await core.send({ kind: 'nextSale' });
      await wait(4);
      const committed = await timed(bareCommit.commit);
      if (round < 20) continue;
      samples.push(paid);
      bare.push(committed);
    }
    const limit = percentile(bare, 0.5);
    return atMost({
      name: `durable sale, ${LINES} lines, points and cash and stock`,
      unit: 'ms',
      samples,
      limit,
      budget: limit + SALE_ABOVE_COMMIT_MS,
      judged: 'p50',
    });
  } finally {
    bareCommit.close();
    await core.close();
  }
}

/** One row of one integer and one text, committed with full synchrony on the same disk. */
function bareFullCommit(file: string): { commit: () => void; close: () => void } {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE row (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO row (text) VALUES (?)');
  insert.run('first');
  database.pragma('synchronous = FULL');
  must(database.pragma('synchronous', { simple: true }) === 2, 'the bare commit is durable too');
  return { commit: () => void insert.run('one row'), close: () => database.close() };
}

/** What people type: names whole and in part, initials, codes whole and in part, two words, and what nothing is. */
async function searchRow(run: BenchRun, shop: Fixture, budget: number): Promise<BenchResult> {
  const core = openOwnCore(shop);
  try {
    const texts = searchedTexts(shop);
    const samples: number[] = [];
    const bare: number[] = [];
    const database = new Database(core.ledgerFile, { readonly: true });
    const like = database.prepare("SELECT item FROM item_search WHERE text LIKE '%' || ? || '%' LIMIT 30");
    // The first search reads the catalogue into memory; the bench speaks of those after it.
    await core.client.search({ text: 'ABC', limit: 30 });
    const rounds = run.quick ? 5 : 30;
    for (let round = -2; round < rounds; round += 1) {
      for (const text of texts) {
        const searched = await timed(() => core.client.search({ text, limit: 30 }));
        const scanned = round % 10 === 0 ? await timed(() => like.all(text.toUpperCase())) : null;
        if (round < 0) continue;
        samples.push(searched);
        if (scanned !== null) bare.push(scanned);
      }
    }
    database.close();
    return atMost({
      name: `search by name, code or initials, ${shop.codes.length.toLocaleString('en')} items`,
      unit: 'ms',
      samples,
      limit: percentile(bare, 0.99),
      budget,
      judged: 'p99',
    });
  } finally {
    await core.close();
  }
}

function searchedTexts(shop: Fixture): string[] {
  const name = (index: number): string => shop.names[(index * 131) % shop.names.length] ?? '';
  const code = (index: number): string => shop.codes[(index * 7_919) % shop.codes.length] ?? '';
  return [
    ...[1, 2, 3, 4].map(name),
    ...[5, 6, 7, 8].map((index) => name(index).slice(0, 2)),
    ...[9, 10].map((index) => name(index).slice(-2)),
    '酱',
    '油',
    ...[11, 12].map((index) => `${name(index).slice(0, 2)} ${name(index).slice(-2)}`),
    ...[1, 2, 3].map(code),
    ...[4, 5].map((index) => code(index).slice(0, 8)),
    ...[6, 7].map((index) => code(index).slice(-6)),
    'JY',
    'YXC',
    'QSNN',
    'AKMB',
    'fhjy',
    'Z',
    '没有这样的货',
    'QQXXZZ',
  ];
}

/** Every row of the counter that needs no browser. */
export async function counterRows(run: BenchRun, wanted: (name: string) => boolean): Promise<BenchResult[]> {
  const sizes = catalogueSizes(run);
  const rows: BenchResult[] = [];
  if (wanted('scan')) rows.push(await scanRow(run, catalogueShop(run, sizes.large)));
  if (wanted('sale')) rows.push(await saleRow(run, catalogueShop(run, sizes.small)));
  if (wanted('search')) {
    rows.push(await searchRow(run, catalogueShop(run, sizes.small), SEARCH_MS.small));
    rows.push(await searchRow(run, catalogueShop(run, sizes.large), SEARCH_MS.large));
  }
  return rows;
}
