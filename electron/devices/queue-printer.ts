import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Printer } from './printer.ts';

/** A spooler that has not taken a ticket by then hangs; what it does with the ticket after that is not seen from here. */
const TIMEOUT_MS = 10_000;

/** The program that hands raw bytes to a queue, and whether they go to it as a file or over its standard input. */
export type Spooler = Readonly<{ program: string; words: readonly string[]; asFile: boolean }>;

/**
 * Linux: CUPS takes a job as it is with `-o raw`. Windows has no such program; a printer that is shared under its name
 * takes a binary copy, which is how its own manuals print raw files. `file` stands where the ticket's file goes.
 */
export function spoolerOf(platform: NodeJS.Platform, name: string, file: string): Spooler {
  if (platform !== 'win32') return { program: 'lp', words: ['-s', '-d', name, '-o', 'raw'], asFile: false };
  return { program: 'cmd.exe', words: ['/d', '/c', 'copy', '/b', file, `\\\\localhost\\${name}`], asFile: true };
}

/** Names that a command line could read as something else are no queues. */
export function isQueueName(name: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_. -]*$/u.test(name);
}

/**
 * A printer behind a queue of the system (USB printers as the system has installed them). `written` means that the
 * spooler took the job; a queue has no way back, so whether paper came out is not known.
 */
export function queuePrinter(settings: { name: string; spooler?: typeof spoolerOf; timeoutMs?: number }): Printer {
  const { name, spooler = spoolerOf, timeoutMs = TIMEOUT_MS } = settings;
  return {
    async write(bytes) {
      if (!isQueueName(name)) return 'failed';
      let folder: string | null = null;
      try {
        folder = await mkdtemp(join(tmpdir(), 'one-card-ticket-'));
        const file = join(folder, 'ticket.bin');
        const chosen = spooler(process.platform, name, file);
        if (chosen.asFile) await writeFile(file, bytes, { mode: 0o600 });
        return await run(chosen, bytes, timeoutMs);
      } catch {
        return 'failed';
      } finally {
        if (folder !== null) await rm(folder, { recursive: true, force: true }).catch(() => {});
      }
    },
    look: null,
    close() {},
  };
}

function run({ program, words, asFile }: Spooler, bytes: Uint8Array, timeoutMs: number): Promise<'written' | 'failed'> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true, timeout: timeoutMs });
    child.on('error', () => resolve('failed'));
    child.on('close', (code) => resolve(code === 0 ? 'written' : 'failed'));
    child.stdin.on('error', () => {});
    child.stdin.end(asFile ? undefined : bytes);
  });
}

/** The queues of this machine; none where the system has no spooler or does not say. */
export function queuesOf(platform: NodeJS.Platform = process.platform): Promise<readonly string[]> {
  const [program, ...words] =
    platform === 'win32'
      ? ['powershell.exe', '-NoProfile', '-Command', 'Get-Printer | Where-Object Shared | ForEach-Object ShareName']
      : ['lpstat', '-e'];
  return new Promise((resolve) => {
    const child = spawn(program ?? '', words, {
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
      timeout: TIMEOUT_MS,
    });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.on('error', () => resolve([]));
    child.on('close', () => {
      const names = Buffer.concat(parts).toString('utf8').split(/\r?\n/);
      resolve(names.map((name) => name.trim()).filter(isQueueName));
    });
  });
}
