import { MOVEMENTS_SHOWN, type Movement, type PointsSlip } from '../../shared/points-slip.ts';
import type { Answer, RefusalReason } from '../../shared/till-contract.ts';
import type { Checkout } from './checkout.ts';
import type { MemberFigures, Members } from './members.ts';
import { maskName, readShop } from './shop.ts';
import { done, refuse, type Till } from './till.ts';
import type { TownClient } from './town-client.ts';
import { within } from './within.ts';
import { isPractice } from './world.ts';

/** How long a customer waits for the town before the till says what it knows itself. */
const WAIT_MS = 4_000;

type Parts = Readonly<{
  till: Till;
  members: Members;
  counter: Pick<Checkout, 'holder' | 'printSlip'>;
  ask: TownClient['movements'];
  /** One exchange with the town at a time. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether somebody is signed in and the screen is open. */
  isAttended: () => boolean;
}>;

type Told = Pick<PointsSlip, 'source' | 'townPoints' | 'townAsOfMs' | 'nextExpiry' | 'movements'>;

/**
 * 查积分: what a villager with the card in the hand is told, from the town where it answers, otherwise from this till's own
 * records. Nothing of it is a fact of the books; the last one is kept only so that it can be printed.
 */
export function createPointsSlips({ till, members, counter, ask, alone, isAttended }: Parts) {
  const { ledger, replicas, world } = till;
  let kept: { slip: PointsSlip; member: string; isPrinted: boolean } | null = null;

  /** Sales and refunds of this till, newest first; a balance only behind those that the town's figure does not count. */
  const ownMovements = (member: string, figures: MemberFigures): Movement[] => {
    const rows = ledger.all<{
      kind: 'sale' | 'refund';
      at_ms: number;
      number: string;
      points: number;
      incarnation: number;
      seq: number;
    }>(
      `SELECT receipt.kind, receipt.at_ms, receipt.number, spend.points, spend.incarnation, spend.seq
         FROM member_spend spend JOIN receipt USING (n)
         WHERE spend.member = ? AND spend.points <> 0
         ORDER BY n DESC LIMIT ?`,
      member,
      MOVEMENTS_SHOWN,
    );
    const heardIn = replicas.member(member)?.incarnation ?? 1;
    const { shopName } = readShop(ledger);
    let after = figures.townPoints;
    return rows.map(({ kind, at_ms: atMs, number, points, incarnation, seq }) => {
      const isSince = incarnation > heardIn || (incarnation === heardIn && seq > figures.view.countedSeq);
      const balance = isSince ? after : null;
      if (isSince) after += points;
      const what = kind === 'sale' ? ('spent' as const) : ('returned' as const);
      return { atMs, kind: what, points: -points, borne: 0, balance, place: shopName, about: number };
    });
  };

  const tell = async (card: string, member: string): Promise<Told | RefusalReason> => {
    const answer = await within(
      world.clock,
      WAIT_MS,
      alone(() => ask(card)),
    );
    if (answer?.kind === 'told') {
      const { member: view, movements } = answer.told;
      const { townPoints, asOfMs: townAsOfMs, nextExpiry } = view;
      // A card that is somebody else's by now is not this holder's any more.
      return view.id === member ? { source: 'town', townPoints, townAsOfMs, nextExpiry, movements } : 'cardUnknown';
    }
    if (answer?.because === 'unknownCard' || answer?.because === 'unknownMember') return 'cardBlocked';
    const figures = members.figures(member, till.policy());
    if (figures === null) return 'cardUnknown';
    const { townPoints, view } = figures;
    const { asOfMs: townAsOfMs, nextExpiry } = view;
    return { source: 'till', townPoints, townAsOfMs, nextExpiry, movements: ownMovements(member, figures) };
  };

  const read = async (): Promise<{ kind: 'slip'; slip: PointsSlip } | { kind: 'refused'; reason: RefusalReason }> => {
    kept = null;
    if (!isAttended()) return { kind: 'refused', reason: 'notSignedIn' };
    const asked = counter.holder();
    if (typeof asked === 'string') return { kind: 'refused', reason: asked };
    const told = await tell(asked.card, asked.member.id);
    if (typeof told === 'string') return { kind: 'refused', reason: told };
    // The customer may have gone while the town thought.
    const holder = counter.holder();
    const operator = till.operator();
    if (typeof holder === 'string' || holder.card !== asked.card || operator === null)
      return { kind: 'refused', reason: 'slipGone' };
    const { mask, villageName, stars, lastFour, spendable } = holder.member;
    const { shopName, tillName, hotline } = readShop(ledger);
    const slip: PointsSlip = {
      kind: 'points',
      number: world.newId(),
      shopName,
      tillName,
      hotline,
      cashier: maskName(operator.name),
      atMs: till.atMs(),
      demo: world.demo !== null,
      practice: isPractice(world),
      copy: false,
      member: { mask, villageName, stars, lastFour },
      spendable,
      ...told,
      objection: till.policy().objection,
    };
    kept = { slip, member: holder.member.id, isPrinted: false };
    return { kind: 'slip', slip };
  };

  return {
    read,
    /** The first paper that came out is the original, and whatever follows it a copy. */
    print: (number: string): Answer => {
      const holder = counter.holder();
      const now = kept;
      if (now === null || now.slip.number !== number) return refuse('slipGone');
      if (typeof holder === 'string' || holder.member.id !== now.member) return refuse('slipGone');
      if (world.devices.printer === 'missing') return refuse('noPrinter');
      const isCopy = now.isPrinted;
      now.isPrinted = true;
      void counter.printSlip({ ...now.slip, copy: isCopy }).then((outcome) => {
        if (outcome !== 'printed') now.isPrinted = isCopy;
      });
      return done;
    },
  };
}

export type PointsSlips = ReturnType<typeof createPointsSlips>;
