import { createInterface } from 'node:readline';
import { type Core, openCore } from '../../electron/core/core.ts';
import { openDevices } from '../../electron/devices/devices.ts';
import { hostClock, hostWorld } from '../../electron/host-world.ts';
import { SIMULATED_DEVICES } from '../../shared/device-set-up.ts';
import { clientOf, currentScreen, type TillClient } from '../../electron/till-client.ts';
import type { Clock } from '../../electron/core/world.ts';
import type { Command } from '../../shared/till-contract.ts';

/**
 * A till in a process of its own, for tests that kill it: it opens the folder it is told and executes the commands it
 * is sent, one JSON a line, and answers each with the screen as it stands then. `hurry` lets its clock run so many times
 * as fast, so that what a till does when nobody stands at it is done within a test.
 */
type Told =
  | Readonly<{ open: { data: string; keep: string; hurry?: number } }>
  | Readonly<{ send: Command }>
  | Readonly<{ close: true }>;

let core: Core | null = null;
let client: TillClient | null = null;

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function answer(told: Told): Promise<void> {
  if ('open' in told) {
    const world = hostWorld({
      dataFolder: told.open.data,
      keepFolder: told.open.keep,
      devices: openDevices(SIMULATED_DEVICES),
      town: null,
      demo: null,
      log: (line) => void process.stderr.write(`${line}\n`),
    });
    const opened = openCore({ ...world, clock: hurrying(told.open.hurry ?? 1) });
    if (opened.kind === 'refused') return say({ refused: opened.reason, detail: opened.detail, holder: opened.holder });
    core = opened.core;
    client = clientOf(core.router);
    return say({ screen: await currentScreen(client) });
  }
  if ('close' in told) {
    await core?.close();
    return process.exit(0);
  }
  if (client === null) throw new Error('nothing is open');
  const given = await client.send(told.send);
  say({ answer: given, screen: await currentScreen(client) });
}

function hurrying(times: number): Clock {
  if (times === 1) return hostClock;
  const beganMs = Date.now();
  return {
    nowMs: () => beganMs + Math.round((Date.now() - beganMs) * times),
    // What is due in less than a second belongs to the command that asked for it and keeps its time.
    later: (delayMs, task) => hostClock.later(delayMs < 1_000 ? delayMs : delayMs / times, task),
  };
}

// One after the other, as they were sent.
let turn: Promise<void> = Promise.resolve();
createInterface({ input: process.stdin }).on('line', (line) => {
  turn = turn.then(() => answer(JSON.parse(line) as Told));
});
say({ ready: true });
