import { cpSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Core, openCore } from '../../electron/core/core.ts';
import { openReadOnly } from '../../electron/core/ledger/database.ts';
import { startDemoTown } from '../../electron/demo-town.ts';
import { openDevices } from '../../electron/devices/devices.ts';
import { hostClock, hostWorld, newId, townOver } from '../../electron/host-world.ts';
import { SIMULATED_DEVICES } from '../../shared/device-set-up.ts';
import { clientOf, currentScreen, type TillClient } from '../../electron/till-client.ts';
import { must } from '../../shared/assert.ts';
import { readRecord, type JournalRecord } from '../../shared/journal.ts';
import type { Command, NightReport, Screen } from '../../shared/till-contract.ts';
import { DAY_MS } from '../../shared/time.ts';
import { command, goods, openTestShop, sell, type TestShop, unlock } from '../shop.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let shop: TestShop;
let card: string;
let dataFolder: string;
let keepFolder: string;
/** What the machine's clock is off by. */
const clock = { offMs: 0 };
const held: { core: Core | null } = { core: null };
let client: TillClient;

/** Opens the till that lies in `data` now, with this machine's clock as wrong as a test made it. */
function open(townUrl: string | null = shop.town.url, data = dataFolder): void {
  const world = hostWorld({
    dataFolder: data,
    keepFolder,
    devices: openDevices(SIMULATED_DEVICES),
    town: townUrl === null ? null : townOver(() => Promise.resolve(townUrl)),
    demo: null,
    log: (line) => void shop.log.push(line),
  });
  const opened = openCore({ ...world, clock: { ...hostClock, nowMs: () => Date.now() + clock.offMs } });
  if (opened.kind === 'refused') throw new Error(`${opened.reason} ${opened.detail}`);
  held.core = opened.core;
  client = clientOf(opened.core.router);
}

async function close(): Promise<void> {
  await held.core?.close();
  held.core = null;
}

/** Looks at the screen until it is as wanted. */
async function until(what: string, wanted: (screen: Screen) => boolean): Promise<Screen> {
  const giveUp = AbortSignal.timeout(20_000);
  const screens = await client.watch();
  for await (const screen of screens) {
    if (wanted(screen)) return screen;
    if (giveUp.aborted) throw new Error(`never seen: ${what}; ${JSON.stringify(screen.status)}`);
  }
  throw new Error(`never seen: ${what}`);
}

function records(data = dataFolder): JournalRecord[] {
  const database = openReadOnly(join(data, 'ledger.sqlite'));
  try {
    return database
      .prepare<[], { text: string }>('SELECT text FROM journal ORDER BY n')
      .all()
      .map(({ text }) => {
        const read = readRecord(text);
        must(read.kind === 'read', 'a record of the journal reads');
        return read.record;
      });
  } finally {
    database.close();
  }
}

function expectMatched(report: NightReport): void {
  expect(report.breaks).toEqual([]);
  expect(report.state).toBe('matched');
  expect(report.town).toEqual(report.till);
}

const present = async (): Promise<Screen['sale']['member']> => {
  await unlock(client);
  await command(client, { kind: 'scan', code: card, source: 'card' });
  return (await currentScreen(client)).sale.member;
};

/** The town's console, as its staff use it. */
async function asStaff(path: string, body: object): Promise<Record<string, unknown>> {
  const post = async (to: string, what: object, token: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${shop.town.url}/api/console/${to}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(what),
    });
    const said = (await answer.json()) as Record<string, unknown>;
    expect(said).toMatchObject({ kind: 'ok' });
    return said;
  };
  const { token } = await post('sign-in', { password: shop.town.password }, '');
  return post(path, body, String(token));
}

async function freshCode(): Promise<string> {
  const { code } = await asStaff('enrolment-codes', { shop: 's01', till: 't01', tillName: '收银机' });
  return String(code);
}

const enrol = async (): Promise<Command> => ({
  kind: 'enrol',
  code: await freshCode(),
  managerName: shop.facts.manager.name,
  managerPin: shop.facts.manager.pin,
});

beforeAll(async () => {
  shop = await openTestShop();
  card = shop.facts.cards[0] ?? '';
  dataFolder = join(shop.folder, 'till');
  keepFolder = join(shop.folder, 'keep');
  await shop.core.close();
  open();
  await until('the town', (screen) => screen.status.town === 'reachable');
});
afterAll(async () => {
  await close();
  await shop.town.stop();
  rmSync(shop.folder, { recursive: true, force: true });
});

