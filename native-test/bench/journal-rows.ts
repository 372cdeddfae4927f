import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { must } from '../../shared/assert.ts';
import type { Command } from '../../shared/till-contract.ts';
import { clientOfHolder } from '../../electron/holder.ts';
import { currentScreen, type TillClient } from '../../electron/till-client.ts';
import { YOUNG_HEAP_FLAG } from '../../electron/young-heap.ts';
import { hostEnvironment } from '../../scripts/supervised.ts';
import { catalogueShop, catalogueSizes } from './counter-rows.ts';
import { makeFixture, type Fixture } from './fixture.ts';
import { openOwnCore } from './own-core.ts';
import { atLeast, atMost, percentile, timed, type BenchResult, type BenchRun } from './result.ts';

const OPEN_MS = 500;
const START_MS = 3_000;
const VERIFIED_PER_SECOND = 50_000;
const MEMORY_MEGABYTES = 200;

const count = (value: number): string => value.toLocaleString('en');

type OldShop = Fixture & Readonly<{ records: number; members: number }>;

let made: OldShop | null = null;

/**
 * A shop of a year: its journal, a county's worth of members, and a last night that never ran. Made once; whoever lets
 * it run long enough to close its day comes last.
 */
export function oldShop(run: BenchRun): OldShop {
  if (made !== null) return made;
  const size = run.quick ? { records: 30_000, members: 5_000 } : { records: 300_000, members: 50_000 };
  run.say(`a shop with ${count(size.records)} records and ${count(size.members)} members …`);
  const place = join(run.scratch, 'old-shop');
  mkdirSync(place, { recursive: true });
  made = { ...makeFixture(place, { items: 2_000, ...size, nightMissed: true }), ...size };
  return made;
}

/** From `openCore` to its answer, in a process that is up. */
async function openRow(run: BenchRun, shop: OldShop): Promise<BenchResult> {
  const samples: number[] = [];
  const bare: number[] = [];
  for (let round = -1; round < (run.quick ? 5 : 15); round += 1) {
    const from = performance.now();
    const core = openOwnCore(shop);
    const openedMs = performance.now() - from;
    await core.close();
    const bareMs = await timed(() => readTailBare(core.ledgerFile));
    if (round < 0) continue;
    samples.push(openedMs);
    bare.push(bareMs);
  }
  return atMost({
    name: `open the core, ${count(shop.records)} records, ${count(shop.members)} members`,
    unit: 'ms',
    samples,
    limit: percentile(bare, 0.5),
    budget: OPEN_MS,
    judged: 'p99',
  });
}

/** The least that opening can be: the file opened, and its newest records read. */
function readTailBare(file: string): void {
  const database = new Database(file);
  database.prepare('SELECT text FROM journal ORDER BY n DESC LIMIT 50').all();
  database.close();
}

/** A till's process as a shop has it: the loopback host on its folder, with the heaps that the start gives it. */
export async function startTill(run: BenchRun, shop: Fixture) {
  const child = spawn(
    process.execPath,
    [YOUNG_HEAP_FLAG, join(run.root, 'electron', 'cli.ts'), 'serve', '--data', shop.folder],
    {
      cwd: run.root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...hostEnvironment(run.root), ONE_CARD_TILL_KEEP: shop.keepFolder },
    },
  );
  const words: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    words.push(line);
    if (line.startsWith('bug')) run.say(line);
  });
  const url = await new Promise<URL>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the till ended (${code}) before it was up\n${words.join('\n')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^ready (\{.*\})$/.exec(line)?.[1];
      if (ready !== undefined) resolve(new URL((JSON.parse(ready) as { till: string }).till));
    });
  });
  const token = new URLSearchParams(url.hash.slice(1)).get('token');
  const client = clientOfHolder({ pid: child.pid ?? 0, url: url.origin, token });
  must(client !== null, 'the till named its address and token');
  return { child, client, tillUrl: url.href };
}

export async function stopped(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await over;
}

/** From the start of the process to the answer to the first scan, while a missed night waits behind it. */
async function startRow(run: BenchRun, shop: OldShop): Promise<BenchResult> {
  const samples: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < (run.quick ? 2 : 7); round += 1) {
    const from = performance.now();
    const { child, client } = await startTill(run, shop);
    try {
      const answer = await client.send({ kind: 'scan', code: shop.codes[round] ?? '', source: 'scanner' });
      samples.push(performance.now() - from);
      must(answer.kind === 'done', 'the first scan is accepted');
      const screen = await currentScreen(client);
      // A cut before the catch-up leaves the night missed for the next round.
      must(screen.status.night !== 'running', 'no night stands before the first scan');
    } finally {
      await stopped(child, 'SIGKILL');
    }
    bare.push(await bareStart());
  }
  return atMost({
    name: 'start to first scan accepted, a missed night pending',
    unit: 'ms',
    samples,
    limit: percentile(bare, 0.5),
    budget: START_MS,
    judged: 'p99',
  });
}

