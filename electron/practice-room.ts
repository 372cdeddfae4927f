import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceEvent, Devices } from '../shared/devices.ts';
import { type Core, openCore } from './core/core.ts';
import type { Practice, World } from './core/world.ts';
import { switchedRouter, type Turn } from './switched-router.ts';
import { clientOf, type TillRouter } from './till-client.ts';

/**
 * Where a till practises (练习): a core of its own, on a folder of its own, beside the till's core. That one goes on: it
 * uploads, runs the night and holds its folder; but every page and the counter turn to the other meanwhile. Nothing that
 * was practised outlives it, and a program that starts anew is never in practice: a customer may be standing there.
 */
export type PracticeRoom = Readonly<{
  /** The counter as the till's own core has it: what devices read does not come to it while somebody practises. */
  counter: Devices;
  /** What the till's own core is told. */
  practice: Practice;
  /** Takes the till's core in, and answers what its pages talk to. */
  moveIn: (core: Core) => TillRouter;
  close: () => Promise<void>;
}>;

type WorldParts = Pick<World, 'dataFolder' | 'keepFolder' | 'devices'>;

export function openPracticeRoom(
  parts: Readonly<{
    folder: string;
    counter: Devices;
    /** The world to practise in, without a town. */
    worldOf: (parts: WorldParts) => World;
    log: (line: string) => void;
  }>,
): PracticeRoom {
  const { folder, counter, log } = parts;
  let inside: Core | null = null;
  let entering: Promise<'entered' | 'failed'> | null = null;
  let ended: Promise<void> = Promise.resolve();
  let real: Core | null = null;
  let over = new AbortController();
  let turn: Turn | null = null;

  const turnTo = (core: Core): void => {
    const before = over;
    over = new AbortController();
    turn = { client: clientOf(core.router), over: over.signal };
    before.abort();
  };

  const clear = (): void => {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      // What is left of it is thrown away the next time.
      log(`practice: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const leave = (): void => {
    const leaving = inside;
    if (leaving === null || real === null) return;
    inside = null;
    turnTo(real);
    // Behind the answer of the command that ended it.
    ended = ended.then(async () => {
      await leaving.close();
      clear();
    });
  };

  const open = (furnish: Parameters<Extract<Practice, { kind: 'beside' }>['enter']>[0]): Core | null => {
    const world: World = {
      ...parts.worldOf({
        dataFolder: join(folder, 'till'),
        keepFolder: join(folder, 'keep'),
        devices: counterFor(counter, () => inside !== null, IN_PRACTICE),
      }),
      practice: { kind: 'inside', leave },
    };
    clear();
    furnish(world);
    const opened = openCore(world);
    if (opened.kind === 'opened') return opened.core;
    log(`practice: ${opened.reason} ${opened.detail}`);
    return null;
  };

  const begin = async (furnish: Parameters<typeof open>[0]): Promise<'entered' | 'failed'> => {
    await ended;
    if (inside !== null) return 'entered';
    try {
      inside = open(furnish);
    } catch (error) {
      // Whatever it was, the till sells.
      log(`practice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    if (inside === null) {
      clear();
      return 'failed';
    }
    turnTo(inside);
    return 'entered';
  };

  return {
    counter: counterFor(counter, () => inside === null, {}),
    practice: {
      kind: 'beside',
      enter: (furnish) => {
        entering ??= begin(furnish).finally(() => {
          entering = null;
        });
        return entering;
      },
    },
    moveIn: (core) => {
      // Of a program that was killed while somebody practised.
      clear();
      real = core;
      turnTo(core);
      return switchedRouter(() => {
        if (turn === null) throw new Error('a room that nobody moved into');
        return turn;
      });
    },
    close: async () => {
      await entering;
      leave();
      await ended;
    },
  };
}

/**
 * Who practises prints, scans and weighs. The drawer stays shut, since there is money in it; the customer's display and
 * the tags on the shelves speak of what is real; and nobody sets the counter up from here.
 */
const IN_PRACTICE: Partial<Devices> = {
  drawer: 'unknown',
  openDrawer: async () => 'opened',
  printTag: async () => 'failed',
  show: () => {},
  shown: () => null,
  setUp: null,
};

/** The one counter as one of two cores has it: codes and cards come to it only while it is the one at the counter. */
function counterFor(counter: Devices, isHere: () => boolean, own: Partial<Devices>): Devices {
  const heard = (take: (event: DeviceEvent) => void) => (event: DeviceEvent) => {
    if (event.kind === 'changed' || isHere()) take(event);
  };
  return {
    get printer() {
      return counter.printer;
    },
    get drawer() {
      return own.drawer ?? counter.drawer;
    },
    get scale() {
      return counter.scale;
    },
    get others() {
      const { others } = counter;
      return own.printTag === undefined ? others : others.filter(({ role }) => role !== 'labelPrinter');
    },
    get simulated() {
      return counter.simulated;
    },
    print: counter.print,
    openDrawer: own.openDrawer ?? counter.openDrawer,
    printTag: own.printTag ?? counter.printTag,
    lookAtPrinter: counter.lookAtPrinter,
    weightGrams: counter.weightGrams,
    tellScale: counter.tellScale,
    show: own.show ?? counter.show,
    shown: own.shown ?? counter.shown,
    listen: (take) => counter.listen(heard(take)),
    simulate: counter.simulate,
    setUp: own.setUp === undefined ? counter.setUp : own.setUp,
    close: () => {},
  };
}
