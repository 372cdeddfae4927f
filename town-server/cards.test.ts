import { describe, expect, test } from 'vitest';
import { listMembers, setBearer } from './console.ts';
import { ANNA, BEN } from './test-steps.ts';
import { enrolTestTill } from './test-till.ts';
import { openTestTown } from './test-town.ts';

async function aTown() {
  const opened = await openTestTown([ANNA, BEN]);
  return { ...opened, till: await enrolTestTill(opened.api, await opened.code(), opened.nowMs) };
}

describe('what a till may know of members and cards', () => {
  test('is enough to find them by, and never a name', async () => {
    const { api, till } = await aTown();
    const answer = await api.members(till.signed({ since: 0 }));
    expect(answer).toMatchObject({
      members: [
        { id: 'anna', mask: '孙**', initials: 'SXM XXM' },
        { id: 'ben', mask: '孙**' },
      ],
      cards: [{ lastFour: '0001', lastSix: '98anna' }, { lastSix: '98ben' }],
    });
    expect(JSON.stringify(answer)).not.toContain('小明');
  });

  test('of somebody who left is no initial either', async () => {
    const { town, api, till } = await aTown();
    await town.store.transact(['points'], async (transaction) => {
      const anna = await transaction.get('member', { member: 'anna' });
      if (anna !== null) await transaction.put('member', [{ ...anna, state: 'withdrawn' }]);
    });
    const answer = await api.members(till.signed({ since: 0 }));
    const [anna] = answer.kind === 'ok' ? answer.members : [];
    expect(anna).toMatchObject({ id: 'anna', mask: '会员' });
    expect(anna?.initials).toBeUndefined();
  });
});

test('a card that a till had to read is shown among those to replace, once, while it is in use', async () => {
  const { town, till } = await aTown();
  const listed = async () => (await listMembers(town, { text: '', only: 'unreadable' })).members;
  expect(await listed()).toEqual([]);
  const body = { what: 'unreadable', card: 'card-anna', member: 'anna', document: 'sale', by: 'operator' };
  till.record('cardChange', body);
  till.record('cardChange', { ...body, card: 'card-of-nobody' });
  await till.night();
  expect(await listed()).toMatchObject([{ id: 'anna', cards: [{ id: 'card-anna', wantsReplacing: true }] }]);
  const row = () => town.store.transact([], (transaction) => transaction.get('card', { card: 'card-anna' }));
  const first = (await row())?.unreadableAtMs;
  till.record('cardChange', body);
  await till.night();
  expect((await row())?.unreadableAtMs).toBe(first);
});

test('who buys for a member is named by staff, known to tills by a random id, and no more once that ends', async () => {
  const { town, api, till } = await aTown();
  const told = async () => {
    const answer = await api.members(till.signed({ since: 0 }));
    return answer.kind === 'ok' ? answer.members.find((one) => one.id === 'anna')?.bearers : null;
  };
  expect(await told()).toBeUndefined();
  expect(await setBearer(town, { member: 'anna', bearer: 'ben', note: ' 同户 ' })).toEqual({ kind: 'ok' });
  expect(await told()).toEqual(['ben']);
  const anna = (await listMembers(town, { text: 'anna' })).members[0];
  expect(anna?.bearers).toEqual([{ id: 'ben', name: '孙小明', note: '同户' }]);
  expect(await setBearer(town, { member: 'anna', bearer: 'ben', note: '' })).toEqual({ kind: 'ok' });
  expect(await told()).toBeUndefined();
  expect(await setBearer(town, { member: 'anna', bearer: 'anna', note: '同户' })).toMatchObject({ reason: 'badInput' });
  expect(await setBearer(town, { member: 'anna', bearer: 'none', note: '同户' })).toMatchObject({
    reason: 'unknownMember',
  });
});
