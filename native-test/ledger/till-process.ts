import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { must } from '../../shared/assert.ts';
import type { Answer, Command, Screen } from '../../shared/till-contract.ts';

const runner = fileURLToPath(new URL('./till-runner.ts', import.meta.url));

export type Said = Readonly<{
  ready?: true;
  refused?: string;
  detail?: string;
  answer?: Answer;
  screen?: Screen;
  holder?: { pid: number };
}>;

/** A till's process: what it is told goes in, what it answers comes out in order. */
export class TillProcess {
  readonly child: ChildProcess;
  readonly #said: Said[] = [];
  #wake: () => void = () => {};
  #errors = '';
  #ended = false;

  /** `preload` is a module that is loaded before the till, such as one that plants a bug in it. */
  constructor(cacheFolder: string, preload: URL | null = null) {
    // What is compiled once is compiled for all: these tests start a hundred tills.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(cacheFolder, 'compiled') };
    const first = preload === null ? [] : ['--import', preload.href];
    this.child = spawn(process.execPath, [...first, runner], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    must(this.child.stdout !== null && this.child.stderr !== null, 'a child has its pipes');
    const lines = createInterface({ input: this.child.stdout });
    lines.on('line', (line) => {
      this.#said.push(JSON.parse(line) as Said);
      this.#wake();
    });
    // Not at its exit: what it said before it died is still in the pipe then.
    lines.once('close', () => {
      this.#ended = true;
      this.#wake();
    });
    this.child.stderr.on('data', (part: Buffer) => void (this.#errors += part.toString()));
    this.child.stdin?.on('error', () => {});
  }

  tell(what: object): void {
    this.child.stdin?.write(`${JSON.stringify(what)}\n`);
  }

  /** What it says next; null when it is dead and has nothing left to say. */
  async hearOrDeath(): Promise<Said | null> {
    for (;;) {
      const next = this.#said.shift();
      if (next !== undefined) return next;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async hear(): Promise<Said> {
    const said = await this.hearOrDeath();
    if (said === null) throw new Error(`the till ended by itself: ${this.#errors}`);
    return said;
  }

  /** Sends a command that must not be refused. */
  async send(command: Command): Promise<Screen> {
    this.tell({ send: command });
    const { answer, screen } = await this.hear();
    must(screen !== undefined, 'each command is answered with its screen');
    if (answer?.kind === 'refused') throw new Error(`${command.kind}: ${answer.reason}`);
    return screen;
  }

  async kill(): Promise<void> {
    const gone = this.child.exitCode === null && this.child.signalCode === null ? once(this.child, 'exit') : null;
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Lets it close its ledger and end by itself. */
  async close(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.tell({ close: true });
    await gone;
  }
}

/** Tills that are up and wait to be told their folder, so that a kill does not wait for a program to load. */
export class WaitingTills {
  readonly #idle: TillProcess[] = [];
  readonly #count: number;
  readonly #cacheFolder: string;

  private constructor(cacheFolder: string, count: number) {
    this.#cacheFolder = cacheFolder;
    this.#count = count;
  }

  static async start(cacheFolder: string, count: number): Promise<WaitingTills> {
    // The cache is written by a process that ends by itself.
    const warm = new TillProcess(cacheFolder);
    await warm.hear();
    await warm.close();
    const waiting = new WaitingTills(cacheFolder, count);
    waiting.#fill();
    return waiting;
  }

  #fill(): void {
    while (this.#idle.length < this.#count) this.#idle.push(new TillProcess(this.#cacheFolder));
  }

  async next(): Promise<TillProcess> {
    const till = this.#idle.shift();
    must(till !== undefined, 'a till waits');
    this.#fill();
    must((await till.hear()).ready === true, 'a till says when it is up');
    return till;
  }

  /** A till on a folder, and the screen that it comes back to. */
  async open(folder: string): Promise<{ till: TillProcess; screen: Screen }> {
    const till = await this.next();
    till.tell({ open: foldersIn(folder) });
    const { screen, refused, detail } = await till.hear();
    if (screen === undefined) throw new Error(`the folder did not open: ${refused} ${detail}`);
    return { till, screen };
  }

  async end(): Promise<void> {
    await Promise.all(this.#idle.map((one) => one.kill()));
  }
}

/** Where `makeFolder` puts a till's data and what it keeps beside them. */
export function foldersIn(folder: string): { data: string; keep: string } {
  return { data: join(folder, 'data'), keep: join(folder, 'keep') };
}
