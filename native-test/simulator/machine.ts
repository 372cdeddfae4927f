import { join } from 'node:path';
import { openCore, type Core } from '../../electron/core/core.ts';
import type { TownApi } from '../../electron/core/town-api.ts';
import type { World } from '../../electron/core/world.ts';
import { bareCounter } from '../../shared/devices.ts';
import { clientOf, currentScreen, type TillClient } from '../../electron/till-client.ts';
import type { Policy } from '../../shared/policy.ts';
import type { Answer, Command, Screen } from '../../shared/till-contract.ts';
import { copyFolder, disarm, ProcessLost, removeFolder, replaceFolder, trapCommit } from './disk.ts';
import type { CommitFault } from './disk.ts';
import { cryptoFrom } from './keys.ts';
import { createRandom } from './random.ts';
import { createTruth } from './truth.ts';
import { Violation } from './violation.ts';
import { settle, type VirtualTime } from './virtual-time.ts';

/** Timers of these lengths are the till's ticking: one tick between two customers stands for all of them. */
const TICK_MS = { from: 5_000, to: 60_000 } as const;

/** How long a hand waits for an answer before the simulation calls it stuck. */
const COMMAND_LIMIT_MS = 180_000;

type Process = {
  dead: boolean;
  buried: boolean;
  core: Core | null;
  client: TillClient | null;
  ticks: { dueMs: number; task: () => void }[];
};

export type Surroundings = Readonly<{
  seed: number;
  time: VirtualTime;
  policy: Policy;
  bearerOf: (member: string) => string;
  lineOf: (till: string, isDead: () => boolean) => TownApi;
  /** A bug that the till itself met: an error that no disk explains. */
  threw: (error: unknown) => void;
}>;

/** What stood on the counter when a process was lost, and whether it was lost over a command that may clear it. */
type Counter = Readonly<{ sale: string; lines: number; over: Command['kind'] | null }>;

/** Commands after which the counter may rightly be empty. */
const CLEARING: ReadonlySet<Command['kind']> = new Set(['pay', 'voidSale', 'hold', 'nextSale']);

