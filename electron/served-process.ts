import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { powerOff } from './power.ts';
import { serveShop } from './serve-shop.ts';

/**
 * The loopback host that `npm start` supervises (`scripts/supervised.ts`): opens one shop when it is told to, and ends with
 * its input.
 */
function option(name: string): string | null {
  const prefix = `--${name}=`;
  return process.argv.find((word) => word.startsWith(prefix))?.slice(prefix.length) ?? null;
}

const log = (line: string): void => {
  if (process.env['ONE_CARD_TILL_LOG'] === '1') process.stderr.write(`${line}\n`);
};

/** Heard from the first moment on: whoever started this may be gone before the shop is open. */
const inputEnded = new Promise<null>((resolve) => {
  process.stdin.on('end', () => resolve(null)).on('error', () => resolve(null));
});

/** The port to open at, when the word comes; a spare may wait for it for weeks. */
function toldToOpen(): Promise<number> {
  return new Promise((resolve) => {
    process.stdin.once('data', (word) => resolve(Number(/^open (\d+)$/m.exec(String(word))?.[1] ?? '0')));
  });
}

async function main(): Promise<number> {
  const folder = option('data');
  const root = option('root');
  if (folder === null || root === null) throw new Error('the host wants --data and --root');
  const port = await Promise.race([toldToOpen(), inputEnded]);
  if (port === null) return 0;
  const townUrl = option('town');
  const serving = await serveShop(
    {
      root,
      folder,
      create: null,
      withTown: false,
      ...(townUrl === null ? {} : { townUrl }),
      powerOff,
      whenHeld: 'refuse',
      say: log,
      log,
    },
    {
      port,
      pagesFolder: join(root, 'out', 'pages'),
      token: process.env['ONE_CARD_TILL_TOKEN'] ?? null,
    },
  );
  if (serving.kind !== 'serving' && serving.kind !== 'stopped') throw new Error(`not opened: ${serving.kind}`);
  const { served, close } = serving;
  process.stdout.write(`listening ${JSON.stringify({ till: served.tillUrl, port: served.port })}\n`);
  // Node would write it at the end, and one that falls has none.
  flushCompileCache();
  await new Promise<void>((resolve) => {
    void inputEnded.then(() => resolve());
    process.stdin.resume();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  await close();
  return 0;
}

// A bug in one call must not end every page's till; the log keeps it.
process.on('unhandledRejection', (error) =>
  log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
);
process.exit(
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }),
);
