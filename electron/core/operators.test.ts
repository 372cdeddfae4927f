import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Command } from '../../shared/till-contract.ts';
import { openTestCore, pins, textsOf, type TestCore } from './test-core.ts';

let till: TestCore;
beforeEach(async () => {
  till = await openTestCore();
});
afterEach(() => till.close());

const signIn = (pin: string): Command => ({ kind: 'signIn', pin });
const save = (change: Partial<Extract<Command, { kind: 'saveOperator' }>> = {}): Command => ({
  kind: 'saveOperator',
  id: 'operator-new',
  name: '王新来',
  role: 'cashier',
  pin: '4321',
  active: true,
  ...change,
});

test('three wrong PINs are answered, then each further one waits longer, and the right one ends it', async () => {
  for (let tries = 0; tries < 3; tries += 1)
    expect(await till.send(signIn('0000'))).toMatchObject({ reason: 'wrongPin' });
  expect(await till.send(signIn(pins.manager))).toEqual({
    kind: 'refused',
    reason: 'pinWait',
    detail: { waitMs: 10_000 },
  });
  till.world.advance(10_000);
  expect(await till.send(signIn('0000'))).toMatchObject({ reason: 'wrongPin' });
  expect(await till.send(signIn(pins.manager))).toMatchObject({ reason: 'pinWait', detail: { waitMs: 20_000 } });
  till.world.advance(20_000);
  await till.ask(signIn(pins.manager));
  expect((await till.screen()).signInWaitUntilMs).toBe(0);
});

test('PINs of approvals count among the wrong ones, so that none can be tried out there', async () => {
  await till.ask(signIn(pins.cashier));
  const ask = (pin: string): Command => ({ kind: 'openDrawer', approval: { pin } });
  for (let tries = 0; tries < 3; tries += 1) expect(await till.send(ask('0000'))).toMatchObject({ reason: 'wrongPin' });
  expect(await till.send(ask(pins.manager))).toMatchObject({ reason: 'pinWait' });
});

test('a wrong PIN is recorded as such and names nobody; whoever is signed in stays so', async () => {
  await till.send(signIn('0000'));
  expect(till.records().at(-1)).toMatchObject({
    kind: 'signIn',
    operator: null,
    body: { operator: '', outcome: 'wrongPin' },
  });
  expect((await till.screen()).operator).toMatchObject({ id: 'operator-manager', mask: '于**' });
});

test('people are the manager’s to change, and a till never loses its last manager', async () => {
  await till.ask(signIn(pins.cashier));
  expect(await till.send(save())).toMatchObject({ reason: 'managerOnly' });
  await till.ask(signIn(pins.manager));
  await till.ask(save());
  await till.ask(signIn('4321'));
  await till.ask(signIn(pins.manager));
  const own = { id: 'operator-manager', name: '于海明', pin: null } as const;
  expect(await till.send(save({ ...own, role: 'cashier' }))).toMatchObject({ reason: 'needsManager' });
  expect(await till.send(save({ ...own, role: 'manager', active: false }))).toMatchObject({ reason: 'needsManager' });
  expect(await till.send(save({ id: 'operator-twin', pin: pins.cashier }))).toMatchObject({ reason: 'badInput' });
  expect(await till.send(save({ id: 'operator-none', pin: null }))).toMatchObject({ reason: 'badInput' });
});

test('one who left signs in no more, and a change of name or PIN leaves neither in the journal', async () => {
  await till.ask(save());
  await till.ask(save({ name: '王改名', pin: '8765' }));
  expect(await till.send(signIn('4321'))).toMatchObject({ reason: 'wrongPin' });
  await till.ask(save({ active: false, pin: null }));
  expect(await till.send(signIn('8765'))).toMatchObject({ reason: 'wrongPin' });
  const texts = textsOf(till.folder).join('\n');
  for (const secret of ['王新来', '王改名', '4321', '8765']) expect(texts).not.toContain(secret);
  expect((await till.client.operators()).find((one) => one.id === 'operator-new')).toMatchObject({ active: false });
});

test('who was signed in still is after a restart, and who signed out is not', async () => {
  await till.ask(signIn(pins.cashier));
  till = await till.again();
  expect((await till.screen()).operator?.id).toBe('operator-cashier');
  await till.ask({ kind: 'signOut' });
  till = await till.again();
  expect((await till.screen()).phase).toBe('signIn');
});
