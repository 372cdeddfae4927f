import { addDays, DAY_MS, HOUR_MS, MINUTE_MS, startOfDayMs } from '../../shared/time.ts';
import { FAULT_KINDS, type FaultKind, type HandKind, type Options } from './options.ts';
import { createRandom } from './random.ts';

/** One thing that happens in a run; `number` names the generator it draws from, so each stands for itself. */
export type Operation = Readonly<{ number: number; atMs: number; till: number; what: What }>;

export type What =
  | Readonly<{ kind: 'sell' | 'recall' | 'refund' | 'manage' | 'switchOff' | 'morning' | 'night' | 'copy' | 'issue' }>
  | Readonly<{ kind: OfCustomers }>
  | Readonly<{ kind: 'fault'; fault: FaultKind }>;

/** What is planned by how many of a thousand customers want it. */
const OF_CUSTOMERS = ['exchange', 'changeTender', 'reportCard'] as const satisfies readonly HandKind[];
type OfCustomers = (typeof OF_CUSTOMERS)[number];

/** The network's faults strike messages, not moments. */
const OF_THE_NETWORK: ReadonlySet<FaultKind> = new Set([
  'requestLost',
  'answerLost',
  'requestDoubled',
  'requestReplayed',
  'answerLate',
]);

export function dayOfRun(options: Options, day: number): string {
  // The shut days lie before the last day, so that what was cut off has something to come back to.
  const shut = day === options.days - 1 && day > 0 ? options.shutDays : 0;
  return addDays(options.firstDay, day + shut);
}

/** Everything that will happen, in order of time; the same options always make the same plan. */
export function planOf(options: Options): Operation[] {
  const random = createRandom(`${options.seed}:plan`);
  const operations: Operation[] = [];
  let number = 0;
  const add = (atMs: number, till: number, what: What): void => {
    number += 1;
    operations.push({ number, atMs, till, what });
  };
  for (let day = 0; day < options.days; day += 1) {
    const midnight = startOfDayMs(dayOfRun(options, day));
    const within = (fromHour: number, toHour: number): number =>
      midnight + random.between(fromHour * HOUR_MS, toHour * HOUR_MS - MINUTE_MS);
    for (let till = 0; till < options.tills; till += 1) {
      add(midnight + 7 * HOUR_MS + till * MINUTE_MS, till, { kind: 'morning' });
      for (let customer = 0; customer < options.customers; customer += 1) {
        const roll = random.below(100);
        const kind = roll < 76 ? 'sell' : roll < 86 ? 'refund' : roll < 96 ? 'manage' : 'recall';
        add(within(8, 22), till, { kind });
      }
      if (random.chance(500)) add(within(8, 20), till, { kind: 'copy' });
      if (random.chance(200)) add(within(12, 24), till, { kind: 'night' });
      if (random.chance(500)) add(within(23, 24), till, { kind: 'switchOff' });
    }
    if (random.chance(500)) add(within(8, 22), 0, { kind: 'issue' });
  }
  const firstMs = startOfDayMs(dayOfRun(options, 0)) + 9 * HOUR_MS;
  const lastMs = startOfDayMs(dayOfRun(options, options.days - 1)) + 21 * HOUR_MS;
  for (const fault of FAULT_KINDS) {
    if (OF_THE_NETWORK.has(fault)) continue;
    const faults = createRandom(`${options.seed}:plan:${fault}`);
    for (let count = options.planned[fault] ?? 0; count > 0; count -= 1) {
      number += 1;
      const atMs = firstMs + faults.below(Math.max(1, lastMs - firstMs));
      // In the hours in which the shops are open, where there is something to strike.
      const hour = (atMs % DAY_MS) / HOUR_MS;
      const moved = hour > 14 || hour < 1 ? atMs + faults.between(9, 11) * HOUR_MS : atMs;
      operations.push({
        number,
        atMs: Math.min(moved, lastMs),
        till: faults.below(options.tills),
        what: { kind: 'fault', fault },
      });
    }
  }
  // Numbered behind everything else, so that what they add changes no other operation.
  for (const kind of OF_CUSTOMERS) {
    const wanted = options.hands?.[kind] ?? 0;
    const hands = createRandom(`${options.seed}:plan:${kind}`);
    for (let day = 0; day < options.days; day += 1) {
      const midnight = startOfDayMs(dayOfRun(options, day));
      for (let customer = options.customers * options.tills; customer > 0; customer -= 1) {
        if (!hands.chance(wanted)) continue;
        number += 1;
        const atMs = midnight + hands.between(9 * HOUR_MS, 22 * HOUR_MS - MINUTE_MS);
        operations.push({ number, atMs, till: hands.below(options.tills), what: { kind } });
      }
    }
  }
  return operations
    .filter((one) => one.number <= options.lastOperation && !options.skipped.includes(one.number))
    .sort((a, b) => a.atMs - b.atMs || a.number - b.number);
}
