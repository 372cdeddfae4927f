import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';
import { clientOfHolder } from '../electron/holder.ts';
import { townFolder, writeShop } from '../electron/shop-folder.ts';
import type { TillClient } from '../electron/till-client.ts';
import { SIMULATED_DEVICES } from '../shared/device-set-up.ts';
import { layTown } from './town-mould.ts';

/** The demo shop that `npm start` opens, in a process and a folder of its own. */
export type StartedShop = Readonly<{
  /** The till's page with its token. */
  till: string;
  town: string;
  /** The shop's own folder. */
  folder: string;
  /** What a newcomer was told on the way, and what the shop wrote to its log. */
  said: readonly string[];
  client: TillClient;
  stop: () => Promise<void>;
}>;

const root = fileURLToPath(new URL('..', import.meta.url));

export async function startShop(): Promise<StartedShop> {
  const scratch = mkdtempSync(join(tmpdir(), 'one-card-browser-'));
  const folder = join(scratch, 'shop');
  writeShop(folder, { demo: true, townUrl: null, furnished: false, devices: SIMULATED_DEVICES });
  await layTown(townFolder(folder));
  const child = spawn(
    process.execPath,
    [join(root, 'scripts', 'start.ts'), '--no-open', '--port', '0', '--data', folder],
    {
      cwd: root,
      env: { ...process.env, ONE_CARD_TILL_KEEP: join(scratch, 'keep'), ONE_CARD_TILL_LOG: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(scratch, { recursive: true, force: true });
  };
  const said: string[] = [];
  child.stderr.on('data', (part: Buffer) => said.push(String(part)));
  try {
    const ready = await new Promise<{ till: string; town: string }>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        said.push(line);
        const found = /^ready (\{.*\})$/.exec(line)?.[1];
        if (found !== undefined) resolve(JSON.parse(found) as { till: string; town: string });
      });
      child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready\n${said.join('\n')}`)));
    });
    const address = new URL(ready.till);
    const token = new URLSearchParams(address.hash.slice(1)).get('token');
    const client = clientOfHolder({ pid: child.pid ?? 0, url: address.origin, token });
    if (client === null) throw new Error(`not an address with a token: ${ready.till}`);
    return { ...ready, folder, said, client, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ctrl-C, and the wait for the shop to have closed its books. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await exit;
  clearTimeout(late);
}

/** The two screens a counter has: the smallest one that must do, and the common large one. */
export const SIZES = [
  { width: 1366, height: 768 },
  { width: 1920, height: 1080 },
] as const;

/** A browser as it stands at a counter, and everything it did that it should not have done. */
export type Counter = Readonly<{
  page: Page;
  /** Errors of the console and of the page's own code. */
  faults: string[];
  /** Requests to anything but this machine; none of them got out. */
  strangers: string[];
  close: () => Promise<void>;
}>;

/** `hasTouch` for a counter whose screen is touched. */
export async function openCounter(program: string, hasTouch = false): Promise<Counter> {
  const browser = await chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Pages of the browser's own behind an address bar that nobody sees take longer to start than ours.
      '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,Translate,MediaRouter,OptimizationHints',
    ],
  });
  const context = await browser.newContext({
    viewport: SIZES[0],
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    hasTouch,
  });
  const faults: string[] = [];
  const strangers: string[] = [];
  await keepInside(context, strangers);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
  page.on('websocket', (socket) => {
    if (!isHere(socket.url())) strangers.push(socket.url());
  });
  page.setDefaultTimeout(20_000);
  return { page, faults, strangers, close: () => browser.close() };
}

async function keepInside(context: BrowserContext, strangers: string[]): Promise<void> {
  await context.route(
    (url) => !isHere(url.href),
    async (route) => {
      strangers.push(route.request().url());
      await route.abort();
    },
  );
}

function isHere(address: string): boolean {
  return address.startsWith('data:') || address.startsWith('blob:') || new URL(address).hostname === '127.0.0.1';
}

/** What a keyboard-wedge scanner leaves between two keys. */
const SCANNER_GAP_MS = 8;

/**
 * A scanner's burst, as the keyboard would give it: each key carries the time at which a scanner would have pressed it,
 * so that a machine busy with the browser and the town does not tear the burst apart before the page has even seen it.
 */
export async function scan(page: Page, code: string, gapMs: number = SCANNER_GAP_MS): Promise<void> {
  const session = await sessionOf(page);
  const sent: Promise<unknown>[] = [];
  const startAtMs = Date.now();
  for (const [index, key] of keysOf(code).entries()) {
    const atMs = startAtMs + index * gapMs;
    const earlyMs = atMs - Date.now();
    if (earlyMs > 0) await sleep(earlyMs);
    sent.push(...press(session, key, atMs));
  }
  await Promise.all(sent);
}

/**
 * The same burst on a machine that had no time for it: the keys wait in the queue and come to the page all at once, each
 * with the time at which it was pressed.
 */
export async function scanQueued(page: Page, code: string): Promise<void> {
  const session = await sessionOf(page);
  const keys = keysOf(code);
  const startAtMs = Date.now() - keys.length * SCANNER_GAP_MS;
  await Promise.all(keys.flatMap((key, index) => press(session, key, startAtMs + index * SCANNER_GAP_MS)));
}

/** A burst whose head came to the page so long before its rest that the page has already given it up. */
export async function scanStalled(page: Page, code: string, headLength: number): Promise<void> {
  const session = await sessionOf(page);
  const keys = keysOf(code);
  const sentAtMs = Date.now();
  const stamped = keys.map((key, index) => ({ key, atMs: sentAtMs - (keys.length - index) * SCANNER_GAP_MS }));
  const send = (part: typeof stamped) => Promise.all(part.flatMap(({ key, atMs }) => press(session, key, atMs)));
  await send(stamped.slice(0, headLength));
  // Longer than the page waits for the next key of a burst.
  await sleep(250);
  await send(stamped.slice(headLength));
}

/** The code's characters, and the suffix that a scanner is set to. */
function keysOf(code: string): string[] {
  return [...code.split(''), 'Enter'];
}

const sessions = new WeakMap<Page, Promise<CDPSession>>();

function sessionOf(page: Page): Promise<CDPSession> {
  const session = sessions.get(page) ?? page.context().newCDPSession(page);
  sessions.set(page, session);
  return session;
}

/** One key down and up, not waited for: the messages keep their order. */
function press(session: CDPSession, key: string, atMs: number): Promise<unknown>[] {
  const named = { timestamp: atMs / 1000, key, code: codeOf(key), windowsVirtualKeyCode: virtualKeyOf(key) };
  const text = key === 'Enter' ? '\r' : key;
  return [
    session.send('Input.dispatchKeyEvent', { type: 'keyDown', text, ...named }),
    session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...named }),
  ];
}

function codeOf(key: string): string {
  if (/^\d$/.test(key)) return `Digit${key}`;
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  return key === '-' ? 'Minus' : key;
}

function virtualKeyOf(key: string): number {
  if (key === 'Enter') return 13;
  return key === '-' ? 189 : key.toUpperCase().charCodeAt(0);
}

/** A person's hand: slower than any scanner. */
export async function typeByHand(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text, { delay: 120 });
}

/** How far the page could be scrolled, in CSS pixels. */
export function overflowOf(page: Page): Promise<{ sideways: number; down: number }> {
  return page.evaluate(() => {
    const root = document.documentElement;
    return { sideways: root.scrollWidth - root.clientWidth, down: root.scrollHeight - root.clientHeight };
  });
}

/** The visible buttons of this selection that a finger would miss: `label WxH` for each. */
export function smallButtons(page: Page, selector: string, leastPx: number): Promise<string[]> {
  return page.evaluate(
    ({ selector, leastPx }) =>
      [...document.querySelectorAll<HTMLElement>(selector)]
        .map((button) => ({ button, box: button.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && Math.round(Math.min(box.width, box.height)) < leastPx)
        .map(({ button, box }) => `${button.innerText} ${Math.round(box.width)}x${Math.round(box.height)}`),
    { selector, leastPx },
  );
}

/**
 * Looks at what is on the screen at both sizes. With PICTURES=FOLDER in the environment each look leaves two pictures
 * there, for a person to look at.
 */
export async function look(page: Page, name: string): Promise<{ sideways: number; down: number }[]> {
  const folder = process.env['PICTURES'];
  const overflows: { sideways: number; down: number }[] = [];
  for (const size of SIZES) {
    await page.setViewportSize(size);
    // Two frames, so that what depends on the size has been laid out.
    await page.evaluate(
      () => new Promise<void>((resolve) => void requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
    );
    overflows.push(await overflowOf(page));
    if (folder === undefined || folder === '') continue;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}-${size.width}.png`) });
  }
  await page.setViewportSize(SIZES[0]);
  return overflows;
}

/** Lets a browser draw a page of our own, with nobody in front of it, into the picture at `path` (PNG); the page stays beside it. */
export function photograph(program: string, html: string, path: string, size: { width: number; height: number }): void {
  const page = path.replace(/\.png$/, '.html');
  const profile = mkdtempSync(join(dirname(path), 'profile-'));
  writeFileSync(page, html);
  execFileSync(
    program,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--user-data-dir=${profile}`,
      `--window-size=${size.width},${size.height}`,
      `--screenshot=${path}`,
      `file://${page}`,
    ],
    { stdio: 'ignore', timeout: 60_000 },
  );
  rmSync(profile, { recursive: true, force: true });
}
