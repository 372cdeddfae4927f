import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoTown, startDemoTown } from '../electron/demo-town.ts';
import { layTown } from './town-mould.ts';

/** The commands as a person types them, each in a process of its own, beside a town on a real PostgreSQL. */
const root = fileURLToPath(new URL('..', import.meta.url));
let scratch: string;
let townFolder: string;
let town: DemoTown | null = null;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'one-card-life-'));
  townFolder = join(scratch, 'town');
  await layTown(townFolder);
  town = await startDemoTown(root, townFolder, () => {});
});
afterAll(async () => {
  await town?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

type Ran = Readonly<{ code: number | null; out: string; err: string }>;

function run(program: string, words: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, program), ...words], {
      cwd: root,
      env: { ...process.env, ONE_CARD_TILL_KEEP: join(scratch, 'keep') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (bytes: Buffer) => void (said.out += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => void (said.err += bytes.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

const till = (...words: string[]): Promise<Ran> => run('electron/cli.ts', [...words, '--json']);
const answered = (file: string, answer: string, ...words: string[]): Promise<Ran> =>
  run('town-server/cli.ts', ['exchange', '--in', file, '--out', answer, ...words]);

function json(ran: Ran, code = 0): Record<string, unknown> {
  expect(ran.code, ran.err).toBe(code);
  return JSON.parse(ran.out) as Record<string, unknown>;
}

test('a shop without network is enrolled by a stick, backed up, lost, restored and reconciled, all from the command line', async () => {
  const shop = join(scratch, 'shop');
  const [first, back] = [join(scratch, 'out.txt'), join(scratch, 'back.txt')];
  const code = town?.enrolmentCode ?? '';
  expect(json(await till('night', '--out', first, '--code', code, '--data', shop))).toMatchObject({ state: 'made' });

  // The town is running: the command asks it, on the folder that it serves.
  expect(json(await answered(first, back, '--data', townFolder))).toMatchObject({ enrolled: true, statements: 1 });
  expect(json(await till('night', '--in', back, '--data', shop), 1)).toMatchObject({ reason: 'managerWanted' });
  const manager = ['--manager', '于海明', '--pin', '909090'];
  expect(json(await till('night', '--in', back, '--data', shop, ...manager))).toMatchObject({
    state: 'applied',
    enrolled: true,
    trouble: null,
  });

  const copy = join(scratch, 'copy.sqlite');
  const made = json(await till('backup', '--out', copy, '--data', shop));
  expect(made).toMatchObject({ state: 'made' });

  const goods = join(scratch, 'goods.csv');
  writeFileSync(goods, 'code,name,category,price_yuan,per\n6901234567892,老面包,食品,5.00,piece\n');
  expect(json(await till('import', goods, '--data', shop))).toMatchObject({ imported: 1 });
  const second = join(scratch, 'second.txt');
  json(await till('night', '--out', second, '--data', shop));
  json(await answered(second, back, '--town', town?.url ?? ''));
  json(await till('night', '--in', back, '--data', shop));
  expect(json(await till('night', '--in', back, '--data', shop))).toMatchObject({ state: 'already' });

  rmSync(join(shop, 'till'), { recursive: true });
  const restored = json(await till('restore', copy, '--data', shop, '--town', town?.url ?? ''));
  expect(restored).toMatchObject({ state: 'restored', inBackup: made['records'], town: 'asked', enrolled: false });
  expect(restored['fromTown']).toBeGreaterThan(0);
  expect(json(await till('rebuild', '--data', shop))).toMatchObject({ identical: true });

  const altered = join(scratch, 'altered.txt');
  const text = readFileSync(second, 'utf8');
  expect(text).toContain('"way":"toTown"');
  expect((await answered(back, altered, '--town', town?.url ?? '')).err).toContain('wrongWay');

  // And with the town switched off, its folder is opened for this once.
  await town?.stop();
  town = null;
  expect(json(await answered(second, back, '--data', townFolder))).toMatchObject({ till: 't01', number: 2 });
  expect(json(await till('night', '--in', back, '--data', shop), 1)).toMatchObject({ reason: 'otherIncarnation' });
});
