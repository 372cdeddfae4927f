import { must } from '../shared/assert.ts';
import { canonical } from '../shared/canonical.ts';
import type { JournalRecord } from '../shared/journal.ts';
import { refundDifference, type ReturnedLine } from '../shared/pricing.ts';
import type { SaleBody } from '../shared/record-bodies.ts';
import { seal, type SignedDocument } from '../shared/signed.ts';
import { paidWith } from '../shared/tenders.ts';
import type { Returnable } from '../shared/town-contract.ts';
import { foldTakenIn } from './settle.ts';
import type { Rows, SaleState, Transaction } from './store.ts';
import { asCanonical, noteContact, refused, unknownCaller, type Refused, type TillRequest, type Town } from './town.ts';

/**
 * Claims (protocol, "Allotments"): a till takes goods of another till's sale back, or of an earlier incarnation's, only
 * with the town's claim. The town first folds all it was sent of the chains concerned, so that it speaks of everything
 * that came back anywhere; and it gives one claim on a sale at a time, so that what each refund pays is counted from a
 * known state and any sequence of them sums exactly (arithmetic, "Refunds"; invariant 21). A claim ends once: by the record
 * of its refund, or by being let go (invariant 14).
 */
type Asked = TillRequest & Readonly<{ request: string; receipt: string }>;

/** What a sale was and what may still come back of it, for a till that only looks. */
export async function findSale(town: Town, request: Asked): Promise<Refused | { kind: 'ok'; sale: SignedDocument }> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  await hearOut(town, request.receipt);
  return town.store.transact([], async (transaction) => {
    const sale = await saleBy(transaction, request.receipt);
    if (sale === null) return refused('unknownReceipt');
    return { kind: 'ok', sale: await sealedSale(town, transaction, request, sale) };
  });
}

/** Gives a till its claim, once per request id: asked again, the same bytes are answered. */
export async function claim(
  town: Town,
  request: Asked & Readonly<{ lines: readonly ReturnedLine[] }>,
): Promise<Refused | { kind: 'ok'; sale: SignedDocument }> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { till, incarnation, receipt } = request;
  await hearOut(town, receipt);
  return town.store.transact(['points'], async (transaction) => {
    const before = await transaction.get('claim', { claim: request.request });
    if (before !== null) return again(before, request);
    const sale = await saleBy(transaction, receipt);
    if (sale === null) return refused('unknownReceipt');
    // What came in since is folded under the same lock: nothing may pass between the judgement and the claim.
    for (const chain of [sale, ...(await heldOf(transaction, sale.sale))]) {
      while (!(await foldTakenIn(town, transaction, chain.till, chain.incarnation))) continue;
    }
    if ((await heldOf(transaction, sale.sale)).length > 0) return refused('claimHeld');
    const now = await saleBy(transaction, receipt);
    must(now !== null, 'a sale that was folded stays');
    const { body } = await recordOf(transaction, now);
    const paid = now.tenders === null ? (body as SaleBody) : paidWith(body as SaleBody, now.tenders);
    const lines = request.lines.map(({ line, quantity }) => ({ line, quantity }));
    const difference = refundDifference(paid, returnedOf(now), lines);
    if (difference.kind === 'refused') return refused(difference.reason);
    const sealed = await sealedSale(town, transaction, request, now);
    await transaction.put('claim', [
      { ...newClaim(town, request), sale: now.sale, receipt, lines, ...sealed, till, incarnation },
    ]);
    await noteContact(town, transaction, till);
    return { kind: 'ok', sale: sealed };
  });
}

/**
 * Lets a claim go whose refund was never done. It may be asked before the claim itself arrives, and keeps it from ever
 * being given; a claim whose refund was folded stays as it is.
 */
export async function releaseClaim(
  town: Town,
  request: TillRequest & Readonly<{ request: string }>,
): Promise<Refused | { kind: 'ok' }> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { till, incarnation } = request;
  return town.store.transact(['points'], async (transaction) => {
    const before = await transaction.get('claim', { claim: request.request });
    if (before !== null && (before.till !== till || before.incarnation !== incarnation)) return refused('unknownClaim');
    if (before === null || isHeld(before)) {
      const row = before ?? newClaim(town, request);
      await transaction.put('claim', [{ ...row, releasedAtMs: town.nowMs(), releasedBy: `till ${till}` }]);
    }
    return { kind: 'ok' };
  });
}

/** A clerk lets a claim go whose till does not come back; who did it and why stay with it. */
export async function dropClaim(
  town: Town,
  wanted: Readonly<{ claim: string; by: string; note: string }>,
): Promise<Refused | { kind: 'ok' }> {
  const by = wanted.by.trim();
  const note = wanted.note.trim();
  if (by === '' || note === '') return refused('badInput');
  return town.store.transact(['points'], async (transaction) => {
    const before = await transaction.get('claim', { claim: wanted.claim });
    if (before === null) return refused('unknownClaim');
    if (isHeld(before)) {
      await transaction.put('claim', [{ ...before, releasedAtMs: town.nowMs(), releasedBy: by, note }]);
      town.log(`claim ${before.claim} of ${before.till} on ${before.receipt} was let go`);
    }
    return { kind: 'ok' };
  });
}

