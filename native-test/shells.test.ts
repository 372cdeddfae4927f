import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Command, Screen } from '../shared/till-contract.ts';
import { type Opened, openCore } from '../electron/core/core.ts';
import { coreOn, makeFolder, OPENED_AT_MS, pins } from '../electron/core/test-core.ts';
import { clientOfHolder } from '../electron/holder.ts';
import { hostWorld } from '../electron/host-world.ts';
import { openDevices } from '../electron/devices/devices.ts';
import { portHost } from '../electron/port-host.ts';
import { openPracticeRoom } from '../electron/practice-room.ts';
import { type Served, serve } from '../electron/serve.ts';
import { SIMULATED_DEVICES } from '../shared/device-set-up.ts';
import { bareCounter } from '../shared/devices.ts';
import { currentScreen, type TillClient, type TillRouter } from '../electron/till-client.ts';

/** One core on an empty folder, which both shells' hosts answer for. */
function emptyCore(folder: string): Extract<Opened, { kind: 'opened' }> {
  const opened = openCore(
    hostWorld({
      dataFolder: join(folder, 'till'),
      keepFolder: join(folder, 'keep'),
      devices: openDevices(SIMULATED_DEVICES),
      town: null,
      demo: null,
      log: () => {},
    }),
  );
  if (opened.kind === 'refused') throw new Error(opened.detail);
  return opened;
}

type Line = Readonly<{ client: TillClient; close: () => void }>;

function overPort(router: TillRouter): Line {
  const { port1, port2 } = new MessageChannel();
  portHost(router, () => {})(port1);
  const client: TillClient = createORPCClient(new PortLink({ port: port2 }));
  port2.start();
  return { client, close: () => port2.close() };
}

