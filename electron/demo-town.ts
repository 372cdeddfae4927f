import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/**
 * The town of a demo shop: a process of its own on this machine, started for as long as it is needed. It hears of its
 * parent's end by its standard input, so that not even kill -9 leaves a database behind.
 */
export type DemoTown = Readonly<{
  url: string;
  /** A one-time code for one till; null when the town has none to give. */
  enrolmentCode: string | null;
  /** The password of the town's own staff; null when it was set to another one. */
  password: string | null;
  pid: number;
  stop: () => Promise<void>;
}>;

const announcedSchema = z.object({
  town: z.url(),
  enrolmentCode: z.string().nullable(),
  password: z.string().nullable(),
});

/** The first start makes a database; nothing that takes this long will still come. */
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 10_000;

/** Starts the town server of this checkout on a folder; rejects with the town's own last words when it does not come up. */
export async function startDemoTown(root: string, folder: string, log: (line: string) => void): Promise<DemoTown> {
  const program = join(root, 'town-server', 'cli.ts');
  if (!existsSync(program)) throw new Error(`the town server is not here: ${program}`);
  const child = spawn(process.execPath, [program, 'serve', '--demo', '--data', folder, '--with-parent'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C reaches a whole process group; the town must outlive the till's last words to it.
    detached: true,
    windowsHide: true,
  });
  const lastWords: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastWords.push(line);
    if (lastWords.length > 20) lastWords.shift();
    log(`town: ${line}`);
  });
  child.stdin.on('error', () => {});
  try {
    const announced = await announcement(child, lastWords);
    return {
      url: announced.town,
      enrolmentCode: announced.enrolmentCode,
      password: announced.password,
      pid: child.pid ?? 0,
      stop: () => stopTown(child),
    };
  } catch (error) {
    await stopTown(child);
    throw error;
  }
}

function announcement(child: ChildProcess, lastWords: readonly string[]): Promise<z.infer<typeof announcedSchema>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error([why, ...lastWords].join('\n')));
    const timer = setTimeout(() => fail('the town did not come up in time'), START_TIMEOUT_MS);
    child.once('error', (error) => fail(`the town could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`the town ended (${code ?? signal}) before it was up`);
    });
    if (child.stdout === null) return fail('the town has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = announcedSchema.safeParse(parseLine(line));
      if (!parsed.success) return;
      clearTimeout(timer);
      resolve(parsed.data);
    });
  });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Asks the town to end, which closes its database properly; what does not listen is ended. */
function stopTown(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    const timer = setTimeout(() => void child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin?.end();
    // Windows knows no polite signal; there the closed input is the request.
    if (process.platform !== 'win32') child.kill('SIGTERM');
  });
}
