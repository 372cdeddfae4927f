import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clientOfOpened, recordsOf, screenOf, tryCore } from '../../electron/core/test-core.ts';
import { must } from '../../shared/assert.ts';
import type { Screen } from '../../shared/till-contract.ts';
import { Cashier, type Counter, counterOf } from './cashier.ts';
import { chanceOf, type Chance } from './chance.ts';
import { makeOpenShop } from './kills.ts';
import { addFindings, checkLedger, type Findings, noFindings } from './ledger-check.ts';
import { mountPowerDisk, type PowerDisk } from './power-disk.ts';
import { type BaseFile, PATTERNS, PowerModel, readBase, readTrace, type Change } from './power-image.ts';
import { foldersIn, TillProcess } from './till-process.ts';

export type PowerFigures = Findings & {
  seed: number;
  /** How many images were opened, and in how many of them something that was written had been forgotten. */
  ran: number;
  forgetful: number;
  commands: number;
  acknowledged: number;
  changes: number;
  syncs: number;
};

/** What a till did on a disk, and every change that the disk saw of it. */
type Recorded = Readonly<{
  folder: string;
  base: readonly BaseFile[];
  changes: readonly Change[];
  /** The counter after each command; the first is the one before any. */
  counters: readonly Counter[];
  cashier: Cashier;
  /** How many facts had been acknowledged after each command. */
  acknowledgedAfter: readonly number[];
  /** The till's own time at the end. */
  endMs: number;
}>;

/** So many times as fast runs the clock of a till on this disk: it rests and folds its log back within the test. */
const HURRY = 40;
const REST_MS = 260;

/**
 * Lets a cashier work at a real till on a disk that is traced, then cuts the power at `images` moments of it and opens
 * what the disk may hold then with a fresh core. Every fact that was acknowledged before the cut is there once, the chain
 * is sound and of one incarnation, points are conserved, held sales are held, and the open sale is one that stood there
 * since its file was last synced. `preload` plants a bug in the till.
 */
export async function runPowerCuts(options: {
  seed: number;
  images: number;
  commands?: number;
  preload?: URL | null;
}): Promise<PowerFigures> {
  const { seed, images } = options;
  const chance = chanceOf(seed);
  const disk = await mountPowerDisk();
  try {
    const recorded = await recordWork(
      disk,
      chance,
      options.commands ?? Math.min(400, 80 + images),
      options.preload ?? null,
    );
    await disk.unmount();
    const figures: PowerFigures = {
      ...noFindings(),
      seed,
      ran: 0,
      forgetful: 0,
      commands: recorded.counters.length - 1,
      acknowledged: recorded.cashier.acknowledged.length,
      changes: recorded.changes.length,
      syncs: recorded.changes.filter((change) => change.kind === 'sync').length,
    };
    await openImages(recorded, disk.folder, images, chance, figures);
    return figures;
  } finally {
    disk.remove();
  }
}

