import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXCHANGE_CHARACTERS_MAX } from '../shared/exchange-reasons.ts';
import { formatFen } from '../shared/money.ts';
import { answerCases } from '../shared/pricing-cases.ts';
import type { NightReport } from '../shared/till-contract.ts';
import { dayOf } from '../shared/time.ts';
import {
  breakWords,
  exchangeWords,
  nightStepWords,
  nightWords,
  ownerWords,
  stoppedWords,
  wordsOf,
} from '../shared/words.ts';
import { copyForHand } from './core/backup.ts';
import { restore, restoreWords, type Restored } from './core/restore.ts';
import { type DemoTown, startDemoTown } from './demo-town.ts';
import { addressOfHolder, type Holder } from './holder.ts';
import { hostClock, hostCrypto, keepFolderOf, newId, townOver } from './host-world.ts';
import { type Entering, enterShop } from './open-shop.ts';
import { powerOff } from './power.ts';
import { readScans, replay } from './replay.ts';
import { serveShop } from './serve-shop.ts';
import { readShop, type Shop, tillFolder, townFolder, writeShop } from './shop-folder.ts';
import { NO_DEVICES } from '../shared/device-set-up.ts';
import { currentScreen, type TillClient } from './till-client.ts';
import { untilStopped } from './until-stopped.ts';

/** `till`: what can be done to a shop's folder without its pages. Answers go to stdout, everything said to stderr. */
const USAGE = `用法 (usage): npm run -s till -- <命令 command> --data DIR [--json]

  serve [--port N]      打开收银台页面 (serve the pages until Ctrl-C)
  enrol --town URL --code CODE --manager NAME --pin PIN
                        用一次性口令加入镇平台 (join a town; --pin - reads it from standard input)
  import FILE           导入商品 CSV / Excel (import a catalogue; safe to run again)
  replay FILE           把一份扫码流水重收一遍 (ring up a file of scans, demo shops only)
  night                 日结对账 (close the day and reconcile with the town)
  night --out FILE [--code CODE]
                        没有网络时写出给镇上的文件，可带入网口令 (the same by a file on a stick; --code enrols)
  night --in FILE [--manager NAME --pin PIN]
                        读入镇上的答复；新机器要设第一位店长 (reads the town's answer; a new till wants its manager)
  verify                逐条核对账本 (walk the whole chain of records)
  rebuild               由账本重算各汇总 (rebuild every projection and compare)
  export --out DIR [--from DAY --to DAY]
                        给审计的导出，DAY 如 2026-03-01 (what an auditor takes away, by business days)
  backup --out FILE|DIR 备份账本，拷完逐条核对 (copy the books and read the copy back)
  restore BACKUP [--code CODE] [--town URL]
                        从备份恢复，缺的向镇上取回 (put a backup in place and fetch what it lacks from the town)
  price --cases FILE    计价用例作答，不需要 --data (answer pricing cases)

DIR 是门店文件夹；不存在或为空时，serve/import/replay/night 会建一个模拟门店。
(DIR is a shop's folder; where it is absent or empty, these four make it a demo shop.)
退出码 (exit codes): 0 完成 done, 1 拒绝或账有出入 refused or breaks, 2 用法不对 wrong usage`;

// Whoever reads our answer may stop reading it, as `head` does; that is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const root = dirname(import.meta.dirname);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Thrown for a command line that cannot be understood. */
class WrongUsage extends Error {}

type Outcome = 0 | 1;
type Options = Readonly<{
  data: string | undefined;
  json: boolean;
  port: number;
  cases: string | undefined;
  town: string | undefined;
  code: string | undefined;
  manager: string | undefined;
  pin: string | undefined;
  from: string | undefined;
  to: string | undefined;
  out: string | undefined;
  in: string | undefined;
}>;
type Run = (options: Options, file: string | null) => Promise<Outcome>;

