import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../shared/assert.ts';
import { checkDigit } from '../../shared/barcode.ts';
import type { Item } from '../../shared/item.ts';
import type { RecordKind } from '../../shared/journal.ts';
import { cardTokenHash, type MemberView } from '../../shared/member.ts';
import { allotmentInPostings, salePostings } from '../../shared/posting.ts';
import { addDays, DAY_MS, dayOf, HOUR_MS, startOfDayMs } from '../../shared/time.ts';
import { createKeeper, keepName } from '../../electron/core/keeper.ts';
import { openLedger, type Ledger } from '../../electron/core/ledger/ledger.ts';
import { createReplicas } from '../../electron/core/ledger/replicas.ts';
import { createOperators } from '../../electron/core/operators.ts';
import { createPeriods } from '../../electron/core/periods.ts';
import { writeShop as writeShopNames } from '../../electron/core/shop.ts';
import type { Operator, Till } from '../../electron/core/till.ts';
import { hostCrypto, hostWorld, newId } from '../../electron/host-world.ts';
import { openDevices } from '../../electron/devices/devices.ts';
import { tillFolder, writeShop } from '../../electron/shop-folder.ts';
import { NO_DEVICES, SIMULATED_DEVICES } from '../../shared/device-set-up.ts';
import { madeUpItem } from './made-up-goods.ts';
import { benchPolicy, madeUpSale } from './made-up-sales.ts';

/**
 * Shops as large as a budget speaks of, written by the core's own ledger: the same records, postings and projections as
 * at a counter, only many in one transaction. Nothing is copied, so a fixture is never older than the schema.
 */
export type FixtureSize = Readonly<{
  items: number;
  members: number;
  /** Journal records at least; what is missing after goods and members becomes days of trade. */
  records: number;
  /** Whether the last day stays open, as after a night that the machine was off. */
  nightMissed: boolean;
}>;

export type Fixture = Readonly<{
  /** The shop's folder and the one beside it with the till's key. */
  folder: string;
  keepFolder: string;
  codes: readonly string[];
  names: readonly string[];
  /** Cards of members whose points this till holds. */
  cards: readonly string[];
}>;

const TOWN = 'bench-town';
const TILL = 'bench-till';
const TERM = 'bench-term';
const VILLAGE = 'bench-village';
const FUND = 'bench-fund';
const ITEMS_PER_RECORD = 500;
const RECORDS_PER_DAY = 1_000;
const RECORDS_PER_TRANSACTION = 10_000;
/** Points of one member at this till: enough that a basket is never paid by them alone. */
const POINTS_HELD = 30;
const MEMBERS_WITH_POINTS = 2_000;

const manager: Operator = { id: 'bench-manager', name: '店长', role: 'manager' };

/** The token on the card of the `index`th member. */
export function cardOf(index: number): string {
  const digits = `${benchPolicy.card.prefix}${String(index).padStart(10, '0')}`;
  return digits + checkDigit(digits);
}

/** Makes a shop in `place`. Its manager is signed in and has a shift open, so that the first scan is a sale. */
export function makeFixture(place: string, size: FixtureSize): Fixture {
  const folder = join(place, 'shop');
  const keepFolder = join(place, 'keep');
  mkdirSync(tillFolder(folder), { recursive: true });
  mkdirSync(keepFolder, { recursive: true });
  writeShop(folder, { demo: false, townUrl: null, furnished: true, devices: NO_DEVICES });
  const opened = openLedger(join(tillFolder(folder), 'ledger.sqlite'), hostCrypto.hash);
  must(opened.kind === 'opened', 'a new ledger opens');
  const { ledger } = opened;
  const townKey = hostCrypto.newKeys().publicKey;
  const keeper = createKeeper(keepFolder, tillFolder(folder), keepName(TOWN, TILL, townKey, hostCrypto), hostCrypto);
  const keys = keeper.makeKeys(1);
  const writer = writerOf(folder, keepFolder, ledger, size);
  writer.begin(keys.publicKey, townKey);
  const items = writer.fillShelves();
  const cards = writer.admitMembers();
  writer.trade(items, keys.privateKey);
  // Seen until now, or the days of trade behind it would look like a clock that jumped.
  ledger.setSetting('timeSeen', JSON.stringify({ seenMs: Date.now(), suspect: false }));
  keeper.raise(ledger.head());
  keeper.close();
  ledger.close();
  return {
    folder,
    keepFolder,
    codes: items.map((item) => item.code),
    names: items.slice(0, 2_000).map((item) => item.name),
    cards,
  };
}

