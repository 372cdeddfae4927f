import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDays,
  businessDayOf,
  clockOf,
  DAY_MS,
  dateTimeOf,
  dayOf,
  HOUR_MS,
  judgeTime,
  MINUTE_MS,
  minutesOf,
  startOfDayMs,
  trustTownTime,
  type TimeSeen,
} from './time.ts';

const at = (text: string): number => Date.parse(text);

for (const [what, instant, day, clock] of [
  ['an evening in UTC is the next day in Shanghai', '2024-02-29T16:00:00.000Z', '2024-03-01', '00:00'],
  ['the last millisecond of a leap day', '2024-02-29T15:59:59.999Z', '2024-02-29', '23:59'],
  ['new year comes eight hours before UTC', '2024-12-31T16:00:00.000Z', '2025-01-01', '00:00'],
  ['summer has no other time', '2026-07-01T00:00:00.000Z', '2026-07-01', '08:00'],
] as const) {
  test(`${what}: ${day} ${clock}`, () => {
    expect([dayOf(at(instant)), clockOf(at(instant))]).toEqual([day, clock]);
  });
}

test('a receipt prints date and time of Shanghai to the second', () => {
  expect(dateTimeOf(at('2026-09-18T01:02:03.999Z'))).toBe('2026-09-18 09:02:03');
});

for (const [what, instant, day] of [
  ['a minute before 03:00 belongs to the day before', '2026-03-01T02:59:59.999+08:00', '2026-02-28'],
  ['03:00 begins the new day', '2026-03-01T03:00:00.000+08:00', '2026-03-01'],
  ['midnight ends no business day', '2026-03-01T00:00:00.000+08:00', '2026-02-28'],
  ['noon is its own day', '2026-03-01T12:00:00.000+08:00', '2026-03-01'],
  ['01:00 of new year belongs to the old year', '2026-01-01T01:00:00.000+08:00', '2025-12-31'],
] as const) {
  test(`business day: ${what}`, () => {
    expect(businessDayOf(at(instant), '03:00')).toBe(day);
  });
}

test('a business day that ends at midnight is the calendar day', () => {
  expect(businessDayOf(at('2026-03-01T00:00:00.000+08:00'), '00:00')).toBe('2026-03-01');
});

test('minutes after midnight are read from the clock of a policy', () => {
  expect([minutesOf('00:00'), minutesOf('03:00'), minutesOf('23:59')]).toEqual([0, 180, 1439]);
});

test('a day begins at its first millisecond in Shanghai, and days add up over months and leap years', () => {
  expect(startOfDayMs('2026-03-01')).toBe(at('2026-02-28T16:00:00.000Z'));
  expect([addDays('2024-02-28', 1), addDays('2024-03-01', -1), addDays('2025-12-31', 1)]).toEqual([
    '2024-02-29',
    '2024-02-29',
    '2026-01-01',
  ]);
});

const anyInstant = fc.integer({ min: at('1992-01-01T00:00:00Z'), max: at('2099-12-31T00:00:00Z') });