const COMMANDS: Readonly<Record<string, Readonly<{ run: Run; takesFile: boolean }>>> = {
  serve: { run: runServe, takesFile: false },
  enrol: { run: runEnrol, takesFile: false },
  import: { run: runImport, takesFile: true },
  price: { run: runPrice, takesFile: false },
  replay: { run: runReplay, takesFile: true },
  night: { run: runNight, takesFile: false },
  verify: { run: runVerify, takesFile: false },
  rebuild: { run: runRebuild, takesFile: false },
  export: { run: runExport, takesFile: false },
  backup: { run: runBackup, takesFile: false },
  restore: { run: runRestore, takesFile: true },
};

async function main(words: readonly string[]): Promise<0 | 1 | 2> {
  try {
    const [name = '', ...rest] = words;
    if (name === 'help' || name === '--help' || name === '-h') {
      print(USAGE);
      return 0;
    }
    const command = COMMANDS[name];
    if (command === undefined) throw new WrongUsage(name === '' ? '没有命令 (no command)' : `没有这个命令: ${name}`);
    const { options, file } = optionsOf(rest, command.takesFile);
    return await command.run(options, file);
  } catch (error) {
    if (error instanceof WrongUsage) {
      say(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function optionsOf(words: string[], takesFile: boolean): { options: Options; file: string | null } {
  const text = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        data: text,
        json: { type: 'boolean', default: false },
        port: { ...text, default: '0' },
        cases: text,
        town: text,
        code: text,
        manager: text,
        pin: text,
        from: text,
        to: text,
        out: text,
        in: text,
      },
    });
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (positionals.length !== (takesFile ? 1 : 0)) {
    throw new WrongUsage(takesFile ? '要给一个文件 (one file is wanted)' : '多了词 (too many words)');
  }
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) throw new WrongUsage(`端口不对 (wrong port): ${values.port}`);
  const { data, json, cases, town, code, manager, pin, from, to, out, in: back } = values;
  return {
    options: { data, json, port, cases, town, code, manager, pin, from, to, out, in: back },
    file: positionals[0] ?? null,
  };
}

function entering(options: Options, wish: Pick<Entering, 'create' | 'withTown' | 'whenHeld'>): Entering {
  if (options.data === undefined || options.data === '') throw new WrongUsage('要给 --data DIR (--data is wanted)');
  return { ...wish, root, folder: options.data, say, log: quiet };
}

/** A command's own words are enough for a person; the log of its short life is wanted only by who looks for a fault. */
function quiet(line: string): void {
  if (process.env['ONE_CARD_TILL_LOG'] === '1') say(line);
}

/** Says what stands in the way, what is safe and what to do. */
function sayRefused(reason: string, detail: string, holder: Holder | null): Outcome {
  const folderWords: Readonly<Record<string, string>> = {
    noShop: '这里还没有门店 (there is no shop here yet)',
    otherFolder: '这个文件夹里有别的东西，不是门店文件夹 (not a shop folder, and not empty)',
    damagedShopFile: 'shop.json 读不懂 (shop.json cannot be read)',
    unreadable: '文件夹读不了 (the folder cannot be read)',
  };
  if (holder !== null) {
    say(`这个门店正由进程 ${holder.pid} 打开着 (the folder is held by process ${holder.pid})`);
    const address = addressOfHolder(holder);
    if (address !== null) say(`它的地址 (its address): ${address}`);
    return 1;
  }
  const stopped = Object.entries(stoppedWords).find(([key]) => key === reason)?.[1];
  if (stopped === undefined) say(`${folderWords[reason] ?? reason}: ${detail}`);
  else say([`${stopped.title} (${reason}: ${detail})`, stopped.happened, stopped.safe, ...stopped.todo].join('\n'));
  return 1;
}

/** Runs `work` on the shop, in this process or in the one that holds it, and closes what was opened. */
async function inShop(how: Entering, work: (client: TillClient) => Promise<Outcome>): Promise<Outcome> {
  const entered = await enterShop(how);
  if (entered.kind === 'refused') return sayRefused(entered.reason, entered.detail, entered.holder);
  if (entered.kind === 'holder') say(`由进程 ${entered.holder.pid} 代办 (asking process ${entered.holder.pid})`);
  try {
    return await work(entered.client);
  } finally {
    await entered.close();
  }
}

