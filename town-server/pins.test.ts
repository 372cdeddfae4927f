import { expect, test } from 'vitest';
import { unseal } from '../shared/signed.ts';
import { sealedPinSchema, type SealedPin } from '../shared/town-contract.ts';
import { listMembers } from './console.ts';
import { newId, verify } from './crypto.ts';
import { isEasyPin, setPin } from './pins.ts';
import { ANNA, BEN } from './test-steps.ts';
import { enrolTestTill } from './test-till.ts';
import { openTestTown } from './test-town.ts';

async function aTown() {
  const opened = await openTestTown([ANNA, BEN]);
  const till = await enrolTestTill(opened.api, await opened.code(), opened.nowMs);
  const requestOf = (pin: string, member = 'anna') =>
    till.signed({ request: newId(), member, document: 'sale-0001', pin });
  const ask = async (request: ReturnType<typeof requestOf>): Promise<SealedPin | string> => {
    const answer = await opened.api.checkPin(request);
    if (answer.kind === 'refused') return answer.reason;
    const proof = unseal('pin', answer.proof, opened.town.publicKey, verify, (value) => sealedPinSchema.parse(value));
    return proof.kind === 'opened' ? proof.value : proof.reason;
  };
  const stateOf = async () => (await listMembers(opened.town, { text: 'anna' })).members[0]?.pin;
  return { ...opened, till, requestOf, ask, stateOf };
}

/** Each try costs what it must cost a thief, and a busy machine takes longer. */
const SLOW_MS = 120_000;

test(
  'the town judges a PIN and locks it after five wrong ones in a row, until staff resets it (R-C4)',
  async () => {
    const { town, requestOf, ask, stateOf } = await aTown();
    expect(await ask(requestOf('384756'))).toMatchObject({ outcome: 'none' });
    expect(await setPin(town, { member: 'anna', pin: '384756' })).toEqual({ kind: 'ok' });
    expect(await ask(requestOf('000000'))).toMatchObject({ outcome: 'wrong', left: 4 });
    const request = requestOf('384756');
    expect(await ask(request)).toMatchObject({
      outcome: 'right',
      left: 5,
      request: request.request,
      member: 'anna',
      document: 'sale-0001',
    });
    // All at once is not a way to more tries: each is counted before it is answered.
    const outcomes = await Promise.all(['1', '2', '3', '4', '5', '6'].map((digit) => ask(requestOf(digit.repeat(6)))));
    const counted = outcomes.map((one) => (typeof one === 'string' ? one : one.outcome));
    expect(counted.filter((outcome) => outcome === 'wrong')).toHaveLength(4);
    expect(counted.filter((outcome) => outcome === 'locked')).toHaveLength(2);
    expect(await ask(requestOf('384756'))).toMatchObject({ outcome: 'locked', left: 0 });
    expect(await stateOf()).toBe('locked');
    await setPin(town, { member: 'anna', pin: '918273' });
    expect(await ask(requestOf('918273'))).toMatchObject({ outcome: 'right' });
    await setPin(town, { member: 'anna', pin: null });
    expect([await ask(requestOf('918273')), await stateOf()]).toMatchObject([{ outcome: 'none' }, 'none']);
  },
  SLOW_MS,
);

test(
  'a request that somebody picked up and sends again tries nothing and locks nobody out',
  async () => {
    const { town, api, requestOf, ask, stateOf, lines } = await aTown();
    await setPin(town, { member: 'anna', pin: '384756' });
    const right = requestOf('384756');
    const wrong = requestOf('000000');
    expect(await ask(right)).toMatchObject({ outcome: 'right' });
    expect(await ask(right)).toBe('duplicate');
    expect(await ask(wrong)).toMatchObject({ left: 4 });
    for (let times = 0; times < 5; times += 1) expect(await ask(wrong)).toBe('duplicate');
    expect(await stateOf()).toBe('set');
    expect(await api.checkPin({ ...right, request: newId() })).toMatchObject({ reason: 'wrongSignature' });
    // Neither the PIN nor a quick hash of it is anywhere.
    const row = await town.store.transact([], (transaction) => transaction.get('pin', { member: 'anna' }));
    expect(row?.hash).toMatch(/^[0-9a-f]{32}:[0-9a-f]{64}$/);
    expect(lines.join('\n')).not.toContain('384756');
  },
  SLOW_MS,
);

test('an easy PIN is refused, and so is one of nobody', async () => {
  const { town } = await aTown();
  for (const pin of ['111111', '123456', '987654', '012345', '12345', 'abcdef'])
    expect(await setPin(town, { member: 'anna', pin }), pin).toMatchObject({ reason: 'badInput' });
  expect(isEasyPin('135791')).toBe(false);
  expect(await setPin(town, { member: 'none', pin: '384756' })).toMatchObject({ reason: 'unknownMember' });
});
