import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyLines } from './copy.ts';

test('a row is written as COPY reads it: tabs between, nothing as \\N, what would end a field escaped', () => {
  const written = (...rows: (string | null)[][]): string => copyLines(rows).toString();
  expect(written(['a', null, ''], ['', 'b'])).toBe('a\t\\N\t\n\tb\n');
  expect(written(['{"name":"a\\"b"}', 'tab\tline\nreturn\r', '\\.'])).toBe(
    '{"name":"a\\\\"b"}\ttab\\tline\\nreturn\\r\t\\\\.\n',
  );
  expect(written()).toBe('');
});

test('whatever a field says, its bytes are written as its text is', () => {
  const rows = fc.array(
    fc.array(fc.option(fc.string({ unit: 'binary', maxLength: 6 }), { nil: null }), { minLength: 1, maxLength: 4 }),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(rows, fc.nat(), (texts, which) => {
      const inBytes = texts.map((row, line) =>
        row.map((text, field) => (text === null || (which >> (line + field)) % 2 === 0 ? text : Buffer.from(text))),
      );
      expect(copyLines(inBytes).toString()).toBe(copyLines(texts).toString());
    }),
  );
});
