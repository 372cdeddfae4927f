import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, type CanonicalValue } from './canonical.ts';
import {
  followsHead,
  GENESIS_PREVIOUS,
  isBalanced,
  readRecord,
  recordHash,
  recordText,
  type ChainHead,
  type JournalRecord,
  type Posting,
} from './journal.ts';
import { bodyOf } from './record-bodies.ts';
import { sampleRecord } from './record-sample.ts';
import type { Hash } from './signed.ts';

const hash: Hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
const START: ChainHead = { incarnation: 1, seq: 0, hash: GENESIS_PREVIOUS };

const first = sampleRecord('signIn', { body: { operator: 'o1', outcome: 'in' } });
const firstText = recordText(first);
const head: ChainHead = { incarnation: 1, seq: 1, hash: recordHash(firstText, hash) };

function second(change: Partial<JournalRecord> = {}): JournalRecord {
  return sampleRecord('cashMove', {
    seq: 2,
    operator: 'o1',
    body: { shift: 's1', direction: 'in', amountFen: 500, reason: '找零 😀' },
    postings: [
      { account: 'drawer', unit: 'fen', amount: 500 },
      { account: 'safe', unit: 'fen', amount: -500 },
    ],
    stock: [{ item: 'i1', batch: null, delta: -3, line: 0 }],
    previous: head.hash,
    ...change,
  });
}

/** The outcome of putting a record behind the first one. */
function outcome(record: object | string): string {
  const text = typeof record === 'string' ? record : canonical(record as CanonicalValue);
  const step = followsHead(head, text, 'till-1', hash);
  return step.kind === 'follows' ? 'follows' : step.reason;
}

test('the hash of a record is SHA-256 over the domain, a zero byte and its exact bytes (invariant 10)', () => {
  const bytes = Buffer.concat([Buffer.from('onecard/v1'), Buffer.from([0]), Buffer.from(firstText, 'utf8')]);
  expect(recordHash(firstText, hash)).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(recordHash(firstText, hash)).not.toBe(createHash('sha256').update(firstText).digest('hex'));
});

test('a record is read back as it was written', () => {
  expect(readRecord(recordText(second()))).toEqual({ kind: 'read', record: second() });
});

test('the chain before genesis is seq 0 with 64 zeros, and the first record follows it', () => {
  expect(GENESIS_PREVIOUS).toBe('0000000000000000000000000000000000000000000000000000000000000000');
  expect(followsHead(START, firstText, 'till-1', hash)).toEqual({ kind: 'follows', record: first, head });
});

for (const [what, change, expected] of [
  ['the next record', {}, 'follows'],
  ['a record after a gap', { seq: 3 }, 'gap'],
  ['the same sequence again', { seq: 1 }, 'gap'],
  ['a record that names another one before it', { previous: 'a'.repeat(64) }, 'brokenChain'],
  ['a second beginning', { previous: GENESIS_PREVIOUS }, 'brokenChain'],
  ['a record of another till', { till: 'till-2' }, 'foreign'],
  ['a record of another incarnation', { incarnation: 2 }, 'foreign'],
  ['a hash in capitals', { previous: head.hash.toUpperCase() }, 'wrongShape'],
  ['a hash cut short', { previous: head.hash.slice(1) }, 'wrongShape'],
  ['a sequence of nothing', { seq: 0 }, 'wrongShape'],
  ['a day that is none', { businessDay: '2026-3-1' }, 'wrongShape'],
  ['another version', { v: 2 }, 'wrongShape'],
  ['an unknown kind', { kind: 'gift' }, 'wrongShape'],
  ['a field more', { extra: 1 }, 'wrongShape'],
  ['an empty id', { id: '' }, 'wrongShape'],
  ['an unknown unit', { postings: [{ account: 'drawer', unit: 'yuan', amount: 1 }] }, 'wrongShape'],
  ['a posting without its other side', { postings: [{ account: 'drawer', unit: 'fen', amount: 1 }] }, 'unbalanced'],
  ['an empty posting', { postings: [{ account: 'drawer', unit: 'fen', amount: 0 }] }, 'unbalanced'],
] as const) {
  test(`${what}: ${expected} (invariant 9)`, () => {
    expect(outcome({ ...second(), ...change })).toBe(expected);
  });
}

