import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../shared/assert.ts';
import { startTown, type StartedTown } from '../../town-server/server.ts';
import { chanceOf, type Chance } from '../ledger/chance.ts';
import { scratchFolder } from '../exchange-faults/line.ts';
import { layTown } from '../town-mould.ts';
import { checkHeld, checkNights, checkTown, enrolUploader, Intake, noTownFigures, type TownFigures } from './intake.ts';

export type TownKillFigures = TownFigures & {
  /** How many kills came while a batch was being taken in; of the whole server, of one of its processes, in recovery. */
  midIntake: number;
  ofServer: number;
  ofProcess: number;
  inRecovery: number;
  acknowledged: number;
  replayed: number;
  early: number;
};

const TILLS = 3;
/** So often in a row the town must read its books before they are looked at. */
const CALM_LOOKS = 5;
const BACK_MS = 60_000;

/**
 * Kills PostgreSQL (SIGKILL) `count` times while tills upload side by side: the whole server, one of the processes that
 * serve the town, or the server once more while it recovers. The town must come back by itself each time; what it
 * acknowledged is there, and at the end every sale counts once.
 */
export async function runTownKills({ seed, count }: { seed: number; count: number }): Promise<TownKillFigures> {
  const chance = chanceOf(seed);
  const figures: TownKillFigures = {
    ...noTownFigures(seed),
    midIntake: 0,
    ofServer: 0,
    ofProcess: 0,
    inRecovery: 0,
    acknowledged: 0,
    replayed: 0,
    early: 0,
  };
  const folder = scratchFolder();
  await layTown(join(folder, 'town'));
  const town = await startTown({ dataFolder: join(folder, 'town'), port: 0, demo: true, pagesFolder: null });
  try {
    const tills = [];
    for (let number = 0; number < TILLS; number += 1) tills.push(await enrolUploader(town, () => town.url));
    for (const till of tills) await till.night();
    // A row of its own, so that a seed kills the same things whatever the tills come to in between.
    const intake = new Intake(tills, chanceOf(seed + 1));
    for (; figures.ran < count && figures.failures.length === 0; figures.ran += 1) {
      const where = `seed ${seed} kill ${figures.ran}`;
      await intakeUnderWay(intake, chance);
      figures.midIntake += intake.underWay > 0 ? 1 : 0;
      const acknowledged = tills.map((till) => intake.ackOf(till).seq);
      await killOnce(town, chance, figures);
      await settled(town);
      for (const [index, till] of tills.entries())
        await checkHeld(town, till, acknowledged[index] ?? 0, figures, where);
    }
    await intake.stop();
    figures.failures.push(...intake.strange);
    figures.replayed = intake.replayed;
    figures.early = intake.early;
    const where = `seed ${seed} after ${figures.ran} kills`;
    for (const till of tills) {
      figures.acknowledged += intake.ackOf(till).seq;
      await checkHeld(town, till, intake.ackOf(till).seq, figures, where);
    }
    await checkNights(tills, figures, where);
    await checkTown(town, figures, where);
    return figures;
  } finally {
    await town.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until answers come again, then for a moment in which one is waited for. */
async function intakeUnderWay(intake: Intake, chance: Chance): Promise<void> {
  const answered = intake.answered + 3 + chance.below(20);
  const deadline = performance.now() + BACK_MS;
  while (intake.answered < answered || intake.underWay === 0) {
    must(performance.now() < deadline, 'the town takes records in again after a kill');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // Somewhere in the way of a batch: before it is read, while it is written, before its commit.
  const end = performance.now() + chance.below(12);
  while (performance.now() < end) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function killOnce(town: StartedTown, chance: Chance, figures: TownKillFigures): Promise<void> {
  const server = town.databasePid();
  must(server !== null, 'this town runs its own PostgreSQL');
  const processes = servingProcesses(server);
  const one = processes[chance.below(Math.max(1, processes.length))];
  if (one !== undefined && chance.percent(30)) {
    figures.ofProcess += 1;
    process.kill(one, 'SIGKILL');
    await answers(town);
    return;
  }
  figures.ofServer += 1;
  process.kill(server, 'SIGKILL');
  const next = await newServer(town, server);
  if (chance.percent(25)) {
    figures.inRecovery += 1;
    process.kill(next, 'SIGKILL');
    await newServer(town, next);
  }
  await answers(town);
}

/** PostgreSQL ends all that it serves when one of its processes dies, some of them only after the town has answered. */
async function settled(town: StartedTown): Promise<void> {
  const deadline = performance.now() + BACK_MS;
  for (let calm = 0; calm < CALM_LOOKS; ) {
    const isGood = await town.town.store
      .transact([], (transaction) => transaction.list('policy'))
      .then(
        () => true,
        () => false,
      );
    calm = isGood ? calm + 1 : 0;
    must(performance.now() < deadline, 'the town reads again after a kill');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The processes of PostgreSQL that serve connections of the town; none where the machine does not say. */
function servingProcesses(server: number): number[] {
  try {
    const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ').map(Number);
    return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('127.0.0.1'));
  } catch {
    return [];
  }
}

async function newServer(town: StartedTown, before: number): Promise<number> {
  const deadline = performance.now() + BACK_MS;
  for (;;) {
    const pid = town.databasePid();
    if (pid !== null && pid !== before) return pid;
    must(performance.now() < deadline, 'the town starts its PostgreSQL again');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function answers(town: StartedTown): Promise<void> {
  const deadline = performance.now() + BACK_MS;
  for (;;) {
    const health = await fetch(`${town.url}/health`).catch(() => null);
    if (health?.status === 200) return;
    must(performance.now() < deadline, 'the town answers again after a kill');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
