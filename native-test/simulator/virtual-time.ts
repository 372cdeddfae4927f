/** True time of the simulated world: it moves only when the simulation says so, and everything due happens in order. */
export type VirtualTime = Readonly<{
  nowMs: () => number;
  /** Does `task` at a moment; answers a function that takes it back. */
  at: (atMs: number, task: () => void) => () => void;
  /** Moves to `toMs` and does what falls due on the way, each with all that follows from it. */
  advanceTo: (toMs: number) => Promise<void>;
  /** Moves on until `promise` is settled, `isOver` says that nobody waits any more, or `limitMs` have passed. */
  until: (promise: Promise<unknown>, isOver: () => boolean, limitMs: number) => Promise<void>;
}>;

type Planned = { atMs: number; order: number; task: () => void };

/** Lets every promise that can go on go on: Node empties its microtasks before it turns to the next immediate. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function createVirtualTime(startMs: number): VirtualTime {
  let nowMs = startMs;
  let order = 0;
  const planned: Planned[] = [];

  const at = (atMs: number, task: () => void): (() => void) => {
    order += 1;
    const plan: Planned = { atMs: Math.max(atMs, nowMs), order, task };
    let low = 0;
    let high = planned.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = planned[middle];
      if (other !== undefined && (other.atMs < plan.atMs || (other.atMs === plan.atMs && other.order < plan.order)))
        low = middle + 1;
      else high = middle;
    }
    planned.splice(low, 0, plan);
    return () => {
      const index = planned.indexOf(plan);
      if (index >= 0) planned.splice(index, 1);
    };
  };

  /** Does the next thing due up to a moment; false when there is none. */
  const step = async (toMs: number): Promise<boolean> => {
    const next = planned[0];
    if (next === undefined || next.atMs > toMs) return false;
    planned.shift();
    nowMs = Math.max(nowMs, next.atMs);
    next.task();
    await settle();
    return true;
  };

  return {
    nowMs: () => nowMs,
    at,
    advanceTo: async (toMs) => {
      await settle();
      while (await step(toMs)) {
        // Each step does one thing.
      }
      nowMs = Math.max(nowMs, toMs);
    },
    until: async (promise, isOver, limitMs) => {
      const endMs = nowMs + limitMs;
      const waiting = { isOver: false };
      const watch = async (): Promise<void> => {
        try {
          await promise;
        } catch {
          // Whoever made the promise looks at what became of it.
        }
        waiting.isOver = true;
      };
      void watch();
      await settle();
      while (!waiting.isOver && !isOver()) {
        if (!(await step(endMs))) {
          nowMs = Math.max(nowMs, endMs);
          return;
        }
      }
    },
  };
}
