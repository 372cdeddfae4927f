import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { createJudgedClock } from './judged-clock.ts';
import { openTestTill, type TestTill } from './test-till.ts';

const limits = () => ({ warnMinutes: 5, jumpHours: 24 });

let till: TestTill;
let jumps: number[];
let wallMs: number;
let startMs: number;
beforeEach(() => {
  till = openTestTill();
  jumps = [];
  startMs = till.world.clock.nowMs();
  wallMs = startMs;
});
afterEach(() => till.close());

const open = () =>
  createJudgedClock(
    { ...till.world.clock, nowMs: () => wallMs },
    till.ledger,
    limits,
    (jumpMs) => void jumps.push(jumpMs),
  );

let signIns = 0;
const recordAt = (atMs: number): void => {
  signIns += 1;
  till.ledger.record(
    { kind: 'signIn', id: `look-${signIns}`, operator: null, body: { operator: '', outcome: 'wrongPin' } },
    atMs,
    till.businessDay(),
  );
};

test('time never runs backwards, and small steps back are waited out', () => {
  const clock = open();
  wallMs += HOUR_MS;
  expect(clock.atMs()).toBe(startMs + HOUR_MS);
  wallMs -= 30 * MINUTE_MS;
  expect(clock.atMs()).toBe(startMs + HOUR_MS);
  expect(clock.state()).toBe('good');
  wallMs += 31 * MINUTE_MS;
  expect(clock.atMs()).toBe(startMs + HOUR_MS + MINUTE_MS);
  expect(jumps).toEqual([]);
});

test('steps of a day at most are time that passed, however many there are', () => {
  const clock = open();
  for (let step = 0; step < 10; step += 1) {
    wallMs += 24 * HOUR_MS;
    expect(clock.atMs()).toBe(wallMs);
  }
  expect([jumps, clock.suspect()]).toEqual([[], false]);
});

test('a larger step is told once, makes time suspect, and only the town ends that', () => {
  const clock = open();
  wallMs += 400 * DAY_MS;
  for (let look = 0; look < 3; look += 1) clock.atMs();
  expect(jumps).toEqual([400 * DAY_MS]);
  expect(clock.state()).toBe('suspect');
  // Set right again by hand it is still a clock that lied.
  wallMs = startMs + MINUTE_MS;
  expect(clock.atMs()).toBe(wallMs);
  expect(clock.suspect()).toBe(true);
  clock.trust(wallMs);
  expect(clock.state()).toBe('good');
  expect(clock.atMs()).toBe(wallMs);
});

test('a town time that the wall clock is a jump away from does not make the wall clock right', () => {
  const clock = open();
  wallMs += 400 * DAY_MS;
  clock.atMs();
  clock.trust(startMs);
  expect(clock.suspect()).toBe(true);
  wallMs = startMs;
  clock.trust(startMs);
  expect(clock.suspect()).toBe(false);
});

test('a town time lowers a mark that was too high', () => {
  const clock = open();
  wallMs += 20 * HOUR_MS;
  clock.atMs();
  wallMs = startMs;
  expect(clock.atMs()).toBe(startMs + 20 * HOUR_MS);
  clock.trust(startMs);
  expect(clock.atMs()).toBe(startMs);
});

test('more than five minutes off shows, and how far', () => {
  const clock = open();
  clock.trust(wallMs - 5 * MINUTE_MS);
  expect(clock.state()).toBe('good');
  clock.trust(wallMs - 6 * MINUTE_MS);
  expect([clock.state(), clock.offMs()]).toEqual(['off', 6 * MINUTE_MS]);
});

test('what was seen comes back after a restart, a doubt too', () => {
  open().trust(startMs);
  recordAt(startMs + 2 * HOUR_MS);
  wallMs = startMs;
  expect(open().atMs()).toBe(startMs + 2 * HOUR_MS);
  wallMs += 400 * DAY_MS;
  const doubtful = open();
  doubtful.atMs();
  // Not before its record: a process that ends here sees the jump again.
  expect([open().atMs(), jumps.length]).toEqual([wallMs, 2]);
  doubtful.persist();
  wallMs = startMs + 3 * HOUR_MS;
  expect(open().suspect()).toBe(true);
});

test('a mark that the town lowered stays lowered over the records made before, and goes on with those made since', () => {
  const clock = open();
  recordAt(startMs + 20 * HOUR_MS);
  clock.trust(startMs + MINUTE_MS);
  expect(open().atMs()).toBe(startMs + MINUTE_MS);
  recordAt(startMs + HOUR_MS);
  expect(open().atMs()).toBe(startMs + HOUR_MS);
});

test('a till that kept no mark begins at its last record', () => {
  till.record({ kind: 'signIn', id: 'sign-in-1', operator: null, body: { operator: '', outcome: 'wrongPin' } });
  wallMs = startMs - HOUR_MS;
  expect(open().atMs()).toBe(startMs);
});

test('a time on a stick ends a doubt where the wall clock says that it is fresh', () => {
  const clock = open();
  wallMs += 40 * HOUR_MS;
  clock.atMs();
  expect(clock.suspect()).toBe(true);
  clock.trustCarried(wallMs - 2 * HOUR_MS);
  expect([clock.suspect(), clock.atMs()]).toEqual([false, wallMs]);
});

test('a statement older than the newest word of the town ends no doubt and takes no time back, also after a restart', () => {
  const clock = open();
  clock.atMs();
  const townMs = startMs + 26 * HOUR_MS;
  wallMs = townMs - 25 * HOUR_MS;
  clock.trust(townMs);
  expect([clock.suspect(), clock.atMs()]).toEqual([true, townMs]);
  clock.trustCarried(wallMs - 2 * HOUR_MS);
  expect([clock.suspect(), clock.atMs()]).toEqual([true, townMs]);
  const again = open();
  again.trustCarried(wallMs - HOUR_MS);
  expect([again.suspect(), again.atMs()]).toEqual([true, townMs]);
});
