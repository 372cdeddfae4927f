import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Core, openCore } from '../../electron/core/core.ts';
import { cardOf, scan } from '../../electron/core/test-core.ts';
import { testWorld } from '../../electron/core/test-till.ts';
import type { TownApi } from '../../electron/core/town-api.ts';
import { clientOf, currentScreen, type TillClient } from '../../electron/till-client.ts';
import { must } from '../../shared/assert.ts';
import type { Command, Screen } from '../../shared/till-contract.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { issueLot } from '../../town-server/points.ts';
import { openTestTown } from '../../town-server/test-town.ts';
import { command, goods, saveGoods } from '../shop.ts';
import type { Acknowledged } from './cashier.ts';
import { chanceOf } from './chance.ts';
import { addFindings, checkLedger, type Findings, noFindings } from './ledger-check.ts';
import { type Fault, mountPowerDisk, type PowerDisk } from './power-disk.ts';
import { type Change, PowerModel, readBase, readTrace } from './power-image.ts';

export type CallFigures = Findings & {
  seed: number;
  /** How many calls were failed, by what was under way; each is a case of its own. */
  ran: number;
  byTransaction: Record<string, number>;
  /** How often the till refused, how often it stopped, and how often what was refused had reached the disk. */
  refused: number;
  stopped: number;
  recordedUnheard: number;
  /** Power cuts after a sync that had failed. */
  cuts: number;
};

const MEMBER = cardOf(1).slice(2);
/** Whose card is only ever reported lost. */
const OTHER = cardOf(2).slice(2);
const PIN = '909090';
const RECOVER_MS = 3_000;
const SYNC_MS = 50;

/** A till on a failing disk, joined to the real town's logic in memory; nothing runs by itself. */
type Shop = Readonly<{
  folder: string;
  core: Core;
  client: TillClient;
  card: string;
  send: (command: Command) => Promise<'done' | 'refused'>;
  screen: () => Promise<Screen>;
  /** Does what was planned for so many milliseconds from then. */
  due: (delayMs: number) => Promise<void>;
  issue: (points: number) => Promise<void>;
  setConnected: (connected: boolean) => void;
  bugs: string[];
}>;

async function openShop(disk: PowerDisk): Promise<Shop> {
  const folder = mkdtempSync(join(disk.folder, 'till-'));
  const town = await openTestTown([
    { id: MEMBER, lots: [{ id: 'lot-1', points: 400 }] },
    { id: OTHER, lots: [] },
  ]);
  let planned: { delayMs: number; task: () => void }[] = [];
  let connected = true;
  const bugs: string[] = [];
  const line = new Proxy(town.api, {
    get: (target, name: keyof TownApi) => async (input: unknown) => {
      if (!connected) throw new Error('the network is cut');
      return (target[name] as unknown as (input: unknown) => Promise<unknown>)(input);
    },
  });
  const base = testWorld(folder, town.nowMs());
  const opened = openCore({
    ...base,
    town: line,
    newId: randomUUID,
    auditWorker: new URL('../../electron/core/audit-worker.ts', import.meta.url),
    clock: {
      nowMs: town.nowMs,
      later: (delayMs, task) => {
        const plan = { delayMs, task };
        planned.push(plan);
        return () => void (planned = planned.filter((one) => one !== plan));
      },
    },
    log: (text) => {
      if (text.startsWith('bug:')) bugs.push(text);
    },
  });
  if (opened.kind === 'refused') throw new Error(`the till did not open: ${opened.reason}`);
  const { core } = opened;
  const client = clientOf(core.router);
  await command(client, { kind: 'enrol', code: await town.code(), managerName: '于海明', managerPin: PIN });
  await command(client, { kind: 'signIn', pin: PIN });
  await saveGoods(client);
  await command(client, { kind: 'openShift', shift: randomUUID(), floatFen: 20_000 });
  return {
    folder,
    core,
    client,
    card: cardOf(1),
    send: async (wanted) => (await client.send(wanted)).kind,
    screen: () => currentScreen(client),
    due: async (delayMs) => {
      const now = planned.filter((plan) => plan.delayMs === delayMs);
      planned = planned.filter((plan) => plan.delayMs !== delayMs);
      for (const { task } of now) {
        task();
        await settle();
      }
    },
    issue: async (points) => {
      town.clock.ms += MINUTE_MS;
      const lot = { id: randomUUID(), member: MEMBER, village: 'v01', fund: 'fund', points, earnedOn: '2026-11-01' };
      await town.town.store.transact(['points'], (transaction) =>
        issueLot(town.town, transaction, { ...lot, note: '' }),
      );
    },
    setConnected: (wanted) => {
      connected = wanted;
    },
    bugs,
  };
}

