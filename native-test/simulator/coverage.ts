import { FAULT_KINDS, type FaultKind } from './options.ts';

/** How often faults fell, and how many runs saw each pair of kinds together. */
export type Coverage = Readonly<{
  faults: Map<FaultKind, number>;
  runs: Map<FaultKind, number>;
  pairs: Map<string, number>;
}>;

export function newCoverage(): Coverage {
  return { faults: new Map(), runs: new Map(), pairs: new Map() };
}

function raise<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export function cover(coverage: Coverage, counts: ReadonlyMap<FaultKind, number>): void {
  const kinds = FAULT_KINDS.filter((kind) => (counts.get(kind) ?? 0) > 0);
  for (const [index, kind] of kinds.entries()) {
    raise(coverage.faults, kind, counts.get(kind) ?? 0);
    raise(coverage.runs, kind);
    for (const other of kinds.slice(index + 1)) raise(coverage.pairs, `${kind} ${other}`);
  }
}

/** The table of pairs: a row and a column per kind, each cell the number of runs in which both happened. */
export function coverageTable(coverage: Coverage): string[] {
  const width = Math.max(...FAULT_KINDS.map((kind) => kind.length));
  const cell = (text: string | number): string => String(text).padStart(5);
  const head = `${''.padEnd(width + 3)}${cell('n')}${cell('runs')} |${FAULT_KINDS.map((_, index) => cell(index + 1)).join('')}`;
  const rows = FAULT_KINDS.map((kind, row) => {
    const cells = FAULT_KINDS.map((other, column) =>
      column < row ? cell(coverage.pairs.get(`${other} ${kind}`) ?? 0) : cell(column === row ? '-' : ''),
    );
    const figures = `${cell(coverage.faults.get(kind) ?? 0)}${cell(coverage.runs.get(kind) ?? 0)}`;
    return `${String(row + 1).padStart(2)} ${kind.padEnd(width)}${figures} |${cells.join('')}`.trimEnd();
  });
  return [head, ...rows];
}

/** Pairs of kinds that no run has seen together. */
export function missingPairs(coverage: Coverage): number {
  const all = (FAULT_KINDS.length * (FAULT_KINDS.length - 1)) / 2;
  return all - coverage.pairs.size;
}
