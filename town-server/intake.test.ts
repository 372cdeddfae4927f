import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GENESIS_PREVIOUS, recordText, type ChainHead, type JournalRecord } from '../shared/journal.ts';
import { sampleRecord } from '../shared/record-sample.ts';
import { faultOf, surelyNext } from './intake.ts';

const encoder = new TextEncoder();
const TOWN = { id: 'town-1' };
const head: ChainHead = { incarnation: 1, seq: 1, hash: 'a'.repeat(64) };

function next(change: Partial<JournalRecord> = {}): JournalRecord {
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

const isSure = (text: string, after: ChainHead): boolean =>
  surelyNext(TOWN, encoder.encode(text), after, 'till-1', 'shop-1');
const fault = (text: string, after: ChainHead): string | null => faultOf(TOWN, text, after, 'till-1', 'shop-1', null);

test('a record as a till writes it is known at one look', () => {
  expect([isSure(recordText(next()), head), fault(recordText(next()), head)]).toEqual([true, null]);
});

test('a genesis is never known at one look: its key is compared', () => {
  const start: ChainHead = { incarnation: 1, seq: 0, hash: GENESIS_PREVIOUS };
  const genesis = recordText(
    sampleRecord('genesis', { body: { publicKey: 'k', incarnationId: 'i', because: 'enrolled' } }),
  );
  expect([isSure(genesis, start), fault(genesis, start)]).toEqual([false, 'foreign']);
  const second = recordText(next({ kind: 'genesis', body: { publicKey: 'k', incarnationId: 'i', because: 'moved' } }));
  expect([isSure(second, head), fault(second, head)]).toEqual([false, 'foreign']);
});

for (const [what, change, reason] of [
  ['of another town', { town: 'town-2' }, 'foreign'],
  ['of another shop', { shop: 'shop-2' }, 'foreign'],
  ['of another till', { till: 'till-2' }, 'foreign'],
  ['of another incarnation', { incarnation: 2 }, 'foreign'],
  ['that leaves one out', { seq: 3 }, 'gap'],
  ['that names another before it', { previous: 'b'.repeat(64) }, 'brokenChain'],
  ['that does not balance', { postings: [{ account: 'drawer', unit: 'fen', amount: 1 }] }, 'unbalanced'],
  ['with a body of another kind', { kind: 'signIn' }, 'wrongBody'],
] as const) {
  test(`a record ${what} is not known at one look, and refused as ${reason}`, () => {
    const text = recordText(next(change as Partial<JournalRecord>));
    expect([isSure(text, head), fault(text, head)]).toEqual([false, reason]);
  });
}

test('whatever is edited in a record, one look never takes what the long way refuses', () => {
  const text = recordText(next());
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('0', '1', '2', '-', '"', '\\', ' ', ',', '\\u0061', '{}', 'null'),
  );
  fc.assert(
    fc.property(fc.nat({ max: text.length }), fc.nat({ max: 3 }), piece, (at, length, put) => {
      const edited = text.slice(0, at) + put + text.slice(at + length);
      if (edited.isWellFormed() && isSure(edited, head)) expect([edited, fault(edited, head)]).toEqual([edited, null]);
    }),
    { numRuns: 2_000 },
  );
});
