import { must } from '../shared/assert.ts';
import { seal, type SignedDocument } from '../shared/signed.ts';
import type { SealedMovements } from '../shared/town-contract.ts';
import { hearNext } from './claims.ts';
import { viewsOf } from './members.ts';
import { newestMovements } from './movements.ts';
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

/** So many transactions of folding a customer may wait for; what is behind them is told at the next question. */
const FOLDS_AT_ONCE = 20;

/** Folds what is here of any till, so that what somebody bought this morning in another shop is told; the asking one first. */
async function hearAll(town: Town, asking: string): Promise<void> {
  const behind = await town.store.transact([], async (transaction) => {
    const heads = await transaction.list('head');
    const settled = new Map(
      (await transaction.list('incarnation')).map((row) => [`${row.till}:${row.incarnation}`, row.settledSeq]),
    );
    return heads.filter((head) => head.seq > (settled.get(`${head.till}:${head.incarnation}`) ?? head.seq));
  });
  const own = behind.filter((head) => head.till === asking);
  let left = FOLDS_AT_ONCE;
  for (const { till, incarnation } of [...own, ...behind.filter((head) => head.till !== asking)]) {
    let heard = false;
    while (!heard && left > 0) {
      heard = await hearNext(town, till, incarnation);
      left -= 1;
    }
  }
}

/**
 * Balance and last movements for who has a card in their hand: a till names the card that it read, never a person, and
 * one that is not in use is told nothing. What tills have sent is folded first.
 */
export async function movementsOf(
  town: Town,
  request: TillRequest & Readonly<{ request: string; card: string }>,
): Promise<Refused | { kind: 'ok'; movements: SignedDocument }> {
  const unknown = await unknownCaller(town, request);
  if (unknown !== null) return unknown;
  const { till, incarnation } = request;
  await hearAll(town, till);
  return town.store.transact(['points'], async (transaction) => {
    const { nowMs, today } = await present(town, transaction);
    const card = await transaction.get('card', { card: request.card });
    const isInUse = card?.state === 'active' && (card.expiresOn === null || card.expiresOn >= today);
    if (card === null || !isInUse) return refused('unknownCard');
    const row = await transaction.get('member', { member: card.member });
    if (row === null || row.state !== 'active') return refused('unknownMember');
    const [member] = await viewsOf(town, transaction, [row], request);
    must(member !== undefined, 'one member has one view');
    const { movements } = await newestMovements(town, transaction, row.member);
    await noteContact(town, transaction, till);
    const value: SealedMovements = {
      v: 1,
      town: town.id,
      till,
      incarnation,
      request: request.request,
      card: request.card,
      issuedAtMs: nowMs,
      member,
      movements,
    };
    return { kind: 'ok', movements: seal('movements', asCanonical(value), town.sign) };
  });
}