async function runServe(options: Options): Promise<Outcome> {
  const how = entering(options, { create: { kind: 'demo' }, withTown: true, whenHeld: 'ask' });
  const serving = await serveShop(
    { ...how, log: say, powerOff },
    { port: options.port, pagesFolder: join(root, 'out', 'pages') },
  );
  switch (serving.kind) {
    case 'refused':
      return sayRefused(serving.reason, serving.detail, serving.holder);
    case 'holder':
      return sayRefused('held', '', serving.holder);
    case 'stopped':
      sayRefused(serving.reason, serving.detail, null);
      print(`stopped ${JSON.stringify({ till: serving.served.tillUrl, reason: serving.reason })}`);
      await untilStopped(serving.close);
      return 1;
    case 'serving':
      print(`ready ${JSON.stringify({ till: serving.served.tillUrl, town: serving.shop.townUrl })}`);
      await untilStopped(serving.close);
      return 0;
    default:
      return serving satisfies never;
  }
}

async function runEnrol(options: Options): Promise<Outcome> {
  const { town, code, manager } = options;
  if (town === undefined || code === undefined || manager === undefined || options.pin === undefined) {
    throw new WrongUsage('要给 --town --code --manager --pin (these four are wanted)');
  }
  const pin = options.pin === '-' ? readFileSync(0, 'utf8').trim() : options.pin;
  if (!URL.canParse(town)) throw new WrongUsage(`镇平台地址不对 (wrong address): ${town}`);
  if (!/^\d{4,6}$/.test(pin)) throw new WrongUsage('密码要 4 到 6 位数字 (the PIN has 4 to 6 digits)');
  const townUrl = town.replace(/\/+$/, '');
  const how = entering(options, { create: { kind: 'real', townUrl }, withTown: false, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const answer = await client.send({ kind: 'enrol', code, managerName: manager, managerPin: pin });
    if (answer.kind === 'refused') {
      say(`${wordsOf(answer.reason)} (${answer.reason})`);
      return 1;
    }
    print(options.json ? '{"state":"enrolled"}' : '已加入镇平台 (enrolled)');
    return 0;
  });
}

/** An import travels in one message, in base64. */
const IMPORT_BYTES_MAX = 22_000_000;

async function runImport(options: Options, file: string | null): Promise<Outcome> {
  const path = file ?? '';
  if (statSync(path).size > IMPORT_BYTES_MAX) {
    say(`文件太大 (the file is larger than ${IMPORT_BYTES_MAX} bytes): ${path}`);
    return 1;
  }
  const base64 = readFileSync(path).toString('base64');
  const how = entering(options, { create: { kind: 'demo' }, withTown: false, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const report = await client.importItems({ fileName: basename(path), base64 });
    if (report.kind === 'refused') {
      say(`没有导入 (refused): ${report.reason}`);
      return 1;
    }
    const { read, imported, updated, unchanged, rejected } = report;
    if (options.json) {
      print(JSON.stringify({ read, imported, updated, unchanged, rejected }));
      return 0;
    }
    for (const one of rejected) print(`第 ${one.row} 行 ${one.code}: ${one.reason}`);
    print(
      `读 ${read} 行，新增 ${imported}，更新 ${updated}，未变 ${unchanged}，未收 ${rejected.length} ` +
        '(read, imported, updated, unchanged, rejected)',
    );
    return 0;
  });
}

async function runPrice(options: Options): Promise<Outcome> {
  if (options.cases === undefined) throw new WrongUsage('要给 --cases FILE (--cases is wanted)');
  const cases: unknown = JSON.parse(readFileSync(options.cases, 'utf8'));
  const answers = answerCases(cases);
  print(JSON.stringify(answers));
  return 'error' in answers ? 1 : 0;
}

