import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { type Prerequisite, programOnPath } from './prerequisite.ts';

/** Two ends of one cable, made of pseudo-terminals: what one end writes, the other reads. */
export const socat: Prerequisite = {
  name: 'socat',
  find: () => programOnPath('socat'),
  enableWith: 'sudo apt-get install socat',
};

/** Lays a cable whose ends are `till` and `device` in `folder`; `pull` takes it out, as when a plug is pulled. */
export async function layCable(
  program: string,
  folder: string,
): Promise<Readonly<{ till: string; device: string; pull: () => void }>> {
  const till = join(folder, 'till-end');
  const device = join(folder, 'device-end');
  const ends = [till, device].map((link) => `pty,raw,echo=0,link=${link}`);
  const cable = spawn(program, ends, { stdio: 'ignore' });
  for (let tries = 0; !existsSync(till) || !existsSync(device); tries += 1) {
    if (tries > 500) throw new Error('socat made no cable');
    await wait(10);
  }
  return { till, device, pull: () => void cable.kill() };
}
