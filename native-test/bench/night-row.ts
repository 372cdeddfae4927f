import { createServer } from 'node:http';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { must } from '../../shared/assert.ts';
import { readDemo, type DemoFacts } from '../../electron/demo-shop.ts';
import { newId } from '../../electron/host-world.ts';
import { enterShop } from '../../electron/open-shop.ts';
import { groupScans, readScans, replay, type Scan } from '../../electron/replay.ts';
import { tillFolder } from '../../electron/shop-folder.ts';
import { reference } from '../prerequisite.ts';
import { atMost, percentile, timed, type BenchResult, type BenchRun } from './result.ts';

const NIGHT_MS = 2_000;
const BATCH = 250;

/** A day rung up with the town cut off, then the whole night against a real town on this machine. */
export async function nightRow(run: BenchRun): Promise<BenchResult> {
  const sales = run.quick ? 100 : 1_000;
  const rounds = run.quick ? 2 : 3;
  const days = daysOfScans(run, sales, rounds);
  const folder = join(run.scratch, 'night-shop');
  // The demo shop's own key lies where this bench is removed from.
  process.env['ONE_CARD_TILL_KEEP'] = join(run.scratch, 'night-keep');
  run.say('a demo shop with its own town …');
  const shop = await enterShop({
    root: run.root,
    folder,
    create: { kind: 'demo' },
    withTown: true,
    whenHeld: 'refuse',
    say: () => {},
    log: () => {},
  });
  must(shop.kind === 'own' && shop.town !== null && shop.demo !== null, 'a new demo shop opens with its town');
  try {
    await shop.client.night();
    const samples: number[] = [];
    const bare: number[] = [];
    for (const scans of days) {
      const fromSeq = newestRecord(folder);
      shop.setConnected(false);
      run.say(`${sales} sales …`);
      const rung = await replay(shop.client, scans, {
        newId,
        managerPin: shop.demo.manager.pin,
        cards: shop.demo.cards,
      });
      must(rung.kind === 'replayed', 'the day was rung up');
      shop.setConnected(true);
      let state = '';
      samples.push(await timed(async () => void (state = (await shop.client.night()).state)));
      must(state === 'matched', `the night is matched, not ${state}`);
      bare.push(await uploadBare(run, folder, fromSeq));
    }
    return atMost({
      name: `night of ${sales.toLocaleString('en')} sales, close to statement applied`,
      unit: 'ms',
      samples,
      limit: percentile(bare, 0.5),
      budget: NIGHT_MS,
      judged: 'p50',
    });
  } finally {
    await shop.close();
  }
}

/** The sales that are rung up: another shop's scans where they lie beside the project, made-up baskets otherwise. */
function daysOfScans(run: BenchRun, sales: number, rounds: number): Scan[][] {
  const sample = reference('data/sales-sample.csv').find();
  const read = sample === null ? null : readScans(readFileSync(sample, 'utf8'));
  const baskets = read === null ? madeUpBaskets(readDemo(run.root), sales) : groupScans(read.scans);
  // Far enough apart that the last basket of a day and the first of the next never run together.
  return Array.from({ length: rounds }, (_, round) => {
    const first = (round * sales) % Math.max(1, baskets.length - sales + 1);
    return baskets
      .slice(first, first + sales)
      .flatMap((basket, index) => basket.map((scan) => ({ ...scan, atMs: index * 60_000 })));
  });
}

function madeUpBaskets(demo: DemoFacts, sales: number): Scan[][] {
  const rows = demo.rows.filter((row) => row.per === 'piece');
  return Array.from({ length: sales }, (_, index) =>
    Array.from({ length: 1 + (index % 3) }, (_line, line) => {
      const row = rows[(index * 31 + line * 7) % rows.length];
      must(row !== undefined, 'a demo shop has goods');
      const { code, name, category } = row;
      const what = { code, name, category, unit: '件', per: 'piece' as const };
      return { ...what, row: 0, atMs: 0, quantity: 1, priceFen: 500, discounted: false };
    }),
  );
}

function newestRecord(folder: string): number {
  const database = new Database(join(tillFolder(folder), 'ledger.sqlite'), { readonly: true });
  const n = database.prepare('SELECT max(n) FROM journal').pluck().get() as number;
  database.close();
  return n;
}

/** The least that a night can be: its bytes over the loopback in batches, each on disk before it is answered. */
async function uploadBare(run: BenchRun, folder: string, afterN: number): Promise<number> {
  const database = new Database(join(tillFolder(folder), 'ledger.sqlite'), { readonly: true });
  const texts = database
    .prepare<[number], string>('SELECT text FROM journal WHERE n > ? ORDER BY n')
    .pluck()
    .all(afterN);
  database.close();
  const file = openSync(join(run.scratch, 'bare-night.log'), 'a');
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      writeSync(file, body);
      fsyncSync(file);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/` : '';
  const tookMs = await timed(async () => {
    for (let from = 0; from < texts.length; from += BATCH) {
      const body = JSON.stringify({ records: texts.slice(from, from + BATCH) });
      await (await fetch(url, { method: 'POST', body })).text();
    }
  });
  server.closeAllConnections();
  server.close();
  closeSync(file);
  return tookMs;
}
