import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { clientOfHolder } from '../../electron/holder.ts';
import { tillFolder } from '../../electron/shop-folder.ts';
import { currentScreen, type TillClient } from '../../electron/till-client.ts';
import { buildPages } from '../../scripts/build-pages.ts';
import { keepPages } from '../../scripts/kept-pages.ts';
import { superviseServed } from '../../scripts/supervised.ts';
import { must } from '../../shared/assert.ts';
import { chromium } from '../prerequisite.ts';
import { catalogueShop, catalogueSizes } from './counter-rows.ts';
import type { Fixture } from './fixture.ts';
import { oldShop, stopped } from './journal-rows.ts';
import { freePort } from './paint-rows.ts';
import { atMost, type BenchResult, type BenchRun } from './result.ts';

/** What issue and design promise: the same sale, within two seconds. */
const BACK_MS = 2_000;
const LINES = 10;
/** Whoever watches over a core or a page gives up after five falls in a minute; so each shop falls less often. */
const FALLS_EACH = 3;
/** What never comes is a failed bench, not a slow one. */
const NEVER_MS = 30_000;
const LOOK_EVERY_MS = 25;
/** A core does not fall as soon as it is up; whoever watches over it has made the next one ready. */
const BETWEEN_FALLS_MS = 5_000;

/**
 * A core and a page that are killed in the middle of a sale, as `npm start` runs them: from the kill to the page that
 * shows the same lines again and whose line to the core is open.
 */
export async function crashRows(run: BenchRun): Promise<BenchResult[]> {
  const program = chromium.find();
  if (program === null) {
    run.say(`a killed core or page: no browser; to enable: ${chromium.enableWith}`);
    return [];
  }
  await buildPages();
  const year = oldShop(run);
  const goods = catalogueShop(run, catalogueSizes(run).large);
  const count = (value: number): string => value.toLocaleString('en');
  return [
    await fallRow(
      run,
      program,
      goods,
      'core',
      `killed core: same sale on the page, ${count(goods.codes.length)} items`,
    ),
    await fallRow(run, program, year, 'core', `killed core: same sale on the page, ${count(year.records)} records`),
    await fallRow(
      run,
      program,
      goods,
      'page',
      `killed page: same sale on the page, ${count(goods.codes.length)} items`,
    ),
  ];
}

async function fallRow(
  run: BenchRun,
  program: string,
  shop: Fixture,
  what: 'core' | 'page',
  name: string,
): Promise<BenchResult> {
  const samples: number[] = [];
  for (let round = 0; round < (run.quick ? 1 : 4); round += 1) samples.push(...(await falls(run, program, shop, what)));
  return atMost({ name, unit: 'ms', samples, limit: null, budget: BACK_MS, judged: 'p99' });
}

/** A shop opened, a sale of ten lines rung up, and what is watched over killed again and again under it. */
async function falls(run: BenchRun, program: string, shop: Fixture, what: 'core' | 'page'): Promise<number[]> {
  // The host and every one that takes its place look for the till's key where the fixture put it.
  const keepBefore = process.env['ONE_CARD_TILL_KEEP'];
  process.env['ONE_CARD_TILL_KEEP'] = shop.keepFolder;
  const host = superviseServed(run.root, shop.folder, { port: 0, townUrl: null }, run.say);
  const address = await host.listening;
  must(address !== null, 'the host of the shop comes up');
  const counter = await openCounter(program, address, join(run.scratch, 'fallen-pages'));
  try {
    const client = clientOf(address);
    // A night that was missed runs by itself behind the start, and its copy of the books is no part of a fall.
    await client.night();
    for (let line = 0; line < LINES; line += 1) {
      const code = shop.codes[(line * 1_009) % shop.codes.length] ?? '';
      const answer = await client.send({ kind: 'scan', code, source: 'scanner' });
      must(answer.kind === 'done', 'ten goods are rung up');
    }
    const { sale } = await currentScreen(client);
    await counter.shows((seen) => seen.open && seen.lines.length === LINES);
    const before = (await counter.see()).lines.join('\n');
    const samples: number[] = [];
    for (let fall = 0; fall < FALLS_EACH; fall += 1) {
      await wait(BETWEEN_FALLS_MS);
      const from = performance.now();
      if (what === 'core') process.kill(holderPid(shop), 'SIGKILL');
      else await counter.kill();
      // A page keeps its last screen while the line is lost: it must have seen the loss before it can be back.
      await counter.shows((seen) => !seen.open);
      await counter.shows((seen) => seen.open && seen.lines.join('\n') === before);
      samples.push(performance.now() - from);
      must((await currentScreen(client)).sale.id === sale.id, 'it is the same sale');
    }
    await client.send({ kind: 'voidSale', reason: 'bench' });
    return samples;
  } finally {
    await counter.close();
    host.close();
    await host.closed;
    if (keepBefore === undefined) delete process.env['ONE_CARD_TILL_KEEP'];
    else process.env['ONE_CARD_TILL_KEEP'] = keepBefore;
  }
}

