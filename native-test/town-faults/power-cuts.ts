import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { startDemoTown } from '../../electron/demo-town.ts';
import { must } from '../../shared/assert.ts';
import { statementSchema } from '../../shared/town-contract.ts';
import { startTown, type StartedTown } from '../../town-server/server.ts';
import type { TestTill } from '../../town-server/test-till.ts';
import { chanceOf, type Chance } from '../ledger/chance.ts';
import { mountPowerDisk, type PowerDisk } from '../ledger/power-disk.ts';
import { type BaseFile, type Change, PATTERNS, PowerModel, readBase, readTrace } from '../ledger/power-image.ts';
import { layTown } from '../town-mould.ts';
import { checkHeld, checkTown, enrolUploader, Intake, noTownFigures, type TownFigures } from './intake.ts';

export type TownPowerFigures = TownFigures & {
  /** In how many images something that was written had been forgotten, and after how many checkpoints. */
  forgetful: number;
  checkpoints: number;
  acknowledged: number;
  statements: number;
  changes: number;
  syncs: number;
  /** What was found wrong where syncs did nothing. */
  foundOnLyingDisk: string[];
};

const TILLS = 3;

/**
 * PostgreSQL takes it from the file system that a file which grew never shows another file's bytes, as ext4 (unless mounted
 * data=writeback), XFS and NTFS all promise; its log alone is proof against that. So a page may be zeros here, never junk.
 */
const TOWN_PATTERNS = PATTERNS.filter((pattern) => pattern !== 'junk');
const root = fileURLToPath(new URL('../..', import.meta.url));

type Recorded = Readonly<{
  base: readonly BaseFile[];
  changes: readonly Change[];
  tills: readonly TestTill[];
  settler: TestTill;
  /** Where the tills find their town; it moves at each start. */
  address: { url: string };
}>;

/**
 * Lets tills upload and settle at a town whose PostgreSQL writes on a disk that is traced, then cuts the power at `count`
 * moments of it and starts the town on what the disk may hold then. Every record and statement that was acknowledged
 * before the cut is there once and to the byte, the lots keep their law, and what was not acknowledged comes in after all.
 * What the same work leaves on a disk that answers each sync and does nothing is opened, too: there the loss must be found.
 */
export async function runTownPowerCuts({ seed, count }: { seed: number; count: number }): Promise<TownPowerFigures> {
  const chance = chanceOf(seed);
  const figures: TownPowerFigures = {
    ...noTownFigures(seed),
    forgetful: 0,
    checkpoints: 0,
    acknowledged: 0,
    statements: 0,
    changes: 0,
    syncs: 0,
    foundOnLyingDisk: [],
  };
  const disk = await mountPowerDisk();
  try {
    const recorded = await recordIntake(disk, chance, count, figures);
    await disk.unmount();
    await openImages(recorded, disk.folder, count, chance, figures);
    figures.foundOnLyingDisk = await openLyingDisk(recorded, disk.folder, chance);
    if (figures.foundOnLyingDisk.length === 0)
      figures.failures.push(`seed ${seed}: a disk that lies was not found out`);
    return figures;
  } finally {
    disk.remove();
  }
}

async function recordIntake(
  disk: PowerDisk,
  chance: Chance,
  count: number,
  figures: TownPowerFigures,
): Promise<Recorded> {
  // Made beside the disk, which sees only what comes after: a cluster, its town and its tills.
  await layTown(join(disk.backing, 'town'));
  const prepared = await startTown({ dataFolder: join(disk.backing, 'town'), port: 0, demo: true, pagesFolder: null });
  const address = { url: prepared.url };
  const all: TestTill[] = [];
  for (let number = 0; number <= TILLS; number += 1) all.push(await enrolUploader(prepared, () => address.url));
  for (const till of all) await till.night();
  await prepared.close();
  const [settler, ...tills] = all;
  must(settler !== undefined, 'one till settles');

  const base = readBase(disk.backing);
  disk.start();
  // A process of its own, as dead after a power cut as any.
  const town = await startDemoTown(root, join(disk.folder, 'town'), () => {});
  try {
    address.url = town.url;
    const sql = await connectTo(disk.folder);
    try {
      const intake = new Intake(tills, chance, (till, ack) => disk.mark(`ack ${tills.indexOf(till)} ${ack.seq}`));
      const wanted = 30 + 8 * count;
      const checkpointAt = [Math.floor(wanted / 3), Math.floor((2 * wanted) / 3)];
      while (intake.answered < wanted) {
        settler.sell(1);
        const { number } = await settler.night();
        disk.mark(`statement ${number}`);
        figures.statements += 1;
        const due = checkpointAt[0];
        if (due !== undefined && intake.answered >= due) {
          checkpointAt.shift();
          disk.mark('checkpoint');
          await sql.query('CHECKPOINT');
          figures.checkpoints += 1;
        }
        await wait(chance.below(60));
      }
      await intake.stop();
      figures.failures.push(...intake.strange);
      for (const till of tills) figures.acknowledged += intake.ackOf(till).seq;
    } finally {
      await sql.end();
    }
    const changes = readTrace(disk.trace());
    figures.changes = changes.length;
    figures.syncs = changes.filter((change) => change.kind === 'sync').length;
    return { base, changes, tills, settler, address };
  } finally {
    await town.stop();
  }
}

async function connectTo(place: string): Promise<pg.Client> {
  const state = JSON.parse(readFileSync(join(place, 'town', 'postgres.json'), 'utf8')) as {
    port: number;
    password: string;
  };
  const client = new pg.Client(`postgresql://town:${state.password}@127.0.0.1:${state.port}/town`);
  await client.connect();
  return client;
}

