import { Buffer } from 'node:buffer';
import { createPublicKey, generateKeyPairSync, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical } from './canonical.ts';
import { requestIsSigned, seal, signRequest, unseal, type Sign, type SignedKind, type Verify } from './signed.ts';

function newKey(): { publicKey: string; sign: Sign } {
  const pair = generateKeyPairSync('ed25519');
  return {
    publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    sign: (bytes) => signBytes(null, bytes, pair.privateKey).toString('base64'),
  };
}

const verify: Verify = (publicKey, bytes, signature) => {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verifyBytes(null, bytes, key, Buffer.from(signature, 'base64'));
};

const town = newKey();
const stranger = newKey();
const kinds: readonly SignedKind[] = ['statement', 'grant', 'policy', 'time', 'request', 'closing'];
const asIs = (value: unknown): unknown => value;

for (const made of kinds) {
  test(`a signature for ${made} opens as ${made} and as nothing else`, () => {
    const document = seal(made, { n: 1 }, town.sign);
    for (const opened of kinds) {
      expect(unseal(opened, document, town.publicKey, verify, asIs)).toEqual(
        opened === made ? { kind: 'opened', value: { n: 1 } } : { kind: 'refused', reason: 'wrongSignature' },
      );
    }
  });
}

test('a document signed with another key is refused', () => {
  const document = seal('policy', { n: 1 }, stranger.sign);
  expect(unseal('policy', document, town.publicKey, verify, asIs)).toEqual({
    kind: 'refused',
    reason: 'wrongSignature',
  });
});

test('a signed document that is not its own canonical form is refused', () => {
  const bytes = '{"n": 1}';
  const signature = town.sign(new TextEncoder().encode(`onecard/v1/policy\0${bytes}`));
  expect(unseal('policy', { bytes, signature }, town.publicKey, verify, asIs)).toEqual({
    kind: 'refused',
    reason: 'malformed',
  });
});

test('a signed document of the wrong shape is refused, and its shape is not looked at before its signature', () => {
  const document = seal('policy', { n: 1 }, town.sign);
  expect(unseal('policy', document, town.publicKey, verify, () => null)).toEqual({
    kind: 'refused',
    reason: 'malformed',
  });
  const looked: unknown[] = [];
  unseal('policy', document, stranger.publicKey, verify, (value) => looked.push(value));
  expect(looked).toEqual([]);
});

test('any change of one character of a document or of its signature is refused', () => {
  const document = seal('grant', { id: 'g1', points: 60, note: '补给' }, town.sign);
  for (let at = 0; at < document.bytes.length; at += 1) {
    const bytes = `${document.bytes.slice(0, at)}~${document.bytes.slice(at + 1)}`;
    expect(unseal('grant', { ...document, bytes }, town.publicKey, verify, asIs).kind).toBe('refused');
  }
  const raw = Buffer.from(document.signature, 'base64');
  for (let at = 0; at < raw.length; at += 1) {
    const changed = Buffer.from(raw);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const signature = changed.toString('base64');
    expect(unseal('grant', { ...document, signature }, town.publicKey, verify, asIs).kind).toBe('refused');
  }
});

const request = { town: 't', till: 'till-1', incarnation: 1, seq: 7, records: ['{"a":1}', '{"b":2}'] };

test('a request is accepted whatever the order in which its fields arrive', () => {
  const { records, town: name, ...rest } = signRequest(request, town.sign);
  expect(requestIsSigned({ records, ...rest, town: name }, town.publicKey, verify)).toBe(true);
});

for (const [what, change] of [
  ['a changed number', { seq: 8 }],
  ['a number as text', { seq: '7' }],
  ['another till', { till: 'till-2' }],
  ['a record more', { records: [...request.records, '{}'] }],
  ['records in another order', { records: [...request.records].reverse() }],
  ['a field more', { extra: null }],
  ['a field that cannot be written', { seq: 1.5 }],
  ['a signature of nothing', { signature: '' }],
] as const) {
  test(`a request with ${what} is refused`, () => {
    const signed = { ...signRequest(request, town.sign), ...change };
    expect(requestIsSigned(signed, town.publicKey, verify)).toBe(false);
  });
}

test('a request without one of its fields is refused', () => {
  const signed = signRequest(request, town.sign);
  for (const field of Object.keys(request)) {
    const { [field]: _, ...rest } = signed as Record<string, unknown>;
    expect(requestIsSigned({ ...rest, signature: signed.signature }, town.publicKey, verify)).toBe(false);
  }
});

test('a request of another key is refused', () => {
  expect(requestIsSigned(signRequest(request, stranger.sign), town.publicKey, verify)).toBe(false);
});

test('a key or a verifier that fails says no, and never throws', () => {
  expect(requestIsSigned(signRequest(request, town.sign), 'no key', verify)).toBe(false);
});

test('any request that was signed is accepted, and none that says something else', () => {
  const fields = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== 'signature'),
    fc.oneof(fc.maxSafeInteger(), fc.string({ unit: 'binary', maxLength: 5 }), fc.boolean(), fc.constant(null)),
    { noNullPrototype: true, maxKeys: 6 },
  );
  fc.assert(
    fc.property(fields, fields, (one, other) => {
      const signed = signRequest(one, town.sign);
      const shuffled = Object.fromEntries(Object.entries(signed).reverse()) as typeof signed;
      expect(requestIsSigned(shuffled, town.publicKey, verify)).toBe(true);
      const swapped = { ...other, signature: signed.signature };
      expect(requestIsSigned(swapped, town.publicKey, verify)).toBe(canonical(one) === canonical(other));
    }),
    { numRuns: 60 },
  );
});
