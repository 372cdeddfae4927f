import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { counterRows } from './bench/counter-rows.ts';
import { crashRows } from './bench/crash-rows.ts';
import { deviceRow } from './bench/device-row.ts';
import { intakeRows } from './bench/intake-rows.ts';
import { journalRows } from './bench/journal-rows.ts';
import { nightRow } from './bench/night-row.ts';
import { paintRows } from './bench/paint-rows.ts';
import { tableOf, type BenchResult, type BenchRun } from './bench/result.ts';

/**
 * The budgets of the design, each measured beside what a bare program reaches on the same machine in the same run.
 * A missed budget is told, never an error: only a bench that could not measure ends with 1.
 */
const NAMES = [
  'paint',
  'scan',
  'device',
  'sale',
  'search',
  'open',
  'start',
  'verify',
  'memory',
  'crash',
  'night',
  'intake',
] as const;

const USAGE = `用法 (usage): npm run -s bench -- [--json] [--quick] [--only NAME] [--dir DIR]

  --json       只打印 JSON (JSON instead of a table)
  --quick      少做几遍、数据小一些：只看能不能跑 (smaller and fewer: to see that it works)
  --only NAME  只量一项，可重复 (only these; may be repeated): ${NAMES.join(', ')}
  --dir DIR    在哪块盘上量 (whose disk is measured; default: the folder for temporary files)
`;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        dir: { type: 'string', default: tmpdir() },
        help: { type: 'boolean', default: false },
      },
    });
    const unknown = values.only.find((name) => !NAMES.some((known) => known === name));
    return values.help || unknown !== undefined ? null : values;
  } catch {
    return null;
  }
}

function machine(folder: string) {
  const { bavail, bsize, type } = statfsSync(folder);
  return {
    system: `${process.platform} ${release()} ${process.arch}`,
    processor: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    memoryMegabytes: Math.round(totalmem() / 1_048_576),
    node: process.version,
    disk: { folder, fileSystem: `0x${type.toString(16)}`, freeMegabytes: Math.round((bavail * bsize) / 1_048_576) },
    /** Of the last minute, before the bench began: above 1 on a machine that does other things as well. */
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    atMs: Date.now(),
  };
}

async function main(): Promise<number> {
  const wish = readArguments();
  if (wish === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  const scratch = mkdtempSync(join(wish.dir, 'one-card-till-bench-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  const about = machine(scratch);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const run: BenchRun = { root: dirname(import.meta.dirname), scratch, quick: wish.quick, say };
  const wanted = (name: string): boolean => wish.only.length === 0 || wish.only.includes(name);
  const groups: readonly Readonly<{ name: string; rows: () => Promise<BenchResult[]> }>[] = [
    { name: 'paint', rows: async () => (wanted('paint') ? paintRows(run) : []) },
    { name: 'scan, sale, search', rows: () => counterRows(run, wanted) },
    { name: 'open, start, verify, memory', rows: () => journalRows(run, wanted) },
    { name: 'crash', rows: async () => (wanted('crash') ? crashRows(run) : []) },
    { name: 'device', rows: async () => (wanted('device') ? [await deviceRow(run)] : []) },
    { name: 'night', rows: async () => (wanted('night') ? [await nightRow(run)] : []) },
    { name: 'intake', rows: async () => (wanted('intake') ? intakeRows(run) : []) },
  ];
  const results: BenchResult[] = [];
  let failed = false;
  for (const { name, rows } of groups) {
    try {
      results.push(...(await rows()));
    } catch (error) {
      failed = true;
      say(`${name}: could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  if (wish.json) process.stdout.write(`${JSON.stringify({ machine: about, results }, null, 2)}\n`);
  else process.stdout.write(`${about.processor}, ${about.cores} cores, load ${about.load}\n\n${tableOf(results)}\n`);
  return failed ? 1 : 0;
}

process.exit(await main());
