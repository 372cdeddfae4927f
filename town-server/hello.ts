import { seal } from '../shared/signed.ts';
import type { TownTime } from '../shared/town-contract.ts';
import { boardFor } from './board.ts';
import { hashAt, headOf, recordFork } from './intake.ts';
import { asCanonical, noteContact, present, refused, unknownCaller, type TillRequest, type Town } from './town.ts';
import type { Transaction } from './store.ts';
import { versionOf } from './versions.ts';

type Hello = TillRequest & Readonly<{ nonce: string; seq: number; hash: string }>;

/** Compares heads. Where the till's head is one that the town holds differently, the chain is in doubt from there. */
export async function hello(town: Town, request: Hello) {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { till, incarnation, seq } = request;
  return town.store.transact([`intake:${till}:${incarnation}`], async (transaction) => {
    const head = await headOf(transaction, till, incarnation);
    const held = seq <= head.seq ? await hashAt(transaction, till, incarnation, seq) : null;
    if (held !== null && held !== request.hash) {
      await recordFork(town, transaction, till, incarnation, seq);
      return refused('fork');
    }
    const { policyVersion } = await present(town, transaction);
    const chain = await transaction.get('incarnation', { till, incarnation });
    const time: TownTime = { v: 1, town: town.id, till, nonce: request.nonce, nowMs: town.nowMs() };
    await noteContact(town, transaction, till);
    return {
      kind: 'ok' as const,
      time: seal('time', asCanonical(time), town.sign),
      ack: { seq: head.seq, hash: head.hash },
      statementNumber: chain?.statementNumber ?? 0,
      policyVersion,
      membersVersion: await versionOf(transaction, 'membersVersion'),
      boardVersion: await versionOf(transaction, 'boardVersion'),
    };
  });
}

type Since = TillRequest & Readonly<{ since: number }>;

export async function policiesSince(town: Town, request: Since) {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  return town.store.transact([], async (transaction) => {
    return policiesAbove(town, transaction, request.till, request.since);
  });
}

/** Policies above a version, and with them the whole notice board of the till's shop, which is small. */
export async function policiesAbove(town: Town, transaction: Transaction, till: string, since: number) {
  const rows = await transaction.list('policy', { above: { version: since } });
  return {
    kind: 'ok' as const,
    policies: rows.map(({ bytes, signature }) => ({ bytes, signature })),
    board: await boardFor(town, transaction, till),
  };
}
