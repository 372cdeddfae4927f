import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  areApart,
  assignKey,
  type Counter,
  counterFunctions,
  defaultCounter,
  defaultKeys,
  functionOf,
  keysOf,
  keyWords,
  pressedKey,
} from './counter.ts';
import { counterSchema } from './till-contract.ts';

test('peers H64: the keys of the trade are where a cashier looks for them, each once', () => {
  expect(areApart({})).toBe(true);
  for (const [key, which] of [
    ['+', 'pay'],
    ['*', 'quantity'],
    ['/', 'price'],
    ['F2', 'member'],
    ['F6', 'receipts'],
    ['F7', 'hold'],
    ['F11', 'refund'],
    ['F12', 'picker'],
  ] as const) {
    expect(functionOf(defaultKeys, key)).toBe(which);
  }
});

test('a free key is given; the one before is free again', () => {
  const assigned = assignKey({}, 'hold', 'F5');
  expect(assigned).toEqual({ kind: 'assigned', keys: { hold: 'F5' } });
  expect(assignKey({ hold: 'F5' }, 'bag', 'F7')).toEqual({ kind: 'assigned', keys: { hold: 'F5', bag: 'F7' } });
});

test('a key that another function has is named with it, and can be swapped', () => {
  expect(assignKey({}, 'hold', 'F8')).toEqual({
    kind: 'taken',
    by: 'priceCheck',
    swapped: { hold: 'F8', priceCheck: 'F7' },
  });
});

for (const key of ['Enter', 'Esc', 'Up', 'Tab', '5', 'a', '.', 'Backspace', 'Space', 'Shift +', '']) {
  test(`${key === '' ? 'no key' : key} is never given to a function: it types, or means the same everywhere`, () => {
    expect(assignKey({}, 'hold', key)).toEqual({ kind: 'fixed' });
    expect(counterSchema.safeParse({ ...defaultCounter, keys: { hold: key } }).success).toBe(false);
  });
}

test('back to its own key, a function is no change any more', () => {
  expect(assignKey({ hold: 'F5' }, 'hold', 'F7')).toEqual({ kind: 'assigned', keys: {} });
});

test('whatever is assigned or swapped, every function keeps a key of its own, and the file can be read again', () => {
  const keys = ['F1', 'F5', 'F7', 'Shift F7', '+', '-', 'Delete', 'Shift Delete', 'Home', 'Insert', 'PageUp', 'Enter'];
  const step = fc.tuple(fc.constantFrom(...counterFunctions), fc.constantFrom(...keys));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let changed: Counter['keys'] = {};
      for (const [which, key] of steps) {
        const assigned = assignKey(changed, which, key);
        if (assigned.kind === 'fixed') continue;
        changed = assigned.kind === 'assigned' ? assigned.keys : assigned.swapped;
        expect(keysOf(changed)[which]).toBe(key);
        expect(areApart(changed)).toBe(true);
        expect(counterSchema.safeParse({ ...defaultCounter, keys: changed }).success).toBe(true);
      }
    }),
  );
});

test('keys are printed short, and a character is the same with Shift', () => {
  expect(['Shift Delete', 'F7', '+', 'PageDown', 'Shift F11'].map(keyWords)).toEqual([
    '⇧ Del',
    'F7',
    '+',
    'PgDn',
    '⇧ F11',
  ]);
  expect([pressedKey('+', true), pressedKey('Delete', true), pressedKey('Delete', false)]).toEqual([
    '+',
    'Shift Delete',
    'Delete',
  ]);
});
