import { z } from 'zod';
import { HOUR_MS } from '../shared/time.ts';
import type { Rows, Transaction } from './store.ts';
import { present, UNRESOLVED, type Town } from './town.ts';

/**
 * A town that was restored from an older copy of its database. It has forgotten points that it moved to tills since, so
 * what it takes for free may be held by a till already. Once it notices, it moves no free points to anybody until every
 * till that it knows has been heard out, or until the last term that it may have promised has run out for a day.
 *
 * It notices by its staff's word (`serve --restored`), or by the first record of a till that names a grant or a statement
 * which it does not know. A till is heard out when its own chain holds a statement that was issued since: whatever it got
 * before the restore stands before that, and was folded before it.
 */
export type Restore = {
  noticedAtMs: number;
  /** From here on nothing that was promised before the restore can be spent any more. */
  untilMs: number;
  /**
   * Chains that the town knew when it noticed, each with the number of its last statement by then; null when it was heard
   * out since.
   */
  chains: Record<string, number | null>;
  /** Lots out of which more was granted than the town found free, and the record that said so last. */
  beyond: Record<string, Readonly<{ till: string; incarnation: number; seq: number }>>;
};

const SETTING = 'restore';

/** How long after the last end ever sent for it a silent till's term may be freed (protocol, "Allotments"). */
export const FREE_AFTER_MS = 24 * HOUR_MS;

const restoreSchema = z.object({
  noticedAtMs: z.int(),
  untilMs: z.int(),
  chains: z.record(z.string(), z.int().nullable()),
  beyond: z.record(z.string(), z.object({ till: z.string(), incarnation: z.int(), seq: z.int() })),
});

type Chain = Readonly<{ till: string; incarnation: number }>;

function nameOf({ till, incarnation }: Chain): string {
  return `${till}:${incarnation}`;
}

/** The restore that the town noticed last, or null. */
export async function restoreOf(transaction: Transaction): Promise<Restore | null> {
  const row = await transaction.get('setting', { name: SETTING });
  return row === null ? null : restoreSchema.parse(JSON.parse(row.value));
}

export async function keepRestore(transaction: Transaction, restore: Restore): Promise<void> {
  await transaction.put('setting', [{ name: SETTING, value: JSON.stringify(restore) }]);
}

/** Whether free points stay where they are, since a till that was not heard out yet may hold them. */
export async function isWaiting(town: Pick<Town, 'nowMs'>, transaction: Transaction): Promise<boolean> {
  const restore = await restoreOf(transaction);
  return restore !== null && waitsFor(restore, town.nowMs()).length > 0;
}

/** The chains that are still waited for. */
export function waitsFor(restore: Restore, nowMs: number): string[] {
  if (nowMs >= restore.untilMs) return [];
  return Object.keys(restore.chains).filter((name) => restore.chains[name] !== null);
}

/**
 * Begins to wait for every till. A term's end may have been moved later by a statement that is forgotten: at the most to
 * a term's length from now, so it is taken to end then, and no clerk frees it earlier. Only under the `points` lock.
 */
export async function noteRestored(town: Town, transaction: Transaction): Promise<Restore> {
  const { nowMs, policy } = await present(town, transaction);
  const tills = new Map((await transaction.list('till')).map((row) => [row.till, row.incarnation]));
  const open = await transaction.list('term', { equal: { closedAtMs: null } });
  const endMs = Math.max(nowMs + policy.term.hours * HOUR_MS, ...open.map((term) => term.endMs));
  await transaction.put(
    'term',
    open.map((term) => ({ ...term, endMs: Math.max(term.endMs, nowMs + policy.term.hours * HOUR_MS) })),
  );
  const openTerms = new Set(open.map((term) => term.term));
  const chains: Restore['chains'] = {};
  for (const row of await transaction.list('incarnation')) {
    const isPresent = tills.get(row.till) === row.incarnation;
    if (isPresent || openTerms.has(row.term ?? '')) chains[nameOf(row)] = row.statementNumber;
  }
  const restore = {
    noticedAtMs: nowMs,
    untilMs: endMs + FREE_AFTER_MS,
    chains,
    beyond: (await restoreOf(transaction))?.beyond ?? {},
  };
  await keepRestore(transaction, restore);
  town.log(`restored from an older copy: free points wait for ${Object.keys(chains).length} tills`);
  return restore;
}

/**
 * A chain holds what the town forgot. While the town waits for that chain this was to be expected; of a chain that it did
 * not wait for, it is the first sign of a restore.
 */
export async function noteForgotten(
  town: Town,
  transaction: Transaction,
  chain: Rows['incarnation'],
): Promise<Restore> {
  const before = await restoreOf(transaction);
  const name = nameOf(chain);
  if (before === null || waitsFor(before, town.nowMs()).length === 0 || before.chains[name] === null)
    return noteRestored(town, transaction);
  if (before.chains[name] !== undefined) return before;
  // Enrolled again since: it is one of those that the town had forgotten.
  const restore = { ...before, chains: { ...before.chains, [name]: chain.statementNumber } };
  await keepRestore(transaction, restore);
  return restore;
}

/** Whether a statement of this number was issued to a chain since the town began to wait for it. */
export function provesHeard(restore: Restore | null, chain: Chain, number: number): boolean {
  const before = restore?.chains[nameOf(chain)];
  return before !== undefined && before !== null && number > before;
}

/** A chain was folded up to a statement that was issued since: nothing of what it was promised before is unknown. */
export async function noteHeard(town: Town, transaction: Transaction, chain: Chain): Promise<void> {
  const before = await restoreOf(transaction);
  if (before === null) return;
  const restore = { ...before, chains: { ...before.chains, [nameOf(chain)]: null } };
  await keepRestore(transaction, restore);
  if (waitsFor(restore, town.nowMs()).length === 0) town.log('every till was heard since the restore');
}

/**
 * Once nobody is waited for any more, what is still overdrawn was really granted twice, before the town had noticed: at
 * most what it granted until then. Each such lot is named; what tills that came late gave back has made up for the others.
 */
export async function judgeRestored(town: Town, transaction: Transaction): Promise<void> {
  const restore = await restoreOf(transaction);
  if (restore === null || Object.keys(restore.beyond).length === 0) return;
  if (waitsFor(restore, town.nowMs()).length > 0) return;
  const { today } = await present(town, transaction);
  const lots = await transaction.list('lot', { above: { overdrawn: 0 } });
  const breaks = lots.flatMap(({ lot, overdrawn }): Rows['break'][] => {
    const place = restore.beyond[lot];
    if (place === undefined) return [];
    const id = `shortfall:${place.till}:${place.incarnation}:granted:${restore.noticedAtMs}:${lot}`;
    const amounts = { account: `points ${lot}`, tillAmount: overdrawn, townAmount: 0 };
    return [{ id, ...place, ...amounts, kind: 'shortfall', owner: 'clerk', sinceDay: today, ...UNRESOLVED }];
  });
  await transaction.add('break', breaks);
  await keepRestore(transaction, { ...restore, beyond: {} });
}
