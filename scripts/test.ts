import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestCase, TestModule } from 'vitest/node';

/**
 * `npm test`: unit and property tests, the native ones and the day at the counter in a browser, which a person waits for.
 * `npm test -- all`, and `npm test` with CI=true, add the checks (lint, format, types), the further pages in a browser, and
 * the trials of faults: kills, failing disks, power cuts, cut lines, the simulator. `npm test -- unit native/some.test.ts`
 * runs only the named groups, and in them only the named files. The checks run beside the unit tests, so their lines stand
 * between those of the test files.
 */

const root = dirname(import.meta.dirname);
const GROUPS = ['checks', 'unit', 'native', 'counter', 'pages', 'faults'] as const;
type Group = (typeof GROUPS)[number];

/** What a person waits for who only wants to see that it works. */
const WAITED_FOR: readonly Group[] = ['unit', 'native', 'counter'];

type Skip = Readonly<{ name: string; reason: string }>;
type Count = { passed: number; failed: string[]; skipped: Skip[] };

const inContinuousIntegration = process.env['CI'] === 'true';
const count: Count = { passed: 0, failed: [], skipped: [] };

function isGroup(word: string): word is Group {
  return GROUPS.some((group) => group === word);
}

/** A disk in memory has to hold the folders of two files at a time, each with a few databases of fifty megabytes. */
const MEMORY_DISK = '/dev/shm';
const MEMORY_DISK_LEAST_BYTES = 2 * 2 ** 30;
const SCRATCH = /^one-card-test-(\d+)-/;

/**
 * Where the tests make their folders: in memory where there is room, since nothing here is judged by how long a disk
 * takes. What a write through to the disk is worth, the tests of power cuts judge by a disk of their own; a TMPDIR in
 * the environment is taken as it is, so that `TMPDIR=/tmp npm test` runs all of it on the real one.
 */
function makeScratch(): string | null {
  if (process.env['TMPDIR'] !== undefined || !existsSync(MEMORY_DISK)) return null;
  try {
    for (const name of readdirSync(MEMORY_DISK)) {
      // A run that was killed could not tidy up, and what it left takes memory.
      const pid = SCRATCH.exec(name)?.[1];
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(MEMORY_DISK, name), { recursive: true });
    }
    const { bavail, bsize } = statfsSync(MEMORY_DISK);
    if (bavail * bsize < MEMORY_DISK_LEAST_BYTES) return null;
    return mkdtempSync(join(MEMORY_DISK, `one-card-test-${process.pid}-`));
  } catch {
    // Another user's leftovers, or a folder that takes nothing: the disk will do.
    return null;
  }
}

/** What every test, check and program started from here goes by. */
function prepareEnvironment(): void {
  // A program or worker that is started a second time need not be compiled again, which is half of its start.
  process.env['NODE_COMPILE_CACHE'] ??= join(root, 'node_modules', '.cache', 'compiled');
  const scratch = makeScratch();
  if (scratch === null) return;
  process.env['TMPDIR'] = scratch;
  process.once('exit', () => {
    try {
      rmSync(scratch, { recursive: true, force: true });
    } catch {
      // Somebody still writes there; the next run tidies up.
    }
  });
}

/** Runs one check with this very Node; its output is shown only when it fails, so that the last lines stay readable. */
async function check(name: string, program: string, ...words: readonly string[]): Promise<void> {
  const startedMs = performance.now();
  const { passed, output } = await run([join(root, program), ...words]);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (passed) {
    count.passed += 1;
    process.stdout.write(`✓ ${name} (${seconds} s)\n`);
    return;
  }
  count.failed.push(name);
  process.stdout.write(`${output}\n× ${name} (${seconds} s)\n`);
}

function run(words: readonly string[]): Promise<{ passed: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => void output.push(part));
    child.stderr.on('data', (part: Buffer) => void output.push(part));
    const done = (passed: boolean, more = ''): void =>
      resolve({ passed, output: Buffer.concat(output).toString() + more });
    child.once('error', (error) => done(false, error.message));
    child.once('close', (code) => done(code === 0));
  });
}

async function runChecks(): Promise<void> {
  await check('lint', 'node_modules/oxlint/bin/oxlint');
  await check('format', 'node_modules/@biomejs/biome/bin/biome', 'check', '--colors=off', '.');
  await check('types', 'node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false');
  await check(
    'types of the pages',
    'node_modules/typescript/bin/tsc',
    '--noEmit',
    '--pretty',
    'false',
    '-p',
    'renderer',
  );
}

