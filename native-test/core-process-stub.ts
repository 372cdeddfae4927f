import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import { currentScreen, type TillClient } from '../electron/till-client.ts';

/**
 * Loads the built core process in plain Node, hands it a port as the main process does, asks it two things, practises where it
 * may, tells it to close, and prints what it answered. Run by `electron-bundle.test.ts`.
 */
const told: unknown[] = [];
const parentPort = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => void told.push(message) });
Object.assign(process, { parentPort });

await import(pathToFileURL(process.argv[2] ?? '').href);

const { port1, port2 } = new MessageChannel();
parentPort.emit('message', { data: { kind: 'port' }, ports: [port1] });
const client: TillClient = createORPCClient(new RPCLink({ port: port2 }));
port2.start();
const { phase } = await currentScreen(client);
const { state: verified } = await client.verify();
const pin = process.argv.find((word) => word.startsWith('--pin='))?.slice('--pin='.length);
if (pin !== undefined) await client.send({ kind: 'signIn', pin });
const practice: unknown[] = [];
for (const kind of ['startPractice', 'endPractice'] as const) {
  practice.push(await client.send({ kind }));
  const { practice: isOn, phase: then } = await currentScreen(client);
  practice.push([isOn, then]);
}
process.once('exit', () => process.stdout.write(JSON.stringify({ phase, verified, practice, told })));
parentPort.emit('message', { data: { kind: 'close' }, ports: [] });
