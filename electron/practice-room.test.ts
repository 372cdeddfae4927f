import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { afterEach, expect, test } from 'vitest';
import { bareCounter, type DeviceEvent, type Devices } from '../shared/devices.ts';
import type { PaperSlip } from '../shared/paper.ts';
import type { Command, Screen, ScreenNews } from '../shared/till-contract.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../shared/time.ts';
import { restore } from './core/restore.ts';
import {
  cards,
  coreOn,
  goods,
  makeFolder,
  OPENED_AT_MS,
  pins,
  ringingClock,
  scan,
  screenOf,
  type TestCore,
  textsOf,
  tryCore,
} from './core/test-core.ts';
import type { World } from './core/world.ts';
import { openPracticeRoom, type PracticeRoom } from './practice-room.ts';
import { clientOf, type TillClient } from './till-client.ts';

/** A counter of which a test sees what comes out, and into which it puts codes. */
function testCounter() {
  const takers = new Set<(event: DeviceEvent) => void>();
  const printed: PaperSlip[] = [];
  let drawer = 0;
  const devices: Devices = {
    ...bareCounter,
    printer: 'ready',
    others: [{ role: 'labelPrinter', state: 'ready', why: '' }],
    print: async (slip) => {
      printed.push(slip);
      return 'printed';
    },
    openDrawer: async () => {
      drawer += 1;
      return 'opened';
    },
    listen: (take) => {
      takers.add(take);
      return () => void takers.delete(take);
    },
  };
  return {
    devices,
    printed,
    drawer: () => drawer,
    tell: (event: DeviceEvent): void => {
      for (const take of takers) take(event);
    },
  };
}

type Practising = Readonly<{
  till: TestCore;
  room: PracticeRoom;
  counter: ReturnType<typeof testCounter>;
  /** As a page has it. */
  page: TillClient;
  send: (command: Command) => ReturnType<TillClient['send']>;
  ask: (command: Command) => Promise<void>;
  screen: () => Promise<Screen>;
}>;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A till with a room to practise in, on a folder of a shop; `practiceIn` names another place for it. */
function tillWithRoom(folder = makeFolder(), parts: Partial<World> = {}, practiceIn?: string): Practising {
  const counter = testCounter();
  let world: World | null = null;
  const room = openPracticeRoom({
    folder: practiceIn ?? join(folder, 'practice'),
    counter: counter.devices,
    worldOf: (own) => {
      if (world === null) throw new Error('the till is open first');
      return { ...world, ...own, town: null, backups: null };
    },
    log: () => {},
  });
  const till = coreOn(folder, OPENED_AT_MS, { devices: room.counter, practice: room.practice, ...parts });
  world = till.world;
  const page = clientOf(room.moveIn(till.core));
  const send = (command: Command) => page.send(command);
  closing.push(async () => {
    await room.close();
    await till.close();
  });
  return {
    till,
    room,
    counter,
    page,
    send,
    ask: async (command) => {
      const answer = await send(command);
      if (answer.kind === 'refused') throw new Error(`${command.kind}: ${answer.reason}`);
    },
    screen: () => screenOf(page),
  };
}

/** With the cashier signed in, a shift open and bread in an open sale. */
async function sellingTill(parts: Partial<World> = {}): Promise<Practising> {
  const at = tillWithRoom(makeFolder(), parts);
  await at.ask({ kind: 'signIn', pin: pins.cashier });
  await at.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
  await at.ask(scan(goods.bread.code));
  return at;
}

/** What must stand as it stood: every record, and the file of the open sale. */
function standingIn({ till }: Practising): string {
  const hash = createHash('sha256');
  for (const text of textsOf(till.folder)) hash.update(text);
  hash.update(readFileSync(join(till.folder, 'data', 'open-sale.log')));
  return hash.digest('hex');
}

async function beginPractice(at: Practising): Promise<void> {
  await at.ask({ kind: 'startPractice' });
  await at.ask({ kind: 'openShift', shift: 'shift-practice', floatFen: 10_000 });
}

/** Sells bread for points and cash. */
async function sellForPoints(at: Practising, points: number): Promise<Screen> {
  await at.ask(scan(goods.pork.code));
  await at.ask({ kind: 'weigh', item: goods.pork.id, weightGrams: 5_000 });
  await at.ask(scan(cards.good, 'card'));
  await at.ask({ kind: 'startPay' });
  await at.ask({ kind: 'setPoints', points });
  await at.ask({ kind: 'pay', sale: (await at.screen()).sale.id });
  return at.screen();
}

