import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever } from '../../shared/assert.ts';
import type { ChainHead } from '../../shared/journal.ts';
import { signRequest } from '../../shared/signed.ts';
import { dateTimeOf } from '../../shared/time.ts';
import { syncPath } from './backup.ts';
import { holdFolder, type Holder } from './folder.ts';
import { createKeeper, keepName, type Keeper } from './keeper.ts';
import { diskTrouble, inspectDatabase, openReadOnly } from './ledger/database.ts';
import { openLedger, type Identity, type Ledger } from './ledger/ledger.ts';
import { verifyChain } from './ledger/verify.ts';
import { provenRecords } from './own-records.ts';
import { isPracticeLedger } from './practice.ts';
import { readShop } from './shop.ts';
import type { TownApi } from './town-api.ts';
import type { World } from './world.ts';

/** What was found where, after a backup was put in place. Records are counted over all incarnations. */
export type Restored = Readonly<{
  kind: 'restored';
  till: string;
  /** The incarnation that the backup is of; the till goes on as a later one. */
  incarnation: number;
  /** Records in the backup. */
  inBackup: number;
  /** Records taken from the ledger that stood in the folder before, where it could still be read. */
  fromOldLedger: number;
  /** Records that came back from the town. */
  fromTown: number;
  /** How the town was asked, or why it could not be. */
  town: 'asked' | 'noKey' | 'unreachable' | 'refused';
  /**
   * Records that this machine once had on disk and nobody has any more; null when it never saw this till, so that
   * nobody can say.
   */
  missing: number | null;
  /** Where the folder's former ledger lies now; null when there was none. */
  setAside: string | null;
}>;

export type RestoreRefusal =
  | 'held'
  | 'noBackup'
  | 'notABackup'
  | 'otherTill'
  | 'practiceLedger'
  | 'newerDatabase'
  | 'journalDamaged'
  | 'notAFolder'
  | 'diskFull'
  | 'ioError';

export type RestoreRefused = Readonly<{
  kind: 'refused';
  reason: RestoreRefusal;
  detail: string;
  holder: Holder | null;
}>;

type RestoreWorld = Pick<World, 'dataFolder' | 'keepFolder' | 'crypto' | 'town' | 'processId' | 'log'> &
  Readonly<{ clock: Pick<World['clock'], 'nowMs'> }>;

/** Files of a ledger, and what belongs to its very last moment and so to no copy of it. */
const LEDGER = 'ledger.sqlite';
const BESIDE = ['ledger.sqlite-wal', 'ledger.sqlite-shm', 'open-sale.log'];

/**
 * Puts a backup in the place of a till's ledger (invariant 11). What the copy lacks is taken from the former ledger as
 * far as that can be read, and from the town as far as this machine still has the key to ask with. Nothing is deleted
 * (invariant 24): the former ledger is set aside. The copy is marked, so that the till goes on as its next incarnation whatever the
 * high-water mark says. Until the last rename the folder stands as it was.
 */
