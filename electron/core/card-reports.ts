import type { CardView } from '../../shared/member.ts';
import type { Answer, Command, FoundMember } from '../../shared/till-contract.ts';
import type { Say } from './checkout.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { TownTrouble } from './town-client.ts';
import { answerOf, done, refuse, type Operator, type Till } from './till.ts';

type Blank = Readonly<{ tokenHash: string; lastFour: string; lastSix: string }>;

/** What the town is asked for, under an id that is kept until it is answered. */
export type CardReport = Readonly<{
  request: string;
  member: string;
  card: string | null;
  atMs: number;
  blank: Blank | null;
}>;

type Row = {
  request: string;
  member: string;
  card: string | null;
  blank: string | null;
  at_ms: number;
};

type World = Readonly<{
  till: Till;
  say: Say;
  /** The number of a card, whichever way it was read; null for what can be none. */
  tokenOf: (code: string) => string | null;
  /** Whether a token means something here already: goods, staff, or somebody's card. */
  isTaken: (token: string) => boolean;
  hashOf: (token: string) => string;
  ask: (report: CardReport) => Promise<Readonly<{ kind: 'confirmed'; cards: readonly CardView[] }> | TownTrouble>;
}>;

/**
 * 挂失 and 换卡 (R-C3). Recorded first, with who allowed it and by random ids alone, then asked of the town at once and at
 * every contact (invariants 6, 31, 32); until it answers the old card is refused here, and the new one lives only once the
 * town says so.
 */
export function createCardReports({ till, say, tokenOf, isTaken, hashOf, ask }: World) {
  const { ledger, replicas } = till;
  const maskOf = (member: string): string => replicas.member(member)?.view.mask ?? '';

  const blankOf = (code: string): Blank | 'blankUnknown' | 'blankTaken' => {
    const token = tokenOf(code);
    if (token === null) return 'blankUnknown';
    if (isTaken(token)) return 'blankTaken';
    return { tokenHash: hashOf(token), lastFour: token.slice(-4), lastSix: token.slice(-6) };
  };

  const report = (command: Extract<Command, { kind: 'reportCard' }>, operator: Operator, by: string): Answer => {
    // Asked again after a lost answer: it stands already, and its blank is its own.
    if (ledger.byId(command.id) !== null) return done;
    const { member, card } = command;
    if (card === null && command.blank === null) return refuse('badInput');
    if (replicas.member(member) === null) return refuse('memberNotActive');
    if (card !== null && replicas.card(card)?.member !== member) return refuse('cardUnknown');
    const blank = command.blank === null ? null : blankOf(command.blank);
    if (typeof blank === 'string') return refuse(blank);
    return ledger.transaction(() => {
      const what = blank === null ? 'lost' : 'replaced';
      const body = { what, card: card ?? '', member, document: command.id, by } as const;
      const answer = answerOf(till.record({ kind: 'cardChange', id: command.id, operator: operator.id, body }));
      if (answer.kind === 'refused') return answer;
      ledger.run('DELETE FROM card_report WHERE member = ? AND refused = 1', member);
      ledger.run(
        `INSERT INTO card_report (request, member, card, blank, token_hash, at_ms, refused)
           VALUES (?, ?, ?, ?, ?, ?, 0)`,
        command.id,
        member,
        card,
        blank === null ? null : JSON.stringify(blank),
        blank?.tokenHash ?? null,
        till.atMs(),
      );
      say('info', 'cardReported', { mask: maskOf(member) });
      return answer;
    });
  };

  /** Reports that have no answer yet, oldest first. */
  const waiting = (limit: number): CardReport[] =>
    ledger.all<Row>(`SELECT * FROM card_report WHERE ${WAITS} ORDER BY at_ms LIMIT ?`, limit).map(reportOfRow);
  /** One of them; none when another way brought its answer before. */
  const stillWaiting = (request: string): CardReport | null => {
    const row = ledger.get<Row>(`SELECT * FROM card_report WHERE request = ? AND ${WAITS}`, request);
    return row === undefined ? null : reportOfRow(row);
  };

  /** The town did what a report asked for; `cards` are the member's as they are since. */
  const confirmed = (request: string, cards: readonly CardView[]): void => {
    const asked = stillWaiting(request);
    if (asked === null) return;
    ledger.transaction(() => {
      for (const card of cards) replicas.putCard(card);
      ledger.run('UPDATE card_report SET confirmed = 1, token_hash = NULL WHERE request = ?', request);
    });
    const text = asked.blank === null ? 'cardLostConfirmed' : 'cardReplacedConfirmed';
    say('good', text, { mask: maskOf(asked.member), lastFour: asked.blank?.lastFour ?? '' });
  };

  /** The town did not do it. Answers whether it will not: what says nothing of the report itself leaves it waiting. */
  const refused = (request: string, because: TownTrouble['because']): boolean => {
    if (!REFUSALS.includes(because)) return false;
    const asked = stillWaiting(request);
    if (asked === null) return true;
    ledger.run('UPDATE card_report SET refused = 1, token_hash = NULL WHERE request = ?', request);
    say('bad', 'cardReportRefused', { mask: maskOf(asked.member) });
    return true;
  };

  return {
    report,
    waiting,
    confirmed,
    refused,
    /**
     * Asks for everything that has no answer yet; `isFirst` says that nobody was told of the wait. Answers whether the town
     * did any of it: then its list of members has a newer version, by which a till knows a town that forgot this again.
     */
    askAll: async (isFirst: boolean): Promise<boolean> => {
      let isNews = false;
      for (const asked of waiting(REPORTS_AT_ONCE)) {
        const answer = await ask(asked);
        if (answer.kind === 'confirmed') {
          confirmed(asked.request, answer.cards);
          isNews = true;
        } else if (!refused(asked.request, answer.because)) {
          if (isFirst) say('warn', 'cardReportWaits');
          break;
        }
      }
      return isNews;
    },
  };
}

