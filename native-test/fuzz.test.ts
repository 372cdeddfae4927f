import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RawData, WebSocket } from 'ws';
import { coreOn, makeFolder, pins, type TestCore } from '../electron/core/test-core.ts';
import { type DemoTown, startDemoTown } from '../electron/demo-town.ts';
import { type Served, serve } from '../electron/serve.ts';
import { mutated } from '../shared/mutated-sample.ts';
import { tillContract, type Command } from '../shared/till-contract.ts';
import { ask, expectTyped, json } from './stranger.ts';
import { layTown } from './town-mould.ts';

/**
 * Both interfaces as a stranger with no manners meets them. What is named in `api.test.ts` case by case is drawn here:
 * never a status that says "our bug", never a word of the inside, never an end of the process.
 */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? '150');
const SLOWEST_MS = 60_000 + RUNS * 500;

const methods = fc.constantFrom(
  'POST',
  'POST',
  'POST',
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'M-SEARCH',
);
const odd = fc.constantFrom(
  '..',
  '%2e%2e',
  '%00',
  '%',
  '%ff',
  '%e4%b8',
  '..%2f',
  'a'.repeat(3_000),
  '',
  ' ',
  '\\',
  'constructor',
  '__proto__',
);
const segments = fc.array(fc.oneof(odd, fc.webSegment()), { maxLength: 4 }).map((parts) => parts.join('/'));
const headerValue = fc.stringMatching(/^[ -~]{0,60}$/);
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'content-encoding',
    'accept',
    'origin',
    'cookie',
    'range',
    'if-none-match',
    'x-forwarded-host',
    'expect',
    'upgrade',
    'content-disposition',
  ),
  fc.oneof(
    headerValue,
    fc.constantFrom(
      'application/json',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'gzip',
      'null',
      '*/*',
      'bytes=0-',
      'text/event-stream',
    ),
  ),
  { maxKeys: 3, noNullPrototype: true },
);
/** Node itself sends no path with these, and no stranger of ours needs more than bytes of a line. */
const asPath = (text: string): string => `/${text.replaceAll(/[^!-~]/g, '_')}`;

