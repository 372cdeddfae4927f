import type { LotState } from '../shared/allotment.ts';
import { must } from '../shared/assert.ts';
import type { JournalRecord } from '../shared/journal.ts';
import { MOVEMENTS_SHOWN, type Movement } from '../shared/points-slip.ts';
import { bodyOf } from '../shared/record-bodies.ts';
import { addDays, MINUTE_MS, minutesOf, startOfDayMs } from '../shared/time.ts';
import { remainingPoints } from './members.ts';
import type { Rows, Transaction } from './store.ts';
import { present, type Town } from './town.ts';

/**
 * Movements of a member's points, like the lines of a passbook. Each is written in the transaction that moves the points,
 * with what it does to the balance; what expired is read from the lots, since a sale that was made in time may be heard
 * of long after a lot's last day. So all movements of a member always come to the balance, and the balance behind each
 * of the newest is counted back from it.
 */

/** What a lot is or was its holder's, spent points aside: the part that a shortfall bears never was taken from them. */
function claimOf({ issued, spent, shortfall, overdrawn }: LotState): number {
  return Math.max(0, issued - spent + shortfall - overdrawn);
}

type Listed = LotState & Readonly<{ unlisted: number }>;

/** What a lot stands for in the list: every movement of it together, its expiry left out. */
function listedOf(lot: Listed): number {
  return claimOf(lot) - lot.unlisted;
}

/** By how much the balance of its holder moved when a lot became another, or began. */
export function movedBalance(before: Listed | null, after: Listed): number {
  return listedOf(after) - (before === null ? 0 : listedOf(before));
}

/** That a lot was credited. */
export function earning(before: Rows['lot'] | null, lot: Rows['lot'], points: number, atMs: number): Rows['movement'] {
  const moved = movedBalance(before, lot);
  return {
    member: lot.member,
    movement: `lot:${lot.lot}`,
    kind: 'earned',
    atMs,
    points: moved,
    borne: points - moved,
    lot: lot.lot,
    till: null,
    incarnation: null,
    seq: null,
  };
}

/** That a record of a till spent points or gave them back, as far as its lots are one member's; adds to what it did before. */
export function tillMovement(
  before: Rows['movement'] | undefined,
  member: string,
  kind: 'spent' | 'returned',
  where: Readonly<{ till: string; incarnation: number; seq: number; atMs: number }>,
  moved: number,
  said: number,
): Rows['movement'] {
  const { till, incarnation, seq, atMs } = where;
  return {
    member,
    movement: `${till}:${incarnation}:${seq}`,
    kind,
    atMs,
    points: (before?.points ?? 0) + moved,
    borne: (before?.borne ?? 0) + said - Math.abs(moved),
    lot: null,
    till,
    incarnation,
    seq,
  };
}

/** The balance and the newest movements of a member, so many of them. */
export async function newestMovements(
  town: Town,
  transaction: Transaction,
  member: string,
  limit: number = MOVEMENTS_SHOWN,
): Promise<{ balance: number; movements: Movement[] }> {
  const { today, policy } = await present(town, transaction);
  const lots = await transaction.list('lot', { equal: { member } });
  const rows = await transaction.list('movement', {
    equal: { member },
    order: ['atMs', 'movement'],
    descending: true,
    limit,
  });
  const live = lots.filter((lot) => lot.expiresOn >= today);
  const balance = live.reduce((sum, lot) => sum + remainingPoints(lot), 0);
  const expired = lots.flatMap((lot) => {
    const points = listedOf(lot);
    if (lot.expiresOn >= today || points <= 0) return [];
    const atMs = startOfDayMs(addDays(lot.expiresOn, 1)) + minutesOf(policy.businessDay.endsAt) * MINUTE_MS;
    return [{ kind: 'expired' as const, atMs, points: -points, borne: 0, lot }];
  });
  const newest = [...rows, ...expired].toSorted((a, b) => b.atMs - a.atMs).slice(0, limit);
  const villages = new Map((await transaction.list('village')).map((row) => [row.village, row.name]));
  let after = balance;
  const movements: Movement[] = [];
  for (const row of newest) {
    const words = row.kind === 'expired' ? givenBy(row.lot, villages) : await wordsOf(transaction, row, lots, villages);
    const { atMs, kind, points, borne } = row;
    movements.push({ atMs, kind, points, borne, balance: after, ...words });
    after -= points;
  }
  return { balance, movements };
}

type Words = Pick<Movement, 'place' | 'about'>;

async function wordsOf(
  transaction: Transaction,
  row: Rows['movement'],
  lots: readonly Rows['lot'][],
  villages: ReadonlyMap<string, string>,
): Promise<Words> {
  const lot = lots.find((one) => one.lot === row.lot);
  if (lot !== undefined) return givenBy(lot, villages);
  const { till, incarnation, seq } = row;
  if (till === null || incarnation === null || seq === null) return { place: '', about: '' };
  const stored = await transaction.get('record', { till, incarnation, seq });
  must(stored !== null, `the record of movement ${row.movement} was folded and is not there`);
  // Intake read it in full, its body too; nothing else writes these rows.
  const record = JSON.parse(stored.text) as JournalRecord;
  const shop = await transaction.get('shop', { shop: record.shop });
  const document = bodyOf(record, 'sale') ?? bodyOf(record, 'refund');
  return { place: shop?.name ?? record.shop, about: document?.receipt ?? '' };
}

function givenBy(lot: Rows['lot'], villages: ReadonlyMap<string, string>): Words {
  const village = villages.get(lot.village) ?? lot.village;
  // Most funds are called after their village.
  return { place: lot.fund.includes(village) ? lot.fund : `${village} ${lot.fund}`, about: lot.note };
}
