import { request } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'vitest';

/** What a stranger does to an interface, and what may come back. */

export type Answer = Readonly<{ status: number; text: string }>;

/** What an answer to a stranger may be: short, of a known name, and nothing of the inside. */
export function expectTyped(answer: Answer, status: number | readonly number[], name: RegExp): void {
  expect([status].flat(), answer.text).toContain(answer.status);
  expect(answer.text).toMatch(name);
  expect(answer.text.length).toBeLessThan(4_000);
  for (const inside of [
    /\bat .+[:(]\d+/,
    /node_modules/,
    /\.[mc]?[jt]s\b/,
    /SQLITE|sqlite|postgres/i,
    /[\\/]home[\\/]/,
  ]) {
    expect(answer.text).not.toMatch(inside);
  }
}

export function ask(
  port: number,
  path: string,
  options: Readonly<{
    method?: string;
    headers?: Record<string, string>;
    body?: string | Buffer;
    announced?: number;
  }> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', headers = {}, body } = options;
    // Node says no length for the methods that seldom have a body, and what follows would be read as a request.
    const bytes = options.announced ?? (body === undefined ? null : Buffer.byteLength(body));
    const length = bytes === null ? {} : { 'content-length': String(bytes) };
    const asked = request({ host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } }, (response) => {
      let text = '';
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        // Screen after screen, without end: that it began is the answer.
        asked.destroy();
        resolve({ status: response.statusCode ?? 0, text });
        return;
      }
      response.setEncoding('utf8');
      response.on('data', (part: string) => void (text += part));
      response.on('end', () => {
        asked.destroy();
        resolve({ status: response.statusCode ?? 0, text });
      });
      response.on('error', reject);
    });
    asked.on('error', reject);
    // A length that was announced is refused on its word, before anything of it comes.
    if (options.announced === undefined) asked.end(body);
    else asked.flushHeaders();
  });
}

/** Bytes as they are, for what no client would send. */
export function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let heard = '';
    socket.on('data', (part: Buffer) => void (heard += part.toString()));
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
  });
}

export const json = { 'content-type': 'application/json' };
export const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
