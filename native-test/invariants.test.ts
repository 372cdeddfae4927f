import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The table of `docs/invariants.md`, held to the files it speaks of. */
const root = join(import.meta.dirname, '..');

/** The text of a file of the project, or null where there is none. */
type Read = (path: string) => string | null;

const onDisk: Read = (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null);

type Linked = Readonly<{ path: string; names: readonly string[] }>;
type Row = Readonly<{ number: number; sentence: string; enforced: readonly Linked[]; caught: readonly Linked[] }>;

/** Files of a cell with the names behind each: `[path](../path) ` and then names in code type or in quotes. */
function linkedIn(cell: string): Linked[] {
  const links = [...cell.matchAll(/\[([^\]]+)\]\(\.\.\/([^)\s]+)\)/g)];
  return links.map((link, index) => {
    const end = links[index + 1]?.index ?? cell.length;
    const names = [...cell.slice(link.index + link[0].length, end).matchAll(/“([^”]+)”|`([^`]+)`/g)];
    return { path: link[2] ?? '', names: names.map((name) => name[1] ?? name[2] ?? '') };
  });
}

function rowsOf(text: string): Row[] {
  return text.split('\n').flatMap((line) => {
    const [number, sentence = '', enforced = '', caught = ''] = line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1);
    if (!/^\d+$/.test(number ?? '')) return [];
    return [{ number: Number(number), sentence, enforced: linkedIn(enforced), caught: linkedIn(caught) }];
  });
}

/** Numbers that a file names: `invariant 7`, `invariants 12, 15 and 16`, also where a comment goes over a line's end. */
function namedIn(source: string): Set<number> {
  const flat = source.replace(/\n\s*(?:\*|\/\/)?\s*/g, ' ');
  const lists = flat.matchAll(/\binvariants? (\d+(?:(?:, and |, | and )\d+)*)/gi);
  return new Set(
    [...lists]
      .flatMap((list) => (list[1] ?? '').match(/\d+/g) ?? [])
      .values()
      .map(Number),
  );
}

/** A name between two quotes of one kind, as a test and a check of the simulator have it. */
function isQuotedIn(source: string, name: string): boolean {
  return ["'", '"', '`'].some((quote) => source.includes(`${quote}${name}${quote}`));
}

/** What is wrong with a table, in words. */
function complaints(text: string, read: Read): string[] {
  const rows = rowsOf(text);
  const found: string[] = [];
  const numbers = rows.map((row) => row.number);
  if (rows.length !== 32) found.push(`${rows.length} rows, not 32`);
  if (numbers.some((number, index) => number !== index + 1)) found.push('the numbers are not 1 to 32 in order');
  for (const { number, sentence, enforced, caught } of rows) {
    if (sentence === '') found.push(`${number}: no sentence`);
    if (enforced.length === 0) found.push(`${number}: enforced nowhere`);
    if (caught.length === 0) found.push(`${number}: caught by nothing`);
    for (const [linked, isTest] of [
      ...enforced.map((one) => [one, false] as const),
      ...caught.map((one) => [one, true] as const),
    ]) {
      const { path, names } = linked;
      const source = read(path);
      if (source === null) {
        found.push(`${number}: no file ${path}`);
        continue;
      }
      if (names.length === 0) found.push(`${number}: nothing is named of ${path}`);
      if (!namedIn(source).has(number)) found.push(`${number}: ${path} does not name it`);
      for (const name of names) {
        const isThere = isTest ? isQuotedIn(source, name) : new RegExp(`\\b${name}\\b`).test(source);
        if (!isThere) found.push(`${number}: ${path} has no ${name}`);
      }
    }
  }
  return found;
}

test('each of the 32 invariants is enforced and caught where the table says', () => {
  const text = onDisk('docs/invariants.md');
  expect(text).not.toBe(null);
  expect(complaints(text ?? '', onDisk)).toEqual([]);
});

test('what leads a reader here points to the table', () => {
  for (const path of ['README.md', 'docs/architecture.md']) expect(onDisk(path), path).toContain('invariants.md');
});

describe('a table that is wrong is complained of', () => {
  const files: Readonly<Record<string, string>> = {
    'a.ts': '/** Holds it (invariants 1, 2\n * and 3). */\nfunction hold() {}',
    'a.test.ts': [
      '// Invariants 1, 2 and 3.',
      "test('holds', () => {});",
      '// Invariant 33.',
      "test('other', () => {});",
    ].join('\n'),
  };
  const read: Read = (path) => files[path] ?? null;
  const row = (number: number, sentence = 'It holds.', file = 'a.ts', name = 'hold', testName = 'holds'): string =>
    `| ${number} | ${sentence} | [${file}](../${file}) \`${name}\` | [a.test.ts](../a.test.ts) “${testName}” |`;
  const good = [1, 2, 3].map((number) => row(number));
  const SHORT = '3 rows, not 32';

  for (const [what, rows, complaint] of [
    ['without some of its rows', good, null],
    ['with a row twice', [...good.slice(0, 2), row(2)], 'the numbers are not 1 to 32 in order'],
    ['without a sentence', [...good.slice(0, 2), row(3, '')], '3: no sentence'],
    ['with a file that is gone', [...good.slice(0, 2), row(3, 'x', 'b.ts')], '3: no file b.ts'],
    ['with a file that does not name it', [row(1), row(2), row(4)], '4: a.ts does not name it'],
    ['with a function that is gone', [...good.slice(0, 2), row(3, 'x', 'a.ts', 'keep')], '3: a.ts has no keep'],
    [
      'with a test that is gone',
      [...good.slice(0, 2), row(3, 'x', 'a.ts', 'hold', 'hold')],
      '3: a.test.ts has no hold',
    ],
    ['with a cell that is empty', [row(1), row(2), '| 3 | It holds. | | |'], '3: caught by nothing'],
    [
      'with nothing named',
      [row(1), row(2), '| 3 | x | [a.ts](../a.ts) | [a.test.ts](../a.test.ts) “holds” |'],
      '3: nothing is named of a.ts',
    ],
  ] as const) {
    test(what, () => {
      const found = complaints(rows.join('\n'), read);
      expect(found).toContain(SHORT);
      if (complaint === null) expect(found).toEqual([SHORT]);
      else expect(found).toContain(complaint);
    });
  }

  test('by each complaint that the whole table earns when one thing in it changes', () => {
    const text = onDisk('docs/invariants.md') ?? '';
    const isCaught = (changed: string): boolean => changed !== text && complaints(changed, onDisk).length > 0;
    expect(isCaught(text.replace(/\n\| 17 .*/, ''))).toBe(true);
    expect(isCaught(text.replace('(../town-server/settle.ts)', '(../town-server/settled.ts)'))).toBe(true);
    expect(isCaught(text.replace('`isOurs`', '`isTheirs`'))).toBe(true);
    expect(isCaught(text.replace('(invariant 24)”', '”'))).toBe(true);
  });
});