type Attempt = Readonly<{
  act: () => Promise<'done' | 'refused'>;
  /** The fact it makes, where it makes one under an id of its own. */
  fact: (Pick<Acknowledged, 'id'> & { kind: string }) | null;
}>;

/** One of the main transactions: brings a till to just before it, without a fault, and answers how to do it. */
type Transaction = Readonly<{ name: string; prepare: (shop: Shop) => Promise<Attempt> }>;

async function ring(shop: Shop): Promise<string> {
  const before = await shop.screen();
  if (before.phase === 'paid') await command(shop.client, { kind: 'nextSale' });
  await command(shop.client, scan(goods.salt.code));
  return (await shop.screen()).sale.id;
}

async function sell(shop: Shop): Promise<string> {
  const sale = await ring(shop);
  await command(shop.client, { kind: 'startPay' });
  await command(shop.client, { kind: 'pay', sale });
  return (await shop.screen()).paid?.receipt.number ?? '';
}

const sending = (shop: Shop, wanted: Command, kind: string, id: string): Attempt => ({
  act: () => shop.send(wanted),
  fact: { kind, id },
});

/** Whether it was done; what the till could not do because it had to stop is thrown by these calls. */
const attempted = async (work: Promise<unknown>): Promise<'done' | 'refused'> =>
  work.then(
    () => 'done' as const,
    () => 'refused' as const,
  );

async function ensureShift(shop: Shop, open: boolean): Promise<string> {
  const { shift, phase } = await shop.screen();
  if (phase === 'paid') await command(shop.client, { kind: 'nextSale' });
  if (shift !== null && !open) {
    await command(shop.client, { kind: 'closeShift', shift: shift.id, countedFen: 20_000 });
    return '';
  }
  if (shift === null && open) {
    const id = randomUUID();
    await command(shop.client, { kind: 'openShift', shift: id, floatFen: 20_000 });
    return id;
  }
  return shift?.id ?? '';
}

