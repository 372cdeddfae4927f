import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { createORPCClient } from '@orpc/client';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { townContract } from '../shared/town-contract.ts';
import { openDatabase, type Database } from '../town-server/database.ts';
import { MIGRATIONS } from '../town-server/migrations.ts';
import { createMemoryStore } from '../town-server/memory-store.ts';
import { createPostgresStore } from '../town-server/postgres-store.ts';
import { runBoard } from '../town-server/test-board.ts';
import { startTown, type StartedTown, type TownOptions } from '../town-server/server.ts';
import { keys, type Store, type TableName, type Transaction } from '../town-server/store.ts';
import { claimCases, openShops } from '../town-server/test-claims.ts';
import { movementCases } from '../town-server/test-movements.ts';
import { ANNA, aStep, BEN, runSteps } from '../town-server/test-steps.ts';
import { enrolTestTill, type TestTill, type TownApi } from '../town-server/test-till.ts';
import { checkLaws, openTestTown } from '../town-server/test-town.ts';
import { chanceOf, seedOfRun } from './ledger/chance.ts';
import { checkHeld, Intake, noTownFigures } from './town-faults/intake.ts';
import { layTown } from './town-mould.ts';

const root = join(import.meta.dirname, '..');
/** Each with a start of its own; the soak has many more. */
const KILLS_IN_A_ROW = 2;
const folders: string[] = [];
const running: { close: () => Promise<void> }[] = [];
const children: ChildProcess[] = [];

/** A folder of our own inside one that nobody else may enter, as a home folder is. */
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'town-test-'));
  folders.push(folder);
  return join(folder, 'town');
}

function apiOf(url: string, headers: Record<string, string> = {}): TownApi {
  return createORPCClient(new OpenAPILink(townContract, { url: `${url}/api`, headers }));
}

async function start(dataFolder: string, more: Partial<TownOptions> = {}): Promise<StartedTown> {
  await layTown(dataFolder);
  const town = await startTown({ dataFolder, port: 0, demo: true, pagesFolder: null, ...more });
  running.push(town);
  return town;
}

async function aTill(town: StartedTown): Promise<TestTill> {
  return enrolTestTill(apiOf(town.url), town.enrolmentCode ?? '', Date.now);
}

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const town of running.splice(0)) await town.close();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** Starts the town as a program of its own and waits for its line. */
async function spawnTown(
  dataFolder: string,
  ...more: string[]
): Promise<{ child: ChildProcess; url: string; code: string }> {
  const child = spawn(process.execPath, ['town-server/cli.ts', 'serve', '--demo', '--data', dataFolder, ...more], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => void (said += chunk.toString()));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { town, enrolmentCode } = JSON.parse(line) as { town: string; enrolmentCode: string };
    return { child, url: town, code: enrolmentCode };
  }
  throw new Error(`the town did not start: ${said}`);
}

async function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
  return child.exitCode ?? child.signalCode;
}