export type CardReports = ReturnType<typeof createCardReports>;

/** What is asked of the town in one contact; more follows at the next. */
const REPORTS_AT_ONCE = 20;

function reportOfRow({ request, member, card, blank, at_ms: atMs }: Row): CardReport {
  return { request, member, card, atMs, blank: blank === null ? null : (JSON.parse(blank) as Blank) };
}

/** Reports that have no answer. */
const WAITS = 'refused = 0 AND confirmed = 0';

/**
 * A town that was restored from an older copy may have forgotten what it confirmed: the lost card would live there again
 * and the new one would not be known. It is asked for everything once more; what it knows, it only confirms.
 */
export function askReportsAgain(ledger: Ledger): void {
  ledger.run(
    "UPDATE card_report SET confirmed = 0, token_hash = json_extract(blank, '$.tokenHash') WHERE confirmed = 1",
  );
}

/** The town's answers to the report itself; silence and a till that it does not know now are no answer. */
const REFUSALS: readonly string[] = ['unknownMember', 'unknownCard', 'duplicate', 'badInput'];

/** What waits for the town about a card: it is refused here meanwhile. */
export function reportOf(ledger: Ledger, card: string): 'lost' | 'replaced' | null {
  const rows = ledger.all<Pick<Row, 'blank'>>(`SELECT blank FROM card_report WHERE card = ? AND ${WAITS}`, card);
  if (rows.length === 0) return null;
  return rows.some((row) => row.blank !== null) ? 'replaced' : 'lost';
}

/** A blank that was given to a member and waits for the town. */
export function waitingBlank(ledger: Ledger, tokenHash: string): CardView | null {
  const row = ledger.get<Row>(`SELECT * FROM card_report WHERE token_hash = ? AND ${WAITS}`, tokenHash);
  if (row === undefined || row.blank === null) return null;
  const { lastFour } = JSON.parse(row.blank) as Blank;
  return { id: row.request, tokenHash, member: row.member, lastFour, state: 'issued', expiresOn: null };
}

/** How the newest report about a member stands. */
export function memberReport(ledger: Ledger, member: string): FoundMember['report'] {
  const row = ledger.get<Pick<Row, 'blank'> & { refused: number; confirmed: number }>(
    'SELECT blank, refused, confirmed FROM card_report WHERE member = ? ORDER BY at_ms DESC LIMIT 1',
    member,
  );
  if (row === undefined || row.confirmed === 1) return null;
  if (row.refused === 1) return 'refused';
  return row.blank === null ? 'lost' : 'replaced';
}