/** No inside in an answer, nothing of ours broken; a page is as long as it is. */
function expectQuiet(answer: Readonly<{ status: number; text: string }>, about: string): void {
  expect(answer.status, `${about}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
  expect(answer.status, about).toBeGreaterThanOrEqual(200);
  if (answer.status >= 400) expectTyped(answer, answer.status, /^$|"error":"\w+"|"code":"\w+"/);
}

/** Writes bytes and hears what comes until the other side is done with them, or has nothing to say. */
function shout(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (part: Buffer) => void (heard += part.toString('latin1')));
    socket.on('error', () => {});
    socket.setTimeout(500, () => socket.destroy());
    socket.on('close', () => resolve(heard));
  });
}

/** What a frame says; the contract speaks in text. */
const frameText = (data: RawData): string => (Buffer.isBuffer(data) ? data.toString('utf8') : '');

const lines = fc.array(
  fc.oneof(
    fc.constantFrom(
      'GET / HTTP/1.1',
      'POST /rpc-http/send HTTP/1.1',
      'POST /api/hello HTTP/1.1',
      'Host: 127.0.0.1',
      'Content-Length: 5',
      'Content-Length: -1',
      'Transfer-Encoding: chunked',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Expect: 100-continue',
      '',
      '5',
      '{}',
    ),
    fc.string({ unit: 'binary', maxLength: 30 }),
  ),
  { maxLength: 8 },
);
const noise = fc.oneof(
  lines.map((all) => Buffer.from(`${all.join('\r\n')}\r\n\r\n`, 'latin1')),
  fc.uint8Array({ maxLength: 300 }),
);

describe('the till’s loopback host', () => {
  let till: TestCore;
  let served: Served;
  const log: string[] = [];
  beforeAll(async () => {
    till = coreOn(makeFolder(Date.now()), Date.now());
    served = await serve({
      router: till.core.router,
      pagesFolder: import.meta.dirname,
      port: 0,
      log: (line) => void log.push(line),
    });
    await till.ask({ kind: 'signIn', pin: pins.manager });
    await till.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
  });
  afterAll(async () => {
    await served.close();
    await till.close();
  });

  const token = (): Record<string, string> => ({ authorization: `Bearer ${served.token}` });
  const noBug = (): void =>
    expect(log.filter((line) => /\bbug\b|TypeError|RangeError|ReferenceError|\n\s+at /.test(line))).toEqual([]);
  const stillUp = async (): Promise<void> => {
    const answer = await ask(served.port, '/rpc-http/operators', { headers: { ...token(), ...json }, body: '{}' });
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('operator-manager')]);
    expect((await till.screen()).stopped).toBeNull();
  };

  test(
    'whatever method, path, headers and body come, an answer is a typed word',
    async () => {
      const names = Object.keys(tillContract);
      const path = fc.oneof(
        segments,
        segments.map((rest) => `rpc-http/${rest}`),
        fc.constantFrom(...names).map((name) => `rpc-http/${name}`),
      );
      const body = fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.json({ maxDepth: 4 }),
        fc.json({ maxDepth: 3 }).map((inner) => `{"json":${inner}}`),
      );
      await fc.assert(
        fc.asyncProperty(methods, path, headers, body, fc.boolean(), async (method, where, some, content, isKnown) => {
          const answer = await ask(served.port, asPath(where), {
            method,
            headers: { ...(isKnown ? token() : {}), ...json, ...some },
            ...(['GET', 'HEAD', 'TRACE'].includes(method)
              ? {}
              : { body: typeof content === 'string' ? content : Buffer.from(content) }),
          });
          // A stream of screens is no answer to a stranger; it would never end.
          expectQuiet(answer, `${method} ${where} ${JSON.stringify(some)}`);
        }),
        { numRuns: RUNS },
      );
      noBug();
      await stillUp();
    },
    SLOWEST_MS,
  );

  test(
    'a command with one thing wrong is refused by the contract or by name, over both transports',
    async () => {
      const commands: Command[] = [
        { kind: 'scan', code: '6901234567892', source: 'scanner' },
        { kind: 'setCash', amountFen: 500 },
        { kind: 'setPoints', points: 3 },
        { kind: 'signIn', pin: '0000' },
        {
          kind: 'refund',
          id: 'refund-0001',
          receipt: 't01-1-000001',
          lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
          reason: 'x',
          approval: null,
        },
        {
          kind: 'receiveGoods',
          id: 'goods-0001',
          supplier: 'x',
          lines: [
            {
              item: 'item',
              quantity: 1,
              cases: null,
              caseFactor: null,
              costFen: 1,
              producedOn: null,
              shelfLifeDays: 1,
            },
          ],
        },
        {
          kind: 'changePrice',
          id: 'price-0001',
          item: 'item',
          which: 'shelf',
          priceFen: 1,
          fromDay: null,
          toDay: null,
        },
      ];
      const socket = new WebSocket(`ws://127.0.0.1:${served.port}/rpc?token=${served.token}`);
      await new Promise<void>((resolve, reject) => void socket.on('open', resolve).on('error', reject));
      const heard: string[] = [];
      socket.on('message', (data) => void heard.push(frameText(data)));
      try {
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(...commands), fc.nat(), fc.nat(), async (command, at, how) => {
            const wrong = JSON.stringify({ json: mutated(command, at, how) });
            const answer = await ask(served.port, '/rpc-http/send', { headers: { ...token(), ...json }, body: wrong });
            expectTyped(answer, [200, 400], /BAD_REQUEST|"kind":"(?:done|refused)"/);
            socket.send(JSON.stringify({ i: `${at}`, p: { u: '/send', b: JSON.parse(wrong) as unknown } }));
          }),
          { numRuns: RUNS },
        );
        await stillUp();
      } finally {
        socket.terminate();
      }
      expect(heard.length).toBeGreaterThan(0);
      for (const one of heard) expectTyped({ status: 200, text: one }, 200, /BAD_REQUEST|done|refused/);
      noBug();
    },
    SLOWEST_MS,
  );

  test(
    'whatever comes over a socket, it is answered or closed with a word',
    async () => {
      const request = { i: '1', t: 1, p: { u: '/operators', m: 'POST', h: { 'x-a': '1' }, b: { json: {} } } };
      const frame = fc.oneof(
        fc.tuple(fc.nat(), fc.nat()).map(([at, how]) => JSON.stringify(mutated(request, at, how)) ?? ''),
        fc.json({ maxDepth: 5 }),
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.uint8Array({ maxLength: 60 }),
      );
      const closes = new Set<string>();
      await fc.assert(
        fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 5 }), async (frames) => {
          const socket = new WebSocket(`ws://127.0.0.1:${served.port}/rpc?token=${served.token}`);
          const closed = new Promise<string>(
            (resolve) => void socket.on('close', (code, reason) => resolve(`${code} ${String(reason)}`)),
          );
          socket.on('error', () => {});
          socket.on('message', (data) => expectTyped({ status: 200, text: frameText(data) }, 200, /"/));
          await new Promise((resolve) => void socket.on('open', resolve));
          for (const one of frames) socket.send(one);
          // Either it was closed at a wrong message, or it still speaks and we close it.
          socket.ping();
          await Promise.race([closed, new Promise((resolve) => void socket.on('pong', resolve))]);
          socket.close();
          closes.add(await closed);
        }),
        { numRuns: RUNS },
      );
      for (const one of closes) expect(one).toMatch(/^(?:1005 |1000 |1008 malformedMessage \w+|1007 )/);
      noBug();
      await stillUp();
    },
    SLOWEST_MS,
  );

  test(
    'whatever bytes come that are no HTTP, or nearly, a word comes back or nothing',
    async () => {
      await fc.assert(
        fc.asyncProperty(noise, async (bytes) => {
          const heard = await shout(served.port, bytes);
          if (heard !== '') expect(heard).toMatch(/^HTTP\/1\.1 (?!5)\d{3} /);
        }),
        { numRuns: Math.ceil(RUNS / 3) },
      );
      noBug();
      await stillUp();
    },
    SLOWEST_MS,
  );
});

