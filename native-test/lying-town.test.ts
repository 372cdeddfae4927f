import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { OpenAPIHandler } from '@orpc/openapi/fetch';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scan, type TestCore } from '../electron/core/test-core.ts';
import { townOver } from '../electron/host-world.ts';
import { mutated, TREACHEROUS_CANONICAL } from '../shared/mutated-sample.ts';
import { canonical } from '../shared/canonical.ts';
import type { SignedKind } from '../shared/signed.ts';
import { refusalReasons, type Command } from '../shared/till-contract.ts';
import { createSessions } from '../town-server/console.ts';
import { townRouter } from '../town-server/router.ts';
import { card, makeReady, manager, openCarried, sellBread, type Carried } from './carried.ts';

/**
 * A town gone wrong: over a real line, with the right key, it answers what no town should. Whatever it says, the till
 * goes on selling, shows its screen, keeps its books, and throws at nobody.
 */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? '150');

/** What becomes of the answers to one call: its fields, what the town signed in it, or its bytes. */
type Lie = Readonly<{ what: 'fields' | 'signed' | 'bytes'; at: number; how: number; status: number; raw: string }>;

const kinds: readonly (readonly [RegExp, SignedKind])[] = [
  [/\/hello$/, 'time'],
  [/\/(?:settle|statement)$/, 'statement'],
  [/\/top-up$/, 'grant'],
  [/\/policies$/, 'policy'],
  [/\/sales\//, 'claim'],
  [/\/records\/own$/, 'ack'],
];

let world: Carried;
let server: Server;
let till: TestCore;
let lie: Lie | null = null;
const log: string[] = [];

/** Signs anew what was signed, with something wrong in it. */
function resigned(value: unknown, kind: SignedKind, { at, how }: Lie): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('bytes' in value && typeof value.bytes === 'string' && 'signature' in value) {
    const wrong = mutated(JSON.parse(value.bytes), at, how, TREACHEROUS_CANONICAL);
    const bytes = canonical(wrong as Parameters<typeof canonical>[0]);
    return { bytes, signature: world.town.town.sign(new TextEncoder().encode(`onecard/v1/${kind}\0${bytes}`)) };
  }
  if (Array.isArray(value)) return value.map((one) => resigned(one, kind, { at, how } as Lie));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, resigned(field, kind, { at, how } as Lie)]),
  );
}

async function answer(
  handler: OpenAPIHandler<object>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await textOf(request);
  const url = `http://town${request.url ?? '/'}`;
  const headers = { 'content-type': 'application/json' };
  const { response: honest } = await handler.handle(new Request(url, { method: 'POST', headers, body }), {
    prefix: '/api',
    context: {},
  });
  const said = honest === undefined ? '{}' : await honest.text();
  if (lie === null || honest?.status !== 200) {
    response.writeHead(honest?.status ?? 404, headers).end(said);
    return;
  }
  const value: unknown = JSON.parse(said);
  const kind = kinds.find(([path]) => path.test(request.url ?? ''))?.[1];
  if (lie.what === 'bytes') response.writeHead(lie.status, headers).end(lie.raw);
  else if (lie.what === 'signed' && kind !== undefined)
    response.writeHead(200, headers).end(JSON.stringify(resigned(value, kind, lie)));
  else response.writeHead(200, headers).end(JSON.stringify(mutated(value, lie.at, lie.how)) ?? '');
}

beforeAll(async () => {
  world = await openCarried();
  const handler = new OpenAPIHandler(townRouter(world.town.town, createSessions(world.town.town)));
  server = createServer((request, response) => void answer(handler, request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  till = world.till({
    town: townOver(() => Promise.resolve(`http://127.0.0.1:${port}`)),
    log: (line) => void log.push(line),
  });
  await till.ask({ kind: 'enrol', code: await world.codeFor(), managerName: manager.name, managerPin: manager.pin });
  await till.client.night();
  await makeReady(till);
  await sellBread(till, 4);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

const anyLie: fc.Arbitrary<Lie> = fc.record({
  what: fc.constantFrom('fields' as const, 'signed' as const, 'signed' as const, 'bytes' as const),
  at: fc.nat(),
  how: fc.nat(),
  status: fc.constantFrom(200, 200, 200, 204, 302, 400, 404, 500, 503),
  raw: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('', '{}', 'null', '[]', '7', '"ok"', '{"kind":"ok"}', '{"kind":"refused"}', '['.repeat(20_000)),
  ),
});

test('whatever its town answers, a till sells on, throws at nobody and keeps its books', async () => {
  const known = new Set<string>(refusalReasons);
  const act = fc.constantFrom('night', 'card', 'find', 'refund');
  await fc.assert(
    fc.asyncProperty(anyLie, act, async (told, what) => {
      log.length = 0;
      lie = told;
      try {
        if (what === 'night') await till.client.night();
        else if (what === 'find') await till.client.refundable({ receipt: 't99-1-000001' });
        else if (what === 'card') {
          await till.send(scan(card, 'card'));
          await till.send({ kind: 'removeMember' });
        } else {
          const receipt = 't01-1-000001';
          const lines = [{ line: 0, quantity: 1, goods: 'shelf' as const }];
          const wanted: Command = {
            kind: 'refund',
            id: `refund-${log.length}-${told.at}`,
            receipt,
            lines,
            reason: 'x',
            approval: null,
          };
          const answered = await till.send(wanted);
          if (answered.kind === 'refused') expect(known.has(answered.reason)).toBe(true);
        }
      } finally {
        lie = null;
      }
      expect((await till.screen()).stopped, log.join('\n')).toBeNull();
      expect(log.filter((line) => /bug:|TypeError|RangeError/.test(line))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  await sellBread(till);
  expect(await till.client.verify({})).toMatchObject({ state: 'sound' });
  expect(await till.client.rebuild({})).toMatchObject({ identical: true });
});
