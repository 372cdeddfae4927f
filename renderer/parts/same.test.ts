import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepSame } from './same.ts';

test('equal values become the older object', () => {
  const before = { lines: [{ name: '盐', fen: 250 }], member: null };
  expect(keepSame(before, structuredClone(before))).toBe(before);
});

test('only what changed is new', () => {
  const before = { lines: [{ name: '盐', fen: 250 }], status: { nowMs: 1, town: 'reachable' } };
  const after = keepSame(before, {
    lines: [
      { name: '盐', fen: 250 },
      { name: '糖', fen: 480 },
    ],
    status: { nowMs: 1, town: 'reachable' },
  });
  expect(after).not.toBe(before);
  expect(after.lines[0]).toBe(before.lines[0]);
  expect(after.status).toBe(before.status);
});

test('a part that is gone, or that came as nothing, is no longer the same', () => {
  const shorter = keepSame<unknown>({ a: 1, b: undefined }, { a: 1 });
  expect(Object.keys(shorter as object)).toEqual(['a']);
  expect(Object.keys(keepSame<object>({ a: 1 }, { b: undefined }))).toEqual(['b']);
  expect(keepSame<unknown>([], {})).toEqual({});
  expect(keepSame<unknown>(null, [])).toEqual([]);
  expect(keepSame([1, 2], [1])).toEqual([1]);
});

test('law: the outcome always says what the newer value says', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, next) => {
      expect(keepSame<unknown>(before, next)).toEqual(next);
    }),
  );
});
