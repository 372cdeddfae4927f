import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ringingClock, type TestCore } from '../electron/core/test-core.ts';
import { testWorld } from '../electron/core/test-till.ts';
import type { TownApi } from '../electron/core/town-api.ts';
import type { World } from '../electron/core/world.ts';
import type { Board } from '../shared/board.ts';
import type { Devices } from '../shared/devices.ts';
import type { PaperSlip } from '../shared/paper.ts';
import { seal } from '../shared/signed.ts';
import { DAY_MS, MINUTE_MS } from '../shared/time.ts';
import { endNotice, writeNotice } from '../town-server/board.ts';
import { boardOf, notice } from '../town-server/test-board.ts';
import { asCanonical } from '../town-server/town.ts';
import { applied, makeReady, manager, openCarried, out, sellBread, type Carried } from './carried.ts';

/** The town's notice board on its way to a customer page, over the network and by stick; both ends are the real ones. */
let world: Carried;
let log: string[];
beforeEach(async () => {
  world = await openCarried();
  log = [];
});
afterEach(() => world.close());

/** Passes every call on; a test may change what the town answers. */
function townWith(
  change: Partial<{ [N in keyof TownApi]: (answer: object) => object }>,
): TownApi & { asked: string[] } {
  const asked: string[] = [];
  return new Proxy(world.town.api as TownApi & { asked: string[] }, {
    get: (target, name: keyof TownApi | 'asked') => {
      if (name === 'asked') return asked;
      return async (input: never) => {
        asked.push(name);
        const answer = await (target[name] as (of: never) => Promise<object>)(input);
        return change[name]?.(answer) ?? answer;
      };
    },
  });
}

async function enrolled(town: TownApi | null = world.town.api, parts: Partial<World> = {}): Promise<TestCore> {
  const till = world.till({ town, log: (line) => void log.push(line), ...parts });
  const code = await world.codeFor();
  if (town === null) await applied(till, await world.answer(await out(till, code)), manager);
  else await till.ask({ kind: 'enrol', code, managerName: manager.name, managerPin: manager.pin });
  await makeReady(till);
  return till;
}

const titles = async (till: TestCore): Promise<string[]> => (await till.screen()).board.map(({ title }) => title);
const write = (change: Partial<typeof notice> = {}) => writeNotice(world.town.town, { ...notice, ...change });

/** Time for both, and whatever the till does in it by itself. */
async function pass(till: TestCore, milliseconds: number): Promise<void> {
  world.town.clock.ms += milliseconds;
  till.world.advance(milliseconds);
  await till.client.night();
}

test('a notice reaches the till, changes by the judged day without a network, and outlives a restart', async () => {
  await write();
  await write({ id: 'notice-02', title: '明天起', fromDay: '2026-11-25', toDay: '2026-11-25' });
  const till = await enrolled();
  expect(await titles(till)).toEqual(['周六清理河道']);
  await till.core.close();

  const offline = world.till({ town: null }, till.folder);
  expect(await titles(offline)).toEqual(['周六清理河道']);
  for (const expected of [['周六清理河道', '明天起'], ['周六清理河道'], []]) {
    offline.world.advance(DAY_MS);
    await offline.send({ kind: 'signIn', pin: manager.pin });
    expect(await titles(offline)).toEqual(expected);
  }
});

test('a till that hears of a new board by its contact fetches it once, and is not asked to fetch it in vain', async () => {
  const line = townWith({});
  const { clock, pass: ring } = ringingClock(world.town.clock.ms);
  const till = await enrolled(line, { clock });
  const count = (name: keyof TownApi): number => line.asked.filter((one) => one === name).length;
  const contact = async (): Promise<number> => {
    const before = [count('hello'), count('policies')] as const;
    await ring(20_000);
    await expect.poll(() => count('hello')).toBeGreaterThan(before[0]);
    // Waits behind the contact, which has the line to the town for itself.
    await till.client.exchangeOut({ code: null });
    return count('policies') - before[1];
  };
  // The first one after a start comes by itself.
  await ring(1_000);
  await contact();
  expect(await contact()).toBe(0);
  await write();
  expect([await contact(), await titles(till)]).toEqual([1, ['周六清理河道']]);
  await endNotice(world.town.town, { id: notice.id, by: '王干事' });
  expect([await contact(), await titles(till)]).toEqual([1, []]);
  expect(await contact()).toBe(0);
});

