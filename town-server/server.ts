import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { OpenAPIGenerator } from '@orpc/openapi';
import { OpenAPIHandler } from '@orpc/openapi/fastify';
import { onError, ORPCError } from '@orpc/server';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { townContract } from '../shared/town-contract.ts';
import { createSessions, hasPassword, setPassword } from './console.ts';
import { newId, newKeys, signWith } from './crypto.ts';
import { openDatabase } from './database.ts';
import { EngineError } from './engine.ts';
import { issueCode } from './enrolment.ts';
import { takeInSent } from './intake.ts';
import { createPostgresStore } from './postgres-store.ts';
import { noteRestored } from './restored.ts';
import { townRouter } from './router.ts';
import { seedSchema, seedTown, type Seed } from './seed.ts';
import { readSentUpload, type SentUpload } from './sent-upload.ts';
import type { Store } from './store.ts';
import type { Town } from './town.ts';
import { leapVersions } from './versions.ts';

export type TownOptions = Readonly<{
  /** Where the town keeps its key and, unless `databaseUrl` names a server, its database. */
  dataFolder: string;
  /** 0 takes any free port. */
  port: number;
  /** Where to listen; this machine alone unless told otherwise. */
  host?: string;
  /** An empty town is filled from the demo data, and a one-time code for a till is made at each start. */
  demo: boolean;
  /** A file of the form of `resources/demo/town.json` that fills an empty town. */
  seedFile?: string | null;
  databaseUrl?: string | null;
  clock?: Readonly<{ nowMs: () => number }>;
  /** The folder with the built pages; null serves none. */
  pagesFolder?: string | null;
  log?: (line: string) => void;
  /** The database is an older copy: no free points move until every till was heard (`restored.ts`). */
  restored?: boolean;
}>;

export type StartedTown = Readonly<{
  url: string;
  /** The password of the town's staff; null when it was set at an earlier start and is known to them alone. */
  password: string | null;
  enrolmentCode: string | null;
  /** The town's logic without HTTP, for tests and tools. */
  town: Town;
  /** The process of the PostgreSQL that this town runs; null with a server of one's own. */
  databasePid: () => number | null;
  close: () => Promise<void>;
}>;

const root = join(import.meta.dirname, '..');

/** Where a town keeps its books, and the process that keeps them where it is one of ours. */
export type Books = Readonly<{
  storeOf: (town: string) => Store;
  enginePid: () => number | null;
  close: () => Promise<void>;
}>;

/** Starts a town: database, logic, HTTP. What it answered before is there after any end. */
export function startTown(options: TownOptions): Promise<StartedTown> {
  return startTownOn(options, async (log) => {
    const { pool, ...database } = await openDatabase(options.dataFolder, options.databaseUrl ?? null, log);
    return { ...database, storeOf: (town) => createPostgresStore(pool, town) };
  });
}

/** The same on any books: those of a town that answers for points stand on PostgreSQL, those of a test may not. */
export async function startTownOn(
  options: TownOptions,
  openBooks: (log: (line: string) => void) => Promise<Books>,
): Promise<StartedTown> {
  const log = options.log ?? (() => {});
  mkdirSync(options.dataFolder, { recursive: true, mode: 0o711 });
  const identity = identityOf(options);
  const books = await openBooks(log);
  try {
    const { town, password } = await openTown(options, identity, books, log);
    if (options.restored === true)
      await town.store.transact(['points'], (transaction) => noteRestored(town, transaction));
    const enrolmentCode = options.demo ? await demoCode(town) : null;
    const app = await listen(options, town, log);
    const url = urlOf(app);
    writeSecret(addressFileOf(options.dataFolder), JSON.stringify({ url, town: town.id }));
    return {
      url,
      password,
      enrolmentCode,
      town,
      databasePid: books.enginePid,
      close: async () => {
        rmSync(addressFileOf(options.dataFolder), { force: true });
        await app.close();
        await books.close();
      },
    };
  } catch (error) {
    await books.close();
    throw error;
  }
}

