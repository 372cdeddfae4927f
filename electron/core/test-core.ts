import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { must } from '../../shared/assert.ts';
import { checkDigit } from '../../shared/barcode.ts';
import { readRecord, type JournalRecord } from '../../shared/journal.ts';
import { cardTokenHash, type CardView, type MemberView } from '../../shared/member.ts';
import { allotmentInPostings } from '../../shared/posting.ts';
import { screenSchema, type Answer, type Command, type Screen } from '../../shared/till-contract.ts';
import { addDays, businessDayOf, dayOf, HOUR_MS, startOfDayMs } from '../../shared/time.ts';
import { openCore, type Core, type Opened } from './core.ts';
import { createKeeper, keepName } from './keeper.ts';
import { openReadOnly } from './ledger/database.ts';
import { openLedger } from './ledger/ledger.ts';
import { createReplicas } from './ledger/replicas.ts';
import type { TillClient } from './router.ts';
import { writeShop } from './shop.ts';
import { testItem, testWorld } from './test-till.ts';
import type { World } from './world.ts';

/** The day on which these tills begin: an ordinary one, at ten in the morning. */
export const FIRST_DAY = '2026-03-02';
export const OPENED_AT_MS = startOfDayMs(FIRST_DAY) + 10 * HOUR_MS;

export const pins = { manager: '909090', cashier: '1111' } as const;

export const goods = {
  bread: testItem(),
  salt: testItem({ id: 'item-salt', code: '6901234567908', name: '精盐', category: '调味', priceFen: 250 }),
  smoke: testItem({ id: 'item-smoke', code: '6901234567915', name: '香烟', category: '烟草', priceFen: 1_250 }),
  pork: testItem({ id: 'item-pork', code: '10901', name: '五花肉', category: '肉类', per: 'jin', priceFen: 1_580 }),
  free: testItem({ id: 'item-new', code: '6901234567922', name: '新到货', priceFen: null }),
} as const;

/** A member with 300 points at this till, and a card of each kind that is refused. */
export const cards = {
  good: cardOf(1),
  lost: cardOf(2),
  blocked: cardOf(3),
  replaced: cardOf(4),
  expired: cardOf(5),
  cancelled: cardOf(6),
  movedOut: cardOf(7),
  /** A contactless card of the same member, by the number that is printed on it. */
  chip: '0077705923',
  kin: cardOf(8),
} as const;

export function cardOf(number: number): string {
  const digits = `98${String(number).padStart(10, '0')}`;
  return `${digits}${checkDigit(digits)}`;
}

const MEMBER_POINTS = 300;
const TERM_HOURS = 72;

export type TestCore = Readonly<{
  world: World & { advance: (milliseconds: number) => void };
  client: TillClient;
  core: Core;
  folder: string;
  send: (command: Command) => Promise<Answer>;
  /** Sends and expects no refusal. */
  ask: (command: Command) => Promise<void>;
  screen: () => Promise<Screen>;
  /** All records, oldest first, as the file holds them. */
  records: () => JournalRecord[];
  /** A new core on the same folder, as after a restart. */
  again: () => Promise<TestCore>;
  close: () => Promise<void>;
}>;