function writerOf(folder: string, keepFolder: string, ledger: Ledger, size: FixtureSize) {
  const today = dayOf(Date.now());
  const days = Math.max(1, Math.ceil(size.records / RECORDS_PER_DAY));
  let day = addDays(today, -days);
  let atMs = startOfDayMs(day) + 8 * HOUR_MS;
  const replicas = createReplicas(ledger);
  const world = hostWorld({
    dataFolder: tillFolder(folder),
    keepFolder,
    devices: openDevices(SIMULATED_DEVICES),
    town: null,
    demo: null,
    log: () => {},
  });
  const till: Till = {
    world,
    ledger,
    replicas,
    atMs: () => atMs,
    businessDay: () => day,
    policy: () => benchPolicy,
    operator: () => manager,
    record: (draft) => ledger.record(draft, atMs, day),
    codeOf: (text) => text,
  };
  const write = <K extends RecordKind>(draft: Parameters<typeof till.record<K>>[0]): void => {
    const recorded = till.record(draft);
    must(recorded.kind === 'recorded', 'a fixture records each fact once');
  };

  const begin = (publicKey: string, townKey: string): void => {
    ledger.transaction(() => {
      writeShopNames(ledger, {
        townName: '测试镇',
        shopName: '测试超市',
        shopAddress: '',
        hotline: '',
        tillName: '1号机',
        townKey,
      });
      ledger.setSetting('enrolledIncarnation', '1');
      ledger.begin(
        { town: TOWN, shop: 'bench-shop', till: TILL, incarnation: 1 },
        {
          kind: 'genesis',
          id: newId(),
          operator: null,
          body: { publicKey, incarnationId: newId(), because: 'enrolled' },
        },
        atMs,
        day,
      );
      const { id, name, role } = manager;
      createOperators(
        till,
        () => false,
        () => null,
      ).save({ kind: 'saveOperator', id, name, role, pin: '1234', active: true }, true);
      ledger.setSetting('signedIn', id);
      replicas.putPolicy(benchPolicy.version, { bytes: JSON.stringify(benchPolicy), signature: '' });
      const shift = newId();
      write({ kind: 'shiftOpen', id: shift, operator: id, body: { shift, floatFen: 0, carriedFen: 0 } });
    });
  };

  const fillShelves = (): Item[] => {
    const items: Item[] = [];
    for (let from = 0; from < size.items; from += ITEMS_PER_RECORD * 20) {
      ledger.transaction(() => {
        for (let start = from; start < Math.min(size.items, from + ITEMS_PER_RECORD * 20); start += ITEMS_PER_RECORD) {
          const count = Math.min(ITEMS_PER_RECORD, size.items - start);
          const some = Array.from({ length: count }, (_, index) => madeUpItem(start + index));
          write({
            kind: 'itemChange',
            id: newId(),
            operator: manager.id,
            body: { source: 'bench', items: some },
          });
          items.push(...some);
        }
      });
    }
    return items;
  };

  const admitMembers = (): string[] => {
    const withPoints = Math.min(size.members, MEMBERS_WITH_POINTS);
    const endMs = Date.now() + 3 * DAY_MS;
    ledger.transaction(() => {
      for (let index = 0; index < size.members; index += 1) {
        const token = cardOf(index);
        replicas.putMember(memberView(index, index < withPoints ? POINTS_HELD : 0), 1);
        replicas.putCard({
          id: `bench-card-${index}`,
          tokenHash: cardTokenHash(token, TOWN, hostCrypto.hash),
          member: memberId(index),
          lastFour: token.slice(-4),
          state: 'active',
          expiresOn: null,
        });
      }
      if (withPoints === 0) return;
      ledger.setSetting('membersAsOfMs', String(Date.now()));
      write({
        kind: 'statementApplied',
        id: newId(),
        operator: null,
        body: {
          number: 1,
          hash: ledger.head().hash,
          ackSeq: 0,
          ackHash: ledger.head().hash,
          term: { id: TERM, endMs },
          townMs: atMs,
          state: 'matched',
          breaks: 0,
        },
      });
      for (let index = 0; index < withPoints; index += 1) grant(index, POINTS_HELD);
    });
    return Array.from({ length: withPoints }, (_, index) => cardOf(index));
  };

  const lotOf = (index: number) => ({
    lot: `bench-lot-${index}`,
    village: VILLAGE,
    fund: FUND,
    expiresOn: addDays(today, 300),
  });

  const grant = (index: number, points: number): void => {
    const lots = [{ ...lotOf(index), points }];
    const id = newId();
    write({
      kind: 'allotmentIn',
      id,
      operator: null,
      body: {
        source: 'topUp',
        grant: { id, till: TILL, incarnation: 1, term: TERM, member: memberId(index), lots },
      },
      postings: allotmentInPostings(TERM, lots),
    });
  };

  let counter = 0;
  const sell = (items: readonly Item[], shift: string, turn: number): void => {
    // Every third customer shows a card, and every sixth pays a part with a point that has just been topped up.
    const index = turn % 3 === 0 && size.members > 0 ? (turn * 13) % size.members : null;
    const points = index !== null && turn % 6 === 0 ? 1 : 0;
    if (index !== null && points > 0) grant(index, points);
    counter += 1;
    const body = madeUpSale({
      turn,
      items,
      shift,
      counter,
      atMs,
      day,
      receipt: `B01-1-${String(counter).padStart(7, '0')}`,
      member:
        index === null
          ? null
          : {
              id: memberId(index),
              card: `bench-card-${index}`,
              village: VILLAGE,
              stars: starsOf(index),
              lots:
                points === 0
                  ? []
                  : [
                      {
                        ...lotOf(index),
                        term: TERM,
                        points,
                      },
                    ],
            },
    });
    write({
      kind: 'sale',
      id: newId(),
      operator: manager.id,
      body,
      postings: salePostings(body),
      stock: body.lines.map((line, position) => ({
        item: line.item,
        batch: null,
        delta: -line.quantity,
        line: position,
      })),
    });
  };

  /** Days of trade, each closed by the core's own closing, the last one left open where its night was missed. */
  const trade = (items: readonly Item[], privateKey: string): void => {
    const periods = createPeriods(till, () => hostCrypto.signWith(privateKey));
    const shift = ledger.get<{ id: string }>('SELECT id FROM shift')?.id ?? '';
    let turn = 0;
    while (ledger.head().seq < size.records) {
      ledger.transaction(() => {
        const until = Math.min(size.records, ledger.head().seq + RECORDS_PER_TRANSACTION);
        while (ledger.head().seq < until) {
          const dayEnd = Math.min(size.records - 1, ledger.head().seq + RECORDS_PER_DAY);
          while (ledger.head().seq < dayEnd) {
            sell(items, shift, turn);
            turn += 1;
            atMs += 20_000;
          }
          if (ledger.head().seq >= size.records - 1) break;
          periods.close();
          day = addDays(day, 1);
          atMs = startOfDayMs(day) + 8 * HOUR_MS;
        }
        if (ledger.head().seq >= size.records - 1) {
          if (size.nightMissed) sell(items, shift, turn);
          else periods.close();
        }
      });
    }
    if (size.records === 0) ledger.transaction(() => void periods.close());
  };

  return { begin, fillShelves, admitMembers, trade };
}

const memberId = (index: number): string => `bench-member-${String(index).padStart(6, '0')}`;
const starsOf = (index: number): number => index % 6;

function memberView(index: number, townPoints: number): MemberView {
  return {
    id: memberId(index),
    mask: '张**',
    village: VILLAGE,
    villageName: '测试村',
    stars: starsOf(index),
    state: 'active',
    standingWish: 'none',
    townPoints,
    spentToday: 0,
    spentThisMonth: 0,
    spentDay: '2026-01-01',
    nextExpiry: null,
    savedThisYearFen: 0,
    countedSeq: 0,
    asOfMs: Date.now(),
  };
}
