import { setTimeout as pause } from 'node:timers/promises';
import type { InputDevice, InputEvent, InputWorld, Tell } from '../../electron/devices/input.ts';

/** What a driver said so far, and a way to wait for what it has yet to say. */
export type Listened = Readonly<{
  events: readonly InputEvent[];
  codes: () => string[];
  cards: () => string[];
  /** Stable weights, grams; null where the scale said that there is none. */
  weights: () => (number | null)[];
  states: () => string[];
  log: readonly string[];
  device: InputDevice;
  until: (what: string, isSo: () => boolean) => Promise<void>;
}>;

/** Real time. */
export function realWorld(log: string[]): InputWorld {
  return {
    nowMs: () => performance.now(),
    later: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
    log: (line) => log.push(line),
  };
}

/** A driver that is never closed would keep the test's process alive. */
export function listenTo(open: (tell: Tell, world: InputWorld) => InputDevice): Listened {
  const events: InputEvent[] = [];
  const log: string[] = [];
  const world = realWorld(log);
  const device = open((event) => events.push(event), world);
  const states = (): string[] =>
    events.flatMap((event) => (event.kind === 'state' ? [`${event.state} ${event.why}`.trim()] : []));
  return {
    events,
    codes: () => events.flatMap((event) => (event.kind === 'code' ? [event.code] : [])),
    cards: () => events.flatMap((event) => (event.kind === 'card' ? [event.token] : [])),
    weights: () =>
      events.flatMap((event) => {
        if (event.kind !== 'weight') return [];
        if (event.reading === null) return [null];
        return event.reading.isStable ? [event.reading.weightGrams] : [];
      }),
    states,
    log,
    device,
    until: async (what, isSo) => {
      for (let waits = 0; !isSo(); waits += 1) {
        if (waits > 1_500) {
          const kinds = events.filter((event) => event.kind !== 'raw').slice(-10);
          throw new Error(`${what} did not come; said: ${JSON.stringify(kinds)}; log: ${log.join('; ')}`);
        }
        await pause(10);
      }
    },
  };
}
