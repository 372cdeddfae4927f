import { chanceOf, type Chance } from '../ledger/chance.ts';
import { BYTES_MOST } from './bytes-most.ts';
import { inMemory, Line } from './line.ts';
import type { Fault, Measured, Way } from './proxy.ts';

/** What came of a row of faults; `failures` are sentences, each with what repeats it. */
export type ExchangeFigures = {
  seed: number;
  /** Exchanges in which the fault really struck. */
  ran: number;
  /** How many of them left the first night pending. */
  pending: number;
  lost: number;
  doubled: number;
  failures: string[];
  /** How many places there are to cut, of frames or of bytes, both ways together. */
  places: number;
  byKind: Record<string, number>;
};

/** What every run may be told: a line that is open already is used, and left open. */
type Run = Readonly<{ seed: number; count: number; line?: Line }>;

/** A till and a town serve so many exchanges: a villager may not spend without end in a month. */
const ROUNDS_A_LINE = 600;
/** A clean exchange before anything is measured: the first ones still bring what a new till lacks. */
const WARM_UP = 2;
/** A prime: steps of it come to every place of a row, evenly at first. */
const STRIDE = 7_919;

type Place = Readonly<{ way: Way; offset: number }>;

async function work(
  { seed, count, line: given }: Run,
  placesOf: (measured: Measured) => readonly Place[],
  faultOf: (places: readonly Place[], number: number, chance: Chance) => Fault,
): Promise<ExchangeFigures> {
  const chance = chanceOf(seed);
  const figures: ExchangeFigures = {
    seed,
    ran: 0,
    pending: 0,
    lost: 0,
    doubled: 0,
    failures: [],
    places: 0,
    byKind: {},
  };
  for (let number = 0; figures.ran < count; ) {
    const line = given ?? (await Line.open());
    try {
      let measured: Measured = { up: 0, down: 0, frames: [] };
      for (let warm = 0; warm <= WARM_UP; warm += 1) {
        const clean = await line.exchange(null);
        measured = clean.measured;
        if (clean.failures.length > 0) throw new Error(`without a fault: ${clean.failures.join('; ')}`);
      }
      const places = placesOf(measured);
      figures.places = places.length;
      for (let round = 0; round < ROUNDS_A_LINE && figures.ran < count; round += 1, number += 1) {
        const fault = faultOf(places, number, chance);
        const done = await line.exchange(fault);
        // An exchange may be shorter than the one that was measured; then nothing was tried.
        if (done.struck > 0) {
          figures.ran += 1;
          figures.byKind[fault.kind] = (figures.byKind[fault.kind] ?? 0) + 1;
          if (done.pending) figures.pending += 1;
        }
        figures.lost += done.lost;
        figures.doubled += done.doubled;
        figures.failures.push(...done.failures.map((text) => `seed ${seed} ${JSON.stringify(fault)}: ${text}`));
        // What one fault broke would be found again after each that follows.
        if (done.failures.length > 0) break;
      }
    } finally {
      if (given === undefined) await line.close();
    }
    if (figures.failures.length > (given === undefined ? 20 : 0)) break;
  }
  return figures;
}

const everyByte = ({ up, down }: Measured): Place[] =>
  Array.from({ length: up + down }, (_, at) =>
    at < up ? { way: 'up', offset: at } : { way: 'down', offset: at - up },
  );

const everyFrame = ({ frames }: Measured): Place[] => [
  { way: 'up', offset: 0 },
  { way: 'down', offset: 0 },
  ...frames.map(({ way, at }) => ({ way, offset: at })),
];

const place = (places: readonly Place[], number: number): Place => {
  const found = places[(number * STRIDE) % places.length];
  if (found === undefined) throw new Error('an exchange has bytes');
  return found;
};

/**
 * Cuts an exchange between a real till and a real town `count` times, each time after another number of bytes in one
 * direction: at frame boundaries (`frames`) or anywhere (`bytes`), by a reset or a clean end, with the line back at once
 * or only after the night. `from`, the seed where nothing is said, is the number of the first place: runs of `count` whose
 * `from` lies `count` apart come to every place there is.
 */
export function runCuts(run: Run & Readonly<{ at?: 'bytes' | 'frames'; from?: number }>): Promise<ExchangeFigures> {
  const { at = 'bytes', from: start = run.seed } = run;
  return work(run, at === 'bytes' ? everyByte : everyFrame, (places, number, chance) => ({
    kind: 'cut',
    ...place(places, start + number),
    how: chance.pick(['reset', 'close']),
    stays: chance.percent(50),
  }));
}

