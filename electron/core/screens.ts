import { changesBetween } from '../../shared/changes.ts';
import type { Screen, ScreenNews } from '../../shared/till-contract.ts';

/**
 * Hands the newest screen to everyone who watches. A slow watcher misses screens in between, never the last one; all
 * that one command changes makes one screen. It is made right behind the command's answer, before anything else is
 * looked at, so that a scan's line is under way as soon as the scan is answered.
 */
export function createScreens(make: () => Omit<Screen, 'revision'>) {
  let revision = 0;
  let made: Screen | null = null;
  let scheduled = false;
  let open = true;
  let customers = 0;
  const wakers = new Set<() => void>();

  const now = (): Screen => {
    made ??= { ...make(), revision };
    return made;
  };

  /** The screen now, then again at each change, until the watcher leaves. */
  async function* watch(signal: AbortSignal | undefined): AsyncGenerator<Screen> {
    let seen = -1;
    for (;;) {
      if (!open || signal?.aborted === true) return;
      const screen = now();
      if (screen.revision !== seen) {
        seen = screen.revision;
        yield screen;
        continue;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          wakers.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        wakers.add(wake);
        signal?.addEventListener('abort', wake);
      });
    }
  }

  const changed = (): void => {
    // Somebody may have looked between two changes of one turn: then what they saw is not the last of it.
    if (made !== null || !scheduled) revision += 1;
    made = null;
    if (scheduled) return;
    scheduled = true;
    process.nextTick(() => {
      scheduled = false;
      for (const wake of wakers) wake();
    });
  };

  const countCustomers = (by: number): void => {
    customers += by;
    if (open) changed();
  };

  return {
    now,
    revision: (): number => revision,
    changed,
    /** Whether a customer page follows. */
    customerPage: (): boolean => customers > 0,
    close: (): void => {
      open = false;
      for (const wake of wakers) wake();
    },
    watch,
    /** The same for a page: the whole screen once, then only what changed, since a basket may be two hundred lines. */
    async *follow(signal: AbortSignal | undefined, isCustomer = false): AsyncGenerator<ScreenNews> {
      if (isCustomer) countCustomers(1);
      try {
        let before: Screen | null = null;
        for await (const screen of watch(signal)) {
          yield before === null ? { screen } : { changes: changesBetween(before, screen) };
          before = screen;
        }
      } finally {
        if (isCustomer) countCustomers(-1);
      }
    },
  };
}

export type Screens = ReturnType<typeof createScreens>;
