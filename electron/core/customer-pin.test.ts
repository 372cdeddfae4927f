import { expect, test } from 'vitest';
import type { SealedPin } from '../../shared/town-contract.ts';
import { createCustomerPin } from './customer-pin.ts';
import { openTestTill } from './test-till.ts';
import type { TownTrouble } from './town-client.ts';

type Judged = Pick<SealedPin, 'outcome' | 'left'> | 'unreachable' | 'silent';

function aQuestion(...answers: readonly Judged[]) {
  const till = openTestTill();
  const heard: string[] = [];
  const proven: string[] = [];
  const asked = [...answers];
  const pin = createCustomerPin({
    world: till.world,
    check: async (wanted) => {
      heard.push(wanted.request);
      const answer = asked.shift() ?? 'unreachable';
      if (answer === 'silent') return new Promise<TownTrouble>(() => {});
      if (answer === 'unreachable') return { kind: 'trouble', because: 'unreachable' };
      const { request, member, document } = wanted;
      const place = { v: 1, town: 'town', till: 'till', incarnation: 1, issuedAtMs: 0 } as const;
      return { kind: 'judged', proof: { ...place, request, member, document, ...answer } };
    },
    proven: (document, member) => void proven.push(`${document} ${member}`),
    changed: () => {},
  });
  pin.ask('sale-1', 'anna', '孙**');
  const shown = () => pin.shown('sale-1');
  const ask = shown()?.ask ?? '';
  return { till, pin, heard, proven, shown, ask };
}

test('the right PIN is proven for its sale and member, and the question is over', async () => {
  const { till, pin, proven, shown, ask } = aQuestion({ outcome: 'right', left: 5 });
  expect(shown()).toMatchObject({ mask: '孙**', state: 'asked' });
  expect(pin.shown('sale-2')).toBeNull();
  expect(await pin.enter(ask, '384756')).toEqual({ kind: 'done' });
  expect([proven, shown()]).toEqual([['sale-1 anna'], null]);
  till.close();
});

test('a wrong one says how many tries are left, each with an id of its own; locked takes no more', async () => {
  const { till, pin, heard, proven, shown, ask } = aQuestion(
    { outcome: 'wrong', left: 1 },
    { outcome: 'locked', left: 0 },
  );
  expect(await pin.enter(ask, '000000')).toMatchObject({ reason: 'wrongPin' });
  expect(shown()).toMatchObject({ state: 'wrong', left: 1 });
  await pin.enter(ask, '111111');
  expect(shown()).toMatchObject({ state: 'locked', left: null });
  expect(await pin.enter(ask, '384756')).toMatchObject({ reason: 'noSale' });
  expect([new Set(heard).size, proven]).toEqual([2, []]);
  till.close();
});

test('without the town nothing is proven, at once or after five seconds, and it may be tried again', async () => {
  const { till, pin, proven, shown, ask } = aQuestion('unreachable', 'silent', { outcome: 'right', left: 5 });
  expect(await pin.enter(ask, '384756')).toMatchObject({ reason: 'townNeeded' });
  expect(shown()).toMatchObject({ state: 'unreachable' });
  const waiting = pin.enter(ask, '384756');
  expect(shown()).toMatchObject({ state: 'checking' });
  till.advance(5_000);
  expect(await waiting).toMatchObject({ reason: 'townNeeded' });
  expect(proven).toEqual([]);
  expect(await pin.enter(ask, '384756')).toEqual({ kind: 'done' });
  till.close();
});

test('an answer to a question that nobody asks any more proves nothing', async () => {
  const { till, pin, proven, ask } = aQuestion({ outcome: 'right', left: 5 });
  const late = pin.enter(ask, '384756');
  pin.cancel();
  pin.ask('sale-1', 'ben', '周**');
  expect(await late).toMatchObject({ reason: 'noSale' });
  expect(proven).toEqual([]);
  expect(await pin.enter(ask, '384756')).toMatchObject({ reason: 'noSale' });
  till.close();
});
