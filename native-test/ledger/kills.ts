import { rmSync } from 'node:fs';
import { coreOn, makeFolder, pins } from '../../electron/core/test-core.ts';
import type { Command, Screen } from '../../shared/till-contract.ts';
import { Cashier, type Counter, counterOf } from './cashier.ts';
import { chanceOf } from './chance.ts';
import { addFindings, checkLedger, type Findings, noFindings } from './ledger-check.ts';
import { type TillProcess, WaitingTills } from './till-process.ts';

export type KillFigures = Findings & {
  seed: number;
  /** How many tills were killed, and how many of them while a command was under way. */
  ran: number;
  midCommand: number;
  /** Of those, how many commands had reached the disk all the same, and were answered as done when asked again. */
  doneUnheard: number;
  acknowledged: number;
  records: number;
};

/** A till's folder as a manager left it who signed in and opened a shift. */
export async function makeOpenShop(parent?: string): Promise<string> {
  const now = Date.now();
  const folder = parent === undefined ? makeFolder(now) : makeFolder(now, parent);
  const first = coreOn(folder, now);
  await first.ask({ kind: 'signIn', pin: pins.manager });
  await first.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
  await first.core.close();
  return folder;
}

/** How a counter must look after a command that was not refused; null where only the till knows. */
function counterAfter(before: Screen, command: Command): ((after: Counter) => boolean) | null {
  const was = counterOf(before);
  const pieces = (counter: Counter): number =>
    counter.lines.reduce((sum, line) => sum + Number(line.split(' ')[1] ?? '0'), 0);
  switch (command.kind) {
    case 'scan':
      if (command.source === 'card') return (after) => after.member && pieces(after) === pieces(was);
      return (after) => pieces(after) === pieces(was) + 1 && !after.paying;
    case 'startPay':
      return (after) => after.sale === was.sale && after.paying;
    case 'leavePay':
      return (after) => after.sale === was.sale && !after.paying;
    case 'setPoints':
      return (after) => after.sale === was.sale && after.wish.startsWith('number ');
    case 'pay':
    case 'voidSale':
      return (after) => after.lines.length === 0;
    case 'hold':
      return (after) => after.lines.length === 0 && after.held.includes(was.sale);
    case 'recall':
      return (after) => after.sale === command.sale && !after.held.includes(command.sale);
    case 'deleteLine':
      return (after) => after.lines.length === was.lines.length - 1;
    default:
      return null;
  }
}

const same = (one: Counter, other: Counter): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Commands that carry an id of their own, which a page sends again when it heard no answer. */
const repeatable = (command: Command): boolean => command.kind === 'pay' || 'id' in command;

/**
 * Lets a cashier work at a real till and kills its process (SIGKILL) at random moments, `count` times. After each kill a
 * fresh process on the folder must show the counter as the last answer left it, or as the command under way would have;
 * what was under way is asked for again. At the end every acknowledged fact is in the journal once (invariants 5, 7).
 */
export async function runKills({ seed, count }: { seed: number; count: number }): Promise<KillFigures> {
  const chance = chanceOf(seed);
  const folder = await makeOpenShop();
  const waiting = await WaitingTills.start(folder, 2);
  const cashier = new Cashier(chance);
  const figures: KillFigures = {
    ...noFindings(),
    seed,
    ran: 0,
    midCommand: 0,
    doneUnheard: 0,
    acknowledged: 0,
    records: 0,
  };
  try {
    let { till, screen } = await waiting.open(folder);
    while (figures.ran < count) {
      const { underWay, last } = await workUntilKilled(till, screen, cashier, chance.below(220));
      figures.ran += 1;
      if (underWay !== null) figures.midCommand += 1;
      ({ till, screen } = await waiting.open(folder));
      const [was, is] = [counterOf(last), counterOf(screen)];
      const fits = underWay === null ? null : counterAfter(last, underWay);
      if (!same(was, is) && fits?.(is) !== true) {
        const both = `${JSON.stringify(was)} became ${JSON.stringify(is)}`;
        figures.broken.push(`kill ${figures.ran} in ${underWay?.kind ?? 'nothing'}: ${both}`);
      }
      if (underWay !== null && repeatable(underWay)) {
        const wasDone = underWay.kind === 'pay' && !same(was, is);
        if (wasDone) figures.doneUnheard += 1;
        till.tell({ send: underWay });
        const said = await till.hear();
        const heard = said.screen ?? screen;
        if (said.answer !== undefined && !wasDone) cashier.heard(underWay, said.answer, screen, heard);
        if (wasDone && said.answer?.kind !== 'done') figures.broken.push(`a paid sale was refused: ${underWay.kind}`);
        screen = heard;
      }
      if (figures.ran % 10 === 0) addFindings(figures, checkLedger(folder, []), `after kill ${figures.ran}`);
    }
    await till.kill();
    const checked = checkLedger(folder, cashier.acknowledged);
    addFindings(figures, checked, 'at the end');
    figures.acknowledged = cashier.acknowledged.length;
    figures.records = checked.records;
    return figures;
  } finally {
    await waiting.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Works at a till until it is killed `afterMs` from now; answers the last screen heard and what was asked after it. */
async function workUntilKilled(
  till: TillProcess,
  screen: Screen,
  cashier: Cashier,
  afterMs: number,
): Promise<{ last: Screen; underWay: Command | null }> {
  let dead = false;
  setTimeout(() => {
    dead = true;
    till.child.kill('SIGKILL');
  }, afterMs);
  let last = screen;
  for (;;) {
    // Nothing is asked of a till that is known to be dead.
    if (dead) {
      await till.kill();
      return { last, underWay: null };
    }
    const command = cashier.next(last);
    till.tell({ send: command });
    const said = await till.hearOrDeath();
    if (said === null) return { last, underWay: command };
    if (said.answer === undefined || said.screen === undefined) throw new Error('a command was not answered');
    cashier.heard(command, said.answer, last, said.screen);
    last = said.screen;
  }
}