/** Whether a process exists and is more than an entry that nobody has collected yet. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a town on real PostgreSQL, over HTTP', () => {
  let town: StartedTown;
  let folder: string;
  beforeAll(async () => {
    folder = newFolder();
    town = await startTown({ dataFolder: folder, port: 0, demo: true, pagesFolder: null });
  });
  afterAll(async () => {
    await town.close();
  });

  test('a till enrols, sells, settles, and both sides have the same totals', async () => {
    const till = await aTill(town);
    const statement = await till.night();
    expect(statement.grants.length).toBeGreaterThan(40);
    const member = statement.grants[0]?.member ?? '';
    const sale = till.sell(9, member, 4);
    till.sell(2);
    till.refund(sale, 3);
    till.closePeriod();
    await till.push();
    const first = await till.settle();
    expect(await till.settle()).toEqual(first);
    const closed = await till.night();
    expect(closed.breaks).toEqual([]);
    expect(closed.period?.totals).toMatchObject({ sales: 2, refunds: 1, totalFen: 800, pointsSpent: 4, pointsBack: 3 });
    await checkLaws(town.town, [till]);
  });

  test('the staff sign in, credit points, and see what the villages owe the shop', async () => {
    const stranger = apiOf(town.url);
    expect(await stranger.overview()).toEqual({ kind: 'refused', reason: 'notSignedIn' });
    expect(await stranger.signIn({ password: 'wrong' })).toEqual({ kind: 'refused', reason: 'wrongPin' });
    const signedIn = await stranger.signIn({ password: town.password ?? '' });
    if (signedIn.kind === 'refused') throw new Error('the demo password is the one told');
    const staff = apiOf(town.url, { authorization: `Bearer ${signedIn.token}` });
    const before = await staff.overview();
    const members = await staff.listMembers({ text: '孙' });
    if (before.kind === 'refused' || members.kind === 'refused') throw new Error('signed in');
    const [member] = members.members;
    const lot = {
      id: 'lot-0001',
      member: member?.id ?? '',
      village: 'v01',
      fund: 'fund',
      points: 30,
      earnedOn: '2026-11-01',
      note: '',
    };
    expect(await staff.issueLot(lot)).toEqual({ kind: 'ok', lot: 'lot-0001' });
    expect(await staff.issueLot({ ...lot, id: 'lot-0002', member: 'nobody' })).toEqual({
      kind: 'refused',
      reason: 'unknownMember',
    });
    const after = await staff.overview();
    expect(after.kind === 'ok' && after.points.issued).toBe(before.points.issued + 30);
    const policies = await staff.publishPolicy({ policy: { pointValueFen: 'much' } });
    expect(policies).toEqual({ kind: 'refused', reason: 'badInput' });
    const { rows } = (await staff.settlement({
      month: new Date(Date.now() + 5 * 3_600_000).toISOString().slice(0, 7),
    })) as {
      rows: { points: number; amountFen: number }[];
    };
    expect(rows.map(({ points, amountFen }) => [points, amountFen])).toEqual([[1, 100]]);
  });

  test('malformed requests get a typed error and never a stack', async () => {
    const post = (path: string, body: string, type = 'application/json') =>
      fetch(`${town.url}${path}`, { method: 'POST', body, headers: { 'content-type': type } });
    for (const [path, body, type, status] of [
      ['/api/hello', '{', 'application/json', 400],
      ['/api/hello', '{"town":1}', 'application/json', 400],
      ['/api/hello', '{"__proto__":{}}', 'application/json', 400],
      ['/api/records', '<xml/>', 'text/xml', 415],
      ['/api/nothing', '{}', 'application/json', 404],
    ] as const) {
      const answer = await post(path, body, type);
      const text = await answer.text();
      expect([path, answer.status, text.includes('    at ')]).toEqual([path, status, false]);
      expect(JSON.parse(text)).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    }
  });

  test('its OpenAPI document names every call, and a foreign page is refused', async () => {
    const document = (await (await fetch(`${town.url}/openapi.json`)).json()) as { openapi: string; paths: object };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(new Set(Object.keys(document.paths))).toEqual(
      new Set(Object.values(townContract).map((procedure) => procedure['~orpc'].route.path)),
    );
    const foreign = await fetch(`${town.url}/health`, { headers: { origin: 'http://example.org' } });
    expect(foreign.status).toBe(403);
    expect(await (await fetch(`${town.url}/health`)).json()).toEqual({ ok: true, town: 'yunjiao' });
  });

  test('a till is told to let go of a connection after a few idle seconds', async () => {
    expect((await fetch(`${town.url}/health`)).headers.get('keep-alive')).toBe('timeout=5');
  });

  test('a second town on the same folder is refused and told who holds it', async () => {
    await expect(startTown({ dataFolder: folder, port: 0, demo: true })).rejects.toThrow(
      new RegExp(`held by another town server, process ${process.pid}`),
    );
    expect((await fetch(`${town.url}/health`)).status).toBe(200);
  });
});

/** A store that asks two others everything, and holds what the second answers against the first. */
function twoStores(first: Store, second: Store): Store {
  const both = (one: Transaction, other: Transaction): Transaction =>
    new Proxy(one, {
      get:
        (target, name: keyof Transaction) =>
        async (...input: unknown[]) => {
          const ask = (of: Transaction) => (of[name] as (...all: unknown[]) => Promise<unknown>)(...input);
          const answer = await ask(target);
          expect(await ask(other), `${name} ${JSON.stringify(input)}`).toEqual(answer);
          return answer;
        },
    });
  return {
    transact: (locks, work) =>
      first.transact(locks, (one) => second.transact(locks, (other) => work(both(one, other)))),
    close: async () => {},
  };
}

