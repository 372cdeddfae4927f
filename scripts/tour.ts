import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nightText } from '../electron/cli.ts';
import { newId } from '../electron/host-world.ts';
import { enterShop, type OwnShop } from '../electron/open-shop.ts';
import { currentScreen, type TillClient } from '../electron/till-client.ts';
import { formatFen } from '../shared/money.ts';
import type { Receipt } from '../shared/receipt.ts';
import { paperText } from '../shared/paper.ts';
import type { Command, Screen } from '../shared/till-contract.ts';

/** A day at the counter without a screen: every step is printed, and the tour succeeds only when each came out as said. */
const COLUMNS = 32;
/** Long enough for a contact with the town over a slow disk; only a fault waits for it. */
const WAIT_MS = 30_000;

type Print = (text: string) => void;
type Tour = Readonly<{
  shop: OwnShop;
  demo: NonNullable<OwnShop['demo']>;
  client: TillClient;
  print: Print;
  /** Prints a step's heading, numbered. */
  step: (chinese: string, english: string) => void;
  /** Prints what was looked at and whether it is so; what is not makes the tour fail. */
  expect: (chinese: string, english: string, holds: boolean) => void;
}>;

/** Runs the tour in a folder of its own, or in `folder`, which must be absent, empty or a demo shop. */
export async function runTour(root: string, folder: string | null, print: Print): Promise<boolean> {
  const ownFolder = folder === null ? mkdtempSync(join(tmpdir(), 'one-card-tour-')) : null;
  const place = folder ?? join(ownFolder ?? '', 'shop');
  let failures = 0;
  let steps = 0;
  const step: Tour['step'] = (chinese, english) => {
    steps += 1;
    print(`\n${steps}. ${chinese} (${english})`);
  };
  const expect: Tour['expect'] = (chinese, english, holds) => {
    if (!holds) failures += 1;
    print(`   ${holds ? '✓' : '×'} ${chinese} (${english})`);
  };
  try {
    step('布置模拟门店', 'set up a demo shop');
    const shop = await enterShop({
      root,
      folder: place,
      create: { kind: 'demo' },
      withTown: true,
      whenHeld: 'refuse',
      say: (line) => print(`   ${line}`),
      log: () => {},
      // A shop that is thrown away leaves nothing behind in the place where tills keep their keys.
      ...(ownFolder === null ? {} : { keepFolder: join(ownFolder, 'keep') }),
    });
    if (shop.kind !== 'own' || shop.demo === null) {
      print(`   × ${shop.kind === 'refused' ? `${shop.reason} ${shop.detail}` : '不是模拟门店 (not a demo shop)'}`);
      return false;
    }
    const { demo, client } = shop;
    try {
      await walk({ shop, demo, client, print, step, expect });
    } catch (error) {
      expect(error instanceof Error ? error.message : String(error), 'the tour stopped here', false);
    } finally {
      await shop.close();
    }
  } finally {
    if (ownFolder !== null) rmSync(ownFolder, { recursive: true, force: true });
  }
  print(
    failures === 0
      ? '\n全部如期 (everything came out as expected)'
      : `\n有 ${failures} 处不对 (${failures} things did not come out as expected)`,
  );
  return failures === 0;
}

async function walk(tour: Tour): Promise<void> {
  await openTheDay(tour);
  const receipt = await sellToMember(tour);
  await refundLine(tour, receipt);
  await sellWithoutTown(tour);
  await closeTheDay(tour);
}

async function openTheDay({ client, demo, step, expect }: Tour): Promise<void> {
  const screen = await currentScreen(client);
  expect(`${screen.townName} · ${screen.shopName}`, 'town and shop', screen.townName !== '' && screen.shopName !== '');
  const { total } = await client.stock({ text: '', only: 'all', category: null, offset: 0, limit: 1 });
  expect(`货架上 ${total} 种商品`, 'at least 2,000 items', total >= 2_000);

  step('收银员登录，带 200 元零钱开班', 'a cashier signs in and opens the shift');
  if (screen.operator !== null) await send(client, { kind: 'signOut' });
  await send(client, { kind: 'signIn', pin: demo.cashier.pin });
  const { shift } = await currentScreen(client);
  if (shift === null) await send(client, { kind: 'openShift', shift: newId(), floatFen: 20_000 });
  expect('可以收银', 'ready to sell', (await currentScreen(client)).phase === 'selling');
}