/** Makes a till's folder as enrolment, a first statement and a manager leave it, without any town. */
export function makeFolder(atMs = OPENED_AT_MS, parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'one-card-core-'));
  const world = testWorld(folder, atMs);
  const opened = openLedger(join(world.dataFolder, 'ledger.sqlite'), world.crypto.hash);
  must(opened.kind === 'opened', 'a new ledger opens');
  const { ledger } = opened;
  const identity = { town: 'town', shop: 'shop', till: 't01', incarnation: 1 };
  const day = businessDayOf(atMs, '03:00');
  const keeper = createKeeper(
    world.keepFolder,
    world.dataFolder,
    keepName(identity.town, identity.till, 'town-key', world.crypto),
    world.crypto,
  );
  const { publicKey } = keeper.makeKeys(1);
  writeShop(ledger, {
    townName: '镇',
    shopName: '店',
    shopAddress: '街1号',
    hotline: '1',
    tillName: '一号机',
    townKey: 'town-key',
  });
  ledger.setSetting('enrolledIncarnation', '1');
  ledger.begin(
    identity,
    {
      kind: 'genesis',
      id: 't01:1:genesis',
      operator: null,
      body: { publicKey, incarnationId: 'incarnation-one', because: 'enrolled' },
    },
    atMs,
    day,
  );
  const record = (draft: Parameters<typeof ledger.record>[0]) => ledger.record(draft, atMs, day);
  for (const [role, name] of [
    ['manager', '于海明'],
    ['cashier', '林小雨'],
  ] as const) {
    ledger.run(
      'INSERT INTO operator (id, name, role, pin_hash, active) VALUES (?, ?, ?, ?, 1)',
      `operator-${role}`,
      name,
      role,
      world.crypto.hashPin(pins[role]),
    );
  }
  record({
    kind: 'itemChange',
    id: 'items-000',
    operator: null,
    body: { source: 'test', items: Object.values(goods) },
  });
  giveMembers(ledger, world, record, atMs);
  keeper.raise(ledger.head());
  keeper.close();
  ledger.close();
  return folder;
}

function giveMembers(
  ledger: Parameters<typeof createReplicas>[0],
  world: World,
  record: (draft: Parameters<typeof ledger.record>[0]) => unknown,
  atMs: number,
): void {
  const day = businessDayOf(atMs, '03:00');
  const replicas = createReplicas(ledger);
  const view = (id: string, state: MemberView['state']): MemberView => ({
    id,
    mask: '孙**',
    initials: 'SXM DXM',
    village: 'v01',
    villageName: '槐树湾村',
    stars: 3,
    state,
    standingWish: 'none',
    townPoints: MEMBER_POINTS,
    spentToday: 0,
    spentThisMonth: 0,
    spentDay: day,
    nextExpiry: null,
    savedThisYearFen: 0,
    countedSeq: 0,
    asOfMs: atMs,
  });
  replicas.putMember({ ...view('member-good', 'active'), bearers: ['member-kin', 'member-gone'] }, 1);
  replicas.putMember({ ...view('member-kin', 'active'), mask: '周**', initials: 'ZXF', townPoints: 0 }, 1);
  replicas.putMember(view('member-gone', 'moved_out'), 1);
  const put = (key: keyof typeof cards, state: CardView['state'], expiresOn: string | null, member = 'member-good') =>
    replicas.putCard({
      id: `card-${key}`,
      tokenHash: cardTokenHash(cards[key], 'town', world.crypto.hash),
      member,
      lastFour: cards[key].slice(-4),
      lastSix: cards[key].slice(-6),
      state,
      expiresOn,
    });
  put('good', 'active', null);
  put('chip', 'active', null);
  put('lost', 'lost', null);
  put('blocked', 'blocked', null);
  put('replaced', 'replaced', null);
  put('expired', 'active', addDays(day, -1));
  put('cancelled', 'cancelled', null);
  put('movedOut', 'active', null, 'member-gone');
  put('kin', 'active', null, 'member-kin');
  record({
    kind: 'statementApplied',
    id: 't01:1:statement:1',
    operator: null,
    body: {
      number: 1,
      hash: '0'.repeat(64),
      ackSeq: 0,
      ackHash: '0'.repeat(64),
      term: { id: 'term-1', endMs: atMs + TERM_HOURS * HOUR_MS },
      townMs: atMs,
      state: 'matched',
      breaks: 0,
    },
  });
  const lots = [
    { lot: 'lot-1', village: 'v01', fund: '基金', expiresOn: addDays(dayOf(atMs), 200), points: MEMBER_POINTS },
  ];
  const grant = { id: 'grant-001', till: 't01', incarnation: 1, term: 'term-1', member: 'member-good', lots };
  record({
    kind: 'allotmentIn',
    id: grant.id,
    operator: null,
    body: { source: 'statement', grant },
    postings: allotmentInPostings('term-1', lots),
  });
}

