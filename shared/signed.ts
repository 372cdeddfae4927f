import { canonical, readCanonical, type CanonicalValue } from './canonical.ts';

/** The cryptography that pure code is handed: 64 lower-case hex digits for hashes, base64 for keys and signatures. */
export type Hash = (bytes: Uint8Array) => string;
export type Sign = (bytes: Uint8Array) => string;
export type Verify = (publicKey: string, bytes: Uint8Array, signature: string) => boolean;

/** What a signature is for. It stands in the signed bytes, so a signature of one kind never passes for another. */
export type SignedKind =
  | 'statement'
  | 'grant'
  | 'claim'
  | 'policy'
  | 'board'
  | 'time'
  | 'request'
  | 'closing'
  | 'ack'
  | 'pin'
  | 'movements'
  | 'export';

/** A document whose exact bytes are kept with its signature: verified as received, never re-serialised. */
export type SignedDocument = Readonly<{ bytes: string; signature: string }>;

const encoder = new TextEncoder();

function toSign(kind: SignedKind, bytes: string): Uint8Array {
  return encoder.encode(`onecard/v1/${kind}\0${bytes}`);
}

/** Seals a value: canonical bytes and an Ed25519 signature over kind and bytes. */
export function seal(kind: SignedKind, value: CanonicalValue, sign: Sign): SignedDocument {
  const bytes = canonical(value);
  return { bytes, signature: sign(toSign(kind, bytes)) };
}

export type Unsealed<T> = { kind: 'opened'; value: T } | { kind: 'refused'; reason: 'wrongSignature' | 'malformed' };

/** Opens a sealed document: signature first, then canonical form, then `parse` (which answers null for a wrong shape). */
export function unseal<T>(
  kind: SignedKind,
  document: SignedDocument,
  publicKey: string,
  verify: Verify,
  parse: (value: unknown) => T | null,
): Unsealed<T> {
  if (!verify(publicKey, toSign(kind, document.bytes), document.signature))
    return { kind: 'refused', reason: 'wrongSignature' };
  const read = readCanonical(document.bytes);
  const value = read.kind === 'read' ? parse(read.value) : null;
  return value === null ? { kind: 'refused', reason: 'malformed' } : { kind: 'opened', value };
}

/**
 * Signs the fields of a request to the town; the signature is over everything but itself. They stand in the order of the
 * canonical form, so that a request written as it is holds what was signed byte for byte, and the town may compare
 * without writing it anew.
 */
export function signRequest<T extends { readonly [key: string]: CanonicalValue }>(
  request: T,
  sign: Sign,
): T & { signature: string } {
  const signed = { ...request, signature: sign(toSign('request', canonical(request))) };
  const inOrder = Object.keys(signed)
    .sort()
    .map((name) => [name, signed[name]] as const);
  return Object.fromEntries(inOrder) as typeof signed;
}

/** What the signature of a request is over, for who holds the canonical form of its other fields in pieces of bytes. */
export function requestToSign(pieces: readonly Uint8Array[]): Uint8Array {
  const all = [toSign('request', ''), ...pieces];
  const bytes = new Uint8Array(all.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of all) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** True when a request carries the signature of `publicKey` over its other fields. */
export function requestIsSigned(
  request: { readonly [key: string]: unknown; readonly signature: string },
  publicKey: string,
  verify: Verify,
): boolean {
  const { signature, ...fields } = request;
  try {
    return verify(publicKey, toSign('request', canonical(fields as CanonicalValue)), signature);
  } catch {
    // A request whose fields have no canonical form was never signed by our code.
    return false;
  }
}
