import { z } from 'zod';
import { canonical, readCanonical } from './canonical.ts';
import { EXCHANGE_CHARACTERS_MAX, type ExchangeRefusal } from './exchange-reasons.ts';
import type { Hash, Sign, Verify } from './signed.ts';
import {
  bringRecordsCall,
  enrolCall,
  helloCall,
  membersCall,
  ownRecordsCall,
  policiesCall,
  releaseClaimCall,
  reportCardCall,
  settleCall,
  topUpCall,
  uploadCall,
} from './town-contract.ts';

/**
 * The exchange between a till and its town as two files on a stick (protocol, "Exchange"): what the network carries in a
 * night, carried in one signed file each way. Inside are the very requests and answers of `town-contract.ts`, each with
 * its own signature, so that either way may be cut, repeated and mixed with the other and nothing counts twice.
 *
 * A file is four lines: a mark, the length of the last line in bytes, the signer's public key, the signature over the
 * last line; then the last line, canonical JSON (RFC 8785). See docs/journal-format.md, "Exchange files".
 */
const MARK = 'onecard/v1/exchange';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** What a till carries to its town. */
const upSchema = z.strictObject({
  v: z.literal(1),
  way: z.literal('toTown'),
  /** Null only in the first file of a till that has no name yet; such a file carries nothing but its enrolment. */
  town: z.string().nullable(),
  till: z.string().nullable(),
  incarnation: z.int().min(1),
  /** Counts up with each file that this incarnation made. */
  number: z.int().min(1),
  madeAtMs: z.int().min(0),
  enrol: enrolCall.input.nullable(),
  hello: helloCall.input.nullable(),
  older: z.array(ownRecordsCall.input).max(100),
  brought: z.array(bringRecordsCall.input).max(1_000),
  uploads: z.array(uploadCall.input).max(1_000),
  /** Lost cards and cards in their place. A file made by an earlier version of a till says nothing of them. */
  reports: z.array(reportCardCall.input).max(1_000).default([]),
  topUps: z.array(topUpCall.input).max(1_000),
  /** Claims that no refund used; to ask for one the customer would have to wait for the stick. */
  releases: z.array(releaseClaimCall.input).max(1_000),
  settle: settleCall.input.nullable(),
  policies: policiesCall.input.nullable(),
  members: membersCall.input.nullable(),
});
export type ExchangeUp = z.infer<typeof upSchema>;

/** What the town carries back: each answer in the place of its request. */
const downSchema = z.strictObject({
  v: z.literal(1),
  way: z.literal('toTill'),
  town: z.string(),
  till: z.string(),
  incarnation: z.int().min(1),
  number: z.int().min(1),
  /** SHA-256 of the last line of the file that this one answers. */
  answers: hash,
  madeAtMs: z.int().min(0),
  enrol: enrolCall.output.nullable(),
  hello: helloCall.output.nullable(),
  /** For each chain that was asked about, page after page. */
  older: z.array(z.strictObject({ of: z.int().min(1), page: ownRecordsCall.output })),
  brought: z.array(bringRecordsCall.output),
  uploads: z.array(uploadCall.output),
  reports: z.array(reportCardCall.output).default([]),
  topUps: z.array(topUpCall.output),
  releases: z.array(releaseClaimCall.output),
  /** Statement after statement, up to the one that speaks of everything uploaded. */
  settles: z.array(settleCall.output),
  policies: policiesCall.output.nullable(),
  members: z.array(membersCall.output),
});
export type ExchangeDown = z.infer<typeof downSchema>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The text of a file, signed over its last line; what is in it was made by our own code. */
export function writeExchange(content: ExchangeUp | ExchangeDown, publicKey: string, sign: Sign): string {
  const line = canonical(content);
  const bytes = encoder.encode(line);
  return `${MARK}\n${bytes.length}\n${publicKey}\n${sign(toSign(bytes))}\n${line}\n`;
}

function toSign(bytes: Uint8Array): Uint8Array {
  const prefix = encoder.encode(`${MARK}\0`);
  const all = new Uint8Array(prefix.length + bytes.length);
  all.set(prefix);
  all.set(bytes, prefix.length);
  return all;
}

/** SHA-256 of a file's last line, by which its answer names it. */
export function exchangeHash(text: string, hashOf: Hash): string {
  return hashOf(encoder.encode(text.split('\n')[4] ?? ''));
}

type Refused = Readonly<{ kind: 'refused'; reason: ExchangeRefusal }>;
const refused = (reason: ExchangeRefusal): Refused => ({ kind: 'refused', reason });

export type OpenedUp = Readonly<{ kind: 'opened'; content: ExchangeUp; publicKey: string }>;
export type OpenedDown = Readonly<{ kind: 'opened'; content: ExchangeDown; publicKey: string }>;

/** Reads a file that a till made: whole, unaltered, signed by the key in it. Whose key that is, the town looks up. */
export function readUp(text: string, verify: Verify): OpenedUp | Refused {
  const read = readLines(text, verify);
  if (read.kind === 'refused') return read;
  const parsed = upSchema.safeParse(read.value);
  if (parsed.success) return { kind: 'opened', content: parsed.data, publicKey: read.publicKey };
  return refused(downSchema.safeParse(read.value).success ? 'wrongWay' : 'malformed');
}

/** Reads a file that a town made: whole, unaltered, signed by the key in it, which must be `townKey` where that is known. */
export function readDown(text: string, townKey: string | null, verify: Verify): OpenedDown | Refused {
  const read = readLines(text, verify);
  if (read.kind === 'refused') return read;
  const parsed = downSchema.safeParse(read.value);
  if (!parsed.success) return refused(upSchema.safeParse(read.value).success ? 'wrongWay' : 'malformed');
  if (townKey !== null && read.publicKey !== townKey) return refused('wrongKey');
  return { kind: 'opened', content: parsed.data, publicKey: read.publicKey };
}

function readLines(text: string, verify: Verify): Refused | { kind: 'read'; value: unknown; publicKey: string } {
  if (text.length > EXCHANGE_CHARACTERS_MAX) return refused('tooLarge');
  const lines = text.split('\n');
  const [mark = '', length = '', publicKey = '', signature = '', line = ''] = lines;
  if (mark !== MARK)
    return refused(mark !== '' && MARK.startsWith(mark) && lines.length === 1 ? 'truncated' : 'notAnExchangeFile');
  if (lines.length < 5) return refused('truncated');
  if (!/^[1-9]\d{0,8}$/.test(length)) return refused('altered');
  const bytes = encoder.encode(line);
  if (bytes.length < Number(length)) return refused('truncated');
  if (bytes.length > Number(length) || lines.length > 6 || (lines[5] ?? '') !== '') return refused('altered');
  // Bytes that are no text were replaced when the file was read, and then no longer carry the signature.
  if (decoder.decode(bytes) !== line || !verify(publicKey, toSign(bytes), signature)) return refused('altered');
  const read = readCanonical(line);
  return read.kind === 'read' ? { kind: 'read', value: read.value, publicKey } : refused('malformed');
}