test('every instant lies within its business day, whatever the hour at which days end', () => {
  fc.assert(
    fc.property(anyInstant, fc.integer({ min: 0, max: 1439 }), (atMs, minutes) => {
      const endsAt = `${String(Math.trunc(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
      const startMs = startOfDayMs(businessDayOf(atMs, endsAt)) + minutes * MINUTE_MS;
      expect(atMs - startMs).toBeGreaterThanOrEqual(0);
      expect(atMs - startMs).toBeLessThan(DAY_MS);
    }),
  );
});

test('days added and taken away come back to the same day', () => {
  fc.assert(
    fc.property(anyInstant, fc.integer({ min: -5000, max: 5000 }), (atMs, days) => {
      expect(addDays(addDays(dayOf(atMs), days), -days)).toBe(dayOf(atMs));
    }),
  );
});

// Judged time.

const noon = at('2026-03-01T12:00:00.000+08:00');
const JUMP = 24 * HOUR_MS;
const good: TimeSeen = { seenMs: noon, suspect: false };

for (const [what, wallMs, atMs, seenMs, suspect, jumpMs] of [
  ['the same instant changes nothing', noon, noon, noon, false, null],
  ['a small step raises the mark', noon + 1, noon + 1, noon + 1, false, null],
  ['a step of exactly 24 h raises the mark', noon + JUMP, noon + JUMP, noon + JUMP, false, null],
  ['a step beyond 24 h is a jump and raises no mark', noon + JUMP + 1, noon + JUMP + 1, noon, true, JUMP + 1],
  ['a wall clock behind the mark is overruled by it', noon - HOUR_MS, noon, noon, false, null],
  ['24 h back is still no jump', noon - JUMP, noon, noon, false, null],
  ['beyond 24 h back is a jump, and time stands at the mark', noon - JUMP - 1, noon, noon, true, -JUMP - 1],
  ['years ahead are a jump', noon + 4000 * DAY_MS, noon + 4000 * DAY_MS, noon, true, 4000 * DAY_MS],
  ['1970 is a jump back', 0, noon, noon, true, -noon],
] as const) {
  test(`judged time: ${what}`, () => {
    expect(judgeTime(good, wallMs, JUMP)).toEqual({ atMs, seen: { seenMs, suspect }, jumpMs });
  });
}

for (const jumpMs of [3 * DAY_MS, -3 * DAY_MS]) {
  test(`judged time: a jump of ${jumpMs / DAY_MS} days is reported once, and doubt stays when the clock comes back`, () => {
    const first = judgeTime(good, noon + jumpMs, JUMP);
    expect(first.jumpMs).toBe(jumpMs);
    const again = judgeTime(first.seen, noon + jumpMs + MINUTE_MS, JUMP);
    expect([again.jumpMs, again.seen.suspect]).toEqual([null, true]);
    const back = judgeTime(again.seen, noon + HOUR_MS, JUMP);
    expect(back).toEqual({ atMs: noon + HOUR_MS, seen: { seenMs: noon + HOUR_MS, suspect: true }, jumpMs: null });
  });
}

test('a town-signed time ends doubt and lowers a mark that was too high', () => {
  const seen = trustTownTime(noon - 5 * DAY_MS);
  expect(seen).toEqual({ seenMs: noon - 5 * DAY_MS, suspect: false });
  expect(judgeTime(seen, noon - 5 * DAY_MS + MINUTE_MS, JUMP).jumpMs).toBeNull();
});

test('after a town-signed time the next jump is reported again', () => {
  const jumped = judgeTime(good, noon + 3 * DAY_MS, JUMP);
  const trusted = trustTownTime(noon);
  expect([jumped.jumpMs, judgeTime(trusted, noon + 3 * DAY_MS, JUMP).jumpMs]).toEqual([3 * DAY_MS, 3 * DAY_MS]);
});

test('no walk of the wall clock lowers the mark, jumps it by more than a step, or reports twice (invariant 18)', () => {
  const step = fc.oneof(
    fc.integer({ min: -2 * JUMP, max: 2 * JUMP }),
    fc.constantFrom(JUMP, -JUMP, JUMP + 1, -JUMP - 1),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let seen = good;
      let wallMs = noon;
      let reports = 0;
      for (const stepMs of steps) {
        wallMs += stepMs;
        const judged = judgeTime(seen, wallMs, JUMP);
        expect(judged.atMs).toBe(Math.max(wallMs, seen.seenMs));
        expect(judged.seen.seenMs).toBeGreaterThanOrEqual(seen.seenMs);
        expect(judged.seen.seenMs - seen.seenMs).toBeLessThanOrEqual(JUMP);
        if (seen.suspect) expect(judged.seen.suspect).toBe(true);
        if (judged.jumpMs !== null) reports += 1;
        seen = judged.seen;
      }
      expect(reports).toBe(seen.suspect ? 1 : 0);
    }),
  );
});
