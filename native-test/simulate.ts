import { parseArgs } from 'node:util';
import { cover, coverageTable, missingPairs, newCoverage } from './simulator/coverage.ts';
import { huntAll } from './simulator/planted.ts';
import { PLANTS } from './simulator/plants.ts';
import { optionsOf, type Options, type Wanted, withWanted } from './simulator/options.ts';
import { shrink } from './simulator/shrink.ts';
import { run } from './simulator/run.ts';

/**
 * Runs seeds of the deterministic simulator and prints what each of them was, what its faults were, and what broke:
 * `simulate --seeds 300 [--from S] [--tills 2..12] [--days D]`, or one run again from its printed line by `--options`.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    from: { type: 'string', default: '1' },
    tills: { type: 'string' },
    days: { type: 'string' },
    options: { type: 'string' },
    /** Parts of options, as they are printed, that stand in for what each seed chooses. */
    with: { type: 'string', default: '{}' },
    /** A seed that is tried before the others. */
    try: { type: 'string' },
    quiet: { type: 'boolean', default: false },
    /** Ends at the first seed that fails. */
    first: { type: 'boolean', default: false },
    /** Looks for a smaller run that fails the same way. */
    shrink: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});

/** How many runs a failure may cost to make it smaller. */
const SHRINK_RUNS = 80;

/** `3` or `2..12`. */
function rangeOf(text: string | undefined): readonly [number, number] | null {
  if (text === undefined) return null;
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  if (match === null) throw new Error(`${text} is neither a number nor a range like 2..12`);
  return [Number(match[1]), Number(match[2] ?? match[1])];
}

async function simulate(): Promise<number> {
  const ranges = { tills: rangeOf(values.tills), days: rangeOf(values.days) };
  const wanted = JSON.parse(values.with) as Wanted;
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.from) + index);
  if (values.try !== undefined) seeds.unshift(Number(values.try));
  const all: Options[] =
    values.options === undefined
      ? seeds.map((seed) => withWanted(optionsOf(seed, ranges), wanted))
      : [JSON.parse(values.options) as Options];

  const coverage = newCoverage();
  const before = process.cpuUsage();
  let tillDays = 0;
  const documents = { sale: 0, refund: 0, exchange: 0, tenderChange: 0, cardChange: 0 };
  let operations = 0;
  let failures = 0;
  for (const options of all) {
    const outcome = await run(options);
    cover(coverage, outcome.counts);
    tillDays += options.tills * options.days;
    for (const kind of Object.keys(documents) as (keyof typeof documents)[]) documents[kind] += outcome.documents[kind];
    operations += outcome.operations;
    const { failure } = outcome;
    if (failure === null) {
      if (!values.quiet)
        console.log(`seed ${options.seed}: ok, ${outcome.documents.sale} sales, digest ${outcome.digest.slice(0, 16)}`);
      continue;
    }
    failures += 1;
    console.log(`seed ${options.seed}: FAILED at operation ${failure.operation}: ${failure.message}`);
    console.log(`  --options '${JSON.stringify(options)}'`);
    if (values.first) return failures;
    if (values.shrink) {
      const { options: smaller, outcome: least, runs } = await shrink(outcome, SHRINK_RUNS);
      console.log(`  shrunk in ${runs} runs to ${least.operations} operations: ${least.failure?.message}`);
      console.log(`  --options '${JSON.stringify(smaller)}'`);
    }
  }
  // What this process worked, not what it waited for others on the same machine.
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1_000_000;
  const faults = [...coverage.faults.values()].reduce((sum, count) => sum + count, 0);
  for (const line of coverageTable(coverage)) console.log(line);
  console.log(`pairs of faults that no run saw: ${missingPairs(coverage)}`);
  console.log(
    `${all.length} seeds, ${tillDays} till-days, ${operations} operations, ${documents.sale} sales, ` +
      `${documents.refund} refunds, ${documents.exchange} exchanges, ${documents.tenderChange} tender changes, ` +
      `${documents.cardChange} reports of cards, ${faults} faults, ` +
      `${failures} failed, ${(tillDays / seconds).toFixed(1)} till-days a second of one core`,
  );
  return failures;
}

async function huntPlanted(): Promise<number> {
  const plants = PLANTS.filter(({ name }) => name.includes(values.only));
  return (await huntAll(plants, Number(values.seeds), 2)).length;
}

const wrong = values.planted ? await huntPlanted() : await simulate();
process.exitCode = wrong === 0 ? 0 : 1;