describe('a clock years off', () => {
  test('stops points and no sale, is recorded once, and ends with the town’s time', async () => {
    await close();
    const offBefore = records().filter((record) => record.kind === 'clock').length;
    clock.offMs = 1_000 * DAY_MS;
    open();
    await until('a contact', (screen) => screen.status.town === 'reachable');
    // The town's time is heard, and the wall clock still says another.
    expect((await currentScreen(client)).status.clock).toBe('suspect');
    expect((await present())?.pointsRefused).toBe('clockSuspect');
    const paid = await sell(client, { codes: [goods.salt.code] });
    expect(paid.pointsUsed).toBe(0);
    const jumps = records().filter((record) => record.kind === 'clock');
    expect(jumps).toHaveLength(offBefore + 1);
    expect(jumps.at(-1)?.body['jumpMs']).toBeGreaterThan(999 * DAY_MS);
    await close();
    open(null);
    expect(await client.night()).toMatchObject({ state: 'pending', pendingBecause: 'unreachable' });

    clock.offMs = 0;
    await close();
    open();
    await until('town time', (screen) => screen.status.town === 'reachable' && screen.status.clock === 'good');
    const member = await present();
    expect(member).toMatchObject({ pointsRefused: null });
    await sell(client, { codes: [goods.oil.code], points: 3 });
    expectMatched(await client.night());
    // The day that a wrong clock dated years ahead is not the one that is waited for.
    await until('the night on the screen', (screen) => screen.status.night === 'matched');
  });
});

describe('a town that is not the one', () => {
  test('unknown to it, or with another key, nothing of it is applied; back at its own the till goes on', async () => {
    await close();
    const other = await startDemoTown(root, join(shop.folder, 'other-town'), (line) => void shop.log.push(line));
    try {
      const foreign = (): number =>
        records().filter((one) => ['statementApplied', 'policyApplied', 'allotmentIn'].includes(one.kind)).length;
      const before = foreign();
      open(other.url);
      await until('that this town knows no such till', (screen) => screen.status.town === 'notEnrolled');
      await sell(client, { codes: [goods.salt.code] });
      expect(await client.night()).toMatchObject({ state: 'pending', pendingBecause: 'unknownTill', town: null });
      await close();

      // A town that answers our till as if it were its own, with signatures that are not our town's.
      const [keep] = readdirSync(keepFolder);
      const keys = JSON.parse(readFileSync(join(keepFolder, keep ?? '', 'keys.json'), 'utf8')) as Record<
        string,
        { publicKey: string }
      >;
      const taken = await townOver(() => Promise.resolve(other.url)).enrol({
        code: other.enrolmentCode ?? '',
        publicKey: keys['1']?.publicKey ?? '',
        incarnationId: newId(),
        till: null,
        incarnation: 1,
      });
      expect(taken).toMatchObject({ kind: 'ok', till: 't01' });
      open(other.url);
      await until('the wrong key', (screen) => screen.status.town === 'wrongKey');
      const paid = await sell(client, { codes: [goods.oil.code], card, points: 1 });
      expect(paid.pointsUsed).toBe(1);
      expect(await client.night()).toMatchObject({ state: 'pending', pendingBecause: 'wrongKey', town: null });
      expect((await currentScreen(client)).status.town).toBe('wrongKey');
      expect(foreign()).toBe(before);
      await close();
    } finally {
      await other.stop();
    }
    open();
    await until('its own town', (screen) => screen.status.town === 'reachable');
    expectMatched(await client.night());
    expect((await client.verify()).state).toBe('sound');
  });
});

