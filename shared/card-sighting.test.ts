import { expect, test } from 'vitest';
import { type CardSighting, seeCard } from './card-sighting.ts';

function newOnes(sightings: readonly (readonly [token: string, atMs: number])[]): string[] {
  let last: CardSighting = null;
  return sightings.flatMap(([token, atMs]) => {
    const { sighting, isNew } = seeCard(last, token, atMs);
    last = sighting;
    return isNew ? [`${token} at ${atMs}`] : [];
  });
}

test.each([
  ['typed every 200 ms for a minute', Array.from({ length: 300 }, (_, at) => ['a', at * 200] as const), ['a at 0']],
  ['away for a second', [['a', 0] as const, ['a', 1_000] as const], ['a at 0']],
  ['away for longer', [['a', 0] as const, ['a', 1_001] as const], ['a at 0', 'a at 1001']],
  [
    'another card between',
    [['a', 0] as const, ['b', 200] as const, ['a', 400] as const],
    ['a at 0', 'b at 200', 'a at 400'],
  ],
  ['the clock set back', [['a', 5_000] as const, ['a', 200] as const], ['a at 5000', 'a at 200']],
])('a card counts once until it was away for a second: %s', (_case, sightings, expected) => {
  expect(newOnes(sightings)).toEqual(expected);
});