/** The first basket: pieces, one weighed, a card, and three tenders. */
async function sellToMember(tour: Tour): Promise<Receipt> {
  const { client, demo, print, step, expect } = tour;
  step('扫五件、称一样，刷一卡通', 'scan five items, weigh one, present a card');
  await scanPieces(tour, 0, 5);
  const weighed = demo.itemCodes.find((code) => demo.rows.some((row) => row.code === code && row.per !== 'piece'));
  await send(client, { kind: 'simulate', act: { what: 'weight', weightGrams: 1_260 } });
  await send(client, { kind: 'scan', code: weighed ?? '', source: 'scanner' });
  await send(client, { kind: 'simulate', act: { what: 'weight', weightGrams: 0 } });
  const card = demo.strip[0];
  if (card !== undefined) await send(client, { kind: 'scan', code: card.token, source: 'card' });
  const open = await currentScreen(client);
  const { member } = open.sale;
  printBasket(open, print);
  expect('六行商品', 'six lines', open.sale.lines.length === 6);
  expect(
    `${member?.mask ?? ''} ${member?.stars ?? 0} 星，本店可用 ${member?.spendable ?? 0} 分`,
    'a member with stars and points to spend here',
    member !== null && member.stars > 0 && member.spendable > 0,
  );
  expect(`优惠 ${formatFen(open.sale.discountFen)} 元`, 'a discount was given', open.sale.discountFen > 0);

  step('积分、微信、现金混合付款', 'pay with points, mobile money and cash');
  await send(client, { kind: 'startPay' });
  expect('直接按回车不会花积分', 'Enter alone spends no point', (await payOf(client)).pointsUsed === 0);
  await send(client, { kind: 'setPoints', points: Math.min(8, (await payOf(client)).pointsMax) });
  await send(client, { kind: 'setMobile', amountFen: 1_000, channel: open.policy.mobileChannels[0]?.code ?? '' });
  const due = await payOf(client);
  const givenFen = due.suggestionsFen.find((fen) => fen > due.cashDueFen) ?? due.cashDueFen;
  await send(client, { kind: 'setCash', amountFen: givenFen });
  await send(client, { kind: 'pay', sale: open.sale.id });
  const paid = (await currentScreen(client)).paid;
  if (paid === null) throw new Error('the sale was not paid');
  printReceipt(paid.receipt, print);
  const { points, mobile, cashGivenFen, changeFen, totalFen, truncationFen } = paid.receipt;
  expect(`用了 ${points?.used ?? 0} 分`, 'points were spent', (points?.used ?? 0) > 0);
  const tendersFen = (points?.fen ?? 0) + (mobile?.fen ?? 0) + cashGivenFen - changeFen + truncationFen;
  expect('三样付款合计等于应付', 'the tenders add up to the total', tendersFen === totalFen && mobile?.fen === 1_000);
  await send(client, { kind: 'nextSale' });
  return paid.receipt;
}

async function refundLine({ client, demo, print, step, expect }: Tour, bought: Receipt): Promise<void> {
  step('退第一行一件', 'refund one piece of the first line');
  const lines = [{ line: 0, quantity: 1 }];
  const preview = await client.previewRefund({ receipt: bought.number, lines });
  if (preview.kind === 'preview') {
    const { pointsBack, mobileBackFen, cashBackFen } = preview;
    print(`   应退 (back): 积分 ${pointsBack}，微信 ${formatFen(mobileBackFen)}，现金 ${formatFen(cashBackFen)}`);
  }
  await send(client, {
    kind: 'refund',
    id: newId(),
    receipt: bought.number,
    lines: lines.map((line) => ({ ...line, goods: 'shelf' })),
    reason: '顾客不想要了',
    approval: { pin: demo.manager.pin },
  });
  const rows = await client.receipts({ day: null, text: '', limit: 20 });
  const row = rows.find((one) => one.kind === 'refund');
  const refund = row === undefined ? null : await client.receipt({ receipt: row.receipt });
  if (refund !== null) printReceipt(refund.receipt, print);
  expect(
    '有退货小票，写着原单号',
    'a refund receipt that names the sale',
    refund?.receipt.original?.number === bought.number,
  );
  const after = await client.receipt({ receipt: bought.number });
  expect('原单记着已退一件', 'the sale knows what came back', after?.lines[0]?.returned === 1);
}

