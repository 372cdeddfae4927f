import { expect, test } from 'vitest';
import { must } from '../shared/assert.ts';
import { touchMembers } from './members.ts';
import { createMemoryStore } from './memory-store.ts';
import { ANNA, BEN } from './test-steps.ts';
import { enrolTestTill } from './test-till.ts';
import { openTestTown } from './test-town.ts';
import { leapVersions } from './versions.ts';

/** A town with one till, which may be started again on its books or on an older copy of them. */
async function openWorld() {
  let store = createMemoryStore();
  const { town, api, code, nowMs } = await openTestTown([ANNA, BEN], {
    transact: (locks, work) => store.transact(locks, work),
    close: async () => {},
  });
  const till = await enrolTestTill(api, await code(), nowMs);
  const start = (): Promise<void> => town.store.transact(['points'], (transaction) => leapVersions(town, transaction));
  return {
    start,
    image: () => store.image(),
    restore: async (image: ReturnType<typeof store.image>): Promise<void> => {
      store = createMemoryStore(image);
      await start();
    },
    change: (member: string): Promise<void> =>
      town.store.transact(['points'], (transaction) => touchMembers(transaction, [member])),
    ask: async (since: number) => {
      const answer = await api.members(till.signed({ since }));
      must(answer.kind === 'ok', 'the town knows its till');
      return { version: answer.version, heard: answer.members.map(({ id }) => id), forgot: answer.forgot === true };
    },
  };
}

const NOTHING = { heard: [], forgot: false };

test('what a town gave is gone on from, over its starts and its changes', async () => {
  const town = await openWorld();
  let { version } = await town.ask(0);
  expect(await town.ask(version)).toEqual({ ...NOTHING, version });
  for (let starts = 0; starts < 3; starts += 1) {
    const before = version;
    await town.start();
    const idle = await town.ask(before);
    expect(idle).toMatchObject(NOTHING);
    expect(idle.version).toBeGreaterThan(before);
    await town.change('ben');
    const changed = await town.ask(before);
    expect(changed).toMatchObject({ heard: ['ben'], forgot: false });
    expect(await town.ask(idle.version)).toEqual(changed);
    version = changed.version;
  }
});

test('a till that heard what a restored town forgot hears everybody again, also when as much has changed since', async () => {
  const town = await openWorld();
  await town.start();
  const image = town.image();
  for (let changes = 0; changes < 4; changes += 1) await town.change('ben');
  const { version } = await town.ask(0);
  await town.restore(image);
  // The change under a lower number than the till's, and as many more as make the numbers meet.
  await town.change('anna');
  for (let changes = 0; changes < 9; changes += 1) await town.change('ben');
  const again = await town.ask(version);
  expect([...again.heard].sort()).toEqual(['anna', 'ben']);
  expect(again.forgot).toBe(true);
  expect(await town.ask(again.version)).toEqual({ ...NOTHING, version: again.version });
});

test('of several tills that know too much only the first has everybody numbered anew', async () => {
  const town = await openWorld();
  await town.start();
  const image = town.image();
  await town.change('ben');
  const first = await town.ask(0);
  await town.change('ben');
  const second = await town.ask(0);
  await town.restore(image);
  const one = await town.ask(first.version);
  const other = await town.ask(second.version);
  expect(other).toEqual({ ...one, heard: expect.arrayContaining(['anna', 'ben']) });
});

test('a town restored twice from the same copy gives other numbers each time', async () => {
  const town = await openWorld();
  const image = town.image();
  await town.restore(image);
  await town.change('ben');
  const { version } = await town.ask(0);
  await town.restore(image);
  await town.change('anna');
  expect(await town.ask(version)).toMatchObject({ forgot: true });
});

test('a copy from before many starts is known for one', async () => {
  const town = await openWorld();
  const image = town.image();
  for (let starts = 0; starts < 40; starts += 1) await town.start();
  await town.change('ben');
  const { version } = await town.ask(0);
  await town.restore(image);
  expect(await town.ask(version)).toMatchObject({ heard: expect.arrayContaining(['anna', 'ben']), forgot: true });
});

test('a number beyond every leap is nobody’s: it changes nothing for the others', async () => {
  const town = await openWorld();
  const { version } = await town.ask(0);
  expect(await town.ask(2 ** 52)).toMatchObject(NOTHING);
  expect(await town.ask(version)).toEqual({ ...NOTHING, version });
});
