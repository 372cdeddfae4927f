import type { CardView } from '../shared/member.ts';
import type { TownRefusal } from '../shared/town-contract.ts';
import { cardViewOf, touchMembers } from './members.ts';
import type { Transaction } from './store.ts';
import { noteContact, refused, unknownCaller, type Refused, type TillRequest, type Town } from './town.ts';

type Report = TillRequest &
  Readonly<{
    request: string;
    member: string;
    card: string | null;
    atMs: number;
    blank: Readonly<{ tokenHash: string; lastFour: string; lastSix: string }> | null;
  }>;

/**
 * Takes a card out of use that was reported at a till, and enters the blank that the till gave in its place. Carried out
 * once by the request's id: asked again it changes nothing, also when staff has found the card meanwhile.
 */
export async function reportCard(town: Town, report: Report): Promise<Refused | { kind: 'ok'; cards: CardView[] }> {
  const unknown = await unknownCaller(town, report);
  if (unknown !== null) return unknown;
  return town.store.transact(['points'], async (transaction) => {
    const { request, till, member } = report;
    const before = await transaction.get('cardReport', { request });
    if (before === null) {
      const reason = await carryOut(transaction, report, town.nowMs());
      if (reason !== null) return refused(reason);
      await transaction.put('cardReport', [{ request, till, member, atMs: town.nowMs() }]);
      await touchMembers(transaction, [member]);
    } else if (before.till !== till || before.member !== member) return refused('duplicate');
    const cards = await transaction.list('card', { equal: { member } });
    await noteContact(town, transaction, till);
    return { kind: 'ok', cards: cards.map(cardViewOf) };
  });
}

/**
 * Who bears later spends goes by the earlier of the till's time and the town's (R-C3): a till that was cut off reports
 * late, and no till reports ahead of time.
 */
async function carryOut(transaction: Transaction, report: Report, nowMs: number): Promise<TownRefusal | null> {
  const { request, member, card, blank } = report;
  const holder = await transaction.get('member', { member });
  if (holder === null) return 'unknownMember';
  const own = await transaction.list('card', { equal: { member } });
  const old = own.find((one) => one.card === card);
  if (card !== null && old === undefined) return 'unknownCard';
  if (card === null && blank === null) return 'badInput';
  if (blank !== null) {
    if (holder.state !== 'active') return 'unknownMember';
    // A new card is no way round a block, nor a second one beside a card in use.
    if (own.some((one) => one.state === 'blocked')) return 'unknownCard';
    const isReplaced = card === null || old?.state === 'replaced';
    if (isReplaced && own.some((one) => one.state === 'active')) return 'badInput';
    const taken = await transaction.list('card', { equal: { tokenHash: blank.tokenHash }, limit: 1 });
    if (taken.length > 0) return 'duplicate';
    await transaction.put('card', [
      { card: request, member, ...blank, state: 'active', expiresOn: null, lostAtMs: null, unreadableAtMs: null },
    ]);
  }
  if (old !== undefined && ['issued', 'active', 'lost'].includes(old.state)) {
    const lostAtMs = Math.min(old.lostAtMs ?? nowMs, report.atMs, nowMs);
    await transaction.put('card', [{ ...old, state: blank === null ? 'lost' : 'replaced', lostAtMs }]);
  }
  return null;
}
