import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { soundOf } from './sounds.ts';

/** What a file of 16-bit samples of one channel sounds like. */
function heard(name: string): Readonly<{ lengthMs: number; peak: number; pitchHz: number }> {
  const file = readFileSync(new URL(`../../resources/sounds/${name}.wav`, import.meta.url));
  const rate = file.readUInt32LE(24);
  const at = file.indexOf('data') + 8;
  const samples = Array.from({ length: (file.length - at) >> 1 }, (_, index) => file.readInt16LE(at + index * 2));
  const crossings = samples.filter((sample, index) => index > 0 && sample < 0 !== (samples[index - 1] ?? 0) < 0).length;
  const seconds = samples.length / rate;
  return {
    lengthMs: seconds * 1_000,
    peak: Math.max(...samples.map(Math.abs)) / 0x8000,
    pitchHz: crossings / 2 / seconds,
  };
}

const NAMES = ['good', 'warn', 'bad', 'card', 'paid', 'manager'] as const;

test('every sound is loud enough for a shop, is not cut off at the top, and is over before the next scan', () => {
  for (const name of NAMES) {
    const { lengthMs, peak } = heard(name);
    expect(peak, name).toBeGreaterThan(0.3);
    expect(peak, name).toBeLessThan(1);
    expect(lengthMs, name).toBeLessThan(700);
  }
});

test('what was not taken sounds two octaves below what was, and three times as long', () => {
  const [good, bad] = [heard('good'), heard('bad')];
  expect(good.pitchHz).toBeGreaterThan(4 * bad.pitchHz);
  expect(bad.lengthMs).toBeGreaterThan(3 * good.lengthMs);
});

test.each([
  ['good', 'lineAdded', 'good'],
  ['bad', 'unknownCode', 'bad'],
  ['warn', 'noPrinter', 'warn'],
  ['good', 'memberShown', 'card'],
  ['info', 'saleEmpty', null],
] as const)('a notice that is %s and says %s sounds like %s', (tone, text, sound) => {
  expect(soundOf(tone, text)).toBe(sound);
});
