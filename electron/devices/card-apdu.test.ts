import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandsFor, dataOf, numberInBlock } from './card-apdu.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('a UID is asked for by one command, a block by its key, its sector and its number', () => {
  expect(commandsFor({ kind: 'uid' }).map(hex)).toEqual(['ffca000000']);
  expect(commandsFor({ kind: 'block', block: 4, key: 'a0a1a2a3a4a5', keyKind: 'B' }).map(hex)).toEqual([
    'ff82000006a0a1a2a3a4a5',
    'ff860000050100046100',
    'ffb0000410',
  ]);
});

test.each([
  ['a number behind which zeros stand', '6217000012345678', '6217000012345678'],
  ['a short number behind which spaces stand', '12345   ', '12345'],
  ['a number behind which the block was never written', '12345\u00ff\u00ff', '12345'],
  ['a name', '于海明', null],
  ['three digits', '123', null],
  ['a number in the middle', '\u00001234', null],
])('a block with %s', (_case, text, number) => {
  expect(numberInBlock(Uint8Array.from(text, (character) => character.charCodeAt(0)))).toBe(number);
});

test('whatever a card answers, it is data with 90 00 behind it or nothing, and a number is one that it said', () => {
  const answer = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.uint8Array({ maxLength: 18 }).map((data) => Uint8Array.of(...data, 0x90, 0)),
  );
  fc.assert(
    fc.property(answer, (bytes) => {
      const data = dataOf(bytes);
      if (data === null) return;
      expect(hex(bytes)).toBe(`${hex(data)}9000`);
      const number = numberInBlock(data);
      if (number !== null) expect(String.fromCharCode(...data).startsWith(number)).toBe(true);
    }),
  );
});
