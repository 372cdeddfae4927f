import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cardStateSchema,
  cardTokenHash,
  cardViewSchema,
  judgeCard,
  maskOf,
  memberStateSchema,
  memberViewSchema,
  type CardState,
  type CardView,
  type MemberView,
} from './member.ts';
import type { Hash } from './signed.ts';

const DAY = '2026-03-01';
const hash: Hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

const member: MemberView = {
  id: 'm1',
  mask: '孙**',
  village: 'v1',
  villageName: '东村',
  stars: 3,
  state: 'active',
  standingWish: 'none',
  townPoints: 120,
  spentToday: 0,
  spentThisMonth: 0,
  spentDay: DAY,
  nextExpiry: null,
  savedThisYearFen: 0,
  countedSeq: 0,
  asOfMs: 0,
};
const card: CardView = {
  id: 'c1',
  tokenHash: 'f'.repeat(64),
  member: 'm1',
  lastFour: '0018',
  state: 'active',
  expiresOn: null,
};

for (const [name, mask] of [
  ['孙小', '孙**'],
  ['孙悟空', '孙**'],
  ['欧阳修之子', '欧**'],
  ['王', '王**'],
  ['𠮷田', '𠮷**'],
  ['Anna', 'A**'],
] as const) {
  test(`${name} is shown as ${mask} (R-V1)`, () => {
    expect(maskOf(name)).toBe(mask);
  });
}

test('a name that is missing is masked as 会员 (R-V1)', () => {
  expect(maskOf('')).toBe('会员**');
});

test('a mask is well formed and tells nothing but the first character, not even the length (R-V1)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const mask = maskOf(name);
      expect(mask.isWellFormed()).toBe(true);
      expect(Array.from(mask)).toEqual([Array.from(name)[0], '*', '*']);
    }),
  );
});

for (const [state, expected] of [
  ['active', null],
  ['issued', 'cardNotActive'],
  ['cancelled', 'cardNotActive'],
  ['lost', 'cardLost'],
  ['blocked', 'cardBlocked'],
  ['replaced', 'cardReplaced'],
] as const satisfies readonly (readonly [CardState, string | null])[]) {
  test(`a card that is ${state}: ${expected ?? 'counts'}`, () => {
    expect(judgeCard({ ...card, state }, member, DAY)).toBe(expected);
  });
}

test('every state of a card and of a member is judged, and only active ones count', () => {
  for (const state of cardStateSchema.options)
    expect(judgeCard({ ...card, state }, member, DAY) === null).toBe(state === 'active');
  for (const state of memberStateSchema.options)
    expect(judgeCard(card, { ...member, state }, DAY)).toBe(state === 'active' ? null : 'memberNotActive');
});

for (const [what, oneCard, oneMember, expected] of [
  ['a card nobody knows', null, member, 'cardUnknown'],
  ['a card whose member is not here', card, null, 'cardUnknown'],
  ['a card on its last day', { ...card, expiresOn: DAY }, member, null],
  ['a card the day after', { ...card, expiresOn: '2026-02-28' }, member, 'cardExpired'],
  [
    'a lost card that has also expired: lost, which matters more',
    { ...card, state: 'lost', expiresOn: '2026-02-28' },
    member,
    'cardLost',
  ],
  [
    'a lost card of a member who moved out: lost',
    { ...card, state: 'lost' },
    { ...member, state: 'moved_out' },
    'cardLost',
  ],
  [
    'an expired card of a suspended member: expired',
    { ...card, expiresOn: '2026-02-28' },
    { ...member, state: 'suspended' },
    'cardExpired',
  ],
] as const) {
  test(`${what}: ${expected ?? 'counts'}`, () => {
    expect(judgeCard(oneCard, oneMember, DAY)).toBe(expected);
  });
}

test('a card token is named by a hash in which its town stands, so tokens of two towns never meet', () => {
  const named = cardTokenHash('9800000000018', 'town-1', hash);
  const bytes = ['onecard/v1/card', 'town-1', '9800000000018'].join('\u0000');
  expect(named).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(cardTokenHash('9800000000018', 'town-2', hash)).not.toBe(named);
  expect(cardTokenHash('9800000000019', 'town-1', hash)).not.toBe(named);
  expect(named).toMatch(/^[0-9a-f]{64}$/);
});

test('what a till may know of a member and a card has no place for a name, a phone or a card number (R-V3)', () => {
  const more = { name: '孙悟空', phone: '13800000000', idNumber: '1', token: '9800000000018' };
  expect(memberViewSchema.parse({ ...member, ...more })).toEqual(member);
  expect(cardViewSchema.parse({ ...card, ...more })).toEqual(card);
});
