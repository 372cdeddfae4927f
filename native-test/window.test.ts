import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { keepPages } from '../scripts/kept-pages.ts';
import { type ElectronPlace, fetchElectron, openBrowser, openElectron } from '../scripts/window.ts';
import { chromium, groupNeeding } from './prerequisite.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'one-card-window-'));
let mirror: Server;
let asked = 0;
let answer: 'nothing' | 'refusal' = 'nothing';

/** The package as npm leaves it, without its binary, and beside it what it imports. */
function aPackage(name: string): ElectronPlace {
  const folder = join(scratch, name, 'node_modules', 'electron');
  mkdirSync(folder, { recursive: true });
  for (const file of ['install.js', 'package.json', 'checksums.json']) {
    writeFileSync(join(folder, file), readFileSync(join(root, 'node_modules', 'electron', file)));
  }
  for (const one of ['@electron', '@electron-internal']) {
    symlinkSync(join(root, 'node_modules', one), join(scratch, name, 'node_modules', one));
  }
  return { package: folder, gaveUpFile: join(scratch, name, 'gave-up'), stallMs: 1_500 };
}

beforeAll(async () => {
  mirror = createServer((_request, response) => {
    asked += 1;
    if (answer === 'refusal') response.writeHead(404).end();
  });
  mirror.listen(0, '127.0.0.1');
  await once(mirror, 'listening');
  process.env['ELECTRON_MIRROR'] = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/`;
  process.env['electron_config_cache'] = join(scratch, 'cache');
});
beforeEach(() => {
  asked = 0;
});
afterAll(() => {
  delete process.env['ELECTRON_MIRROR'];
  delete process.env['electron_config_cache'];
  mirror.closeAllConnections();
  mirror.close();
  rmSync(scratch, { recursive: true, force: true });
});

test('a download without progress is given up, said in one line and not tried again for a day', async () => {
  answer = 'nothing';
  const place = aPackage('stalled');
  const said: string[] = [];
  expect(await fetchElectron((line) => void said.push(line), place)).toBeNull();
  expect(asked).toBeGreaterThan(0);
  expect(said.filter((line) => line.includes('no progress'))).toHaveLength(1);

  asked = 0;
  expect(await fetchElectron(() => {}, place)).toBeNull();
  expect(asked).toBe(0);

  answer = 'refusal';
  const dayBefore = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(place.gaveUpFile, dayBefore, dayBefore);
  expect(await fetchElectron(() => {}, place)).toBeNull();
  expect(asked).toBeGreaterThan(0);
});

test('a binary that is here is used, and nothing is asked for', async () => {
  const place = aPackage('here');
  mkdirSync(join(place.package, 'dist'));
  writeFileSync(join(place.package, 'path.txt'), 'electron');
  writeFileSync(join(place.package, 'dist', 'electron'), '');
  expect(await fetchElectron(() => {}, place)).toBe(join(place.package, 'dist', 'electron'));
  expect(asked).toBe(0);
});

const NEEDS_SHELL = 'needs a system on which a shell script is a program';

/** A program that notes its words and stays until it is told to end. */
function aProgram(name: string, says = ''): string {
  const file = join(scratch, name);
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$@" > "${file}.words"\n${says}\nexec sleep 60\n`);
  chmodSync(file, 0o755);
  return file;
}