describe('the town’s interface', () => {
  let folder: string;
  let town: DemoTown;
  let port: number;
  const log: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'one-card-fuzz-'));
    const root = fileURLToPath(new URL('..', import.meta.url));
    await layTown(join(folder, 'town'));
    town = await startDemoTown(root, join(folder, 'town'), (line) => void log.push(line));
    port = Number(new URL(town.url).port);
  });
  afterAll(async () => {
    await town.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const CALLS = [
    'enrol',
    'hello',
    'records',
    'records/own',
    'records/older',
    'settle',
    'statement',
    'top-up',
    'sales/find',
    'exchange',
    'members',
    'policies',
    'catalogue',
    'console/sign-in',
    'console/members',
    'console/overview',
    'console/policies',
    'console/board',
    'console/board/end',
  ];
  const stillUp = async (): Promise<void> => expect((await ask(port, '/health', { method: 'GET' })).status).toBe(200);
  const noBug = (): void =>
    expect(log.filter((line) => /\bbug\b|TypeError|RangeError|ReferenceError|\n\s+at /.test(line))).toEqual([]);

  test(
    'whatever method, path, headers and body come, an answer is a typed word',
    async () => {
      const path = fc.oneof(
        segments,
        segments.map((rest) => `api/${rest}`),
        fc.constantFrom(...CALLS).map((name) => `api/${name}`),
      );
      const whole = {
        town: 'yunjiao',
        till: 't01',
        incarnation: 1,
        nonce: 'nonce-of-a-test',
        seq: 0,
        hash: '0'.repeat(64),
        code: 'AAAA-BBBB',
        publicKey: 'k'.repeat(60),
        incarnationId: 'i'.repeat(20),
        request: 'request-0001',
        member: 'm',
        term: 't',
        receipt: 'r',
        records: ['{}'],
        firstSeq: 1,
        lastSeq: 1,
        headHash: '0'.repeat(64),
        of: 1,
        afterSeq: 0,
        afterStatement: 0,
        number: 1,
        since: 0,
        password: 'x',
        file: 'onecard/v1/exchange\n',
        signature: 's'.repeat(88),
      };
      const body = fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.json({ maxDepth: 4 }),
        fc.tuple(fc.nat(), fc.nat()).map(([at, how]) => JSON.stringify(mutated(whole, at, how)) ?? ''),
      );
      await fc.assert(
        fc.asyncProperty(methods, path, headers, body, async (method, where, some, content) => {
          const answer = await ask(port, asPath(where), {
            method,
            headers: { ...json, ...some },
            ...(['GET', 'HEAD', 'TRACE'].includes(method)
              ? {}
              : { body: typeof content === 'string' ? content : Buffer.from(content) }),
          });
          expectQuiet(answer, `${method} ${where} ${JSON.stringify(some)}`);
        }),
        { numRuns: RUNS },
      );
      noBug();
      await stillUp();
    },
    SLOWEST_MS,
  );

  test(
    'whatever bytes come that are no HTTP, or nearly, a word comes back or nothing',
    async () => {
      await fc.assert(
        fc.asyncProperty(noise, async (bytes) => {
          const heard = await shout(port, bytes);
          if (heard !== '') expect(heard).toMatch(/^HTTP\/1\.1 (?!5)\d{3} /);
        }),
        { numRuns: Math.ceil(RUNS / 3) },
      );
      noBug();
      await stillUp();
    },
    SLOWEST_MS,
  );
});
