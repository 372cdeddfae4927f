import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyChain } from '../../electron/core/ledger/verify.ts';
import { compareProjections } from '../../electron/core/ledger/compare.ts';
import {
  cards,
  clientOfOpened,
  coreOn,
  goods,
  scan,
  screenOf,
  sellAt,
  tryCore,
} from '../../electron/core/test-core.ts';
import type { TillClient } from '../../electron/till-client.ts';
import { counterOf } from './cashier.ts';
import { chanceOf } from './chance.ts';
import { makeOpenShop } from './kills.ts';

export type FlipFigures = {
  seed: number;
  /** How many bytes were turned over, and in which of the files. */
  ran: number;
  byFile: Record<string, number>;
  /**
   * What found them: the opening, a read that stopped or failed, the walk over the journal, the fold of it; or nothing,
   * since nothing changed, or since it lay beside the books, in what the town said or in a held sale.
   */
  found: Record<'opening' | 'reading' | 'verify' | 'rebuild' | 'beside' | 'harmless', number>;
  /** Those of the last sort, which are counted and not failed: such rows carry no hash of their own. */
  besideBooks: string[];
  /** Figures of the books that were shown otherwise and that nothing finds; each is a sentence. */
  wrong: string[];
  /** Errors that are no refusal. */
  thrown: string[];
};

const FILES = ['ledger.sqlite', 'ledger.sqlite-wal', 'open-sale.log'] as const;

/** Everything that a till shows of its books, as text; the open sale apart, since it may be one that stood before. */
async function shownBy(client: TillClient): Promise<{ books: string; beside: string; openSale: string }> {
  const screen = await screenOf(client);
  const { held, ...openSale } = counterOf(screen);
  const stock = await client.stock({ text: '', only: 'all', category: null, offset: 0, limit: 50 });
  const receipts = await client.receipts({ day: null, text: '', limit: 50 });
  const details = [];
  for (const { receipt } of receipts.slice(0, 10)) details.push(await client.receipt({ receipt }));
  const items = [];
  for (const { id } of Object.values(goods)) items.push(await client.item({ item: id }));
  const shift = await client.shiftReport();
  // Last, because it puts the member on the counter.
  await client.send(scan(cards.good, 'card'));
  const { member } = (await screenOf(client)).sale;
  const { operator, held: heldSales } = screen;
  const books = { shift: screen.shift, stock, receipts, details, items, report: shift };
  const beside = { held, heldSales, operator, member };
  return { books: JSON.stringify(books), beside: JSON.stringify(beside), openSale: JSON.stringify(openSale) };
}

/**
 * Turns over one bit at `count` places of a till's files and opens them with a fresh core: it is found by the opening, by
 * reading, by `verify` or `rebuild`, or it changes nothing that the till shows. Never a wrong amount that nothing finds.
 */