test('what is sold, taken back and closed in practice leaves every record and the open sale as they stood', async () => {
  const { clock, pass } = ringingClock();
  const at = await sellingTill({ clock });
  const before = standingIn(at);
  const unsent = (await at.screen()).status.unsent;

  await beginPractice(at);
  const paid = await sellForPoints(at, 20);
  await pass(1);
  const receipt = paid.paid?.receipt;
  expect(receipt).toMatchObject({ number: '练习-1-000001', practice: true, points: { used: 20 } });
  const line = { line: 0, quantity: 5_000, goods: 'shelf' } as const;
  await at.ask({
    kind: 'refund',
    id: 'refund-practice',
    receipt: receipt?.number ?? '',
    lines: [line],
    reason: '练手',
    approval: { pin: pins.manager },
  });
  // A card that was used a moment ago asks for a manager.
  await pass(2 * MINUTE_MS);
  await at.ask(scan(cards.good, 'card'));
  const told = await at.page.pointsSlip();
  await at.ask({ kind: 'printPoints', slip: told.kind === 'slip' ? told.slip.number : '' });
  await at.ask({ kind: 'voidSale', reason: '' });
  await at.ask({ kind: 'startCloseShift' });
  await at.ask({ kind: 'closeShift', shift: 'shift-practice', countedFen: 10_000 });
  await pass(1);
  expect(at.counter.printed.map((slip) => [slip.kind, slip.practice])).toEqual([
    ['sale', true],
    ['refund', true],
    ['points', true],
    ['shift', true],
  ]);
  expect(at.counter.drawer()).toBe(0);

  await at.ask({ kind: 'endPractice' });
  expect(standingIn(at)).toBe(before);
  expect(await at.screen()).toMatchObject({ practice: false, phase: 'locked', notice: { text: 'practiceEnded' } });
  await at.ask({ kind: 'signIn', pin: pins.cashier });
  const back = await at.screen();
  expect(back).toMatchObject({ phase: 'selling', shift: { id: 'shift-0001' }, held: [] });
  expect(back.sale.lines.map(({ item }) => item)).toEqual([goods.bread.id]);
  expect(unsent).toBeGreaterThan(0);
});

test('practice begins with the goods, people and cards of the till, and says of itself what it is', async () => {
  const at = await sellingTill();
  await at.ask({ kind: 'startPractice' });
  const screen = await at.screen();
  expect(screen).toMatchObject({
    practice: true,
    phase: 'openShift',
    operator: { role: 'cashier' },
    shopName: '店',
    tillName: '一号机',
    status: { town: 'practice', unsent: 0 },
    sale: { lines: [] },
  });
  expect((await at.page.operators()).map(({ role }) => role).toSorted()).toEqual(['cashier', 'manager']);
  expect(await at.page.search({ text: goods.salt.code, limit: 5 })).toMatchObject([{ priceFen: 250 }]);
  expect(await at.page.receipts({ day: null, text: '', limit: 10 })).toEqual([]);
  expect((await at.page.rebuild()).identical).toBe(true);
  expect((await at.page.verify()).state).toBe('sound');
});

test('all points that the town spoke of can be spent, with any PIN beyond the limit, and are there again the next time', async () => {
  const at = await sellingTill();
  for (const _ of [1, 2]) {
    await beginPractice(at);
    await at.ask(scan(cards.good, 'card'));
    expect((await at.screen()).sale.member).toMatchObject({ spendable: 300, townPoints: 300, pointsRefused: null });
    await at.ask({ kind: 'askPin' });
    await at.ask({ kind: 'enterPin', ask: (await at.screen()).pin?.ask ?? '', pin: '246810' });
    expect((await at.screen()).sale.member?.pinProven).toBe(true);
    await at.ask({ kind: 'voidSale', reason: '' });
    const paid = await sellForPoints(at, 30);
    expect(paid.paid).toMatchObject({ spendableBefore: 300, spendableAfter: 270 });
    await at.ask({ kind: 'endPractice' });
    await at.ask({ kind: 'signIn', pin: pins.manager });
  }
});

for (const [what, prepare, reason] of [
  ['nobody is signed in', async ({ ask }: Practising) => ask({ kind: 'signOut' }), 'notSignedIn'],
  ['the screen is locked', async ({ ask }: Practising) => ask({ kind: 'lock' }), 'locked'],
  ['a customer is paying', async ({ ask }: Practising) => ask({ kind: 'startPay' }), 'saleOpen'],
] as const) {
  test(`no practice begins while ${what}`, async () => {
    const at = await sellingTill();
    await prepare(at);
    expect(await at.send({ kind: 'startPractice' })).toEqual({ kind: 'refused', reason });
    expect((await at.screen()).practice).toBe(false);
    expect(existsSync(join(at.till.folder, 'practice'))).toBe(false);
  });
}