describe('the laws on PostgreSQL', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase(newFolder(), null, () => {});
  });
  afterAll(async () => {
    await database.close();
  });

  test('the notice board lives the same life on both stores', () =>
    runBoard(twoStores(createPostgresStore(database.pool, 'board'), createMemoryStore())));

  // Invariant 4.
  test('rows that are appended come back to the letter, and a key that is there already is refused', async () => {
    const store = createPostgresStore(database.pool, 'appended');
    const at = { till: 't01', incarnation: 1, hash: 'f'.repeat(64), fault: null };
    const rows = ['{"name":"\\"酱油\\"\\n"}', 'tab\tline\nreturn\r\\.', '\\N', '', '{"name":"\ufeff醋"}'].map(
      (text, index) => ({
        ...at,
        seq: index + 1,
        text,
      }),
    );
    const faulty = { ...at, seq: rows.length + 1, text: 'raw', fault: 'notJson' };
    // A text comes as itself or as its bytes, and is the same.
    const given = rows.map((row) => (row.seq % 2 === 0 ? row : { ...row, text: Buffer.from(row.text) }));
    await store.transact([], (transaction) => transaction.append('record', [...given, faulty]));
    expect(await store.transact([], (transaction) => transaction.list('record'))).toEqual([...rows, faulty]);
    await expect(store.transact([], (transaction) => transaction.append('record', [faulty]))).rejects.toThrow();
    // The connection that was refused goes on being used.
    expect(await store.transact([], (transaction) => transaction.list('record', { limit: 1 }))).toEqual([rows[0]]);
  });

  test('many towns in one database keep the laws under lost, doubled and reordered messages', async () => {
    let count = 0;
    const property = fc.asyncProperty(fc.array(aStep, { minLength: 10, maxLength: 30 }), async (steps) => {
      count += 1;
      await runSteps(await openTestTown([ANNA, BEN], createPostgresStore(database.pool, `town${count}`)), steps);
    });
    await fc.assert(property, { numRuns: 3 });
  });

  test('PostgreSQL and the store in memory answer alike at every step, so one logic folds the same on both (invariant 25)', async () => {
    let count = 0;
    const property = fc.asyncProperty(fc.array(aStep, { minLength: 20, maxLength: 30 }), async (steps) => {
      count += 1;
      const both = twoStores(createPostgresStore(database.pool, `both${count}`), createMemoryStore());
      await runSteps(await openTestTown([ANNA, BEN], both), steps);
      await both.transact([], async (transaction) => {
        for (const table of Object.keys(keys) as TableName[]) await transaction.list(table);
        expect(await transaction.list('record')).not.toEqual([]);
      });
    });
    await fc.assert(property, { numRuns: 2 });
  });

  test('a town of before claims finds its sales by their receipts, with what was paid and has not come back', async () => {
    const sale = { receipt: 't01-1-000001', mobileFen: 300, cashDueFen: 700 };
    const back = { sale: 'sale-1', mobileBackFen: 100, cashBackFen: 200 };
    const records = [
      { kind: 'genesis', id: 'g', body: {} },
      { kind: 'sale', id: 'sale-1', body: sale },
      { kind: 'refund', id: 'back-1', body: back },
      { kind: 'refund', id: 'back-2', body: back },
    ];
    const client = await database.pool.connect();
    try {
      await client.query('CREATE SCHEMA older; SET search_path TO older');
      for (const migration of MIGRATIONS.slice(0, 2)) await client.query(migration);
      for (const [index, record] of records.entries()) {
        const text = JSON.stringify({ body: record.body, id: record.id, kind: record.kind });
        const row = ['town', 't01', 1, index + 1, 'hash', text];
        await client.query('INSERT INTO record VALUES ($1, $2, $3, $4, $5, $6, NULL)', row);
      }
      // The last refund was taken in and is not settled yet: it is folded later, and counted then.
      await client.query(
        `INSERT INTO incarnation VALUES ('town', 't01', 1, '', '', 0, 3, '', 0, '', NULL, '{}', 1, '{}', NULL);
         INSERT INTO sale (town_id, sale, seen, sold, back, points, waiting)
           VALUES ('town', 'sale-1', true, '[1]', '[0]', '{}', '[]'),
             ('town', 'sale-2', false, '[]', '[1]', '{}', '[{"till": "t02", "moves": []}]')`,
      );
      for (const migration of MIGRATIONS.slice(2)) await client.query(migration);
      const { rows } = await client.query(
        'SELECT sale, receipt, till, incarnation, seq, mobile_fen, cash_fen, waiting FROM sale ORDER BY sale',
      );
      const found = { receipt: 't01-1-000001', till: 't01', incarnation: 1, seq: 2, mobile_fen: 200, cash_fen: 500 };
      const unseen = { receipt: '', till: '', incarnation: 0, seq: 0, mobile_fen: 0, cash_fen: 0 };
      expect(rows).toEqual([
        { sale: 'sale-1', ...found, waiting: [] },
        { sale: 'sale-2', ...unseen, waiting: [{ till: 't02', moves: [], lines: [], atMs: 0 }] },
      ]);
    } finally {
      client.release(true);
    }
  });

  let towns = 0;
  for (const [what, run] of claimCases) {
    test(`claims: ${what}`, () =>
      run(() => {
        towns += 1;
        return openShops(createPostgresStore(database.pool, `claims${towns}`));
      }));
  }
  for (const [what, run] of movementCases) {
    test(`movements: ${what}`, () =>
      run(() => {
        towns += 1;
        return openShops(createPostgresStore(database.pool, `movements${towns}`));
      }));
  }

  test('a town of before movements carries over what each member had, without what had expired', async () => {
    const client = await database.pool.connect();
    try {
      await client.query('CREATE SCHEMA unlisted; SET search_path TO unlisted');
      const place = MIGRATIONS.findIndex((one) => one.includes('CREATE TABLE movement '));
      for (const migration of MIGRATIONS.slice(0, place)) await client.query(migration);
      await client.query(
        `INSERT INTO lot VALUES
           ('town', 'old', 'anna', 'v01', 'f', '2020-01-01', '2021-12-31', 9, 0, '{}', 4, 5, 0, '', 0),
           ('town', 'new', 'anna', 'v01', 'f', '2025-01-01', '9000-12-31', 30, 10, '{"term": 15}', 7, 0, 2, '', 0),
           ('town', 'gone', 'ben', 'v01', 'f', '2020-01-01', '2021-12-31', 3, 0, '{}', 0, 3, 0, '', 0);
         INSERT INTO record VALUES ('town', 't02', 1, 5, 'hash', '{"at": 1234}', NULL);
         INSERT INTO sale (town_id, sale, seen, sold, back, points, waiting) VALUES ('town', 'sale-1', false, '[]', '[]',
           '{}', '[{"till": "t02", "incarnation": 1, "seq": 5}]')`,
      );
      await client.query(MIGRATIONS[place] ?? '');
      const movements = await client.query('SELECT member, kind, points, borne FROM movement');
      expect(movements.rows).toEqual([{ member: 'anna', kind: 'carried', points: 25, borne: 0 }]);
      const lots = await client.query('SELECT lot, unlisted FROM lot ORDER BY lot');
      expect(lots.rows.map(({ lot, unlisted }) => [lot, unlisted])).toEqual([
        ['gone', 3],
        ['new', 0],
        ['old', 5],
      ]);
      const sales = await client.query('SELECT waiting FROM sale');
      expect(sales.rows).toEqual([{ waiting: [{ till: 't02', incarnation: 1, seq: 5, atMs: 1234 }] }]);
    } finally {
      client.release(true);
    }
  });
});