export async function restore(world: RestoreWorld, backup: string): Promise<Restored | RestoreRefused> {
  const refused = (reason: RestoreRefusal, detail: string, holder: Holder | null = null): RestoreRefused => ({
    kind: 'refused',
    reason,
    detail,
    holder,
  });
  if (!existsSync(backup) || !statSync(backup).isFile()) return refused('noBackup', backup);
  const held = holdFolder(world.dataFolder, world.processId);
  if (held.kind === 'refused') return refused(held.reason, held.detail, held.holder);
  const draft = join(world.dataFolder, 'ledger.restoring.sqlite');
  try {
    const fault = faultOfBackup(backup);
    if (fault !== null) return refused(fault.reason, fault.detail);
    mkdirSync(world.keepFolder, { recursive: true, mode: 0o700 });
    for (const name of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(name, { force: true });
    copyFileSync(backup, draft);
    const opened = openLedger(draft, world.crypto.hash);
    if (opened.kind === 'refused') return refused(opened.reason, opened.detail);
    const { ledger } = opened;
    if (isPracticeLedger(ledger)) {
      ledger.close();
      return refused('practiceLedger', backup);
    }
    let found: Omit<Restored, 'setAside'> | RestoreRefused;
    try {
      found = await fill(world, ledger);
    } finally {
      ledger.close();
    }
    if (found.kind === 'refused') return found;
    syncPath(draft);
    return { ...found, setAside: swap(world, draft) };
  } catch (error) {
    const trouble = diskTrouble(error);
    if (trouble === null) throw error;
    return refused(trouble, error instanceof Error ? error.message : '');
  } finally {
    for (const name of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(name, { force: true });
    held.folder.release();
  }
}

/** Whether a file is a whole, sound ledger of an enrolled till; it is only read. */
function faultOfBackup(backup: string): { reason: RestoreRefusal; detail: string } | null {
  try {
    const refused = inspectDatabase(backup, (database) => {
      const tables = database.prepare(`SELECT 1 FROM sqlite_master WHERE name IN ('journal', 'setting')`).all();
      return tables.length === 2 ? null : 'no journal';
    });
    if (refused?.detail === 'no journal') return { reason: 'notABackup', detail: backup };
    if (refused !== null) {
      const isNoLedger = refused.reason === 'journalDamaged' && !isLedger(backup);
      return { reason: isNoLedger ? 'notABackup' : refused.reason, detail: refused.detail };
    }
    if (!isLedger(backup)) return { reason: 'notABackup', detail: backup };
    const verified = verifyChain(backup);
    return verified.state === 'sound' ? null : { reason: 'journalDamaged', detail: verified.fault ?? '' };
  } catch (error) {
    return { reason: diskTrouble(error) ?? 'notABackup', detail: error instanceof Error ? error.message : '' };
  }
}

/** Who a ledger file belongs to; null for a file that is none, or of a till that never had a name. */
function identityIn(file: string): Identity | null {
  try {
    const database = openReadOnly(file);
    try {
      const row = database.prepare<[], { value: string }>(`SELECT value FROM setting WHERE key = 'identity'`).get();
      return row === undefined ? null : (JSON.parse(row.value) as Identity);
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

const isLedger = (file: string): boolean => identityIn(file) !== null;

/** Marks the copy and adds to it what the former ledger and the town have beyond it. */
async function fill(world: RestoreWorld, ledger: Ledger): Promise<Omit<Restored, 'setAside'> | RestoreRefused> {
  const identity = ledger.identity();
  const former = join(world.dataFolder, LEDGER);
  const other = existsSync(former) ? identityIn(former) : null;
  if (identity === null) return { kind: 'refused', reason: 'notABackup', detail: '', holder: null };
  if (other !== null && (other.town !== identity.town || other.till !== identity.till)) {
    return { kind: 'refused', reason: 'otherTill', detail: `${other.town} ${other.till}`, holder: null };
  }
  const count = (): number => ledger.get<{ count: number }>('SELECT COUNT(*) AS count FROM journal')?.count ?? 0;
  const inBackup = count();
  ledger.setSetting('restored', JSON.stringify({ atMs: world.clock.nowMs(), incarnation: identity.incarnation }));
  ledger.setSetting('signedIn', '');
  const keeper = createKeeper(
    world.keepFolder,
    world.dataFolder,
    keepName(identity.town, identity.till, readShop(ledger).townKey, world.crypto),
    world.crypto,
  );
  try {
    if (other !== null) takeFromFormer(world, ledger, former);
    const afterFormer = count();
    const mark = keeper.mark();
    const town = await takeFromTown(world, ledger, keeper, mark);
    const records = count();
    return {
      kind: 'restored',
      till: identity.till,
      incarnation: identity.incarnation,
      inBackup,
      fromOldLedger: afterFormer - inBackup,
      fromTown: records - afterFormer,
      town,
      missing: mark === null ? null : Math.max(0, mark.seq - ledger.headOf(mark.incarnation).seq),
    };
  } finally {
    keeper.close();
  }
}

/** Few at a time, so that a damaged page of the file takes few sound records with it. */
const PAGE = 50;

/** Continues each chain with what the former ledger still gives; a page that cannot be read ends it. */
function takeFromFormer(world: RestoreWorld, ledger: Ledger, former: string): void {
  try {
    const database = openReadOnly(former);
    try {
      const incarnations = database
        .prepare<[], number>('SELECT DISTINCT incarnation FROM journal ORDER BY incarnation')
        .pluck()
        .all();
      const page = database
        .prepare<[number, number, number], string>(
          'SELECT text FROM journal WHERE incarnation = ? AND seq > ? ORDER BY seq LIMIT ?',
        )
        .pluck();
      for (const incarnation of incarnations) {
        for (;;) {
          const texts = page.all(incarnation, ledger.headOf(incarnation).seq, PAGE);
          if (texts.length === 0 || ledger.extend(incarnation, texts).fault !== null) break;
        }
      }
    } finally {
      database.close();
    }
  } catch (error) {
    world.log(`the former ledger gave no more: ${error instanceof Error ? error.message : ''}`);
  }
}

/**
 * Fetches from the town what the copy lacks, signed with the newest key that this machine keeps of the till. Each page is
 * held, hash by hash, to the town's signature.
 */
async function takeFromTown(
  world: RestoreWorld,
  ledger: Ledger,
  keeper: Keeper,
  mark: ChainHead | null,
): Promise<Restored['town']> {
  const identity = ledger.identity();
  const { town } = world;
  if (identity === null || town === null) return 'unreachable';
  const newest = Math.max(identity.incarnation, mark?.incarnation ?? 0);
  const speaking = Array.from({ length: newest }, (_, index) => newest - index).find(
    (incarnation) => keeper.keys(incarnation) !== null,
  );
  const keys = speaking === undefined ? null : keeper.keys(speaking);
  if (speaking === undefined || keys === null) return 'noKey';
  const sign = world.crypto.signWith(keys.privateKey);
  const from = { town: identity.town, till: identity.till, incarnation: speaking };
  try {
    for (let of = 1; of <= speaking; of += 1) {
      const outcome = await fetchChain(world, ledger, town, (fields) => signRequest({ ...from, ...fields }, sign), of);
      if (outcome === 'refused' && of === speaking) return 'refused';
    }
    return 'asked';
  } catch (error) {
    world.log(`the town was not asked: ${error instanceof Error ? error.message : ''}`);
    return 'unreachable';
  }
}

type OwnRequest = Parameters<TownApi['ownRecords']>[0];

async function fetchChain(
  world: RestoreWorld,
  ledger: Ledger,
  town: TownApi,
  signed: (fields: Readonly<{ of: number; afterSeq: number; hash: string }>) => OwnRequest,
  of: number,
): Promise<'whole' | 'refused'> {
  for (;;) {
    const head = ledger.headOf(of);
    const page = await town.ownRecords(signed({ of, afterSeq: head.seq, hash: head.hash }));
    if (page.kind === 'refused') return 'refused';
    const own = provenRecords(world.crypto, ledger, of, page);
    if (own === null) return 'refused';
    if (own.texts.length > 0 && ledger.extend(of, own.texts).fault !== null) return 'refused';
    if (!page.more) return 'whole';
  }
}

/** Sets the former ledger aside and puts the draft in its place, in steps of which each leaves a whole ledger. */
function swap(world: RestoreWorld, draft: string): string | null {
  const { dataFolder } = world;
  const former = join(dataFolder, LEDGER);
  const names = [LEDGER, ...BESIDE].filter((name) => existsSync(join(dataFolder, name)));
  if (names.length === 0) {
    renameSync(draft, former);
    syncPath(dataFolder);
    return null;
  }
  const moment = dateTimeOf(world.clock.nowMs()).replaceAll(/[-:]/g, '').replace(' ', '-');
  const aside = freeName(join(dataFolder, `set-aside-${moment}`));
  mkdirSync(aside, { recursive: true });
  // The ledger itself is copied and stays until the rename; a log left beside the new file would be taken for its own.
  if (existsSync(former)) copyFileSync(former, join(aside, LEDGER));
  for (const name of BESIDE) {
    if (existsSync(join(dataFolder, name))) renameSync(join(dataFolder, name), join(aside, name));
  }
  syncPath(aside);
  renameSync(draft, former);
  syncPath(dataFolder);
  return aside;
}

function freeName(wanted: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!existsSync(name)) return name;
  }
}

/** Why a restore could not be done, in words that say what is safe and what to do. */
export function restoreWords(reason: RestoreRefusal): string {
  switch (reason) {
    case 'held':
      return '这个门店正开着，先退出收银台再恢复；没有改动任何文件';
    case 'noBackup':
      return '找不到这个备份文件';
    case 'notABackup':
      return '这不是收银机的备份文件；没有改动任何文件';
    case 'otherTill':
      return '这个文件夹是另一台收银机的，备份不是它的；没有改动任何文件';
    case 'practiceLedger':
      return '这是练习时的账本，里面的买卖不算数，不能恢复；没有改动任何文件';
    case 'newerDatabase':
      return '备份是更新版本的程序写的，请先升级；没有改动任何文件';
    case 'journalDamaged':
      return '备份核对不过，请换一份更早的备份；没有改动任何文件';
    case 'notAFolder':
      return '门店文件夹打不开';
    case 'diskFull':
      return '磁盘满了，腾出空间再恢复；原来的账本没有动';
    case 'ioError':
      return '磁盘读写出错；原来的账本没有动';
    default:
      return assertNever(reason);
  }
}
