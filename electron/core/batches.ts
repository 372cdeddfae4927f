import type { Item } from '../../shared/item.ts';
import { addDays } from '../../shared/time.ts';
import type { Ledger } from './ledger/ledger.ts';

/** What is left of a delivery: pieces or grams. */
export type RemainingBatch = Readonly<{
  batch: string;
  receivedAtMs: number;
  remaining: number;
  expiresOn: string | null;
}>;

type BatchRow = Readonly<{ batch: string; received_at_ms: number; quantity: number; expires_on: string | null }>;

/**
 * What stock on hand leaves of each delivery, oldest first, when the oldest goods are sold first: a till does not see
 * which packet the customer took. So what is on hand is the newest deliveries; spent ones are left out.
 */
export function remainingBatches(ledger: Ledger, item: string): RemainingBatch[] {
  let left = ledger.get<{ quantity: number }>('SELECT quantity FROM stock WHERE item = ?', item)?.quantity ?? 0;
  if (left <= 0) return [];
  const newestFirst = ledger.all<BatchRow>(
    'SELECT batch, received_at_ms, quantity, expires_on FROM batch WHERE item = ? ORDER BY received_at_ms DESC, batch DESC',
    item,
  );
  const remaining: RemainingBatch[] = [];
  for (const row of newestFirst) {
    if (left <= 0) break;
    const taken = Math.min(left, row.quantity);
    remaining.push({
      batch: row.batch,
      receivedAtMs: row.received_at_ms,
      remaining: taken,
      expiresOn: row.expires_on,
    });
    left -= taken;
  }
  return remaining.reverse();
}

/**
 * True when every delivery that still has stock is past its date on `day`, so that whatever packet is at the till has
 * expired (R-P12). The date itself is still good. Stock that no delivery explains is older than all of them, and an item
 * without known stock is never stopped, because the books cannot know better than the hand that holds it.
 */
export function expiredBatchWarning(ledger: Ledger, item: string, day: string): boolean {
  const remaining = remainingBatches(ledger, item);
  return remaining.length > 0 && remaining.every(({ expiresOn }) => expiresOn !== null && expiresOn < day);
}

/** Days before the date from which goods are near it: 30, 7 or 1 by how long they keep at all (R-P12). */
const NEAR_EXPIRY = [
  { keepsDays: 180, nearDays: 30 },
  { keepsDays: 15, nearDays: 7 },
  { keepsDays: 0, nearDays: 1 },
] as const;

/** Longest of the spans above, and what counts for goods whose shelf life nobody entered. */
const NEAR_DAYS_MAX = 30;

/** Ids of the items with stock that has expired or is near its date on `day` (FOOD 54). */
export function expiringItems(ledger: Ledger, day: string): string[] {
  const rows = ledger.all<{ item: string; shelf_life_days: number | null }>(
    `SELECT DISTINCT b.item AS item, i.shelf_life_days AS shelf_life_days FROM batch b
     JOIN item i ON i.id = b.item JOIN stock s ON s.item = b.item
     WHERE b.expires_on IS NOT NULL AND b.expires_on <= ? AND s.quantity > 0 ORDER BY b.item`,
    addDays(day, NEAR_DAYS_MAX),
  );
  return rows
    .filter((row) => {
      const last = addDays(day, nearDaysOf(row.shelf_life_days));
      return remainingBatches(ledger, row.item).some(({ expiresOn }) => expiresOn !== null && expiresOn <= last);
    })
    .map((row) => row.item);
}

function nearDaysOf(shelfLifeDays: Item['shelfLifeDays']): number {
  if (shelfLifeDays === null) return NEAR_DAYS_MAX;
  return NEAR_EXPIRY.find(({ keepsDays }) => shelfLifeDays >= keepsDays)?.nearDays ?? NEAR_DAYS_MAX;
}
