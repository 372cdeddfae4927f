import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Core, openCore } from '../electron/core/core.ts';
import type { TownApi } from '../electron/core/town-api.ts';
import type { World } from '../electron/core/world.ts';
import { type DemoFacts, readDemo } from '../electron/demo-shop.ts';
import { type DemoTown, startDemoTown } from '../electron/demo-town.ts';
import { openDevices } from '../electron/devices/devices.ts';
import { hostWorld, newId, townOver } from '../electron/host-world.ts';
import { SIMULATED_DEVICES } from '../shared/device-set-up.ts';
import { clientOf, currentScreen, type TillClient } from '../electron/till-client.ts';
import type { Command, Screen } from '../shared/till-contract.ts';
import { layTown } from './town-mould.ts';

/** A real till on a real town, small enough to be made anew for each test: a few goods, one manager, one cashier. */
export type TestShop = {
  folder: string;
  facts: DemoFacts;
  town: DemoTown;
  core: Core;
  client: TillClient;
  /** What stands between till and town; a test may put a fault here. */
  line: { fault: ((call: keyof TownApi) => 'pass' | 'drop' | 'dropAnswer') | null; calls: (keyof TownApi)[] };
  log: string[];
  close: () => Promise<void>;
};

const root = fileURLToPath(new URL('..', import.meta.url));

/** The town's API with a fault of the test's between: a call may be lost on the way there, or its answer on the way back. */
function faultyTown(town: TownApi, line: TestShop['line']): TownApi {
  return new Proxy(town, {
    get(target, name: keyof TownApi) {
      const call = target[name] as unknown as (input: unknown) => Promise<unknown>;
      return async (input: unknown) => {
        line.calls.push(name);
        const fate = line.fault?.(name) ?? 'pass';
        if (fate === 'drop') throw new Error('the test lost the request');
        const answer = await call(input);
        if (fate === 'dropAnswer') throw new Error('the test lost the answer');
        return answer;
      };
    },
  });
}

/** Opens (or opens again) the till of a test shop on its folder; `parts` stand in for what a host would give it. */
export function openTill(
  folder: string,
  townUrl: string | null,
  line: TestShop['line'],
  log: string[],
  parts: Partial<World> = {},
): Core {
  const opened = openCore({
    ...hostWorld({
      dataFolder: join(folder, 'till'),
      keepFolder: join(folder, 'keep'),
      devices: openDevices(SIMULATED_DEVICES),
      town:
        townUrl === null
          ? null
          : faultyTown(
              townOver(() => Promise.resolve(townUrl)),
              line,
            ),
      demo: null,
      log: (text) => void log.push(text),
    }),
    ...parts,
  });
  if (opened.kind === 'refused') throw new Error(`the till did not open: ${opened.reason} ${opened.detail}`);
  return opened.core;
}

export async function command(client: TillClient, wanted: Command): Promise<void> {
  const answer = await client.send(wanted);
  if (answer.kind === 'refused')
    throw new Error(`${wanted.kind}: ${answer.reason} ${JSON.stringify(answer.detail ?? {})}`);
}

/** Some goods of the test's own: a piece, a discounted piece, tobacco, and something weighed. */
export const goods = {
  oil: { code: '6901234567892', name: '测试花生油', category: '粮油', per: 'piece', priceFen: 8_990 },
  salt: { code: '6901234567908', name: '测试精盐', category: '调味', per: 'piece', priceFen: 250 },
  smoke: { code: '6901234567915', name: '测试香烟', category: '烟草', per: 'piece', priceFen: 1_250 },
  pork: { code: '10901', name: '测试五花肉', category: '肉类', per: 'jin', priceFen: 1_580 },
} as const;

export async function saveGoods(client: TillClient): Promise<void> {
  for (const [key, one] of Object.entries(goods)) {
    await command(client, {
      kind: 'saveItem',
      id: newId(),
      item: {
        id: `item-${key}`,
        code: one.code,
        name: one.name,
        category: one.category,
        spec: '',
        unit: one.per === 'piece' ? '个' : '斤',
        per: one.per,
        plu: one.per === 'piece' ? null : one.code,
        priceFen: one.priceFen,
        clearanceFen: null,
        promotion: null,
        costFen: null,
        discountable: true,
        lowStock: null,
        shelfLifeDays: null,
        initials: '',
      },
    });
  }
}

/** A shop that has joined its town, with goods on the shelf, the manager signed in and a shift open. */
export async function openTestShop(): Promise<TestShop> {
  const folder = mkdtempSync(join(tmpdir(), 'one-card-till-'));
  const facts = readDemo(root);
  const log: string[] = [];
  await layTown(join(folder, 'town'));
  const town = await startDemoTown(root, join(folder, 'town'), (text) => void log.push(text));
  const line: TestShop['line'] = { fault: null, calls: [] };
  const core = openTill(folder, town.url, line, log);
  const shop: TestShop = {
    folder,
    facts,
    town,
    core,
    client: clientOf(core.router),
    line,
    log,
    close: async () => {
      await shop.core.close();
      await shop.town.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const { name, pin } = facts.manager;
  await command(shop.client, { kind: 'enrol', code: town.enrolmentCode ?? '', managerName: name, managerPin: pin });
  await command(shop.client, { kind: 'signIn', pin });
  await saveGoods(shop.client);
  await command(shop.client, { kind: 'openShift', shift: newId(), floatFen: 20_000 });
  return shop;
}

/** The town's process again on the same folder, after a test ended it. */
export async function restartTown(shop: TestShop): Promise<DemoTown> {
  // A killed process still holds its folder for a moment.
  await shop.town.stop();
  return startDemoTown(root, join(shop.folder, 'town'), (text) => void shop.log.push(text));
}

export type Basket = Readonly<{ codes: readonly string[]; card?: string; points?: 'none' | 'half' | 'max' | number }>;

/** A till locks itself when its clock went on by hours or it stood switched off for so long; its manager is back. */
export async function unlock(client: TillClient): Promise<void> {
  const { phase } = await currentScreen(client);
  if (phase === 'locked') await command(client, { kind: 'signIn', pin: readDemo(root).manager.pin });
}

/** Rings up a basket and pays it: points as asked, the rest exactly in cash. Answers the paid screen. */
export async function sell(client: TillClient, basket: Basket): Promise<NonNullable<Screen['paid']>> {
  await unlock(client);
  for (const code of basket.codes) await command(client, { kind: 'scan', code, source: 'scanner' });
  if (basket.card !== undefined) await command(client, { kind: 'scan', code: basket.card, source: 'card' });
  await command(client, { kind: 'startPay' });
  await command(client, { kind: 'setPoints', points: basket.points ?? 'none' });
  const { sale } = await currentScreen(client);
  await command(client, { kind: 'pay', sale: sale.id });
  const { paid } = await currentScreen(client);
  if (paid === null) throw new Error('the sale was not paid');
  return paid;
}