describe('a folder that is not what it was', () => {
  const older = (): string => join(shop.folder, 'older');

  /** Money at once, points not; then a code from the town, and points and the night as before. */
  async function beginsAnew(because: 'restored' | 'moved', incarnation: number): Promise<void> {
    const genesis = records().filter((one) => one.kind === 'genesis');
    expect(genesis.at(-1)).toMatchObject({ incarnation, seq: 1, body: { because } });
    expect((await currentScreen(client)).status.town).toBe('notEnrolled');
    const paid = await sell(client, { codes: [goods.salt.code], card });
    expect(paid.receipt.number).toBe(`t01-${incarnation}-000001`);
    expect((await present())?.pointsRefused).toBe('noTerm');
    await command(client, { kind: 'removeMember' });

    await command(client, await enrol());
    await until('the town', (screen) => screen.status.town === 'reachable');
    // What the old incarnation held stays in its term; what comes new may be spent here.
    const member = await present();
    await asStaff('lots', {
      id: newId(),
      member: member?.id ?? '',
      village: 'v01',
      fund: '测试基金',
      points: 20,
      earnedOn: '2026-01-01',
      note: '',
    });
    await present();
    await until('the new points', (screen) => (screen.sale.member?.spendable ?? 0) >= 20);
    expect((await sell(client, { codes: [goods.oil.code], points: 5 })).pointsUsed).toBe(5);
    const report = await client.night();
    expectMatched(report);
    expect(report.till).toMatchObject({ sales: 2, pointsSpent: 5 });
    expect((await client.verify()).state).toBe('sound');
    expect((await client.rebuild()).identical).toBe(true);
  }

  // Invariant 11.
  test('set back to an older state it begins a new incarnation; refunds of older points wait', async () => {
    const withPoints = await sell(client, { codes: [goods.oil.code], card, points: 2 });
    const forMoney = await sell(client, { codes: [goods.salt.code] });
    await close();
    cpSync(dataFolder, older(), { recursive: true });
    open();
    await sell(client, { codes: [goods.oil.code] });
    await close();
    rmSync(dataFolder, { recursive: true });
    renameSync(older(), dataFolder);
    open(null);
    const refund = (receipt: string): Command => ({
      kind: 'refund',
      id: newId(),
      receipt,
      lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
      reason: 'quality',
      approval: null,
    });
    expect(await client.send(refund(withPoints.receipt.number))).toMatchObject({ reason: 'notThisTill' });
    expect(forMoney.receipt.number).toMatch(/^t01-1-/);
    expect((await currentScreen(client)).shift).not.toBeNull();
    await close();
    open();
    await beginsAnew('restored', 2);
  });

  test('moved to another place it begins a new incarnation', async () => {
    await close();
    const place = join(shop.folder, 'elsewhere');
    renameSync(dataFolder, place);
    dataFolder = place;
    open();
    await beginsAnew('moved', 3);
  });

  test('copied, the copy begins one, and the original another when it comes back', async () => {
    await close();
    const copy = join(shop.folder, 'copy');
    cpSync(dataFolder, copy, { recursive: true });
    open(null, copy);
    expect((await sell(client, { codes: [goods.salt.code] })).receipt.number).toBe('t01-4-000001');
    await close();
    open(null);
    expect((await sell(client, { codes: [goods.salt.code] })).receipt.number).toBe('t01-5-000001');
    await close();
    rmSync(copy, { recursive: true });
  });

  test('without its key it begins a new incarnation', async () => {
    for (const name of readdirSync(keepFolder)) rmSync(join(keepFolder, name, 'keys.json'), { force: true });
    open();
    await beginsAnew('restored', 6);
  });
});

// Invariant 32.
test('after all of this no record names a person, a card or a PIN', () => {
  const town = JSON.parse(readFileSync(join(root, 'resources', 'demo', 'town.json'), 'utf8')) as {
    operators: { name: string; demoPin: string }[];
    members: { name: string; cards: { token: string; lastFour: string }[] }[];
  };
  const people = [...town.members, ...town.operators].map((one) => one.name);
  const masks = new Set(people.map((name) => `${Array.from(name)[0] ?? ''}**`));
  const tokens = town.members.flatMap((one) => one.cards.map((each) => each.token));
  const short = new Set([
    ...town.members.flatMap((one) => one.cards.map((each) => each.lastFour)),
    ...town.operators.map((one) => one.demoPin),
  ]);
  const found: string[] = [];
  const look = (value: unknown, where: string): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) look(inner, `${where}.${key}`);
      return;
    }
    const text = String(value);
    const named = [...people, ...masks, ...tokens].some((one) => text.includes(one));
    if (named || (typeof value === 'string' && short.has(value))) found.push(`${where}: ${text}`);
  };
  const all = records();
  for (const record of all) look(record, `${record.kind} ${record.seq}`);
  expect(found).toEqual([]);
  expect(all.some((record) => record.kind === 'sale' && record.body['member'] !== null)).toBe(true);
  expect(all.some((record) => record.kind === 'signIn')).toBe(true);
});
