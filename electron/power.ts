import { execFile } from 'node:child_process';

/** How each system is asked to switch the machine off; the next one is asked where one is not there or refuses. */
const REQUESTS: Readonly<Partial<Record<NodeJS.Platform, readonly (readonly [string, ...string[]])[]>>> = {
  win32: [['shutdown', '/s', '/t', '0']],
  linux: [
    ['systemctl', 'poweroff'],
    ['shutdown', '-h', 'now'],
  ],
};

/** Switches this machine off; rejects where no way of it works, and nothing happened then. */
export async function powerOff(): Promise<void> {
  const failures: string[] = [];
  for (const [program, ...words] of REQUESTS[process.platform] ?? []) {
    const failure = await new Promise<string | null>((resolve) => {
      execFile(program, words, { timeout: 15_000, windowsHide: true }, (error) => resolve(error?.message ?? null));
    });
    if (failure === null) return;
    failures.push(failure);
  }
  throw new Error(failures.join('; ') || `no way to switch off ${process.platform}`);
}