/** One machine with its disk, its wall clock and, while it is on, the till's own process on it. */
export function createMachine(name: string, scratch: string, around: Surroundings) {
  const { time, threw } = around;
  const folder = join(scratch, name);
  const dataFolder = join(folder, 'data');
  const keepFolder = join(folder, 'keep');
  const ledgerFile = join(dataFolder, 'ledger.sqlite');
  const random = createRandom(`${around.seed}:machine:${name}`);
  const crypto = cryptoFrom(random);
  const truth = createTruth(name, {
    pointsCap: around.policy.points.perDay,
    pinFreePerDay: around.policy.points.pinFreePerDay,
    bearerOf: around.bearerOf,
    trueMs: time.nowMs,
  });
  let process: Process | null = null;
  let clockOffMs = 0;
  let image: string | null = null;
  let images = 0;
  let counter: Counter | null = null;
  let armed = false;

  const worldOf = (mine: Process): World => ({
    dataFolder,
    keepFolder,
    devices: bareCounter,
    town: around.lineOf(name, () => mine.dead),
    clock: {
      nowMs: () => time.nowMs() + clockOffMs,
      later: (delayMs, task) => {
        if (mine.dead) {
          // A dead process plans nothing; one that is being buried waits for nothing.
          if (mine.buried) queueMicrotask(task);
          return () => {};
        }
        const run = (): void => {
          if (!mine.dead) task();
        };
        if (delayMs < TICK_MS.from || delayMs > TICK_MS.to) return time.at(time.nowMs() + delayMs, run);
        const tick = { dueMs: time.nowMs() + delayMs, task: run };
        mine.ticks.push(tick);
        return () => void mine.ticks.splice(mine.ticks.indexOf(tick), 1);
      },
    },
    policy: around.policy,
    newId: random.id,
    processId: 1,
    crypto,
    auditWorker: new URL('../../electron/core/audit-worker.ts', import.meta.url),
    // Made by a worker, which keeps no virtual time.
    backups: null,
    log: (line) => {
      if (line.startsWith('bug:') && !mine.dead) threw(new Error(`${name}: ${line}`));
    },
    demo: null,
  });

  /** The disk as it stands at this moment, which is what the next process will find. */
  const takeImage = (): string => {
    images += 1;
    const target = join(folder, `image-${images}`);
    copyFolder(dataFolder, join(target, 'data'));
    copyFolder(keepFolder, join(target, 'keep'));
    return target;
  };

  const die = (): void => {
    if (process === null || process.dead) return;
    image = takeImage();
    process.dead = true;
  };

  /** Ends what is left of a dead process and gives its disk to the next one. */
  const bury = async (): Promise<void> => {
    if (process === null || !process.dead) return;
    const { core } = process;
    process.buried = true;
    disarm(ledgerFile);
    truth.letGo();
    process = null;
    try {
      await settle();
      await core?.close();
    } catch {
      // The dead need not end well.
    }
    if (image !== null) {
      replaceFolder(dataFolder, join(image, 'data'));
      replaceFolder(keepFolder, join(image, 'keep'));
      removeFolder(image);
      image = null;
    }
  };

  const boot = async (): Promise<'running' | 'lost'> => {
    if (process !== null) return 'running';
    const mine: Process = { dead: false, buried: false, core: null, client: null, ticks: [] };
    process = mine;
    try {
      const wasArmed = armed;
      const opened = openCore(worldOf(mine));
      // The disk refused the opening itself, and a page said so: switched on again, the till is there.
      if (opened.kind === 'refused' && opened.reason === 'ioError' && wasArmed && !armed) {
        mine.dead = true;
        process = null;
        return await boot();
      }
      if (opened.kind === 'refused') throw new Violation('tillOpens', `${name}: ${opened.reason} ${opened.detail}`);
      mine.core = opened.core;
      mine.client = clientOf(opened.core.router);
    } catch (error) {
      if (!(error instanceof ProcessLost)) throw error;
    }
    await settle();
    if (mine.dead) {
      await bury();
      return 'lost';
    }
    await checkCounter();
    return 'running';
  };

  /** An open sale survives a kill at any command (issue, "Ledger"). */
  const checkCounter = async (): Promise<void> => {
    if (counter === null || process?.client === null || process === null) return;
    const { sale } = await currentScreen(process.client);
    const expected = counter;
    counter = null;
    const { lines } = sale;
    const isSame = lines.length === expected.lines && (lines.length === 0 || sale.id === expected.sale);
    const isNear = expected.over !== null && Math.abs(lines.length - expected.lines) <= 1;
    const isCleared = expected.over !== null && CLEARING.has(expected.over) && lines.length === 0;
    if (isSame || isNear || isCleared) return;
    const shown = `${lines.length} lines of ${sale.id}`;
    throw new Violation('openSaleSurvives', `${name}: ${shown} instead of ${JSON.stringify(expected)}`);
  };

  const screen = async (): Promise<Screen | null> => {
    const mine = process;
    if (mine === null || mine.client === null || mine.dead) return null;
    try {
      return await currentScreen(mine.client);
    } catch (error) {
      if (!mine.dead) threw(error);
      return null;
    }
  };

  /** Notes what stands on the counter, so that the next process can be held to it. */
  const note = async (over: Command['kind'] | null): Promise<void> => {
    const shown = await screen();
    if (shown === null || shown.phase === 'stopped' || shown.phase === 'enrol') counter = null;
    else counter = { sale: shown.sale.id, lines: shown.paid === null ? shown.sale.lines.length : 0, over };
  };

  return {
    name,
    folder,
    dataFolder,
    ledgerFile,
    truth,
    isOn: (): boolean => process !== null && !process.dead,
    boot,
    bury,
    /** The process is gone this moment; its disk keeps what was committed. */
    kill: async (): Promise<void> => {
      await note(null);
      die();
      await bury();
    },
    /** The end of the simulation: nothing is kept. */
    abandon: async (): Promise<void> => {
      if (process === null) return;
      process.dead = true;
      image = null;
      await bury();
    },
    /** Switched off as a cashier does it. */
    switchOff: async (): Promise<void> => {
      const mine = process;
      if (mine === null || mine.core === null || mine.dead) return;
      truth.letGo();
      const closing = mine.core.close();
      await time.until(closing, () => mine.dead, COMMAND_LIMIT_MS);
      if (mine.dead) {
        await bury();
        return;
      }
      mine.dead = true;
      process = null;
    },
    /** A fault at one of the next commits; `strikes` is told when it happens. */
    trap: (fault: CommitFault, commits: number, strikes: () => void): void => {
      if (process === null) return;
      armed = true;
      trapCommit(ledgerFile, fault, commits, () => {
        armed = false;
        strikes();
        if (fault !== 'refused') die();
      });
    },
    disarm: (): void => {
      armed = false;
      disarm(ledgerFile);
    },
    /** A hand at the till: the answer, or `lost` when there is no process to answer. */
    send: async (command: Command): Promise<Answer | 'lost'> => {
      const mine = process;
      if (mine === null || mine.client === null) return 'lost';
      if (mine.dead) {
        await bury();
        return 'lost';
      }
      if (armed) await note(command.kind);
      let answer: Answer | null = null;
      const sending = mine.client.send(command).then(
        (value) => {
          answer = value;
        },
        (error: unknown) => {
          if (!mine.dead) threw(error);
        },
      );
      await time.until(sending, () => mine.dead, COMMAND_LIMIT_MS);
      if (mine.dead) {
        await bury();
        return 'lost';
      }
      counter = null;
      if (answer === null) throw new Violation('commandAnswers', `${name}: ${command.kind}`);
      return answer;
    },
    /** Runs the night and waits for its report; null when the process is lost over it. */
    night: async () => {
      const mine = process;
      if (mine === null || mine.client === null || mine.dead) return null;
      // A till that had to stop over its disk has no report to give.
      const run = mine.client.night().catch(() => null);
      await time.until(run, () => mine.dead, COMMAND_LIMIT_MS);
      if (mine.dead) {
        await bury();
        return null;
      }
      return run;
    },
    screen,
    /** Lets the till do what it does every few seconds. */
    tick: async (): Promise<void> => {
      const mine = process;
      if (mine === null || mine.dead) return;
      const due = mine.ticks.filter((one) => one.dueMs <= time.nowMs());
      mine.ticks = mine.ticks.filter((one) => one.dueMs > time.nowMs());
      for (const { task } of due) task();
      await settle();
    },
    setClock: (offMs: number): void => {
      clockOffMs = offMs;
    },
    clockOffMs: (): number => clockOffMs,
    /** Copies of the folders as they stand, while the till may be running. */
    copy: takeImage,
    /** Puts an older copy in place of the data folder, and of what is kept outside it too where the whole machine went back. */
    setBack: async (copy: string, wholeMachine: boolean): Promise<void> => {
      die();
      await bury();
      counter = null;
      truth.letGo();
      truth.forget();
      copyFolder(join(copy, 'data'), join(folder, 'older-data'));
      replaceFolder(dataFolder, join(folder, 'older-data'));
      if (!wholeMachine) return;
      copyFolder(join(copy, 'keep'), join(folder, 'older-keep'));
      replaceFolder(keepFolder, join(folder, 'older-keep'));
    },
  };
}

export type Machine = ReturnType<typeof createMachine>;
