import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyForHand, copyLedger, keepCopy } from '../electron/core/backup.ts';
import { compareProjections } from '../electron/core/ledger/compare.ts';
import { verifyChain } from '../electron/core/ledger/verify.ts';
import { restore, type Restored } from '../electron/core/restore.ts';
import { coreOn, goods, pins, textsOf, type TestCore } from '../electron/core/test-core.ts';
import { testWorld } from '../electron/core/test-till.ts';
import { breaksOf } from '../town-server/test-town.ts';
import { applied, makeReady, manager, openCarried, out, sellBread, type Carried } from './carried.ts';

let world: Carried;
let till: TestCore;
let folder: string;
let backup: string;

/** A till of a town that sold, was backed up, and sold on. */
beforeEach(async () => {
  world = await openCarried();
  folder = join(world.scratch, 'machine');
  till = world.till({ town: world.town.api }, folder);
  const { name, pin } = manager;
  await till.ask({ kind: 'enrol', code: await world.codeFor(), managerName: name, managerPin: pin });
  await makeReady(till);
  await sellBread(till, 2);
  await till.client.night();
  backup = join(world.scratch, 'stick.sqlite');
  expect(copyForHand(ledgerOf(folder), backup, '2026-11-24')).toMatchObject({ kind: 'made' });
  await sellBread(till, 3);
  await sellBread(till);
  await till.client.night();
});
afterEach(() => world.close());

const ledgerOf = (of: string): string => join(of, 'data', 'ledger.sqlite');
const codeForTill = (): Promise<string> => world.codeFor('t01');
const open = (of: string = folder): TestCore => world.till({ town: world.town.api }, of);

/** A copy of the backup in which somebody changed one sale. */
function altered(name: string): string {
  const copy = join(world.scratch, name);
  cpSync(backup, copy);
  const database = new Database(copy);
  database.exec('DROP TRIGGER journal_is_never_changed');
  database.exec(`UPDATE journal SET text = replace(text, '"totalFen":500', '"totalFen":400') WHERE kind = 'sale'`);
  database.exec(`UPDATE journal SET text = replace(text, '"how":"presented"', '"how":"lookedUp"') WHERE kind = 'sale'`);
  database.close();
  return copy;
}

/** What `till restore` does before it opens the folder. */
async function restoreOn(of: string, file = backup, town: TestCore['world']['town'] = world.town.api) {
  mkdirSync(of, { recursive: true });
  return restore({ ...testWorld(of, world.town.clock.ms), town }, file);
}

async function restored(of: string, town: TestCore['world']['town'] = world.town.api): Promise<Restored> {
  const found = await restoreOn(of, backup, town);
  if (found.kind === 'refused') throw new Error(`${found.reason} ${found.detail}`);
  return found;
}

/** Gives a till its name back and lets its night run: everything comes to rest. */
async function rejoin(again: TestCore): Promise<void> {
  const { name, pin } = manager;
  await again.ask({ kind: 'enrol', code: await codeForTill(), managerName: name, managerPin: pin });
  expect(await again.client.night()).toMatchObject({ state: 'matched' });
}

async function expectWhole(again: TestCore, sales: number): Promise<void> {
  expect(await again.client.receipts({ day: null, text: '', limit: 500 })).toHaveLength(sales);
  // In this thread: the workers of `verify` and `rebuild` would take longer to start than to answer.
  const file = ledgerOf(again.folder);
  expect(verifyChain(file)).toMatchObject({ state: 'sound' });
  expect(compareProjections(file).tables.filter((table) => !table.identical)).toEqual([]);
  expect((await again.client.earlier()).every((one) => one.state === 'equal')).toBe(true);
}

