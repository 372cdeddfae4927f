import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { keepPages } from './kept-pages.ts';

/** How a start shows its pages: Electron's window, a browser's app window, or an address to open by hand. */

const root = dirname(import.meta.dirname);

const DAY_MS = 86_400_000;

/** Where Electron's package is, and how a fetch that does not come is remembered. */
export type ElectronPlace = Readonly<{
  package: string;
  gaveUpFile: string;
  /** A download that stands still this long will not come. */
  stallMs: number;
}>;
const PLACE: ElectronPlace = {
  package: join(root, 'node_modules', 'electron'),
  gaveUpFile: join(root, 'node_modules', '.cache', 'one-card-till', 'electron-gave-up'),
  stallMs: 15_000,
};

export type Window = Readonly<{ program: string; closed: Promise<void>; close: () => void }>;

export function hasDisplay(): boolean {
  if (process.platform === 'win32' || process.platform === 'darwin') return true;
  return (process.env['DISPLAY'] ?? '') !== '' || (process.env['WAYLAND_DISPLAY'] ?? '') !== '';
}

/** Electron's program, or null when only its package is here. */
export function electronProgram(place: ElectronPlace = PLACE): string | null {
  const pathFile = join(place.package, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const program = join(place.package, 'dist', readFileSync(pathFile, 'utf8'));
  return existsSync(program) ? program : null;
}

/**
 * Electron's program, fetched once when it is not here. A fetch that makes no progress is given up and not tried again
 * for a day, so that a shop without a way to the download never waits twice.
 */
export async function fetchElectron(say: (line: string) => void, place: ElectronPlace = PLACE): Promise<string | null> {
  const { gaveUpFile } = place;
  const here = electronProgram(place);
  const installer = join(place.package, 'install.js');
  if (here !== null || !existsSync(installer)) return here;
  if (existsSync(gaveUpFile) && Date.now() - statSync(gaveUpFile).mtimeMs < DAY_MS) {
    say('一天内没取到 Electron，先用浏览器 (Electron was not fetched within the last day; using a browser)');
    return null;
  }
  say('正在下载 Electron，只需一次 (fetching Electron once) …');
  const failure = await fetchOnce(installer, place);
  const fetched = electronProgram(place);
  if (fetched !== null) return fetched;
  mkdirSync(dirname(gaveUpFile), { recursive: true });
  writeFileSync(gaveUpFile, '');
  say(`没取到 Electron，一天内不再试，先用浏览器 (not fetched: ${failure}; using a browser)`);
  return null;
}

/** Runs the package's own installer in a temporary folder of ours, whose growth is the progress. */
async function fetchOnce(installer: string, place: ElectronPlace): Promise<string> {
  const scratch = join(dirname(place.gaveUpFile), `fetch-${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  const child = spawn(process.execPath, [installer], {
    cwd: place.package,
    env: { ...process.env, TMPDIR: scratch, TEMP: scratch, TMP: scratch },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let lastWord = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (lastWord === '' && line.trim() !== '') lastWord = line.trim();
  });
  const stopFetching = (): void => void child.kill('SIGKILL');
  process.once('exit', stopFetching);
  let size = -1;
  let movedMs = performance.now();
  const look = setInterval(() => {
    const now = sizeOf(scratch) + sizeOf(join(place.package, 'dist'));
    if (now !== size) {
      size = now;
      movedMs = performance.now();
    } else if (performance.now() - movedMs > place.stallMs) {
      lastWord = `no progress for ${Math.round(place.stallMs / 1_000)} s`;
      stopFetching();
    }
  }, 500);
  await new Promise<void>((resolve) => {
    child.once('error', (error) => {
      lastWord = error.message;
      resolve();
    });
    child.once('exit', () => resolve());
  });
  clearInterval(look);
  process.off('exit', stopFetching);
  rmSync(scratch, { recursive: true, force: true });
  return lastWord === '' ? 'no reason given' : lastWord.slice(0, 120);
}

function sizeOf(folder: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
    }
  } catch {
    // Not there yet, or moved between listing and looking: the next look tells.
  }
  return bytes;
}

const ON_PATH = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
  'brave-browser',
  'chrome.exe',
  'msedge.exe',
];
const ON_WINDOWS = [
  ['Google', 'Chrome', 'Application', 'chrome.exe'],
  ['Microsoft', 'Edge', 'Application', 'msedge.exe'],
  ['Chromium', 'Application', 'chrome.exe'],
];

/** A browser of the Chromium family; CHROMIUM names one that lies elsewhere. */
export function browserProgram(): string | null {
  const named = process.env['CHROMIUM'];
  if (named !== undefined && existsSync(named)) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = ON_PATH.flatMap((name) => folders.map((folder) => join(folder, name)));
  const programFolders = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap(
    (name) => process.env[name] ?? [],
  );
  const onWindows = ON_WINDOWS.flatMap((parts) => programFolders.map((folder) => join(folder, ...parts)));
  return [...onPath, ...onWindows].find((candidate) => existsSync(candidate)) ?? null;
}

/** Root has no sandbox to give a browser; `--test-type` hides the bar that says so. */
const asRoot = (): string[] => (process.getuid?.() === 0 ? ['--no-sandbox', '--test-type'] : []);

/**
 * A young heap of the pages that holds more than a hundred scans: a small one is full every few of them, and a line that
 * was just scanned waits while it is emptied.
 */
export const PAGE_FLAGS: readonly string[] = ['--js-flags=--min-semi-space-size=16'];

/**
 * The page in a browser's app window, with a profile of its own so that nobody's bookmarks come along. A page that falls
 * is shown again.
 */
export function openBrowser(program: string, address: string, profile: string, log: (line: string) => void): Window {
  const child = spawn(
    program,
    [
      `--app=${address}`,
      `--user-data-dir=${profile}`,
      '--window-size=1366,768',
      '--no-first-run',
      '--no-default-browser-check',
      '--disable-sync',
      '--password-store=basic',
      // Nobody touches the customer's page, and it has to speak all the same.
      '--autoplay-policy=no-user-gesture-required',
      '--disable-features=Translate',
      '--lang=zh-CN',
      '--remote-debugging-pipe',
      ...PAGE_FLAGS,
      ...asRoot(),
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, LANGUAGE: 'zh_CN' } },
  );
  keepPages(child.stdio[3] as Writable, child.stdio[4] as Readable, log);
  return windowOf(program, child);
}

/** Electron on a folder that nobody holds; `listening` is the address its core answers at, null if it never came up. */
export function openElectron(
  program: string,
  folder: string,
  townUrl: string | null,
): Window & Readonly<{ listening: Promise<string | null> }> {
  const words = [root, `--data=${folder}`, ...(townUrl === null ? [] : [`--town=${townUrl}`]), ...asRoot()];
  const child = spawn(program, words, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const window = windowOf(program, child);
  const listening = new Promise<string | null>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^listening (\{.*\})$/.exec(line)?.[1];
      if (found !== undefined) resolve((JSON.parse(found) as { till: string }).till);
    });
    void window.closed.then(() => resolve(null));
  });
  return { ...window, listening };
}

function windowOf(program: string, child: ChildProcess): Window {
  const closed = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const stop = (): void => void child.kill('SIGKILL');
  process.once('exit', stop);
  void closed.then(() => process.off('exit', stop));
  return { program, closed, close: () => void child.kill('SIGTERM') };
}