async function sellWithoutTown(tour: Tour): Promise<void> {
  const { client, demo, print, step, expect } = tour;
  step('断网，照常收银', 'the network is cut; selling goes on');
  await send(client, { kind: 'simulateNetwork', connected: false });
  const cut = await until(client, (screen) => screen.status.town === 'unreachable');
  expect('屏幕显示连不上镇上', 'the screen says so', cut.status.town === 'unreachable');
  await scanPieces(tour, 5, 3);
  const card = demo.strip[1];
  if (card !== undefined) await send(client, { kind: 'scan', code: card.token, source: 'card' });
  await send(client, { kind: 'startPay' });
  await send(client, { kind: 'setPoints', points: 'half' });
  await send(client, { kind: 'pay', sale: (await currentScreen(client)).sale.id });
  const screen = await currentScreen(client);
  if (screen.paid === null) throw new Error('the sale without the town was not paid');
  printReceipt(screen.paid.receipt, print);
  expect('没有网也能用积分', 'points are spent without the town', (screen.paid.receipt.points?.used ?? 0) > 0);
  expect(`${screen.status.unsent} 条记录等着上传`, 'records wait to be sent', screen.status.unsent > 0);
  await send(client, { kind: 'nextSale' });

  step('网络恢复', 'the network is back');
  await send(client, { kind: 'simulateNetwork', connected: true });
  const back = await until(client, (now) => now.status.town === 'reachable');
  expect('又连上了镇上', 'the town is reachable', back.status.town === 'reachable');
}

async function closeTheDay({ client, print, step, expect }: Tour): Promise<void> {
  step('日结对账', 'the night: close the day and reconcile');
  const report = await client.night();
  for (const line of nightText(report).split('\n')) print(`   ${line}`);
  expect('账目一致，没有出入', 'matched, no breaks', report.state === 'matched' && report.breaks.length === 0);
  const [town, till] = [JSON.stringify(report.town), JSON.stringify(report.till)];
  expect('镇上和本机合计一分不差', 'both totals equal to the fen and the point', report.town !== null && town === till);

  step('核对账本', 'verify the chain');
  const chain = await client.verify();
  expect(`${chain.records} 条记录首尾相连`, 'the chain is whole', chain.state === 'sound' && chain.records > 0);
  const rebuilt = await client.rebuild();
  expect('由账本重算，汇总完全一致', 'rebuilt projections are identical', rebuilt.identical);
}

// --- Hands -----------------------------------------------------------------------------------------------------------

async function send(client: TillClient, command: Command): Promise<void> {
  const answer = await client.send(command);
  if (answer.kind === 'refused') throw new Error(`${command.kind} 被拒绝 (was refused): ${answer.reason}`);
}

async function scanPieces({ client, demo }: Tour, from: number, count: number): Promise<void> {
  const pieces = demo.itemCodes.filter((code) => demo.rows.some((row) => row.code === code && row.per === 'piece'));
  for (const code of pieces.slice(from, from + count)) await send(client, { kind: 'scan', code, source: 'scanner' });
}

async function payOf(client: TillClient): Promise<NonNullable<Screen['pay']>> {
  const { pay } = await currentScreen(client);
  if (pay === null) throw new Error('the payment prompt is not open');
  return pay;
}

/** The first screen of which something holds, or the last one before the tour gives up waiting. */
async function until(client: TillClient, holds: (screen: Screen) => boolean): Promise<Screen> {
  const giveUpMs = performance.now() + WAIT_MS;
  for (;;) {
    const screen = await currentScreen(client);
    if (holds(screen) || performance.now() > giveUpMs) return screen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function printBasket({ sale }: Screen, print: Print): void {
  for (const line of sale.lines) {
    const quantity = line.per === 'piece' ? `${line.quantity}${line.unit}` : `${line.quantity} 克`;
    print(`   ${line.name} ${quantity}  ${formatFen(line.payFen)} (${line.reason})`);
  }
  print(`   合计 (total) ${formatFen(sale.totalFen)} 元`);
}

function printReceipt(receipt: Receipt, print: Print): void {
  const edge = `   +${'-'.repeat(COLUMNS + 2)}+`;
  print(edge);
  for (const line of paperText(receipt, COLUMNS).trimEnd().split('\n')) print(`   | ${line}`);
  print(edge);
}
