/**
 * Time of a Chinese town. All instants are milliseconds since 1970 UTC (`atMs`); days are labels `YYYY-MM-DD` in
 * Asia/Shanghai, which has had one fixed offset and no summer time since 1991.
 */
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** The last instant that anybody may name, a year before labels of days run out of digits: some is counted on from it. */
export const LAST_INSTANT_MS = Date.UTC(9999, 0, 1);

function shanghai(atMs: number): string {
  return new Date(atMs + SHANGHAI_OFFSET_MS).toISOString();
}

/** The calendar day in Shanghai, `YYYY-MM-DD`. */
export function dayOf(atMs: number): string {
  return shanghai(atMs).slice(0, 10);
}

/** The wall clock in Shanghai, `HH:MM`. */
export function clockOf(atMs: number): string {
  return shanghai(atMs).slice(11, 16);
}

/** Date and time as a receipt prints them, `YYYY-MM-DD HH:MM:SS`. */
export function dateTimeOf(atMs: number): string {
  return shanghai(atMs).slice(0, 19).replace('T', ' ');
}

/** Minutes after midnight of `HH:MM`. */
export function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

/** The business day that an instant belongs to: a day ends at `endsAt` (`HH:MM`) of the next morning. */
export function businessDayOf(atMs: number, endsAt: string): string {
  return dayOf(atMs - minutesOf(endsAt) * MINUTE_MS);
}

/** The first millisecond of a day in Shanghai. */
export function startOfDayMs(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`) - SHANGHAI_OFFSET_MS;
}

/** The label `days` after `day`; negative goes back. */
export function addDays(day: string, days: number): string {
  return dayOf(startOfDayMs(day) + days * DAY_MS);
}

/** What a till may hold for true about time (protocol, "Time"). */
export type TimeSeen = Readonly<{ seenMs: number; suspect: boolean }>;

export type JudgedTime = Readonly<{ atMs: number; seen: TimeSeen; jumpMs: number | null }>;

/**
 * Judged time is the wall clock unless it stands behind the last time seen. Small steps raise the mark; a step larger
 * than `jumpMs` either way is reported once, marks time as suspect and stops points until a town-signed time comes
 * (invariant 18).
 */
export function judgeTime(seen: TimeSeen, wallMs: number, jumpMs: number): JudgedTime {
  const stepMs = wallMs - seen.seenMs;
  if (Math.abs(stepMs) > jumpMs) {
    const reported = seen.suspect ? null : stepMs;
    return { atMs: Math.max(wallMs, seen.seenMs), seen: { seenMs: seen.seenMs, suspect: true }, jumpMs: reported };
  }
  return {
    atMs: Math.max(wallMs, seen.seenMs),
    seen: { seenMs: Math.max(wallMs, seen.seenMs), suspect: seen.suspect },
    jumpMs: null,
  };
}

/** A town-signed time ends every doubt: it raises the mark, and lowers one that was too high. */
export function trustTownTime(townMs: number): TimeSeen {
  return { seenMs: townMs, suspect: false };
}
