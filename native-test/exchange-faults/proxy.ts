import { connect, createServer, type Server, type Socket } from 'node:net';
import { Frames } from './frames.ts';

/** From the till to the town, or back. */
export type Way = 'up' | 'down';

/** What happens to one exchange; offsets count the bytes of all its connections in one direction. */
export type Fault =
  /** Exactly `offset` bytes arrive, then the connection ends: `reset` at once, `close` after what was sent. */
  | Readonly<{ kind: 'cut'; way: Way; offset: number; how: 'reset' | 'close'; stays: boolean }>
  /** Exactly `offset` bytes arrive, then nothing more moves, and nobody is told: the connection stays open. */
  | Readonly<{ kind: 'halfOpen'; way: Way; offset: number; stays: boolean }>
  /** From `offset` on, that connection brings `bytes` at a time, with a pause between. */
  | Readonly<{ kind: 'drip'; way: Way; offset: number; bytes: number; pauseMs: number }>
  /** Everything is late by up to `mostMs`, in order. */
  | Readonly<{ kind: 'delay'; mostMs: number }>
  /** The request of that number reaches the town a second time: beside the first, or after everything else. */
  | Readonly<{ kind: 'double'; request: number; when: 'atOnce' | 'late' }>
  /** The request of that number is given up by its till before it reaches the town, after everything else. */
  | Readonly<{ kind: 'late'; request: number }>;

export type Measured = Readonly<{ up: number; down: number; frames: readonly Readonly<{ way: Way; at: number }>[] }>;

/** A TCP proxy between a till and its town, which understands no more than where messages end. */
export type Proxy = Readonly<{
  url: string;
  /** Points it at a town; a town that was started again listens on another port. */
  target: (url: string) => void;
  /** Begins an exchange under a fault, or a clean one that is only measured. */
  arm: (fault: Fault | null) => void;
  /** Ends the fault; answers how often it struck and what was seen. */
  heal: () => { struck: number; measured: Measured };
  /** Brings what was held back to the town, and waits until the town has answered it; says how many requests those were. */
  deliver: () => Promise<number>;
  close: () => Promise<void>;
}>;

type Line = {
  client: Socket;
  server: Socket;
  /** Nothing moves on it any more. */
  hung: boolean;
  drips: Record<Way, boolean>;
  /** The pieces of the request that is coming in, and whether it is kept from the town. */
  request: Buffer[];
  kept: boolean;
};

