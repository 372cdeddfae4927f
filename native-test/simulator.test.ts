import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { optionsOf, type Options } from './simulator/options.ts';
import { misfits } from './simulator/planted.ts';
import { PLANTS } from './simulator/plants.ts';
import { createRandom } from './simulator/random.ts';
import { run } from './simulator/run.ts';
import { TRAILS } from './simulator/trails.ts';

/** Runs that once found something, with what it was: they must never find it again. */
const permanent = JSON.parse(
  readFileSync(new URL('./simulator/seeds.json', import.meta.url), 'utf8'),
) as readonly Readonly<{
  found: string;
  options: Options;
}>[];

/** Fresh seeds of each run of the tests; CI and the soak ask for more by `simulate --seeds`. */
const FRESH = Number(process.env['SIMULATE_SEEDS'] ?? '2');
const ranges = { tills: [2, 3], days: [1, 1] } as const;

describe('permanent seeds', () => {
  test.each(permanent.map((one) => [one.found, one.options] as const))('%s', async (_found, options) => {
    expect((await run(options)).failure).toBe(null);
  });
});

describe('fresh seeds', () => {
  test.each(Array.from({ length: FRESH }, (_, index) => index + 1))(
    'seed %i loses nothing and doubles nothing',
    async (seed) => {
      expect((await run(optionsOf(seed, ranges))).failure).toBe(null);
    },
  );
});

test('the same seed writes the same journals, byte for byte', async () => {
  const options = optionsOf(3, { tills: [2, 2], days: [1, 1] });
  const first = await run(options);
  expect(first.documents.sale).toBeGreaterThan(0);
  expect((await run(options)).digest).toBe(first.digest);
  expect((await run({ ...options, seed: 4 })).digest).not.toBe(first.digest);
});

test('a generator repeats itself and no other, and keeps to its bounds', () => {
  const draw = (label: string): number[] => {
    const random = createRandom(label);
    return Array.from({ length: 100 }, () => random.between(3, 9));
  };
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
  expect(new Set(draw('a'))).toEqual(new Set([3, 4, 5, 6, 7, 8, 9]));
});

test('there are at least thirty planted bugs, each by its own name, and each still fits its source', () => {
  expect(PLANTS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(PLANTS.map((plant) => plant.name)).size).toBe(PLANTS.length);
  expect(misfits()).toEqual([]);
});

test('each trail leads to a planted bug that seeds must find', () => {
  const hunted = new Set(PLANTS.filter((plant) => plant.foundBy === 'simulator').map((plant) => plant.name));
  expect(Object.keys(TRAILS).filter((name) => !hunted.has(name))).toEqual([]);
});
