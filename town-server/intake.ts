import { bytesHash, GENESIS_PREVIOUS, readNext, type ChainFault, type ChainHead } from '../shared/journal.ts';
import { bodyOf, bodySchemas } from '../shared/record-bodies.ts';
import { scanRecord } from '../shared/record-scan.ts';
import { hash } from './crypto.ts';
import { BATCH_CHARACTERS, type SentUpload } from './sent-upload.ts';
import type { Rows, Transaction } from './store.ts';
import {
  noteContact,
  present,
  refused,
  UNRESOLVED,
  unknownCaller,
  unknownSender,
  type Refused,
  type TillRequest,
  type Town,
} from './town.ts';

export type Upload = TillRequest &
  Readonly<{ firstSeq: number; lastSeq: number; headHash: string; records: readonly string[] }>;

/** Where a run of records says that it stands in its chain, whoever brings it. */
type Span = Readonly<{ till: string; incarnation: number; firstSeq: number; lastSeq: number; headHash: string }>;

/** A run of records of one chain. */
export type Batch = Span & Readonly<{ records: readonly string[] }>;

/** A record as it came: its bytes, and its text where that came; a text may hold what UTF-8 cannot say. */
type Sent = Readonly<{ bytes: Uint8Array; text: string | null }>;

export type Acknowledgement = Readonly<{ seq: number; hash: string }>;

type Taken = Readonly<{
  kind: 'ok';
  ack: Acknowledgement;
  quarantined: { seq: number; reason: string }[];
}>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Takes in a signed batch. What it answers as acknowledged is committed with fsync (invariant 23); a batch that comes
 * twice is answered as the first time; a record that cannot be read is kept raw and does not stop those behind it
 * (invariant 29); another record for a taken sequence is kept beside the first, and a person decides (invariant 5).
 */
export async function takeIn(town: Town, upload: Upload): Promise<Taken | Refused> {
  return (await unknownCaller(town, upload)) ?? takeBatch(town, upload);
}

/** Takes in a signed batch from the bytes of its message, with the same answers. */
export async function takeInSent(town: Town, upload: SentUpload): Promise<Taken | Refused> {
  const unknown = await unknownSender(town, upload);
  if (unknown !== null) return unknown;
  return takeSpan(
    town,
    upload,
    upload.records.map((bytes) => ({ bytes, text: null })),
  );
}

/** Takes in a batch whose sender is known; an older incarnation's records come signed by the present one. */
export async function takeBatch(town: Town, upload: Batch): Promise<Taken | Refused> {
  if (upload.records.reduce((sum, text) => sum + text.length, 0) > BATCH_CHARACTERS) return refused('tooLarge');
  return takeSpan(
    town,
    upload,
    upload.records.map((text) => ({ bytes: encoder.encode(text), text })),
  );
}

async function takeSpan(town: Town, upload: Span, records: readonly Sent[]): Promise<Taken | Refused> {
  const { till, incarnation, firstSeq, lastSeq } = upload;
  const hashes = records.map(({ bytes }) => bytesHash(bytes, hash));
  if (lastSeq - firstSeq + 1 !== records.length || hashes.at(-1) !== upload.headHash) return refused('badInput');

  return town.store.transact([`intake:${till}:${incarnation}`], async (transaction) => {
    const head = await headOf(transaction, till, incarnation);
    if (firstSeq > head.seq + 1) return refused('gap');
    const known = Math.min(records.length, head.seq - firstSeq + 1);
    const held =
      known <= 0
        ? []
        : await transaction.list('record', {
            equal: { till, incarnation },
            above: { seq: firstSeq - 1 },
            below: { seq: firstSeq + known },
          });
    const forkAt = held.findIndex((row, index) => row.hash !== hashes[index]);
    if (forkAt >= 0) {
      await keepFork(town, transaction, upload, records, hashes, forkAt);
      return refused('fork');
    }
    const walk = await walkOn(town, transaction, upload, records, hashes, known, head);
    if (walk.kind === 'fork') {
      await keepFork(town, transaction, upload, records, hashes, known);
      return refused('fork');
    }
    // The lock on this chain's intake leaves nobody else who could have taken these sequences.
    await transaction.append('record', walk.rows);
    const last = walk.rows.at(-1);
    const ack = last === undefined ? head : { seq: last.seq, hash: last.hash };
    if (last !== undefined) await transaction.put('head', [{ till, incarnation, ...ack }]);
    await quarantine(town, transaction, walk.rows);
    await noteContact(town, transaction, till);
    return {
      kind: 'ok',
      ack: { seq: ack.seq, hash: ack.hash },
      quarantined: [...held, ...walk.rows].flatMap(({ seq, fault }) =>
        fault === null ? [] : [{ seq, reason: fault }],
      ),
    };
  });
}

/** What the town holds of a chain on durable storage. */
export async function headOf(transaction: Transaction, till: string, incarnation: number): Promise<ChainHead> {
  const row = await transaction.get('head', { till, incarnation });
  return { incarnation, seq: row?.seq ?? 0, hash: row?.hash ?? GENESIS_PREVIOUS };
}

/** The hash that the town holds at a sequence, or null when it does not reach that far. */
export async function hashAt(
  transaction: Transaction,
  till: string,
  incarnation: number,
  seq: number,
): Promise<string | null> {
  if (seq === 0) return GENESIS_PREVIOUS;
  return (await transaction.get('record', { till, incarnation, seq }))?.hash ?? null;
}