async function wordsOf(program: string): Promise<string[]> {
  const isWritten = (): boolean => existsSync(`${program}.words`) && readFileSync(`${program}.words`, 'utf8') !== '';
  for (let tries = 0; tries < 100 && !isWritten(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return readFileSync(`${program}.words`, 'utf8').trim().split('\n');
}

test('a browser shows the page as an application with a profile of its own', async (context) => {
  if (process.platform === 'win32') context.skip(NEEDS_SHELL);
  const program = aProgram('browser');
  const window = openBrowser(program, 'http://127.0.0.1:1/#token=x', join(scratch, 'profile'), () => {});
  const words = await wordsOf(program);
  expect(words).toContain('--app=http://127.0.0.1:1/#token=x');
  expect(words).toContain(`--user-data-dir=${join(scratch, 'profile')}`);
  expect(words.includes('--no-sandbox')).toBe(process.getuid?.() === 0);
  window.close();
  await window.closed;
});

groupNeeding('a browser whose page was killed', chromium, (program) => {
  test('shows it again by itself', async (context) => {
    if (process.platform !== 'linux') context.skip('looks for the processes of pages where Linux lists them');
    let shown = 0;
    const pages = createServer((request, response) => {
      // Asked for by a page that is drawn: one that was killed on its way there has nothing to come back to.
      if (request.url === '/drawn') shown += 1;
      response.setHeader('content-type', 'text/html').end('<title>till</title><img src="/drawn" alt="">');
    });
    pages.listen(0, '127.0.0.1');
    await once(pages, 'listening');
    const headless = join(scratch, 'headless');
    writeFileSync(headless, `#!/bin/sh\nexec "${program}" --headless=new "$@"\n`);
    chmodSync(headless, 0o755);
    const profile = join(scratch, 'kept');
    const address = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/till`;
    const window = openBrowser(headless, address, profile, () => {});
    try {
      await expect.poll(() => shown, { timeout: 30_000 }).toBe(1);
      const killed = await pageProcesses(profile);
      expect(killed.length).toBeGreaterThan(0);
      for (const pid of killed) process.kill(pid, 'SIGKILL');
      await expect.poll(() => shown, { timeout: 30_000 }).toBe(2);
    } finally {
      window.close();
      await window.closed;
      pages.closeAllConnections();
      pages.close();
    }
  });
});

/** The processes that draw pages for a browser with this profile. */
async function pageProcesses(profile: string): Promise<number[]> {
  const list = spawn('ps', ['-eo', 'pid,args', '-ww'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  list.stdout.on('data', (part: Buffer) => void (text += String(part)));
  await once(list, 'close');
  return text
    .split('\n')
    .filter((line) => line.includes('--type=renderer') && line.includes(profile))
    .map((line) => Number.parseInt(line, 10));
}

test('a page that falls again and again is not shown for ever', async () => {
  const toBrowser = new PassThrough();
  const fromBrowser = new PassThrough();
  const asked: { id: number; method: string }[] = [];
  toBrowser.on('data', (part: Buffer) => {
    for (const text of String(part).split('\0').slice(0, -1)) {
      const one = JSON.parse(text) as { id: number; method: string };
      asked.push(one);
      if (one.method !== 'Target.attachToTarget') continue;
      // In two pieces, as a pipe may cut them.
      const answer = `${JSON.stringify({ id: one.id, result: { sessionId: 's' } })}\0`;
      fromBrowser.write(answer.slice(0, 7));
      fromBrowser.write(answer.slice(7));
    }
  });
  keepPages(toBrowser, fromBrowser, () => {});
  const fall = JSON.stringify({ method: 'Target.targetCrashed', params: { targetId: 't', status: 'killed' } });
  for (let falls = 0; falls < 9; falls += 1) fromBrowser.write(`${fall}\0`);
  const reloads = (): number => asked.filter((one) => one.method === 'Page.reload').length;
  await expect.poll(reloads).toBe(5);
  expect(asked.filter((one) => one.method === 'Target.attachToTarget')).toHaveLength(5);
});

test('Electron is told the folder and the town, and says where its core listens', async (context) => {
  if (process.platform === 'win32') context.skip(NEEDS_SHELL);
  const program = aProgram('electron', `echo 'listening {"till":"http://127.0.0.1:1/#token=x"}'`);
  const window = openElectron(program, join(scratch, 'shop'), 'http://127.0.0.1:2');
  expect(await window.listening).toBe('http://127.0.0.1:1/#token=x');
  const words = await wordsOf(program);
  expect(words.slice(1, 3)).toEqual([`--data=${join(scratch, 'shop')}`, '--town=http://127.0.0.1:2']);
  window.close();
  await window.closed;

  const gone = openElectron('/nonexistent/electron', join(scratch, 'shop'), null);
  expect(await gone.listening).toBeNull();
});
