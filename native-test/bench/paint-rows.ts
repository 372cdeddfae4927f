import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { type Browser, chromium as playwright, type Page } from 'playwright-core';
import { build } from 'vite';
import { WebSocket } from 'ws';
import { stoppedRouter } from '../../electron/core/router.ts';
import { serve } from '../../electron/serve.ts';
import { currentScreen, type TillClient } from '../../electron/till-client.ts';
import { buildPages } from '../../scripts/build-pages.ts';
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
/** So many rounds go before what counts: a till that has sold nothing yet today still runs its code unoptimised. */
const WARM_UP_ROUNDS = 10;

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

type Counter = Readonly<{ page: Page; keys: Keys; samples: number[] }>;

/**
 * A burst costs the machine of a shop next to nothing, so it must cost little here: it is put together beforehand and
 * goes to the browser's own socket in one go, and nobody reads what the browser answers to each of its keys.
 */
type Keys = Readonly<{ strike: (keys: readonly string[]) => void; close: () => void }>;

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
  const keysPort = await freePort();
  const browser = await playwright.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--test-type',
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
      `--remote-debugging-port=${keysPort}`,
    ],
  });
  try {
    const rows: BenchResult[] = [pageRow(run)];
    for (const items of [sizes.small, sizes.large]) {
      rows.push(...(await paintRowsOf(run, browser, keysPort, barePages, catalogueShop(run, items))));
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

async function paintRowsOf(
  run: BenchRun,
  browser: Browser,
  keysPort: number,
  barePages: string,
  shop: Fixture,
): Promise<BenchResult[]> {
  // The core has a process of its own, as it has in a shop: this one is busy with the browser's keys.
  const till = await startTill(run, shop);
  const bareHost = await serve({
    router: stoppedRouter('held', 'the bare page asks nothing'),
    pagesFolder: barePages,
    port: 0,
    log: () => {},
  });
  const echo = await openEcho(barePages);
  try {
    const real = await openCounter(browser, keysPort, till.tillUrl);
    const bare = await openCounter(browser, keysPort, `${bareHost.origin}/till/`);
    await real.page.getByText('扫第一件商品开始').waitFor();
    const asking = await openCounter(browser, keysPort, `http://127.0.0.1:${echo.port}/till/#asks`);
    const rows = await paintRow(run, shop, till.client, { real, bare, asking });
    // A catalogue makes no difference to these two: one size of it tells all.
    if (shop.codes.length === catalogueSizes(run).small) {
      rows.push(await largeSaleRow(run, shop, till.client, real, bare), await burstRow(run, shop, till.client, real));
    }
    for (const counter of [real, bare, asking]) {
      counter.keys.close();
      await counter.page.context().close();
    }
    return rows;
  } finally {
    await bareHost.close();
    await stopped(echo.child, 'SIGKILL');
    await stopped(till.child, 'SIGTERM');
  }
}

/** The echo behind the bare page that asks. */
async function openEcho(barePages: string): Promise<{ child: ChildProcess; port: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'echo-host.ts'), barePages], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, port };
}

/**
 * The paint of a scan, and beside it the part of it that no page can be without whose core is a process of its own: the
 * bare page's with one question to the least of processes.
 */