/** Lets what goes on behind the counter come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

export const TRANSACTIONS: readonly Transaction[] = [
  {
    name: 'sale with points',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      const sale = await ring(shop);
      await command(shop.client, scan(shop.card, 'card'));
      await settle();
      await command(shop.client, { kind: 'startPay' });
      const points = Math.min(1, (await shop.screen()).pay?.pointsMax ?? 0);
      await command(shop.client, { kind: 'setPoints', points });
      return sending(shop, { kind: 'pay', sale }, 'sale', sale);
    },
  },
  {
    name: 'refund',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      const receipt = await sell(shop);
      const id = randomUUID();
      const lines = [{ line: 0, quantity: 1, goods: 'shelf' as const }];
      return sending(shop, { kind: 'refund', id, receipt, lines, reason: 'quality', approval: null }, 'refund', id);
    },
  },
  {
    name: 'exchange',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      const receipt = await sell(shop);
      const id = randomUUID();
      const lines = [{ line: 0, quantity: 1, goods: 'waste' as const }];
      return sending(shop, { kind: 'exchange', id, receipt, lines, reason: 'quality', approval: null }, 'exchange', id);
    },
  },
  {
    name: 'tender change',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      const receipt = await sell(shop);
      const id = randomUUID();
      const wanted = { kind: 'changeTender', id, receipt, mobileFen: 100, channel: 'wechat' } as const;
      return sending(shop, wanted, 'tenderChange', id);
    },
  },
  {
    name: 'report of a card',
    prepare: async (shop) => {
      const id = randomUUID();
      const card = { member: OTHER, card: `card-${OTHER}`, blank: null } as const;
      return {
        act: async () => {
          const outcome = await shop.send({ kind: 'reportCard', id, ...card, approval: null });
          // The town is asked behind the answer.
          await settle();
          return outcome;
        },
        fact: { kind: 'cardChange', id },
      };
    },
  },
  {
    name: 'goods in',
    prepare: async (shop) => {
      const id = randomUUID();
      const line = { item: 'item-salt', quantity: 5, cases: null, caseFactor: null, costFen: 100 };
      const lines = [{ ...line, producedOn: null, shelfLifeDays: null }];
      return sending(shop, { kind: 'receiveGoods', id, supplier: '张三', lines }, 'goodsIn', id);
    },
  },
  {
    name: 'count',
    prepare: async (shop) => {
      const id = randomUUID();
      const lines = [{ item: 'item-oil', expected: 0, counted: 3 }];
      return sending(shop, { kind: 'countStock', id, lines }, 'count', id);
    },
  },
  {
    name: 'shift close',
    prepare: async (shop) => {
      const shift = await ensureShift(shop, true);
      return { act: () => shop.send({ kind: 'closeShift', shift, countedFen: 20_000 }), fact: null };
    },
  },
  {
    name: 'shift open',
    prepare: async (shop) => {
      await ensureShift(shop, false);
      const shift = randomUUID();
      return { act: () => shop.send({ kind: 'openShift', shift, floatFen: 20_000 }), fact: null };
    },
  },
  {
    name: 'period close',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      await sell(shop);
      return {
        act: async () => {
          // Without the town the night closes the period and stays pending.
          shop.setConnected(false);
          const outcome = await attempted(shop.client.night());
          shop.setConnected(true);
          return outcome;
        },
        fact: null,
      };
    },
  },
  {
    name: 'statement applied',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      await sell(shop);
      return { act: () => attempted(shop.client.night()), fact: null };
    },
  },
  {
    name: 'allotment in',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      const { sale, phase } = await shop.screen();
      if (phase === 'paid') await command(shop.client, { kind: 'nextSale' });
      else if (sale.member !== null) await command(shop.client, { kind: 'removeMember' });
      await shop.issue(3);
      return {
        act: async () => {
          const outcome = await shop.send(scan(shop.card, 'card'));
          await settle();
          return outcome;
        },
        fact: null,
      };
    },
  },
  {
    name: 'import',
    prepare: async (shop) => {
      const name = randomUUID().slice(0, 8);
      const base64 = Buffer.from(
        `条形码,商品名称,零售价\n6901234567939,甲${name},5.00\n6901234567946,乙${name},6.00\n`,
      );
      return {
        act: async () => {
          const file = { fileName: 'list.csv', base64: base64.toString('base64') };
          return (await shop.client.importItems(file)).kind === 'imported' ? 'done' : 'refused';
        },
        fact: null,
      };
    },
  },
  {
    name: 'scan',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      return {
        act: async () => {
          const outcome = await shop.send(scan(goods.salt.code));
          // The disk is asked for it behind the answer.
          await shop.due(SYNC_MS);
          await new Promise((resolve) => setTimeout(resolve, 4));
          return outcome;
        },
        fact: null,
      };
    },
  },
  {
    name: 'recall',
    prepare: async (shop) => {
      await ensureShift(shop, true);
      const { sale, held } = await shop.screen();
      if (sale.lines.length === 0 && held.length === 0) await ring(shop);
      if (held.length === 0) await command(shop.client, { kind: 'hold' });
      const waiting = (await shop.screen()).held[0]?.sale ?? '';
      return { act: () => shop.send({ kind: 'recall', sale: waiting }), fact: null };
    },
  },
];

/** Every way in which a call may fail: writing and naming, once and from then on; half a write; reading. */
const FAILURES: readonly Omit<Fault, 'nth'>[] = [
  { classes: 'wsoctun', error: 'EIO', how: 'once' },
  { classes: 'wsoctun', error: 'EIO', how: 'always' },
  { classes: 'wsoctun', error: 'ENOSPC', how: 'once' },
  { classes: 'wsoctun', error: 'ENOSPC', how: 'always' },
  { classes: 's', error: 'EIO', how: 'once' },
  { classes: 's', error: 'EIO', how: 'always' },
  { classes: 'w', error: 'SHORT', how: 'once' },
  { classes: 'r', error: 'EIO', how: 'once' },
  { classes: 'r', error: 'EIO', how: 'always' },
];