test('a till without a name has nothing to practise with, and one without a room says so', async () => {
  const bare = tillWithRoom(join(makeFolder(), 'new'));
  expect(await bare.send({ kind: 'startPractice' })).toEqual({ kind: 'refused', reason: 'enrolFirst' });
  const alone = coreOn(makeFolder());
  closing.push(alone.close);
  await alone.ask({ kind: 'signIn', pin: pins.cashier });
  expect(await alone.send({ kind: 'startPractice' })).toEqual({ kind: 'refused', reason: 'practiceFailed' });
  expect(await alone.send({ kind: 'endPractice' })).toEqual({ kind: 'refused', reason: 'notPractising' });
});

test('where no folder can be made the till goes on and says that practice did not open', async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'a-file'), '');
  const at = tillWithRoom(folder, {}, join(folder, 'a-file', 'practice'));
  await at.ask({ kind: 'signIn', pin: pins.cashier });
  expect(await at.send({ kind: 'startPractice' })).toEqual({ kind: 'refused', reason: 'practiceFailed' });
  expect(await at.screen()).toMatchObject({ practice: false, phase: 'openShift' });
});

test('whoever practises asks no town: no enrolment, no file for it, no export, and a night without it', async () => {
  const at = await sellingTill();
  await at.ask({ kind: 'signOut' });
  await at.ask({ kind: 'signIn', pin: pins.manager });
  await beginPractice(at);
  const practising = { kind: 'refused', reason: 'practising' } as const;
  expect(await at.send({ kind: 'startPractice' })).toEqual(practising);
  expect(await at.send({ kind: 'enrol', code: 'ABCDEF', managerName: '于', managerPin: '1234' })).toEqual(practising);
  expect(await at.page.exchangeOut({ code: null })).toEqual(practising);
  expect(await at.page.exchangeIn({ file: 'x', manager: null })).toEqual(practising);
  const target = join(at.till.folder, 'export');
  expect(await at.page.exportTo({ folder: target, from: null, to: null })).toMatchObject(practising);
  expect(existsSync(target)).toBe(false);
  await sellForPoints(at, 5);
  expect(await at.page.night()).toMatchObject({ state: 'pending', pendingBecause: 'practising', uploaded: 0 });
  expect(await at.send({ kind: 'printTags', items: [goods.bread.id] })).toMatchObject({ reason: 'noLabelPrinter' });
  await at.ask({ kind: 'openDrawer', approval: null });
  expect(await at.screen()).toMatchObject({ notice: { text: 'drawerStaysShut' } });
  expect(at.counter.drawer()).toBe(0);
});

test('the ledger of practice opens as no till, and is restored as none', async () => {
  const at = await sellingTill();
  await beginPractice(at);
  const practice = join(at.till.folder, 'practice');
  const place = { dataFolder: join(at.till.folder, 'stolen'), keepFolder: join(at.till.folder, 'stolen-keep') };
  mkdirSync(place.dataFolder);
  await at.page.verify();
  writeFileSync(join(at.till.folder, 'copy.sqlite'), readFileSync(join(practice, 'till', 'ledger.sqlite')));
  const restored = await restore({ ...at.till.world, ...place, town: null }, join(at.till.folder, 'copy.sqlite'));
  expect(restored).toMatchObject({ kind: 'refused', reason: 'practiceLedger' });
  writeFileSync(join(place.dataFolder, 'ledger.sqlite'), readFileSync(join(practice, 'till', 'ledger.sqlite')));
  const { opened } = tryCore(at.till.folder, place);
  expect(opened).toMatchObject({ kind: 'refused', reason: 'practiceLedger' });
});

test('codes of devices come to the one at the counter only, and none is kept for the other', async () => {
  const at = await sellingTill();
  await beginPractice(at);
  at.counter.tell({ kind: 'code', code: goods.salt.code });
  await expect.poll(async () => (await at.screen()).sale.lines.map(({ item }) => item)).toEqual([goods.salt.id]);
  await at.ask({ kind: 'endPractice' });
  await at.ask({ kind: 'signIn', pin: pins.cashier });
  expect((await at.screen()).sale.lines.map(({ item }) => item)).toEqual([goods.bread.id]);
  at.counter.tell({ kind: 'code', code: goods.salt.code });
  await expect
    .poll(async () => (await at.screen()).sale.lines.map(({ item }) => item))
    .toEqual([goods.bread.id, goods.salt.id]);
});

