import { mkdirSync } from 'node:fs';
import { type Core, openCore } from './core/core.ts';
import type { DemoShop } from './core/world.ts';
import { type DemoFacts, furnish, readDemo } from './demo-shop.ts';
import { type DemoTown, startDemoTown } from './demo-town.ts';
import { openCounter } from './devices/counter.ts';
import { clientOfHolder, type Holder } from './holder.ts';
import { showFigures } from './pole-display.ts';
import { hostWorld, type Network, townOver } from './host-world.ts';
import { openPracticeRoom } from './practice-room.ts';
import { practiceFolder, readShop, type Shop, tillFolder, townFolder, writeShop } from './shop-folder.ts';
import { NO_DEVICES, SIMULATED_DEVICES } from '../shared/device-set-up.ts';
import { clientOf, currentScreen, type TillClient, type TillRouter } from './till-client.ts';
import { keepYoungHeapSmall } from './young-heap.ts';

/** How a host wants to enter a shop's folder. */
export type Entering = Readonly<{
  /** The project's root, where resources and the town server are. */
  root: string;
  folder: string;
  /** What an absent or empty folder becomes: a demo shop, a shop of a real town, or nothing. */
  create: Readonly<{ kind: 'demo' }> | Readonly<{ kind: 'real'; townUrl: string | null }> | null;
  /** Whether a demo shop's town is started, and for how long this shop is open kept running. */
  withTown: boolean;
  /** The address of a demo town that somebody else runs. */
  townUrl?: string;
  /** Where the till's key and high-water mark lie; this user's place when nothing is said. */
  keepFolder?: string;
  /** Where a bundled host finds the audit worker. */
  auditWorker?: URL;
  /** Switches the machine off at the end of a day; a demo shop never does, nor a host that hands in nothing. */
  powerOff?: () => Promise<void>;
  /** Where the core is held: ask its holder, or refuse. */
  whenHeld: 'ask' | 'refuse';
  /** Told to a person: what takes a while and why. */
  say: (line: string) => void;
  log: (line: string) => void;
}>;

export type OwnShop = Readonly<{
  kind: 'own';
  shop: Shop;
  core: Core;
  /** What pages talk to: the core, or the one beside it on which somebody practises. */
  pages: TillRouter;
  /** The core itself, whoever practises. */
  client: TillClient;
  demo: DemoFacts | null;
  /** The running demo town, or null where there is none. */
  town: DemoTown | null;
  townUrl: string | null;
  setConnected: (connected: boolean) => void;
  close: () => Promise<void>;
  /** Closes the core and leaves the demo town running, for a shell that opens the same folder in a process of its own. */
  leaveToShell: () => Promise<void>;
}>;

export type Entered =
  | OwnShop
  | Readonly<{ kind: 'holder'; holder: Holder; client: TillClient; shop: Shop; close: () => Promise<void> }>
  | Readonly<{
      kind: 'refused';
      reason: string;
      detail: string;
      holder: Holder | null;
      /** Still answers the pages with why the till is stopped; null when there is no till at all. */
      router: TillRouter | null;
    }>;

