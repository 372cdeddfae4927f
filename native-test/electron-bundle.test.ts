import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { openLedger } from '../electron/core/ledger/ledger.ts';
import { makeFolder, pins } from '../electron/core/test-core.ts';
import { hostCrypto } from '../electron/host-world.ts';
import { practiceFolder, tillFolder, writeShop } from '../electron/shop-folder.ts';
import { buildShell } from '../scripts/build.ts';
import { PAGE_FLAGS } from '../scripts/window.ts';
import { NO_DEVICES } from '../shared/device-set-up.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'out', 'main', 'main.js');
const preload = join(root, 'out', 'preload', 'preload.cjs');

type Report = Readonly<Record<string, unknown>> & {
  noted: {
    windows: { options: { webPreferences: Record<string, unknown>; fullscreen: boolean }; address: string }[];
    forks: { file: string; words: string[] }[];
  } & Record<string, unknown>;
  pages: Record<string, { status: number; policy: string | null }>;
};

function loadBundle(lock: 'free' | 'taken'): Report {
  const words = [join(root, 'native-test', 'electron-stub.ts'), main, preload, lock];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Report;
}

let report: Report;
beforeAll(async () => {
  await buildShell();
  report = loadBundle('free');
});

test('the bundle imports electron alone beside Node, and the preload requires nothing else', () => {
  const imported = [...readFileSync(main, 'utf8').matchAll(/^import .*?["']([^"']+)["'];?$/gms)].map(
    (found) => found[1],
  );
  expect(imported.filter((name) => name !== 'electron' && !name?.startsWith('node:'))).toEqual([]);
  const required = [...readFileSync(preload, 'utf8').matchAll(/require\(["']([^"']+)["']\)/g)].map((found) => found[1]);
  expect(required).toEqual(['electron']);
});

test('every window is isolated, sandboxed and without Node; the second display shows the customer page', () => {
  const { windows } = report.noted;
  expect(windows.map((window) => [window.address, window.options.fullscreen])).toEqual([
    ['one-card://pages/till/index.html', false],
    ['one-card://pages/customer-display/index.html', true],
  ]);
  for (const { options } of windows) {
    expect(options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      devTools: false,
    });
    expect(options.webPreferences['preload']).toBe(preload);
  }
  expect(report.noted).toMatchObject({ sandboxed: true, lockAsked: 1, switches: PAGE_FLAGS });
  expect(report.noted['permission']).toEqual({ asked: false, checked: false, device: false });
});

test('navigation and new windows are refused, except between the pages of the product', () => {
  expect(report['navigation']).toEqual({
    foreign: false,
    file: false,
    lookalike: false,
    redirect: false,
    frame: false,
    backOffice: true,
  });
  expect(report['newWindow']).toBe('deny');
});

test('only the top frame of an own page gets a port', () => {
  expect(report['ports']).toEqual({ own: 1, foreign: 0, lookalike: 0, innerFrame: 0, gone: 0 });
});

test('a core that fell is started again and its pages get new ports, but not for ever', () => {
  expect(report['afterCoreFell']).toEqual({ cores: 2, ports: 1 });
  expect(report['coresAfterManyFalls']).toBeLessThanOrEqual(6);
  const [fork] = report.noted.forks;
  expect(fork?.file).toBe(join(root, 'out', 'main', 'core-process.js'));
  expect(fork?.words).toEqual([`--data=${join('/user', 'shop')}`, '--root=/app']);
});

test('a page that fell is loaded again, but not for ever', () => {
  expect(report['reloadsAfterPageFell']).toBe(1);
  expect(report['reloadsAfterManyFalls']).toBe(5);
});

test('pages come with a strict policy, and nothing outside them is served', () => {
  const { till, outside, otherHost, post } = report.pages;
  expect(till?.status).toBe(200);
  expect(till?.policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
  expect(till?.policy).not.toContain('unsafe');
  for (const refused of [outside, otherHost, post]) expect(refused).toEqual({ status: 404, policy: null });
});

test('the preload forwards the port to its own page once it is loaded, and shows nothing of Electron', () => {
  expect(report['preload']).toEqual({
    exposed: [['oneCardShell', { kind: 'electron' }]],
    sent: ['want-core-port'],
    early: 0,
    posted: [[{ kind: 'core-port' }, 'one-card://pages', ['port']]],
  });
});

/** What the built core process answered on the shop of this folder. */
function askCoreProcess(folder: string, more: readonly string[] = []): unknown {
  const program = join(root, 'native-test', 'core-process-stub.ts');
  const built = join(root, 'out', 'main', 'core-process.js');
  const words = [program, built, `--data=${folder}/shop`, `--root=${root}`, ...more];
  const env = { ...process.env, ONE_CARD_TILL_KEEP: join(folder, 'keep') };
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', env })) as unknown;
}

const told = [{ kind: 'listening', address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#token=/) as string }];

test('the built core process opens a till, answers on a port, audits in its worker and closes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'one-card-bundle-'));
  try {
    expect(askCoreProcess(folder)).toEqual({
      phase: 'enrol',
      verified: 'sound',
      // A till that no town has named has nothing to practise with.
      practice: [
        { kind: 'refused', reason: 'enrolFirst' },
        [false, 'enrol'],
        { kind: 'refused', reason: 'notPractising' },
        [false, 'enrol'],
      ],
      told,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the built core process practises on a core beside its own and comes back to it', () => {
  const folder = makeFolder();
  try {
    const till = tillFolder(join(folder, 'shop'));
    writeShop(join(folder, 'shop'), { demo: false, townUrl: null, furnished: true, devices: NO_DEVICES });
    cpSync(join(folder, 'data'), till, { recursive: true });
    const opened = openLedger(join(till, 'ledger.sqlite'), hostCrypto.hash);
    if (opened.kind === 'refused') throw new Error(opened.detail);
    opened.ledger.run('UPDATE operator SET pin_hash = ? WHERE role = ?', hostCrypto.hashPin(pins.cashier), 'cashier');
    opened.ledger.close();
    expect(askCoreProcess(folder, [`--pin=${pins.cashier}`])).toEqual({
      phase: 'signIn',
      verified: 'sound',
      practice: [{ kind: 'done' }, [true, 'openShift'], { kind: 'done' }, [false, 'locked']],
      told,
    });
    expect(existsSync(practiceFolder(join(folder, 'shop')))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a second instance opens no window and no core, and quits', () => {
  const second = loadBundle('taken').noted;
  expect(second.windows).toEqual([]);
  expect(second.forks).toEqual([]);
  expect(second['quits']).toBe(1);
});
