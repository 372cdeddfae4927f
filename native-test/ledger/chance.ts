/** A row of random numbers that a seed repeats, so that what failed once fails again. */
export type Chance = Readonly<{
  /** A whole number from 0 to below `limit`. */
  below: (limit: number) => number;
  /** True in `percent` of a hundred cases. */
  percent: (percent: number) => boolean;
  pick: <T>(values: readonly T[]) => T;
}>;

/** Mulberry32: 32 bits of state, good enough to choose faults by. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => Math.floor((next() / 0x1_0000_0000) * limit);
  return {
    below,
    percent: (percent) => below(100) < percent,
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error('nothing to pick from');
      return value;
    },
  };
}

/** A count: what the environment variable says, otherwise a few; the soak runs many. */
export function countFrom(name: string, few: number): number {
  const given = Number(process.env[name]);
  return Number.isSafeInteger(given) && given > 0 ? given : few;
}

/** The seed of this run: the day, unless `ONE_CARD_SEED` names another. Each run prints it. */
export function seedOfRun(): number {
  return countFrom('ONE_CARD_SEED', Math.floor(Date.now() / 86_400_000));
}
