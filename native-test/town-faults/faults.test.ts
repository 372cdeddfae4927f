import { expect, test } from 'vitest';
import { countFrom, seedOfRun } from '../ledger/chance.ts';
import { powerDiskNeeds } from '../ledger/power-disk.ts';
import { groupNeedingAll } from '../prerequisite.ts';
import { runTownKills } from './kills.ts';
import { runTownPowerCuts } from './power-cuts.ts';

const KILLS = countFrom('TOWN_KILLS', 3);
const POWER_CUTS = countFrom('TOWN_POWER_CUTS', 3);
const LONG_MS = 1_200_000;

test(
  `PostgreSQL killed ${KILLS} times while tills upload side by side: the town starts it again, what it acknowledged is there once`,
  async () => {
    const { failures, lost, doubled, ...figures } = await runTownKills({ seed: seedOfRun(), count: KILLS });
    console.log('kills of the town:', JSON.stringify({ ...figures, lost, doubled }));
    expect({ failures, lost, doubled }).toEqual({ failures: [], lost: 0, doubled: 0 });
    // The fault really happened: batches were being taken in, some of them again, twice at once or before their turn.
    expect(figures.ran).toBe(KILLS);
    expect(figures.ofServer + figures.ofProcess).toBe(KILLS);
    expect(figures.midIntake).toBeGreaterThan(0);
    expect(figures.acknowledged).toBeGreaterThan(0);
    expect(figures.replayed + figures.early).toBeGreaterThan(0);
  },
  LONG_MS,
);

groupNeedingAll('a power cut of the town', powerDiskNeeds, () => {
  test(
    // Invariant 23.
    `at ${POWER_CUTS} moments of an intake: every acknowledged record and statement is there once, the rest comes in after all`,
    async () => {
      const run = await runTownPowerCuts({ seed: seedOfRun(), count: POWER_CUTS });
      const { failures, lost, doubled, foundOnLyingDisk, ...figures } = run;
      console.log('power cuts of the town:', JSON.stringify({ ...figures, lost, doubled }));
      expect({ failures, lost, doubled }).toEqual({ failures: [], lost: 0, doubled: 0 });
      // It would have been found: a disk that answers a sync and does nothing loses what was acknowledged.
      expect(foundOnLyingDisk.join()).toMatch(/acknowledged records are gone/);
      // The fault really happened: there was something to lose at most of the cuts, and something promised.
      expect(figures.ran).toBe(POWER_CUTS);
      expect(figures.forgetful).toBeGreaterThan(POWER_CUTS / 3);
      expect(Math.min(figures.acknowledged, figures.statements, figures.checkpoints)).toBeGreaterThan(0);
    },
    LONG_MS,
  );
});