async function recordWork(disk: PowerDisk, chance: Chance, commands: number, preload: URL | null): Promise<Recorded> {
  const folder = await makeOpenShop(disk.folder);
  const cache = dirname(disk.folder);
  const base = readBase(disk.backing);
  const open = async (): Promise<{ till: TillProcess; screen: Screen }> => {
    const till = new TillProcess(cache, preload);
    await till.hear();
    till.tell({ open: { ...foldersIn(folder), hurry: HURRY } });
    const { screen, refused, detail } = await till.hear();
    if (screen === undefined) throw new Error(`the folder did not open: ${refused} ${detail}`);
    return { till, screen };
  };
  disk.start();
  let { till, screen } = await open();
  const cashier = new Cashier(chance);
  const counters: Counter[] = [counterOf(screen)];
  const acknowledgedAfter: number[] = [0];
  // Once in the middle the till is closed, and once its process is killed: opening and closing write, too.
  const closeAt = Math.floor(commands * 0.3);
  const killAt = Math.floor(commands * 0.65);
  for (let number = 1; number <= commands; number += 1) {
    if (number === closeAt || number === killAt) {
      await (number === closeAt ? till.close() : till.kill());
      ({ till, screen } = await open());
    }
    const command = cashier.next(screen);
    till.tell({ send: command });
    const said = await till.hear();
    must(said.answer !== undefined && said.screen !== undefined, 'each command is answered with its screen');
    cashier.heard(command, said.answer, screen, said.screen);
    screen = said.screen;
    counters.push(counterOf(screen));
    acknowledgedAfter.push(cashier.acknowledged.length);
    disk.mark(`heard ${number}`);
    if (chance.percent(3)) await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  disk.mark('rested');
  const changes = readTrace(disk.trace());
  await till.kill();
  return { folder, base, changes, counters, cashier, acknowledgedAfter, endMs: screen.status.nowMs + 60_000 };
}

async function openImages(
  recorded: Recorded,
  place: string,
  images: number,
  chance: Chance,
  figures: PowerFigures,
): Promise<void> {
  const { changes, counters, acknowledgedAfter, cashier } = recorded;
  const model = new PowerModel(changes, recorded.base);
  const openSale = `${recorded.folder.slice(place.length)}/data/open-sale.log`;
  const rested = changes.findIndex((change) => change.kind === 'mark' && change.text === 'rested');
  const heardAt = changes.flatMap((change, at) => (change.kind === 'mark' && change.text !== 'rested' ? [at] : []));
  const cuts = Array.from({ length: images }, () =>
    // Half of them right after an answer, when the customer has just been told; the rest anywhere.
    chance.percent(50) ? chance.pick(heardAt) + 1 : chance.below(rested + 1),
  ).sort((one, other) => one - other);
  for (const [index, cut] of cuts.entries()) {
    model.moveTo(cut);
    const pattern = PATTERNS[index % PATTERNS.length];
    must(pattern !== undefined, 'there is a pattern for each image');
    const heard = heardAt.filter((at) => at < cut).length;
    const safe = heardAt.filter((at) => at < model.syncedAt(openSale)).length;
    if (pattern !== 'keep' && model.unsafeInAll > 0) figures.forgetful += 1;
    layOut(place, model.image(pattern, chance));
    const where = `seed ${figures.seed} cut ${cut} ${pattern}`;
    const facts = cashier.acknowledged.slice(0, acknowledgedAfter[heard]);
    const standing = { safe: counters.slice(safe, heard + 2), now: counters.slice(heard, heard + 2) };
    addFindings(figures, await openImage(recorded, facts, standing), where);
    figures.ran += 1;
  }
  model.moveTo(rested);
  if (model.unsafe(openSale) > 0)
    figures.broken.push(`seed ${figures.seed}: a till at rest leaves its open sale unsynced`);
}

/** Puts an image where the disk was: a till knows its folder by its place. */
function layOut(place: string, image: ReadonlyMap<string, Buffer | null>): void {
  for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });
  const folders = [...image].filter(([, bytes]) => bytes === null).map(([path]) => path);
  for (const path of folders.sort()) mkdirSync(join(place, path), { recursive: true });
  for (const [path, bytes] of image) if (bytes !== null) writeFileSync(join(place, path), bytes);
}

async function openImage(
  recorded: Recorded,
  facts: Cashier['acknowledged'],
  standing: { safe: readonly Counter[]; now: readonly Counter[] },
): Promise<Findings> {
  const found = noFindings();
  const { folder, endMs } = recorded;
  const { opened } = tryCore(folder, {}, endMs);
  if (opened.kind === 'refused') {
    found.broken.push(`did not open: ${opened.reason} ${opened.detail}`);
    return found;
  }
  const is = counterOf(await screenOf(clientOfOpened(opened)));
  await opened.core.close();
  const journal = new Set(recordsOf(folder).map((record) => record.id));
  addFindings(found, checkLedger(folder, facts), 'ledger');
  const nothing = { sale: '', lines: [], member: false, paying: false, wish: '' };
  // A sale that reached the journal or the held ones is not on the counter any more, whatever its file says.
  const open = (counter: Counter): string => {
    const gone = journal.has(counter.sale) || is.held.includes(counter.sale);
    return JSON.stringify({ ...counter, ...(gone ? nothing : {}), held: [] });
  };
  if (!standing.safe.some((counter) => open(counter) === open(is)))
    found.broken.push(`the open sale is ${open(is)} instead of one of ${standing.safe.map(open).join(' ')}`);
  if (!standing.now.some(({ held }) => held.join(' ') === is.held.join(' ')))
    found.broken.push(
      `held are ${is.held.join(' ')} instead of ${standing.now.map(({ held }) => held.join(' ')).join(' or ')}`,
    );
  // Held, or open, or paid: a sale that lay at the counter all the time is in one of these places.
  const lying = (counter: Counter): string[] => [...counter.held, ...(counter.lines.length > 0 ? [counter.sale] : [])];
  for (const sale of lying(standing.now[0] ?? is)) {
    const stayed = standing.safe.every((counter) => lying(counter).includes(sale));
    if (stayed && !lying(is).includes(sale) && !journal.has(sale)) found.broken.push(`sale ${sale} is nowhere`);
  }
  return found;
}