export async function openProxy(town: string): Promise<Proxy> {
  let target = new URL(town);
  let fault: Fault | null = null;
  let struck = 0;
  let down = false;
  let requests = 0;
  let sent: Record<Way, number> = { up: 0, down: 0 };
  let frames: { way: Way; at: number }[] = [];
  let late: Buffer[] = [];
  const lines = new Set<Line>();
  const clients = new Set<Socket>();
  const ghosts = new Set<Promise<void>>();

  const end = (line: Line, how: 'reset' | 'close'): void => {
    for (const socket of [line.client, line.server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    }
  };

  /** Brings a request to the town once more, as a message does that a network had kept; its answer reaches nobody. */
  const repeat = (request: Buffer): void => {
    const ghost = new Promise<void>((resolve) => {
      const socket = connect(Number(target.port), target.hostname);
      const answer = new Frames();
      socket.on('data', (bytes: Buffer) => {
        if (answer.feed(bytes).some(({ what }) => what === 'end')) socket.destroy();
      });
      socket.on('error', () => socket.destroy());
      socket.on('close', () => resolve());
      socket.write(request);
    });
    ghosts.add(ghost);
    void ghost.finally(() => ghosts.delete(ghost));
  };

  const noteRequest = (line: Line, bytes: Buffer, ends: readonly number[]): void => {
    let from = 0;
    for (const at of ends) {
      line.request.push(bytes.subarray(from, at));
      from = at;
      const request = Buffer.concat(line.request);
      line.request = [];
      requests += 1;
      if (line.kept) late.push(request);
      line.kept = false;
      if (fault?.kind !== 'double' || fault.request !== requests) continue;
      struck += 1;
      if (fault.when === 'atOnce') repeat(request);
      else late.push(request);
    }
    if (from < bytes.length) line.request.push(bytes.subarray(from));
  };

  const pass = (line: Line, way: Way, bytes: Buffer): void => {
    const to = way === 'up' ? line.server : line.client;
    const from = way === 'up' ? line.client : line.server;
    const before = sent[way];
    sent[way] += bytes.length;
    if (line.hung) {
      // Whoever stands there once the line is back knows nothing of this connection, and says so.
      if (fault === null && way === 'up') end(line, 'reset');
      return;
    }
    if (line.drips[way]) return drip(line, to, from, bytes, 0);
    const active = fault;
    if (active === null || active.kind === 'double' || active.kind === 'late') return void to.write(bytes);
    if (active.kind === 'delay') {
      struck += 1;
      from.pause();
      setTimeout(
        () => {
          to.write(bytes);
          from.resume();
        },
        (struck * 7) % (active.mostMs + 1),
      );
      return;
    }
    const left = active.offset - before;
    if (active.way !== way || left >= bytes.length || left < 0) return void to.write(bytes);
    struck += 1;
    const whole = bytes.subarray(0, left);
    switch (active.kind) {
      case 'drip':
        line.drips[way] = true;
        return drip(line, to, from, bytes, left);
      case 'halfOpen':
        line.hung = true;
        if (active.stays) down = true;
        to.write(whole);
        return;
      case 'cut':
        line.hung = true;
        if (active.stays) down = true;
        to.write(whole, () => end(line, active.how));
        if (active.stays) for (const other of lines) if (other !== line) end(other, active.how);
        return;
      default:
        active satisfies never;
    }
  };

  const drip = (line: Line, to: Socket, from: Socket, bytes: Buffer, at: number): void => {
    const { bytes: step, pauseMs } = fault?.kind === 'drip' ? fault : { bytes: bytes.length, pauseMs: 0 };
    if (to.destroyed || line.hung) return;
    from.pause();
    to.write(bytes.subarray(at, at + step));
    if (at + step >= bytes.length) from.resume();
    else setTimeout(() => drip(line, to, from, bytes, at + step), pauseMs);
  };

  const server: Server = createServer((client) => {
    clients.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => clients.delete(client));
    client.setNoDelay();
    if (down) {
      // Cut: nobody is there. Half open: somebody takes the call and never says a word.
      if (fault?.kind === 'cut') client.resetAndDestroy();
      else client.on('data', () => void (fault === null && client.resetAndDestroy()));
      return;
    }
    const up = connect(Number(target.port), target.hostname);
    up.setNoDelay();
    const line: Line = { client, server: up, hung: false, drips: { up: false, down: false }, request: [], kept: false };
    lines.add(line);
    const both = { up: new Frames(), down: new Frames() };
    const take = (way: Way, bytes: Buffer): void => {
      const found = both[way].feed(bytes);
      for (const { at } of found) frames.push({ way, at: sent[way] + at });
      if (way === 'up') {
        if (fault?.kind === 'late' && struck === 0 && line.request.length === 0 && requests + 1 === fault.request) {
          struck += 1;
          line.hung = true;
          line.kept = true;
        }
        const ends = found.flatMap(({ what, at }) => (what === 'end' ? [at] : []));
        noteRequest(line, bytes, ends);
      }
      pass(line, way, bytes);
    };
    client.on('data', (bytes: Buffer) => take('up', bytes));
    up.on('data', (bytes: Buffer) => take('down', bytes));
    const gone = (one: Socket, other: Socket): void => {
      one.on('error', () => one.destroy());
      one.on('close', () => {
        lines.delete(line);
        // Who waits at a half-open connection is not told that the other side left.
        if (!line.hung || one === client) other.destroy();
      });
    };
    gone(client, up);
    gone(up, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}`,
    target: (url) => {
      target = new URL(url);
      for (const line of lines) end(line, 'reset');
    },
    arm: (next) => {
      fault = next;
      struck = 0;
      down = false;
      requests = 0;
      sent = { up: 0, down: 0 };
      frames = [];
      late = [];
    },
    heal: () => {
      const seen = { struck, measured: { ...sent, frames: [...frames] } };
      fault = null;
      down = false;
      return seen;
    },
    deliver: async () => {
      const kept = late.splice(0);
      for (const request of kept) repeat(request);
      await Promise.all(ghosts);
      return kept.length;
    },
    close: async () => {
      for (const line of lines) end(line, 'reset');
      await Promise.all(ghosts);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      });
    },
  };
}