/** Opens whatever the folder holds; a refusal is an answer too. */
export function tryCore(folder: string, parts: Partial<World> = {}, startMs = OPENED_AT_MS) {
  let nowMs = startMs;
  const world = {
    ...testWorld(folder, startMs),
    // Ids must stay apart over restarts, as they do in a real world.
    newId: randomUUID,
    auditWorker: new URL('./audit-worker.ts', import.meta.url),
    // A copy of the books is made by a worker, which costs a test a second a night; whoever wants it says so.
    backups: null,
    // What runs by itself stands still here: a test moves months, and does by hand what should happen in them.
    clock: { nowMs: () => nowMs, later: () => () => {} },
    advance: (milliseconds: number): void => {
      nowMs += milliseconds;
    },
    ...parts,
  };
  return { world, opened: openCore(world) };
}

export function clientOfOpened(opened: Opened): TillClient {
  return createRouterClient(opened.kind === 'opened' ? opened.core.router : opened.router);
}

export async function screenOf(client: TillClient): Promise<Screen> {
  // The contract does not judge what the core shows, so each test does.
  for await (const screen of await client.watch()) return screenSchema.parse(screen);
  throw new Error('the core ended its screens');
}

/** A clock whose timers ring when the test lets time pass, for what a till does by itself. */
export function ringingClock(startMs = OPENED_AT_MS) {
  let nowMs = startMs;
  let planned: { atMs: number; task: () => void }[] = [];
  return {
    clock: {
      nowMs: () => nowMs,
      later: (delayMs: number, task: () => void) => {
        const plan = { atMs: nowMs + delayMs, task };
        planned = [...planned, plan];
        return () => void (planned = planned.filter((one) => one !== plan));
      },
    },
    pass: async (milliseconds: number): Promise<void> => {
      nowMs += milliseconds;
      const due = planned.filter(({ atMs }) => atMs <= nowMs);
      planned = planned.filter(({ atMs }) => atMs > nowMs);
      for (const { task } of due) task();
      // What they began answers behind them.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** A core on a folder, which must open. */
export function coreOn(folder: string, startMs = OPENED_AT_MS, parts: Partial<World> = {}): TestCore {
  const { world, opened } = tryCore(folder, parts, startMs);
  if (opened.kind === 'refused') throw new Error(`the till did not open: ${opened.reason} ${opened.detail}`);
  const client = clientOfOpened(opened);
  const send = (command: Command): Promise<Answer> => client.send(command);
  return {
    world,
    client,
    core: opened.core,
    folder,
    send,
    ask: async (command) => {
      const answer = await send(command);
      if (answer.kind === 'refused') throw new Error(`${command.kind}: ${answer.reason}`);
    },
    screen: () => screenOf(client),
    records: () => recordsOf(folder),
    again: async () => {
      await opened.core.close();
      return coreOn(folder, world.clock.nowMs(), parts);
    },
    close: async () => {
      await opened.core.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A till behind whose counter the manager stands, with a shift open and nothing on the counter. */
export async function openTestCore(parts: Partial<World> = {}): Promise<TestCore> {
  const till = coreOn(makeFolder(), OPENED_AT_MS, parts);
  await till.ask({ kind: 'signIn', pin: pins.manager });
  await till.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
  return till;
}

export const scan = (code: string, source: 'scanner' | 'typed' | 'card' = 'scanner'): Command => ({
  kind: 'scan',
  code,
  source,
});

/** Rings up codes and pays them in exact cash; answers the receipt's number. */
export async function sellAt(till: TestCore, ...codes: readonly string[]): Promise<string> {
  for (const code of codes) await till.ask(scan(code));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
  const { paid } = await till.screen();
  must(paid !== null, 'a paid sale shows its receipt');
  return paid.receipt.number;
}

export function textsOf(folder: string): string[] {
  const database = openReadOnly(join(folder, 'data', 'ledger.sqlite'));
  try {
    return database
      .prepare<[], { text: string }>('SELECT text FROM journal ORDER BY n')
      .all()
      .map((row) => row.text);
  } finally {
    database.close();
  }
}

export function recordsOf(folder: string): JournalRecord[] {
  return textsOf(folder).map((text) => {
    const read = readRecord(text);
    must(read.kind === 'read', 'a record of the journal reads');
    return read.record;
  });
}
