import { seal, type SignedDocument } from '../shared/signed.ts';
import type { SealedPin } from '../shared/town-contract.ts';
import { hashPin, pinMatches } from './crypto.ts';
import type { Rows, Transaction } from './store.ts';
import {
  asCanonical,
  noteContact,
  present,
  refused,
  unknownCaller,
  type Refused,
  type TillRequest,
  type Town,
} from './town.ts';

/**
 * Members' PINs (R-C4). They are checked here only, so that nothing on a till lets one be guessed; of each there is a slow
 * salted hash, and after so many wrong tries in a row it is locked until staff resets it.
 */
type Asked = TillRequest & Readonly<{ request: string; member: string; document: string; pin: string }>;

/**
 * Whether a PIN is the member's, sealed for the one request that asked. A request counts once: the same bytes sent again,
 * by whoever picked them up on the way, are refused, try nothing and lock nobody out.
 */
export async function checkPin(town: Town, request: Asked): Promise<Refused | { kind: 'ok'; proof: SignedDocument }> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { member, pin } = request;
  const known = await town.store.transact([], (transaction) => transaction.get('pin', { member }));
  // Slow on purpose, and so before anything is locked; what it was compared with is looked at again below.
  const matches = known !== null && known.hash !== '' && (await pinMatches(pin, known.hash));
  return town.store.transact(['points'], async (transaction) => {
    const { policy, nowMs } = await present(town, transaction);
    const now = await transaction.get('pin', { member });
    if (now?.hash !== known?.hash) return refused('notSettledYet');
    const { till, request: id } = request;
    const fresh = await transaction.add('pinTry', [{ request: id, till, member, atMs: nowMs }]);
    if (fresh === 0) return refused('duplicate');
    const judged = await judge(transaction, now, matches, policy.card.pinTries);
    const value: SealedPin = {
      v: 1,
      town: town.id,
      till,
      incarnation: request.incarnation,
      request: id,
      member,
      document: request.document,
      issuedAtMs: nowMs,
      ...judged,
    };
    await noteContact(town, transaction, till);
    return { kind: 'ok', proof: seal('pin', asCanonical(value), town.sign) };
  });
}

/** What a try comes to. Tries beyond the last allowed one are answered alike, the right PIN among them. */
async function judge(
  transaction: Transaction,
  row: Rows['pin'] | null,
  matches: boolean,
  tries: number,
): Promise<Pick<SealedPin, 'outcome' | 'left'>> {
  if (row === null || row.hash === '') return { outcome: 'none', left: 0 };
  if (row.wrong >= tries) return { outcome: 'locked', left: 0 };
  const wrong = matches ? 0 : row.wrong + 1;
  await transaction.put('pin', [{ ...row, wrong }]);
  if (matches) return { outcome: 'right', left: tries };
  return wrong >= tries ? { outcome: 'locked', left: 0 } : { outcome: 'wrong', left: tries - wrong };
}

/** A PIN that half a village would try first. */
export function isEasyPin(pin: string): boolean {
  const steps = Array.from(pin.slice(1), (digit, index) => Number(digit) - Number(pin[index]));
  return steps.every((step) => step === steps[0]) && [0, 1, -1].includes(steps[0] ?? 0);
}

/** Staff sets a member's PIN, or takes it away with null; either ends a lock (R-C4). */
export async function setPin(
  town: Town,
  { member, pin }: Readonly<{ member: string; pin: string | null }>,
): Promise<Refused | { kind: 'ok' }> {
  if (pin !== null && (!/^\d{6}$/.test(pin) || isEasyPin(pin))) return refused('badInput');
  const hash = pin === null ? '' : await hashPin(pin);
  return town.store.transact(['points'], async (transaction) => {
    if ((await transaction.get('member', { member })) === null) return refused('unknownMember');
    await transaction.put('pin', [{ member, hash, wrong: 0 }]);
    return { kind: 'ok' };
  });
}

/** Whether a member has a PIN, and whether it is locked, for staff. */
export function pinState(row: Rows['pin'] | undefined, tries: number): 'none' | 'set' | 'locked' {
  if (row === undefined || row.hash === '') return 'none';
  return row.wrong >= tries ? 'locked' : 'set';
}