describe('after a crash nothing acknowledged is lost', () => {
  test('kill -9 of the town during intake and settlement: PostgreSQL ends with it, the next start has everything', async () => {
    const folder = newFolder();
    const first = await spawnTown(folder);
    const till = await enrolTestTill(apiOf(first.url), first.code, Date.now);
    await till.night();
    const intake = new Intake([till], chanceOf(seedOfRun()));
    await expect.poll(() => intake.answered, { timeout: 20_000 }).toBeGreaterThan(10);
    const settling = till.settle().catch(() => null);
    first.child.kill('SIGKILL');
    await settling;
    await intake.stop();
    // Its connections close before the process is gone, which may take a while on a busy machine.
    await ended(first.child);
    const town = await start(folder);
    const { seq } = intake.ackOf(till);
    const figures = noTownFigures(seedOfRun());
    await checkHeld(town, till, seq, figures, 'after the kill');
    expect([figures.failures, intake.strange, seq > 0]).toEqual([[], [], true]);
    await checkLaws(town.town);
  });

  test('kills in a row, each in the middle of a night, double nothing', async () => {
    const folder = newFolder();
    let current = await spawnTown(folder);
    let url = current.url;
    const link = new OpenAPILink(townContract, { url: () => `${url}/api` });
    const till = await enrolTestTill(createORPCClient(link), current.code, Date.now);
    const granted = (await till.night()).grants[0]?.member ?? '';
    for (let round = 0; round < KILLS_IN_A_ROW; round += 1) {
      till.sell(3, granted, Math.min(1, till.spendable(granted)));
      const night = till.night().catch(() => null);
      await wait(4 * round);
      current.child.kill('SIGKILL');
      await Promise.all([night, ended(current.child)]);
      current = await spawnTown(folder);
      url = current.url;
    }
    const statement = await till.night();
    expect(statement.breaks).toEqual([]);
    current.child.kill('SIGTERM');
    expect(await ended(current.child)).toBe(0);
    const town = await start(folder);
    await checkLaws(town.town, [till]);
    expect((await lastStatement(town, till)).perpetual.sales).toBe(KILLS_IN_A_ROW);
  });

  test('a mark left by a process that is gone, or is a stranger by now, does not stop the next start', async () => {
    const folder = newFolder();
    const town = await startTown({ dataFolder: folder, port: 0, demo: true, pagesFolder: null });
    await town.close();
    for (const pid of [999_999, process.pid]) {
      writeFileSync(
        join(folder, 'postgres', 'postmaster.pid'),
        `${pid}\n${join(folder, 'postgres')}\n1\n5432\n\n127.0.0.1\n`,
      );
      await (await startTown({ dataFolder: folder, port: 0, demo: true, pagesFolder: null })).close();
    }
  });
});