/**
 * Fails each call to the disk that a main transaction makes, one after the other: every `of`th of them, beginning with a
 * different one by seed. Whatever fails, the till refuses and nothing is recorded, or it is recorded whole; while it
 * stands still nothing is paid; with the disk well again it goes on without a restart and the same request is done once.
 * After a sync that failed the power is cut, too, since such a disk has forgotten what the next sync calls safe.
 */
export async function runFailingCalls(options: {
  seed: number;
  of: number;
  /** How many of the ways to fail are taken, beginning with the first and then by seed; all of them when nothing is said. */
  ways?: number;
  transactions?: readonly string[];
}): Promise<CallFigures> {
  const { seed, of } = options;
  const [plainest, ...others] = FAILURES;
  must(plainest !== undefined, 'there are ways to fail');
  const start = seed % others.length;
  const ways = [plainest, ...others.slice(start), ...others.slice(0, start)].slice(0, options.ways ?? FAILURES.length);
  const figures: CallFigures = {
    ...noFindings(),
    seed,
    ran: 0,
    byTransaction: {},
    refused: 0,
    stopped: 0,
    recordedUnheard: 0,
    cuts: 0,
  };
  const wanted = TRANSACTIONS.filter(({ name }) => options.transactions?.includes(name) ?? true);
  let turn = seed;
  for (const transaction of wanted) {
    const disk = await mountPowerDisk();
    try {
      for (const failure of ways) {
        turn += 1;
        try {
          await failEach(disk, transaction, failure, { first: 1 + (turn % of), step: of }, figures);
        } catch (error) {
          const what = error instanceof Error ? error.stack : String(error);
          figures.broken.push(`${transaction.name}, ${failure.classes} ${failure.error} ${failure.how}: ${what}`);
        }
      }
      await disk.unmount();
    } finally {
      disk.remove();
    }
  }
  return figures;
}

async function failEach(
  disk: PowerDisk,
  transaction: Transaction,
  failure: Omit<Fault, 'nth'>,
  indexes: { first: number; step: number },
  figures: CallFigures,
): Promise<void> {
  const shop = await openShop(disk);
  try {
    await failEachAt(shop, disk, transaction, failure, indexes, figures);
  } finally {
    disk.calm();
    await shop.core.close();
    rmSync(shop.folder, { recursive: true, force: true });
  }
}