async function paintRow(
  run: BenchRun,
  shop: Fixture,
  client: TillClient,
  { real, bare, asking }: Readonly<Record<'real' | 'bare' | 'asking', Counter>>,
): Promise<BenchResult[]> {
  const rounds = run.quick ? 4 : 30;
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const counter of [bare, asking, real]) await burst(run, counter, shop, round);
    await emptied(client, real.page);
    if (round < 0) for (const counter of [bare, asking, real]) counter.samples.length = 0;
  }
  must(real.samples.length > rounds * LINES * 0.8, 'most bursts reach the page whole');
  const items = `${shop.codes.length.toLocaleString('en')} items`;
  return [
    aboveBare(`scan to paint in Chromium, ${items}`, real, bare),
    atMost({
      name: `scan to paint of a bare page that asks a process, beside ${items}`,
      unit: 'ms',
      samples: asking.samples,
      limit: percentile(bare.samples, 0.99),
      budget: null,
      judged: 'p99',
    }),
  ];
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
  const rounds = run.quick ? 2 : 20;
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
    await emptied(client, real.page);
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
async function burstRow(
  run: BenchRun,
  shop: Fixture,
  client: TillClient,
  { page, keys }: Counter,
): Promise<BenchResult> {
  const samples: number[] = [];
  await page.bringToFront();
  for (let round = 0; round < (run.quick ? 3 : 20); round += 1) {
    await wait(IN_FRONT_MS);
    const codes = Array.from(
      { length: BURST },
      (_, line) => shop.codes[(round * 131 + line * 37) % shop.codes.length] ?? '',
    );
    const from = performance.now();
    keys.strike(codes.flatMap((code) => [...code.split(''), 'Enter']));
    await page.waitForFunction((count) => document.querySelectorAll('tbody tr').length >= count, BURST);
    samples.push(performance.now() - from);
    const { sale } = await currentScreen(client);
    const inOrder = sale.lines.map((line) => line.code).join(' ') === codes.join(' ');
    must(inOrder, 'twenty scans in one burst all land, in their order');
    await emptied(client, page);
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

async function openCounter(browser: Browser, keysPort: number, url: string): Promise<Counter> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' });
  const page = await context.newPage();
  await page.addInitScript(STOPWATCH);
  await page.goto(url);
  const { targetInfo } = await (await context.newCDPSession(page)).send('Target.getTargetInfo');
  const socket = new WebSocket(`ws://127.0.0.1:${keysPort}/devtools/page/${targetInfo.targetId}`);
  await once(socket, 'open');
  let sent = 0;
  const message = (params: object): string => {
    sent += 1;
    return JSON.stringify({ id: sent, method: 'Input.dispatchKeyEvent', params });
  };
  const strike = (keys: readonly string[]): void => {
    const messages = keys.flatMap((key) => {
      const named = key.length > 1;
      const code = named ? key : `Digit${key}`;
      const windowsVirtualKeyCode = VIRTUAL_KEY_CODES[key] ?? key.charCodeAt(0);
      const text = key === 'Enter' ? '\r' : named ? '' : key;
      return [
        message({ type: 'keyDown', code, key, text, windowsVirtualKeyCode }),
        message({ type: 'keyUp', code, key, windowsVirtualKeyCode }),
      ];
    });
    for (const one of messages) socket.send(one);
  };
  return { page, keys: { strike, close: () => socket.close() }, samples: [] };
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

/** Ten scans: thirteen digits and Enter, handed to the browser in one go, so that a busy machine tears none apart. */
async function burst(run: BenchRun, counter: Counter, shop: Fixture, round: number): Promise<void> {
  await counter.page.bringToFront();
  await wait(IN_FRONT_MS);
  for (const [line, code] of burstCodes(shop, round).entries()) {
    // The stopwatch is asked before the burst: the question itself is work for the page, and must not fall into a scan.
    const painted = counter.page.evaluate('window.paint()');
    // Answered in order: with this one answered, the page waits for the burst.
    await counter.page.evaluate('null');
    // The time between two goods, and a different place within a frame at each.
    await wait(40 + ((line * 7) % 16));
    counter.keys.strike([...code.split(''), 'Enter']);
    await taken(run, counter, await painted);
  }
}

/** Takes the time of a paint. A burst that a busy machine tore apart is no scan and has none: said, and left out. */
async function taken(run: BenchRun, counter: Counter, tookMs: unknown): Promise<void> {
  if (typeof tookMs === 'number') return void counter.samples.push(tookMs);
  run.say('scan to paint: one burst was torn apart by other work on this machine');
  counter.keys.strike(['Escape']);
  await wait(IN_FRONT_MS);
}

/** Leaves an empty basket behind, as after a sale, so that no page grows from round to round. */
async function emptied(client: TillClient, page: Page): Promise<void> {
  await client.send({ kind: 'voidSale', reason: 'bench' });
  await page.getByText('扫第一件商品开始').waitFor();
}
