import { expect, test } from 'vitest';
import { weightNow } from './weight-reading.ts';

test.each([
  ['fresh and stable', { weightGrams: 735, isStable: true, atMs: 1000 }, 1000, 735],
  ['a second old', { weightGrams: 735, isStable: true, atMs: 1000 }, 2000, 735],
  ['older than a second', { weightGrams: 735, isStable: true, atMs: 1000 }, 2001, null],
  ['still moving', { weightGrams: 735, isStable: false, atMs: 1000 }, 1000, null],
  ['an empty plate', { weightGrams: 0, isStable: true, atMs: 1000 }, 1000, null],
  ['below zero after taring', { weightGrams: -20, isStable: true, atMs: 1000 }, 1000, null],
  ['from a later time than now', { weightGrams: 735, isStable: true, atMs: 1000 }, 999, null],
  ['no reading yet', null, 1000, null],
])('a weight counts only while it can be trusted: %s', (_case, reading, nowMs, expected) => {
  expect(weightNow(reading, nowMs)).toBe(expected);
});
