import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { chromium as playwright } from 'playwright-core';
import { build } from 'vite';
import { WebSocket } from 'ws';
import { stoppedRouter } from '../../electron/core/router.ts';
import { serve } from '../../electron/serve.ts';
import { currentScreen, type TillClient } from '../../electron/till-client.ts';
import { buildPages } from '../../scripts/build-pages.ts';
import { PAGE_FLAGS } from '../../scripts/window.ts';
import { must } from '../../shared/assert.ts';
import { chromium } from '../prerequisite.ts';
import { catalogueShop, catalogueSizes } from './counter-rows.ts';
import type { Fixture } from './fixture.ts';
import { startTill, stopped } from './journal-rows.ts';
import { atMost, percentile, type BenchResult, type BenchRun } from './result.ts';

const ABOVE_BARE_MS = 4;
const LINES = 10;
const LINES_LARGE = 200;
const BURST = 20;
const PAGE_KILOBYTES = 150;
const TORN_AFTER_MS = 2_500;
/** A page that was just brought to the front draws itself; a till's page is there all day. */
const IN_FRONT_MS = 150;
/** So long after its paint at most a page has told the core of a scan. */
const SENT_WITHIN_MS = 100;
/** So many rounds go before what counts: a till that has sold nothing yet today still runs its code unoptimised. */
const WARM_UP_ROUNDS = 10;
/** A hundredth of four hundred scans is four of them: of fewer, a p99 would hang on one or two. */
const ROUNDS = 40;

/**
 * Runs in both pages alike: from the time stamp of the Enter that ends a burst to the first frame that was painted after
 * the rows of the table changed. A message sent from an animation frame arrives behind that frame's paint.
 */
const STOPWATCH = `(() => {
  let enteredMs = null;
  let painted = () => {};
  window.paint = () => new Promise((resolve) => {
    const late = setTimeout(() => painted(null), ${TORN_AFTER_MS});
    enteredMs = null;
    painted = (tookMs) => {
      clearTimeout(late);
      painted = () => {};
      resolve(tookMs);
    };
  });
  addEventListener('keydown', (event) => { if (event.key === 'Enter') enteredMs = event.timeStamp; }, { capture: true });
  const rows = () => document.querySelectorAll('tbody tr').length;
  let before = 0;
  new MutationObserver(() => {
    const now = rows();
    if (now === before) return;
    before = now;
    if (enteredMs === null) return;
    const fromMs = enteredMs;
    enteredMs = null;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        painted(performance.now() - fromMs);
      };
      channel.port2.postMessage(null);
    });
  }).observe(document, { childList: true, subtree: true, characterData: true });
})();`;

/**
 * A page, its scanner, and what was measured of it. It is driven over the browser's own socket and not by a test driver,
 * which has itself told of every frame of a page's socket, and the page pays for it.
 */
type Counter = Readonly<{
  evaluate: (expression: string) => Promise<unknown>;
  front: () => Promise<void>;
  /** A code as a scanner types it: a key at a time, a fixed time apart. */
  scan: (code: string) => Promise<void>;
  /** Keys without any gap, put together beforehand: what they cost the browser must not fall between them. */
  strike: (keys: readonly string[]) => void;
  close: () => Promise<void>;
  samples: number[];
}>;

/** What a scanner of the quick kind takes from key to key. */
const KEY_EVERY_MS = 8;

/** Scan to paint at two sizes of the catalogue, and the bare page's own time that they are judged by. */
export async function paintRows(run: BenchRun): Promise<BenchResult[]> {
  const program = chromium.find();
  if (program === null) {
    run.say(`scan to paint: no browser; to enable: ${chromium.enableWith}`);
    return [];
  }
  await buildPages();
  const barePages = await buildBarePage(run);
  const sizes = catalogueSizes(run);
  const port = await freePort();
  const browser = await playwright.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--test-type',
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
      ...PAGE_FLAGS,
      '--window-size=1366,768',
      '--hide-scrollbars',
      `--remote-debugging-port=${port}`,
    ],
  });
  try {
    const rows: BenchResult[] = [pageRow(run)];
    for (const items of [sizes.small, sizes.large]) {
      rows.push(...(await paintRowsOf(run, port, barePages, catalogueShop(run, items))));
    }
    return rows;
  } finally {
    await browser.close();
  }
}

async function buildBarePage(run: BenchRun): Promise<string> {
  const outDir = join(run.scratch, 'bare-page');
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'bare-page'),
    base: './',
    mode: 'production',
    plugins: [react()],
    logLevel: 'warn',
    build: { outDir: join(outDir, 'till'), emptyOutDir: true, target: 'chrome130', modulePreload: { polyfill: false } },
  });
  return outDir;
}

