import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { DemoFacts } from '../electron/demo-shop.ts';
import { addressOfHolder, type Holder } from '../electron/holder.ts';
import { type Entered, type Entering, enterShop, type OwnShop } from '../electron/open-shop.ts';
import { serve } from '../electron/serve.ts';
import { untilStopped } from '../electron/until-stopped.ts';
import { stoppedWords } from '../shared/words.ts';
import { buildPages } from './build-pages.ts';
import { buildShell } from './build.ts';
import { superviseServed } from './supervised.ts';
import { browserProgram, electronProgram, fetchElectron, hasDisplay, openBrowser, openElectron } from './window.ts';

/** `npm start`: a working demo shop, a till and a town on this machine, in whatever window this machine can open. */
const USAGE = `npm start [-- 选项 options]
  --no-open     不开窗口，只打印地址 (open nothing, print the address)
  --port N      收银台页面的端口 (port of the till's pages; any free one if not given)
  --data DIR    门店文件夹，默认 .demo (the shop's folder)
  --tour        不用屏幕走一遍 (a tour without a screen)`;

const root = dirname(import.meta.dirname);
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const logToError = (line: string): void => {
  if (process.env['ONE_CARD_TILL_LOG'] === '1') process.stderr.write(`${line}\n`);
};

type Wish = Readonly<{ open: boolean; port: number; folder: string | null; tour: boolean }>;

function readWish(words: string[]): Wish | null {
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        'no-open': { type: 'boolean', default: false },
        port: { type: 'string', default: '0' },
        data: { type: 'string' },
        tour: { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (!/^\d{1,5}$/.test(values.port) || port > 65_535) return null;
    const folder = values.data === undefined ? null : resolve(values.data);
    return { open: !values['no-open'], port, folder, tour: values.tour };
  } catch {
    return null;
  }
}

async function main(): Promise<number> {
  const wish = readWish(process.argv.slice(2));
  if (wish === null) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  if (wish.tour) {
    const { runTour } = await import('./tour.ts');
    return (await runTour(root, wish.folder, print)) ? 0 : 1;
  }
  const built = await buildPages();
  if (built.rebuilt) print('页面已生成 (pages built)');
  const folder = wish.folder ?? join(root, '.demo');
  const entering: Entering = {
    root,
    folder,
    create: { kind: 'demo' },
    withTown: true,
    whenHeld: 'ask',
    say: print,
    log: logToError,
  };
  if (wish.open && hasDisplay()) {
    const program = electronProgram() ?? (await fetchElectron(print));
    if (program !== null) {
      const ended = await runInElectron(program, entering);
      if (ended !== null) return ended;
      print('Electron 打不开，改用浏览器 (Electron did not come up; using a browser)');
    }
  }
  return runServed(entering, wish);
}

/** The core in a process that comes back when it falls, its pages in a browser's window or at an address. */
async function runServed(entering: Entering, wish: Wish): Promise<number> {
  // Only the core knows whether the folder is free, so it is opened here first; a new shop is set up on the way.
  const entered = await enterShop({ ...entering, whenHeld: 'refuse' });
  if (entered.kind === 'holder') return sayRefused('held', '', entered.holder);
  if (entered.kind === 'refused') return runStopped(entering, wish, entered);
  await entered.leaveToShell();
  const { port } = wish;
  const host = superviseServed(root, entering.folder, { port, townUrl: entered.townUrl }, entering.log);
  const till = await host.listening;
  if (till === null) {
    await entered.town?.stop();
    return 1;
  }
  const close = async (): Promise<void> => {
    host.close();
    await host.closed;
    await entered.town?.stop();
  };
  sayWelcome(till, entered);
  print(`ready ${JSON.stringify({ till, town: entered.townUrl })}`);
  const browser = wish.open && hasDisplay() ? browserProgram() : null;
  if (browser === null) {
    if (wish.open) print(`请在浏览器中打开 (open in a browser): ${till}`);
    await untilStopped(close, host.closed);
    return 0;
  }
  const window = openBrowser(browser, till, join(entering.folder, 'browser'), entering.log);
  const openedMs = performance.now();
  const closedByHand = window.closed.then(async () => {
    // A browser that ends at once never opened a window, and the shop stays open without one.
    if (performance.now() - openedMs > 5_000) return;
    print(`浏览器没有打开，请自己打开 (the browser did not open; open this): ${till}`);
    await new Promise(() => {});
  });
  await untilStopped(
    async () => {
      window.close();
      await close();
    },
    Promise.race([closedByHand, host.closed]),
  );
  return 0;
}

