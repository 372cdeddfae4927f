import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cards, coreOn, goods, makeFolder, pins, recordsOf, scan, type TestCore } from '../electron/core/test-core.ts';
import { newId } from '../electron/host-world.ts';
import { must } from '../shared/assert.ts';
import type { JournalRecord } from '../shared/journal.ts';
import { bodyOf } from '../shared/record-bodies.ts';
import type { Answer, Command, Screen } from '../shared/till-contract.ts';

const runner = fileURLToPath(new URL('./kill-runner.ts', import.meta.url));

type Said = Readonly<{ ready?: true; refused?: string; answer?: Answer; screen?: Screen; holder?: { pid: number } }>;

/** A till's process: what it is told goes in, what it answers comes out in order. */
class Runner {
  readonly child: ChildProcess;
  readonly #said: Said[] = [];
  #wake: () => void = () => {};
  #errors = '';

  constructor() {
    // What is compiled once is compiled for all: these tests start a hundred tills.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') };
    this.child = spawn(process.execPath, [runner], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    must(this.child.stdout !== null && this.child.stderr !== null, 'a child has its pipes');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#said.push(JSON.parse(line) as Said);
      this.#wake();
    });
    this.child.stderr.on('data', (part: Buffer) => void (this.#errors += part.toString()));
    this.child.once('exit', () => this.#wake());
    this.child.stdin?.on('error', () => {});
  }

  tell(what: object): void {
    this.child.stdin?.write(`${JSON.stringify(what)}\n`);
  }

  async hear(): Promise<Said> {
    for (;;) {
      const next = this.#said.shift();
      if (next !== undefined) return next;
      if (this.child.exitCode !== null) throw new Error(`the till ended by itself: ${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async send(command: Command): Promise<Screen> {
    this.tell({ send: command });
    const { answer, screen } = await this.hear();
    must(screen !== undefined, 'each command is answered with its screen');
    if (answer?.kind === 'refused') throw new Error(`${command.kind}: ${answer.reason}`);
    return screen;
  }

  async kill(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** Tills that are up and wait to be told their folder, so that a kill does not wait for a program to load. */
class Waiting {
  readonly #idle: Runner[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    this.#fill();
  }

  #fill(): void {
    while (this.#idle.length < this.#count) this.#idle.push(new Runner());
  }

  async next(): Promise<Runner> {
    const runner = this.#idle.shift();
    must(runner !== undefined, 'a till waits');
    this.#fill();
    expect(await runner.hear()).toEqual({ ready: true });
    return runner;
  }

  async end(): Promise<void> {
    await Promise.all(this.#idle.map((one) => one.kill()));
  }
}

const waiting = { tills: null as Waiting | null };
let folder: string;
let kills = 0;

/** Opens the folder in a fresh process; answers it with the screen that it comes back to. */
async function reopened(): Promise<{ till: Runner; screen: Screen }> {
  must(waiting.tills !== null, 'tills wait');
  const till = await waiting.tills.next();
  till.tell({ open: { data: join(folder, 'data'), keep: join(folder, 'keep') } });
  const { screen, refused } = await till.hear();
  if (screen === undefined) throw new Error(`the folder did not open: ${refused}`);
  return { till, screen };
}

async function killed(till: Runner): Promise<{ till: Runner; screen: Screen }> {
  await till.kill();
  kills += 1;
  return reopened();
}

/** What must stand on the screen again: the open sale with everything that was asked for it, and who works here. */
function counter(screen: Screen): unknown {
  const { sale, pay, held, operator, shift } = screen;
  const isEmpty =
    sale.lines.length === 0 && sale.member === null && sale.quantityFirst === null && sale.weighing === null;
  return {
    // An empty counter has no sale worth a name.
    sale: isEmpty ? { ...sale, id: '' } : sale,
    pay,
    held,
    operator: operator?.id,
    shift: shift?.id,
  };
}

const records = (): JournalRecord[] => recordsOf(folder);
const sales = (id: string): JournalRecord[] => records().filter((one) => one.kind === 'sale' && one.id === id);

/** Waits without giving the turn away for too long: the moments between 0 and a few milliseconds are what counts. */
async function moments(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) await new Promise<void>((resolve) => setImmediate(resolve));
}

beforeAll(async () => {
  folder = makeFolder(Date.now());
  const first: TestCore = coreOn(folder, Date.now());
  await first.ask({ kind: 'signIn', pin: pins.manager });
  await first.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
  await first.core.close();
  // The cache is written by a process that ends by itself.
  const warm = new Runner();
  expect(await warm.hear()).toEqual({ ready: true });
  const ended = once(warm.child, 'exit');
  warm.tell({ close: true });
  await ended;
  waiting.tills = new Waiting(3);
});
afterAll(async () => {
  await waiting.tills?.end();
  rmSync(folder, { recursive: true, force: true });
});

describe('kill -9', () => {
  test('right after any command comes back to the same screen', async () => {
    const { bread, salt, pork, smoke } = goods;
    let { till, screen } = await reopened();
    const steps: (Command | ((now: Screen) => Command))[] = [
      scan(bread.code),
      scan(bread.code),
      { kind: 'quantityFirst', count: 6 },
      scan(salt.code),
      scan(pork.code),
      { kind: 'dismiss' },
      { kind: 'choose', item: pork.id },
      { kind: 'weigh', item: pork.id, weightGrams: 730 },
      { kind: 'selectLine', line: 0 },
      { kind: 'setQuantity', line: 1, quantity: 9 },
      { kind: 'setPrice', line: 0, priceFen: 450, reason: '破损', approval: null },
      scan(cards.good, 'card'),
      { kind: 'confirmPerson', approval: null },
      { kind: 'hold' },
      scan(smoke.code),
      { kind: 'deleteLine', line: 0 },
      (now) => ({ kind: 'recall', sale: now.held[0]?.sale ?? '' }),
      { kind: 'startPay' },
      { kind: 'setPoints', points: 7 },
      { kind: 'setMobile', amountFen: 300, channel: 'alipay' },
      { kind: 'setCash', amountFen: 50_000 },
      { kind: 'leavePay' },
      { kind: 'startPay' },
      { kind: 'setPoints', points: 'half' },
      { kind: 'removeMember' },
      { kind: 'startPay' },
      { kind: 'setMobile', amountFen: 'rest', channel: 'wechat' },
      { kind: 'voidSale', reason: '顾客不要了' },
      { kind: 'moveCash', id: 'move-0001', direction: 'out', amountFen: 100, reason: 'bags' },
      {
        kind: 'changePrice',
        id: 'price-001',
        item: salt.id,
        which: 'shelf',
        priceFen: 260,
        fromDay: null,
        toDay: null,
      },
    ];
    for (const step of steps) {
      const command = typeof step === 'function' ? step(screen) : step;
      const before = await till.send(command);
      ({ till, screen } = await killed(till));
      expect(counter(screen), command.kind).toEqual(counter(before));
    }
    const journal = records();
    expect(journal.filter((one) => one.kind === 'cashMove' || one.kind === 'saleVoid')).toHaveLength(2);
    await till.kill();
  });

  test('right after a payment, the next sale and a refund: paid once, and its number stands', async () => {
    let { till } = await reopened();
    for (const [points, next] of [
      [5, false],
      ['none', true],
    ] as const) {
      await till.send(scan(goods.bread.code));
      await till.send(scan(goods.bread.code));
      await till.send(scan(cards.good, 'card'));
      await till.send({ kind: 'startPay' });
      const { sale } = await till.send({ kind: 'setPoints', points });
      const { paid } = await till.send({ kind: 'pay', sale: sale.id });
      if (next) await till.send({ kind: 'nextSale' });
      let screen: Screen;
      ({ till, screen } = await killed(till));
      expect([screen.phase, screen.sale.lines.length, screen.sale.member]).toEqual(['selling', 0, null]);
      expect(sales(sale.id).map((one) => one.body['receipt'])).toEqual([paid?.receipt.number]);
      // Asked again by a page that heard no answer, it is the same sale.
      await till.send({ kind: 'pay', sale: sale.id });
      const refund: Command = {
        kind: 'refund',
        id: newId(),
        receipt: paid?.receipt.number ?? '',
        lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
        reason: 'quality',
        approval: null,
      };
      await till.send(refund);
      ({ till, screen } = await killed(till));
      await till.send(refund);
      expect(records().filter((one) => one.id === refund.id)).toHaveLength(1);
      expect(sales(sale.id)).toHaveLength(1);
    }
    await till.kill();
  });

  test('at any moment of a payment leaves it open and whole, or paid exactly once with its number', async () => {
    let { till } = await reopened();
    const outcomes = { open: 0, paid: 0 };
    for (let round = 0; round < 20; round += 1) {
      if (round % 3 === 0) await till.send(scan(cards.good, 'card'));
      await till.send(scan(goods.bread.code));
      await till.send(scan(goods.salt.code));
      await till.send({ kind: 'startPay' });
      const before =
        round % 3 === 0 ? await till.send({ kind: 'setPoints', points: 1 }) : await till.send({ kind: 'startPay' });
      const { id } = before.sale;
      till.tell({ send: { kind: 'pay', sale: id } });
      await moments((round % 10) * 0.9);
      const { till: next, screen } = await killed(till);
      till = next;
      const recorded = sales(id);
      if (recorded.length === 0) {
        outcomes.open += 1;
        expect(counter(screen)).toEqual(counter(before));
        await till.send({ kind: 'pay', sale: id });
        await till.send({ kind: 'nextSale' });
      } else {
        outcomes.paid += 1;
        expect(screen.sale.lines).toEqual([]);
        await till.send({ kind: 'pay', sale: id });
      }
      expect(sales(id)).toHaveLength(1);
    }
    // Both ends of the span are reached: killed before the command was read, and after it was answered.
    expect(outcomes.open).toBeGreaterThan(0);
    expect(outcomes.paid).toBeGreaterThan(0);
    await till.kill();
  });

  test('at any moment of holding, calling back or opening leaves one sale, held or open, never both and never none', async () => {
    let { till } = await reopened();
    for (let round = 0; round < 5; round += 1) {
      const before = await till.send(scan(goods.bread.code));
      const { id } = before.sale;
      till.tell({ send: { kind: 'hold' } });
      await moments(round * 1.1);
      let screen: Screen;
      ({ till, screen } = await killed(till));
      const places = (now: Screen): number[] => [
        now.held.filter((one) => one.sale === id).length,
        now.sale.id === id ? now.sale.lines.length : 0,
      ];
      expect([
        [1, 0],
        [0, 1],
      ]).toContainEqual(places(screen));
      if (screen.held.length === 0) screen = await till.send({ kind: 'hold' });
      expect(places(screen)).toEqual([1, 0]);
      till.tell({ send: { kind: 'recall', sale: id } });
      await moments(round * 1.1);
      // The process that comes next is killed while it opens, too.
      await till.kill();
      must(waiting.tills !== null, 'tills wait');
      const opening = await waiting.tills.next();
      opening.tell({ open: { data: join(folder, 'data'), keep: join(folder, 'keep') } });
      await moments(round * 4);
      ({ till, screen } = await killed(opening));
      kills += 1;
      expect([
        [1, 0],
        [0, 1],
      ]).toContainEqual(places(screen));
      if (screen.held.length > 0) await till.send({ kind: 'recall', sale: id });
      await till.send({ kind: 'voidSale', reason: 'test' });
    }
    await till.kill();
  });

  test('many times over leaves one sound chain of one incarnation, with gapless numbers and nothing doubled', async () => {
    expect(kills).toBeGreaterThan(60);
    const journal = records();
    expect(new Set(journal.map((one) => one.incarnation))).toEqual(new Set([1]));
    expect(journal.map((one) => one.seq)).toEqual(journal.map((_, index) => index + 1));
    const counters = journal.flatMap((one) => (bodyOf(one, 'sale') ?? bodyOf(one, 'refund'))?.counter ?? []);
    expect(counters).toEqual(counters.map((_, index) => index + 1));
    expect(journal.filter((one) => one.kind === 'idConflict')).toEqual([]);
    const last = coreOn(folder, Date.now());
    expect(await last.client.verify()).toMatchObject({ state: 'sound', records: journal.length, incarnations: 1 });
    expect((await last.client.rebuild()).identical).toBe(true);
    await last.core.close();
  });
});

test('a second process on a held folder is refused with the holder named, and the holder sells on', async () => {
  const { till } = await reopened();
  must(waiting.tills !== null, 'tills wait');
  const second = await waiting.tills.next();
  second.tell({ open: { data: join(folder, 'data'), keep: join(folder, 'keep') } });
  expect(await second.hear()).toMatchObject({
    refused: 'held',
    detail: `pid ${till.child.pid}`,
    holder: { pid: till.child.pid },
  });
  await till.send(scan(goods.bread.code));
  const ended = once(till.child, 'exit');
  till.tell({ close: true });
  await ended;
  second.tell({ open: { data: join(folder, 'data'), keep: join(folder, 'keep') } });
  expect((await second.hear()).screen?.sale.lines).toHaveLength(1);
  await second.kill();
});
