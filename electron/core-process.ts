import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { enterShop, type Entered } from './open-shop.ts';
import { type HostPort, portHost } from './port-host.ts';
import { powerOff } from './power.ts';
import { serve } from './serve.ts';

/**
 * The core in Electron's utility process. Pages reach it through ports that the main process hands over; a command line
 * that finds the folder held reaches it through a loopback host.
 */
type ParentPort = Readonly<{
  on: (event: 'message', listener: (event: Readonly<{ data: unknown; ports: readonly HostPort[] }>) => void) => void;
  postMessage: (message: unknown) => void;
}>;

function option(name: string): string | null {
  const prefix = `--${name}=`;
  return process.argv.find((word) => word.startsWith(prefix))?.slice(prefix.length) ?? null;
}

const log = (line: string): void => void process.stderr.write(`${line}\n`);

/** Opens the core and says where the command line finds it; what cannot be opened still answers the pages with why. */
async function open(): Promise<{ accept: (port: HostPort) => void; close: () => Promise<void> }> {
  const folder = option('data');
  const root = option('root');
  if (folder === null || root === null) throw new Error('the core process wants --data and --root');
  const townUrl = option('town');
  const entered: Entered = await enterShop({
    root,
    folder,
    create: { kind: 'real', townUrl: null },
    // A demo town belongs to whoever started this shell; a till of a shop has no town of its own.
    withTown: false,
    ...(townUrl === null ? {} : { townUrl }),
    auditWorker: pathToFileURL(join(import.meta.dirname, 'audit-worker.js')),
    powerOff,
    whenHeld: 'refuse',
    say: log,
    log,
  });
  switch (entered.kind) {
    case 'own': {
      // In a checkout the pages are there for a browser too; an installed shell has only its own.
      const pages = join(root, 'out', 'pages');
      const pagesFolder = existsSync(pages) ? pages : null;
      const served = await serve({
        router: entered.pages,
        commandLine: entered.core.router,
        pagesFolder,
        port: 0,
        log,
      });
      entered.core.announce({ url: served.origin, token: served.token });
      parent?.postMessage({ kind: 'listening', address: served.tillUrl });
      const close = async (): Promise<void> => {
        await served.close();
        await entered.close();
      };
      return { accept: portHost(entered.pages, log), close };
    }
    case 'refused':
      if (entered.router === null) throw new Error(`${entered.reason}: ${entered.detail}`);
      return { accept: portHost(entered.router, log), close: async () => {} };
    case 'holder':
      throw new Error('the core process never asks another holder');
    default:
      return entered satisfies never;
  }
}

const parent = (process as unknown as { parentPort?: ParentPort }).parentPort;
// A bug in one call must not end every other page's till; the log keeps it.
process.on('unhandledRejection', (error) =>
  log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
);

if (parent !== undefined) {
  const opened = open();
  opened.catch((error: unknown) => {
    log(error instanceof Error ? error.message : String(error));
    process.exit(1);
  });
  parent.on('message', ({ data, ports }) => {
    const kind = typeof data === 'object' && data !== null && 'kind' in data ? data.kind : null;
    const [port] = ports;
    if (kind === 'port' && port !== undefined) void opened.then((core) => core.accept(port));
    if (kind === 'close') void opened.then((core) => core.close()).finally(() => process.exit(0));
  });
}
