import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coreOn, pins } from '../electron/core/test-core.ts';
import type { TownApi } from '../electron/core/town-api.ts';
import { newId } from '../electron/host-world.ts';
import { DAY_MS, HOUR_MS } from '../shared/time.ts';
import { openTestTown, START_MS } from '../town-server/test-town.ts';

test('a statement whose answer was lost does not turn time back when it comes the next day, whatever the wall clock says', async () => {
  const shop = await openTestTown([]);
  let losesStatement = false;
  const town = new Proxy(shop.api, {
    get(target, name: keyof TownApi) {
      const call = target[name] as unknown as (input: unknown) => Promise<unknown>;
      return async (input: unknown) => {
        const answer = await call(input);
        if (losesStatement && name === 'settle') throw new Error('the test lost the answer');
        return answer;
      };
    },
  });
  // A wall clock that stands years behind: only the town's words say what time it is.
  const clock = { nowMs: () => shop.clock.ms - 5 * 365 * DAY_MS, later: () => () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'one-card-statement-'));
  const till = coreOn(folder, START_MS, { clock, town });
  await till.ask({ kind: 'enrol', code: await shop.code(), managerName: '于海明', managerPin: pins.manager });
  await till.ask({ kind: 'signIn', pin: pins.manager });
  await till.ask({ kind: 'openShift', shift: newId(), floatFen: 0 });
  losesStatement = true;
  expect((await till.client.night()).state).toBe('pending');
  losesStatement = false;
  shop.clock.ms += 9 * HOUR_MS;
  expect((await till.client.night()).state).toBe('matched');
  await till.ask({ kind: 'moveCash', id: newId(), direction: 'in', amountFen: 100, reason: 'change' });
  const times = till.records().map((record) => record.at);
  expect(times.at(-1)).toBe(shop.clock.ms);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  await till.close();
});
