import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { canonical, type CanonicalValue } from './canonical.ts';
import { readRecord, recordKinds, recordSchema, type RecordKind } from './journal.ts';
import { placesOf, withValue } from './mutated-sample.ts';
import { bodySchemas } from './record-bodies.ts';
import { sampleRecord } from './record-sample.ts';
import { scanRecord } from './record-scan.ts';

const encoder = new TextEncoder();
const scan = (text: string) => scanRecord(encoder.encode(text));

/** What the scan has to agree with: canonical form, shape, balance, and the body of its kind. */
function judgedSlowly(text: string): boolean {
  const read = readRecord(text);
  return read.kind === 'read' && bodySchemas[read.record.kind].safeParse(read.record.body).success;
}

/** Values of a schema, made from the schema itself, so that a new field or kind is tested without a word here. */
function valuesOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object': {
      const names = Object.keys(def.shape);
      const isOptional = (name: string): boolean => (def.shape[name] as z.core.$ZodTypes)._zod.def.type === 'optional';
      return fc.record(Object.fromEntries(names.map((name) => [name, valuesOf(def.shape[name] as z.core.$ZodType)])), {
        requiredKeys: names.filter((name) => !isOptional(name)),
      });
    }
    case 'optional':
      return valuesOf(def.innerType);
    case 'nullable':
      return fc.option(valuesOf(def.innerType), { nil: null });
    case 'array':
      return fc.array(valuesOf(def.element), { minLength: 1, maxLength: 3 });
    case 'record':
      return fc.dictionary(names, valuesOf(def.valueType), { maxKeys: 4, noNullPrototype: true });
    case 'string':
      return texts;
    case 'number': {
      const bound = (name: string): number | undefined => {
        const checks = (def.checks ?? []).map((check) => check._zod.def as { check: string; value?: number });
        return checks.find(({ check }) => check === name)?.value;
      };
      const [min, max] = [bound('greater_than') ?? -1_000, bound('less_than') ?? 1_000];
      return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
    }
    case 'boolean':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'literal':
      return fc.constantFrom(...def.values);
    default:
      throw new Error(`no values are made of ${def.type}`);
  }
}

const names = fc.constantFrom('fen drawer', 'fen sales', 'points term', 'a', 'ab', 'b', '');
const texts = fc.oneof(fc.constantFrom('大米', '😀 5 kg', 'x', '\u2028', '{"seq":1}'.replaceAll('"', "'")), fc.uuid());

const balanced = fc.array(fc.integer({ min: 1, max: 900_000 }), { maxLength: 2 }).map((amounts) =>
  amounts.flatMap((amount) => [
    { account: 'drawer', unit: 'fen', amount },
    { account: 'sales', unit: 'fen', amount: -amount, lot: 'l1' },
  ]),
);

function recordsOf(kind: RecordKind): fc.Arbitrary<object> {
  const { stock } = recordSchema.shape;
  return fc
    .record({
      body: valuesOf(bodySchemas[kind]),
      stock: valuesOf(stock),
      postings: balanced,
      operator: fc.option(texts, { nil: null }),
      seq: fc.integer({ min: 1, max: 900_000 }),
    })
    .map((change) => sampleRecord(kind, change as Parameters<typeof sampleRecord>[1]));
}

const anyRecord = fc.constantFrom(...recordKinds).chain(recordsOf);
const textOf = (record: object): string => canonical(record as CanonicalValue);

for (const kind of recordKinds) {
  test(`a ${kind} is known at one look, with its tail`, () => {
    fc.assert(
      fc.property(recordsOf(kind), (record) => {
        const text = textOf(record);
        expect(judgedSlowly(text)).toBe(true);
        expect(record).toMatchObject(scan(text) ?? { kind: 'unsure' });
      }),
      { numRuns: 15 },
    );
  });
}

test('a text with an escape is left to the long way, which reads it', () => {
  const text = textOf(sampleRecord('signIn', { body: { operator: '"o1"', outcome: 'in' } }));
  expect(scan(text)).toBeNull();
  expect(judgedSlowly(text)).toBe(true);
});