const BARE_SERVER = `
  const server = require('node:http').createServer((request, response) => response.end('{}'));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** A Node process that serves one answer on the loopback and knows nothing else. */
async function bareStart(): Promise<number> {
  const from = performance.now();
  const { child, port } = await bareServer();
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  const tookMs = performance.now() - from;
  await stopped(child, 'SIGKILL');
  return tookMs;
}

async function bareServer(): Promise<{ child: ChildProcess; port: string }> {
  const child = spawn(process.execPath, ['--input-type=commonjs', '-e', BARE_SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the bare server ended')));
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  return { child, port };
}

async function verifyRow(run: BenchRun, shop: OldShop): Promise<BenchResult> {
  const core = openOwnCore(shop);
  try {
    const rates: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < (run.quick ? 2 : 4); round += 1) {
      let records = 0;
      const verifyMs = await timed(async () => {
        const verified = await core.client.verify();
        must(verified.state === 'sound', `the fixture's chain is sound: ${verified.fault ?? ''}`);
        records = verified.records;
      });
      rates.push((records / verifyMs) * 1_000);
      const hashMs = await timed(() => hashBare(core.ledgerFile));
      bare.push((records / hashMs) * 1_000);
    }
    return atLeast({
      name: `verify the chain, ${count(shop.records)} records`,
      unit: 'records/s',
      rates,
      limit: percentile(bare, 0.5),
      budget: VERIFIED_PER_SECOND,
    });
  } finally {
    await core.close();
  }
}

/** The least that verifying can be: every text read and hashed. */
function hashBare(file: string): void {
  const database = new Database(file, { readonly: true });
  const rows = database.prepare<[], { text: string }>('SELECT text FROM journal ORDER BY n').iterate();
  for (const { text } of rows) createHash('sha256').update(text).digest('hex');
  database.close();
}

/** Resident memory of a till at work, megabytes; null where the system does not tell. */
function residentMegabytes(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / 1_024;
}

/** A till's process that sells, searches and looks at its stock. */
async function memoryRow(run: BenchRun, shop: Fixture, name: string): Promise<BenchResult | null> {
  if (process.platform !== 'linux') {
    run.say(`${name}: only Linux tells how much memory another process holds; left out`);
    return null;
  }
  const { child, client } = await startTill(run, shop);
  const bare = await bareServer();
  try {
    const samples: number[] = [];
    for (let sale = 0; sale < (run.quick ? 40 : 200); sale += 1) {
      await sellOnce(client, shop, sale);
      await client.search({ text: shop.names[(sale * 17) % shop.names.length]?.slice(0, 2) ?? '', limit: 30 });
      if (sale % 20 === 0) await client.stock({ text: '', only: 'all', category: null, offset: sale, limit: 100 });
      const megabytes = residentMegabytes(child.pid ?? 0);
      if (megabytes !== null) samples.push(megabytes);
    }
    return atMost({
      name,
      unit: 'MB',
      samples,
      limit: residentMegabytes(bare.child.pid ?? 0),
      budget: MEMORY_MEGABYTES,
      judged: 'p99',
    });
  } finally {
    await stopped(bare.child, 'SIGKILL');
    await stopped(child, 'SIGTERM');
  }
}

async function sellOnce(client: TillClient, shop: Fixture, sale: number): Promise<void> {
  const send = async (command: Command): Promise<void> => {
    const answer = await client.send(command);
    must(answer.kind === 'done', `${command.kind} is done`);
  };
  for (let line = 0; line < 4; line += 1) {
    await send({
      kind: 'scan',
      code: shop.codes[(sale * 37 + line * 1_009) % shop.codes.length] ?? '',
      source: 'scanner',
    });
  }
  await send({ kind: 'startPay' });
  const screen = await currentScreen(client);
  await send({ kind: 'pay', sale: screen.sale.id });
  await send({ kind: 'nextSale' });
}

export async function journalRows(run: BenchRun, wanted: (name: string) => boolean): Promise<BenchResult[]> {
  const names = ['open', 'start', 'verify', 'memory'];
  if (!names.some(wanted)) return [];
  const shop = oldShop(run);
  const rows: (BenchResult | null)[] = [];
  // What leaves the missed night missed comes first.
  if (wanted('open')) rows.push(await openRow(run, shop));
  if (wanted('start')) rows.push(await startRow(run, shop));
  if (wanted('verify')) rows.push(await verifyRow(run, shop));
  if (wanted('memory')) {
    const name = 'till core memory';
    rows.push(await memoryRow(run, shop, `${name}, ${count(shop.records)} records, ${count(shop.members)} members`));
    const large = catalogueShop(run, catalogueSizes(run).large);
    rows.push(await memoryRow(run, large, `${name}, ${count(large.codes.length)} items`));
  }
  return rows.filter((row) => row !== null);
}