test('a till without a network has it by stick, and an older stick brings back no older board', async () => {
  const till = await enrolled(null);
  await write();
  const older = await world.answer(await out(till));
  world.town.clock.ms += MINUTE_MS;
  await endNotice(world.town.town, { id: notice.id, by: '王干事' });
  await write({ id: 'notice-02', title: '新的一条' });
  await applied(till, older);
  expect(await titles(till)).toEqual(['周六清理河道']);
  await applied(till, await world.answer(await out(till)));
  expect(await titles(till)).toEqual(['新的一条']);
});

describe('a board that cannot be taken leaves the old one hanging and holds up no night', () => {
  let till: TestCore;
  let lie: ((board: unknown) => unknown) | null = null;
  beforeEach(async () => {
    lie = null;
    await write();
    till = await enrolled(
      townWith({
        policies: (answer) => (lie === null || !('board' in answer) ? answer : { ...answer, board: lie(answer.board) }),
      }),
    );
    await write({ id: 'notice-02', title: '新的一条' });
  });
  const signed = async (change: Partial<Board>) =>
    seal('board', asCanonical({ ...(await boardOf(world.town.town, 't01')), ...change }), world.town.town.sign);
  const bad = { ...notice, village: '', title: '字'.repeat(40) };

  for (const [name, board] of [
    ['none, as of an older town', async () => null],
    ['of another town', () => signed({ town: 'elsewhere' })],
    ['of another shop', () => signed({ shop: 's99' })],
    ['with a text that could not hang', () => signed({ notices: [bad] })],
    [
      'signed for something else',
      async () => seal('policy', asCanonical(await boardOf(world.town.town, 't01')), world.town.town.sign),
    ],
    ['signed by nobody', async () => ({ bytes: '{}', signature: 'A'.repeat(88) })],
    ['older than the one that hangs', () => signed({ issuedAtMs: 1, notices: [] })],
  ] as const) {
    test(name, async () => {
      const wrong = await board();
      lie = () => wrong;
      await sellBread(till);
      await till.ask({ kind: 'nextSale' });
      const report = await till.client.night();
      expect(report.state).toBe('matched');
      expect(await titles(till)).toEqual(['周六清理河道']);
      expect(log.filter((line) => line.startsWith('bug'))).toEqual([]);
      lie = null;
      await pass(till, MINUTE_MS);
      expect(await titles(till)).toEqual(['周六清理河道', '新的一条']);
    });
  }
});

test('the line that the town wants on receipts stands on the first print of its day, and on no copy', async () => {
  await write({ onReceipt: true });
  const printed: PaperSlip[] = [];
  const devices: Devices = {
    ...testWorld(world.scratch, 0).devices,
    printer: 'ready',
    print: async (slip) => {
      printed.push(slip);
      return 'printed';
    },
  };
  const { clock, pass: ring } = ringingClock(world.town.clock.ms);
  const till = await enrolled(world.town.api, { devices, clock });
  const { receipt } = await sellBread(till);
  await ring(1);
  await till.ask({ kind: 'nextSale' });
  await till.ask({ kind: 'reprint', receipt: receipt.number });
  await ring(1);
  await expect.poll(() => printed.length).toBe(2);
  expect(printed.map((slip) => [slip.copy, 'boardLine' in slip ? slip.boardLine : null])).toEqual([
    [false, '周六清理河道'],
    [true, null],
  ]);
  const looked = async () => (await till.client.receipt({ receipt: receipt.number }))?.receipt.boardLine;
  expect(await looked()).toBe('周六清理河道');
  await ring(DAY_MS);
  await till.ask({ kind: 'signIn', pin: manager.pin });
  expect(await titles(till)).toEqual(['周六清理河道']);
  expect(await looked()).toBeUndefined();
});
