import type { InputWorld, Tell } from './input.ts';
import { type ScaleSays, type Steadiness, watchSteadiness } from './scale-protocols.ts';

/** The largest weight that scales for a counter take, unless the shop's is set up otherwise. */
export const CAPACITY_GRAMS = 30_000;

/** A scale that says nothing for this long is switched off, set to another protocol, or its cable is out. */
export const SILENT_MS = 2_000;

const LOOK_MS = 500;

/**
 * Turns what a scale says into readings, and notices when it says nothing any more. A weight beyond the scale's capacity
 * is none, whatever its digits.
 */
export function scaleReadings(parts: {
  capacityGrams: number;
  saysStable: boolean;
  isOpen: () => boolean;
  complain: (why: 'silent' | '') => void;
  tell: Tell;
  world: InputWorld;
}): Readonly<{ take: (says: ScaleSays) => void; begin: () => void; close: () => void }> {
  const { capacityGrams, saysStable, isOpen, complain, tell, world } = parts;
  let steadiness: Steadiness = null;
  let heardMs = world.nowMs();
  let cancel = (): void => {};
  const look = (): void => {
    if (isOpen() && world.nowMs() - heardMs > SILENT_MS) {
      complain('silent');
      tell({ kind: 'weight', reading: null });
    }
    cancel = world.later(LOOK_MS, look);
  };
  cancel = world.later(LOOK_MS, look);
  return {
    take: (says) => {
      const atMs = world.nowMs();
      heardMs = atMs;
      complain('');
      if (says.kind === 'none' || says.weightGrams > capacityGrams) {
        steadiness = null;
        tell({ kind: 'weight', reading: null });
        return;
      }
      const { weightGrams } = says;
      const watched = watchSteadiness(steadiness, weightGrams, atMs);
      ({ steadiness } = watched);
      const isStable = saysStable ? says.isStable : watched.isStable;
      tell({ kind: 'weight', reading: { weightGrams, isStable, atMs } });
    },
    begin: () => {
      steadiness = null;
      heardMs = world.nowMs();
    },
    close: () => cancel(),
  };
}
