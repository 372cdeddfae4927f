import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, readCanonical, type CanonicalValue } from './canonical.ts';

const refused = (text: string): string => {
  const read = readCanonical(text);
  return read.kind === 'refused' ? read.reason : 'read';
};

test('keys stand in the order of their UTF-16 code units, so an emoji comes before a later plain character', () => {
  const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
  expect(canonical(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
});

test('keys that look like numbers are ordered as text, whatever order the engine keeps them in', () => {
  expect(canonical({ 10: 'b', 9: 'a', 1: 'c', a: 'd', A: 'e', '': 'f' })).toBe(
    '{"":"f","1":"c","10":"b","9":"a","A":"e","a":"d"}',
  );
});

test('strings are escaped as RFC 8785 says: short escapes, lower-case hex for other controls, nothing else', () => {
  expect(canonical('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  expect(canonical('\b\t\n\f\r\u0000\u001f')).toBe('"\\b\\t\\n\\f\\r\\u0000\\u001f"');
  expect(canonical('\u007f\u2028\u2029\u{1f600}大米/')).toBe('"\u007f\u2028\u2029\u{1f600}大米/"');
});

for (const [what, value, text] of [
  ['zero', 0, '0'],
  ['minus zero is zero', -0, '0'],
  ['the largest safe integer', Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ['the smallest safe integer', Number.MIN_SAFE_INTEGER, '-9007199254740991'],
  ['literals', [true, false, null], '[true,false,null]'],
  ['empty things', [{}, [], ''], '[{},[],""]'],
  ['fields that are undefined are left out', { b: undefined, a: 1 }, '{"a":1}'],
] as const) {
  test(`${what}: written as ${text}`, () => {
    expect(canonical(value)).toBe(text);
  });
}

for (const [what, value] of [
  ['a fraction', 1.5],
  ['infinity', Infinity],
  ['not a number', NaN],
  ['an unsafe integer', 2 ** 53],
  ['a lone surrogate', '\ud800'],
  ['a lone surrogate as a key', { '\udc00': 1 }],
  ['nothing in a list', [undefined]],
  ['a hole in a list', Array.from({ length: 2 }).fill('a', 1)],
  ['a lone surrogate in a list of strings', ['a', '\ud800']],
] as const) {
  test(`${what} has no canonical form: writing it throws`, () => {
    expect(() => canonical(value as unknown as CanonicalValue)).toThrow('no canonical form');
  });
}

for (const [what, text, reason] of [
  ['an empty text', '', 'notJson'],
  ['a cut text', '{"a":1', 'notJson'],
  ['two values', '1 2', 'notJson'],
  ['a byte order mark', '\ufeff{}', 'notJson'],
  ['white space between', '{"a": 1}', 'notCanonical'],
  ['white space around', ' {}', 'notCanonical'],
  ['a line end', '{}\n', 'notCanonical'],
  ['a duplicate key', '{"a":1,"a":1}', 'notCanonical'],
  ['a duplicate key spelt with an escape', '{"a":1,"\\u0061":2}', 'notCanonical'],
  ['keys in another order', '{"b":1,"a":2}', 'notCanonical'],
  ['an escape that is not needed', '"\\u0041"', 'notCanonical'],
  ['an escaped slash', '"\\/"', 'notCanonical'],
  ['upper-case hex in an escape', '"\\u001F"', 'notCanonical'],
  ['a surrogate pair spelt with escapes', '"\\ud83d\\ude00"', 'notCanonical'],
  ['minus zero', '-0', 'notCanonical'],
  ['a whole number with decimals', '1.0', 'notCanonical'],
  ['a whole number with an exponent', '1e2', 'notCanonical'],
  ['a fraction', '1.5', 'notAnInteger'],
  ['a number beyond all', '1e400', 'notAnInteger'],
  ['2 to the 53rd', '9007199254740992', 'unsafeInteger'],
  ['an integer that would be rounded', '9007199254740993', 'unsafeInteger'],
  ['a lone high surrogate', '"\\ud800"', 'loneSurrogate'],
  ['a lone surrogate that came raw', '"\ud800"', 'loneSurrogate'],
  ['a lone surrogate in a key', '{"\\udc00":1}', 'loneSurrogate'],
] as const) {
  test(`${what} is refused as ${reason}`, () => {
    expect(refused(text)).toBe(reason);
  });
}

test('a text nested deeper than any record is refused, not thrown at whoever reads it', () => {
  for (const depth of [200, 100_000]) {
    expect(refused('['.repeat(depth) + ']'.repeat(depth))).toBe('unsupportedValue');
    expect(refused('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))).toBe('unsupportedValue');
  }
});

test('a key named __proto__ is a field like any other and changes no prototype', () => {
  const text = '{"__proto__":{"admin":true},"a":1}';
  const read = readCanonical(text);
  expect(read.kind).toBe('read');
  if (read.kind === 'refused') return;
  expect(canonical(read.value as CanonicalValue)).toBe(text);
  expect(Object.getPrototypeOf(read.value)).toBe(Object.prototype);
  expect((read.value as { admin?: unknown }).admin).toBeUndefined();
  expect(refused('{"__proto__":1,"__proto__":2}')).toBe('notCanonical');
});

// From here on: laws.

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('', '__proto__', '\u{1f600}'));
const anyValue = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.maxSafeInteger(),
    anyText,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

test('what is written is read back as the same value, and written again as the same text', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = canonical(value);
      const read = readCanonical(text);
      expect(read).toEqual({ kind: 'read', value });
      if (read.kind === 'read') expect(canonical(read.value as CanonicalValue)).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test('a list of strings is written as each of them is, one after the other', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 6 }), (list) => {
      expect(canonical(list)).toBe(`[${list.map((text) => canonical(text)).join(',')}]`);
    }),
  );
});

test('the order in which fields were set never shows', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, fc.maxSafeInteger(), { noNullPrototype: true }), (fields) => {
      const reversed = Object.fromEntries(Object.entries(fields).reverse());
      expect(canonical(reversed)).toBe(canonical(fields));
    }),
  );
});

test('keys are in ascending order of their big-endian UTF-16 bytes', () => {
  const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  fc.assert(
    fc.property(fc.uniqueArray(anyText, { minLength: 2, maxLength: 12 }), (keys) => {
      const expected = keys.toSorted((a, b) => Buffer.compare(utf16(a), utf16(b)));
      expect(canonical(Object.fromEntries(keys.map((key) => [key, 1])))).toBe(
        `{${expected.map((key) => `${JSON.stringify(key)}:1`).join(',')}}`,
      );
    }),
  );
});

test('any text at all is read or refused, never thrown on, and what is read is its own canonical form', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), (text) => {
      const read = readCanonical(text);
      if (read.kind === 'read') expect(canonical(read.value as CanonicalValue)).toBe(text);
    }),
    { numRuns: 500 },
  );
});
