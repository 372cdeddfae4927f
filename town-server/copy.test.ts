import { expect, test } from 'vitest';
import { copyLine } from './copy.ts';

test('a row is written as COPY reads it: tabs between, nothing as \\N, what would end a field escaped', () => {
  expect(copyLine(['a', null, ''])).toBe('a\t\\N\t\n');
  expect(copyLine(['', 'b'])).toBe('\tb\n');
  expect(copyLine(['{"name":"a\\"b"}', 'tab\tline\nreturn\r', '\\.'])).toBe(
    '{"name":"a\\\\"b"}\ttab\\tline\\nreturn\\r\t\\\\.\n',
  );
});