async function overSocket(served: Served): Promise<Line> {
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}/rpc?token=${served.token}`, { origin: served.origin });
  await once(socket, 'open');
  const client: TillClient = createORPCClient(new SocketLink({ websocket: socket as unknown as globalThis.WebSocket }));
  return { client, close: () => socket.close() };
}

/** What a page sees that opens, tries a few hands, looks things up and closes: every answer and every named screen. */
async function scenario(client: TillClient): Promise<unknown[]> {
  const seen: unknown[] = [];
  const screens = await client.watch();
  const next = async (): Promise<Screen> => {
    const step = await screens.next();
    if (step.done === true) throw new Error('the screens ended');
    return step.value;
  };
  const first = await next();
  seen.push(first.phase, first.stopped, first.operator, first.sale.lines);
  const commands: Command[] = [
    { kind: 'scan', code: '6901234567892', source: 'scanner' },
    { kind: 'signIn', pin: '1234' },
    { kind: 'startPay' },
    { kind: 'pay', sale: 'no-such-sale' },
    { kind: 'runNight' },
  ];
  for (const command of commands) seen.push([command.kind, await client.send(command)]);
  seen.push(await client.send({ kind: 'signIn', pin: 'abc' }).catch((error: unknown) => typed(error)));
  seen.push(
    await client.search({ text: '米', limit: 5 }),
    await client.operators(),
    await client.receipt({ receipt: 'x' }),
  );
  seen.push((await client.verify()).state);
  await screens.return?.();
  return seen;
}

function typed(error: unknown): unknown {
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  return { code, message, fromHere: stack?.includes('electron/core') ?? false };
}

describe('both shells', () => {
  const folders: string[] = [];
  const fresh = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'one-card-shells-'));
    folders.push(folder);
    return folder;
  };
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  test('answer the same scenario with the same answers over MessagePort and over WebSocket', async () => {
    const one = emptyCore(fresh());
    const other = emptyCore(fresh());
    const served = await serve({ router: other.core.router, pagesFolder: null, port: 0, log: () => {} });
    const port = overPort(one.core.router);
    const socket = await overSocket(served);
    const [overOne, overOther] = [await scenario(port.client), await scenario(socket.client)];
    expect(overOther).toEqual(overOne);
    expect(overOne[9]).toMatchObject({ code: 'BAD_REQUEST' });
    port.close();
    socket.close();
    await served.close();
    await one.core.close();
    await other.core.close();
  });

  test('turn to practice and back together, over either; a command line stays with the till', async () => {
    const folder = makeFolder();
    folders.push(folder);
    const room = openPracticeRoom({
      folder: join(folder, 'practice'),
      counter: bareCounter,
      worldOf: (own) => ({ ...till.world, ...own }),
      log: () => {},
    });
    const till = coreOn(folder, OPENED_AT_MS, { devices: room.counter, practice: room.practice });
    const pages = room.moveIn(till.core);
    const served = await serve({
      router: pages,
      commandLine: till.core.router,
      pagesFolder: null,
      port: 0,
      log: () => {},
    });
    const lines = [overPort(pages), await overSocket(served)];
    const seen = lines.map(() => [] as boolean[]);
    const follow = async ({ client }: Line, index: number): Promise<void> => {
      for await (const news of await client.follow({ page: 'staff' })) {
        if ('screen' in news) seen[index]?.push(news.screen.practice);
      }
    };
    // A line that the test closes ends what follows on it, with an error or without.
    const following = lines.map((line, index) => follow(line, index).catch(() => {}));
    const commandLine = clientOfHolder({ pid: process.pid, url: served.origin, token: served.token });
    await till.ask({ kind: 'signIn', pin: pins.cashier });
    for (const { client } of lines) {
      expect(await client.send({ kind: 'startPractice' })).toEqual({ kind: 'done' });
      const screen = commandLine === null ? null : await currentScreen(commandLine);
      expect(screen).toMatchObject({ practice: false, phase: 'locked' });
      expect(await client.send({ kind: 'endPractice' })).toEqual({ kind: 'done' });
      await till.ask({ kind: 'signIn', pin: pins.cashier });
    }
    const turns = [false, true, false, true, false];
    await expect.poll(() => seen).toEqual([turns, turns]);
    for (const line of lines) line.close();
    await served.close();
    await Promise.all(following);
    await room.close();
    await till.core.close();
  });

  test('end a port that speaks another language, and go on with the others', async () => {
    const { core } = emptyCore(fresh());
    const log: string[] = [];
    const accept = portHost(core.router, (line) => void log.push(line));
    const bad = new MessageChannel();
    accept(bad.port1);
    bad.port2.start();
    const closed = once(bad.port2, 'close');
    bad.port2.postMessage({ not: 'a message' });
    await closed;
    expect(log).toEqual(['port: malformed message, notText']);
    const good = overPort(core.router);
    expect((await good.client.verify()).state).toBe('sound');
    good.close();
    await core.close();
  });
});

type Asked = Readonly<{ method?: string; path: string; headers?: Record<string, string>; body?: string }>;

/** A request with any Host, which fetch would not send. */
function ask(
  served: Served,
  { method = 'GET', path, headers = {}, body }: Asked,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: served.port, method, path, headers: { host: `127.0.0.1:${served.port}`, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => void (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

describe('the loopback host', () => {
  let folder: string;
  let opened: Extract<Opened, { kind: 'opened' }>;
  let served: Served;
  const log: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'one-card-serve-'));
    opened = emptyCore(folder);
    served = await serve({
      router: opened.core.router,
      pagesFolder: folder,
      port: 0,
      log: (line) => void log.push(line),
    });
  });
  afterAll(async () => {
    await served.close();
    await opened.core.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const bearer = (): Record<string, string> => ({ authorization: `Bearer ${served.token}` });
  const json = { 'content-type': 'application/json' };

  for (const [what, asked, status, error] of [
    ['another host name', { path: '/', headers: { host: 'till.example' } }, 403, 'wrongHost'],
    ['another page', { path: '/', headers: { origin: 'https://till.example' } }, 403, 'wrongOrigin'],
    [
      'a call without token',
      { method: 'POST', path: '/rpc-http/verify', headers: json, body: '{}' },
      401,
      'wrongToken',
    ],
    ['another method', { method: 'PUT', path: '/' }, 405, 'unknownMethod'],
    ['a path out of the pages', { path: '/..%2f..%2fetc%2fpasswd.html' }, 404, 'unknownPath'],
    ['a path that is none', { path: '/%zz.html' }, 404, 'unknownPath'],
    ['the ledger beside the pages', { path: '/till/ledger.sqlite' }, 404, 'unknownPath'],
  ] as const) {
    test(`refuses ${what} by the name ${error}, and logs it`, async () => {
      log.length = 0;
      const answer = await ask(served, asked);
      expect(answer).toEqual({ status, text: JSON.stringify({ error }) });
      expect(log.join('\n')).toContain(error);
    });
  }

  test('refuses a wrong token, an unknown procedure and a malformed body with a typed error and no stack', async () => {
    const wrong = await ask(served, {
      method: 'POST',
      path: '/rpc-http/verify',
      headers: { authorization: 'Bearer x' },
    });
    expect(wrong.status).toBe(401);
    const unknown = await ask(served, { method: 'POST', path: '/rpc-http/noSuch', headers: { ...bearer(), ...json } });
    expect(unknown).toEqual({ status: 404, text: '{"error":"unknownPath"}' });
    for (const body of ['{', '{"json":{"kind":"noSuch"}}', '[]', 'null']) {
      const answer = await ask(served, {
        method: 'POST',
        path: '/rpc-http/send',
        headers: { ...bearer(), ...json },
        body,
      });
      expect(answer.status, body).toBe(400);
      expect(answer.text).toContain('BAD_REQUEST');
      expect(answer.text).not.toMatch(/\bat .*\.[mc]?[jt]s/);
    }
  });

  test('answers the command line that holds the token, and no other', async () => {
    const holder = { pid: process.pid, url: served.origin, token: served.token };
    expect((await clientOfHolder(holder)?.verify())?.state).toBe('sound');
    await expect(clientOfHolder({ ...holder, token: 'x' })?.verify()).rejects.toThrow();
    expect(clientOfHolder({ ...holder, url: 'http://till.example:80' })).toBeNull();
  });

  for (const [what, path, origin] of [
    ['without a token', '/rpc', 'own'],
    ['with a wrong token', '/rpc?token=x', 'own'],
    ['of another page', '/rpc?token=TOKEN', 'https://till.example'],
    ['elsewhere', '/other?token=TOKEN', 'own'],
  ] as const) {
    test(`refuses a socket ${what}`, async () => {
      const address = `ws://127.0.0.1:${served.port}${path.replace('TOKEN', served.token)}`;
      const socket = new WebSocket(address, { origin: origin === 'own' ? served.origin : origin });
      const [error] = (await once(socket, 'error')) as [Error];
      expect(error.message).toMatch(/Unexpected server response: 40[134]/);
    });
  }

  test('ends a socket that sends no message of the contract, with a word', async () => {
    for (const message of ['hello', '{"i":1}', '{"i":"1","p":{"u":"http://elsewhere/"}}', Buffer.from([1, 255, 2])]) {
      const socket = new WebSocket(`ws://127.0.0.1:${served.port}/rpc?token=${served.token}`);
      await once(socket, 'open');
      const closed = once(socket, 'close');
      socket.send(message);
      const [code, reason] = (await closed) as [number, Buffer];
      expect(code).toBe(1008);
      expect(reason.toString()).toMatch(/^malformedMessage/);
    }
  });
});