function clientOf(address: string): TillClient {
  const { origin, hash } = new URL(address);
  const client = clientOfHolder({ pid: 0, url: origin, token: new URLSearchParams(hash.slice(1)).get('token') });
  must(client !== null, 'the host named its address and token');
  return client;
}

function holderPid(shop: Fixture): number {
  const text = readFileSync(join(tillFolder(shop.folder), 'holder.json'), 'utf8');
  return (JSON.parse(text) as { pid: number }).pid;
}

/** What stands on the page; no lines and no line to the core where there is no page. */
type Seen = Readonly<{ open: boolean; lines: readonly string[] }>;

const LOOK = `JSON.stringify({
  open: document.querySelector('.reconnecting') === null && document.querySelector('tbody') !== null,
  lines: [...document.querySelectorAll('tbody tr')].map((row) => row.innerText),
})`;

type Counter = Readonly<{
  see: () => Promise<Seen>;
  /** Looks again and again until the page shows what is wanted. */
  shows: (wanted: (seen: Seen) => boolean) => Promise<void>;
  /** Kills every process that draws a page. */
  kill: () => Promise<void>;
  close: () => Promise<void>;
}>;

/** A browser whose pages are kept as `npm start` keeps them, and a second way in that outlives them, to look. */
async function openCounter(program: string, address: string, profile: string): Promise<Counter> {
  const port = await freePort();
  const browser = spawn(
    program,
    [
      '--headless=new',
      '--no-sandbox',
      '--no-first-run',
      '--remote-debugging-pipe',
      `--remote-debugging-port=${port}`,
      `--user-data-dir=${profile}`,
      `--app=${address}`,
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  keepPages(browser.stdio[3] as Writable, browser.stdio[4] as Readable, () => {});
  const page = await openLine(await pageOf(browser, port));
  const whole = await openLine((await described(`http://127.0.0.1:${port}/json/version`)).webSocketDebuggerUrl);
  const see = async (): Promise<Seen> => {
    const answer = await page.ask('Runtime.evaluate', { expression: LOOK });
    const { value } = (answer['result'] ?? {}) as { value?: string };
    return value === undefined ? { open: false, lines: [] } : (JSON.parse(value) as Seen);
  };
  return {
    see,
    shows: async (wanted) => {
      for (const until = performance.now() + NEVER_MS; performance.now() < until; await wait(LOOK_EVERY_MS)) {
        if (wanted(await see())) return;
      }
      throw new Error('the page never showed what it should');
    },
    kill: async () => {
      const { processInfo } = (await whole.ask('SystemInfo.getProcessInfo', {})) as {
        processInfo: { type: string; id: number }[];
      };
      for (const { type, id } of processInfo) if (type === 'renderer') process.kill(id, 'SIGKILL');
    },
    close: async () => {
      page.close();
      whole.close();
      await stopped(browser, 'SIGTERM');
    },
  };
}

/** The address by which the till's page is looked into, once it is there. */
async function pageOf(browser: ChildProcess, port: number): Promise<string> {
  for (const until = performance.now() + NEVER_MS; performance.now() < until; await wait(50)) {
    must(browser.exitCode === null, 'the browser stays');
    try {
      const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Described[];
      const page = pages.find((one) => one.type === 'page');
      if (page !== undefined) return page.webSocketDebuggerUrl;
    } catch {
      // The browser does not listen yet.
    }
  }
  throw new Error('the browser never opened its page');
}

type Described = Readonly<{ type: string; webSocketDebuggerUrl: string }>;

async function described(url: string): Promise<Described> {
  return (await (await fetch(url)).json()) as Described;
}

/** Questions to a browser or a page of it, and their answers; a page that is gone answers with nothing. */
async function openLine(address: string) {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const waiting = new Map<number, (result: Record<string, unknown>) => void>();
  let asked = 0;
  socket.on('message', (data: Buffer) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown> };
    if (id === undefined) return;
    waiting.get(id)?.(result ?? {});
    waiting.delete(id);
  });
  return {
    ask: (method: string, params: object): Promise<Record<string, unknown>> => {
      asked += 1;
      const id = asked;
      const answer = new Promise<Record<string, unknown>>((resolve) => void waiting.set(id, resolve));
      socket.send(JSON.stringify({ id, method, params }));
      return answer;
    },
    close: () => socket.close(),
  };
}