/** Opens a shop's folder, makes it one where that was asked for, and brings up what it needs. */
export async function enterShop(entering: Entering): Promise<Entered> {
  keepYoungHeapSmall();
  const found = shopIn(entering);
  if (found.kind === 'refused') return { ...found, holder: null, router: null };
  const { shop } = found;
  const demo = shop.demo ? readDemo(entering.root) : null;
  const network: Network = { connected: true };
  const town = townOf(entering, shop);
  mkdirSync(tillFolder(entering.folder), { recursive: true });
  const devices = openCounter(shop.devices, {
    log: entering.log,
    save: (next) => {
      // The file may have gone on since it was read at the start.
      const kept = readShop(entering.folder);
      writeShop(entering.folder, { ...(kept.kind === 'shop' ? kept.shop : shop), devices: next });
    },
    about: { system: `${process.platform} ${process.arch}`, node: process.version },
  });
  const { log, auditWorker } = entering;
  const demoShop = demo === null ? null : demoShopOf(demo, network);
  const room = openPracticeRoom({
    folder: practiceFolder(entering.folder),
    counter: devices,
    worldOf: (parts) => ({
      ...hostWorld({
        ...parts,
        town: null,
        // The plug that a demo shop can pull is the real till's.
        demo: demoShop === null ? null : { ...demoShop, setConnected: () => {} },
        log,
        auditWorker,
      }),
      backups: null,
    }),
    log,
  });
  const opened = openCore({
    ...hostWorld({
      dataFolder: tillFolder(entering.folder),
      devices: room.counter,
      town: town.exists ? townOver(town.address, network) : null,
      demo: demoShop,
      keepFolder: entering.keepFolder,
      ...(shop.backups === undefined ? {} : { backups: shop.backups }),
      log,
      auditWorker,
      powerOff: shop.demo ? undefined : entering.powerOff,
    }),
    practice: room.practice,
  });
  if (opened.kind === 'refused') {
    devices.close();
    const holder = opened.holder ?? null;
    const client = holder === null || entering.whenHeld === 'refuse' ? null : clientOfHolder(holder);
    if (holder !== null && client !== null) return { kind: 'holder', holder, client, shop, close: async () => {} };
    return { kind: 'refused', reason: opened.reason, detail: opened.detail, holder, router: opened.router };
  }
  const { core } = opened;
  const client = clientOf(core.router);
  const pages = room.moveIn(core);
  const stopShowing = showFigures(client, devices);
  const leaveToShell = async (): Promise<void> => {
    stopShowing();
    await room.close();
    await core.close();
    devices.close();
  };
  const close = async (): Promise<void> => {
    await leaveToShell();
    await town.stop();
  };
  try {
    const bare = demo !== null && !shop.furnished;
    const running = bare || entering.withTown ? await town.start(bare) : null;
    if (bare) await furnishNew(entering, shop, client, demo, running);
    else if (demo !== null && running !== null) await rejoin(client, demo, running);
    return {
      kind: 'own',
      shop,
      core,
      pages,
      client,
      demo,
      town: running,
      townUrl: running?.url ?? entering.townUrl ?? shop.townUrl,
      setConnected: (connected) => void (network.connected = connected),
      close,
      leaveToShell,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Found =
  | Readonly<{ kind: 'shop'; shop: Shop }>
  | Readonly<{ kind: 'refused'; reason: 'noShop' | 'otherFolder' | 'damagedShopFile' | 'unreadable'; detail: string }>;

function shopIn({ folder, create, say }: Entering): Found {
  const read = readShop(folder);
  if (read.kind !== 'empty') return read;
  if (create === null) return { kind: 'refused', reason: 'noShop', detail: folder };
  const shop: Shop =
    create.kind === 'demo'
      ? { demo: true, townUrl: null, furnished: false, devices: SIMULATED_DEVICES }
      : { demo: false, townUrl: create.townUrl, furnished: true, devices: NO_DEVICES };
  writeShop(folder, shop);
  if (shop.demo) say(`新建模拟门店 (a new demo shop): ${folder}`);
  return { kind: 'shop', shop };
}

async function furnishNew(
  entering: Entering,
  shop: Shop,
  client: TillClient,
  demo: DemoFacts,
  town: DemoTown | null,
): Promise<void> {
  entering.say('正在布置模拟门店：入网、商品、库存、人员 (setting up the demo shop) …');
  await furnish(client, demo, town?.enrolmentCode ?? null);
  writeShop(entering.folder, { ...shop, furnished: true });
}

/**
 * A demo folder that was moved or copied goes on as a new incarnation, which its town has to hear of; a real shop asks
 * its town for a code, a demo shop has one at hand.
 */
async function rejoin(client: TillClient, demo: DemoFacts, town: DemoTown): Promise<void> {
  const { status } = await currentScreen(client);
  if (status.town !== 'notEnrolled' || town.enrolmentCode === null) return;
  const { name, pin } = demo.manager;
  await client.send({ kind: 'enrol', code: town.enrolmentCode, managerName: name, managerPin: pin });
}

/**
 * The town of a shop by its address. The core opens before a demo town is up, since only the core knows whether the
 * folder is free; its calls to the town wait for the address.
 */
function townOf(entering: Entering, shop: Shop) {
  const known = entering.townUrl ?? shop.townUrl;
  let starting: Promise<DemoTown> | null = null;
  let announce: (url: string) => void = () => {};
  let giveUp: (error: Error) => void = () => {};
  const coming = new Promise<string>((resolve, reject) => {
    announce = resolve;
    giveUp = reject;
  });
  // Nobody may be waiting when it fails.
  coming.catch(() => {});
  const willStart = known === null && (entering.withTown || !shop.furnished);
  return {
    /** A real shop that was never told where its town is has none. */
    exists: shop.demo || known !== null,
    address: async (): Promise<string> => {
      if (known !== null) return known;
      if (!willStart) throw new Error('no town is running');
      return coming;
    },
    /** A till that was set up before sells without its town; a new one cannot be set up. */
    start: async (isNeeded: boolean): Promise<DemoTown | null> => {
      if (known !== null || !shop.demo) return null;
      entering.say('正在启动模拟镇服务器 (starting the demo town) …');
      starting ??= startDemoTown(entering.root, townFolder(entering.folder), entering.log);
      try {
        const town = await starting;
        announce(town.url);
        return town;
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        giveUp(failure);
        if (isNeeded) throw failure;
        entering.say(
          `模拟镇服务器没有启动，收银照常 (the demo town did not start; selling goes on): ${failure.message}`,
        );
        return null;
      }
    },
    stop: async (): Promise<void> => {
      giveUp(new Error('the town was stopped'));
      const town = await starting?.catch(() => null);
      await town?.stop();
    },
  };
}

function demoShopOf(facts: DemoFacts, network: Network): DemoShop {
  return {
    pins: facts.operators.map(({ role, name, pin }) => ({ role, name, pin })),
    cards: facts.strip,
    itemCodes: facts.itemCodes,
    setConnected: (connected) => void (network.connected = connected),
  };
}
