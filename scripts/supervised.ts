import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { MEMORY_ENVIRONMENT } from '../electron/memory-environment.ts';
import { YOUNG_HEAP_FLAG } from '../electron/young-heap.ts';

/**
 * The loopback host in a process of its own that comes back when it falls: at the same address and with the same token,
 * so that a page which lost it finds it again by itself, with the sale that stood on the counter. The next one stands
 * ready with its program read, since reading it is most of a start: even a slow machine is back within two seconds.
 */
export type Supervised = Readonly<{
  /** The till's page with its token; null when the host never came up. */
  listening: Promise<string | null>;
  /** Resolves when the host has ended for good: closed, or fallen too often. */
  closed: Promise<void>;
  close: () => void;
}>;

/** When the host that would take a fallen one's place is made ready, after the one before it listens. */
const SPARE_AFTER_MS = 1_000;

/** A host that falls over again and again is not started for ever; as in Electron's shell. */
const STARTS_PER_MINUTE = 5;

/** What a host is started with. Most of a start, and of what it takes, is reading its own program: it is found compiled. */
export function hostEnvironment(root: string): NodeJS.ProcessEnv {
  const compiled = join(root, 'node_modules', '.cache', 'one-card-till', 'compiled');
  return { ...process.env, ...MEMORY_ENVIRONMENT, NODE_COMPILE_CACHE: compiled };
}

const listeningSchema = z.object({ till: z.url(), port: z.int() });

export function superviseServed(
  root: string,
  folder: string,
  wish: Readonly<{ port: number; townUrl: string | null }>,
  log: (line: string) => void,
): Supervised {
  const token = randomBytes(24).toString('base64url');
  const program = join(root, 'electron', 'served-process.ts');
  const town = wish.townUrl === null ? [] : [`--town=${wish.townUrl}`];
  const startedMs: number[] = [];
  let { port } = wish;
  let closing = false;
  let current: ChildProcess | null = null;
  let spare: ChildProcess | null = null;
  const living = new Set<ChildProcess>();
  const listening = Promise.withResolvers<string | null>();
  const closed = Promise.withResolvers<void>();

  /** A host that has read its program and waits for the word to open the shop. */
  const spawnHost = (): ChildProcess => {
    const host = spawn(process.execPath, [YOUNG_HEAP_FLAG, program, `--data=${folder}`, `--root=${root}`, ...town], {
      cwd: root,
      // It hears of our end by its input, so that not even kill -9 leaves it behind.
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...hostEnvironment(root), ONE_CARD_TILL_TOKEN: token },
      // Ctrl-C reaches a whole process group; what is to be closed is said in order.
      detached: true,
      windowsHide: true,
    });
    living.add(host);
    host.stdin.on('error', () => {});
    createInterface({ input: host.stdout }).on('line', (line) => {
      const found = /^listening (\{.*\})$/.exec(line)?.[1];
      if (found === undefined) return;
      const said = listeningSchema.parse(JSON.parse(found));
      ({ port } = said);
      listening.resolve(said.till);
      // Behind the pages, which load now.
      setTimeout(makeSpare, SPARE_AFTER_MS).unref();
    });
    host.once('error', (error) => log(`the host could not be started: ${error.message}`));
    host.once('exit', (code, signal) => {
      living.delete(host);
      if (host === spare) spare = null;
      if (host === current) fallen(String(code ?? signal));
      if (current === null && living.size === 0) closed.resolve();
    });
    return host;
  };

  const makeSpare = (): void => {
    if (!closing && current !== null) spare ??= spawnHost();
  };

  const start = (): void => {
    startedMs.push(performance.now());
    current = spare ?? spawnHost();
    spare = null;
    current.stdin?.write(`open ${port}\n`);
  };

  const fallen = (how: string): void => {
    current = null;
    const lately = startedMs.filter((atMs) => performance.now() - atMs < 60_000);
    if (!closing && lately.length <= STARTS_PER_MINUTE) {
      log(`the host ended (${how}) and is started again`);
      return start();
    }
    listening.resolve(null);
    endAll();
  };

  const endAll = (): void => {
    closing = true;
    for (const host of living) host.stdin?.end();
  };

  start();
  return {
    listening: listening.promise,
    closed: closed.promise,
    close: endAll,
  };
}
