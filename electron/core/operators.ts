import { cardPatternOf, cardTokenOf } from '../../shared/barcode.ts';
import { staffCardHash } from '../../shared/member.ts';
import type { BodyOf } from '../../shared/record-bodies.ts';
import type { Answer, Approval, Command } from '../../shared/till-contract.ts';
import type { Ledger } from './ledger/ledger.ts';
import { answerOf, done, refuse, type Operator, type Till } from './till.ts';

/** Wrong PINs in a row before each further one has to wait. */
const FREE_TRIES = 3;
const WAIT_MS = 10_000;
/** The longest wait, in waits of the first length. A wait further off than that is a clock that was set back. */
const WAITS_MAX = 30;

type Row = {
  id: string;
  name: string;
  role: 'cashier' | 'manager';
  pin_hash: string;
  active: number;
  card_hash: string | null;
  member: string | null;
};

type Refused = Extract<Answer, { kind: 'refused' }>;
type Found = Readonly<{ kind: 'found'; operator: Operator }>;
type Outcome = BodyOf<'signIn'>['outcome'];

/**
 * Who works at the till, known by PIN or by staff card. Names, PINs and cards are this till's own and never stand in the
 * journal; of PIN and card only a hash is kept. `meansOther` says that a token is an article's or a member's already,
 * `memberBehind` which member's credit card it is.
 */