async function runReplay(options: Options, file: string | null): Promise<Outcome> {
  const read = readScans(readFileSync(file ?? '', 'utf8'));
  if (read === null) {
    say('文件缺列 (columns are missing)');
    return 1;
  }
  for (const one of read.rejected) say(`第 ${one.row} 行没有重收 (row left out): ${one.reason}`);
  const how = entering(options, { create: { kind: 'demo' }, withTown: true, whenHeld: 'refuse' });
  const entered = await enterShop(how);
  if (entered.kind === 'holder') return sayRefused('held', '', entered.holder);
  if (entered.kind === 'refused') return sayRefused(entered.reason, entered.detail, entered.holder);
  try {
    if (entered.demo === null) {
      say('只有模拟门店能重收流水 (only a demo shop can replay)');
      return 1;
    }
    const { manager, cards } = entered.demo;
    const replayed = await replay(entered.client, read.scans, {
      newId,
      managerPin: manager.pin,
      cards,
      progress: (sales) => (sales % 500 === 0 ? say(`${sales} 单 (sales) …`) : undefined),
    });
    if (replayed.kind === 'refused') {
      const { row, command, reason } = replayed;
      say(`第 ${row} 行停下 (stopped at row ${row}): ${command} ${wordsOf(reason)} (${reason})`);
      return 1;
    }
    const { report } = replayed;
    print(
      options.json
        ? JSON.stringify(report)
        : `${report.sales} 单，${report.lines} 行，${formatFen(report.totalFen)} 元，用积分 ${report.pointsSpent} ` +
            `(sales, lines, yuan, points)；账本 (journal) ${report.journalHead}`,
    );
    return 0;
  } finally {
    await entered.close();
  }
}

/** A character takes up to three bytes. */
const EXCHANGE_BYTES_MAX = 3 * EXCHANGE_CHARACTERS_MAX;

async function runNight(options: Options): Promise<Outcome> {
  if (options.out !== undefined && options.in !== undefined) {
    throw new WrongUsage('--out 和 --in 一次只能给一个 (--out or --in, not both)');
  }
  if (options.out !== undefined) return carryOut(options, options.out);
  if (options.in !== undefined) return carryIn(options, options.in);
  const how = entering(options, { create: { kind: 'demo' }, withTown: true, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const report = await client.night();
    if (options.json) {
      const { state, businessDay, uploaded, breaks, town, till, pendingAt, pendingBecause } = report;
      const pending = state === 'pending' ? { pendingAt, pendingBecause } : {};
      print(JSON.stringify({ state, businessDay, uploaded, breaks, town, till, ...pending }));
    } else {
      print(nightText(report));
    }
    return report.state === 'matched' ? 0 : 1;
  });
}

/** A file of an exchange replaces one of its name only when it is whole. */
function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { flush: true });
  renameSync(`${path}.new`, path);
}

async function carryOut(options: Options, target: string): Promise<Outcome> {
  const code = options.code ?? null;
  const create = code === null ? null : ({ kind: 'real', townUrl: null } as const);
  const how = entering(options, { create, withTown: false, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const made = await client.exchangeOut({ code });
    if (made.kind === 'refused') {
      say(
        made.reason === 'notEnrolled'
          ? '还没有加入镇平台，请用 --code 带上入网口令 (not enrolled: give --code)'
          : made.reason === 'practising'
            ? wordsOf('practising')
            : '没有写成，磁盘有问题 (the disk refused)',
      );
      return 1;
    }
    writeWhole(target, made.file);
    const { number, records, left } = made;
    print(
      options.json
        ? JSON.stringify({ state: 'made', number, records, left })
        : `写出第 ${number} 份，记录 ${records} 条，余 ${left} 条下次再带 (number, records, left)：${target}\n` +
            '带到镇上，读入镇上写回的文件就算对完 (bring back the town’s answer with --in)',
    );
    return 0;
  });
}

