import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import { RPCHandler as HttpHandler } from '@orpc/server/node';
import { BodyLimitPlugin } from '@orpc/server/node';
import { RPCHandler as SocketHandler } from '@orpc/server/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { logFailures, MESSAGE_BYTES_MAX, messageFault } from './rpc-guard.ts';
import type { TillRouter } from './till-client.ts';

/**
 * The loopback host: the pages and the core's contract for a browser on this machine, and for a command line that found
 * the folder held. It binds 127.0.0.1 and nothing else, answers only to its own name and its own pages, and wants the
 * token that stands behind the # of the address it printed.
 */
export type Served = Readonly<{
  port: number;
  token: string;
  /** `http://127.0.0.1:PORT` */
  origin: string;
  /** The address of the till's page with its token. */
  tillUrl: string;
  close: () => Promise<void>;
}>;

export type ServeOptions = Readonly<{
  /** What pages talk to. */
  router: TillRouter;
  /** What a command line talks to, where that is another: never a core on which somebody practises. */
  commandLine?: TillRouter;
  /** The built pages; null for a host that only answers the command line. */
  pagesFolder: string | null;
  /** 0 takes any free port. */
  port: number;
  /** The token of a host that fell, so that its pages find this one; a new one when nothing is said. */
  token?: string | null;
  log: (line: string) => void;
}>;

/** Each refusal has a name and a status; nothing else about the inside ever leaves. */
const REFUSALS = {
  malformedRequest: 400,
  wrongToken: 401,
  wrongHost: 403,
  wrongOrigin: 403,
  unknownPath: 404,
  unknownMethod: 405,
} as const;
type Refusal = keyof typeof REFUSALS;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wav': 'audio/wav',
  '.woff2': 'font/woff2',
};

/** The pages whose table library writes its styles while it runs. */
const STYLED_AT_RUN_TIME = /^\/(back-office|town-console)\//;

