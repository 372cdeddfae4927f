import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TownApi } from '../electron/core/town-api.ts';
import { makeReady, manager, openCarried, sellBread, type Carried } from './carried.ts';

let world: Carried;
beforeEach(async () => {
  world = await openCarried();
});
afterEach(() => world.close());

test('a town that always promises more changes and brings none is asked no further: the night waits, by name', async () => {
  let asked = 0;
  let endless = false;
  const { api } = world.town;
  const members: TownApi['members'] = async (request) => {
    asked += 1;
    const answer = await api.members(request);
    return endless && answer.kind === 'ok' ? { ...answer, more: true } : answer;
  };
  const town = new Proxy<TownApi>(api, {
    get: (calls, name): unknown => (name === 'members' ? members : Reflect.get(calls, name)),
  });
  const log: string[] = [];
  const till = world.till({ town, log: (line) => void log.push(line) });
  await till.ask({ kind: 'enrol', code: await world.codeFor(), managerName: manager.name, managerPin: manager.pin });
  await till.client.night();
  await makeReady(till);
  await sellBread(till, 1);
  endless = true;
  asked = 0;
  const report = await till.client.night();
  expect(report).toMatchObject({ state: 'pending', pendingAt: 'replicas', pendingBecause: 'malformed' });
  expect(log.filter((line) => line.includes('more members were promised and none came')).length).toBeGreaterThan(0);
  expect(asked).toBeLessThan(10);
  endless = false;
  expect(await till.client.night()).toMatchObject({ state: 'matched' });
});
