import { FAULT_KINDS, type FaultKind, type Options } from './options.ts';
import { planOf } from './plan.ts';
import { run, type Outcome } from './run.ts';

export type Shrunk = Readonly<{ options: Options; outcome: Outcome; runs: number }>;

/**
 * Looks for a smaller run that breaks the same check: fewer operations, faults, days, tills and villagers, as long as it
 * still fails. Every operation draws from a generator of its own, so that one left out changes nothing of the others.
 */
export async function shrink(found: Outcome, mostRuns: number): Promise<Shrunk> {
  const check = found.failure?.check ?? '';
  let best: Outcome = found;
  let runs = 0;
  const isSpent = (): boolean => runs >= mostRuns;
  const attempt = async (options: Options): Promise<boolean> => {
    if (isSpent()) return false;
    runs += 1;
    const outcome = await run(options);
    if (outcome.failure?.check !== check) return false;
    best = outcome;
    return true;
  };
  const change = (part: Partial<Options>): Promise<boolean> => attempt({ ...best.options, ...part });

  // Nothing behind the operation that failed is needed; a failure of the liveness phase has no such end.
  const last = best.failure?.operation ?? 0;
  const behind = planOf(best.options).findIndex((one) => one.number === last);
  if (behind >= 0) {
    const needless = planOf(best.options).slice(behind + 1);
    await change({ skipped: [...best.options.skipped, ...needless.map((one) => one.number)] });
  }
  for (const kind of Object.keys(best.options.network) as (keyof Options['network'])[]) {
    if (best.options.network[kind] > 0) await change({ network: { ...best.options.network, [kind]: 0 } });
  }
  for (const kind of FAULT_KINDS) {
    if ((best.options.planned[kind] ?? 0) === 0) continue;
    const without: Partial<Record<FaultKind, number>> = { ...best.options.planned };
    delete without[kind];
    if (await change({ planned: without })) continue;
    if ((best.options.planned[kind] ?? 0) > 1) await change({ planned: { ...best.options.planned, [kind]: 1 } });
  }
  // Operations in halves, quarters and so on, down to single ones.
  for (let parts = 2; ; parts *= 2) {
    const numbers = planOf(best.options).map((one) => one.number);
    const size = Math.max(1, Math.ceil(numbers.length / parts));
    for (let from = 0; from < numbers.length && !isSpent(); from += size) {
      const skipped = [...best.options.skipped, ...numbers.slice(from, from + size)];
      await change({ skipped: skipped.toSorted((a, b) => a - b) });
    }
    if (size === 1 || isSpent()) break;
  }
  return { options: best.options, outcome: best, runs };
}
