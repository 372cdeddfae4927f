import { spendablePoints, type HeldLot } from '../../shared/allotment.ts';
import { cardTokenHash, judgeCard, type CardRefusal, type CardView, type MemberView } from '../../shared/member.ts';
import type { Policy } from '../../shared/policy.ts';
import { DAY_MS } from '../../shared/time.ts';
import { reportOf, waitingBlank } from './card-reports.ts';
import { perHead } from './per-head.ts';
import type { Till } from './till.ts';

/** What this till knows of a member's points right now, all whole points. */
export type MemberFigures = Readonly<{
  view: MemberView;
  /** Stars that still count: 0 once the snapshot is too old (R-OFF1). */
  stars: number;
  starsStale: boolean;
  lots: readonly HeldLot[];
  /** Unexpired points of the open term. */
  held: number;
  spentToday: number;
  spentThisMonth: number;
  /** The town's total less what was spent here since. */
  townPoints: number;
  savedThisYearFen: number;
}>;

export type OpenTerm = Readonly<{ id: string; endMs: number }>;

export function createMembers(till: Till) {
  const { ledger, replicas, world } = till;
  const hashOf = (token: string): string => cardTokenHash(token, ledger.identity()?.town ?? '', world.crypto.hash);

  const openTermNow = perHead(ledger, (_only: 'term'): OpenTerm | null => {
    const row = ledger.get<{ id: string; end_ms: number }>(
      'SELECT id, end_ms FROM term WHERE incarnation = ? ORDER BY opened_n DESC LIMIT 1',
      ledger.head().incarnation,
    );
    return row === undefined ? null : { id: row.id, endMs: row.end_ms };
  });
  const openTerm = (): OpenTerm | null => openTermNow('term');

  /** What one term holds for a member: no lot of another term is ever spent here (invariant 16). */
  const heldLots = (member: string, term: string): HeldLot[] =>
    ledger
      .all<{ term: string; lot: string; village: string; fund: string; expires_on: string; points: number }>(
        `SELECT term, lot, village, fund, expires_on, points
           FROM held_lot
           WHERE member = ? AND term = ? AND points > 0`,
        member,
        term,
      )
      .map((row) => ({
        lot: row.lot,
        term: row.term,
        village: row.village,
        fund: row.fund,
        expiresOn: row.expires_on,
        points: row.points,
      }));

  /** Own spending that the town's figures do not count yet. */
  const spentSince = (
    member: string,
    incarnation: number,
    countedSeq: number,
    from: string,
    to: string,
  ): { points: number; savedFen: number } => {
    const row = ledger.get<{ points: number | null; saved: number | null }>(
      `SELECT SUM(points) AS points, SUM(saved_fen) AS saved
         FROM member_spend
         WHERE member = ? AND (incarnation > ? OR (incarnation = ? AND seq > ?)) AND business_day BETWEEN ? AND ?`,
      member,
      incarnation,
      incarnation,
      countedSeq,
      from,
      to,
    );
    return { points: row?.points ?? 0, savedFen: row?.saved ?? 0 };
  };

  /** A member's figures on a day; only records and the town's words change them. */
  const figuresOn = perHead(
    ledger,
    (key: `${string} ${string}`): Omit<MemberFigures, 'stars' | 'starsStale'> | null => {
      const [id = '', day = ''] = key.split(' ');
      const known = replicas.member(id);
      if (known === null) return null;
      const { incarnation } = known;
      const { countedSeq, nextExpiry } = known.view;
      const since = (from: string, to: string) => spentSince(id, incarnation, countedSeq, from, to);
      const spentSinceAll = since('0000-00-00', '9999-99-99').points;
      // Points go by earliest expiry, so what was spent here since comes off those that expire next.
      const expiring = nextExpiry === null ? 0 : nextExpiry.points - Math.max(0, spentSinceAll);
      const view = {
        ...known.view,
        nextExpiry: nextExpiry === null || expiring <= 0 ? null : { ...nextExpiry, points: expiring },
        // A member of whom nothing changed is as fresh as the last contact at which the town said so.
        asOfMs: Math.max(known.view.asOfMs, replicas.heardMs()),
      };
      const month = day.slice(0, 7);
      const term = openTerm();
      const lots = term === null ? [] : heldLots(id, term.id);
      const townToday = view.spentDay === day ? view.spentToday : 0;
      const townMonth = view.spentDay.slice(0, 7) === month ? view.spentThisMonth : 0;
      return {
        view,
        lots,
        held: spendablePoints(lots, day),
        spentToday: townToday + since(day, day).points,
        spentThisMonth: townMonth + since(`${month}-00`, `${month}-99`).points,
        townPoints: Math.max(0, view.townPoints - spentSinceAll),
        savedThisYearFen: Math.max(
          0,
          view.savedThisYearFen + since(`${day.slice(0, 4)}-00-00`, `${day.slice(0, 4)}-99-99`).savedFen,
        ),
      };
    },
    replicas.revision,
  );

  return {
    openTerm,
    hashOf,
    cardBehind: (token: string): CardView | null =>
      replicas.cardByTokenHash(hashOf(token)) ?? waitingBlank(ledger, hashOf(token)),
    /** When a member last bought here with their card, judged time; null before the first time. */
    lastUsedMs: (member: string): number | null =>
      ledger.get<{ at_ms: number }>(
        'SELECT at_ms FROM member_spend JOIN journal USING (n) WHERE member = ? AND kind = ? ORDER BY n DESC LIMIT 1',
        member,
        'sale',
      )?.at_ms ?? null,
    /** The member of a card, or why it does not count today. */
    judge: (
      card: CardView | null,
    ): { kind: 'good'; card: CardView; view: MemberView } | { kind: 'refused'; reason: CardRefusal } => {
      const member = card === null ? null : replicas.member(card.member);
      // What was reported here counts here at once, whatever the town has heard.
      const reported = card === null ? null : reportOf(ledger, card.id);
      if (reported !== null) return { kind: 'refused', reason: reported === 'lost' ? 'cardLost' : 'cardReplaced' };
      const reason = judgeCard(card, member?.view ?? null, till.businessDay());
      return reason === null && card !== null && member !== null
        ? { kind: 'good', card, view: member.view }
        : { kind: 'refused', reason: reason ?? 'cardUnknown' };
    },
    figures: (id: string, policy: Policy): MemberFigures | null => {
      const known = figuresOn(`${id} ${till.businessDay()}`);
      if (known === null) return null;
      const starsStale = till.atMs() - known.view.asOfMs > policy.stars.validDays * DAY_MS;
      return { ...known, stars: starsStale ? 0 : known.view.stars, starsStale };
    },
  };
}

export type Members = ReturnType<typeof createMembers>;