export async function runFlippedBytes({ seed, count }: { seed: number; count: number }): Promise<FlipFigures> {
  const chance = chanceOf(seed);
  const figures: FlipFigures = {
    seed,
    ran: 0,
    byFile: {},
    found: { opening: 0, reading: 0, verify: 0, rebuild: 0, beside: 0, harmless: 0 },
    besideBooks: [],
    wrong: [],
    thrown: [],
  };
  const folder = await makeOpenShop(existsSync('/dev/shm') ? '/dev/shm' : undefined);
  try {
    const nowMs = Date.now();
    const data = join(folder, 'data');
    const ledger = join(data, 'ledger.sqlite');
    let till = coreOn(folder, nowMs);
    for (let sale = 0; sale < 12; sale += 1) await sellAt(till, goods.bread.code, goods.salt.code);
    // A till that crashed has the newer half of its work in the log; one that was closed has all of it in the file.
    till = await till.again();
    for (let sale = 0; sale < 6; sale += 1) await sellAt(till, goods.bread.code);
    await till.ask(scan(goods.smoke.code));
    await till.ask({ kind: 'hold' });
    const states = [JSON.stringify(emptyCounter())];
    for (const { code } of [goods.bread, goods.salt, goods.bread]) {
      await till.ask(scan(code));
      const { held: _, ...counter } = counterOf(await till.screen());
      states.push(JSON.stringify(counter));
    }
    const filesNow = (): Map<string, Buffer> =>
      new Map(
        readdirSync(data)
          .filter((name) => statSync(join(data, name)).isFile())
          .map((name) => [name, readFileSync(join(data, name))]),
      );
    const crashed = filesNow();
    await till.core.close();
    const closed = filesNow();
    const layOut = (files: ReadonlyMap<string, Buffer>): void => {
      for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true });
      for (const [name, bytes] of files) writeFileSync(join(data, name), bytes);
    };
    const keep = readKeep(join(folder, 'keep'));

    layOut(crashed);
    const sound = tryCore(folder, {}, nowMs);
    const expected = await shownBy(clientOfOpened(sound.opened));
    if (sound.opened.kind === 'opened') await sound.opened.core.close();
    for (; figures.ran < count; figures.ran += 1) {
      const dice = chance.below(100);
      const name = dice < 60 ? FILES[0] : dice < 85 ? FILES[1] : FILES[2];
      const files = name === 'ledger.sqlite' ? closed : crashed;
      const bytes = files.get(name) ?? Buffer.alloc(0);
      const at = chance.below(bytes.length);
      const bit = 1 << chance.below(8);
      layOut(files);
      for (const [path, text] of keep) writeFileSync(path, text);
      const turned = Buffer.from(bytes);
      turned.writeUInt8(turned.readUInt8(at) ^ bit, at);
      writeFileSync(join(data, name), turned);
      figures.byFile[name] = (figures.byFile[name] ?? 0) + 1;
      const where = `${name} byte ${at} bit ${bit}`;
      const { shown, by } = await look(folder, nowMs, where, figures);
      if (by !== null) {
        figures.found[by] += 1;
        continue;
      }
      const isSame = shown?.books === expected.books;
      const isKnownSale = states.includes(shown?.openSale ?? '');
      let finder: keyof FlipFigures['found'] | null = null;
      try {
        const chain = verifyChain(ledger);
        if (chain.state === 'damaged') finder = 'verify';
        // Records are missing that the mark outside the folder knows of: the till began a new incarnation.
        else if (chain.incarnations > 1) finder = 'opening';
        else if (!compareProjections(ledger).identical) finder = 'rebuild';
      } catch {
        // What cannot even be walked is found.
        finder = 'verify';
      }
      if (finder !== null) figures.found[finder] += 1;
      else if (isSame && isKnownSale && shown?.beside === expected.beside) figures.found.harmless += 1;
      else if (isSame && isKnownSale) {
        figures.found.beside += 1;
        figures.besideBooks.push(`${where}: ${firstDifference(expected.beside, shown?.beside ?? '')}`);
      } else
        figures.wrong.push(
          `${where}: ${isSame ? shown?.openSale : firstDifference(expected.books, shown?.books ?? '')}`,
        );
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Opens the folder and looks at everything; `by` says what found the damage, if something did. */
async function look(
  folder: string,
  nowMs: number,
  where: string,
  figures: FlipFigures,
): Promise<{ shown: Awaited<ReturnType<typeof shownBy>> | null; by: 'opening' | 'reading' | null }> {
  let opened: ReturnType<typeof tryCore>['opened'];
  const bugs: string[] = [];
  try {
    opened = tryCore(folder, { log: (line) => void (line.startsWith('bug:') && bugs.push(line)) }, nowMs).opened;
  } catch (error) {
    figures.thrown.push(`${where}: opening threw ${error instanceof Error ? error.stack : ''}`);
    return { shown: null, by: 'opening' };
  }
  if (opened.kind === 'refused') return { shown: null, by: 'opening' };
  try {
    const shown = await shownBy(clientOfOpened(opened));
    const { stopped } = await screenOf(clientOfOpened(opened));
    return { shown, by: stopped === null ? null : 'reading' };
  } catch {
    return { shown: null, by: 'reading' };
  } finally {
    figures.thrown.push(...bugs.map((bug) => `${where}: ${bug}`));
    await opened.core.close();
  }
}

function emptyCounter(): object {
  return { sale: '', lines: [], member: false, paying: false, wish: '' };
}

function readKeep(keep: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const entry of readdirSync(keep, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      found.set(path, readFileSync(path));
    }
  return found;
}

function firstDifference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return `${one.slice(Math.max(0, at - 60), at + 40)} became ${other.slice(Math.max(0, at - 60), at + 40)}`;
}