/** The built pages and the built shell are what the native tests drive. */
function runBuild(): Promise<void> {
  return check('build', 'scripts/build.ts');
}

const isVitest = (group: Group): boolean => group !== 'checks';

/** The groups side by side, as far as they go by it: each worker takes the next file of any. */
async function runVitest(projects: readonly string[], files: readonly string[]): Promise<void> {
  const { startVitest } = await import('vitest/node');
  const vitest = await startVitest('test', [...files], {
    root,
    project: [...projects],
    run: true,
    watch: false,
    passWithNoTests: true,
    allowOnly: false,
    reporters: ['default'],
  });
  for (const module of vitest.state.getTestModules()) countModule(module);
  for (const error of vitest.state.getUnhandledErrors())
    count.failed.push(`${projects.join(' and ')}: unhandled ${String(error)}`);
  await vitest.close();
}

function countModule(module: TestModule): void {
  // A file that does not load, or a hook that throws, fails without any test having failed.
  if (module.errors().length > 0) count.failed.push(`${module.relativeModuleId} (file)`);
  for (const suite of module.children.allSuites()) {
    if (suite.errors().length > 0) count.failed.push(`${module.relativeModuleId} > ${suite.fullName} (hook)`);
  }
  for (const test of module.children.allTests()) countTest(module, test);
}

function countTest(module: TestModule, test: TestCase): void {
  const name = `${module.relativeModuleId} > ${test.fullName}`;
  const result = test.result();
  switch (result.state) {
    case 'passed':
      count.passed += 1;
      return;
    case 'failed':
      count.failed.push(name);
      return;
    case 'skipped':
      // A skip without a reason is a test that somebody switched off; a hook that threw has been counted already.
      if (result.note !== undefined) count.skipped.push({ name, reason: result.note });
      else if (!isBelowFailedSuite(test)) count.failed.push(`${name} (skipped without a reason)`);
      return;
    case 'pending':
      count.failed.push(`${name} (never finished)`);
      return;
    default:
      result satisfies never;
  }
}

function isBelowFailedSuite(test: TestCase): boolean {
  let parent: TestCase['parent'] = test.parent;
  while (parent.errors().length === 0) {
    if (parent.type === 'module') return false;
    parent = parent.parent;
  }
  return true;
}

function report(): void {
  const lines: string[] = [''];
  for (const { name, reason } of count.skipped) lines.push(`skipped: ${name}: ${reason}`);
  for (const name of count.failed) lines.push(`failed: ${name}`);
  lines.push(`${count.passed} passed, ${count.failed.length} failed, ${count.skipped.length} skipped`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The groups that words name: groups themselves, `all`, or else those in which the named files may lie. */
function groupsOf(words: readonly string[]): readonly Group[] {
  const named = words.filter(isGroup);
  if (words.includes('all')) return GROUPS;
  if (named.length > 0) return named;
  if (words.length > 0) return GROUPS.filter(isVitest);
  return inContinuousIntegration ? GROUPS : WAITED_FOR;
}

const words = process.argv.slice(2);
const files = words.filter((word) => !isGroup(word) && word !== 'all');
const groups = groupsOf(words);
/** The groups of real processes, disks and browsers, which drive what was built. */
const real = groups.filter((group) => group !== 'checks' && group !== 'unit');

prepareEnvironment();
const besideUnit = async (): Promise<void> => {
  if (real.length > 0) await runBuild();
  if (groups.includes('checks')) await runChecks();
};
await Promise.all([besideUnit(), groups.includes('unit') ? runVitest(['unit'], files) : null]);
if (real.length > 0) await runVitest(real, files);
if (inContinuousIntegration && count.skipped.length > 0) {
  process.stdout.write('\nCI=true: a machine that checks a change runs every test, so what was skipped has failed.\n');
  for (const { name, reason } of count.skipped) count.failed.push(`${name}: ${reason}`);
  count.skipped = [];
}
if (groups === WAITED_FOR)
  process.stdout.write(
    '\nLeft out: lint, format, types, further pages and the trials of faults. All of it: npm test -- all\n',
  );
report();
process.exit(count.failed.length > 0 ? 1 : 0);