/** Where a running town says how it is reached, for the commands that work beside it. */
function addressFileOf(dataFolder: string): string {
  return join(dataFolder, 'address.json');
}

const addressSchema = z.object({ url: z.url({ protocol: /^http$/ }), town: z.string() });

/** The address of the town that runs on a folder, asked for a sign of life; null when none does. */
export async function runningTown(dataFolder: string): Promise<string | null> {
  try {
    const { url, town } = addressSchema.parse(JSON.parse(readFileSync(addressFileOf(dataFolder), 'utf8')));
    const answer = await fetch(`${url}/health`, { redirect: 'error', signal: AbortSignal.timeout(5_000) });
    const { town: answering } = z.object({ town: z.string() }).parse(await answer.json());
    return answering === town ? url : null;
  } catch {
    // No file, or one that a killed town left behind.
    return null;
  }
}

type TownKey = Readonly<{ town: string; name: string; publicKey: string; privateKey: string }>;

type Identity = Readonly<{ key: TownKey; keyFile: string; seed: Seed | null }>;

/** The key in this folder, or a new one for the town that is to be filled; decided before any database is started. */
function identityOf(options: TownOptions): Identity {
  const seed = readSeed(options);
  const keyFile = join(options.dataFolder, 'town-key.json');
  if (existsSync(keyFile)) return { key: readKey(keyFile), keyFile, seed };
  if (seed === null) {
    throw new EngineError(
      `${options.dataFolder} 里还没有镇。用 --demo 建模拟镇，或用 --seed FILE 建自己的镇 (no town in this folder yet: --demo or --seed FILE makes one)`,
    );
  }
  const key = { town: seed.town.id, name: seed.town.name, ...newKeys() };
  // The key is on disk before anything is signed with it.
  writeSecret(keyFile, JSON.stringify(key));
  return { key, keyFile, seed };
}

const keySchema = z.object({ town: z.string(), name: z.string(), publicKey: z.string(), privateKey: z.string() });

function readKey(keyFile: string): TownKey {
  try {
    return keySchema.parse(JSON.parse(readFileSync(keyFile, 'utf8')));
  } catch {
    throw new EngineError(
      `${keyFile} 读不出来，请从备份恢复这个文件；数据库没有改动 (this file cannot be read: restore it; the database is untouched)`,
    );
  }
}

const DEMO = 'demo';

/** Opens the town that the key belongs to, or fills a new one. */
async function openTown(
  options: TownOptions,
  { key, keyFile, seed }: Identity,
  books: Books,
  log: (line: string) => void,
): Promise<{ town: Town; password: string | null }> {
  const town: Town = {
    id: key.town,
    name: key.name,
    store: books.storeOf(key.town),
    nowMs: options.clock?.nowMs ?? Date.now,
    newId,
    publicKey: key.publicKey,
    sign: signWith(key.privateKey),
    log,
    tillKeys: new Map(),
    contacts: new Map(),
  };
  const isDemo = options.demo && (options.seedFile ?? null) === null;
  await town.store.transact(['enrolment', 'points'], async (transaction) => {
    const row = await transaction.get('town', { town: town.id });
    if (row !== null && row.publicKey !== town.publicKey) {
      throw new EngineError(
        `数据库里的${town.name}用的是另一把钥匙，请恢复 ${keyFile} (the database holds this town with another key: restore that file)`,
      );
    }
    if (row !== null) {
      // A real town must not be given a demo's published password.
      const wasDemo =
        (await transaction.get('setting', { name: DEMO })) !== null || existsSync(passwordFileOf(options));
      if (options.demo && !wasDemo) {
        throw new EngineError(
          `${town.name}不是模拟镇，不能用 --demo 打开 (this is no demo town: start it without --demo)`,
        );
      }
      await leapVersions(town, transaction);
      return;
    }
    if (seed === null || seed.town.id !== town.id) {
      throw new EngineError(
        `数据库里没有${town.name} (${town.id})，而它的钥匙在 ${keyFile} (the database does not hold the town whose key lies here)`,
      );
    }
    const policy: unknown = JSON.parse(readFileSync(join(root, 'resources', 'policy-default.json'), 'utf8'));
    await seedTown(town, transaction, seed, policy);
    await transaction.put('town', [{ town: town.id, name: town.name, publicKey: town.publicKey }]);
    if (isDemo) await transaction.put('setting', [{ name: DEMO, value: 'yes' }]);
    log(`新建 ${town.name}，村民 ${seed.members.length} 人 (a new town)`);
  });
  return { town, password: await passwordOf(options, town) };
}

