import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FrameAt, NOTHING_PENDING, takeFrames } from './frames.ts';
import {
  dahuaFrameAt,
  hidScaleSays,
  os2FrameAt,
  type ScaleSays,
  type Steadiness,
  toledoFrameAt,
  watchSteadiness,
} from './scale-protocols.ts';

const NONE: ScaleSays = { kind: 'none' };
const weight = (weightGrams: number, isStable = true): ScaleSays => ({ kind: 'weight', weightGrams, isStable });

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const joined = (...pieces: readonly Uint8Array[]): Uint8Array => Uint8Array.from(pieces.flatMap((one) => [...one]));

/** A frame as the manual of the OS2 builds it: twelve bytes, their XOR, 03 04. */
function os2(text: string, flags: readonly number[] = [0]): Uint8Array {
  const body = joined(Uint8Array.of(1, 2), ascii(text));
  return joined(
    body,
    Uint8Array.of(
      body.reduce((xor, byte) => xor ^ byte, 0),
      3,
      4,
      ...flags,
    ),
  );
}

function allOf(bytes: Uint8Array, frameAt: FrameAt<ScaleSays>): readonly ScaleSays[] {
  return takeFrames(NOTHING_PENDING, bytes, frameAt).frames;
}

test.each([
  ['stable, the bytes of the manual', hex('01 02 53 20 30 31 2e 32 33 34 6b 67 66 03 04 00'), weight(1234)],
  ['moving', os2('U 01.200kg'), weight(1200, false)],
  ['asked for, without flags', os2('S 00.500kg', []), weight(500)],
  ['in grams', os2('S  1234.g '.replace('.', '5')), weight(12345)],
  ['with spaces for zeros', os2('S   0.35kg'), weight(350)],
  ['below zero', os2('S-00.020kg'), NONE],
  ['over its range', os2('F 00.000kg'), NONE],
  ['in pounds', os2('S 01.234lb'), NONE],
  ['no digits', os2('S ------kg'), NONE],
  ['two points', os2('S 1.2.34kg'), NONE],
])('an OS2 scale: %s', (_case, bytes, says) => {
  expect(allOf(bytes, os2FrameAt)).toEqual([says]);
});

test('an OS2 frame with a wrong check sum, a wrong end or a turned byte says nothing', () => {
  fc.assert(
    fc.property(fc.nat(14), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = os2('S 01.234kg', []);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      expect(allOf(bytes, os2FrameAt)).toEqual([]);
    }),
  );
});

test.each([
  ['grams with zeros', '00735\n\r', [weight(735)]],
  ['grams with spaces', '  735\n\r', [weight(735)]],
  ['an empty plate', '00000\n\r', [weight(0)]],
  ['four digits', '0735\n\r', []],
  ['six digits, which are two frames run together', '007350\n\r00735\n\r', [weight(735)]],
  ['only spaces', '     \n\r', []],
  ['a space between digits', '0 735\n\r', []],
  ['a minus', '-0735\n\r', []],
  ['the other order of line ends', '00735\r\n', []],
])('a 大华 scale: %s', (_case, text, says) => {
  expect(allOf(ascii(text), dahuaFrameAt)).toEqual(says);
});

test.each([
  ['gross', '\u000201.234\r', [weight(1234)]],
  ['net', '\u000201.234N\r', [weight(1234)]],
  ['with parity left in the eighth bit', '\u0082\u00b0\u00b1\u00ae\u00b2\u00b3\u00b4\u008d', [weight(1234)]],
  ['moving', '\u0002?A\r', [NONE]],
  ['over its range', '\u0002?B\r', [NONE]],
  ['below zero', '\u0002?D\r', [NONE]],
  ['a state that is none', '\u0002?\u0001\r', []],
  ['a digit short', '\u00021.234\r', []],
  ['a letter among the digits', '\u000201.2x4\r', []],
  ['begun anew in the middle', '\u000201.\u000200.500\r', [weight(500)]],
])('a Toledo scale: %s', (_case, text, says) => {
  expect(allOf(ascii(text), toledoFrameAt)).toEqual(says);
});

