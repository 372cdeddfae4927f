import { createORPCClient } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestIsSigned, signRequest } from '../shared/signed.ts';
import { townContract, uploadCall } from '../shared/town-contract.ts';
import { newKeys, signWith, verify, verifyAside } from './crypto.ts';
import { readSentUpload } from './sent-upload.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const keys = newKeys();
const sign = signWith(keys.privateKey);

const RECORDS = ['{"a":"安康 😀","b":[1,2]}', '{"text":"a\\"b\\\\c\\u0001"}', ''];
const fields = {
  town: '镇',
  till: 't01',
  incarnation: 2,
  firstSeq: 10,
  lastSeq: 12,
  headHash: '0f'.repeat(32),
  records: RECORDS,
};
const honest = signRequest(fields, sign);

const read = (message: string) => readSentUpload(encoder.encode(message));

/** What was read, in the form of the contract's input; null when it was left to the long way. */
function plain(message: Uint8Array) {
  const sent = readSentUpload(message);
  if (sent === null) return null;
  const { signed: _, records, ...rest } = sent;
  return { ...rest, records: records.map((bytes) => decoder.decode(bytes)) };
}

test('an upload as it was signed is read from its bytes, with the bytes that its signature is over', async () => {
  const message = JSON.stringify(honest);
  expect(plain(encoder.encode(message))).toEqual(honest);
  const sent = read(message);
  expect(await verifyAside(keys.publicKey, sent?.signed ?? new Uint8Array(), honest.signature)).toBe(true);
});

test('what the client of the contract sends is such an upload', async () => {
  const bodies: string[] = [];
  const link = new OpenAPILink(townContract, {
    url: 'http://town/api',
    fetch: async (request) => {
      bodies.push(await request.text());
      return Response.json({ kind: 'refused', reason: 'gap' });
    },
  });
  const api: ContractRouterClient<typeof townContract> = createORPCClient(link);
  await api.upload(honest);
  expect(bodies.map((body) => plain(encoder.encode(body)))).toEqual([honest]);
});

for (const [what, message] of [
  ['without its first field', JSON.stringify({ ...honest, firstSeq: undefined })],
  ['with its town first', JSON.stringify(Object.fromEntries(Object.entries(honest).toReversed()))],
  ['with a space', JSON.stringify(honest).replace(':', ': ')],
  ['with something behind it', `${JSON.stringify(honest)} `],
  ['with a mark of its encoding before it', `\ufeff${JSON.stringify(honest)}`],
  ['with an escape that is not needed', JSON.stringify(honest).replace('安', '\\u5b89')],
  ['with an escaped slash', JSON.stringify({ ...honest, till: 't/1' }).replace('t/1', 't\\/1')],
  ['with a control character', JSON.stringify(honest).replace('"a\\"', '"\n\\"')],
  ['with a record that JSON escapes', JSON.stringify(signRequest({ ...fields, records: ['a\nb'] }, sign))],
  ['with a leading zero', JSON.stringify(honest).replace(':10', ':010')],
  ['from sequence 0', JSON.stringify({ ...honest, firstSeq: 0 })],
  ['with a sequence below zero', JSON.stringify({ ...honest, firstSeq: -1 })],
  ['with a fraction', JSON.stringify({ ...honest, firstSeq: 1.5 })],
  ['with an unsafe number', JSON.stringify(honest).replace(':10', ':1000000000000000')],
  ['without records', JSON.stringify({ ...honest, records: [] })],
  [
    'with more records than the contract takes',
    JSON.stringify({ ...honest, records: RECORDS.concat(Array(998).fill('')) }),
  ],
  ['with a record that is no text', JSON.stringify({ ...honest, records: ['', 1] })],
  ['with a short signature', JSON.stringify({ ...honest, signature: 'abc' })],
  ['with a long signature', JSON.stringify({ ...honest, signature: 'a'.repeat(201) })],
  ['with a hash that is none', JSON.stringify({ ...honest, headHash: 'F'.repeat(64) })],
  ['of too many bytes to be counted at a look', JSON.stringify({ ...honest, records: ['a'.repeat(12_000_000)] })],
  ['that is nothing', ''],
] as const) {
  test(`a message ${what} is left to the long way`, () => {
    expect(read(message)).toBeNull();
  });
}

test('bytes that are no UTF-8 are left to the long way', () => {
  const message = encoder.encode(JSON.stringify(honest));
  message[message.indexOf(0xe5)] = 0xff;
  expect(readSentUpload(message)).toBeNull();
});

test('whatever a request says, one that is read from its bytes says what the contract reads, and is as well signed', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('t01', '镇', '{"a":"\\\\"}', '😀'),
  );
  const request = fc.record({
    town: text,
    till: text,
    incarnation: fc.integer({ min: 1, max: 3 }),
    firstSeq: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.maxSafeInteger()),
    lastSeq: fc.integer({ min: 1, max: 20 }),
    headHash: fc.constantFrom(fields.headHash, fields.headHash, 'none'),
    records: fc.array(text, { minLength: 1, maxLength: 4 }),
  });
  const change = fc.option(fc.record({ at: fc.nat(), length: fc.nat({ max: 2 }), put: text }), { nil: null, freq: 1 });
  let readSoFar = 0;
  await fc.assert(
    fc.asyncProperty(request, change, async (said, edit) => {
      const wellFormed = [said.town, said.till, ...said.records].every((one) => one.isWellFormed());
      if (!wellFormed) return;
      const whole = JSON.stringify(signRequest(said, sign));
      const at = (edit?.at ?? 0) % whole.length;
      const message = encoder.encode(
        edit === null ? whole : whole.slice(0, at) + edit.put + whole.slice(at + edit.length),
      );
      const sent = readSentUpload(message);
      if (sent === null) return;
      readSoFar += 1;
      const input = uploadCall.input.parse(JSON.parse(decoder.decode(message)));
      expect(plain(message)).toEqual(input);
      expect(await verifyAside(keys.publicKey, sent.signed, sent.signature)).toBe(
        requestIsSigned(input, keys.publicKey, verify),
      );
    }),
    { numRuns: 300 },
  );
  expect(readSoFar).toBeGreaterThan(10);
});

test('a key or a signature that is none has signed nothing', async () => {
  const bytes = encoder.encode('x');
  expect(await verifyAside('no key', bytes, honest.signature)).toBe(false);
  expect(await verifyAside(keys.publicKey, bytes, 'no signature')).toBe(false);
  expect(await verifyAside(keys.publicKey, bytes, sign(bytes))).toBe(true);
});
