import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { must } from '../../shared/assert.ts';
import { type Prerequisite, programOnPath } from '../prerequisite.ts';

export const socat: Prerequisite = {
  name: 'socat',
  find: () => programOnPath('socat'),
  enableWith: 'sudo apt-get install socat',
};

/** A cable between the till and a device that a test plays: two pseudo-terminals that one process joins. */
export type Cable = Readonly<{
  /** What the till opens. */
  path: string;
  /** Sends as the device would. */
  send: (bytes: Uint8Array | string) => void;
  /** Everything that the till sent. */
  received: () => Buffer;
  onReceived: (answer: (bytes: Buffer) => void) => void;
  plugIn: () => Promise<void>;
  unplug: () => Promise<void>;
  remove: () => Promise<void>;
}>;

export async function newCable(): Promise<Cable> {
  const folder = mkdtempSync(join(tmpdir(), 'till-pty-'));
  const [path, farPath] = [join(folder, 'till'), join(folder, 'device')];
  let process: ChildProcess | null = null;
  let far: SerialPort | null = null;
  const received: Buffer[] = [];
  let answer = (_bytes: Buffer): void => {};

  const cable: Cable = {
    path,
    send: (bytes) => {
      must(far !== null, 'the cable is plugged in');
      far.write(Buffer.from(bytes));
    },
    received: () => Buffer.concat(received),
    onReceived: (next) => {
      answer = next;
    },
    plugIn: async () => {
      process = spawn('socat', [`pty,raw,echo=0,link=${path}`, `pty,raw,echo=0,link=${farPath}`], { stdio: 'ignore' });
      while (!existsSync(path) || !existsSync(farPath)) await pause(5);
      far = new SerialPort({ path: farPath, baudRate: 9_600 });
      far.on('error', () => {});
      far.on('data', (bytes: Buffer) => {
        received.push(bytes);
        answer(bytes);
      });
      await once(far, 'open');
    },
    unplug: async () => {
      const [port, running] = [far, process];
      [far, process] = [null, null];
      if (running === null) return;
      const gone = once(running, 'exit');
      running.kill();
      await gone;
      if (port?.isOpen === true) port.close();
    },
    remove: async () => {
      await cable.unplug();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await cable.plugIn();
  return cable;
}
