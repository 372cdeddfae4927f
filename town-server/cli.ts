import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineError } from './engine.ts';
import { startTown, type StartedTown } from './server.ts';

const USAGE = `town serve --data DIR [--port N] [--host ADDRESS] [--demo] [--seed FILE] [--host-pages DIR] [--with-parent]

  --data DIR         the town's folder: its key and its PostgreSQL database (DATABASE_URL names another server)
  --port N           default 0: any free port
  --host ADDRESS     default 127.0.0.1: this machine only
  --demo             fills an empty town with the demo data, and gives a one-time code for a till at each start
  --seed FILE        fills an empty town from a file like resources/demo/town.json
  --host-pages DIR   the built pages; default out/pages
  --with-parent      ends when standard input closes

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
      },
    });
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : ''}\n\n${USAGE}`);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
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