async function carryIn(options: Options, source: string): Promise<Outcome> {
  const { manager: name, pin: given } = options;
  if (statSync(source).size > EXCHANGE_BYTES_MAX) {
    say(`${exchangeWords.tooLarge} (tooLarge)`);
    return 1;
  }
  const file = readFileSync(source, 'utf8');
  const pin = given === '-' ? readFileSync(0, 'utf8').trim() : given;
  if (pin !== undefined && !/^\d{4,6}$/.test(pin))
    throw new WrongUsage('密码要 4 到 6 位数字 (the PIN has 4 to 6 digits)');
  const manager = name === undefined || pin === undefined ? null : { name, pin };
  const how = entering(options, { create: null, withTown: false, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const taken = await client.exchangeIn({ file, manager });
    switch (taken.kind) {
      case 'refused': {
        const words =
          taken.reason === 'managerWanted'
            ? '这是新机器，请用 --manager 和 --pin 设第一位店长'
            : taken.reason === 'diskFull'
              ? '磁盘有问题，没有读入'
              : taken.reason === 'practising'
                ? wordsOf('practising')
                : exchangeWords[taken.reason];
        if (options.json) print(JSON.stringify({ state: 'refused', reason: taken.reason }));
        say(`没有读入 (refused): ${words} (${taken.reason})`);
        return 1;
      }
      case 'already':
        print(
          options.json
            ? JSON.stringify({ state: 'already', number: taken.number })
            : `第 ${taken.number} 份已经读过，没有变化 (read before)`,
        );
        return 0;
      case 'applied': {
        const { number, enrolled, trouble, report } = taken;
        if (options.json) print(JSON.stringify({ state: 'applied', number, enrolled, trouble, report }));
        else {
          print(`读入第 ${number} 份${enrolled ? '，已加入镇平台 (enrolled)' : ''}`);
          if (trouble !== null) print(`有一步没有成 (a step was refused): ${trouble}，请再写出一份带去`);
          if (report !== null) print(nightText(report));
        }
        return trouble === null && (report === null || report.state === 'matched') ? 0 : 1;
      }
      default:
        return taken satisfies never;
    }
  });
}

async function runBackup(options: Options): Promise<Outcome> {
  const { data, out } = options;
  if (data === undefined || data === '') throw new WrongUsage('要给 --data DIR (--data is wanted)');
  if (out === undefined || out === '') throw new WrongUsage('要给 --out FILE 或 DIR (--out is wanted)');
  const ledger = join(tillFolder(data), 'ledger.sqlite');
  if (!existsSync(ledger)) {
    say(`这里还没有账本 (no ledger here): ${data}`);
    return 1;
  }
  // Read beside a till that may be selling: this process only reads, and the till is not asked.
  const made = copyForHand(ledger, resolve(out), dayOf(Date.now()));
  if (made.kind === 'refused') {
    const words = {
      exists: '已有同名文件，没有覆盖',
      diskFull: '目标磁盘满了，没有备份',
      ioError: '磁盘读写出错，没有备份',
      journalDamaged: '账本核对不过，没有备份；请运行 verify 查看',
    } as const;
    if (options.json) print(JSON.stringify({ state: 'refused', reason: made.reason }));
    say(`${words[made.reason]} (${made.reason}): ${made.detail}`);
    return 1;
  }
  const { file, records, headHash, bytes } = made;
  print(
    options.json
      ? JSON.stringify({ state: 'made', file, records, headHash, bytes })
      : `备份好了，逐条核对无误：${records} 条记录 (records)，${file}\n备份里没有本机的密钥 (it holds no key)`,
  );
  return 0;
}