/** A core that may not run still gets its page, which says why and what to do. */
async function runStopped(
  entering: Entering,
  wish: Wish,
  { reason, detail, holder, router }: Extract<Entered, { kind: 'refused' }>,
): Promise<number> {
  sayRefused(reason, detail, holder);
  if (router === null || reason === 'held') return 1;
  const pagesFolder = join(root, 'out', 'pages');
  const served = await serve({ router, pagesFolder, port: wish.port, log: entering.log });
  print(`页面 (page): ${served.tillUrl}`);
  await untilStopped(() => served.close());
  return 1;
}

/** The core in Electron's own process; null when Electron does not come up, and then nothing is left open. */
async function runInElectron(program: string, entering: Entering): Promise<number | null> {
  const built = await buildShell();
  if (built.rebuilt) print('窗口程序已生成 (shell built)');
  // Only the core knows whether the folder is free, so it is opened here first; a new shop is set up on the way.
  const entered = await enterShop({ ...entering, whenHeld: 'refuse' });
  if (entered.kind === 'refused') return sayRefused(entered.reason, entered.detail, entered.holder);
  if (entered.kind === 'holder') return sayRefused('held', '', entered.holder);
  await entered.leaveToShell();
  const window = openElectron(program, entering.folder, entered.townUrl);
  const till = await window.listening;
  if (till === null) {
    await entered.town?.stop();
    return null;
  }
  sayWelcome(till, entered);
  print(`ready ${JSON.stringify({ till, town: entered.townUrl })}`);
  await untilStopped(async () => {
    window.close();
    await window.closed;
    await entered.town?.stop();
  }, window.closed);
  return 0;
}

function sayRefused(reason: string, detail: string, holder: Holder | null): number {
  if (holder !== null) {
    print(`这个门店已经开着，由进程 ${holder.pid} 打开 (already open, held by process ${holder.pid})`);
    const address = addressOfHolder(holder);
    if (address !== null) print(`它的地址 (its address): ${address}`);
    return 1;
  }
  const words = Object.entries(stoppedWords).find(([key]) => key === reason)?.[1];
  print(
    words === undefined ? `${reason}: ${detail}` : [words.title, words.happened, words.safe, ...words.todo].join('\n'),
  );
  if (detail !== '' && words !== undefined) print(`(${reason}: ${detail})`);
  return 1;
}

/** What a newcomer needs to ring up a first basket. */
function sayWelcome(till: string, shop: OwnShop): void {
  const office = till.replace('/#', '/back-office/index.html#');
  const customer = till.replace('/#', '/customer-display/index.html#');
  print('');
  print('信用惠民超市收银台 (One-Card Till)');
  print(`  收银台 till        ${till}`);
  print(`  后台 back office   ${office}`);
  print(`  顾客屏 customer    ${customer}`);
  if (shop.townUrl !== null) {
    const password = shop.town?.password ?? null;
    print(`  镇平台 town        ${shop.townUrl}${password === null ? '' : `   密码 password ${password}`}`);
  }
  if (shop.demo !== null) for (const line of demoLines(shop.demo)) print(line);
  print('  按键 keys          F1 帮助 help · Enter 收款 pay · F2 会员卡 card · F11 退货 refund · F4 更多 more');
  print('  停止 stop          Ctrl-C');
  print('');
}

function demoLines(demo: DemoFacts): string[] {
  const roleWords = { cashier: '收银员 cashier', manager: '店长 manager' } as const;
  const pins = demo.operators.map((one) => `${roleWords[one.role]} ${one.name} ${one.pin}`);
  const barcodes = demo.itemCodes.flatMap((code) => {
    const row = demo.rows.find((one) => one.code === code && one.per === 'piece');
    return row === undefined ? [] : [`${code} ${row.name}`];
  });
  const [card] = demo.strip;
  return [
    `  密码 PINs          ${pins.join(' · ')}`,
    `  条码 barcodes      ${barcodes.slice(0, 3).join(' · ')}`,
    ...(card === undefined ? [] : [`  一卡通 card        ${card.token} ${card.label}`]),
  ];
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
// Everything that had to be written is closed; what still waits, such as an idle connection, must not keep the shop's
// last line from the prompt.
setTimeout(() => process.exit(), 1_000).unref();