/** Claims whose refund has not come, oldest first. */
export async function heldClaims(transaction: Transaction): Promise<Rows['claim'][]> {
  return transaction.list('claim', { equal: { doneSeq: null, releasedAtMs: null }, order: ['madeAtMs', 'claim'] });
}

async function heldOf(transaction: Transaction, sale: string): Promise<Rows['claim'][]> {
  return transaction.list('claim', { equal: { sale, doneSeq: null, releasedAtMs: null } });
}

function isHeld(row: Rows['claim']): boolean {
  return row.doneSeq === null && row.releasedAtMs === null;
}

function newClaim(
  town: Town,
  { request, till, incarnation }: Readonly<{ request: string; till: string; incarnation: number }>,
): Rows['claim'] {
  return {
    claim: request,
    till,
    incarnation,
    sale: '',
    receipt: '',
    lines: [],
    madeAtMs: town.nowMs(),
    bytes: '',
    signature: '',
    doneSeq: null,
    releasedAtMs: null,
    releasedBy: null,
    note: null,
  };
}

function again(
  before: Rows['claim'],
  request: Asked & Readonly<{ lines: readonly ReturnedLine[] }>,
): Refused | { kind: 'ok'; sale: SignedDocument } {
  if (before.till !== request.till || before.incarnation !== request.incarnation) return refused('duplicate');
  if (before.releasedAtMs !== null) return refused('claimReleased');
  const same =
    before.receipt === request.receipt &&
    canonical(before.lines) === canonical(request.lines.map(({ line, quantity }) => ({ line, quantity })));
  return same ? { kind: 'ok', sale: { bytes: before.bytes, signature: before.signature } } : refused('duplicate');
}

/** Till and incarnation behind a receipt's number; null for what is none. */
function chainOf(receipt: string): { till: string; incarnation: number } | null {
  const [, till, incarnation] = /^(.{1,64})-(\d{1,9})-\d{1,9}$/.exec(receipt) ?? [];
  return till === undefined ? null : { till, incarnation: Number(incarnation) };
}

async function saleBy(transaction: Transaction, receipt: string): Promise<SaleState | null> {
  const chain = chainOf(receipt);
  if (chain === null) return null;
  const rows = await transaction.list('sale', { equal: { receipt } });
  return rows.find((row) => row.seen && row.till === chain.till && row.incarnation === chain.incarnation) ?? null;
}

/** Folds all that was acknowledged of a sale's chain and of the chains that hold claims on it, in short transactions. */
async function hearOut(town: Town, receipt: string): Promise<void> {
  const seller = chainOf(receipt);
  if (seller === null) return;
  await hearOutChain(town, seller.till, seller.incarnation);
  const claimants = await town.store.transact([], async (transaction) => {
    const sale = await saleBy(transaction, receipt);
    return sale === null ? [] : heldOf(transaction, sale.sale);
  });
  for (const { till, incarnation } of claimants) await hearOutChain(town, till, incarnation);
}

async function hearOutChain(town: Town, till: string, incarnation: number): Promise<void> {
  while (!(await hearNext(town, till, incarnation))) continue;
}

/** Folds the next of what was acknowledged of a chain, in a short transaction; true when nothing of it is left. */
export async function hearNext(town: Town, till: string, incarnation: number): Promise<boolean> {
  return town.store.transact(['points'], (transaction) => foldTakenIn(town, transaction, till, incarnation));
}

function returnedOf(sale: SaleState): ReturnedLine[] {
  return sale.back.flatMap((quantity, line) => (quantity === null ? [] : [{ line, quantity }]));
}

async function textOf(transaction: Transaction, { till, incarnation, seq }: SaleState): Promise<string> {
  const row = await transaction.get('record', { till, incarnation, seq });
  must(row !== null, `the record of sale ${till}/${incarnation}/${seq} was folded and is not there`);
  return row.text;
}

async function recordOf(transaction: Transaction, sale: SaleState): Promise<JournalRecord> {
  // Intake read it in full, its body too; nothing else writes these rows.
  return JSON.parse(await textOf(transaction, sale)) as JournalRecord;
}

async function sealedSale(
  town: Town,
  transaction: Transaction,
  { till, incarnation, request }: Asked,
  sale: SaleState,
): Promise<SignedDocument> {
  const value: Returnable = {
    v: 1,
    town: town.id,
    till,
    incarnation,
    request,
    issuedAtMs: town.nowMs(),
    sale: await textOf(transaction, sale),
    returned: returnedOf(sale),
    exchanged: sale.exchanged.flatMap((quantity, line) => (quantity === 0 ? [] : [{ line, quantity }])),
    tenders: sale.tenders,
    heldBy: (await heldOf(transaction, sale.sale))[0]?.till ?? null,
  };
  return seal('claim', asCanonical(value), town.sign);
}
