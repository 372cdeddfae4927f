import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KINDS, type Kind, type Part } from './soak/kinds.ts';

/**
 * Runs everything that is decided by a seed, by the clock: `soak --minutes 60` goes on with fresh seeds until the time is
 * up and appends to `docs/reliability.md` what ran; `soak --ci` runs the share of one CI run. Each part runs in a process
 * of its own, two at a time, so that one that crashes or hangs is a finding and not the end.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    ci: { type: 'boolean', default: false },
    /** Where a run by the clock is written down, instead of `docs/reliability.md`. */
    report: { type: 'string' },
    seed: { type: 'string' },
    /** Only the kinds whose name has this in it. */
    only: { type: 'string', default: '' },
    /** How a part is run in its own process: `--part NAME --seed S --count N`. */
    part: { type: 'string' },
    count: { type: 'string' },
  },
});

const root = fileURLToPath(new URL('..', import.meta.url));
const AT_ONCE = 2;
/** A part that has not ended by then hangs, which is a finding. */
const PART_LIMIT_MS = 15 * 60_000;
const CI_SEED = 20_781_000;

type Sum = {
  parts: number;
  ran: number;
  lost: number;
  doubled: number;
  failures: string[];
  seeds: number[];
  places: { seen: Set<number>; of: number };
};
type Job = Readonly<{ kind: Kind; seed: number; count: number }>;

