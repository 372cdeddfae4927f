import { afterEach, beforeEach, expect, test } from 'vitest';
import { bareCounter, type DeviceEvent, type Devices, type DrawerState, type ShelfTag } from '../../shared/devices.ts';
import type { PaperSlip } from '../../shared/paper.ts';
import { MIXED } from '../../shared/wedge.ts';
import { cards, goods, openTestCore, pins, ringingClock, scan, type TestCore } from './test-core.ts';

/** What the devices of the counter bring to the till, and what the till does when they fail. */
let till: TestCore;
let tell: (event: DeviceEvent) => void;
let prints: ('printed' | 'failed')[];
let papers: PaperSlip[];
let tags: ShelfTag[];
let looks: number;
let time: ReturnType<typeof ringingClock>;
let drawer: DrawerState;

beforeEach(async () => {
  prints = [];
  papers = [];
  tags = [];
  looks = 0;
  drawer = 'closed';
  time = ringingClock();
  const devices: Devices = {
    ...bareCounter,
    printer: 'ready',
    get drawer() {
      return drawer;
    },
    others: [{ role: 'labelPrinter', state: 'ready', why: '' }],
    listen: (take) => {
      tell = take;
      return () => {
        tell = () => {};
      };
    },
    lookAtPrinter: () => {
      looks += 1;
    },
    print: async (slip) => {
      const outcome = prints.shift() ?? 'printed';
      if (outcome === 'printed') papers.push(slip);
      return outcome;
    },
    printTag: async (tag) => {
      tags.push(tag);
      return tag.name === goods.smoke.name ? 'failed' : 'printed';
    },
  };
  till = await openTestCore({ devices, clock: time.clock });
});
afterEach(() => till.close());

const code = (text: string) => tell({ kind: 'code', code: text });
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const lines = async (): Promise<string[]> =>
  (await till.screen()).sale.lines.map((line) => `${line.name} ${line.quantity}`);
const { bread, salt, smoke } = goods;

/** What goes on behind the answer of a command: the paper, and then what became of it. */
async function paperIsDone(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await time.pass(1);
  }
}

async function sell(): Promise<string> {
  await till.ask({ kind: 'scan', code: bread.code, source: 'scanner' });
  await till.ask({ kind: 'startPay' });
  const { sale } = await till.screen();
  await till.ask({ kind: 'pay', sale: sale.id });
  await paperIsDone();
  return (await till.screen()).paid?.receipt.number ?? '';
}

test('what a scanner and a reader send is rung up in the order of the hand, and nothing twice', async () => {
  for (const text of [bread.code, salt.code, bread.code]) code(text);
  tell({ kind: 'card', token: cards.good });
  code(salt.code);
  await settled();
  expect(await lines()).toEqual([`${bread.name} 2`, `${salt.name} 2`]);
  expect((await till.screen()).sale.member?.mask).toBe('孙**');
});

test('what was left of a code that two scanners typed at once rings up nothing, and says so', async () => {
  for (const rest of [bread.code, '10901', cards.good]) {
    expect(await till.send(scan(MIXED + rest))).toMatchObject({ kind: 'refused' });
    expect((await till.screen()).notice?.tone).toBe('bad');
  }
  expect(await lines()).toEqual([]);
  expect((await till.screen()).sale.member).toBeNull();
});

test('a dialog that listens gets the codes and the sale gets none; cards go to the sale all the same', async () => {
  const leaving = new AbortController();
  const stream = await till.client.scans(undefined, { signal: leaving.signal });
  const first = stream.next();
  await settled();
  code(bread.code);
  tell({ kind: 'card', token: cards.good });
  expect(await first).toMatchObject({ value: { code: bread.code } });
  await settled();
  expect(await lines()).toEqual([]);
  expect((await till.screen()).sale.member).not.toBeNull();
  leaving.abort();
  await stream.return?.(undefined).catch(() => {});
  await settled();
  code(salt.code);
  await settled();
  expect(await lines()).toEqual([`${salt.name} 1`]);
});

test('a card that a manager tries is shown to them alone, and to the sale again once they are done', async () => {
  const leaving = new AbortController();
  const stream = await till.client.cards(undefined, { signal: leaving.signal });
  const first = stream.next();
  await settled();
  const before = till.records().length;
  for (const token of [cards.good, cards.lost]) tell({ kind: 'card', token });
  expect(await first).toMatchObject({ value: { token: cards.good } });
  leaving.abort();
  await stream.return?.(undefined).catch(() => {});
  await settled();
  expect((await till.screen()).sale.member).toBeNull();
  expect(till.records()).toHaveLength(before);
  tell({ kind: 'card', token: cards.good });
  await settled();
  expect((await till.screen()).sale.member?.mask).toBe('孙**');
});

test('whoever is no manager tries no card, and takes none from the sale', async () => {
  await till.ask({ kind: 'signOut' });
  await till.ask({ kind: 'signIn', pin: pins.cashier });
  const leaving = new AbortController();
  const stream = await till.client.cards(undefined, { signal: leaving.signal });
  void stream.next().catch(() => {});
  await settled();
  tell({ kind: 'card', token: cards.good });
  await settled();
  expect((await till.screen()).sale.member?.mask).toBe('孙**');
  expect(await till.client.tryCard({ code: cards.good })).toBeNull();
  leaving.abort();
});