function readSeed(options: TownOptions): Seed | null {
  const file = options.seedFile ?? (options.demo ? join(root, 'resources', 'demo', 'town.json') : null);
  if (file === null) return null;
  const parsed = seedSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
    throw new EngineError(`${file} 不是镇的资料 (does not describe a town): ${where}`);
  }
  return parsed.data;
}

/** Only a demo town's password is ever written down. */
function passwordFileOf(options: TownOptions): string {
  return join(options.dataFolder, 'console-password.txt');
}

/** A new town's password is made here and told once; a demo town's is kept beside it and told at every start. */
async function passwordOf(options: TownOptions, town: Town): Promise<string | null> {
  const file = passwordFileOf(options);
  const kept = options.demo && existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  return town.store.transact([], async (transaction) => {
    if (await hasPassword(transaction)) {
      if (kept !== null || !options.demo) return kept;
    }
    const password = kept ?? randomBytes(6).toString('hex');
    if (options.demo) writeSecret(file, `${password}\n`);
    await setPassword(transaction, password);
    return password;
  });
}

function writeSecret(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

async function demoCode(town: Town): Promise<string | null> {
  return town.store.transact(['enrolment'], async (transaction) => {
    const [shop] = await transaction.list('shop', { limit: 1 });
    if (shop === undefined) return null;
    return (await issueCode(town, transaction, { shop: shop.shop, till: null, tillName: '收银机' })).code;
  });
}

const BODY_BYTES = 40_000_000;
const MALFORMED = { defined: false, code: 'BAD_REQUEST', status: 400, message: 'malformed request' } as const;
/** Tills are told not to keep an idle connection longer: one that an outage cut unseen would hold up their next call. */
const KEEP_ALIVE_MS = 5_000;

async function listen(options: TownOptions, town: Town, log: (line: string) => void): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: BODY_BYTES,
    forceCloseConnections: true,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // What the framework refuses before any of our code is asked gets our words, too.
    frameworkErrors: (error, request, reply) => {
      log(`${request.method}: ${error.code}`);
      void (reply as FastifyReply).status(400).send(MALFORMED);
    },
    clientErrorHandler: (_error, socket) => {
      log('http: refused, malformed');
      if (!socket.writable) return void socket.destroy();
      const body = JSON.stringify(MALFORMED);
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send({ defined: false, code: 'NOT_FOUND', status: 404, message: 'no such page' }),
  );
  const handler = new OpenAPIHandler(townRouter(town, createSessions(town)), {
    interceptors: [
      onError((error, { request }) => log(`${request.method} ${request.url.pathname}: ${describe(error)}`)),
    ],
  });
  const openApi = JSON.stringify(await openApiDocument(town));

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SAFE_HEADERS);
    const origin = request.headers.origin;
    // Another site's page in a staff member's browser is not our console.
    if (
      origin !== undefined &&
      origin !== `http://${request.headers.host}` &&
      origin !== `https://${request.headers.host}`
    ) {
      return reply.status(403).send({ code: 'FORBIDDEN', message: 'wrong origin' });
    }
  });
  app.setErrorHandler(
    (error: { statusCode?: number; code?: string; stack?: string; message: string }, request, reply) => {
      const status = error.statusCode ?? 500;
      log(`${request.method} ${request.url}: ${status >= 500 ? (error.stack ?? error.message) : error.message}`);
      const code = status >= 500 ? 'INTERNAL_SERVER_ERROR' : status === 413 ? 'PAYLOAD_TOO_LARGE' : 'BAD_REQUEST';
      void reply
        .status(status)
        .send({ defined: false, code, status, message: status >= 500 ? 'internal error' : 'malformed request' });
    },
  );
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const context = { authorization: request.headers.authorization };
    const { matched } = await handler.handle(request, reply, { prefix: '/api', context });
    if (!matched)
      await reply.status(404).send({ defined: false, code: 'NOT_FOUND', status: 404, message: 'no such call' });
  };
  app.all('/api/*', answer);
  await app.register(async (records) => takeUploads(records, town, answer));
  app.get('/openapi.json', (_request, reply) => reply.type('application/json').send(openApi));
  app.get('/health', async (_request, reply) => {
    await town.store.transact([], (transaction) => transaction.get('town', { town: town.id }));
    return reply.send({ ok: true, town: town.id });
  });
  servePages(app, options.pagesFolder === undefined ? join(root, 'out', 'pages') : options.pagesFolder);
  await app.listen({ host: options.host ?? '127.0.0.1', port: options.port });
  return app;
}

