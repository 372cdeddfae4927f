import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/**
 * The loopback host in a process of its own that comes back when it falls: at the same address and with the same token,
 * so that a page which lost it finds it again by itself, with the sale that stood on the counter.
 */
export type Supervised = Readonly<{
  /** The till's page with its token; null when the host never came up. */
  listening: Promise<string | null>;
  /** Resolves when the host has ended for good: closed, or fallen too often. */
  closed: Promise<void>;
  close: () => void;
}>;

/** A host that falls over again and again is not started for ever; as in Electron's shell. */
const STARTS_PER_MINUTE = 5;

const listeningSchema = z.object({ till: z.url(), port: z.int() });

export function superviseServed(
  root: string,
  folder: string,
  wish: Readonly<{ port: number; townUrl: string | null }>,
  log: (line: string) => void,
): Supervised {
  const token = randomBytes(24).toString('base64url');
  const startedMs: number[] = [];
  let { port } = wish;
  let closing = false;
  let child: ChildProcess | null = null;
  const listening = Promise.withResolvers<string | null>();
  const closed = Promise.withResolvers<void>();

  const start = (): void => {
    startedMs.push(performance.now());
    const program = join(root, 'electron', 'served-process.ts');
    const town = wish.townUrl === null ? [] : [`--town=${wish.townUrl}`];
    const started = spawn(
      process.execPath,
      [program, `--data=${folder}`, `--root=${root}`, `--port=${port}`, ...town],
      {
        cwd: root,
        // It hears of our end by its input, so that not even kill -9 leaves it behind.
        stdio: ['pipe', 'pipe', 'inherit'],
        // Nearly half of a start is reading its own program: the one that takes a fallen one's place finds it compiled.
        env: {
          ...process.env,
          ONE_CARD_TILL_TOKEN: token,
          NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'one-card-till', 'compiled'),
        },
        // Ctrl-C reaches a whole process group; what is to be closed is said in order.
        detached: true,
        windowsHide: true,
      },
    );
    child = started;
    started.stdin.on('error', () => {});
    createInterface({ input: started.stdout }).on('line', (line) => {
      const found = /^listening (\{.*\})$/.exec(line)?.[1];
      if (found === undefined) return;
      const said = listeningSchema.parse(JSON.parse(found));
      ({ port } = said);
      listening.resolve(said.till);
    });
    started.once('error', (error) => log(`the host could not be started: ${error.message}`));
    started.once('exit', (code, signal) => {
      const lately = startedMs.filter((atMs) => performance.now() - atMs < 60_000);
      if (!closing && lately.length <= STARTS_PER_MINUTE) {
        log(`the host ended (${code ?? signal}) and is started again`);
        return start();
      }
      listening.resolve(null);
      closed.resolve();
    });
  };
  start();
  return {
    listening: listening.promise,
    closed: closed.promise,
    close: () => {
      closing = true;
      child?.stdin?.end();
    },
  };
}
