import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, type CanonicalValue } from './canonical.ts';
import { exchangeRefusals } from './exchange-reasons.ts';
import { exchangeHash, readDown, readUp, writeExchange, type ExchangeDown, type ExchangeUp } from './exchange.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const signed = (bytes: Uint8Array): string => sign(null, bytes, privateKey).toString('base64');
const check = (_: string, bytes: Uint8Array, signature: string): boolean =>
  verify(null, bytes, publicKey, Buffer.from(signature, 'base64'));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const up: ExchangeUp = {
  v: 1,
  way: 'toTown',
  town: 'town',
  till: 't01',
  incarnation: 1,
  number: 3,
  madeAtMs: 1_772_330_400_000,
  enrol: null,
  hello: null,
  older: [],
  brought: [],
  uploads: [],
  reports: [],
  topUps: [],
  releases: [],
  settle: null,
  policies: null,
  members: null,
};
const down: ExchangeDown = {
  v: 1,
  way: 'toTill',
  town: 'town',
  till: 't01',
  incarnation: 1,
  number: 3,
  answers: 'a'.repeat(64),
  madeAtMs: 1_772_330_400_000,
  enrol: null,
  hello: { kind: 'refused', reason: 'fork' },
  older: [],
  brought: [],
  uploads: [],
  reports: [],
  topUps: [],
  releases: [],
  settles: [],
  policies: null,
  members: [],
};

/** A file that is well signed, whatever is in it. */
function sealed(value: CanonicalValue): string {
  const line = canonical(value);
  const bytes = Buffer.from(line);
  const mark = Buffer.from('onecard/v1/exchange\0');
  return `onecard/v1/exchange\n${bytes.length}\n${key}\n${signed(Buffer.concat([mark, bytes]))}\n${line}\n`;
}

test('a file of a version that knew no reports of cards is read as one without any', () => {
  const { reports: ofTill, ...olderUp } = up;
  const { reports: ofTown, ...olderDown } = down;
  expect([...ofTill, ...ofTown]).toEqual([]);
  expect(readUp(sealed(olderUp as unknown as CanonicalValue), check)).toMatchObject({ content: up });
  expect(readDown(sealed(olderDown as unknown as CanonicalValue), key, check)).toMatchObject({ content: down });
});

test('what was written is read, by the way it goes, with the key that signed it', () => {
  const file = writeExchange(up, key, signed);
  expect(file).toBe(sealed(up as unknown as CanonicalValue));
  expect(readUp(file, check)).toEqual({ kind: 'opened', content: up, publicKey: key });
  expect(readDown(file, key, check)).toEqual({ kind: 'refused', reason: 'wrongWay' });
  const answer = writeExchange(down, key, signed);
  expect(readDown(answer, key, check)).toEqual({ kind: 'opened', content: down, publicKey: key });
  expect(readDown(answer, null, check)).toMatchObject({ kind: 'opened' });
  expect(readDown(answer, 'another key', check)).toEqual({ kind: 'refused', reason: 'wrongKey' });
  expect(readUp(answer, check)).toEqual({ kind: 'refused', reason: 'wrongWay' });
  expect(exchangeHash(file, sha256)).toBe(sha256(Buffer.from(canonical(up as unknown as CanonicalValue))));
});

test('a file cut anywhere is refused by name; only its last line break is nobody’s loss', () => {
  const file = writeExchange(up, key, signed);
  for (let length = 0; length < file.length - 1; length += 1) {
    const read = readUp(file.slice(0, length), check);
    expect(read.kind, String(length)).toBe('refused');
    if (read.kind === 'refused') expect(['truncated', 'notAnExchangeFile', 'altered']).toContain(read.reason);
  }
  expect(readUp(file.slice(0, -1), check).kind).toBe('opened');
});

test('any text, and anything well signed that is no exchange, is refused by name and never throws', () => {
  const names = new Set<string>(exchangeRefusals);
  const refused = (text: string): void => {
    for (const read of [readUp(text, check), readDown(text, key, check)]) {
      expect(read.kind).toBe('refused');
      if (read.kind === 'refused') expect(names.has(read.reason)).toBe(true);
    }
  };
  fc.assert(fc.property(fc.string({ unit: 'binary' }), refused));
  const lines = fc.array(
    fc.oneof(fc.string(), fc.constant('onecard/v1/exchange'), fc.constant(key), fc.nat().map(String)),
  );
  fc.assert(fc.property(lines, (all) => refused(['onecard/v1/exchange', ...all].join('\n'))));
  const value = fc.letrec<{ value: CanonicalValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('v', 'way', 'till', 'uploads', 'hello'), tie('value')),
    ),
  })).value;
  fc.assert(fc.property(value, (content) => refused(sealed(content))));
  // One field of a good file replaced by anything at all.
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(up)), value, (field, content) => {
      const changed = { ...up, [field]: content } as unknown as CanonicalValue;
      const read = readUp(sealed(changed), check);
      if (read.kind === 'refused') expect(names.has(read.reason)).toBe(true);
      else expect(canonical(read.content as unknown as CanonicalValue)).toBe(canonical(changed));
    }),
  );
});
