import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Core, openCore } from '../electron/core/core.ts';
import { cardOf, goods } from '../electron/core/test-core.ts';
import { testWorld } from '../electron/core/test-till.ts';
import { clientOf, currentScreen, type TillClient } from '../electron/till-client.ts';
import { must } from '../shared/assert.ts';
import type { Command } from '../shared/till-contract.ts';
import { DAY_MS, HOUR_MS, startOfDayMs } from '../shared/time.ts';
import { codeFor, openTestTown, type TestTown } from '../town-server/test-town.ts';

/** The business days of the first incarnation; a month and a year end among them. The second sells on the last two. */
export const AUDITED_DAYS = ['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02'] as const;
/** How many sales the till rang up after its last contact with the town, which nobody has acknowledged. */
export const UNSENT_SALES = 2;

const card = cardOf(1);
const PIN = '909090';
/** The names of these people; nothing of an export may hold them, nor a card. */
export const PRIVATE_WORDS = ['孙小明', '于海明', '袋子', card, PIN] as const;

export type AuditedShop = Readonly<{
  town: TestTown;
  client: TillClient;
  /** Of the ledger and of the key that signs for the present incarnation. */
  ledgerFile: string;
  privateKeys: Readonly<Record<string, { publicKey: string; privateKey: string }>>;
  folder: string;
  close: () => Promise<void>;
}>;

/**
 * A shop with something of everything that an export holds: real sales by money and points, refunds, cash, goods in,
 * counts and waste over four days and a year's end; a folder that moved, so that a second incarnation goes on; and sales
 * that no town has seen yet. Town and till are the real ones, in this process and under one clock.
 */
