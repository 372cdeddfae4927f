import { join } from 'node:path';
import { must } from '../../shared/assert.ts';
import type { Answer, Command } from '../../shared/till-contract.ts';
import { openCore, type Core } from '../../electron/core/core.ts';
import { openDevices } from '../../electron/devices/devices.ts';
import { hostWorld } from '../../electron/host-world.ts';
import { tillFolder } from '../../electron/shop-folder.ts';
import { SIMULATED_DEVICES } from '../../shared/device-set-up.ts';
import { clientOf, type TillClient } from '../../electron/till-client.ts';
import type { Fixture } from './fixture.ts';

export type OwnCore = Readonly<{
  core: Core;
  client: TillClient;
  ledgerFile: string;
  /** Gives a command that must be done: a bench of refusals would measure nothing. */
  send: (command: Command, allow?: readonly string[]) => Promise<Answer>;
  /** A scanner of the simulated counter reads a code. */
  read: (code: string) => void;
  close: () => Promise<void>;
}>;

/** The real core on a fixture, with a simulated counter, no town, and one page that watches its screens. */
export function openOwnCore(fixture: Fixture): OwnCore {
  const devices = openDevices(SIMULATED_DEVICES);
  const opened = openCore(
    hostWorld({
      dataFolder: tillFolder(fixture.folder),
      keepFolder: fixture.keepFolder,
      devices,
      town: null,
      demo: null,
      log: () => {},
    }),
  );
  must(opened.kind === 'opened', 'the core opens a fixture');
  const client = clientOf(opened.core.router);
  const watching = new AbortController();
  const watcher = watch(client, watching.signal);
  return {
    core: opened.core,
    client,
    ledgerFile: join(tillFolder(fixture.folder), 'ledger.sqlite'),
    send: async (command, allow = []) => {
      const answer = await client.send(command);
      const isDone = answer.kind === 'done' || allow.includes(answer.reason);
      if (!isDone) throw new Error(`${command.kind} was refused: ${answer.reason}`);
      return answer;
    },
    read: (code) => devices.simulate({ what: 'code', code }),
    close: async () => {
      watching.abort();
      await opened.core.close();
      await watcher;
      devices.close();
    },
  };
}

/** Takes every screen, as a page does; without a watcher the core would never make one. */
async function watch(client: TillClient, signal: AbortSignal): Promise<void> {
  try {
    for await (const screen of await client.watch(undefined, { signal })) void screen;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
