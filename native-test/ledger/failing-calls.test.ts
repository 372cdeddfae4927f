import { expect, test } from 'vitest';
import { groupNeedingAll } from '../prerequisite.ts';
import { countFrom, seedOfRun } from './chance.ts';
import { runFailingCalls, transactionNames } from './failing-calls.ts';
import { powerDiskNeeds } from './power-disk.ts';

/** Every so many'th call of each transaction fails in a run; which of them changes with the seed. 1 takes them all. */
const OF = countFrom('ONE_CARD_CALLS_OF', 120);
/** In how many ways they fail. */
const WAYS = countFrom('ONE_CARD_CALL_WAYS', 2);

groupNeedingAll('a call to the disk that fails', powerDiskNeeds, () => {
  // Invariants 8 and 30.
  test(`every ${OF}th call of each main transaction: refused or recorded whole, and done once when asked again`, async () => {
    const { lost, doubled, broken, ...figures } = await runFailingCalls({
      seed: seedOfRun(),
      of: OF,
      ways: WAYS,
    });
    console.log('failed calls:', JSON.stringify({ ...figures, lost: lost.length, doubled: doubled.length }));
    expect({ lost, doubled, broken }).toEqual({ lost: [], doubled: [], broken: [] });
    // The fault really happened, in each of them, and tills refused, stood still and went on.
    for (const name of transactionNames()) expect(figures.byTransaction[name] ?? 0, name).toBeGreaterThan(0);
    expect(figures.refused).toBeGreaterThan(0);
    expect(figures.stopped).toBeGreaterThan(0);
    if (WAYS > 5) expect(figures.cuts).toBeGreaterThan(0);
  }, 1_800_000);
});
