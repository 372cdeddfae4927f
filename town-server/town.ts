import type { CanonicalValue } from '../shared/canonical.ts';
import { policyOn, policySchema, type Policy } from '../shared/policy.ts';
import { requestIsSigned, type Sign } from '../shared/signed.ts';
import { businessDayOf } from '../shared/time.ts';
import type { TownRefusal } from '../shared/town-contract.ts';
import { verify, verifyAside } from './crypto.ts';
import type { Rows, Store, Transaction } from './store.ts';

/** Everything the town's logic may touch: its store, its clock, its key, fresh ids and a log. */
export type Town = Readonly<{
  id: string;
  name: string;
  store: Store;
  nowMs: () => number;
  newId: () => string;
  publicKey: string;
  sign: Sign;
  log: (line: string) => void;
  /** Public keys of tills by till and incarnation; they never change. */
  tillKeys: Map<string, string>;
  /** When each till's contact was last written down, so that a busy till does not write it at every request. */
  contacts: Map<string, number>;
}>;

export type Refused = Readonly<{ kind: 'refused'; reason: TownRefusal }>;

export function refused(reason: TownRefusal): Refused {
  return { kind: 'refused', reason };
}

/** Who asks: every request of a till carries these and a signature over all its fields. */
export type TillRequest = Readonly<{ town: string; till: string; incarnation: number; signature: string }> &
  Readonly<Record<string, unknown>>;

/** Null when the request is from an enrolled till of this town, signed with its key; otherwise why it is not. */
export async function unknownCaller(town: Town, request: TillRequest): Promise<Refused | null> {
  if (request.town !== town.id) return refused('wrongTown');
  const key = await publicKeyOf(town, request.till, request.incarnation);
  if (key.kind === 'refused') return key;
  return requestIsSigned(request, key.publicKey, verify) ? null : refused('wrongSignature');
}

/** The same for a request whose signed bytes are at hand, in the order that its till wrote them. */
export async function unknownSender(
  town: Town,
  sent: Readonly<{ town: string; till: string; incarnation: number; signature: string; signed: Uint8Array }>,
): Promise<Refused | null> {
  if (sent.town !== town.id) return refused('wrongTown');
  const key = await publicKeyOf(town, sent.till, sent.incarnation);
  if (key.kind === 'refused') return key;
  return (await verifyAside(key.publicKey, sent.signed, sent.signature)) ? null : refused('wrongSignature');
}

/** Of an incarnation whose records a later one brought: nobody ever gave it a code, so nobody may speak for it. */
export const NEVER_ENROLLED = 0;

async function publicKeyOf(
  town: Town,
  till: string,
  incarnation: number,
): Promise<Refused | { kind: 'ok'; publicKey: string }> {
  const name = `${till}:${incarnation}`;
  const known = town.tillKeys.get(name);
  if (known !== undefined) return { kind: 'ok', publicKey: known };
  return town.store.transact([], async (transaction) => {
    if ((await transaction.get('till', { till })) === null) return refused('unknownTill');
    const row = await transaction.get('incarnation', { till, incarnation });
    if (row === null || row.enrolledAtMs === NEVER_ENROLLED) return refused('unknownIncarnation');
    town.tillKeys.set(name, row.publicKey);
    return { kind: 'ok', publicKey: row.publicKey };
  });
}

const CONTACT_STEP_MS = 30_000;

/** Notes that a till was heard from. The last write of its transaction, so that no lock is waited for behind it. */
export async function noteContact(town: Town, transaction: Transaction, till: string): Promise<void> {
  const nowMs = town.nowMs();
  if (nowMs - (town.contacts.get(till) ?? 0) < CONTACT_STEP_MS) return;
  await transaction.put('contact', [{ till, heardAtMs: nowMs }]);
  town.contacts.set(till, nowMs);
}

/** Every policy the town published, oldest first. */
export async function policiesOf(transaction: Transaction): Promise<Policy[]> {
  const rows = await transaction.list('policy');
  return rows.map((row) => policySchema.parse(JSON.parse(row.bytes)));
}

/** The policy and business day of the present moment. */
export async function present(
  town: Town,
  transaction: Transaction,
): Promise<{ nowMs: number; today: string; policy: Policy; policies: Policy[]; policyVersion: number }> {
  const policies = await policiesOf(transaction);
  const newest = policies.at(-1);
  if (newest === undefined) throw new Error('a town has a policy from its first day');
  const nowMs = town.nowMs();
  const today = businessDayOf(nowMs, newest.businessDay.endsAt);
  return { nowMs, today, policy: policyOn(policies, today) ?? newest, policies, policyVersion: newest.version };
}

/** How a break begins; a person ends it with a name, a note and the time, and the row stays. */
export const UNRESOLVED = { resolvedAtMs: null, resolvedBy: null, note: null };

/** Breaks of a chain that nobody has resolved. */
export async function openBreaks(
  transaction: Transaction,
  till: string,
  incarnation: number,
): Promise<Rows['break'][]> {
  return transaction.list('break', { equal: { till, incarnation, resolvedAtMs: null } });
}

/** A value of our own types as canonical JSON takes it. */
export function asCanonical(value: object): CanonicalValue {
  return value as unknown as CanonicalValue;
}
