import { expect, test } from 'vitest';
import { countFrom, seedOfRun } from './chance.ts';
import { runFlippedBytes } from './flipped-bytes.ts';

const FLIPS = countFrom('ONE_CARD_FLIPS', 40);

test(`${FLIPS} bytes that turned over, anywhere: found, or nothing is shown otherwise`, async () => {
  const { wrong, thrown, ...figures } = await runFlippedBytes({ seed: seedOfRun(), count: FLIPS });
  console.log('flipped bytes:', JSON.stringify(figures));
  expect({ wrong, thrown }).toEqual({ wrong: [], thrown: [] });
  expect(Object.keys(figures.byFile).sort()).toEqual(['ledger.sqlite', 'ledger.sqlite-wal', 'open-sale.log']);
  // The fault really happened: some of them were found, by more than one of those who look.
  expect(figures.found.opening).toBeGreaterThan(0);
}, 1_200_000);