test('of a card that is tried it is said whose it is, or why it does not count', async () => {
  const tried = (token: string) => till.client.tryCard({ code: token });
  expect(await tried(cards.good)).toEqual({ number: cards.good, member: '孙**', refusal: null });
  expect(await tried(`;${cards.good}=2512?`)).toMatchObject({ number: cards.good, member: '孙**' });
  expect(await tried(cards.lost)).toMatchObject({ member: null, refusal: 'cardLost' });
  expect(await tried('04a1b2c3')).toEqual({ number: '04a1b2c3', member: null, refusal: 'cardUnknown' });
  const { counter } = await till.screen();
  const cardNumber = { reads: '8H', order: 'same', prints: '8H10D' } as const;
  await till.ask({ kind: 'saveCounter', counter: { ...counter, cardNumber } });
  expect(await tried('04a1b2c3')).toEqual({ number: cards.chip, member: '孙**', refusal: null });
  expect(await tried(cards.good)).toMatchObject({ number: cards.good, member: '孙**' });
  expect((await till.screen()).sale.member).toBeNull();
});

test('a scan while nobody is signed in is said aloud and rings up nothing', async () => {
  await till.ask({ kind: 'signOut' });
  code(bread.code);
  await settled();
  expect((await till.screen()).notice?.text).toBe('signInToScan');
  await till.ask({ kind: 'signIn', pin: pins.manager });
  expect(await lines()).toEqual([]);
});

test('a scan while the screen is locked is kept and rung up for whoever comes', async () => {
  await till.ask({ kind: 'lock' });
  code(bread.code);
  await settled();
  expect((await till.screen()).phase).toBe('locked');
  await till.ask({ kind: 'signIn', pin: pins.manager });
  expect(await lines()).toEqual([`${bread.name} 1`]);
});

test('the printer is looked at before the customer pays', async () => {
  await till.ask({ kind: 'scan', code: bread.code, source: 'scanner' });
  expect(looks).toBe(0);
  await till.ask({ kind: 'startPay' });
  expect(looks).toBe(1);
});

test('a receipt that did not come out waits, is printed whole as a copy, and waits no more', async () => {
  prints = ['failed', 'failed'];
  const first = await sell();
  await till.ask({ kind: 'nextSale' });
  const second = await sell();
  expect((await till.screen()).status.slipsWaiting).toBe(2);
  expect((await till.screen()).paid?.printed).toBe('failed');
  expect(papers).toEqual([]);
  await till.ask({ kind: 'printWaiting' });
  await paperIsDone();
  expect(papers.map((slip) => [slip.number, slip.copy])).toEqual([
    [first, true],
    [second, true],
  ]);
  expect((await till.screen()).status.slipsWaiting).toBe(0);
  expect(await till.send({ kind: 'printWaiting' })).toEqual({ kind: 'refused', reason: 'nothingWaiting' });
});

test('printing what waits ends at the first that fails again, and the rest keep waiting in their order', async () => {
  prints = ['failed', 'failed'];
  await sell();
  await till.ask({ kind: 'nextSale' });
  await sell();
  prints = ['printed', 'failed'];
  await till.ask({ kind: 'printWaiting' });
  await paperIsDone();
  expect((await till.screen()).status.slipsWaiting).toBe(1);
  await till.ask({ kind: 'dropWaiting' });
  expect((await till.screen()).status.slipsWaiting).toBe(0);
});

test('tags are due for goods whose shelf price changed, and for none that was printed since', async () => {
  const due = async () => (await till.client.tagsDue({ limit: 50 })).rows.map(({ item, priceFen }) => [item, priceFen]);
  await till.ask({ kind: 'settleTags' });
  expect(await due()).toEqual([]);
  const change = (id: string, item: string, priceFen: number) =>
    till.ask({ kind: 'changePrice', id, item, which: 'shelf', priceFen, fromDay: null, toDay: null });
  await change('price-change-1', bread.id, 333);
  await change('price-change-2', salt.id, 222);
  await change('price-change-3', bread.id, 444);
  expect(await due()).toEqual([
    [bread.id, 444],
    [salt.id, 222],
  ]);
  await till.ask({ kind: 'printTags', items: [bread.id] });
  await settled();
  expect(tags).toEqual([expect.objectContaining({ name: bread.name, priceFen: 444, code: bread.code })]);
  expect(await due()).toEqual([[salt.id, 222]]);
  await till.ask({ kind: 'printTags', items: [smoke.id, salt.id] });
  await settled();
  expect((await till.screen()).notice?.text).toBe('tagFailed');
  expect(await due()).toEqual([[salt.id, 222]]);
  await change('price-change-4', bread.id, 555);
  expect((await due())[0]).toEqual([bread.id, 555]);
});

test('a scale that cannot be told by wire says so', async () => {
  expect(await till.send({ kind: 'tellScale', what: 'tare' })).toEqual({ kind: 'refused', reason: 'noScale' });
});

test('a drawer that nobody shuts is said once for each time, and stands in the status until it is shut', async () => {
  const leftOpen = async (seconds: number): Promise<readonly (string | boolean | undefined)[]> => {
    await time.pass(seconds * 1_000);
    const { status, notice } = await till.screen();
    return [status.drawerForgotten, notice?.text];
  };
  const [, before] = await leftOpen(0);
  drawer = 'open';
  tell({ kind: 'changed' });
  expect(await leftOpen(59)).toEqual([false, before]);
  expect(await leftOpen(6)).toEqual([true, 'drawerLeftOpen']);
  // Whatever is said next is not said over, though it still stands open.
  await till.ask(scan(bread.code));
  expect(await leftOpen(60)).toEqual([true, 'itemAdded']);
  drawer = 'closed';
  tell({ kind: 'changed' });
  expect(await leftOpen(0)).toEqual([false, 'itemAdded']);
  drawer = 'open';
  tell({ kind: 'changed' });
  expect(await leftOpen(65)).toEqual([true, 'drawerLeftOpen']);
});
