/**
 * Where the codes of devices go: to the page that asked for them last, as long as it listens (a dialog that wants a
 * receipt's number, a delivery being written down), and to the sale otherwise. To listen is the whole claim: a page that
 * is closed, reloaded or lost listens no more, and what it had not taken yet goes on to the next.
 */
export function createScans<Scan>(sell: (scan: Scan) => void) {
  type Taker = { readonly waiting: Scan[]; wake: () => void };
  const takers: Taker[] = [];

  const give = (scan: Scan): void => {
    const newest = takers.at(-1);
    if (newest === undefined) return sell(scan);
    newest.waiting.push(scan);
    newest.wake();
  };

  return {
    give,
    isWatched: (): boolean => takers.length > 0,
    /** The scans from now on, until the page leaves. */
    async *watch(signal: AbortSignal | undefined): AsyncGenerator<Scan> {
      const taker: Taker = { waiting: [], wake: () => {} };
      takers.push(taker);
      const leave = (): void => taker.wake();
      signal?.addEventListener('abort', leave);
      try {
        for (;;) {
          if (signal?.aborted === true) return;
          const next = taker.waiting.shift();
          if (next !== undefined) {
            yield next;
            continue;
          }
          await new Promise<void>((resolve) => {
            taker.wake = resolve;
          });
        }
      } finally {
        signal?.removeEventListener('abort', leave);
        takers.splice(takers.indexOf(taker), 1);
        for (const left of taker.waiting) give(left);
      }
    },
  };
}

export type Scans<Scan> = ReturnType<typeof createScans<Scan>>;
