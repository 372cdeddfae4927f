import { expect } from 'vitest';
import { NOTICES_MAX } from '../shared/board.ts';
import { DAY_MS } from '../shared/time.ts';
import { boardFor, endNotice, listNotices, writeNotice, type NewNotice } from './board.ts';
import type { Store } from './store.ts';
import { enrolTestTill } from './test-till.ts';
import { addShop, openTestTown } from './test-town.ts';
import { boardSchema, type Board } from '../shared/board.ts';
import type { Town } from './town.ts';

/** A notice of the day that test towns begin on. */
export const notice: NewNotice = {
  id: 'notice-01',
  title: '周六清理河道',
  text: '早上八点，村口集合。',
  village: null,
  shop: null,
  fromDay: '2026-11-24',
  toDay: '2026-11-26',
  onReceipt: false,
  by: '王干事',
};

/** What the town signs for a till. */
export async function boardOf(town: Town, till: string): Promise<Board> {
  const sealed = await town.store.transact([], (transaction) => boardFor(town, transaction, till));
  return boardSchema.parse(JSON.parse(sealed?.bytes ?? ''));
}

/** A board's whole life, on any store: the same outcome on each. */
export async function runBoard(store?: Store): Promise<void> {
  const { town, api, code, clock } = await openTestTown([], store);
  await addShop(town, 's02');
  const one = await enrolTestTill(api, await code('s01'), town.nowMs);
  const other = await enrolTestTill(api, await code('s02'), town.nowMs);
  const titles = async (till: typeof one): Promise<string[]> =>
    (await boardOf(town, till.from.till)).notices.map(({ title }) => title);
  const version = async (): Promise<number> => (await boardOf(town, one.from.till)).version;
  const done = { kind: 'ok' };
  const no = (reason: string) => ({ kind: 'refused', reason });

  expect(await boardOf(town, one.from.till)).toMatchObject({ town: 'testtown', shop: 's01', version: 0, notices: [] });
  expect(await writeNotice(town, { ...notice, title: '  周六清理河道 ', text: '早上八点，\r\n村口集合。 \n' })).toEqual(
    done,
  );
  const written = { ...notice, title: '周六清理河道', text: '早上八点，\n村口集合。' };
  expect((await boardOf(town, one.from.till)).notices).toMatchObject([
    { id: notice.id, title: written.title, text: written.text, village: '', onReceipt: false },
  ]);
  // Asked again because the answer was lost, it is done already; other words under its id are not.
  expect(await writeNotice(town, written)).toEqual(done);
  expect(await writeNotice(town, { ...written, text: '别的' })).toEqual(no('duplicate'));
  expect(await version()).toBe(1);

  for (const [change, reason] of [
    [{ title: '字'.repeat(17) }, 'badInput'],
    [{ title: ' ' }, 'badInput'],
    [{ text: '字'.repeat(121) }, 'badInput'],
    [{ text: '好\u0007' }, 'badInput'],
    [{ by: ' ' }, 'badInput'],
    [{ toDay: '2026-11-23', fromDay: '2026-11-20' }, 'badInput'],
    [{ fromDay: 'heute' }, 'badInput'],
    [{ shop: 's99' }, 'badInput'],
    [{ village: 'v99' }, 'unknownVillage'],
  ] as const) {
    expect(await writeNotice(town, { ...notice, id: 'notice-wrong', ...change }), JSON.stringify(change)).toEqual(
      no(reason),
    );
  }
  expect(await version()).toBe(1);

  // One shop's own, in its village's name; one that begins later is sent ahead.
  const second = { ...notice, id: 'notice-02', title: '二店开门', shop: 's02', village: 'v01' };
  expect(await writeNotice(town, second)).toEqual(done);
  expect(
    await writeNotice(town, { ...notice, id: 'notice-03', title: '以后', fromDay: '2026-12-01', toDay: '2026-12-02' }),
  ).toEqual(done);
  expect([await titles(one), await titles(other)]).toEqual([
    ['周六清理河道', '以后'],
    ['周六清理河道', '二店开门', '以后'],
  ]);
  expect((await boardOf(town, other.from.till)).notices[1]?.village).toBe('Village');

  // Over, it is sent no more, and it makes room; ended, it stays with who did it.
  clock.ms += 3 * DAY_MS;
  expect(await titles(other)).toEqual(['以后']);
  for (let more = 1; more < NOTICES_MAX; more += 1)
    expect(await writeNotice(town, { ...notice, id: `notice-more-${more}`, toDay: '2026-12-31' })).toEqual(done);
  expect(await writeNotice(town, { ...notice, id: 'notice-full', toDay: '2026-12-31' })).toEqual(no('boardFull'));
  expect(await endNotice(town, { id: 'notice-none', by: '王干事' })).toEqual(no('unknownNotice'));
  expect(await endNotice(town, { id: 'notice-03', by: ' ' })).toEqual(no('badInput'));
  const before = await version();
  expect(await endNotice(town, { id: 'notice-03', by: '王干事' })).toEqual(done);
  expect(await endNotice(town, { id: 'notice-03', by: '别人' })).toEqual(done);
  expect(await version()).toBe(before + 1);
  expect(await titles(one)).not.toContain('以后');
  expect(await writeNotice(town, { ...notice, id: 'notice-full', toDay: '2026-12-31' })).toEqual(done);

  const { notices } = await listNotices(town);
  expect(notices).toHaveLength(11);
  expect(notices.find((row) => row.id === 'notice-03')).toMatchObject({
    writtenBy: '王干事',
    endedBy: '王干事',
    endedAtMs: clock.ms,
  });
  // What hangs comes first.
  expect(notices.slice(0, NOTICES_MAX).every((row) => row.endedAtMs === null && row.toDay >= '2026-11-27')).toBe(true);
}
