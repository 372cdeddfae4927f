import { expect, test } from 'vitest';
import { areFast, goesOn, joinTorn, type Stroke, withStroke } from './torn.ts';

const EAN = '6901028180559';

/** The strokes of a code whose burst paused before the given places. */
function strokesOf(code: string, gapMs: number, pauses: Readonly<Record<number, number>> = {}): readonly Stroke[] {
  let atMs = 1_000;
  let strokes: readonly Stroke[] = [];
  for (const [index, digit] of code.split('').entries()) {
    atMs += pauses[index] ?? gapMs;
    strokes = withStroke(strokes, { digit, atMs });
  }
  return strokes;
}

test('a burst torn once or twice is put together', () => {
  expect(joinTorn(strokesOf(EAN, 8))).toBe(EAN);
  expect(joinTorn(strokesOf(EAN, 8, { 7: 240 }))).toBe(EAN);
  expect(joinTorn(strokesOf(EAN, 12, { 4: 160, 9: 400 }))).toBe(EAN);
});

test('a code typed by hand is none', () => {
  expect(joinTorn(strokesOf(EAN, 90))).toBeNull();
});

test('peers D36: a quantity typed before the scan does not become a part of it', () => {
  // 1 and the EAN make 14 digits; even if the check digit were right, a single stroke is no piece of a burst.
  for (const quantity of '123456789') expect(joinTorn(strokesOf(quantity + EAN, 8, { 1: 300 }))).toBeNull();
});

test('digits that make no whole code are left alone', () => {
  expect(joinTorn(strokesOf(EAN.slice(0, 7), 8))).toBeNull();
  expect(joinTorn(strokesOf(EAN.replace(/9$/, '0'), 8))).toBeNull();
});

test('what stood before a long pause is forgotten', () => {
  expect(joinTorn(strokesOf(`99${EAN}`, 8, { 2: 900 }))).toBe(EAN);
});

test('an amount typed by hand just before a scan is no piece of it', () => {
  const typed = [0, 70, 140].map((atMs) => ({ digit: '2', atMs }));
  const burst = [500, 508, 516].map((atMs) => ({ digit: '1', atMs }));
  expect(areFast(typed)).toBe(false);
  expect(areFast([...typed, ...burst])).toBe(false);
  expect(areFast(burst)).toBe(true);
});

test.each<[string, readonly number[], boolean]>([
  ['the second digit of a burst whose first was given up', [0, 8], true],
  ['a digit after the pause of a torn burst', [0, 8, 16, 300], true],
  ['the first digit of a scan behind a quantity', [0, 300], false],
  ['the first digit of a scan behind an amount', [0, 120, 240, 600], false],
  ['the very first digit', [0], false],
])('%s', (_, timesMs, expected) => {
  expect(goesOn(timesMs.map((atMs) => ({ digit: '6', atMs })))).toBe(expected);
});
