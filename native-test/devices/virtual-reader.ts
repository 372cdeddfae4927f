import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { must } from '../../shared/assert.ts';
import { type Prerequisite, programOnPath } from '../prerequisite.ts';

/** How Debian sets the driver of virtual readers up; a test takes it over with a port of its own. */
const DRIVER_FILE = '/etc/reader.conf.d/vpcd';

const pcscdPath = (): string | null =>
  programOnPath('pcscd') ?? (existsSync('/usr/sbin/pcscd') ? '/usr/sbin/pcscd' : null);

export const virtualReaders: Prerequisite = {
  name: 'pcscd with virtual readers',
  find: () => {
    const pcscd = pcscdPath();
    return pcscd !== null && existsSync(DRIVER_FILE) ? pcscd : null;
  },
  enableWith: 'sudo apt-get install pcscd libpcsclite1 vsmartcard-vpcd',
};

/** A room of its own for the service, so that it stands in nobody's way: not even in that of the machine's own pcscd. */
export const ownRoom: Prerequisite = {
  name: 'a mount namespace',
  find: () => (spawnSync('unshare', ['--map-root-user', '--mount', 'true']).status === 0 ? 'unshare' : null),
  enableWith: 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 kernel.unprivileged_userns_clone=1',
};

/** What a card answers to a command; null is a card that does not answer. */
export type CardAnswers = (command: Buffer) => string | null;

export type CardService = Readonly<{
  /** Lays a card on the reader of this slot (0 or 1); answers a function that takes it away. */
  insert: (slot: 0 | 1, answers: CardAnswers) => Promise<() => Promise<void>>;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  remove: () => Promise<void>;
}>;

/**
 * The system's PC/SC service with two virtual readers, for this process alone: it runs in a mount namespace whose /run is
 * a folder of the test, and libpcsclite finds its socket there.
 */
export async function newCardService(pcscd: string): Promise<CardService> {
  const folder = mkdtempSync(join(tmpdir(), 'till-pcsc-'));
  const port = await freePorts();
  mkdirSync(join(folder, 'run'));
  mkdirSync(join(folder, 'readers'));
  const driver = readFileSync(DRIVER_FILE, 'utf8').replaceAll('0x8C7B', `0x${port.toString(16)}`);
  writeFileSync(join(folder, 'readers', 'vpcd'), driver);
  const socketPath = join(folder, 'run', 'pcscd', 'pcscd.comm');
  process.env['PCSCLITE_CSOCK_NAME'] = socketPath;
  let running: ChildProcess | null = null;

  const service: CardService = {
    insert: async (slot, answers) => {
      const takeAway = await insertCard(port + slot, answers);
      return async () => {
        await takeAway();
        // The service looks now and then; a card laid on before it did would pass for the one before.
        await pause(LOOKS_MS);
      };
    },
    start: async () => {
      const script = `mount --bind '${join(folder, 'run')}' /run && exec '${pcscd}' --foreground --config '${join(folder, 'readers')}'`;
      running = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', script], { stdio: 'ignore' });
      for (let waits = 0; !existsSync(socketPath); waits += 1) {
        must(waits < 1_000 && running.exitCode === null, 'pcscd opens its socket');
        await pause(10);
      }
    },
    stop: async () => {
      if (running === null) return;
      const gone = once(running, 'exit');
      running.kill();
      await gone;
      running = null;
      rmSync(join(folder, 'run', 'pcscd'), { recursive: true, force: true });
    },
    remove: async () => {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await service.start();
  return service;
}

/** Two ports in a row, one a slot. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 30_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** How often pcscd looks whether a card lies on a reader that does not say so itself, and some more. */
const LOOKS_MS = 700;

const ATR = Buffer.from('3b8f8001804f0ca000000306030001000000006a', 'hex');

/** Of vpcd's protocol: two bytes of length, then a command, or one byte: 0 off, 1 on, 2 reset, 4 asks for the ATR. */
async function insertCard(port: number, answers: CardAnswers): Promise<() => Promise<void>> {
  const socket = await connected(port);
  let pending = Buffer.alloc(0);
  const send = (bytes: Buffer): void => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    socket.write(Buffer.concat([length, bytes]));
  };
  socket.on('error', () => {});
  socket.on('data', (piece) => {
    pending = Buffer.concat([pending, piece]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const command = pending.subarray(2, end);
      pending = pending.subarray(end);
      if (command.length === 1) {
        if (command[0] === 4) send(ATR);
        continue;
      }
      const answer = answers(command);
      if (answer !== null) send(Buffer.from(answer, 'hex'));
    }
  });
  return async () => {
    if (socket.destroyed) return;
    const gone = once(socket, 'close');
    socket.destroy();
    await gone;
  };
}

/** The service opens its ports a little after its socket. */
async function connected(port: number): Promise<Socket> {
  for (let tries = 0; ; tries += 1) {
    const socket = connect({ host: '127.0.0.1', port });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (tries > 300) throw error;
      await pause(20);
    }
  }
}
