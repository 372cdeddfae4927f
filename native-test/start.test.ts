import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDemo } from '../electron/demo-shop.ts';
import { clientOfHolder } from '../electron/holder.ts';
import { currentScreen, type TillClient } from '../electron/till-client.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'one-card-start-'));
const folder = join(scratch, 'shop');
const env = { ...process.env, ONE_CARD_TILL_KEEP: join(scratch, 'keep') };
/** A kept connection may be closed by the server at the very moment it is used again. */
const ONE_SHOT = { connection: 'close' };
const started: ChildProcess[] = [];

type Started = Readonly<{
  child: ChildProcess;
  till: string;
  town: string;
  said: string[];
  client: TillClient;
}>;

function spawnStart(...words: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.ts'), ...words], { cwd: root, env });
  started.push(child);
  return child;
}

/** Starts and waits for the ready line; what was said before it comes along. */
async function start(): Promise<Started> {
  const child = spawnStart('--no-open', '--port', '0', '--data', folder);
  const said: string[] = [];
  child.stderr?.on('data', (part: Buffer) => said.push(String(part)));
  const ready = await new Promise<{ till: string; town: string }>((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('no output'));
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
  return { child, ...ready, said, client };
}

async function interrupt(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = (await ended) as [number | null];
  return code;
}

/** The command lines of living processes that name the scratch folder. */
function processesLeft(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        // Gone between listing and reading.
        return '';
      }
    })
    .filter((line) => line.includes(scratch));
}

