import { expect, test } from 'vitest';
import { HOUR_MS } from '../shared/time.ts';
import { freeTerm, listMembers, memberMovements, overview, publishPolicy, resolveBreak } from './console.ts';
import { openApiDocument } from './server.ts';
import { ANNA, BEN } from './test-steps.ts';
import { enrolTestTill } from './test-till.ts';
import { breaksOf, checkLaws, openTestTown } from './test-town.ts';

async function aTown() {
  const opened = await openTestTown([ANNA, BEN]);
  return { ...opened, till: await enrolTestTill(opened.api, await opened.code(), opened.nowMs) };
}

test('the overview names shops, villages with their funds, the policy in force and the one to come', async () => {
  const { town } = await aTown();
  const first = await overview(town);
  expect(first.shops).toEqual([{ id: 's01', name: 'Shop' }]);
  expect(first.villages).toMatchObject([{ id: 'v01', name: 'Village', fund: 'fund' }]);
  expect(first.policy).toMatchObject({ version: 1, pointValueFen: 100 });
  expect(first.nextPolicy).toBe(null);
  const later = { ...first.policy, effectiveFrom: '2027-01-01', pointValueFen: 90 };
  expect(await publishPolicy(town, later)).toEqual({ kind: 'ok', version: 2 });
  expect(await overview(town)).toMatchObject({ policy: { version: 1 }, nextPolicy: { version: 2, pointValueFen: 90 } });
  expect(await publishPolicy(town, { ...later, effectiveFrom: '2026-11-01' })).toEqual({ kind: 'ok', version: 3 });
  expect(await overview(town)).toMatchObject({ policy: { version: 3 }, nextPolicy: null });
});

test('members are listed by village, then by name', async () => {
  const { town } = await aTown();
  await town.store.transact(['points'], async (transaction) => {
    const [one] = await transaction.list('member', { limit: 1 });
    if (one === undefined) return;
    await transaction.put('member', [
      { ...one, member: 'm-1', name: '张三', village: 'v01' },
      { ...one, member: 'm-2', name: '丁一', village: 'v02' },
      { ...one, member: 'm-3', name: '安二', village: 'v01' },
    ]);
  });
  const { members } = await listMembers(town, { text: '' });
  expect(members.map(({ village, name }) => `${village} ${name}`)).toEqual([
    'v01 安二',
    'v01 孙小明',
    'v01 孙小明',
    'v01 张三',
    'v02 丁一',
  ]);
});

test('what moved the points of a member is told to who is signed in, and of nobody else', async () => {
  const { town, api, till } = await aTown();
  await till.night();
  for (let count = 0; count < 12; count += 1) till.sell(1, 'anna', 1);
  await till.night();
  expect(await api.memberMovements({ member: 'anna' })).toEqual({ kind: 'refused', reason: 'notSignedIn' });
  const told = await memberMovements(town, 'anna');
  if (told.kind === 'refused') throw new Error(told.reason);
  // Twelve sales and two lots: more than a slip holds.
  expect([told.balance, told.movements.length, told.movements.at(-1)?.kind]).toEqual([88, 14, 'earned']);
  expect(await memberMovements(town, 'nobody')).toEqual({ kind: 'refused', reason: 'unknownMember' });
});

// Invariants 14 and 17.
test('a silent term is freed only when it is due, and only at the loss that was named beforehand', async () => {
  const { town, clock, till } = await aTown();
  const { term } = await till.night();
  const named = async () => (await overview(town)).tills[0]?.terms ?? [];
  expect(await named()).toEqual([
    { term: term.id, incarnation: 1, endMs: term.endMs, freeableAtMs: term.endMs + 24 * HOUR_MS, allotted: 200 },
  ]);
  clock.ms = term.endMs + 24 * HOUR_MS - 1;
  expect(await freeTerm(town, { term: term.id, agreedLoss: 200 })).toEqual({ kind: 'refused', reason: 'tooEarly' });
  clock.ms += 1;
  expect(await freeTerm(town, { term: 'none', agreedLoss: 0 })).toEqual({ kind: 'refused', reason: 'unknownTerm' });
  expect(await freeTerm(town, { term: term.id, agreedLoss: 199 })).toEqual({ kind: 'refused', reason: 'lossChanged' });
  expect((await named())[0]?.allotted).toBe(200);
  expect(await freeTerm(town, { term: term.id, agreedLoss: 200 })).toEqual({ kind: 'ok', freed: 200 });
  // Asked again because the answer was lost, it is done already.
  expect(await freeTerm(town, { term: term.id, agreedLoss: 200 })).toEqual({ kind: 'ok', freed: 0 });
  expect(await named()).toEqual([]);
  await checkLaws(town);
});

// Invariants 28 and 31.
test('a break is resolved by a person with a note and a time, once, and never dropped', async () => {
  const { town, clock, till } = await aTown();
  await till.night();
  till.sell(3);
  await till.push();
  till.hashes[till.hashes.length - 1] = 'f'.repeat(64);
  till.sell(1);
  expect(await till.upload(till.texts.length, till.texts.length)).toEqual({ kind: 'refused', reason: 'fork' });
  const [open] = (await overview(town)).breaks;
  expect(open).toMatchObject({ kind: 'fork', till: till.from.till });
  const id = open?.id ?? '';
  clock.ms += HOUR_MS;
  const resolution = { id, by: '王干事', note: '核对过，以第一份为准' };
  expect(await resolveBreak(town, { ...resolution, id: 'none' })).toEqual({ kind: 'refused', reason: 'unknownBreak' });
  expect(await resolveBreak(town, { ...resolution, note: '  ' })).toEqual({ kind: 'refused', reason: 'badInput' });
  expect(await resolveBreak(town, resolution)).toEqual({ kind: 'ok' });
  expect(await resolveBreak(town, resolution)).toEqual({ kind: 'ok' });
  expect(await resolveBreak(town, { ...resolution, note: '别的' })).toEqual({ kind: 'refused', reason: 'duplicate' });
  expect((await overview(town)).breaks).toEqual([]);
  expect((await overview(town)).resolved).toMatchObject([{ ...resolution, resolvedAtMs: clock.ms }]);
  // The same finding again changes nothing of what the person wrote.
  await till.upload(till.texts.length, till.texts.length);
  expect(await breaksOf(town)).toMatchObject([{ id, resolvedBy: '王干事', resolvedAtMs: clock.ms }]);
});

test('nobody frees or resolves anything without being signed in', async () => {
  const { api } = await aTown();
  const refused = { kind: 'refused', reason: 'notSignedIn' };
  expect(await api.freeTerm({ term: 't', agreedLoss: 0 })).toEqual(refused);
  expect(await api.resolveBreak({ id: 'b', by: '王', note: '无' })).toEqual(refused);
});

test('the OpenAPI document names the new calls', async () => {
  const document = (await openApiDocument({ name: 'Test' })) as { paths: Record<string, unknown> };
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/console/overview', '/console/terms/free', '/console/breaks/resolve']),
  );
});