export async function serve(options: ServeOptions): Promise<Served> {
  const token = options.token ?? randomBytes(24).toString('base64url');
  const server = createServer({ maxHeaderSize: 16 * 1024 });
  const port = await listen(server, options.port);
  const origin = `http://127.0.0.1:${port}`;
  const gate = gateOf(port, token);
  const sockets = socketsOf(options);
  const http = new HttpHandler(options.commandLine ?? options.router, {
    ...logFailures(options.log),
    plugins: [new BodyLimitPlugin({ maxBodySize: MESSAGE_BYTES_MAX })],
  });
  const refuse = (response: ServerResponse, refusal: Refusal, url: string): void => {
    options.log(`http ${pathOf(url)}: refused, ${refusal}`);
    answer(response, REFUSALS[refusal], 'application/json; charset=utf-8', JSON.stringify({ error: refusal }));
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? '/';
    for (const [name, value] of Object.entries(headersFor(pathOf(url), port))) response.setHeader(name, value);
    const stranger = gate.stranger(request);
    if (stranger !== null) return refuse(response, stranger, url);
    if (pathOf(url).startsWith('/rpc-http/')) {
      if (!gate.hasToken(request)) return refuse(response, 'wrongToken', url);
      if (request.method !== 'POST') return refuse(response, 'unknownMethod', url);
      const { matched } = await http.handle(request, response, { prefix: '/rpc-http', context: {} });
      return matched ? undefined : refuse(response, 'unknownPath', url);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 'unknownMethod', url);
    const page = options.pagesFolder === null ? null : await pageFile(options.pagesFolder, pathOf(url));
    if (page === null) return refuse(response, 'unknownPath', url);
    answer(response, 200, page.type, request.method === 'HEAD' ? '' : page.bytes);
  };

  server.on('request', (request, response) => {
    handle(request, response).catch((error: unknown) => {
      options.log(
        `http ${pathOf(request.url ?? '/')}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      );
      if (response.headersSent) response.destroy();
      else answer(response, 500, 'application/json; charset=utf-8', '{"error":"internal"}');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const refusal =
      gate.stranger(request) ??
      (pathOf(request.url ?? '/') === '/rpc' ? null : 'unknownPath') ??
      (gate.hasToken(request) ? null : 'wrongToken');
    if (refusal === null) return sockets.accept(request, socket, head);
    options.log(`socket ${pathOf(request.url ?? '/')}: refused, ${refusal}`);
    refuseUpgrade(socket, refusal);
  });
  server.on('clientError', (_error, socket) => {
    options.log('http: refused, malformedRequest');
    refuseUpgrade(socket, 'malformedRequest');
  });

  return {
    port,
    token,
    origin,
    tillUrl: `${origin}/#token=${token}`,
    close: async () => {
      sockets.close();
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.off('error', reject);
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('the loopback host has no port'));
    });
  });
}

/** Who may come in: this machine's own name, this host's own pages, and whoever holds the token. */
function gateOf(port: number, token: string) {
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  const wanted = Buffer.from(token);
  return {
    stranger(request: IncomingMessage): 'wrongHost' | 'wrongOrigin' | null {
      // A foreign name that resolves to this machine is how a web page would reach in (DNS rebinding).
      if (!hosts.has(request.headers.host ?? '')) return 'wrongHost';
      const origin = request.headers.origin;
      // Every browser names the page behind a request; a command line has none, and the token still holds it off.
      return origin === undefined || origins.has(origin) ? null : 'wrongOrigin';
    },
    hasToken(request: IncomingMessage): boolean {
      const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
      const given = Buffer.from(bearer ?? queryOf(request.url ?? '/').get('token') ?? '');
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}

/** A socket's text messages reach the contract's handler; anything else ends the socket with a word. */
function socketsOf(options: ServeOptions) {
  const handler = new SocketHandler(options.router, logFailures(options.log));
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false });
  const welcome = (socket: WebSocket, wire: Duplex): void => {
    socket.on('error', (error) => options.log(`socket: ${error.message}`));
    void handler.upgrade(
      {
        send: socket.send.bind(socket),
        addEventListener: (type: string, listener: (event: never) => void) => {
          if (type !== 'message') return socket.addEventListener(type as 'close', listener as () => void);
          socket.on('message', (data, isBinary) => {
            const message: unknown = !isBinary && Buffer.isBuffer(data) ? data.toString('utf8') : data;
            const fault = messageFault(message);
            if (fault === null) {
              // A command's answer and the screen it makes leave together, and wake the page once.
              wire.cork();
              setImmediate(() => wire.uncork());
              return listener({ data: message } as never);
            }
            options.log(`socket: malformed message, ${fault}`);
            socket.close(1008, `malformedMessage ${fault}`);
          });
        },
      } as Pick<WebSocket, 'addEventListener' | 'send'>,
      { context: {} },
    );
  };
  return {
    accept: (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
      server.handleUpgrade(request, socket, head, (accepted) => welcome(accepted, socket)),
    close(): void {
      for (const client of server.clients) client.close(1001, 'closing');
      server.close();
    },
  };
}

function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify({ error: refusal });
  socket.end(
    `HTTP/1.1 ${REFUSALS[refusal]} Refused\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** The policy of one page: its own scripts, its own socket, nothing from anywhere else. */
function headersFor(path: string, port: number): Readonly<Record<string, string>> {
  const styles = STYLED_AT_RUN_TIME.test(path) ? "'self' 'unsafe-inline'" : "'self'";
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self'",
    `connect-src 'self' ws://127.0.0.1:${port} ws://localhost:${port}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // Everything comes from this machine, so a cache would save nothing and could show yesterday's program.
    'cache-control': 'no-store',
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The till's page is at the root; every other page and file lies where the build put it. */
async function pageFile(folder: string, path: string): Promise<{ type: string; bytes: Uint8Array } | null> {
  const wanted = path === '/' ? '/till/index.html' : path.endsWith('/') ? `${path}index.html` : path;
  let name: string;
  try {
    name = normalize(decodeURIComponent(wanted));
  } catch {
    return null;
  }
  const type = TYPES[extname(name)];
  if (type === undefined || name.includes('\0') || name.split(sep).includes('..')) return null;
  try {
    return { type, bytes: await readFile(join(folder, name)) };
  } catch {
    return null;
  }
}

function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? '/';
}

function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(url.split('?')[1] ?? '');
}