const lines: readonly [string, FrameAt<ScaleSays>, (grams: number) => Uint8Array][] = [
  ['OS2', os2FrameAt, (grams) => os2(`S ${kilograms(grams)}kg`)],
  ['大华', dahuaFrameAt, (grams) => ascii(`${String(grams).padStart(5, ' ')}\n\r`)],
  ['Toledo', toledoFrameAt, (grams) => ascii(`\u0002${kilograms(grams)}\r`)],
];

function kilograms(grams: number): string {
  const digits = String(grams).padStart(5, '0');
  return `${digits.slice(0, 2)}.${digits.slice(2)}`;
}

for (const [name, frameAt, frameOf] of lines) {
  test(`${name}: the same bytes say the same however they are cut`, () => {
    const stream = fc.array(
      fc.oneof(
        fc.nat(30_000).map(frameOf),
        fc.uint8Array({ maxLength: 9 }),
        // A frame whose end did not come.
        fc.tuple(fc.nat(30_000), fc.nat(14)).map(([grams, length]) => frameOf(grams).subarray(0, length)),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 20 })), (parts, cuts) => {
        const bytes = joined(...parts);
        const said: ScaleSays[] = [];
        let pending: Uint8Array = NOTHING_PENDING;
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const length = cuts[cut % Math.max(1, cuts.length)] ?? 1;
          const taken = takeFrames(pending, bytes.subarray(at, at + length), frameAt);
          said.push(...taken.frames);
          pending = taken.pending;
          at += length;
        }
        expect(said).toEqual(allOf(bytes, frameAt));
        expect(pending.length).toBeLessThanOrEqual(64);
      }),
    );
  });

  test(`${name}: garbage in front costs at most one frame, and no weight that was not sent comes out`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(30_000), (garbage, grams) => {
        const frame = frameOf(grams);
        const said = allOf(joined(garbage, frame, frame, frame), frameAt);
        expect(said.slice(-2)).toEqual([weight(grams), weight(grams)]);
      }),
    );
  });
}

test.each([
  ['1.234 kg', '03 04 03 fd d2 04', weight(1234)],
  ['735 g', '03 04 02 00 df 02', weight(735)],
  ['moving', '03 03 02 00 df 02', weight(735, false)],
  ['at zero', '03 02 03 fd 00 00', weight(0)],
  ['milligrams, rounded', '03 04 01 00 dc 05', weight(2)],
  ['tenths of a gram', '03 04 02 ff 15 00', weight(2)],
  ['a fault', '03 01 03 fd d2 04', NONE],
  ['below zero', '03 05 03 fd d2 04', NONE],
  ['over its range', '03 06 03 fd d2 04', NONE],
  ['in pounds', '03 04 0c ff d2 04', NONE],
  ['an exponent beyond any scale', '03 04 03 7f d2 04', NONE],
  ['another report', '04 04 03 fd d2 04', null],
  ['a short report', '03 04 03', null],
  ['nothing', '', null],
])('a USB scale: %s', (_case, bytes, says) => {
  expect(hidScaleSays(hex(bytes))).toEqual(says);
});

test('no report of a USB scale throws, and every weight is whole grams', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
      const says = hidScaleSays(Uint8Array.of(3, ...bytes));
      if (says?.kind === 'weight') expect(Number.isSafeInteger(says.weightGrams)).toBe(true);
    }),
  );
});

test('a scale that does not say so is stable after five equal readings over half a second', () => {
  const stableAt = (readings: readonly (readonly [grams: number, atMs: number])[]): boolean[] => {
    let steadiness: Steadiness = null;
    return readings.map(([grams, atMs]) => {
      const watched = watchSteadiness(steadiness, grams, atMs);
      ({ steadiness } = watched);
      return watched.isStable;
    });
  };
  const every = (ms: number, ...grams: number[]) => grams.map((one, at) => [one, at * ms] as const);
  expect(stableAt(every(125, 500, 500, 500, 500, 500))).toEqual([false, false, false, false, true]);
  expect(stableAt(every(100, 500, 500, 500, 500, 500, 500)).indexOf(true)).toBe(5);
  expect(stableAt(every(200, 500, 510, 500, 510, 500, 510))).not.toContain(true);
  expect(stableAt(every(1_001, 500, 500, 500, 500, 500, 500))).not.toContain(true);
});
