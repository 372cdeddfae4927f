/** One line of the bench: what was measured, beside its limit of the same run and the budget that follows from it. */
export type BenchResult = Readonly<{
  name: string;
  unit: string;
  /** Of a time or a size: median and 99th percentile. Of a rate: median, and the slowest of the runs. */
  p50: number;
  p99: number;
  /** What a bare program reached in the same run, in the same unit; null where nothing bare can be compared. */
  limit: number | null;
  /** Null where design.md sets none and the row only tells. */
  budget: number | null;
  ok: boolean;
}>;

/** What a row needs to know of how it was called. */
export type BenchRun = Readonly<{
  /** The project's root. */
  root: string;
  /** An empty folder that is removed when the bench ends. */
  scratch: string;
  /** Fewer repetitions and smaller fixtures: to see that the bench works, not to judge by. */
  quick: boolean;
  say: (line: string) => void;
}>;

/** The value below which a share of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Three digits behind the point tell everything that such a measurement can. */
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

/** A row whose samples must stay below its budget: `judged` says which of the two figures the budget speaks of. */
export function atMost(
  row: Readonly<{
    name: string;
    unit: string;
    samples: readonly number[];
    limit: number | null;
    budget: number | null;
    judged: 'p50' | 'p99';
  }>,
): BenchResult {
  const p50 = percentile(row.samples, 0.5);
  const p99 = percentile(row.samples, 0.99);
  const value = row.judged === 'p50' ? p50 : p99;
  return {
    name: row.name,
    unit: row.unit,
    p50: rounded(p50),
    p99: rounded(p99),
    limit: row.limit === null ? null : rounded(row.limit),
    budget: row.budget === null ? null : rounded(row.budget),
    ok: row.budget === null || value <= row.budget,
  };
}

/** A row of a rate, which must reach its budget in the median of its runs. */
export function atLeast(
  row: Readonly<{
    name: string;
    unit: string;
    rates: readonly number[];
    limit: number | null;
    budget: number | null;
  }>,
): BenchResult {
  const p50 = percentile(row.rates, 0.5);
  const whole = (value: number): number => Math.round(value);
  return {
    name: row.name,
    unit: row.unit,
    p50: whole(p50),
    p99: whole(Math.min(...row.rates)),
    limit: row.limit === null ? null : whole(row.limit),
    budget: row.budget === null ? null : whole(row.budget),
    ok: row.budget === null || p50 >= row.budget,
  };
}

/** Milliseconds that a piece of work took. */
export async function timed(work: () => unknown): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** A table for people; `x` marks a missed budget. */
export function tableOf(results: readonly BenchResult[]): string {
  const head = ['', 'name', 'unit', 'p50', 'p99', 'limit', 'budget'];
  const text = (value: number | null): string => (value === null ? '-' : String(value));
  const rows = results.map((row) => [
    row.ok ? 'ok' : 'x',
    row.name,
    row.unit,
    text(row.p50),
    text(row.p99),
    text(row.limit),
    text(row.budget),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}