export function createOperators(
  till: Till,
  meansOther: (token: string) => boolean,
  memberBehind: (token: string) => string | null,
) {
  const { ledger, world } = till;
  // Kept on the disk: switching the machine off and on must not give a guesser new tries.
  let wrongTries = Number(ledger.setting('wrongPins') ?? '0');
  let waitUntilMs = Number(ledger.setting('pinWaitUntilMs') ?? '0');

  const active = (): Row[] => ledger.all<Row>('SELECT * FROM operator WHERE active = 1 ORDER BY id');

  const countTries = (tries: number, untilMs: number): void => {
    if (wrongTries === tries && waitUntilMs === untilMs) return;
    wrongTries = tries;
    waitUntilMs = untilMs;
    ledger.setSetting('wrongPins', String(tries));
    ledger.setSetting('pinWaitUntilMs', String(untilMs));
  };

  const recordSignIn = (operator: string, outcome: Outcome, by?: 'pin' | 'card'): Answer => {
    const isFailure = outcome === 'wrongPin' || outcome === 'wrongCard';
    till.record({
      kind: 'signIn',
      id: world.newId(),
      operator: isFailure ? null : operator,
      body: { operator, outcome, ...(by === undefined ? {} : { by }) },
    });
    return done;
  };

  /** Before enrolment there is no chain to record a try in. */
  const recordFailure = (outcome: 'wrongPin' | 'wrongCard'): void => {
    if (ledger.identity() !== null) recordSignIn('', outcome);
  };

  /** The active operator with this PIN; wrong tries make the next ones wait, so that no PIN can be tried out. */
  const byPin = (pin: string): Found | Refused => {
    const nowMs = world.clock.nowMs();
    const waitMs = waitUntilMs - nowMs;
    if (waitMs > 0 && waitMs <= WAIT_MS * WAITS_MAX) return refuseWith('pinWait', { waitMs });
    const row = active().find((one) => world.crypto.pinMatches(pin, one.pin_hash));
    if (row === undefined) {
      const tries = wrongTries + 1;
      const waits = tries < FREE_TRIES ? 0 : Math.min(2 ** (tries - FREE_TRIES), WAITS_MAX);
      countTries(tries, waits === 0 ? 0 : nowMs + WAIT_MS * waits);
      recordFailure('wrongPin');
      return refuseWith('wrongPin');
    }
    countTries(0, 0);
    return { kind: 'found', operator: operatorOf(row) };
  };

  /** Null for what can be no card at all. */
  const tokenOf = (code: string): string | null => {
    const { scaleLabels, card } = till.policy();
    return cardTokenOf(code, { scaleLabels, cardPattern: cardPatternOf(card.prefix), today: till.businessDay() });
  };
  const hashOf = (token: string): string => staffCardHash(token, ledger.identity()?.town ?? '', world.crypto.hash);

  /** The active operator whose staff card this is; null when it is nobody's. */
  const byCard = (code: string): Operator | null => {
    const token = tokenOf(code);
    if (token === null) return null;
    const row = ledger.get<Row>('SELECT * FROM operator WHERE card_hash = ? AND active = 1', hashOf(token));
    return row === undefined ? null : operatorOf(row);
  };

  const shownBy = (approval: NonNullable<Approval>): Found | Refused => {
    if ('pin' in approval) return byPin(approval.pin);
    const operator = byCard(approval.card);
    if (operator !== null) return { kind: 'found', operator };
    recordFailure('wrongCard');
    return refuseWith('staffCardUnknown');
  };

  /** The hash that an operator has after `save`, or why they may not have that card. */
  const cardAfter = (command: Extract<Command, { kind: 'saveOperator' }>, before: Row | undefined) => {
    // Who left has no card any more, so that it can be given to the next.
    if (!command.active || command.card === null) return { kind: 'card' as const, hash: null };
    if (command.card === undefined) return { kind: 'card' as const, hash: before?.card_hash ?? null };
    const token = tokenOf(command.card);
    if (token === null) return refuseWith('badInput');
    const hash = hashOf(token);
    const isTaken = active().some((row) => row.id !== command.id && row.card_hash === hash);
    // A card that is also an article or a member's would mean two things at the counter.
    return isTaken || meansOther(token) ? refuseWith('staffCardTaken') : { kind: 'card' as const, hash };
  };

  /** The member that an operator has after `save`; a card that is nobody's names none. */
  const memberAfter = (command: Extract<Command, { kind: 'saveOperator' }>, before: Row | undefined) => {
    if (!command.active || command.ownCard === null) return { kind: 'member' as const, member: null };
    if (command.ownCard === undefined) return { kind: 'member' as const, member: before?.member ?? null };
    const member = memberBehind(command.ownCard);
    return member === null ? refuseWith('cardUnknown') : { kind: 'member' as const, member };
  };

  return {
    byPin,
    byCard,
    recordSignIn,
    waitUntilMs: () => waitUntilMs,
    byId: (id: string): Operator | null => readOperator(ledger, id),
    /**
     * Who allows what `operator` is about to do: a manager themselves, otherwise the manager whose PIN or staff card is
     * shown. Who it was stands in the record of what was done (invariant 31).
     */
    allowedBy: (operator: Operator, approval: Approval): Readonly<{ kind: 'allowed'; by: string }> | Refused => {
      if (operator.role === 'manager') return { kind: 'allowed', by: operator.id };
      if (approval === null) return refuseWith('needsManager');
      const found = shownBy(approval);
      if (found.kind === 'refused') return found;
      return found.operator.role === 'manager'
        ? { kind: 'allowed', by: found.operator.id }
        : refuseWith('needsManager');
    },
    /** Whose credit card an operator holds; null where none was named. */
    memberOf: (operator: string): string | null =>
      ledger.get<Pick<Row, 'member'>>('SELECT member FROM operator WHERE id = ?', operator)?.member ?? null,
    list: () =>
      ledger.all<Row>('SELECT * FROM operator ORDER BY active DESC, role DESC, name').map((row) => ({
        id: row.id,
        name: row.name,
        role: row.role,
        active: row.active === 1,
        hasCard: row.card_hash !== null,
        hasOwnCard: row.member !== null,
      })),
    /** Makes or changes an operator: the manager's work, but for the first manager of a new till. */
    save: (command: Extract<Command, { kind: 'saveOperator' }>, isFirst: boolean): Answer => {
      if (!isFirst && till.operator()?.role !== 'manager') return refuse('managerOnly');
      const before = ledger.get<Row>('SELECT * FROM operator WHERE id = ?', command.id);
      if (before === undefined && command.pin === null) return refuse('badInput');
      const managersLeft = active().filter((row) => row.role === 'manager' && row.id !== command.id).length;
      // A till that nobody may manage any more could never be mended at the counter.
      if (!isFirst && managersLeft === 0 && (command.role !== 'manager' || !command.active))
        return refuse('needsManager');
      if (command.pin !== null) {
        const pin = command.pin;
        if (active().some((row) => row.id !== command.id && world.crypto.pinMatches(pin, row.pin_hash)))
          return refuse('badInput');
      }
      const card = cardAfter(command, before);
      if (card.kind === 'refused') return card;
      const own = memberAfter(command, before);
      if (own.kind === 'refused') return own;
      const pinHash = command.pin === null ? (before?.pin_hash ?? '') : world.crypto.hashPin(command.pin);
      return ledger.transaction(() => {
        ledger.run(
          `INSERT INTO operator (id, name, role, pin_hash, active, card_hash, member)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id)
             DO UPDATE SET name = excluded.name, role = excluded.role, pin_hash = excluded.pin_hash,
               active = excluded.active, card_hash = excluded.card_hash, member = excluded.member`,
          command.id,
          command.name,
          command.role,
          pinHash,
          command.active ? 1 : 0,
          card.hash,
          own.member,
        );
        const { id, role } = command;
        return answerOf(
          till.record({
            kind: 'operatorChange',
            id: world.newId(),
            operator: till.operator()?.id ?? null,
            body: {
              operator: id,
              role,
              active: command.active,
              ...(own.member === (before?.member ?? null) ? {} : { member: own.member }),
            },
          }),
        );
      });
    },
  };
}

export type Operators = ReturnType<typeof createOperators>;

export function readOperator(ledger: Ledger, id: string): Operator | null {
  const row = ledger.get<Row>('SELECT * FROM operator WHERE id = ?', id);
  return row === undefined ? null : operatorOf(row);
}

function operatorOf({ id, name, role }: Row): Operator {
  return { id, name, role };
}

function refuseWith(reason: Refused['reason'], detail?: Record<string, number>): Refused {
  return detail === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, detail };
}