describe('a till whose folder was lost', () => {
  test('takes from the town what its backup lacks, goes on as its next incarnation, and every record is there once', async () => {
    const before = textsOf(folder);
    await till.core.close();
    rmSync(join(folder, 'data'), { recursive: true });
    const found = await restored(folder);
    // The last statement left records behind that no contact has carried since.
    expect(found).toMatchObject({ town: 'asked', fromOldLedger: 0, missing: 0, setAside: null, incarnation: 1 });
    expect(found.inBackup + found.fromTown).toBe(before.length);
    const again = open();
    const texts = textsOf(folder);
    expect(texts.slice(0, before.length)).toEqual(before);
    expect(again.records().at(before.length)).toMatchObject({ kind: 'genesis', incarnation: 2, seq: 1 });
    expect((await again.screen()).phase).toBe('signIn');
    await again.ask({ kind: 'signIn', pin: pins.manager });
    await sellBread(again);
    await rejoin(again);
    // What the old term held stays there until a clerk frees it; new points reach the new incarnation at once.
    await world.give('lot-2');
    await again.client.night();
    await sellBread(again, 1);
    expect(await again.client.night()).toMatchObject({ state: 'matched' });
    await expectWhole(again, 5);
    expect(await world.spent()).toBe(6);
    expect(await breaksOf(world.town.town)).toEqual([]);
  });

  test('on another machine, without its key, sells at once and fetches the rest when it is enrolled', async () => {
    await till.core.close();
    const other = join(world.scratch, 'other');
    expect(await restored(other)).toMatchObject({ town: 'noKey', fromTown: 0, missing: null });
    const again = open(other);
    await again.ask({ kind: 'signIn', pin: pins.manager });
    await sellBread(again);
    expect((await again.screen()).status.town).toBe('notEnrolled');
    expect(await again.client.receipts({ day: null, text: '', limit: 500 })).toHaveLength(2);
    await rejoin(again);
    await expectWhole(again, 4);
    expect((await again.client.earlier())[0]?.fetched).toBeGreaterThan(0);
    expect(await world.spent()).toBe(5);
  });

  test('without any backup comes back from the town alone: goods, prices, receipts', async () => {
    await till.core.close();
    rmSync(folder, { recursive: true });
    const again = open(join(world.scratch, 'bare'));
    const { name, pin } = manager;
    await again.ask({ kind: 'enrol', code: await codeForTill(), managerName: name, managerPin: pin });
    await makeReady(again, 'shift-0002');
    expect(await again.client.search({ text: goods.bread.code, limit: 1 })).toMatchObject([{ priceFen: 500 }]);
    await sellBread(again);
    expect(await again.client.night()).toMatchObject({ state: 'matched' });
    await expectWhole(again, 4);
    expect(await world.spent()).toBe(5);
  });

  test('without a network is told what is missing, and hears of it later by a stick', async () => {
    await till.core.close();
    rmSync(join(folder, 'data'), { recursive: true });
    const found = await restored(folder, null);
    expect(found).toMatchObject({ town: 'unreachable', fromTown: 0 });
    expect(found.missing).toBeGreaterThan(0);
    const again = world.till({}, folder);
    await again.ask({ kind: 'signIn', pin: pins.manager });
    await sellBread(again);
    await applied(again, await world.answer(await out(again, await codeForTill())));
    await applied(again, await world.answer(await out(again)));
    await expectWhole(again, 4);
    expect(await world.spent()).toBe(5);
  });
});