/**
 * Uploads are nearly all that a town is sent, and nearly every one is as tills write it: those are taken in from their
 * bytes. What is not takes the way of every other call, which answers the same and says what is wrong with it.
 */
function takeUploads(
  app: FastifyInstance,
  town: Town,
  answer: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
): void {
  const sentUploads = new WeakMap<FastifyRequest, SentUpload>();
  const readJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const sent = readSentUpload(new Uint8Array(body.buffer, body.byteOffset, body.length));
    if (sent === null) return void readJson(request, body.toString('utf8'), done);
    sentUploads.set(request, sent);
    done(null, null);
  });
  app.post('/api/records', async (request, reply) => {
    const sent = sentUploads.get(request);
    if (sent === undefined) await answer(request, reply);
    else await reply.send(await takeInSent(town, sent));
  });
}

/** A refusal of the contract or malformed input in one line; a failure of ours with its stack, for the log only. */
function describe(error: unknown): string {
  if (error instanceof ORPCError && error.status < 500) return `${error.code} ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The OpenAPI document of the town's interface, generated from the contract that both sides use. */
export async function openApiDocument(town: Readonly<{ name: string }>): Promise<object> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  return generator.generate(townContract, {
    info: { title: `One-Card Till: ${town.name}`, version: '1.0.0' },
    servers: [{ url: '/api' }],
    security: [{ staff: [] }],
    components: { securitySchemes: { staff: { type: 'http', scheme: 'bearer' } } },
  });
}

const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // The console's table library writes its styles while it runs; everything else comes from files of this server.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

const SAFE_HEADERS = {
  'content-security-policy': CONTENT_POLICY.join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The built console at /, with the shared assets beside it; without a build, a word on how to make one. */
function servePages(app: FastifyInstance, folder: string | null): void {
  app.get('/', (_request, reply) => {
    if (folder !== null && existsSync(join(folder, 'town-console', 'index.html')))
      return reply.redirect('/town-console/');
    return reply.type('text/plain; charset=utf-8').send('信用惠民 镇平台 (town server). API: /openapi.json\n');
  });
  app.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const asked = normalize(request.params['*']);
    const path = asked.endsWith(sep) || asked.endsWith('/') ? join(asked, 'index.html') : asked;
    const isOurs = /^(town-console|assets)[\\/]/.test(path) && !path.split(/[\\/]/).includes('..');
    const type = TYPES[extname(path)];
    const bytes =
      folder === null || !isOurs || type === undefined ? null : await readFile(join(folder, path)).catch(() => null);
    if (bytes === null || type === undefined) {
      return reply.status(404).send({ defined: false, code: 'NOT_FOUND', status: 404, message: 'no such page' });
    }
    return reply.type(type).send(bytes);
  });
}

function urlOf(app: FastifyInstance): string {
  const address = app.server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the town listens nowhere');
  const host = address.address === '0.0.0.0' || address.address === '::' ? '127.0.0.1' : address.address;
  return `http://${host}:${address.port}`;
}