async function paintRowsOf(run: BenchRun, port: number, barePages: string, shop: Fixture): Promise<BenchResult[]> {
  // The core has a process of its own, as it has in a shop: this one is busy with the browser's keys.
  const till = await startTill(run, shop);
  const bareHost = await serve({
    router: stoppedRouter('held', 'the bare page asks nothing'),
    pagesFolder: barePages,
    port: 0,
    log: () => {},
  });
  try {
    const real = await openCounter(port, till.tillUrl);
    const bare = await openCounter(port, `${bareHost.origin}/till/`);
    await emptied(till.client, real);
    const rows = [await paintRow(run, shop, till.client, real, bare)];
    // A catalogue makes no difference to these two: one size of it tells all.
    if (shop.codes.length === catalogueSizes(run).small) {
      rows.push(await largeSaleRow(run, shop, till.client, real, bare), await burstRow(run, shop, till.client, real));
    }
    await real.close();
    await bare.close();
    return rows;
  } finally {
    await bareHost.close();
    await stopped(till.child, 'SIGTERM');
  }
}

/** The paint of a scan in a small basket. */
async function paintRow(
  run: BenchRun,
  shop: Fixture,
  client: TillClient,
  real: Counter,
  bare: Counter,
): Promise<BenchResult> {
  const rounds = run.quick ? 4 : ROUNDS;
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const counter of [bare, real]) await burst(run, counter, shop, round);
    await emptied(client, real);
    if (round < 0) for (const counter of [bare, real]) counter.samples.length = 0;
  }
  must(real.samples.length > rounds * LINES * 0.8, 'most bursts reach the page whole');
  return aboveBare(`scan to paint in Chromium, ${shop.codes.length.toLocaleString('en')} items`, real, bare);
}

/** The last ten lines of a large basket: the lines before them come at once, as no hand scans them. */
async function largeSaleRow(
  run: BenchRun,
  shop: Fixture,
  client: TillClient,
  real: Counter,
  bare: Counter,
): Promise<BenchResult> {
  for (const counter of [bare, real]) counter.samples.length = 0;
  const rounds = run.quick ? 2 : ROUNDS;
  for (let round = 0; round < rounds; round += 1) {
    // A code that lies in the basket already makes a larger quantity and no row.
    const last = burstCodes(shop, round);
    const codes = shop.codes.filter((code) => !last.includes(code));
    for (let line = 0; line < LINES_LARGE - LINES; line += 1) {
      const code = codes[(round * 977 + line * 7) % codes.length] ?? '';
      await client.send({ kind: 'scan', code, source: 'scanner' });
    }
    await burst(run, bare, shop, round);
    await burst(run, real, shop, round);
    await emptied(client, real);
  }
  must(real.samples.length > rounds * LINES * 0.8, 'most bursts reach a large basket whole');
  return aboveBare(`scan to paint in Chromium, a sale of ${LINES_LARGE} lines`, real, bare);
}

function aboveBare(name: string, real: Counter, bare: Counter): BenchResult {
  const limit = percentile(bare.samples, 0.99);
  return atMost({
    name,
    unit: 'ms',
    samples: real.samples,
    limit,
    budget: limit + ABOVE_BARE_MS,
    judged: 'p99',
  });
}

/** Twenty scans without a gap, and how long it takes until the page shows them all: one after the other, none lost. */
async function burstRow(run: BenchRun, shop: Fixture, client: TillClient, counter: Counter): Promise<BenchResult> {
  const samples: number[] = [];
  await counter.front();
  for (let round = 0; round < (run.quick ? 3 : 20); round += 1) {
    await wait(IN_FRONT_MS);
    const codes = Array.from(
      { length: BURST },
      (_, line) => shop.codes[(round * 131 + line * 37) % shop.codes.length] ?? '',
    );
    const from = performance.now();
    counter.strike(codes.flatMap((code) => [...code.split(''), 'Enter']));
    await until(counter, `document.querySelectorAll('tbody tr').length >= ${BURST}`);
    samples.push(performance.now() - from);
    const { sale } = await currentScreen(client);
    const inOrder = sale.lines.map((line) => line.code).join(' ') === codes.join(' ');
    must(inOrder, 'twenty scans in one burst all land, in their order');
    await emptied(client, counter);
  }
  return atMost({
    name: `${BURST} scans in one burst, all in order on the page`,
    unit: 'ms',
    samples,
    limit: null,
    budget: null,
    judged: 'p99',
  });
}

/** What a browser loads to show the cashier's page: its document and everything that this names, packed. */
function pageRow(run: BenchRun): BenchResult {
  const pages = join(run.root, 'out', 'pages');
  const packed = (file: string): number => gzipSync(readFileSync(file)).length;
  const document = join(pages, 'till', 'index.html');
  const named = [...readFileSync(document, 'utf8').matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)];
  const files = [document, ...named.map(([, path = '']) => join(pages, 'till', path))];
  must(files.length > 2, 'the document of the page names its scripts and styles');
  return atMost({
    name: 'cashier page, gzipped',
    unit: 'kB',
    samples: [files.reduce((sum, file) => sum + packed(file), 0) / 1_000],
    limit: null,
    budget: PAGE_KILOBYTES,
    judged: 'p99',
  });
}

