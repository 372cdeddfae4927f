import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** WCAG 2: what every text must stand out from what is behind it, whatever its size. */
const LEAST = 4.5;

const renderer = new URL('..', import.meta.url);
const styles = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.css'))
  .map((name) => ({ name, text: readFileSync(new URL(name, renderer), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '') }));

const tokens = new Map(
  [...readFileSync(new URL('tokens.css', import.meta.url), 'utf8').matchAll(/--([\w-]+): (#[0-9a-f]{3,8});/g)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);

/** A plain colour as its three parts; null for what is no opaque colour (a gradient, `none`, a part-transparent one). */
function rgbOf(value: string): readonly number[] | null {
  const plain = value.trim().replace(/^var\(--([\w-]+)\)$/, (whole, name: string) => tokens.get(name) ?? whole);
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(plain)?.slice(1);
  const digits = short?.map((one) => one + one) ?? /^#(..)(..)(..)(?:ff)?$/.exec(plain)?.slice(1, 4);
  return digits?.map((one) => Number.parseInt(one, 16)) ?? null;
}

function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [a, b] = [rgbOf(one), rgbOf(other)];
  if (a === null || b === null) throw new Error(`not two colours: ${one}, ${other}`);
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

test('the measure is the one of WCAG: black on white is 21, a colour on itself is 1', () => {
  expect(contrast('#000000', '#fff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  expect(contrast('var(--card)', 'var(--card)')).toBe(1);
});

/** Where each ink of the tokens is put by the pages. */
const PLACES = {
  ink: ['paper', 'desk', 'card', 'card-wash', 'line-2', 'focus-wash', 'bad-wash', 'good-wash', 'warn-wash'],
  'ink-2': ['paper', 'desk', 'card-wash', 'line-2', 'focus-wash', 'bad-wash'],
  'ink-3': ['paper', 'desk', 'card-wash', 'focus-wash'],
  'card-ink': ['card', 'card-wash', 'paper'],
  'card-ink-2': ['card', 'card-wash'],
  good: ['paper', 'good-wash', 'desk', 'card-wash'],
  warn: ['paper', 'warn-wash', 'desk'],
  bad: ['paper', 'bad-wash', 'desk', 'card-wash'],
  focus: ['paper', 'desk'],
  'night-ink': ['night', 'night-line'],
  'night-ink-2': ['night', 'night-line'],
  'good-night': ['night'],
  'bad-night': ['night'],
  card: ['night'],
} as const;

describe('the inks of the tokens', () => {
  for (const [ink, grounds] of Object.entries(PLACES)) {
    test(`${ink} is read on ${grounds.join(', ')}`, () => {
      const weak = grounds.filter((ground) => contrast(`var(--${ink})`, `var(--${ground})`) < LEAST);
      expect(weak).toEqual([]);
    });
  }
});

test('every rule that says both what it is written in and on what is read easily', () => {
  const weak: string[] = [];
  let judged = 0;
  for (const { name, text } of styles) {
    for (const [, selector = '', body = ''] of text.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
      const ink = /(?:^|[;\s])color:\s*([^;]+);/.exec(body)?.[1];
      const ground = /(?:^|[;\s])background(?:-color)?:\s*([^;]+);/.exec(body)?.[1];
      if (ink === undefined || ground === undefined || rgbOf(ink) === null || rgbOf(ground) === null) continue;
      judged += 1;
      const found = contrast(ink, ground);
      if (found < LEAST) weak.push(`${name} ${selector.trim()}: ${ink} on ${ground} is ${found.toFixed(2)}`);
    }
  }
  expect(judged).toBeGreaterThan(30);
  expect(weak).toEqual([]);
});
