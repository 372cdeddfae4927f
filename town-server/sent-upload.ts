import { isUtf8 } from 'node:buffer';
import { requestToSign } from '../shared/signed.ts';

/**
 * An upload as the bytes of its message say it. A till writes its requests in canonical form, so what it signed is the
 * message without the signature, and each record's bytes stand in it with nothing but quotes and backslashes escaped:
 * neither has to become a text and be written again before it is compared, hashed and stored.
 */
export type SentUpload = Readonly<{
  town: string;
  till: string;
  incarnation: number;
  firstSeq: number;
  lastSeq: number;
  headHash: string;
  /** The bytes of the records' texts, valid UTF-8. */
  records: readonly Uint8Array[];
  signature: string;
  /** What the signature is over. */
  signed: Uint8Array;
}>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const bytesOf = (text: string): Uint8Array => encoder.encode(text);

const FIRST_SEQ = bytesOf('{"firstSeq":');
const HEAD_HASH = bytesOf(',"headHash":');
const INCARNATION = bytesOf(',"incarnation":');
const LAST_SEQ = bytesOf(',"lastSeq":');
const RECORDS = bytesOf(',"records":[');
const BEHIND_RECORDS = bytesOf('],');
const SIGNATURE = bytesOf('"signature":');
const TILL = bytesOf(',"till":');
const TOWN = bytesOf(',"town":');
const END = bytesOf('}');

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** Above this many characters a batch is refused before it is read; tills send far less. */
export const BATCH_CHARACTERS = 12_000_000;

/** As in the contract. */
const RECORDS_MAX = 1_000;
const HASH = /^[0-9a-f]{64}$/;
const SIGNATURE_LENGTHS = { least: 20, most: 200 } as const;

/**
 * Reads a message that is the canonical form of an upload such as the contract takes, or answers null. Null says nothing
 * but: read it the long way, which takes whatever order and escapes JSON allows, and names what is wrong.
 */
export function readSentUpload(body: Uint8Array): SentUpload | null {
  // No fewer bytes than characters: whether a larger one has too many is for the long way to count.
  if (body.length > BATCH_CHARACTERS || !isUtf8(body)) return null;
  const at = { index: 0 };
  if (!skip(body, at, FIRST_SEQ)) return null;
  const firstSeq = readCount(body, at);
  if (firstSeq === null || !skip(body, at, HEAD_HASH)) return null;
  const headHash = readPlain(body, at);
  if (headHash === null || !HASH.test(headHash) || !skip(body, at, INCARNATION)) return null;
  const incarnation = readCount(body, at);
  if (incarnation === null || !skip(body, at, LAST_SEQ)) return null;
  const lastSeq = readCount(body, at);
  if (lastSeq === null || !skip(body, at, RECORDS)) return null;
  const records = readRecords(body, at);
  if (records === null || !skip(body, at, BEHIND_RECORDS)) return null;
  const signatureFrom = at.index;
  if (!skip(body, at, SIGNATURE)) return null;
  const signature = readPlain(body, at);
  const signatureTo = at.index + 1;
  if (signature === null || !skip(body, at, TILL)) return null;
  if (signature.length < SIGNATURE_LENGTHS.least || signature.length > SIGNATURE_LENGTHS.most) return null;
  const till = readPlain(body, at);
  if (till === null || !skip(body, at, TOWN)) return null;
  const town = readPlain(body, at);
  if (town === null || !skip(body, at, END) || at.index !== body.length) return null;
  const signed = requestToSign([body.subarray(0, signatureFrom), body.subarray(signatureTo)]);
  return { town, till, incarnation, firstSeq, lastSeq, headHash, records, signature, signed };
}

/** Where the reading stands. */
type Place = { index: number };

function skip(body: Uint8Array, at: Place, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (body[at.index + index] !== expected[index]) return false;
  }
  at.index += expected.length;
  return true;
}

/** A whole number from 1, of fewer digits than any unsafe one. */
function readCount(body: Uint8Array, at: Place): number | null {
  let end = at.index;
  while (end - at.index < 15 && isDigit(body[end])) end += 1;
  const value = Number(decoder.decode(body.subarray(at.index, end)));
  if (value < 1 || isDigit(body[end]) || body[at.index] === 0x30) return null;
  at.index = end;
  return value;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** A string that holds no escape. */
function readPlain(body: Uint8Array, at: Place): string | null {
  if (body[at.index] !== QUOTE) return null;
  for (let end = at.index + 1; end < body.length; end += 1) {
    const byte = body[end] ?? 0;
    if (byte < SPACE || byte === BACKSLASH) return null;
    if (byte !== QUOTE) continue;
    const text = decoder.decode(body.subarray(at.index + 1, end));
    at.index = end + 1;
    return text;
  }
  return null;
}

/** The strings of a list, as their own bytes. */
function readRecords(body: Uint8Array, at: Place): Uint8Array[] | null {
  // No more than what is written is ever looked at. A view of its own sort, since the loops below know only one.
  const room = Buffer.allocUnsafeSlow(body.length - at.index);
  const plain = new Uint8Array(room.buffer, room.byteOffset, room.length);
  const records: Uint8Array[] = [];
  let used = 0;
  do {
    // The first record stands behind the bracket, every other one behind a comma.
    if (records.length > 0) at.index += 1;
    const from = used;
    used = unescapeInto(plain, used, body, at);
    if (used < from || records.length === RECORDS_MAX) return null;
    records.push(plain.subarray(from, used));
  } while (body[at.index] === COMMA);
  return records;
}

/** Writes what the string at this place says, and answers where that ends; below where it began when it is not sure. */
function unescapeInto(plain: Uint8Array, from: number, body: Uint8Array, at: Place): number {
  if (body[at.index] !== QUOTE) return -1;
  const { length } = body;
  let used = from;
  for (let index = at.index + 1; index < length; index += 1) {
    let byte = body[index] ?? 0;
    if (byte === QUOTE) {
      at.index = index + 1;
      return used;
    }
    if (byte < SPACE) return -1;
    if (byte === BACKSLASH) {
      index += 1;
      byte = body[index] ?? 0;
      if (byte !== QUOTE && byte !== BACKSLASH) return -1;
    }
    plain[used] = byte;
    used += 1;
  }
  return -1;
}