async function failEachAt(
  shop: Shop,
  disk: PowerDisk,
  transaction: Transaction,
  failure: Omit<Fault, 'nth'>,
  indexes: { first: number; step: number },
  figures: CallFigures,
): Promise<void> {
  const acknowledged: Acknowledged[] = [];
  const base = readBase(disk.backing);
  disk.start();
  const power = createPowerCut(disk, shop.folder, base);
  let ranHere = 0;
  for (let nth = indexes.first; ; ) {
    const where = `${transaction.name}, ${failure.classes} ${failure.error} ${failure.how} at call ${nth}`;
    const attempt = await transaction.prepare(shop);
    disk.fail({ ...failure, nth });
    const answer = await attempt.act();
    const whileFailing = await shop.screen();
    if (whileFailing.stopped !== null) {
      const pay: Command = { kind: 'pay', sale: attempt.fact?.id ?? randomUUID() };
      if ((await shop.send(pay)) !== 'refused') figures.broken.push(`${where}: paid while the till stood still`);
      // It looks whether the disk is well, and this one is not yet.
      if (failure.how === 'always') await shop.due(RECOVER_MS);
    }
    const { fired, what } = disk.calm();
    if (fired === 0) {
      // It makes fewer calls than that: then one of its first ones, so that none goes untried.
      if (ranHere > 0 || nth <= 3) break;
      nth = 1 + (nth % 3);
      continue;
    }
    ranHere += 1;
    figures.ran += 1;
    figures.byTransaction[transaction.name] = (figures.byTransaction[transaction.name] ?? 0) + 1;
    if (answer === 'refused') figures.refused += 1;
    let screen = await shop.screen();
    if (screen.stopped !== null) figures.stopped += 1;
    for (let tries = 0; tries < 3 && screen.stopped !== null; tries += 1) {
      await shop.due(RECOVER_MS);
      screen = await shop.screen();
    }
    if (screen.stopped !== null) {
      figures.broken.push(`${where} (${what}): did not go on: ${screen.stopped} ${screen.stoppedDetail}`);
      break;
    }
    const { fact } = attempt;
    if (fact !== null) {
      const known = { ...fact, totalFen: null, points: null, number: null } as Acknowledged;
      const found = checkLedger(shop.folder, [known]);
      const isThere = found.lost.length === 0;
      if (answer === 'done' && !isThere) figures.lost.push(`${where} (${what}): ${fact.kind}`);
      if (answer === 'refused' && isThere) figures.recordedUnheard += 1;
      acknowledged.push(known);
    }
    const again = await attempt.act();
    // Closed, opened or called back already: then it says so, and there is nothing left to do.
    if (again !== 'done' && answer !== 'done' && fact !== null)
      figures.broken.push(`${where} (${what}): refused again`);
    addFindings(figures, checkLedger(shop.folder, acknowledged), `${where} (${what})`);
    if (what.startsWith('s:')) {
      figures.cuts += 1;
      addFindings(figures, power.cut(acknowledged), `${where} (${what}), power cut`);
    }
    if (shop.bugs.length > 0) figures.broken.push(...shop.bugs.splice(0).map((bug) => `${where} (${what}): ${bug}`));
    if (figures.broken.length > 40) break;
    nth += indexes.step;
  }
}

/** Cuts the power of a disk again and again as its trace grows, and looks at the ledger that is left. */
function createPowerCut(disk: PowerDisk, folder: string, base: ReturnType<typeof readBase>) {
  const changes: Change[] = [];
  const model = new PowerModel(changes, base);
  const name = folder.slice(disk.folder.length);
  let read = 0;
  return {
    cut: (acknowledged: readonly Acknowledged[]): Findings => {
      const trace = disk.trace();
      changes.push(...readTrace(trace.subarray(read)));
      read = trace.length;
      model.moveTo(changes.length);
      const place = mkdtempSync(join(tmpdir(), 'one-card-image-'));
      try {
        mkdirSync(join(place, 'data'));
        for (const [path, bytes] of model.image('drop', chanceOf(0)))
          if (bytes !== null && path.startsWith(`${name}/data/ledger.sqlite`))
            writeFileSync(join(place, path.slice(name.length)), bytes);
        return checkLedger(place, acknowledged);
      } finally {
        rmSync(place, { recursive: true });
      }
    },
  };
}

/** The transactions by name, for a run of some of them. */
export function transactionNames(): string[] {
  const names = TRANSACTIONS.map(({ name }) => name);
  must(new Set(names).size === names.length, 'each transaction has its own name');
  return names;
}