/** The last statement that the town signed for a till. */
async function lastStatement(town: StartedTown, till: TestTill): Promise<{ perpetual: { sales: number } }> {
  const [row] = await town.town.store.transact([], (transaction) =>
    transaction.list('statement', { equal: { till: till.from.till }, descending: true, limit: 1 }),
  );
  return JSON.parse(row?.bytes ?? '{}') as { perpetual: { sales: number } };
}

describe('the program', () => {
  test('ends cleanly with PostgreSQL when its parent closes its input', async () => {
    const folder = newFolder();
    const { child } = await spawnTown(folder, '--with-parent');
    const mark = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8');
    const pid = Number(mark.split('\n')[0]);
    expect(isRunning(pid)).toBe(true);
    child.stdin?.end();
    expect(await ended(child)).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });

  test('a folder without a town, a damaged key and a demo start of a real town are refused in words', async () => {
    const folder = newFolder();
    const real = { dataFolder: folder, port: 0, demo: false, pagesFolder: null };
    await expect(startTown(real)).rejects.toThrow(/no town in this folder yet/);
    const seedFile = join(root, 'resources', 'demo', 'town.json');
    const made = await startTown({ ...real, seedFile });
    expect([typeof made.password, made.enrolmentCode]).toEqual(['string', null]);
    await made.close();
    const again = await startTown(real);
    expect(again.password).toBe(null);
    await again.close();
    await expect(startTown({ ...real, demo: true })).rejects.toThrow(/no demo town/);
    writeFileSync(join(folder, 'town-key.json'), '{');
    await expect(startTown(real)).rejects.toThrow(/restore it/);
  });

  test('refuses a database that a newer town wrote, and changes nothing', async () => {
    const folder = newFolder();
    const database = await openDatabase(folder, null, () => {});
    await database.pool.query('UPDATE schema_version SET version = 99');
    await database.close();
    await expect(openDatabase(folder, null, () => {})).rejects.toThrow(/newer town server: schema 99/);
  });

  // Invariant 23.
  test('refuses a server that does not write through', async () => {
    const folder = newFolder();
    const database = await openDatabase(folder, null, () => {});
    const { port, password } = JSON.parse(readFileSync(join(folder, 'postgres.json'), 'utf8')) as {
      port: number;
      password: string;
    };
    const url = `postgresql://town:${password}@127.0.0.1:${port}/town`;
    const client = new pg.Client(url);
    await client.connect();
    await client.query('ALTER DATABASE town SET synchronous_commit = off');
    await client.end();
    await expect(openDatabase(newFolder(), url, () => {})).rejects.toThrow(/synchronous_commit = off/);
    await database.close();
  });
});
