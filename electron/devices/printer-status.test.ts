import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawerPin, isReply, stateByReplies, statusQuestion, type StatusReplies } from './printer-status.ts';

const FINE = 0x12;

test.each<[string, StatusReplies, string]>([
  ['everything answered and nothing wrong', [FINE, FINE, FINE, FINE], 'ready'],
  ['only the first question is known to it', [FINE, null, null, null], 'ready'],
  ['the drawer says something, which is no trouble of the printer', [0x16, FINE, FINE, FINE], 'ready'],
  ['no answer at all', [null, null, null, null], 'unknown'],
  ['answers to the others, none to the first', [null, FINE, FINE, FINE], 'unknown'],
  ['the cover is open', [0x1a, 0x16, FINE, FINE], 'coverOpen'],
  ['the cover is open and the paper is out', [0x1a, 0x36, FINE, 0x72], 'coverOpen'],
  ['the paper is out by its sensor', [0x1a, FINE, FINE, 0x72], 'paperOut'],
  ['one of the two bits of paper end', [0x1a, FINE, FINE, 0x32], 'paperOut'],
  ['printing stopped for want of paper', [0x1a, 0x32, FINE, null], 'paperOut'],
  ['the cutter is jammed', [0x1a, 0x52, 0x1a, FINE], 'cutterJam'],
  ['an error that nobody mends by hand', [0x1a, 0x52, 0x32, FINE], 'fault'],
  ['an error that passes', [0x1a, 0x52, 0x52, FINE], 'fault'],
  ['an error without a kind', [0x1a, 0x52, FINE, FINE], 'fault'],
  ['off line and no reason given', [0x1a, FINE, FINE, FINE], 'offline'],
  ['off line, and only the first question is known to it', [0x1a, null, null, null], 'offline'],
  ['the roll is near its end', [FINE, FINE, FINE, 0x1e], 'paperLow'],
])('%s', (_case, replies, state) => {
  expect(stateByReplies(replies)).toBe(state);
});

test('the drawer line is read from the first answer, and from nothing else', () => {
  expect(drawerPin([0x16, null, null, null])).toBe('high');
  expect(drawerPin([0x12, 0x16, 0x16, 0x16])).toBe('low');
  expect(drawerPin([null, 0x16, 0x16, 0x16])).toBeNull();
});

test('a question is three bytes, and its echo is never taken for an answer', () => {
  expect([...statusQuestion(4)]).toEqual([0x10, 0x04, 0x04]);
  for (const n of [1, 2, 3, 4]) expect([...statusQuestion(n)].some(isReply)).toBe(false);
});

test('whatever comes back makes a state', () => {
  const reply = fc.option(fc.integer({ min: 0, max: 255 }), { nil: null });
  fc.assert(
    fc.property(fc.tuple(reply, reply, reply, reply), (replies) => {
      expect(stateByReplies(replies)).not.toBe('missing');
    }),
  );
});
