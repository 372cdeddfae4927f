import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import react from '@vitejs/plugin-react';
import { type Browser, type CDPSession, chromium as playwright, type Page } from 'playwright-core';
import { build } from 'vite';
import { stoppedRouter } from '../../electron/core/router.ts';
import { serve } from '../../electron/serve.ts';
import type { TillClient } from '../../electron/till-client.ts';
import { buildPages } from '../../scripts/build-pages.ts';
import { must } from '../../shared/assert.ts';
import { chromium } from '../prerequisite.ts';
import { catalogueShop, catalogueSizes } from './counter-rows.ts';
import type { Fixture } from './fixture.ts';
import { startTill, stopped } from './journal-rows.ts';
import { atMost, percentile, type BenchResult, type BenchRun } from './result.ts';

const ABOVE_BARE_MS = 4;
const LINES = 10;
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
  let tookMs = null;
  window.paint = () => new Promise((resolve) => {
    const late = setTimeout(() => painted(), ${TORN_AFTER_MS});
    painted = () => {
      clearTimeout(late);
      painted = () => {};
      resolve(tookMs);
      tookMs = null;
    };
    if (tookMs !== null) painted();
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
        tookMs = performance.now() - fromMs;
        painted();
      };
      channel.port2.postMessage(null);
    });
  }).observe(document, { childList: true, subtree: true, characterData: true });
})();`;

type Counter = Readonly<{ page: Page; keys: CDPSession; samples: number[] }>;

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
  const browser = await playwright.launch({
    executablePath: program,
    args: ['--no-sandbox', '--test-type', '--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
  });
  try {
    const rows: BenchResult[] = [];
    for (const items of [sizes.small, sizes.large]) {
      rows.push(await paintRow(run, browser, barePages, catalogueShop(run, items)));
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

async function paintRow(run: BenchRun, browser: Browser, barePages: string, shop: Fixture): Promise<BenchResult> {
  // The core has a process of its own, as it has in a shop: this one is busy with the browser's keys.
  const till = await startTill(run, shop);
  const bareHost = await serve({
    router: stoppedRouter('held', 'the bare page asks nothing'),
    pagesFolder: barePages,
    port: 0,
    log: () => {},
  });
  try {
    const real = await openCounter(browser, till.tillUrl);
    const bare = await openCounter(browser, `${bareHost.origin}/till/`);
    await real.page.getByText('扫第一件商品开始').waitFor();
    const rounds = run.quick ? 4 : 30;
    for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
      await burst(run, bare, shop, round);
      await burst(run, real, shop, round);
      await emptied(till.client, real.page);
      if (round < 0) for (const counter of [bare, real]) counter.samples.length = 0;
    }
    must(real.samples.length > rounds * LINES * 0.8, 'most bursts reach the page whole');
    const limit = percentile(bare.samples, 0.99);
    await real.page.context().close();
    await bare.page.context().close();
    return atMost({
      name: `scan to paint in Chromium, ${shop.codes.length.toLocaleString('en')} items`,
      unit: 'ms',
      samples: real.samples,
      limit,
      budget: limit + ABOVE_BARE_MS,
      judged: 'p99',
    });
  } finally {
    await bareHost.close();
    await stopped(till.child, 'SIGTERM');
  }
}

async function openCounter(browser: Browser, url: string): Promise<Counter> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' });
  const page = await context.newPage();
  await page.addInitScript(STOPWATCH);
  await page.goto(url);
  return { page, keys: await context.newCDPSession(page), samples: [] };
}

/** Ten scans: thirteen digits and Enter, handed to the browser in one go, so that a busy machine tears none apart. */
async function burst(run: BenchRun, counter: Counter, shop: Fixture, round: number): Promise<void> {
  await counter.page.bringToFront();
  await wait(IN_FRONT_MS);
  for (let line = 0; line < LINES; line += 1) {
    const code = shop.codes[((round + WARM_UP_ROUNDS) * 977 + line * 1_009) % shop.codes.length] ?? '';
    await Promise.all([
      ...Array.from(code).flatMap((digit) => press(counter.keys, `Digit${digit}`, digit, digit.charCodeAt(0))),
      ...press(counter.keys, 'Enter', 'Enter', 13),
    ]);
    await painted(run, counter);
    // The time between two goods, and a different place within a frame at each.
    await wait(40 + ((line * 7) % 16));
  }
}

function press(keys: CDPSession, code: string, key: string, windowsVirtualKeyCode: number): Promise<unknown>[] {
  const text = key === 'Enter' ? '\r' : key === 'Escape' ? '' : key;
  return [
    keys.send('Input.dispatchKeyEvent', { type: 'keyDown', code, key, text, windowsVirtualKeyCode }),
    keys.send('Input.dispatchKeyEvent', { type: 'keyUp', code, key, windowsVirtualKeyCode }),
  ];
}

/** Takes the time of a paint. A burst that a busy machine tore apart is no scan and has none: said, and left out. */
async function painted(run: BenchRun, counter: Counter): Promise<void> {
  const tookMs = await counter.page.evaluate('window.paint()');
  if (typeof tookMs === 'number') return void counter.samples.push(tookMs);
  run.say('scan to paint: one burst was torn apart by other work on this machine');
  await Promise.all(press(counter.keys, 'Escape', 'Escape', 27));
}

/** Leaves an empty basket behind, as after a sale, so that no page grows from round to round. */
async function emptied(client: TillClient, page: Page): Promise<void> {
  await client.send({ kind: 'voidSale', reason: 'bench' });
  await page.getByText('扫第一件商品开始').waitFor();
}
