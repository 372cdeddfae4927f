import { expect, test } from 'vitest';
import { logFailures, MESSAGE_BYTES_MAX, messageFault } from './rpc-guard.ts';

for (const [what, message, fault] of [
  ['a request', '{"i":"1","p":{"u":"/send","b":{"json":{"kind":"signOut"}}}}', null],
  ['a request with a signal behind it', '{"i":"1","t":4}', null],
  ['an event', '{"i":"1","t":3,"p":{"e":"done"}}', null],
  ['bytes', new Uint8Array([1, 2]), 'notText'],
  ['nothing', undefined, 'notText'],
  ['words', 'hello', 'notJson'],
  ['a list', '[]', 'notAnObject'],
  ['null', 'null', 'notAnObject'],
  ['a request without id', '{"p":{"u":"/send"}}', 'noId'],
  ['a request without payload', '{"i":"1"}', 'noPayload'],
  ['another type', '{"i":"1","t":9}', 'unknownType'],
  ['an address elsewhere', '{"i":"1","p":{"u":"http://elsewhere/"}}', 'wrongPath'],
  ['a path upwards', '{"i":"1","p":{"u":"/../send"}}', 'wrongPath'],
  ['a number for a method', '{"i":"1","p":{"u":"/send","m":1}}', 'wrongMethod'],
  ['a list of headers', '{"i":"1","p":{"u":"/send","h":[]}}', 'wrongHeaders'],
  ['a form', '{"i":"1","p":{"u":"/send","h":{"content-type":"multipart/form-data"}}}', 'wrongHeaders'],
] as const) {
  test(`${what} is ${fault ?? 'a message of the contract'}`, () => expect(messageFault(message)).toBe(fault));
}

test('a message longer than any import is not even read', () => {
  expect(messageFault('x'.repeat(MESSAGE_BYTES_MAX + 1))).toBe('tooLong');
});

/** One call as the contract's library makes it: through the outer interceptor, and through the inner one once understood. */
async function called(fails: Error, isUnderstood: boolean): Promise<string[]> {
  const lines: string[] = [];
  const guard = logFailures((line) => void lines.push(line));
  const [outer] = guard.interceptors;
  const [inner] = guard.clientInterceptors;
  const request = { url: new URL('http://orpc/send?pin=1234') };
  const fail = (): Promise<never> => Promise.reject(fails);
  const call = {
    request,
    context: {},
    next: (options: { context: object } = { context: {} }) =>
      isUnderstood ? (inner?.({ context: options.context, next: fail }) ?? fail()) : fail(),
  };
  await expect(outer?.(call)).rejects.toBe(fails);
  return lines;
}

test('a failed call is logged by its path, and thrown on as it was', async () => {
  const lines = await called(new Error('broken'), true);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^rpc \/send: Error: broken/);
  expect(lines[0]).not.toContain('1234');
});

test('of a call that could not be read nothing is logged but that', async () => {
  const unread = new SyntaxError('Unexpected token \'}\', "{"pin":9090}" is not valid JSON');
  expect(await called(unread, false)).toEqual(['rpc /send: BAD_REQUEST, unreadable']);
});
