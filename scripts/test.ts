import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { TestCase, TestModule } from 'vitest/node';

/**
 * `npm test`: the checks (lint, format, types, build), then unit and property tests, then the native ones with the
 * browser's. `npm test -- unit native/some.test.ts` runs only the named groups, and in them only the named files.
 */

const root = dirname(import.meta.dirname);
const GROUPS = ['checks', 'unit', 'native'] as const;
type Group = (typeof GROUPS)[number];

type Skip = Readonly<{ name: string; reason: string }>;
type Count = { passed: number; failed: string[]; skipped: Skip[] };

const inContinuousIntegration = process.env['CI'] === 'true';
const count: Count = { passed: 0, failed: [], skipped: [] };

function isGroup(word: string): word is Group {
  return GROUPS.some((group) => group === word);
}

/** Runs one check with this very Node; its output is shown only when it fails, so that the last lines stay readable. */
function check(name: string, program: string, ...words: readonly string[]): void {
  const startedMs = performance.now();
  const run = spawnSync(process.execPath, [join(root, program), ...words], { cwd: root, encoding: 'utf8' });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (run.status === 0) {
    count.passed += 1;
    process.stdout.write(`✓ ${name} (${seconds} s)\n`);
    return;
  }
  count.failed.push(name);
  process.stdout.write(`${run.stdout}${run.stderr}${run.error?.message ?? ''}\n× ${name} (${seconds} s)\n`);
}

function runChecks(): void {
  check('lint', 'node_modules/oxlint/bin/oxlint');
  check('format', 'node_modules/@biomejs/biome/bin/biome', 'check', '--colors=off', '.');
  check('types', 'node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false');
  check('types of the pages', 'node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false', '-p', 'renderer');
}

/** The built pages and the built shell are what the native tests drive. */
function runBuild(): void {
  check('build', 'scripts/build.ts');
}

async function runVitest(group: Group, files: readonly string[]): Promise<void> {
  const { startVitest } = await import('vitest/node');
  const vitest = await startVitest('test', [...files], {
    root,
    project: group === 'native' ? ['native', 'native-alone'] : [group],
    run: true,
    watch: false,
    passWithNoTests: true,
    allowOnly: false,
    reporters: ['default'],
  });
  for (const module of vitest.state.getTestModules()) countModule(module);
  for (const error of vitest.state.getUnhandledErrors()) count.failed.push(`${group}: unhandled ${String(error)}`);
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

const words = process.argv.slice(2);
const named = words.filter(isGroup);
const files = words.filter((word) => !isGroup(word));
const groups: readonly Group[] = named.length > 0 ? named : files.length > 0 ? ['unit', 'native'] : GROUPS;

if (groups.includes('checks')) runChecks();
if (groups.includes('unit')) await runVitest('unit', files);
if (groups.includes('native')) {
  runBuild();
  await runVitest('native', files);
}
if (inContinuousIntegration && count.skipped.length > 0) {
  process.stdout.write('\nCI=true: a machine that checks a change runs every test, so what was skipped has failed.\n');
  for (const { name, reason } of count.skipped) count.failed.push(`${name}: ${reason}`);
  count.skipped = [];
}
report();
process.exit(count.failed.length > 0 ? 1 : 0);
