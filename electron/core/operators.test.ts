import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../shared/till-contract.ts';
import { DAY_MS } from '../../shared/time.ts';
import { cardOf, cards, goods, openTestCore, pins, scan, sellAt, textsOf, type TestCore } from './test-core.ts';

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

describe('a staff card', () => {
  const badge = 'YG-000217';
  const manager = (): Command =>
    save({ id: 'operator-manager', name: '于海明', role: 'manager', pin: null, card: badge });
  const drawer = (card: string): Command => ({ kind: 'openDrawer', approval: { card } });
  const signIns = () => till.records().flatMap((record) => (record.kind === 'signIn' ? [record.body] : []));

  test('signs in by a scan where nobody is, and the journal says by what; goods there are refused', async () => {
    await till.ask(save({ card: cardOf(900) }));
    await till.ask({ kind: 'signOut' });
    expect(await till.send(scan(goods.bread.code))).toMatchObject({ reason: 'notSignedIn' });
    await till.ask(scan(cardOf(900), 'card'));
    expect((await till.screen()).operator?.id).toBe('operator-new');
    expect(signIns().at(-1)).toEqual({ operator: 'operator-new', outcome: 'in', by: 'card' });
    await till.ask(signIn(pins.manager));
    expect(signIns().at(-1)).toEqual({ operator: 'operator-manager', outcome: 'in', by: 'pin' });
  });

  test('leaves only a hash behind, on disk and in the journal', async () => {
    await till.ask(manager());
    const raw = readFileSync(join(till.folder, 'data', 'ledger.sqlite'), 'latin1');
    const log = readFileSync(join(till.folder, 'data', 'ledger.sqlite-wal'), 'latin1');
    for (const text of [raw, log, textsOf(till.folder).join('\n')]) {
      expect(text).not.toContain(badge);
      expect(text).not.toContain(badge.toLowerCase());
    }
    expect(await till.client.operators()).toContainEqual(
      expect.objectContaining({ id: 'operator-manager', hasCard: true }),
    );
  });

  test('of a manager allows what a cashier may not; of a cashier or a stranger it does not, and that is recorded', async () => {
    await till.ask(manager());
    await till.ask(save({ card: 'YG-000300' }));
    await till.ask(signIn(pins.cashier));
    expect(await till.send(drawer('YG-000999'))).toMatchObject({ reason: 'staffCardUnknown' });
    expect(signIns().at(-1)).toEqual({ operator: '', outcome: 'wrongCard' });
    expect(await till.send(drawer('YG-000300'))).toMatchObject({ reason: 'needsManager' });
    await till.ask(drawer(badge.toLowerCase()));
    expect(till.records().findLast((one) => one.kind === 'override')).toMatchObject({
      operator: 'operator-cashier',
      body: { what: 'drawer', by: 'operator-manager' },
    });
  });

  test('cuts a price and takes late goods back in a manager’s stead', async () => {
    await till.ask(manager());
    const receipt = await sellAt(till, goods.bread.code);
    await till.ask({ kind: 'nextSale' });
    till.world.advance(20 * DAY_MS);
    await till.ask(signIn(pins.cashier));
    await till.ask(scan(goods.bread.code));
    const cut = { kind: 'setPrice', line: 0, priceFen: 100, reason: 'damaged' } as const;
    expect(await till.send({ ...cut, approval: null })).toMatchObject({ reason: 'needsManager' });
    await till.ask({ ...cut, approval: { card: badge } });
    await till.ask({
      kind: 'refund',
      id: 'refund-0001',
      receipt,
      lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
      reason: 'quality',
      approval: { card: badge },
    });
    const overrides = till.records().flatMap((one) => (one.kind === 'override' ? [one.body] : []));
    expect(overrides).toEqual([
      expect.objectContaining({ what: 'manualPrice', by: 'operator-manager' }),
      expect.objectContaining({ what: 'refundAfterDays', by: 'operator-manager' }),
    ]);
  });

  test('is nobody else’s: not another operator’s, a member’s, an article, a payment code or two digits', async () => {
    await till.ask(manager());
    for (const card of [badge, cards.good, goods.bread.code]) {
      expect(await till.send(save({ card })), card).toMatchObject({ reason: 'staffCardTaken' });
    }
    for (const card of ['17', '134567890123456789']) {
      expect(await till.send(save({ card })), card).toMatchObject({ reason: 'badInput' });
    }
  });

  test('can be taken away, goes with who leaves, and is then free for the next', async () => {
    await till.ask(save({ card: badge }));
    await till.ask(save({ pin: null }));
    expect(await till.send(scan(badge))).toMatchObject({ reason: 'staffCardHere' });
    await till.ask(save({ pin: null, card: null }));
    expect(await till.send(scan(badge))).toMatchObject({ reason: 'unknownCode' });
    await till.ask(save({ pin: null, card: badge }));
    await till.ask(save({ pin: null, active: false }));
    await till.ask(save({ id: 'operator-next', pin: '5555', card: badge }));
    await till.ask({ kind: 'signOut' });
    await till.ask(scan(badge));
    expect((await till.screen()).operator?.id).toBe('operator-next');
  });
});

test('the wait after wrong PINs holds over a restart, for approvals as for signing in', async () => {
  await till.ask(signIn(pins.cashier));
  const ask = (pin: string): Command => ({ kind: 'openDrawer', approval: { pin } });
  for (let tries = 0; tries < 3; tries += 1) await till.send(ask('0000'));
  till = await till.again();
  expect(await till.send(ask(pins.manager))).toMatchObject({ reason: 'pinWait' });
  expect(await till.send(signIn(pins.manager))).toMatchObject({ reason: 'pinWait' });
  expect((await till.screen()).signInWaitUntilMs).toBeGreaterThan(till.world.clock.nowMs());
  till.world.advance(10_000);
  // One more wrong one waits twice as long: the tries before the restart count.
  expect(await till.send(ask('0000'))).toMatchObject({ reason: 'wrongPin' });
  till.world.advance(10_001);
  expect(await till.send(ask(pins.manager))).toMatchObject({ reason: 'pinWait' });
  till.world.advance(10_000);
  await till.ask(ask(pins.manager));
  expect(till.records().filter((one) => one.kind === 'signIn' && one.body['outcome'] === 'wrongPin')).toHaveLength(4);
});