export async function openAuditedShop(): Promise<AuditedShop> {
  const lots = [
    { id: 'lot-one', points: 300 },
    { id: 'lot-two', points: 40 },
  ];
  const town = await openTestTown([{ id: card.slice(2), lots }]);
  const folder = mkdtempSync(join(tmpdir(), 'one-card-audited-'));
  const made = testWorld(folder, 0);
  const world = (dataFolder: string) => ({
    ...made,
    dataFolder,
    newId: randomUUID,
    auditWorker: new URL('../electron/core/audit-worker.ts', import.meta.url),
    town: town.api,
    clock: { nowMs: town.nowMs, later: () => () => {} },
  });
  const open = (dataFolder: string): Core => {
    const opened = openCore(world(dataFolder));
    must(opened.kind === 'opened', `the till opens: ${JSON.stringify(opened)}`);
    return opened.core;
  };
  town.clock.ms = startOfDayMs(AUDITED_DAYS[0]) + 9 * HOUR_MS;

  let core = open(made.dataFolder);
  const first = handsOf(clientOf(core.router));
  await first.ask({ kind: 'enrol', code: await town.code(), managerName: '于海明', managerPin: PIN });
  await first.ask({ kind: 'signIn', pin: PIN });
  for (const item of [goods.bread, goods.salt, goods.smoke, goods.pork])
    await first.ask({ kind: 'saveItem', id: randomUUID(), item });
  await first.ask({ kind: 'openShift', shift: randomUUID(), floatFen: 20_000 });
  for (const _ of AUDITED_DAYS.slice(0, 3)) {
    await tradeADay(first, 3);
    town.clock.ms += 11 * HOUR_MS;
    const night = await first.client.night();
    must(night.state === 'matched', `the night matches: ${JSON.stringify(night)}`);
    town.clock.ms += DAY_MS - 11 * HOUR_MS;
  }
  await first.sell([goods.bread.code]);
  await core.close();

  const moved = join(folder, 'moved');
  renameSync(made.dataFolder, moved);
  core = open(moved);
  const second = handsOf(clientOf(core.router));
  await second.ask({ kind: 'signIn', pin: PIN });
  await second.sell([goods.salt.code]);
  await second.ask({
    kind: 'enrol',
    code: await codeFor(town.town, 's01', 't01'),
    managerName: '于海明',
    managerPin: PIN,
  });
  // The term of the first incarnation holds the points still, until the town frees it.
  await tradeADay(second, 0);
  await second.client.night();
  for (let sale = 0; sale < UNSENT_SALES; sale += 1) await second.sell([goods.smoke.code, goods.bread.code]);
  const [kept] = readdirSync(made.keepFolder);
  must(kept !== undefined, 'the till keeps its keys');
  return {
    town,
    client: second.client,
    ledgerFile: join(moved, 'ledger.sqlite'),
    privateKeys: JSON.parse(
      readFileSync(join(made.keepFolder, kept, 'keys.json'), 'utf8'),
    ) as AuditedShop['privateKeys'],
    folder,
    close: async () => {
      await core.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Hands = ReturnType<typeof handsOf>;

function handsOf(client: TillClient) {
  const ask = async (command: Command): Promise<void> => {
    const answer = await client.send(command);
    must(answer.kind === 'done', `${command.kind}: ${JSON.stringify(answer)}`);
  };
  /** Rings up codes and pays: so many points, some by phone, the rest in cash. Answers the receipt's number. */
  const sell = async (codes: readonly string[], points = 0, mobileFen = 0): Promise<string> => {
    for (const code of codes) await ask({ kind: 'scan', code, source: 'scanner' });
    if (points > 0) await ask({ kind: 'scan', code: card, source: 'card' });
    await ask({ kind: 'startPay' });
    await ask({ kind: 'setPoints', points });
    if (mobileFen > 0) await ask({ kind: 'setMobile', amountFen: mobileFen, channel: 'wechat' });
    await ask({ kind: 'pay', sale: (await currentScreen(client)).sale.id });
    const { paid } = await currentScreen(client);
    must(paid !== null, 'a paid sale shows its receipt');
    must(paid.pointsUsed === points, `${points} points were used, not ${paid.pointsUsed}`);
    return paid.receipt.number;
  };
  return { client, ask, sell };
}

async function tradeADay({ client, ask, sell }: Hands, points: number): Promise<void> {
  const id = (): string => randomUUID();
  const withPoints = await sell([goods.bread.code, goods.bread.code, goods.salt.code], points);
  const byPhone = await sell([goods.smoke.code, goods.salt.code], 0, 700);
  await ask({ kind: 'scan', code: goods.bread.code, source: 'scanner' });
  await ask({ kind: 'voidSale', reason: 'test' });
  await ask({ kind: 'weigh', item: goods.pork.id, weightGrams: 755 });
  await sell([]);
  for (const [receipt, line] of [
    [withPoints, 0],
    [byPhone, 1],
  ] as const) {
    const lines = [{ line, quantity: 1, goods: line === 0 ? ('shelf' as const) : ('waste' as const) }];
    await ask({ kind: 'refund', id: id(), receipt, lines, reason: 'quality', approval: null });
  }
  const inCash = await sell([goods.salt.code, goods.salt.code]);
  const lines = [{ line: 0, quantity: 1, goods: 'waste' as const }];
  await ask({ kind: 'exchange', id: id(), receipt: inCash, lines, reason: 'quality', approval: null });
  await ask({ kind: 'changeTender', id: id(), receipt: inCash, mobileFen: 300, channel: 'alipay' });
  await ask({ kind: 'moveCash', id: id(), direction: 'out', amountFen: 500, reason: '给于海明买袋子' });
  const cost = { cases: null, caseFactor: null, costFen: 300, producedOn: '2026-12-01', shelfLifeDays: 90 };
  await ask({
    kind: 'receiveGoods',
    id: id(),
    supplier: '=供货商,"一"',
    lines: [{ item: goods.bread.id, quantity: 24, ...cost }],
  });
  await ask({ kind: 'countStock', id: id(), lines: [{ item: goods.salt.id, expected: 0, counted: 7 }] });
  await ask({ kind: 'recordWaste', id: id(), reason: 'broken', lines: [{ item: goods.bread.id, quantity: 1 }] });
  const { shift } = await currentScreen(client);
  must(shift !== null, 'a shift is open');
  await ask({ kind: 'startCloseShift' });
  await ask({ kind: 'closeShift', shift: shift.id, countedFen: 20_000 });
  await ask({ kind: 'openShift', shift: id(), floatFen: 20_000 });
}
