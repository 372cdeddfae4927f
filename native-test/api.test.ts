import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coreOn, makeFolder, type TestCore } from '../electron/core/test-core.ts';
import { type DemoTown, startDemoTown } from '../electron/demo-town.ts';
import { hostCrypto, newId } from '../electron/host-world.ts';
import { MESSAGE_BYTES_MAX } from '../electron/rpc-guard.ts';
import { type Served, serve } from '../electron/serve.ts';
import { GENESIS_PREVIOUS, recordHash, recordText, type JournalRecord } from '../shared/journal.ts';
import { signRequest } from '../shared/signed.ts';
import { ask, deep, expectTyped, json, raw, type Answer } from './stranger.ts';
import { layTown } from './town-mould.ts';

describe('the till’s loopback host', () => {
  let till: TestCore;
  let served: Served;
  const log: string[] = [];
  beforeAll(async () => {
    till = coreOn(makeFolder(Date.now()), Date.now());
    served = await serve({
      router: till.core.router,
      pagesFolder: null,
      port: 0,
      log: (line) => void log.push(line),
    });
  });
  afterAll(async () => {
    await served.close();
    await till.close();
  });

  const call = (procedure: string, body?: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(served.port, `/rpc-http/${procedure}`, {
      headers: { authorization: `Bearer ${served.token}`, ...json, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const stillUp = async (): Promise<void> => {
    const answer = await call('operators');
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('operator-manager')]);
  };

  const input = (value: unknown): string => JSON.stringify({ json: value });
  const table: readonly [string, () => Promise<Answer>, number | readonly number[], RegExp][] = [
    ['half a JSON', () => call('send', '{"json":{"kind":'), 400, /BAD_REQUEST/],
    ['bytes that are no text', () => call('send', Buffer.from([0xff, 0xfe, 0x00, 0x80])), 400, /BAD_REQUEST/],
    ['an empty body', () => call('send', ''), 400, /BAD_REQUEST/],
    ['nesting without end', () => call('send', `{"json":${deep}}`), 400, /BAD_REQUEST/],
    ['a command that is none', () => call('send', input({ kind: 'giveMoney' })), 400, /BAD_REQUEST/],
    ['a command without its fields', () => call('send', input({ kind: 'scan' })), 400, /BAD_REQUEST/],
    ['money that is no integer', () => call('send', input({ kind: 'setCash', amountFen: 1.5 })), 400, /BAD_REQUEST/],
    ['money below nothing', () => call('send', input({ kind: 'setCash', amountFen: -1 })), 400, /BAD_REQUEST/],
    [
      'a number beyond integers',
      () => call('send', '{"json":{"kind":"setCash","amountFen":1e400}}'),
      400,
      /BAD_REQUEST/,
    ],
    [
      'a code of a megabyte',
      () => call('send', input({ kind: 'scan', code: '9'.repeat(1 << 20), source: 'scanner' })),
      400,
      /BAD_REQUEST/,
    ],
    ['a PIN that is an object', () => call('send', input({ kind: 'signIn', pin: { $gt: '' } })), 400, /BAD_REQUEST/],
    ['a prototype', () => call('send', '{"json":{"__proto__":{"kind":"signOut"}}}'), 400, /BAD_REQUEST/],
    [
      'decorations that point nowhere',
      () => call('send', '{"json":{"kind":"signOut"},"meta":[[99,"x","y"]]}'),
      [200, 400],
      /BAD_REQUEST|done|refused/,
    ],
    [
      'a page of negative length',
      () => call('stock', input({ text: '', only: 'all', category: null, offset: -1, limit: 10 })),
      400,
      /BAD_REQUEST/,
    ],
    ['an unknown procedure', () => call('openSafe', input({})), 404, /unknownPath/],
    ['a procedure of objects', () => call('constructor', input({})), 404, /unknownPath/],
    ['a procedure below another', () => call('send/send', input({})), 404, /unknownPath/],
    [
      'a body longer than any import',
      () => call('importItems', Buffer.alloc(MESSAGE_BYTES_MAX + 1, 0x20)),
      413,
      /PAYLOAD_TOO_LARGE/,
    ],
    [
      'no token',
      () => ask(served.port, '/rpc-http/verify', { headers: json, body: '{}' }),
      401,
      /^\{"error":"wrongToken"\}$/,
    ],
    [
      'a wrong token of the right length',
      () => call('verify', '{}', { authorization: `Bearer ${'x'.repeat(served.token.length)}` }),
      401,
      /^\{"error":"wrongToken"\}$/,
    ],
    [
      'a foreign name for this machine',
      () => call('verify', '{}', { host: `till.example:${served.port}` }),
      403,
      /^\{"error":"wrongHost"\}$/,
    ],
    [
      'another page',
      () => call('verify', '{}', { origin: 'https://evil.example' }),
      403,
      /^\{"error":"wrongOrigin"\}$/,
    ],
    ['a page without a name', () => call('verify', '{}', { origin: 'null' }), 403, /^\{"error":"wrongOrigin"\}$/],
    [
      'a read by address',
      () => ask(served.port, `/rpc-http/verify?token=${served.token}`, { method: 'GET' }),
      405,
      /^\{"error":"unknownMethod"\}$/,
    ],
  ];
  for (const [what, work, status, name] of table) {
    test(`answers ${what} with a typed word, and stays up`, async () => {
      log.length = 0;
      const answer = await work();
      expectTyped(answer, status, name);
      if (answer.status !== 200) expect(log.join('\n'), 'it is logged').not.toBe('');
      await stillUp();
    });
  }

  test('answers what is no HTTP with a typed word, and stays up', async () => {
    for (const bytes of [
      'nonsense\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: ${'x'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const heard = await raw(served.port, bytes);
      expect(heard).toMatch(/^HTTP\/1\.1 400 [^\r]*\r\n[^]*\{"error":"malformedRequest"\}$/);
    }
    await stillUp();
  });

  test('keeps what was sent out of its log', async () => {
    log.length = 0;
    await call('send', input({ kind: 'signIn', pin: 'secret-pin-731' }));
    // What a parser says of half a request quotes it.
    await call('send', '{"pin":"secret-pin-731"');
    await call('send', '"secret-pin-731"x');
    await call('send', input({ kind: 'scan', code: '9800000000012', source: 'nowhere' }));
    expect(log.join('\n')).toContain('BAD_REQUEST');
    expect(log.join('\n')).not.toMatch(/secret-pin-731|9800000000012/);
  });
});

describe('the town’s interface', () => {
  let folder: string;
  let town: DemoTown;
  let port: number;
  const keys = hostCrypto.newKeys();
  const sign = hostCrypto.signWith(keys.privateKey);
  const from = { town: 'yunjiao', till: 't01', incarnation: 1 };
  const log: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'one-card-api-'));
    const root = fileURLToPath(new URL('..', import.meta.url));
    await layTown(join(folder, 'town'));
    town = await startDemoTown(root, join(folder, 'town'), (line) => void log.push(line));
    port = Number(new URL(town.url).port);
    const enrolled = await call('enrol', {
      code: town.enrolmentCode,
      publicKey: keys.publicKey,
      incarnationId: newId(),
      till: null,
      incarnation: 1,
    });
    expect(JSON.parse(enrolled.text)).toMatchObject({ kind: 'ok', till: 't01' });
  });
  afterAll(async () => {
    await town.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = (path: string, body: unknown, headers: Record<string, string> = json): Promise<Answer> =>
    ask(port, `/api/${path}`, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const stillUp = async (): Promise<void> => {
    expect((await ask(port, '/health', { method: 'GET' })).status).toBe(200);
  };

  const chain: { texts: string[]; hashes: string[] } = { texts: [], hashes: [] };
  /** The next record of this till, as the test changed it, and the batch that would bring it. */
  const next = (change: Partial<JournalRecord> = {}): string => {
    const seq = chain.texts.length + 1;
    return recordText({
      v: 1,
      ...from,
      shop: 's01',
      seq,
      period: 1,
      businessDay: '2026-03-02',
      at: 1_772_416_800_000 + seq,
      kind: seq === 1 ? 'genesis' : 'signIn',
      id: newId(),
      operator: null,
      body:
        seq === 1
          ? { publicKey: keys.publicKey, incarnationId: 'incarnation', because: 'enrolled' }
          : { operator: 'x', outcome: 'in' },
      postings: [],
      stock: [],
      previous: chain.hashes.at(-1) ?? GENESIS_PREVIOUS,
      ...change,
    });
  };
  const batch = (...texts: readonly string[]) => ({
    ...from,
    firstSeq: chain.texts.length + 1,
    lastSeq: chain.texts.length + texts.length,
    headHash: recordHash(texts.at(-1) ?? '', hostCrypto.hash),
    records: [...texts],
  });
  const taken = (...texts: readonly string[]): void => {
    chain.texts.push(...texts);
    chain.hashes.push(...texts.map((text) => recordHash(text, hostCrypto.hash)));
  };
  const refused = (reason: string): RegExp => new RegExp(`^\\{"kind":"refused","reason":"${reason}"\\}$`);
  const hello = () => ({ ...from, nonce: 'nonce-of-a-test', seq: 0, hash: GENESIS_PREVIOUS });

  const table: readonly [string, () => Promise<Answer>, number | readonly number[], RegExp][] = [
    ['half a JSON', () => call('hello', '{"town":'), 400, /BAD_REQUEST/],
    ['bytes that are no JSON', () => call('hello', '\u0000\u0001'), 400, /BAD_REQUEST/],
    ['nothing', () => call('hello', ''), 400, /BAD_REQUEST/],
    ['a list for an object', () => call('hello', []), 400, /BAD_REQUEST/],
    ['nesting without end', () => call('hello', deep), [400, 413], /BAD_REQUEST|PAYLOAD_TOO_LARGE/],
    ['a prototype', () => call('hello', '{"__proto__":{"town":"yunjiao"}}'), 400, /BAD_REQUEST/],
    ['an unsigned request', () => call('hello', hello()), 400, /BAD_REQUEST/],
    [
      'another kind of body',
      () => call('hello', 'a=1', { 'content-type': 'text/csv' }),
      [400, 415],
      /BAD_REQUEST|UNSUPPORTED/,
    ],
    ['an unknown call', () => call('give-points', {}), 404, /NOT_FOUND/],
    ['a call of objects', () => call('constructor', {}), 404, /NOT_FOUND/],
    [
      'a request longer than any batch',
      () => ask(port, '/api/records', { headers: json, announced: 40_000_001 }),
      413,
      /PAYLOAD_TOO_LARGE/,
    ],
    [
      'a signature that is none',
      () => call('hello', { ...hello(), signature: 'x'.repeat(88) }),
      200,
      refused('wrongSignature'),
    ],
    [
      'a signature over other fields',
      () => call('hello', { ...signRequest(hello(), sign), seq: 1 }),
      200,
      refused('wrongSignature'),
    ],
    [
      'the signature of another key',
      () => call('hello', signRequest(hello(), hostCrypto.signWith(hostCrypto.newKeys().privateKey))),
      200,
      refused('wrongSignature'),
    ],
    [
      'another town',
      () => call('hello', signRequest({ ...hello(), town: 'elsewhere' }, sign)),
      200,
      refused('wrongTown'),
    ],
    ['another till', () => call('hello', signRequest({ ...hello(), till: 't99' }, sign)), 200, refused('unknownTill')],
    [
      'another incarnation',
      () => call('hello', signRequest({ ...hello(), incarnation: 7 }, sign)),
      200,
      refused('unknownIncarnation'),
    ],
    [
      'a card that nobody has',
      () => call('cards/movements', signRequest({ ...from, request: 'request-1', card: 'anna' }, sign)),
      200,
      refused('unknownCard'),
    ],
    [
      'a member without a card',
      () => call('cards/movements', signRequest({ ...from, request: 'request-1', member: 'anna' }, sign)),
      400,
      /BAD_REQUEST/,
    ],
    [
      'a code that was used',
      () =>
        call('enrol', {
          code: town.enrolmentCode,
          publicKey: hostCrypto.newKeys().publicKey,
          incarnationId: newId(),
          till: null,
          incarnation: 1,
        }),
      200,
      refused('codeUsed'),
    ],
    [
      'a code that is none',
      () =>
        call('enrol', {
          code: 'AAAA-BBBB',
          publicKey: keys.publicKey,
          incarnationId: newId(),
          till: null,
          incarnation: 1,
        }),
      200,
      refused('unknownCode'),
    ],
    [
      'the console without a sign-in',
      () =>
        call('console/lots', {
          id: newId(),
          member: 'm',
          village: 'v01',
          fund: 'f',
          points: 1,
          earnedOn: '2026-01-01',
          note: '',
        }),
      200,
      refused('notSignedIn'),
    ],
    [
      'the console with a token of its own making',
      () =>
        call(
          'console/enrolment-codes',
          { shop: 's01', till: null, tillName: 'x' },
          { ...json, authorization: `Bearer ${'0'.repeat(64)}` },
        ),
      200,
      refused('notSignedIn'),
    ],
    ['a wrong password', () => call('console/sign-in', { password: 'guess' }), 200, refused('wrongPin')],
    [
      'another site’s page',
      () => call('hello', hello(), { ...json, origin: 'https://evil.example' }),
      403,
      /FORBIDDEN/,
    ],
  ];
  for (const [what, work, status, name] of table) {
    test(`answers ${what} with a typed word, and stays up`, async () => {
      expectTyped(await work(), status, name);
      await stillUp();
    });
  }

  test('takes no batch that was tampered with, and then the honest one', async () => {
    const honest = signRequest(batch(next()), sign);
    const [text] = honest.records;
    const tampered = { ...honest, records: [(text ?? '').replace('enrolled', 'restored')] };
    expectTyped(await call('records', tampered), 200, refused('wrongSignature'));
    const wrongHead = signRequest({ ...batch(next()), headHash: '1'.repeat(64) }, sign);
    expectTyped(await call('records', wrongHead), 200, refused('badInput'));
    const wrongCount = signRequest({ ...batch(next()), lastSeq: 5 }, sign);
    expectTyped(await call('records', wrongCount), 200, refused('badInput'));
    const gap = signRequest({ ...batch(next()), firstSeq: 4, lastSeq: 4 }, sign);
    expectTyped(await call('records', gap), 200, refused('gap'));
    const many = signRequest({ ...batch(next()), records: Array.from({ length: 1_001 }, () => '{}') }, sign);
    expectTyped(await call('records', many), 400, /BAD_REQUEST/);
    const answer = JSON.parse((await call('records', honest)).text) as unknown;
    expect(answer).toMatchObject({ kind: 'ok', ack: { seq: 1 }, quarantined: [] });
    taken(text ?? '');
    // The same batch again is answered as the first time.
    expect(JSON.parse((await call('records', honest)).text)).toEqual(answer);
  });

  const balanced = { account: 'drawer', unit: 'fen', amount: 1 } as const;
  const bad: readonly [string, () => string, string][] = [
    ['spaces that canonical bytes have not', () => next().replace('"v":1', '"v": 1'), 'notCanonical'],
    ['a key that stands twice', () => next().replace('"v":1', '"v":1,"v":1'), 'notCanonical'],
    ['an amount that no integer holds', () => next().replace('"v":1', '"v":9007199254740993'), 'unsafeInteger'],
    ['half a surrogate', () => next().replace('"outcome":"in"', '"outcome":"\\ud800"'), 'loneSurrogate'],
    ['text that is no JSON', () => 'not a record', 'notJson'],
    ['postings that do not balance', () => next({ kind: 'cashMove', body: {}, postings: [balanced] }), 'unbalanced'],
    ['a body of another kind', () => next({ kind: 'sale' }), 'wrongBody'],
    ['a sequence that skips', () => next({ seq: 99 }), 'gap'],
    ['another till’s name', () => next({ till: 't02' }), 'foreign'],
    ['another shop', () => next({ shop: 's02' }), 'foreign'],
    [
      'a second genesis',
      () =>
        next({
          kind: 'genesis',
          body: { publicKey: keys.publicKey, incarnationId: 'incarnation', because: 'restored' },
        }),
      'foreign',
    ],
  ];
  for (const [what, make, fault] of bad) {
    test(`quarantines a record with ${what}, and takes the ones behind it`, async () => {
      const text = make();
      const answer = await call('records', signRequest(batch(text), sign));
      const seq = chain.texts.length + 1;
      const said = JSON.parse(answer.text) as { quarantined?: { seq: number; reason: string }[] };
      expect(said, answer.text).toMatchObject({ kind: 'ok', ack: { seq }, quarantined: [{ seq }] });
      taken(text);
      expect(said.quarantined?.[0]?.reason).toBe(fault);
      const good = next();
      const after = JSON.parse((await call('records', signRequest(batch(good), sign))).text) as unknown;
      expect(after).toMatchObject({ kind: 'ok', ack: { seq: seq + 1 }, quarantined: [] });
      taken(good);
    });
  }

  test('keeps another record for a taken sequence beside the first, and says so', async () => {
    const other = next({ seq: 2, previous: chain.hashes[0] ?? '' });
    const fork = { ...batch(other), firstSeq: 2, lastSeq: 2 };
    expectTyped(await call('records', signRequest(fork, sign)), 200, refused('fork'));
    await stillUp();
    expect(log.filter((line) => /\bbug\b|TypeError|ReferenceError/.test(line))).toEqual([]);
  });
});