const signIn = sampleRecord('signIn', { body: { operator: 'o1', outcome: 'in' }, operator: 'o1' });
const signInText = textOf(signIn);
for (const [what, text] of [
  ['a body of another kind', textOf({ ...signIn, kind: 'cashMove' })],
  ['a kind that is none', textOf({ ...signIn, kind: 'party' })],
  ['postings that do not balance', textOf({ ...signIn, postings: [{ account: 'drawer', unit: 'fen', amount: 1 }] })],
  ['a posting of nothing', textOf({ ...signIn, postings: [{ account: 'drawer', unit: 'fen', amount: 0 }] })],
  ['a field too many', textOf({ ...signIn, zero: 0 })],
  ['a field too few', textOf({ ...signIn, town: undefined })],
  ['an empty name of a till', textOf({ ...signIn, till: '' })],
  ['a day that is none', textOf({ ...signIn, businessDay: '2026-3-1' })],
  ['a hash in capitals', textOf({ ...signIn, previous: 'A'.repeat(64) })],
  ['a hash with a line behind it', signInText.replace('0","seq"', '0\n","seq"')],
  ['a duplicate key', signInText.replace('"seq":1', '"seq":1,"seq":1')],
  ['a duplicate key in the body', signInText.replace('"outcome":"in"', '"outcome":"in","outcome":"in"')],
  ['keys in another order', signInText.replace('"operator":"o1","outcome":"in"', '"outcome":"in","operator":"o1"')],
  ['white space', signInText.replace('"seq":1', '"seq": 1')],
  ['something behind it', `${signInText} `],
  ['something before it', `\ufeff${signInText}`],
  ['an integer that is not safe', signInText.replace('"seq":1', '"seq":9007199254740993')],
  ['a leading zero', signInText.replace('"seq":1', '"seq":01')],
  ['a fraction', signInText.replace('"seq":1', '"seq":1.0')],
  ['an exponent', signInText.replace('"seq":1', '"seq":1e0')],
  ['minus zero', signInText.replace('"at":1772330400000', '"at":-0')],
  ['a raw control character', signInText.replace('"o1"', '"o\u0001"')],
  ['a cut text', signInText.slice(0, -1)],
  ['nothing', ''],
] as const) {
  test(`${what} is not known at one look, and the long way refuses it`, () => {
    expect(scan(text)).toBeNull();
    expect(judgedSlowly(text)).toBe(false);
  });
}

test('names of a dictionary that are not in order, or stand twice, are not known', () => {
  const close = (accounts: string): string =>
    textOf(
      sampleRecord('shiftClose', {
        body: {
          shift: 's1',
          expectedFen: 1,
          countedFen: 1,
          differenceFen: 0,
          held: 0,
          unsent: 0,
          totals: {
            ...Object.fromEntries(
              ['records', 'sales', 'refunds', 'lines', 'totalFen', 'pointsSpent', 'pointsBack', 'cashFen'].map(
                (name) => [name, 1],
              ),
            ),
            mobileFen: 1,
            accounts: {},
          },
        },
      }),
    ).replace('"accounts":{}', `"accounts":{${accounts}}`);
  for (const accounts of ['', '"a":1', '"a":1,"ab":2', '"a":1,"ab":2,"b":3']) {
    expect([accounts, scan(close(accounts)) !== null, judgedSlowly(close(accounts))]).toEqual([accounts, true, true]);
  }
  for (const accounts of ['"b":1,"a":2', '"a":1,"a":1', '"ab":1,"a":2', '"a":1,', ',"a":1', '"a":1.5']) {
    expect([accounts, scan(close(accounts)), judgedSlowly(close(accounts))]).toEqual([accounts, null, false]);
  }
});

// From here on: laws.

/** One edit of a text: a byte that turns over, a piece that goes or comes twice, or one of a few treacherous pieces. */
const edits = fc.record({
  at: fc.nat(),
  length: fc.integer({ min: 0, max: 6 }),
  piece: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom(
      '0',
      '-',
      '-0',
      '1.0',
      '1e3',
      '"',
      '\\',
      '\\u0041',
      '\n',
      ' ',
      ',',
      '{}',
      '[]',
      'null',
      '\ud800',
      '9007199254740993',
    ),
  ),
});

test('whatever is edited in a record, the scan never says yes where the long way says no', () => {
  fc.assert(
    fc.property(anyRecord, fc.array(edits, { minLength: 1, maxLength: 2 }), (record, changes) => {
      let text = textOf(record);
      for (const { at, length, piece } of changes) {
        const from = at % (text.length + 1);
        text = text.slice(0, from) + piece + text.slice(from + length);
      }
      // A lone surrogate has no bytes: who encodes a text looks for it first.
      if (text.isWellFormed() && scan(text) !== null) expect([text, judgedSlowly(text)]).toEqual([text, true]);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever byte of a record is another, the scan never says yes where the long way says no', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(anyRecord, fc.nat(), fc.nat({ max: 255 }), (record, at, byte) => {
      const bytes = encoder.encode(textOf(record));
      bytes[at % bytes.length] = byte;
      let text: string;
      try {
        text = decoder.decode(bytes);
      } catch {
        return;
      }
      if (scanRecord(bytes) !== null) expect([text, judgedSlowly(text)]).toEqual([text, true]);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever value stands in a field instead, scan and long way agree on records without escapes', () => {
  const values = fc.constantFrom<CanonicalValue>(0, -1, 1, 6, '', 'x', null, true, [], {}, 999_999_999_999_999);
  fc.assert(
    fc.property(anyRecord, fc.nat(), values, (record, at, value) => {
      const places = placesOf(record);
      const place = places[at % places.length];
      if (place === undefined) return;
      const changed = textOf(structuredClone(withValue(record, place, value)) as object);
      expect([changed, scan(changed) !== null]).toEqual([changed, judgedSlowly(changed)]);
    }),
    { numRuns: 1_000 },
  );
});
