import type { DrawerState } from '../../shared/devices.ts';
import { MINUTE_MS } from '../../shared/time.ts';

/** Change is given in less; a drawer that still stands open then was forgotten. */
export const DRAWER_FORGOTTEN_MS = MINUTE_MS;

/** Whether somebody forgot to shut the drawer, as far as its sensor says. */
export function createDrawerWatch() {
  let openSinceMs: number | null = null;
  let isForgotten = false;
  return {
    /** True once for each time that the drawer was forgotten, so that it is said once. */
    look: (state: DrawerState, nowMs: number): boolean => {
      if (state !== 'open') openSinceMs = null;
      else openSinceMs ??= nowMs;
      const before = isForgotten;
      isForgotten = openSinceMs !== null && nowMs - openSinceMs >= DRAWER_FORGOTTEN_MS;
      return isForgotten && !before;
    },
    isForgotten: (): boolean => isForgotten,
  };
}