async function partOf({ kind, seed, count }: Job): Promise<Part> {
  const args = ['native-test/soak.ts', '--part', kind.name, '--seed', String(seed), '--count', String(count)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const take = (data: Buffer): void => {
    output = (output + data.toString('utf8')).slice(-200_000);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const timer = setTimeout(() => child.kill('SIGKILL'), PART_LIMIT_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  const answer = /^part (\{.*\})$/m.exec(output)?.[1];
  if (answer !== undefined) return JSON.parse(answer) as Part;
  return { ran: 0, lost: 0, doubled: 0, failures: [`ended without an answer: ${output.slice(-2_000)}`] };
}

function* jobsOf(kinds: readonly Kind[], from: number, turn: number, isOver: () => boolean): Generator<Job> {
  if (values.ci) {
    for (const kind of kinds) {
      const first = from + (kind.rotates === true ? turn * kind.ciCount : 0);
      for (let done = 0; done < kind.ciCount; done += kind.partCount)
        yield { kind, seed: first + done, count: Math.min(kind.partCount, kind.ciCount - done) };
    }
    return;
  }
  for (let round = 0; !isOver(); round += 1) {
    for (const kind of kinds) {
      if (isOver()) return;
      yield { kind, seed: from + round * kind.partCount, count: kind.partCount };
    }
  }
}

async function soak(): Promise<number> {
  const startMs = Date.now();
  const isOver = (): boolean => Date.now() - startMs >= Number(values.minutes ?? '0') * 60_000;
  // The day, so that each soak takes other seeds and says which; what CI says of a commit must not depend on the day.
  const from = Number(values.seed ?? (values.ci ? CI_SEED : Math.floor(startMs / 86_400_000) * 1_000));
  const sums = new Map<Kind, Sum>();
  const left: string[] = [];
  const kinds = KINDS.filter((kind) => {
    const absent = kind.needs().find((one) => one.find() === null);
    if (!kind.name.includes(values.only)) return false;
    if (absent !== undefined) left.push(`${kind.name}: ${absent.name} was not found; to enable: ${absent.enableWith}`);
    return absent === undefined;
  });
  const commit = await lineOf('git', ['describe', '--always', '--exclude=*', '--dirty=-changed', '--abbrev=10']);
  // Another third with another commit, and the same one whenever the same commit is run again.
  const turn = (Number.parseInt(commit, 16) || 0) % 3;
  const jobs = jobsOf(kinds, from, turn, isOver);
  const worker = async (): Promise<void> => {
    for (const job of jobs) {
      const partMs = Date.now();
      const part = await partOf(job);
      const seconds = Math.round((Date.now() - partMs) / 1_000);
      const none = { parts: 0, ran: 0, lost: 0, doubled: 0, failures: [], seeds: [] };
      const sum: Sum = sums.get(job.kind) ?? { ...none, places: { seen: new Set(), of: 0 } };
      sums.set(job.kind, sum);
      sum.parts += 1;
      sum.ran += part.ran;
      sum.lost += part.lost;
      sum.doubled += part.doubled;
      sum.failures.push(...part.failures.map((failure) => `seed ${job.seed}, count ${job.count}: ${failure}`));
      sum.seeds.push(job.seed);
      for (const one of part.places?.seen ?? []) sum.places.seen.add(one);
      sum.places.of = Math.max(sum.places.of, part.places?.of ?? 0);
      console.log(
        `${job.kind.name}, seed ${job.seed}: ${part.ran} ${job.kind.unit}, ${part.failures.length} failures, ${seconds} s`,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const minutes = Math.round((Date.now() - startMs) / 6_000) / 10;
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'of unknown make'}, Node ${process.version}`;
  const rows = [...sums].map(
    ([{ name, unit }, sum]) =>
      `| ${name} | ${sum.ran} ${unit}${placesOf(sum)} | ${Math.min(...sum.seeds)} to ${Math.max(...sum.seeds)} ` +
      `| ${sum.lost} | ${sum.doubled} | ${sum.failures.length} |`,
  );
  const table = [
    '| what | ran | seeds of its parts | lost | doubled | failures |',
    '|---|---|---|---|---|---|',
    ...rows,
  ];
  console.log([`Commit ${commit}, ${machine}, ${minutes} minutes.`, ...table].join('\n'));
  const failures = [...sums.values()].flatMap((sum) => sum.failures);
  for (const failure of failures) console.log(failure);
  for (const line of left) console.log(`left out: ${line}`);
  if (values.minutes !== undefined) await append(minutes, `Commit ${commit}, ${machine}.`, table, left);
  const bad = [...sums.values()].filter((sum) => sum.failures.length + sum.lost + sum.doubled > 0).length;
  // With CI=true nothing may go untested unseen.
  const leftBad = process.env['CI'] === 'true' ? left.length : 0;
  console.log(`\n${sums.size - bad} passed, ${bad + leftBad} failed, ${left.length - leftBad} skipped`);
  return bad + leftBad;
}

/** Of what is walked over, how much of it this run came to. */
function placesOf({ places: { seen, of } }: Sum): string {
  return of === 0 ? '' : `, at ${Math.min(seen.size, of)} of ${of} places`;
}

async function append(
  minutes: number,
  where: string,
  table: readonly string[],
  left: readonly string[],
): Promise<void> {
  const file = values.report ?? join(root, 'docs', 'reliability.md');
  if (!existsSync(file)) writeFileSync(file, HEAD);
  const day = new Date().toISOString().slice(0, 10);
  const lines = [`## ${day}, ${minutes} minutes`, '', where, '', ...table];
  appendFileSync(file, `\n${[...lines, ...left.map((line) => `\nLeft out: ${line}.`)].join('\n')}\n`);
}

const HEAD = `# What was run against the ledger

Each section is one run of \`npm run soak -- --minutes M\`: everything that a seed decides, on the production code, until
the time was up. *Lost* are acknowledged facts that were not there afterwards, *doubled* are facts or points that counted
twice. A part is repeated by \`npm run soak -- --part NAME --seed S --count N\`.
`;

function lineOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString('utf8');
    });
    child.once('error', () => resolve('unknown'));
    child.once('close', () => resolve(output.trim() || 'unknown'));
  });
}

if (values.part === undefined) {
  process.exitCode = (await soak()) === 0 ? 0 : 1;
} else {
  const kind = KINDS.find((one) => one.name === values.part);
  if (kind === undefined) throw new Error(`there is no part ${values.part}`);
  const part = await kind.run(Number(values.seed ?? '1'), Number(values.count ?? '1'));
  console.log(`part ${JSON.stringify(part)}`);
  // What a test left open must not keep the process.
  process.exit(0);
}