test('who watches is taken along into practice and back, and a customer page is known to both', async () => {
  const at = await sellingTill();
  const leaving = new AbortController();
  const seen: string[] = [];
  const customers: boolean[] = [];
  const news = await at.page.follow({ page: 'customer' }, { signal: leaving.signal });
  const note = (one: ScreenNews): void => {
    if (!('screen' in one)) return;
    seen.push(one.screen.practice ? 'practice' : 'till');
    customers.push(one.screen.customerPage);
  };
  const watching = (async () => {
    for await (const one of news) note(one);
  })();
  await expect.poll(() => seen).toEqual(['till']);
  await at.ask({ kind: 'startPractice' });
  await expect.poll(() => seen).toEqual(['till', 'practice']);
  await at.ask({ kind: 'endPractice' });
  await expect.poll(() => seen).toEqual(['till', 'practice', 'till']);
  expect(customers).toEqual([true, true, true]);
  leaving.abort();
  await watching;
});

test('practice can be left where it is locked or nobody is signed in, and begins anew each time', async () => {
  const at = await sellingTill();
  await beginPractice(at);
  await sellForPoints(at, 10);
  await at.ask({ kind: 'lock' });
  await at.ask({ kind: 'endPractice' });
  await at.ask({ kind: 'signIn', pin: pins.cashier });
  await at.ask({ kind: 'startPractice' });
  expect(await at.screen()).toMatchObject({ phase: 'openShift', shift: null });
  expect(await at.page.receipts({ day: null, text: '', limit: 10 })).toEqual([]);
  await at.ask({ kind: 'signOut' });
  await at.ask({ kind: 'endPractice' });
  expect(await at.screen()).toMatchObject({ practice: false, phase: 'locked' });
  await at.room.close();
  expect(existsSync(join(at.till.folder, 'practice'))).toBe(false);
});

test('a program that fell while somebody practised comes back as the till, locked, with nothing left of it', async () => {
  const at = await sellingTill();
  await beginPractice(at);
  await sellForPoints(at, 10);
  // The till's core ends alone; what was practised lies there as a kill leaves it.
  closing.length = 0;
  await at.till.core.close();
  const practice = join(at.till.folder, 'practice');
  expect(existsSync(join(practice, 'till', 'ledger.sqlite'))).toBe(true);
  const again = tillWithRoom(at.till.folder);
  expect(await again.screen()).toMatchObject({ practice: false, phase: 'locked' });
  expect(existsSync(practice)).toBe(false);
  await again.ask({ kind: 'signIn', pin: pins.cashier });
  expect((await again.screen()).sale.lines.map(({ item }) => item)).toEqual([goods.bread.id]);
});

test('the night of the till runs while somebody practises, and practice that was left standing ends with it', async () => {
  const { clock, pass } = ringingClock();
  const at = await sellingTill({ clock });
  await beginPractice(at);
  const real = createRouterClient(at.till.core.router, { context: {} });
  expect(await real.nights({ limit: 5 })).toEqual([]);
  for (let hours = 0; hours < DAY_MS / HOUR_MS; hours += 1) await pass(HOUR_MS);
  expect((await real.nights({ limit: 5 })).map(({ businessDay }) => businessDay)).toContain('2026-03-02');
  expect(await at.screen()).toMatchObject({ practice: false, phase: 'locked' });
});

test('the evening of practice counts, closes and compares with nobody, and switches nothing off', async () => {
  const { clock, pass } = ringingClock();
  const at = await sellingTill({ clock });
  await beginPractice(at);
  await sellForPoints(at, 10);
  await at.ask({ kind: 'startCloseShift', shutDown: true });
  await at.ask({ kind: 'closeShift', shift: 'shift-practice', countedFen: 10_000 });
  await pass(1);
  const { phase, evening } = await at.screen();
  expect(phase).toBe('evening');
  expect(evening).toMatchObject({ step: 'countdown', trouble: [], slip: { practice: true } });
  expect(evening?.report).toMatchObject({ state: 'pending', pendingBecause: 'practising', till: { sales: 1 } });
  await pass(20_000);
  expect((await at.screen()).evening?.step).toBe('byHand');
  await at.ask({ kind: 'endPractice' });
  expect(await at.screen()).toMatchObject({ practice: false, phase: 'locked', shift: { id: 'shift-0001' } });
});

test('practice goes on beyond closing time while somebody is at it', async () => {
  const { clock, pass } = ringingClock();
  const at = await sellingTill({ clock });
  await beginPractice(at);
  for (let minutes = 0; minutes < 24 * 60; minutes += 4) {
    await pass(4 * MINUTE_MS);
    await at.send({ kind: 'selectLine', line: 0 });
  }
  expect(await at.screen()).toMatchObject({ practice: true });
});
