import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createORPCClient } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { EXCHANGE_CHARACTERS_MAX } from '../shared/exchange-reasons.ts';
import { townContract } from '../shared/town-contract.ts';
import { exchangeWords } from '../shared/words.ts';
import { EngineError } from './engine.ts';
import { exchange, type Exchanged } from './exchange.ts';
import { runningTown, startTown, type StartedTown } from './server.ts';

/** A character takes up to three bytes. */
const EXCHANGE_BYTES_MAX = 3 * EXCHANGE_CHARACTERS_MAX;

const USAGE = `town exchange --in FILE --out FILE [--data DIR | --town URL]

  --in FILE          what a till without network brought on a stick (till night --out)
  --out FILE         the answer that goes back to it (till night --in)
  --data DIR         the town's folder, default .demo/town; a town that is running on it is asked
  --town URL         asks the town at this address instead

town serve --data DIR [--port N] [--host ADDRESS] [--demo] [--seed FILE] [--host-pages DIR] [--with-parent]
           [--restored]

  --data DIR         the town's folder: its key and its PostgreSQL database (DATABASE_URL names another server)
  --port N           default 0: any free port
  --host ADDRESS     default 127.0.0.1: this machine only
  --demo             fills an empty town with the demo data, and gives a one-time code for a till at each start
  --seed FILE        fills an empty town from a file like resources/demo/town.json
  --host-pages DIR   the built pages; default out/pages
  --with-parent      ends when standard input closes
  --restored         the database was restored from an older copy: give it at the first start after that, once;
                     no free points move until every till was heard

When it is up it prints one line of JSON: {"town": URL, "enrolmentCode": CODE or null, "password": PASSWORD or null}.
`;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        port: { type: 'string', default: '0' },
        host: { type: 'string', default: '127.0.0.1' },
        demo: { type: 'boolean', default: false },
        seed: { type: 'string' },
        'host-pages': { type: 'string' },
        'with-parent': { type: 'boolean', default: false },
        restored: { type: 'boolean', default: false },
        in: { type: 'string' },
        out: { type: 'string' },
        town: { type: 'string' },
      },
    });
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : ''}\n\n${USAGE}`);
  }
}

type Values = ReturnType<typeof readArguments>['values'];

/** Answers the file of a till, by the town that runs on the folder or, where none does, by opening it for this once. */
async function runExchange(values: Values): Promise<void> {
  const { in: source, out: target } = values;
  if (source === undefined || target === undefined) fail(USAGE);
  if (statSync(source).size > EXCHANGE_BYTES_MAX) fail(`文件太大 (larger than ${EXCHANGE_BYTES_MAX} bytes): ${source}`);
  const file = readFileSync(source, 'utf8');
  const folder = resolve(values.data ?? join('.demo', 'town'));
  const url = values.town ?? (await runningTown(folder));
  const made = url === null ? await openedFor(folder, file) : await askedOf(url, file);
  if (made.kind === 'refused') fail(`没有受理 (refused): ${exchangeWords[made.reason]} (${made.reason})`);
  const { file: answer, ...summary } = made;
  writeFileSync(`${target}.new`, answer, { flush: true });
  renameSync(`${target}.new`, target);
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

async function openedFor(folder: string, file: string): Promise<Exchanged> {
  const started = await startTown({
    dataFolder: folder,
    port: 0,
    demo: false,
    databaseUrl: process.env['DATABASE_URL'] ?? null,
    pagesFolder: null,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    return await exchange(started.town, file);
  } finally {
    await started.close();
  }
}

async function askedOf(url: string, file: string): Promise<Exchanged> {
  const link = new OpenAPILink(townContract, { url: `${url.replace(/\/+$/, '')}/api` });
  const town: ContractRouterClient<typeof townContract> = createORPCClient(link);
  return town.exchange({ file });
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (positionals[0] === 'exchange') return runExchange(values);
  if (positionals[0] !== 'serve' || values.data === undefined) fail(USAGE);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) fail(`--port ${values.port}: not a port`);

  let town: StartedTown | null = null;
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    // Still starting: `main` goes on to the point where it sees `ending` and closes what it opened.
    if (town === null) return;
    await town.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());
  if (values['with-parent']) {
    process.stdin.resume();
    process.stdin.on('end', () => void end());
    process.stdin.on('close', () => void end());
    process.stdin.on('error', () => void end());
  }
  // A parent that is gone reads nothing any more; that is no reason to end before everything is closed.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});

  const pages = values['host-pages'] === undefined ? {} : { pagesFolder: values['host-pages'] };
  const started = await startTown({
    dataFolder: resolve(values.data),
    port,
    host: values.host,
    demo: values.demo,
    restored: values.restored,
    seedFile: values.seed ?? null,
    databaseUrl: process.env['DATABASE_URL'] ?? null,
    ...pages,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  town = started;
  if (ending) {
    await started.close();
    process.exit(0);
  }
  const { url, enrolmentCode, password } = started;
  process.stdout.write(`${JSON.stringify({ town: url, enrolmentCode, password })}\n`);
}

try {
  await main();
} catch (error) {
  if (error instanceof EngineError) fail(error.message);
  const code = (error as { code?: string }).code;
  if (code === 'EADDRINUSE') fail('端口被占用，请用 --port 另选 (this port is taken: choose another with --port)');
  if (code === 'EACCES' || code === 'ENOSPC' || code === 'EROFS') {
    fail(`镇的文件夹写不进去 (the folder cannot be written, ${code}): ${(error as Error).message}`);
  }
  fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
