import { expect, test } from 'vitest';
import { countFrom, seedOfRun } from './chance.ts';
import { runClockJumps } from './clock-jumps.ts';

const JUMPS = countFrom('ONE_CARD_CLOCK_JUMPS', 16);

test(`${JUMPS} jumps of the clock, by minutes to years, both ways: sales go on, points stop where they must`, async () => {
  const { lost, doubled, broken, ...figures } = await runClockJumps({ seed: seedOfRun(), count: JUMPS });
  console.log('clock jumps:', JSON.stringify({ ...figures, lost: lost.length, doubled: doubled.length }));
  expect({ lost, doubled, broken }).toEqual({ lost: [], doubled: [], broken: [] });
  expect(figures.forwards).toBeGreaterThan(0);
  expect(figures.backwards).toBeGreaterThan(0);
  expect(figures.stopped).toBeGreaterThan(0);
}, 600_000);