/** A record to store; the text of a sound one as the bytes that came. */
type WalkedRow = Omit<Rows['record'], 'text'> & Readonly<{ text: string | Uint8Array }>;

/** Judges the records behind the first `known`, each against the one before (invariant 9); a bad one carries it on too. */
async function walkOn(
  town: Town,
  transaction: Transaction,
  upload: Span,
  records: readonly Sent[],
  hashes: readonly string[],
  known: number,
  start: ChainHead,
): Promise<{ kind: 'fork' } | { kind: 'walked'; rows: WalkedRow[] }> {
  const { till, incarnation, firstSeq } = upload;
  if (records.length <= known) return { kind: 'walked', rows: [] };
  const shop = (await transaction.get('till', { till }))?.shop ?? '';
  let enrolled: Rows['incarnation'] | null | undefined;
  const rows: WalkedRow[] = [];
  let head = start;
  for (const [index, { bytes, text }] of records.entries()) {
    if (index < known) continue;
    const ownHash = hashes[index] ?? '';
    const seq = firstSeq + index;
    let fault: Fault | null = null;
    if (text?.isWellFormed() === false || !surelyNext(town, bytes, head, till, shop)) {
      enrolled ??= await transaction.get('incarnation', { till, incarnation });
      fault = faultOf(town, text ?? decoder.decode(bytes), head, till, shop, enrolled);
    }
    // The till's own record before this batch is another one than ours: nothing behind it can be placed.
    if (fault === 'brokenChain' && index === known) return { kind: 'fork' };
    rows.push({ till, incarnation, seq, hash: ownHash, text: fault === null ? bytes : rawOf(bytes), fault });
    head = { incarnation, seq, hash: ownHash };
  }
  return { kind: 'walked', rows };
}

/**
 * Whether one look at its bytes says that a record is the chain's next. True only where `faultOf` finds nothing: a
 * genesis, and whatever is not sure, is read the long way.
 */
export function surelyNext(
  town: Pick<Town, 'id'>,
  bytes: Uint8Array,
  head: ChainHead,
  till: string,
  shop: string,
): boolean {
  const record = scanRecord(bytes);
  return (
    record !== null &&
    record.town === town.id &&
    record.shop === shop &&
    record.till === till &&
    record.incarnation === head.incarnation &&
    record.seq === head.seq + 1 &&
    record.seq !== 1 &&
    record.kind !== 'genesis' &&
    record.previous === head.hash
  );
}

type Fault = ChainFault | 'wrongBody';

/** What is wrong with a record that came behind `head`, or null. */
export function faultOf(
  town: Pick<Town, 'id'>,
  text: string,
  head: ChainHead,
  till: string,
  shop: string,
  enrolled: Rows['incarnation'] | null,
): Fault | null {
  const next = readNext(head, text, till);
  if (next.kind === 'refused') return next.reason;
  const { record } = next;
  if (record.town !== town.id || record.shop !== shop) return 'foreign';
  if (!bodySchemas[record.kind].safeParse(record.body).success) return 'wrongBody';
  if ((record.seq === 1) !== (record.kind === 'genesis')) return 'foreign';
  const genesis = bodyOf(record, 'genesis');
  if (genesis !== null && genesis.publicKey !== enrolled?.publicKey) return 'foreign';
  return null;
}

/** Bytes that may say anything, in a form that any database keeps to the letter. */
function rawOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

async function quarantine(town: Town, transaction: Transaction, rows: readonly WalkedRow[]): Promise<void> {
  const bad = rows.filter((row) => row.fault !== null);
  if (bad.length === 0) return;
  const { today } = await present(town, transaction);
  await transaction.add(
    'break',
    bad.map(({ till, incarnation, seq, fault }) => ({
      id: `quarantined:${till}:${incarnation}:${seq}`,
      till,
      incarnation,
      kind: 'quarantined',
      owner: 'clerk',
      account: fault,
      seq,
      tillAmount: null,
      townAmount: null,
      sinceDay: today,
      ...UNRESOLVED,
    })),
  );
  for (const { till, seq, fault } of bad) town.log(`record ${seq} of ${till} is quarantined: ${fault}`);
}

async function keepFork(
  town: Town,
  transaction: Transaction,
  upload: Span,
  records: readonly Sent[],
  hashes: readonly string[],
  from: number,
): Promise<void> {
  const { till, incarnation, firstSeq } = upload;
  const nowMs = town.nowMs();
  const seq = firstSeq + from;
  await transaction.add(
    'fork',
    records.slice(from).map(({ bytes }, index) => ({
      till,
      incarnation,
      seq: seq + index,
      hash: hashes[from + index] ?? '',
      bytes: rawOf(bytes),
      seenAtMs: nowMs,
    })),
  );
  await recordFork(town, transaction, till, incarnation, seq);
}

/** Names a fork once; until a person resolves it, its till gets no more points. */
export async function recordFork(
  town: Town,
  transaction: Transaction,
  till: string,
  incarnation: number,
  seq: number,
): Promise<void> {
  const { today } = await present(town, transaction);
  await transaction.add('break', [
    {
      id: `fork:${till}:${incarnation}:${seq}`,
      till,
      incarnation,
      kind: 'fork',
      owner: 'clerk',
      account: null,
      seq,
      tillAmount: null,
      townAmount: null,
      sinceDay: today,
      ...UNRESOLVED,
    },
  ]);
  town.log(`${till} sent another record ${seq} than the one held: both are kept, a person decides`);
}