test('a record without one of its fields has the wrong shape', () => {
  for (const field of Object.keys(second())) {
    const { [field]: _, ...rest } = second() as unknown as Record<string, unknown>;
    expect([field, outcome(rest)]).toEqual([field, 'wrongShape']);
  }
});

for (const [what, text, expected] of [
  ['no JSON', 'record', 'notJson'],
  ['a list', '[]', 'wrongShape'],
  ['white space', `${recordText(second())}\n`, 'notCanonical'],
  ['a fraction', recordText(second()).replace('-500', '-500.5'), 'notAnInteger'],
  ['a duplicate key', recordText(second()).replace('{', '{"at":1,'), 'notCanonical'],
  ['brackets without end', '['.repeat(200_000) + ']'.repeat(200_000), 'unsupportedValue'],
] as const) {
  test(`a text with ${what} is refused as ${expected}`, () => {
    expect(outcome(text)).toBe(expected);
  });
}

const spend = (change: Partial<Posting> = {}, kind: 'sale' | 'cashMove' = 'sale'): string =>
  recordText(
    sampleRecord(kind, {
      postings: [
        { account: 'spent', unit: 'points', amount: 5, lot: 'x' },
        { account: 'allotment', unit: 'points', amount: -5, lot: 'x', term: 't', ...change },
      ],
    }),
  );
const giving = recordText(
  sampleRecord('sale', {
    postings: [
      { account: 'spent', unit: 'points', amount: -5, lot: 'x' },
      { account: 'allotment', unit: 'points', amount: 5, lot: 'x', term: 't' },
    ],
  }),
);

for (const [what, text, expected] of [
  ['points spent from a term', spend(), 'read'],
  ['points that a sale gives to a term', giving, 'wrongPostings'],
  ['points of no term', spend().replace(',"term":"t"', ''), 'wrongPostings'],
  ['points on an account of another kind', spend({ account: 'granted' }), 'wrongPostings'],
  ['points on an account that every object has', spend({ account: 'constructor' }), 'wrongPostings'],
  ['points in a kind that moves none', spend({}, 'cashMove'), 'wrongPostings'],
  ['more fen than any shop has', recordText(second()).replaceAll('500', '50000000000000'), 'wrongPostings'],
  ['a day that no calendar has', recordText(second()).replace('"2026-', '"2026-9'), 'wrongShape'],
  ['an instant behind all calendars', recordText(second({ at: Number.MAX_SAFE_INTEGER })), 'wrongShape'],
] as const) {
  test(`a record with ${what}: ${expected} (invariants 2 and 12)`, () => {
    const read = readRecord(text);
    expect(read.kind === 'read' ? 'read' : read.reason).toBe(expected);
  });
}

const fen = (...amounts: number[]): Posting[] => amounts.map((amount) => ({ account: 'a', unit: 'fen', amount }));

for (const [what, postings, balanced] of [
  ['no postings', [], true],
  ['two sides', fen(5, -5), true],
  ['one side', fen(5), false],
  ['a zero between', fen(5, 0, -5), false],
  ['fen against points', [...fen(5), { account: 'b', unit: 'points', amount: -5, lot: 'x' }], false],
  [
    'points of one lot against another',
    [
      { account: 'spent', unit: 'points', amount: 5, lot: 'x' },
      { account: 'allotment', unit: 'points', amount: -5, lot: 'y' },
    ],
    false,
  ],
  [
    'points of one lot over two accounts',
    [
      { account: 'spent', unit: 'points', amount: 5, lot: 'x' },
      { account: 'allotment', unit: 'points', amount: -5, lot: 'x', term: 't' },
    ],
    true,
  ],
  [
    'points that name no lot',
    [
      { account: 'spent', unit: 'points', amount: 5 },
      { account: 'allotment', unit: 'points', amount: -5 },
    ],
    false,
  ],
  [
    'a sum that is zero only because it was rounded',
    fen(Number.MAX_SAFE_INTEGER, 2, -Number.MAX_SAFE_INTEGER, -1),
    false,
  ],
] as const satisfies readonly (readonly [string, readonly Posting[], boolean])[]) {
  test(`${what}: ${balanced ? 'balanced' : 'not balanced'} (invariants 1 and 2)`, () => {
    expect(isBalanced(postings)).toBe(balanced);
  });
}