async function openImages(
  recorded: Recorded,
  place: string,
  count: number,
  chance: Chance,
  figures: TownPowerFigures,
): Promise<void> {
  const { changes } = recorded;
  const model = new PowerModel(changes, recorded.base);
  const marks = changes.flatMap((change, at) => (change.kind === 'mark' ? [at] : []));
  const first = marks[0] ?? 0;
  const cuts = Array.from({ length: count }, () =>
    // Half of them right after an answer, when a till has just been told; the rest anywhere.
    chance.percent(50) ? chance.pick(marks) + 1 : first + chance.below(changes.length - first),
  ).sort((one, other) => one - other);
  for (const [index, cut] of cuts.entries()) {
    model.moveTo(cut);
    const pattern = TOWN_PATTERNS[index % TOWN_PATTERNS.length] ?? 'drop';
    if (pattern !== 'keep' && model.unsafeInAll > 0) figures.forgetful += 1;
    const promised = promisedAt(recorded, cut);
    layOut(place, model.image(pattern, chance));
    await openImage(recorded, place, promised, figures, `seed ${figures.seed} cut ${cut} ${pattern}`);
    figures.ran += 1;
  }
}

/** What tills had been told by a moment of the trace: records of each, and statements of the one that settles. */
function promisedAt({ changes, tills }: Recorded, cut: number): { acks: number[]; statement: number } {
  const promised = { acks: tills.map(() => 0), statement: 0 };
  for (const change of changes.slice(0, cut)) {
    if (change.kind !== 'mark') continue;
    const [what, ...numbers] = change.text.split(' ');
    if (what === 'ack') promised.acks[Number(numbers[0])] = Number(numbers[1]);
    if (what === 'statement') promised.statement = Number(numbers[0]);
  }
  return promised;
}

/** The same work on a disk that lies from the first answer on, cut before PostgreSQL folds its log back. */
async function openLyingDisk(recorded: Recorded, place: string, chance: Chance): Promise<string[]> {
  const isMark = (change: Change, text: string): boolean => change.kind === 'mark' && change.text.startsWith(text);
  const first = recorded.changes.findIndex((change) => isMark(change, 'ack'));
  const cut = recorded.changes.findIndex((change) => isMark(change, 'checkpoint'));
  const changes = recorded.changes.slice(0, cut).filter((change, at) => at < first || change.kind !== 'sync');
  const model = new PowerModel(changes, recorded.base);
  model.moveTo(changes.length);
  layOut(place, model.image('drop', chance));
  const found = noTownFigures(0);
  await openImage(recorded, place, promisedAt(recorded, cut), found, 'a disk that lies');
  return found.failures;
}

/** Puts an image where the disk was, with the rights that PostgreSQL insists on. */
function layOut(place: string, image: ReadonlyMap<string, Buffer | null>): void {
  for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });
  const folders = [...image].filter(([, bytes]) => bytes === null).map(([path]) => path);
  for (const path of folders.sort()) mkdirSync(join(place, path), { recursive: true, mode: 0o700 });
  for (const [path, bytes] of image) if (bytes !== null) writeFileSync(join(place, path), bytes, { mode: 0o600 });
}

async function openImage(
  { tills, settler, address }: Recorded,
  place: string,
  { acks, statement }: { acks: readonly number[]; statement: number },
  figures: TownFigures,
  where: string,
): Promise<void> {
  const fail = (text: string): void => void figures.failures.push(`${where}: ${text}`);
  let town: StartedTown;
  const log: string[] = [];
  try {
    town = await startTown({
      dataFolder: join(place, 'town'),
      port: 0,
      demo: true,
      pagesFolder: null,
      log: (line) => void log.push(line),
    });
  } catch (error) {
    return fail(`the town did not start: ${error instanceof Error ? error.message : String(error)}`);
  }
  address.url = town.url;
  try {
    const { till: name, incarnation } = settler.from;
    await town.town.store.transact([], async (transaction) => {
      const rows = await transaction.list('statement', { equal: { till: name, incarnation } });
      if (rows.length < statement) figures.lost += statement - rows.length;
      if (rows.length < statement) fail(`${statement} statements were signed and answered, ${rows.length} are there`);
    });
    for (const [index, till] of tills.entries()) {
      const held = await checkHeld(town, till, acks[index] ?? 0, figures, where);
      await bringRest(till, held, fail);
      await checkHeld(town, till, till.records.length, figures, `${where}, refilled`);
      await settleAll(till, figures, fail);
    }
    await checkTown(town, figures, where);
  } catch (error) {
    // A database that cannot read a page says so to whoever asks: that is a finding of this image, not the end of all.
    fail(`the town failed: ${error instanceof Error ? error.message : String(error)}\n${log.join('\n')}`);
  } finally {
    await town.close();
  }
}

/** What the cut took before it was acknowledged comes in as if it had never been sent. */
async function bringRest(till: TestTill, held: number, fail: (text: string) => void): Promise<void> {
  if (held === till.records.length) return;
  const answer = await till.upload(held + 1, till.records.length);
  if (answer.kind === 'refused') fail(`the rest was refused: ${answer.reason}`);
}

async function settleAll(till: TestTill, figures: TownFigures, fail: (text: string) => void): Promise<void> {
  const answer = await till.settle();
  if (answer.kind === 'refused') return fail(`settling was refused: ${answer.reason}`);
  const { perpetual, breaks } = statementSchema.parse(JSON.parse(answer.statement.bytes));
  const sales = till.records.filter((record) => record.kind === 'sale').length;
  if (perpetual.sales < sales) figures.lost += sales - perpetual.sales;
  if (perpetual.sales > sales) figures.doubled += perpetual.sales - sales;
  if (perpetual.sales !== sales || breaks.length > 0)
    fail(`${till.from.till} sold ${sales}, the town counts ${perpetual.sales}, ${breaks.length} breaks`);
}
