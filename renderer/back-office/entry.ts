import { addDays } from '../../shared/time.ts';

/**
 * A day as people type it at a shelf: '2026-11-01', '2026.11.1', '20261101' or '261101'. Null when it is not a day of
 * the calendar.
 */
export function parseDay(text: string): string | null {
  const plain = text.normalize('NFKC').trim();
  const match =
    /^(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?$/.exec(plain) ?? /^(\d{4}|\d{2})(\d{2})(\d{2})$/.exec(plain) ?? null;
  if (match === null) return null;
  const [, year = '', month = '', day = ''] = match;
  const label = `${year.padStart(4, '20')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const time = Date.parse(`${label}T00:00:00Z`);
  // The 31st of a shorter month would slip into the next one.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(label) ? label : null;
}

/** A whole number from 0 up, or null. */
export function parseWhole(text: string): number | null {
  const plain = text.normalize('NFKC').trim();
  return /^\d{1,9}$/.test(plain) ? Number(plain) : null;
}

/** The last day goods may be sold, as the batch list shows it; null when not both halves are known. */
export function expiryDay(producedOn: string | null, shelfLifeDays: number | null): string | null {
  return producedOn === null || shelfLifeDays === null ? null : addDays(producedOn, shelfLifeDays);
}
