import { BYTES_MOST } from '../exchange-faults/bytes-most.ts';
import type { Findings } from '../ledger/ledger-check.ts';
import { powerDiskNeeds } from '../ledger/power-disk.ts';
import type { Prerequisite } from '../prerequisite.ts';
import { PLANTS } from '../simulator/plants.ts';

/** An exchange has no more boundaries of frames than this. */
const FRAMES = 48;

/** How many seeds a planted bug is hunted with before it counts as not found. */
const PLANTED_SEEDS = 150;
const PLANTED_AT_ONCE = 5;

const QUARTERS = 4;
/** The turn of the calls goes on by the seed, and the order of the ways to fail with it: a whole round keeps that order. */
const WAYS_BUT_ONE = 8;

/** What one part of a soak found; each failure is a sentence. */
export type Part = Readonly<{
  ran: number;
  lost: number;
  doubled: number;
  failures: readonly string[];
  /** Where a kind walks over places, each with a number of its own: which it came to, and how many there are. */
  places?: Readonly<{ seen: readonly number[]; of: number }>;
}>;

/** One sort of trial, decided by a seed. What it stands on is loaded by the process that runs it. */
export type Kind = Readonly<{
  name: string;
  /** What is counted. */
  unit: string;
  needs: () => readonly Prerequisite[];
  /** How many make one part, and how many one CI run. */
  partCount: number;
  ciCount: number;
  /** A CI run takes another share of it with another commit. */
  rotates?: boolean;
  run: (seed: number, count: number) => Promise<Part>;
}>;

const partOf = (ran: number, { lost, doubled, broken }: Findings): Part => ({
  ran,
  lost: lost.length,
  doubled: doubled.length,
  failures: [...lost, ...doubled, ...broken],
});

const nothing = (): readonly Prerequisite[] => [];