async function runRestore(options: Options, backup: string | null): Promise<Outcome> {
  const folder = options.data;
  if (folder === undefined || folder === '') throw new WrongUsage('要给 --data DIR (--data is wanted)');
  if (options.town !== undefined && !URL.canParse(options.town)) {
    throw new WrongUsage(`镇平台地址不对 (wrong address): ${options.town}`);
  }
  const found = readShop(folder);
  if (found.kind === 'refused') return sayRefused(found.reason, found.detail, null);
  const shop: Shop =
    found.kind === 'shop'
      ? found.shop
      : { demo: false, townUrl: options.town ?? null, furnished: true, devices: NO_DEVICES };
  if (found.kind === 'empty') writeShop(folder, shop);
  // The town of a demo shop runs only while somebody needs it.
  const demoTown = shop.demo ? await startDemoTown(root, townFolder(folder), quiet).catch(() => null) : null;
  const townUrl = options.town ?? demoTown?.url ?? shop.townUrl;
  try {
    const restored = await restore(
      {
        dataFolder: tillFolder(folder),
        keepFolder: keepFolderOf(process.env, process.platform),
        crypto: hostCrypto,
        town: townUrl === null ? null : townOver(() => Promise.resolve(townUrl)),
        processId: process.pid,
        clock: hostClock,
        log: quiet,
      },
      resolve(backup ?? ''),
    );
    if (restored.kind === 'refused') {
      if (options.json) print(JSON.stringify({ state: 'refused', reason: restored.reason }));
      say(`没有恢复 (refused): ${restoreWords(restored.reason)} (${restored.reason} ${restored.detail})`);
      return 1;
    }
    return await rejoin(options, restored, demoTown, townUrl);
  } finally {
    await demoTown?.stop();
  }
}

/** Opens what was restored, which begins its next incarnation, and joins the town where there is a code to do it with. */
async function rejoin(
  options: Options,
  restored: Restored,
  demoTown: DemoTown | null,
  townUrl: string | null,
): Promise<Outcome> {
  const how = entering(options, { create: null, withTown: false, whenHeld: 'refuse' });
  const code = options.code ?? demoTown?.enrolmentCode ?? null;
  return inShop(townUrl === null ? how : { ...how, townUrl }, async (client) => {
    let joined: string | null = code === null ? 'noCode' : null;
    if (code !== null) {
      // A restored till has its people; the manager named here is for one that has none.
      const answer = await client.send({
        kind: 'enrol',
        code,
        managerName: options.manager ?? '店长',
        managerPin: options.pin ?? '000000',
      });
      const { notice } = await currentScreen(client);
      joined = answer.kind === 'done' ? null : (notice?.text ?? answer.reason);
    }
    const earlier = await client.earlier();
    const { records, incarnations, state } = await client.verify();
    const fetched = restored.fromTown + earlier.reduce((sum, one) => sum + one.fetched, 0);
    const missing = restored.missing === null ? null : Math.max(0, restored.missing - (fetched - restored.fromTown));
    const told = {
      state: 'restored',
      till: restored.till,
      incarnation: incarnations,
      inBackup: restored.inBackup,
      fromOldLedger: restored.fromOldLedger,
      fromTown: fetched,
      missing,
      town: restored.town,
      enrolled: joined === null,
      setAside: restored.setAside,
      earlier,
      records,
      ledger: state,
    };
    if (options.json) print(JSON.stringify(told));
    else print(restoredText(restored, fetched, missing, joined));
    return state === 'sound' ? 0 : 1;
  });
}