async function openCounter(port: number, url: string): Promise<Counter> {
  const made = await fetch(`http://127.0.0.1:${port}/json/new?${encodeURIComponent('about:blank')}`, { method: 'PUT' });
  const { id, webSocketDebuggerUrl } = (await made.json()) as Readonly<Record<string, string>>;
  must(webSocketDebuggerUrl !== undefined, 'the browser opens a page');
  const socket = new WebSocket(webSocketDebuggerUrl);
  await once(socket, 'open');
  let sent = 0;
  const waiting = new Map<number, (answer: Answered) => void>();
  socket.on('message', (data: Buffer) => {
    // What the browser answers to a key is read by nobody.
    if (waiting.size === 0) return;
    const answer = JSON.parse(data.toString()) as Answered;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const message = (method: string, params: object): string => {
    sent += 1;
    return JSON.stringify({ id: sent, method, params });
  };
  const call = (method: string, params: object = {}): Promise<Answered> => {
    const text = message(method, params);
    return new Promise((answered) => {
      waiting.set(sent, answered);
      socket.send(text);
    });
  };
  const pressed = (key: string): string[] => {
    const named = key.length > 1;
    const code = named ? key : `Digit${key}`;
    const windowsVirtualKeyCode = VIRTUAL_KEY_CODES[key] ?? key.charCodeAt(0);
    const text = key === 'Enter' ? '\r' : named ? '' : key;
    return [
      message('Input.dispatchKeyEvent', { type: 'keyDown', code, key, text, windowsVirtualKeyCode }),
      message('Input.dispatchKeyEvent', { type: 'keyUp', code, key, windowsVirtualKeyCode }),
    ];
  };
  // The stopwatch hears a key before the page does, so it has to be there first.
  await call('Page.enable');
  await call('Page.addScriptToEvaluateOnNewDocument', { source: STOPWATCH });
  await call('Page.navigate', { url });
  const counter: Counter = {
    evaluate: async (expression) => {
      const answer = await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      return answer.result?.result?.value;
    },
    front: async () => void (await call('Page.bringToFront')),
    scan: async (code) => {
      const keys = [...code.split(''), 'Enter'].map(pressed);
      for (const [index, one] of keys.entries()) {
        if (index > 0) await wait(KEY_EVERY_MS);
        for (const event of one) socket.send(event);
      }
    },
    strike: (keys) => {
      for (const event of keys.flatMap(pressed)) socket.send(event);
    },
    close: async () => {
      socket.close();
      await fetch(`http://127.0.0.1:${port}/json/close/${id}`);
    },
    samples: [],
  };
  await until(counter, `document.readyState === 'complete' && window.paint !== undefined`);
  await call('Page.disable');
  return counter;
}

/** What the browser answers, as far as it is read. */
type Answered = Readonly<{ id: number; result?: { result?: { value?: unknown } } }>;

async function until(counter: Counter, condition: string): Promise<void> {
  for (const givenUpMs = performance.now() + 30_000; performance.now() < givenUpMs; await wait(20)) {
    if ((await counter.evaluate(condition)) === true) return;
  }
  throw new Error(`the page never came to: ${condition}`);
}

const VIRTUAL_KEY_CODES: Readonly<Record<string, number>> = { Enter: 13, Escape: 27 };

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}

function burstCodes(shop: Fixture, round: number): readonly string[] {
  return Array.from(
    { length: LINES },
    (_, line) => shop.codes[((round + WARM_UP_ROUNDS) * 977 + line * 1_009) % shop.codes.length] ?? '',
  );
}

/** Ten scans, each of thirteen digits and Enter. */
async function burst(run: BenchRun, counter: Counter, shop: Fixture, round: number): Promise<void> {
  await counter.front();
  await wait(IN_FRONT_MS);
  for (const [line, code] of burstCodes(shop, round).entries()) {
    // The stopwatch is asked before the burst: the question itself is work for the page, and must not fall into a scan.
    const painted = counter.evaluate('window.paint()');
    // Answered in order: with this one answered, the page waits for the burst.
    await counter.evaluate('null');
    // The time between two goods, and a different place within a frame at each.
    await wait(40 + ((line * 7) % 16));
    await counter.scan(code);
    await taken(run, counter, await painted);
  }
}

/** Takes the time of a paint. A burst that a busy machine tore apart is no scan and has none: said, and left out. */
async function taken(run: BenchRun, counter: Counter, tookMs: unknown): Promise<void> {
  if (typeof tookMs === 'number') return void counter.samples.push(tookMs);
  run.say('scan to paint: one burst was torn apart by other work on this machine');
  counter.strike(['Escape']);
  await wait(IN_FRONT_MS);
}

/** Leaves an empty basket behind, as after a sale, so that no page grows from round to round. */
async function emptied(client: TillClient, counter: Counter): Promise<void> {
  // A page sends a scan behind the frame that shows it, and this is another hand.
  await wait(SENT_WITHIN_MS);
  await client.send({ kind: 'voidSale', reason: 'bench' });
  await until(counter, `document.body.innerText.includes('扫第一件商品开始')`);
}