/** What takes longest comes first, so that nothing is left to run alone at the end. */
export const KINDS: readonly Kind[] = [
  {
    name: 'failing calls of the disk',
    unit: 'calls',
    needs: () => powerDiskNeeds,
    // Each third call by turns, a quarter of the transactions at a time.
    partCount: 1,
    ciCount: QUARTERS,
    rotates: true,
    run: async (seed) => {
      const { runFailingCalls, TRANSACTIONS } = await import('../ledger/failing-calls.ts');
      const names = TRANSACTIONS.map(({ name }) => name).filter((_, index) => index % QUARTERS === seed % QUARTERS);
      const turn = Math.floor(seed / QUARTERS) * WAYS_BUT_ONE;
      const figures = await runFailingCalls({ seed: turn, of: 3, transactions: names });
      return partOf(figures.ran, figures);
    },
  },
  {
    name: 'planted bugs',
    unit: 'bugs',
    needs: nothing,
    partCount: PLANTED_AT_ONCE,
    ciCount: PLANTS.length,
    run: async (seed, count) => {
      const { huntAll } = await import('../simulator/planted.ts');
      // Which of them are hunted goes round with the seed.
      const plants = Array.from({ length: count }, (_, index) => PLANTS[(seed + index) % PLANTS.length]);
      const present = plants.filter((plant) => plant !== undefined);
      const missed = await huntAll(present, PLANTED_SEEDS, 1);
      return { ran: present.length, lost: 0, doubled: 0, failures: missed };
    },
  },
  {
    // The books of this town stand in memory: what is tried at each byte is the line. `cuts of an exchange` has PostgreSQL.
    name: 'every byte of an exchange',
    unit: 'cuts',
    needs: nothing,
    // Ten of them come to every byte there is.
    partCount: BYTES_MOST / 5,
    ciCount: 100,
    run: async (from, count) => {
      const { walkCuts } = await import('../exchange-faults/cuts.ts');
      const { cut, places, ...part } = await walkCuts({ from, count });
      return { ...part, places: { seen: cut, of: places } };
    },
  },
  {
    name: 'simulator',
    unit: 'seeds',
    needs: nothing,
    partCount: 25,
    ciCount: 300,
    run: async (seed, count) => {
      const { optionsOf } = await import('../simulator/options.ts');
      const { run } = await import('../simulator/run.ts');
      const failures: string[] = [];
      let lost = 0;
      let doubled = 0;
      for (let next = seed; next < seed + count; next += 1) {
        const options = optionsOf(next, { tills: null, days: null });
        const { failure } = await run(options);
        if (failure === null) continue;
        if (/lost/i.test(failure.message)) lost += 1;
        if (/doubled|twice/i.test(failure.message)) doubled += 1;
        failures.push(`${failure.message} (simulate --options '${JSON.stringify(options)}')`);
      }
      return { ran: count, lost, doubled, failures };
    },
  },
  {
    name: 'kills of the till',
    unit: 'kills',
    needs: nothing,
    partCount: 25,
    ciCount: 100,
    run: async (seed, count) => {
      const { runKills } = await import('../ledger/kills.ts');
      const figures = await runKills({ seed, count });
      return partOf(figures.ran, figures);
    },
  },
  {
    name: 'power cuts of the till',
    unit: 'images',
    needs: () => powerDiskNeeds,
    partCount: 60,
    ciCount: 60,
    run: async (seed, count) => {
      const { runPowerCuts } = await import('../ledger/power-cuts.ts');
      const figures = await runPowerCuts({ seed, images: count });
      return partOf(figures.ran, figures);
    },
  },
  {
    name: 'flipped bytes',
    unit: 'bytes',
    needs: nothing,
    partCount: 100,
    ciCount: 200,
    run: async (seed, count) => {
      const { runFlippedBytes } = await import('../ledger/flipped-bytes.ts');
      const { ran, wrong, thrown } = await runFlippedBytes({ seed, count });
      return { ran, lost: 0, doubled: 0, failures: [...wrong, ...thrown] };
    },
  },
  {
    name: 'jumps of the clock',
    unit: 'jumps',
    needs: nothing,
    partCount: 30,
    ciCount: 60,
    run: async (seed, count) => {
      const { runClockJumps } = await import('../ledger/clock-jumps.ts');
      const figures = await runClockJumps({ seed, count });
      return partOf(figures.ran, figures);
    },
  },
  {
    name: 'tampered exports and journals',
    unit: 'mutations',
    needs: nothing,
    partCount: 500,
    ciCount: 1_000,
    run: async (seed, count) => {
      const { runTamper } = await import('../tamper-run.ts');
      const { ran, missed } = await runTamper({ seed, count });
      return { ran, lost: 0, doubled: 0, failures: missed };
    },
  },
  {
    name: 'cuts of an exchange',
    unit: 'cuts',
    needs: nothing,
    partCount: 200,
    ciCount: 200,
    run: async (seed, count) => {
      const { runCuts, runLineFaults } = await import('../exchange-faults/cuts.ts');
      const parts = [
        await runCuts({ seed, count: Math.ceil(count / 2), at: 'bytes', from: Math.floor(seed / 2) }),
        await runCuts({ seed, count: Math.max(FRAMES, Math.ceil(count / 4)), at: 'frames' }),
        await runLineFaults({ seed, count: Math.ceil(count / 4) }),
      ];
      return {
        ran: parts.reduce((sum, part) => sum + part.ran, 0),
        lost: parts.reduce((sum, part) => sum + part.lost, 0),
        doubled: parts.reduce((sum, part) => sum + part.doubled, 0),
        failures: parts.flatMap((part) => part.failures),
      };
    },
  },
  {
    name: 'kills of the town',
    unit: 'kills',
    needs: nothing,
    partCount: 10,
    ciCount: 20,
    run: async (seed, count) => {
      const { runTownKills } = await import('../town-faults/kills.ts');
      return runTownKills({ seed, count });
    },
  },
  {
    name: 'power cuts of the town',
    unit: 'images',
    needs: () => powerDiskNeeds,
    partCount: 10,
    ciCount: 10,
    run: async (seed, count) => {
      const { runTownPowerCuts } = await import('../town-faults/power-cuts.ts');
      return runTownPowerCuts({ seed, count });
    },
  },
];
