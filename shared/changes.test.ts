import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesBetween, withChanges } from './changes.ts';

const line = (key: number) => ({ key: `line-${key}`, payFen: key * 100, quantity: 1 });

test('a scan says the new line and the sums, whatever stands in the basket', () => {
  const before = { sale: { lines: [line(1), line(2)], totalFen: 300, member: null }, phase: 'selling' };
  const after = { sale: { lines: [line(1), line(2), line(3)], totalFen: 600, member: null }, phase: 'selling' };
  const changes = changesBetween(before, after);
  expect(changes).toEqual([
    [['sale', 'lines', 2], line(3)],
    [['sale', 'totalFen'], 600],
  ]);
  const shown = withChanges(before, changes);
  expect(shown).toEqual(after);
  expect(shown.sale.lines[0]).toBe(before.sale.lines[0]);
});

test('a shorter list and an object of other keys are said whole', () => {
  expect(changesBetween({ lines: [1, 2, 3] }, { lines: [2, 3] })).toEqual([[['lines'], [2, 3]]]);
  expect(changesBetween({ notice: { count: 1 } }, { notice: { name: '面包' } })).toEqual([
    [['notice'], { name: '面包' }],
  ]);
  expect(changesBetween({ pay: null }, { pay: { wish: 'none' } })).toEqual([[['pay'], { wish: 'none' }]]);
});

test('a change of a place that is not there is a bug', () => {
  expect(() => withChanges({ sale: null }, [[['sale', 'totalFen'], 1]])).toThrow('bug');
});

test('whatever two values are, the changes over the wire make one of the other, and nothing changed is no change', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const [before, after]: [unknown, unknown] = JSON.parse(JSON.stringify([one, other]));
      const sent = JSON.parse(JSON.stringify(changesBetween(before, after)));
      expect(withChanges(before, sent)).toEqual(after);
      expect(changesBetween(after, structuredClone(after))).toEqual([]);
    }),
  );
});

test('a part that no change touches stays the same object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (parts, other) => {
      const before = { parts, other: null as unknown };
      const shown = withChanges(before, changesBetween(before, { parts: structuredClone(parts), other }));
      expect(shown.parts).toBe(before.parts);
    }),
  );
});