function till(...words: string[]): { status: number; out: string; err: string } {
  try {
    const out = execFileSync(process.execPath, [join(root, 'electron', 'cli.ts'), ...words], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { status: 0, out, err: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, out: stdout, err: stderr };
  }
}

/** The process that holds the folder: the core's own, which `npm start` watches over. */
function holderPid(): number {
  return (JSON.parse(readFileSync(join(folder, 'till', 'holder.json'), 'utf8')) as { pid: number }).pid;
}

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

describe('npm start', () => {
  let first: Started;
  beforeAll(async () => {
    first = await start();
  });

  test('prints the addresses, and both answer with their pages', async () => {
    expect(first.till).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=\S+$/);
    expect(first.town).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    for (const path of ['/', '/back-office/', '/customer-display/']) {
      const page = await fetch(new URL(path, first.till), { headers: ONE_SHOT });
      expect(page.status, path).toBe(200);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await page.text()).toContain('<html');
    }
    const description = await fetch(`${first.town}/openapi.json`, { headers: ONE_SHOT });
    expect(((await description.json()) as { openapi: string }).openapi).toMatch(/^3\./);
  });

  test('tells a newcomer a PIN, three barcodes and a card', () => {
    const text = first.said.join('\n');
    const demo = readDemo(root);
    for (const one of demo.operators) expect(text).toContain(one.pin);
    for (const code of demo.itemCodes.slice(0, 3)) expect(text).toContain(code);
    expect(text).toContain(demo.strip[0]?.token);
    expect(text).toContain('Ctrl-C');
  });

  test('a second start on the same folder says who holds it and where', async () => {
    const second = spawnStart('--no-open', '--data', folder);
    let said = '';
    second.stdout?.on('data', (part: Buffer) => void (said += String(part)));
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(1);
    expect(said).toContain(String(holderPid()));
    expect(said).toContain(first.till);
  });

  test('the command line asks the holder, and only a replay refuses, naming it', () => {
    const verified = till('verify', '--data', folder, '--json');
    expect(verified.status).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({ state: 'sound' });
    const scans = join(scratch, 'scans.csv');
    writeFileSync(
      scans,
      'timestamp,item_code,item_name,category,quantity,unit_price_yuan,type,discounted\n' +
        '2023-06-15T20:42:23,10001,小白菜,蔬菜,0.500,3.00,销售,否\n',
    );
    const replayed = till('replay', scans, '--data', folder, '--json');
    expect(replayed).toMatchObject({ status: 1, out: '' });
    expect(replayed.err).toContain(String(holderPid()));
  });

  test('a core that is killed, twice in a row, comes back at its address, with the sale that stood on the counter', async () => {
    const { client } = first;
    const { pin } = readDemo(root).cashier;
    const [code = ''] = readDemo(root).itemCodes;
    await client.send({ kind: 'signIn', pin });
    await client.send({ kind: 'openShift', shift: 'shift-of-the-fall', floatFen: 0 });
    expect(await client.send({ kind: 'scan', code, source: 'scanner' })).toEqual({ kind: 'done' });
    const { sale } = await currentScreen(client);
    // Once more at once: nobody stands ready then, and it comes back all the same.
    for (let fall = 0; fall < 2; fall += 1) {
      const fallen = holderPid();
      process.kill(fallen, 'SIGKILL');
      await expect
        .poll(() => currentScreen(client).catch(() => null), { timeout: 20_000 })
        .toMatchObject({
          phase: 'selling',
          sale: { id: sale.id, lines: sale.lines.map(({ item, quantity }) => ({ item, quantity })) },
        });
      expect(holderPid()).not.toBe(fallen);
    }
    // The town was not the core's, and is still there.
    await expect.poll(async () => (await currentScreen(client)).status.town, { timeout: 20_000 }).toBe('reachable');
    await client.send({ kind: 'voidSale', reason: 'x' });
    await client.send({ kind: 'signOut' });
  });

  test('Ctrl-C ends every process, and the next start has the same shop again', async () => {
    const before = await currentScreen(first.client);
    const { total } = await first.client.stock({ text: '', only: 'all', category: null, offset: 0, limit: 1 });
    expect(total).toBeGreaterThanOrEqual(2_000);
    expect(before.townName).not.toBe('');
    expect(await interrupt(first.child)).toBe(0);
    expect(processesLeft()).toEqual([]);

    const again = await start();
    const after = await currentScreen(again.client);
    expect([after.townName, after.shopName, after.tillName]).toEqual([
      before.townName,
      before.shopName,
      before.tillName,
    ]);
    const { total: totalAfter } = await again.client.stock({
      text: '',
      only: 'all',
      category: null,
      offset: 0,
      limit: 1,
    });
    expect(totalAfter).toBe(total);
    expect(await interrupt(again.child)).toBe(0);
    expect(processesLeft()).toEqual([]);
  });

  test('a start that is killed leaves no town behind', async () => {
    const killed = await start();
    const ended = once(killed.child, 'exit');
    killed.child.kill('SIGKILL');
    await ended;
    // The town hears of its parent's end by its input, and its database needs a moment to close.
    for (let tries = 0; tries < 100 && processesLeft().length > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(processesLeft()).toEqual([]);
  });
});

test('the tour without a screen comes out as expected', () => {
  const words = [join(root, 'scripts', 'start.ts'), '--tour'];
  const tour = spawnSync(process.execPath, words, { encoding: 'utf8', env });
  expect(tour.stdout).toContain('everything came out as expected');
  expect(tour.stdout).not.toContain('×');
  expect(tour.status).toBe(0);
});

describe('the command line', () => {
  test('answers wrong usage with 2 and the usage in both languages', () => {
    for (const words of [['nothing'], ['night', '--port', 'x', '--data', folder]]) {
      const { status, out, err } = till(...words);
      expect(status, words.join(' ')).toBe(2);
      expect(out).toBe('');
      expect(err).toContain('用法 (usage)');
    }
    expect(till('help').out).toContain('用法 (usage)');
  });

  test('never takes a folder with other things in it for a shop', () => {
    const { status, err } = till('night', '--data', join(root, 'shared'));
    expect(status).toBe(1);
    expect(err).toContain('not a shop folder');
  });

  test('has nothing to verify where there is no shop', () => {
    expect(till('verify', '--data', join(scratch, 'nowhere')).status).toBe(1);
  });
});