test('postings balance exactly when the exact sums of each unit and lot are zero (invariant 1)', () => {
  const amount = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger());
  const posting = fc.record(
    { account: fc.constant('a'), unit: fc.constantFrom('fen', 'points'), amount, lot: fc.constantFrom('x', 'y') },
    { requiredKeys: ['account', 'unit', 'amount'] },
  ) as fc.Arbitrary<Posting>;
  fc.assert(
    fc.property(fc.array(posting, { maxLength: 6 }), (postings) => {
      const sums = new Map<string, bigint>();
      for (const one of postings) {
        const key = one.unit === 'fen' ? 'fen' : `points ${one.lot ?? ''}`;
        sums.set(key, (sums.get(key) ?? 0n) + BigInt(one.amount));
      }
      const exact =
        postings.every((one) => one.amount !== 0 && (one.unit === 'fen' || one.lot !== undefined)) &&
        [...sums.values()].every((sum) => sum === 0n);
      if (isBalanced(postings)) expect(exact).toBe(true);
      else if (postings.every((one) => Math.abs(one.amount) < 4)) expect(exact).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('every single-byte change of a record is refused or breaks the chain behind it (invariants 9 and 10)', () => {
  const bytes = Buffer.from(recordText(second()), 'utf8');
  const third = recordText(sampleRecord('signIn', { seq: 3, previous: recordHash(recordText(second()), hash) }));
  const decode = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let at = 0; at < bytes.length; at += 1) {
    for (const flip of [0x01, 0x02, 0x20, 0x80]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ flip;
      const step = followsHead(head, decode.decode(changed), 'till-1', hash);
      if (step.kind === 'refused') continue;
      const after = followsHead(step.head, third, 'till-1', hash);
      expect(after).toEqual({ kind: 'refused', reason: 'brokenChain' });
    }
  }
});

test('a byte left out, put in, or swapped with the next is refused or breaks the chain behind it', () => {
  const bytes = Buffer.from(recordText(second()), 'utf8');
  const original = recordHash(recordText(second()), hash);
  const at = fc.nat(bytes.length - 2);
  const mutated = fc.oneof(
    at.map((index) => Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + 1)])),
    fc
      .tuple(at, fc.nat(255))
      .map(([index, byte]) => Buffer.concat([bytes.subarray(0, index), Buffer.from([byte]), bytes.subarray(index)])),
    at.map((index) =>
      Buffer.from(bytes)
        .fill(bytes[index + 1] ?? 0, index, index + 1)
        .fill(bytes[index] ?? 0, index + 1, index + 2),
    ),
  );
  fc.assert(
    fc.property(mutated, (changed) => {
      fc.pre(!changed.equals(bytes));
      const step = followsHead(head, changed.toString('utf8'), 'till-1', hash);
      if (step.kind === 'follows') expect(step.head.hash).not.toBe(original);
    }),
    { numRuns: 1000 },
  );
});

test('a chain of any length follows itself, and no record of it follows any other place (invariant 9)', () => {
  const texts: string[] = [];
  const heads: ChainHead[] = [START];
  for (let seq = 1; seq <= 12; seq += 1) {
    const text = recordText(sampleRecord('signIn', { seq, previous: heads[seq - 1]?.hash ?? '' }));
    texts.push(text);
    heads.push({ incarnation: 1, seq, hash: recordHash(text, hash) });
  }
  for (const [place, from] of heads.entries()) {
    for (const [index, text] of texts.entries()) {
      const step = followsHead(from, text, 'till-1', hash);
      expect(step.kind === 'follows' ? step.head : step.reason).toEqual(index === place ? heads[place + 1] : 'gap');
    }
  }
});

test('a body is read as its own kind only', () => {
  expect(bodyOf(first, 'signIn')).toEqual({ operator: 'o1', outcome: 'in' });
  expect(bodyOf(first, 'sale')).toBeNull();
  expect(bodyOf({ ...first, body: { operator: 'o1', outcome: 'maybe' } }, 'signIn')).toBeNull();
});
