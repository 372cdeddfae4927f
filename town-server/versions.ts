import { z } from 'zod';
import { hashText } from './crypto.ts';
import type { Transaction } from './store.ts';
import type { Town } from './town.ts';

/** What tills compare with what they hold, to fetch nothing in vain. */
type VersionName = 'membersVersion' | 'boardVersion';

/** No copy is further behind than this, however often its town was started since: a start leaps over at most 2 ** 32. */
const BEHIND_MAX = 2 ** 48;
/** The newest leaps that are kept: a town started every day has those of three years. */
const LEAPS_KEPT = 1_000;

const LEAPS = 'membersLeaps';
const leapsSchema = z.array(z.tuple([z.int(), z.int()]));

export async function versionOf(transaction: Transaction, name: VersionName): Promise<number> {
  return Number((await transaction.get('setting', { name }))?.value ?? 0);
}

/** Raises a version of the town by `count` and answers the first new number. Only under the `points` lock. */
export async function nextVersions(transaction: Transaction, name: VersionName, count: number): Promise<number> {
  const before = await versionOf(transaction, name);
  await transaction.put('setting', [{ name, value: String(before + count) }]);
  return before + 1;
}

/**
 * Called at each start of a town, before it answers anybody. Restored from an older copy it would give the same numbers
 * once more, and to other changes; so each start leaps over a random count of them. What a till heard of this town is then
 * a number outside all leaps, and what it heard of one that was forgotten lies within one.
 */
export async function leapVersions(town: Town, transaction: Transaction): Promise<void> {
  const count = 1 + Number.parseInt(hashText(town.newId()).slice(0, 8), 16);
  const from = await versionOf(transaction, 'membersVersion');
  const leaps = [...(await leapsOf(transaction)), [from, from + count]].slice(-LEAPS_KEPT);
  await transaction.put('setting', [{ name: LEAPS, value: JSON.stringify(leaps) }]);
  await nextVersions(transaction, 'membersVersion', count);
  // A till fetches the board that has another number than its own, whichever is the higher.
  await nextVersions(transaction, 'boardVersion', count);
}

/**
 * Whether a till has a number that this town never gave: it heard it before the town was restored from an older copy. One
 * that is beyond what all its starts may have leapt to is nobody's, and is not believed.
 */
export async function isForgotten(transaction: Transaction, membersVersion: number): Promise<boolean> {
  const now = await versionOf(transaction, 'membersVersion');
  if (membersVersion > now) return membersVersion <= now + BEHIND_MAX;
  return (await leapsOf(transaction)).some(([from, to]) => membersVersion > from && membersVersion < to);
}

async function leapsOf(transaction: Transaction): Promise<z.infer<typeof leapsSchema>> {
  const row = await transaction.get('setting', { name: LEAPS });
  return row === null ? [] : leapsSchema.parse(JSON.parse(row.value));
}