/** The place of a number in the walk: every one of them once in `2 * BYTES_MOST` numbers that follow each other. */
export function placeOf(number: number): Place & Readonly<{ index: number }> {
  const index = (number * STRIDE) % (2 * BYTES_MOST);
  return { index, way: index % 2 === 0 ? 'up' : 'down', offset: index >> 1 };
}

export type WalkFigures = Readonly<{
  ran: number;
  pending: number;
  lost: number;
  doubled: number;
  failures: readonly string[];
  /** How many bytes the parts of a clean exchange had, and which places were cut here: each has its own number. */
  places: number;
  cut: readonly number[];
}>;

/**
 * The walk over every byte: exchanges with the numbers from `from` on, each cut twice, once while a customer is served and
 * once in its night, both at the place of its number. Walks of `count` numbers whose `from` lies `count` apart come to
 * each byte of either part, either way, once in `2 * BYTES_MOST` numbers.
 */
export async function walkCuts({ from, count }: Readonly<{ from: number; count: number }>): Promise<WalkFigures> {
  const chance = chanceOf(from);
  const failures: string[] = [];
  const cut: number[] = [];
  const sums = { ran: 0, pending: 0, lost: 0, doubled: 0, places: 0 };
  for (let number = from; number < from + count && failures.length <= 20; ) {
    const line = await Line.open(inMemory());
    try {
      let clean = await line.exchangeInParts(null, null);
      for (let warm = 0; warm < WARM_UP; warm += 1) clean = await line.exchangeInParts(null, null);
      if (clean.failures.length > 0) throw new Error(`without a fault: ${clean.failures.join('; ')}`);
      const parts = [clean.counter.measured, clean.night.measured];
      if (parts.some(({ up, down }) => Math.max(up, down) > BYTES_MOST)) throw new Error('BYTES_MOST is too few');
      sums.places = Math.max(
        sums.places,
        parts.reduce((sum, { up, down }) => sum + up + down, 0),
      );
      for (let round = 0; round < ROUNDS_A_LINE && number < from + count; number += 1) {
        const { index, way, offset } = placeOf(number);
        const faults = parts.map((measured): Fault | null => {
          const how = chance.pick(['reset', 'close'] as const);
          const stays = chance.percent(50);
          return offset < measured[way] ? { kind: 'cut', way, offset, how, stays } : null;
        });
        const [counter = null, night = null] = faults;
        if (counter === null && night === null) continue;
        round += 1;
        const done = await line.exchangeInParts(counter, night);
        // An exchange may be shorter than the one that was measured; then nothing was tried.
        for (const [part, { struck }] of [done.counter, done.night].entries()) {
          if (struck === 0) continue;
          sums.ran += 1;
          cut.push(part * 2 * BYTES_MOST + index);
        }
        if (done.pending) sums.pending += 1;
        sums.lost += done.lost;
        sums.doubled += done.doubled;
        failures.push(...done.failures.map((text) => `number ${number} ${JSON.stringify(faults)}: ${text}`));
        // What one fault broke would be found again after each that follows.
        if (done.failures.length > 0) {
          number += 1;
          break;
        }
      }
    } finally {
      await line.close();
    }
  }
  return { ...sums, failures, cut };
}

/**
 * Everything a line may do to an exchange short of a clean cut: connections that are taken and never answered, or that
 * fall silent in the middle of a message and stay open; messages that come late, in drips, twice, or long after their
 * sender gave them up. Loss of a message is the half-open connection at its first byte.
 */
export function runLineFaults(run: Run): Promise<ExchangeFigures> {
  const kinds = ['halfOpen', 'silent', 'double', 'late', 'drip', 'delay'] as const;
  return work(run, everyByte, (places, number, chance): Fault => {
    const kind = kinds[number % kinds.length] ?? 'silent';
    const { way, offset } = chance.pick(places);
    const request = 1 + chance.below(9);
    switch (kind) {
      case 'silent':
        return { kind: 'halfOpen', way: 'up', offset: 0, stays: chance.percent(70) };
      case 'halfOpen':
        return { kind, way, offset, stays: chance.percent(30) };
      case 'double':
        return { kind, request, when: chance.pick(['atOnce', 'late']) };
      case 'late':
        return { kind, request };
      case 'drip':
        return { kind, way, offset, bytes: 1 + chance.below(200), pauseMs: 1 + chance.below(8) };
      case 'delay':
        return { kind, mostMs: 1 + chance.below(40) };
      default:
        return kind satisfies never;
    }
  });
}
