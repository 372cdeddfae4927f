import { readRecord, recordHash } from '../../shared/journal.ts';
import { unseal, type SignedDocument } from '../../shared/signed.ts';
import { sealedAckSchema, type SealedAck } from '../../shared/town-contract.ts';
import type { Ledger } from './ledger/ledger.ts';
import { readShop } from './shop.ts';
import type { World } from './world.ts';

/**
 * A page of this till's own records as the town gives them back: what the town signed for, and the texts that continue
 * the chain that is here. Null unless the last of them hashes to what the town signed and each names the one before it,
 * the first the last one here; so nothing is taken for our own that we never recorded.
 */
export function provenRecords(
  crypto: Pick<World['crypto'], 'hash' | 'verify'>,
  ledger: Ledger,
  of: number,
  page: Readonly<{ ack: SignedDocument; records: readonly string[] }>,
): Readonly<{ held: SealedAck; texts: readonly string[] }> | null {
  const identity = ledger.identity();
  const opened = unseal('ack', page.ack, readShop(ledger).townKey, crypto.verify, (value) => {
    const parsed = sealedAckSchema.safeParse(value);
    return parsed.success ? parsed.data : null;
  });
  if (opened.kind === 'refused' || identity === null) return null;
  const held = opened.value;
  if (held.town !== identity.town || held.till !== identity.till || held.of !== of) return null;
  const before = ledger.headOf(of);
  // Read before: over the network and from a stick alike.
  if (page.records.length === 0 || held.upTo.seq <= before.seq) return { held, texts: [] };
  let expected = held.upTo.hash;
  for (const text of page.records.toReversed()) {
    const read = readRecord(text);
    if (read.kind === 'refused' || recordHash(text, crypto.hash) !== expected) return null;
    expected = read.record.previous;
  }
  const follows = expected === before.hash && held.upTo.seq === before.seq + page.records.length;
  return follows ? { held, texts: page.records } : null;
}