/** What a restore did, for the person who did it. */
function restoredText(restored: Restored, fetched: number, missing: number | null, notJoined: string | null): string {
  const asked = {
    asked: '',
    noKey: '（本机没有原来的密钥，入网后才能取）',
    unreachable: '（镇上连不上，联网后再取）',
    refused: '（镇上没有给）',
  } as const;
  return [
    `已恢复 (restored) ${restored.till}：备份里 ${restored.inBackup} 条，旧账本补 ${restored.fromOldLedger} 条，` +
      `镇上取回 ${fetched} 条${fetched > 0 ? '' : asked[restored.town]} (in backup, from the old ledger, from the town)`,
    missing === null
      ? '本机没有见过这台收银机，不知道还缺不缺 (nobody can say what is missing)'
      : missing === 0
        ? '本机记过的都在，没有缺 (nothing is missing)'
        : `还缺 ${missing} 条，备份、旧账本和镇上都没有 (missing everywhere)`,
    '从下一编号继续收银；现金和手机支付马上可用 (goes on as its next incarnation)',
    notJoined === null
      ? '已重新加入镇平台 (enrolled again)'
      : '积分和退旧单要等重新入网：向镇上要一个口令，再运行 enrol 或带 --code 恢复 (points wait for enrolment)',
    restored.setAside === null ? '' : `原来的账本移到 (the former ledger lies in): ${restored.setAside}`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

/** The morning page in a few lines. */
export function nightText(report: NightReport): string {
  const side = (name: string, totals: NightReport['town']): string =>
    totals === null
      ? `${name}: 无 (none)`
      : `${name}: ${totals.sales} 单 sales, ${totals.refunds} 退 refunds, ${formatFen(totals.totalFen)} 元, ` +
        `积分 points ${totals.pointsSpent} - ${totals.pointsBack}`;
  const pending =
    report.pendingAt === null
      ? []
      : [`停在 (pending at) ${nightStepWords[report.pendingAt]}: ${report.pendingBecause ?? ''}`];
  const breaks = report.breaks.map((one) => {
    const { what, todo } = breakWords[one.kind];
    return `- ${what} (${one.kind}${one.account === null ? '' : ` ${one.account}`}); ${ownerWords[one.owner]}: ${todo}`;
  });
  return [
    `${report.businessDay} ${nightWords[report.state]} (${report.state}), 上传 ${report.uploaded} 条 (uploaded)`,
    ...pending,
    side('镇上 town', report.town),
    side('本机 till', report.till),
    ...breaks,
  ].join('\n');
}

async function runVerify(options: Options): Promise<Outcome> {
  const how = entering(options, { create: null, withTown: false, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const found = await client.verify();
    const words =
      found.state === 'sound'
        ? `账本完好 (sound): ${found.records} 条记录 (records), ${found.headHash}`
        : `账本有坏 (damaged): 第 ${found.atSeq ?? '?'} 条 ${found.fault ?? ''}`;
    print(options.json ? JSON.stringify(found) : words);
    return found.state === 'sound' ? 0 : 1;
  });
}

async function runRebuild(options: Options): Promise<Outcome> {
  const how = entering(options, { create: null, withTown: false, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const found = await client.rebuild();
    const rows = found.tables.map((one) => `${one.identical ? '✓' : '×'} ${one.table}: ${one.rows}`);
    const verdict = found.identical ? '重算结果与原来完全一致 (identical)' : '重算结果不一致 (not identical)';
    print(options.json ? JSON.stringify(found) : [...rows, verdict].join('\n'));
    return found.identical ? 0 : 1;
  });
}

/** A business day as an option names it; null where it names none. */
function dayOption(name: string, day: string | undefined): string | null {
  if (day === undefined) return null;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day));
  if (!isDay) throw new WrongUsage(`日期不对 (${name} is no day): ${day}`);
  return day;
}

async function runExport(options: Options): Promise<Outcome> {
  if (options.out === undefined || options.out === '') throw new WrongUsage('要给 --out DIR (--out is wanted)');
  const folder = resolve(options.out);
  const [from, to] = [dayOption('--from', options.from), dayOption('--to', options.to)];
  const how = entering(options, { create: null, withTown: false, whenHeld: 'ask' });
  return inShop(how, async (client) => {
    const answer = await client.exportTo({ folder, from, to });
    if (options.json) print(JSON.stringify(answer));
    if (answer.kind === 'refused') {
      const words = {
        noRecords: '这几天没有记录 (no records of these days)',
        folderNotEmpty: '文件夹里有东西，请给一个空的 (the folder is not empty)',
        cannotWrite: '写不进去 (cannot be written)',
        journalDamaged: '账本有坏，没有导出 (the journal is damaged; nothing was exported)',
        managerOnly: '要店长登录 (only for the manager)',
        practising: wordsOf('practising'),
      };
      say(`${words[answer.reason]}: ${answer.detail}`);
      return 1;
    }
    if (options.json) return 0;
    const { records, incarnations, statements, townKeyFingerprint } = answer;
    print(
      `${folder}\n${records} 条记录，${incarnations} 代，${statements} 份镇对账单 (records, incarnations, statements)\n` +
        `镇公钥指纹，请审计与镇上核对 (fingerprint of the town's key): ${townKeyFingerprint}\n` +
        `核对 (to check): node verify.mjs ${options.out}`,
    );
    return 0;
  });
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