describe('a till whose folder still stands', () => {
  // Invariant 24.
  test('keeps what its former ledger has beyond the backup, and the former ledger itself', async () => {
    await sellBread(till);
    const before = textsOf(folder);
    await till.core.close();
    const found = await restored(folder, null);
    expect(found.inBackup + found.fromOldLedger).toBe(before.length);
    expect(found.missing).toBe(0);
    expect(existsSync(join(found.setAside ?? '', 'ledger.sqlite'))).toBe(true);
    const again = open();
    expect(textsOf(folder).slice(0, before.length)).toEqual(before);
    await rejoin(again);
    await expectWhole(again, 4);
  });

  test('damaged in its middle gives what can still be read; the town gives the rest', async () => {
    await till.core.close();
    const file = ledgerOf(folder);
    const bytes = readFileSync(file);
    bytes.fill(0xaa, bytes.length >> 1, (bytes.length >> 1) + 16_384);
    writeFileSync(file, bytes);
    const found = await restored(folder);
    expect(found.missing).toBe(0);
    const again = open();
    await rejoin(again);
    await expectWhole(again, 3);
  });

  test('set back to an older copy begins its next incarnation by itself, and the town gives the rest', async () => {
    await till.core.close();
    copyLedger(backup, `${ledgerOf(folder)}.old`);
    for (const name of ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm'])
      rmSync(join(folder, 'data', name), { force: true });
    cpSync(`${ledgerOf(folder)}.old`, ledgerOf(folder));
    const again = open();
    expect(again.records().at(-1)).toMatchObject({ kind: 'genesis', incarnation: 2, body: { because: 'restored' } });
    await rejoin(again);
    await expectWhole(again, 3);
    expect(await world.spent()).toBe(5);
  });

  test('moved with sales that no contact had carried brings them as its next incarnation', async () => {
    await sellBread(till, 1);
    await till.core.close();
    const moved = join(world.scratch, 'moved');
    mkdirSync(moved);
    for (const part of ['data', 'keep']) cpSync(join(folder, part), join(moved, part), { recursive: true });
    const again = open(moved);
    expect(again.records().at(-1)).toMatchObject({ kind: 'genesis', incarnation: 2, body: { because: 'moved' } });
    expect(await world.spent()).toBe(5);
    await rejoin(again);
    expect(await world.spent()).toBe(6);
    await expectWhole(again, 4);
  });

  // Invariant 11.
  test('copied and both used: each sells on its own chain, no record is lost, no point spent twice', async () => {
    await till.core.close();
    const copied = join(world.scratch, 'copied');
    mkdirSync(copied);
    for (const part of ['data', 'keep']) cpSync(join(folder, part), join(copied, part), { recursive: true });
    const original = open();
    await original.ask({ kind: 'signIn', pin: pins.manager });
    await sellBread(original, 1);
    const copy = open(copied);
    await copy.ask({ kind: 'signIn', pin: pins.manager });
    await sellBread(copy);
    await rejoin(copy);
    await world.give('lot-2');
    await copy.client.night();
    await sellBread(copy, 2);
    expect(await original.client.night()).toMatchObject({ state: 'matched' });
    expect(await copy.client.night()).toMatchObject({ state: 'matched' });
    expect(await world.spent()).toBe(8);
    expect((await breaksOf(world.town.town)).filter((one) => one.kind === 'fork')).toEqual([]);
  });

  // Where the second goes further under the number of the first, the town sees no other record at its place unless told.
  test.each([1, 12])(
    'restored on two machines from one backup, the second with %i sales: it takes the next number, and both keep theirs',
    async (sales) => {
      await till.core.close();
      const [one, other] = ['one', 'two'].map((name) => join(world.scratch, name));
      await restored(one ?? '');
      await restored(other ?? '');
      const first = open(one);
      const second = open(other);
      for (const machine of [first, second]) {
        await machine.ask({ kind: 'signIn', pin: pins.manager });
        await sellBread(machine);
      }
      for (let more = 1; more < sales; more += 1) await sellBread(second);
      await rejoin(first);
      await rejoin(second);
      expect(second.records().at(-1)?.incarnation).toBe(3);
      expect((await breaksOf(world.town.town)).map((found) => found.kind)).toContain('fork');
      expect((await second.client.earlier()).map((found) => found.state)).toEqual(['equal', 'forked']);
      await world.give('lot-2');
      await second.client.night();
      await sellBread(second, 2);
      expect(await second.client.night()).toMatchObject({ state: 'matched' });
      expect(await world.spent()).toBe(7);
    },
  );
});

describe('what is not restored', () => {
  test('is refused by name, and the folder stays as it was to the byte', async () => {
    const held = await restoreOn(folder);
    expect(held).toMatchObject({ kind: 'refused', reason: 'held' });
    await till.core.close();
    const before = readFileSync(ledgerOf(folder));
    const file = (name: string, bytes: Uint8Array | string): string => {
      writeFileSync(join(world.scratch, name), bytes);
      return join(world.scratch, name);
    };
    const whole = readFileSync(backup);
    const stranger = world.till();
    await applied(stranger, await world.answer(await out(stranger, await world.codeFor())), manager);
    const foreign = join(world.scratch, 'foreign.sqlite');
    copyLedger(join(stranger.folder, 'data', 'ledger.sqlite'), foreign);
    const halved = file('halved.sqlite', whole);
    truncateSync(halved, whole.length >> 1);
    const cases: readonly (readonly [string, readonly string[]])[] = [
      [join(world.scratch, 'nothing'), ['noBackup']],
      [world.scratch, ['noBackup']],
      [file('text.sqlite', 'not a ledger'), ['notABackup']],
      [file('empty.sqlite', ''), ['notABackup']],
      [halved, ['journalDamaged', 'notABackup']],
      [altered('altered.sqlite'), ['journalDamaged']],
      [foreign, ['otherTill']],
    ];
    for (const [path, reasons] of cases) {
      const found = await restoreOn(folder, path);
      expect(found.kind, path).toBe('refused');
      if (found.kind === 'refused') expect(reasons, path).toContain(found.reason);
      expect(readFileSync(ledgerOf(folder)).equals(before), path).toBe(true);
    }
    expect(readdirSync(join(folder, 'data')).filter((name) => name.includes('restoring'))).toEqual([]);
    expect(coreOn(folder, world.town.clock.ms).records().at(-1)?.incarnation).toBe(1);
  });
});

describe('a backup', () => {
  test('is made beside a selling till, read back whole, and holds no key of it', async () => {
    const target = join(world.scratch, 'shelf');
    mkdirSync(target);
    const [first, second] = [1, 2].map(() => copyForHand(ledgerOf(folder), target, '2026-11-24'));
    expect(first).toMatchObject({ kind: 'made', records: textsOf(folder).length, incarnations: 1 });
    expect(second).toMatchObject({ kind: 'made', file: join(target, 'onecard-2026-11-24-2.sqlite') });
    expect(copyForHand(ledgerOf(folder), backup, '2026-11-24')).toMatchObject({ kind: 'refused', reason: 'exists' });
    const keys = readdirSync(join(folder, 'keep'), { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('keys.json'),
    );
    const kept = JSON.parse(readFileSync(join(folder, 'keep', keys ?? ''), 'utf8')) as Record<
      string,
      { privateKey: string }
    >;
    expect(readFileSync(backup).includes(kept['1']?.privateKey ?? 'no key')).toBe(false);
    expect(readFileSync(backup).includes(pins.manager)).toBe(false);
  });

  test('of damaged books is refused and leaves nothing behind', () => {
    const damaged = altered('damaged.sqlite');
    const target = join(world.scratch, 'copies', 'copy.sqlite');
    expect(copyLedger(damaged, target)).toMatchObject({ kind: 'refused', reason: 'journalDamaged' });
    expect(readdirSync(join(world.scratch, 'copies'))).toEqual([]);
  });

  test('of each night stays in a set of so many, and never touches what others left there', async () => {
    const place = join(world.scratch, 'usb');
    mkdirSync(place);
    writeFileSync(join(place, 'ledger-mine.sqlite'), 'mine');
    const copyTo = (target: string) => Promise.resolve(copyLedger(backup, target));
    for (let day = 1; day <= 5; day += 1) await keepCopy(place, `2026-11-0${day}`, 3, copyTo);
    expect(readdirSync(place).sort()).toEqual([
      'ledger-2026-11-03.sqlite',
      'ledger-2026-11-04.sqlite',
      'ledger-2026-11-05.sqlite',
      'ledger-mine.sqlite',
    ]);
  });

  test('goes beside the ledger when its own place is not there, and the night says so', async () => {
    await till.core.close();
    const blocked = join(world.scratch, 'blocked');
    writeFileSync(blocked, 'a file where the disk should be');
    const again = world.till({ town: world.town.api, backups: { folder: blocked, keep: 2 } }, folder);
    await again.ask({ kind: 'signIn', pin: pins.manager });
    await sellBread(again);
    expect(await again.client.night()).toMatchObject({ state: 'matched', backup: 'elsewhere' });
    expect(readdirSync(join(folder, 'data', 'backups'))).toHaveLength(1);
  });
});
