/** The only source of chance in a simulation: the same label always draws the same numbers. */
export type Random = Readonly<{
  /** A whole number from 0 to `limit - 1`. */
  below: (limit: number) => number;
  /** A whole number from `low` to `high`, both included. */
  between: (low: number, high: number) => number;
  /** True so many times in a thousand. */
  chance: (perMille: number) => boolean;
  pick: <T>(list: readonly T[]) => T;
  /** 32 hex digits. */
  id: () => string;
  bytes: (count: number) => Uint8Array;
}>;

/**
 * A generator of its own for every label (xoshiro128**, seeded by SplitMix32 over an FNV-1a hash). An operation draws from
 * a generator named after it, so that leaving one operation out changes nothing of the others and a failure can shrink.
 */
export function createRandom(label: string): Random {
  let seed = 0x811c9dc5;
  for (let index = 0; index < label.length; index += 1) {
    seed ^= label.charCodeAt(index);
    seed = Math.imul(seed, 0x01000193);
  }
  const splitMix = (): number => {
    seed = (seed + 0x9e3779b9) | 0;
    let z = seed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  let a = splitMix();
  let b = splitMix();
  let c = splitMix();
  let d = splitMix();
  const next = (): number => {
    const scaled = Math.imul(b, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const below = (limit: number): number => Math.floor((next() / 0x1_0000_0000) * limit);
  const hex = (): string => next().toString(16).padStart(8, '0');
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (perMille) => below(1_000) < perMille,
    pick: (list) => {
      const found = list[below(list.length)];
      if (found === undefined) throw new Error('nothing to pick from');
      return found;
    },
    id: () => hex() + hex() + hex() + hex(),
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
  };
}
