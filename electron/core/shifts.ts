import { notesFen } from '../../shared/cash-count.ts';
import { cashMovePostings, countPostings, floatPostings, undoCashMovePostings } from '../../shared/posting.ts';
import type { JournalRecord } from '../../shared/journal.ts';
import { foldRecord, newFold, totalsOf } from '../../shared/reconcile.ts';
import { bodyOf, type Totals } from '../../shared/record-bodies.ts';
import { type ShiftSlip, sumShift } from '../../shared/shift-slip.ts';
import type { Answer, Command } from '../../shared/till-contract.ts';
import { readOperator } from './operators.ts';
import { maskName, readShop } from './shop.ts';
import { perHead } from './per-head.ts';
import { wordsOfReason } from './receipts.ts';
import { answerOf, conflictOf, done, refuse, type Till } from './till.ts';
import { isPractice } from './world.ts';

export type ShiftRow = {
  id: string;
  number: number;
  opened_n: number;
  opened_at_ms: number;
  operator: string | null;
  float_fen: number;
  closed_n: number | null;
  closed_at_ms: number | null;
  expected_fen: number | null;
  counted_fen: number | null;
  difference_fen: number | null;
  sales: number;
  held: number | null;
  unsent: number | null;
};

type CashMove = {
  id: string;
  direction: 'in' | 'out';
  amountFen: number;
  reason: string;
  atMs: number;
  undone: boolean;
};

/** A shift: opened with a float, closed with a count, the difference recorded and never refused (peers 48, 49). */
export function createShifts(till: Till) {
  const { ledger } = till;

  const currentNow = perHead(
    ledger,
    (_only: 'shift') =>
      ledger.get<ShiftRow>('SELECT * FROM shift WHERE closed_n IS NULL ORDER BY opened_n DESC LIMIT 1') ?? null,
  );
  const carriedNow = perHead(ledger, (account: 'drawer') => Math.max(0, ledger.balance(account)));
  const current = (): ShiftRow | null => currentNow('shift');

  /** What the records of a shift fold to, float and cash moves included. */
  const totals = (shift: ShiftRow): { totals: Totals; cashInFen: number; cashOutFen: number; moves: CashMove[] } => {
    const fold = newFold();
    const moves: CashMove[] = [];
    const rows = ledger.all<{ n: number }>(
      `SELECT n FROM journal WHERE kind IN ('sale', 'refund', 'tenderChange', 'cashMove', 'correction') AND n > ? AND n <= ? ORDER BY n`,
      shift.opened_n,
      shift.closed_n ?? Number.MAX_SAFE_INTEGER,
    );
    for (const { n } of rows) {
      const stored = ledger.byN(n);
      if (stored === null || stored.record.body['shift'] !== shift.id) continue;
      foldRecord(fold, stored.record);
      const move = bodyOf(stored.record, 'cashMove');
      if (move !== null) {
        const { direction, amountFen, reason } = move;
        const { id, at } = stored.record;
        moves.unshift({
          id,
          direction,
          amountFen,
          reason: wordsOfReason(till, reason),
          atMs: at,
          undone: isUndone(id),
        });
      }
    }
    const sumOf = (direction: 'in' | 'out'): number =>
      moves.reduce((sum, one) => sum + (one.direction === direction && !one.undone ? one.amountFen : 0), 0);
    return { totals: totalsOf(fold), cashInFen: sumOf('in'), cashOutFen: sumOf('out'), moves };
  };

  const lastClosed = (): ShiftRow | null =>
    ledger.get<ShiftRow>('SELECT * FROM shift WHERE closed_n IS NOT NULL ORDER BY closed_n DESC LIMIT 1') ?? null;

  const isUndone = (move: string): boolean =>
    ledger
      .all<{ n: number }>(`SELECT n FROM journal WHERE kind = 'correction'`)
      .some(({ n }) => ledger.byN(n)?.record.body['of'] === move);

  /** Whether a correction of this id stands already, as it is asked for now; null when none does. */
  const correctedBefore = (id: string, what: 'count' | 'cashMove', of: string, countedFen: number | null) => {
    const before = ledger.byId(id);
    if (before === null) return null;
    const body = bodyOf(before.record, 'correction');
    const same = body !== null && body.what === what && body.of === of && body.countedFen === countedFen;
    return same ? done : conflictOf(till, id, 'correction');
  };

  /** The document that closed a shift; null while it is open. */
  const closingOf = (shift: string): string | null => {
    const sql = 'SELECT closed_n AS n FROM shift WHERE id = ? AND closed_n IS NOT NULL';
    const closed = ledger.get<{ n: number }>(sql, shift);
    return closed === undefined ? null : (ledger.byN(closed.n)?.record.id ?? null);
  };

  const nameOf = (id: string | null): string => {
    const operator = id === null ? null : readOperator(ledger, id);
    return operator === null ? '' : maskName(operator.name);
  };

  /** The records between the opening of a shift and its closing, both left out. */
  const recordsOf = function* (shift: ShiftRow): Generator<JournalRecord> {
    const rows = ledger.all<{ n: number }>(
      `SELECT n FROM journal WHERE kind IN ('sale', 'refund', 'exchange', 'tenderChange', 'saleVoid', 'cashMove',
         'correction', 'override') AND n > ? AND n < ? ORDER BY n`,
      shift.opened_n,
      shift.closed_n ?? Number.MAX_SAFE_INTEGER,
    );
    for (const { n } of rows) {
      const stored = ledger.byN(n);
      if (stored !== null) yield stored.record;
    }
  };

  /** What the till shows or prints of a shift; `held` and `unsent` are those of now while it is open. */
  const slipOf = (shift: ShiftRow, now: Readonly<{ held: number; unsent: number }>, copy: boolean): ShiftSlip => {
    const sums = sumShift(recordsOf(shift));
    const closed = shift.closed_n === null ? null : ledger.byN(shift.closed_n);
    const body = closed === null ? null : bodyOf(closed.record, 'shiftClose');
    const { shopName, tillName } = readShop(ledger);
    const channels = new Map(till.policy().mobileChannels.map(({ code, name }) => [code, name]));
    return {
      ...sums,
      mobile: sums.mobile.map((row) => ({ ...row, channel: channels.get(row.channel) ?? row.channel })),
      people: sums.people.map((row) => ({ ...row, operator: nameOf(row.operator) })),
      kind: 'shift',
      number: `${ledger.identity()?.till ?? ''}-shift-${shift.number}`,
      shift: shift.id,
      shiftNumber: shift.number,
      shopName,
      tillName,
      demo: till.world.demo !== null,
      practice: isPractice(till.world),
      copy,
      openedBy: nameOf(shift.operator),
      fromMs: shift.opened_at_ms,
      toMs: shift.closed_at_ms ?? till.atMs(),
      floatFen: shift.float_fen,
      closing:
        closed === null || body === null
          ? null
          : {
              by: nameOf(closed.record.operator),
              expectedFen: body.expectedFen,
              countedFen: shift.counted_fen ?? body.countedFen,
              differenceFen: shift.difference_fen ?? body.differenceFen,
              notes: body.notes ?? [],
              isCorrected: shift.counted_fen !== body.countedFen,
            },
      held: shift.held ?? now.held,
      unsent: shift.unsent ?? now.unsent,
      seq: (closed?.record ?? ledger.head()).seq,
      shortHash: (closed?.hash ?? ledger.head().hash).slice(0, 8),
    };
  };

  /** A manager sees every shift, a cashier those that they opened, closed or sold in. */
  const maySee = (shift: ShiftRow): boolean => {
    const operator = till.operator();
    if (operator === null) return false;
    if (operator.role === 'manager' || shift.closed_n === null || shift.operator === operator.id) return true;
    if (ledger.byN(shift.closed_n)?.record.operator === operator.id) return true;
    const sold = 'SELECT 1 FROM receipt WHERE n > ? AND n < ? AND operator = ? LIMIT 1';
    return ledger.get(sold, shift.opened_n, shift.closed_n, operator.id) !== undefined;
  };

  /** The nearest shift in that direction that may be seen. */
  const beside = (number: number, way: 'earlier' | 'later'): string | null => {
    const sql =
      way === 'earlier'
        ? 'SELECT * FROM shift WHERE number < ? ORDER BY number DESC LIMIT 100'
        : 'SELECT * FROM shift WHERE number > ? ORDER BY number LIMIT 100';
    return ledger.all<ShiftRow>(sql, number).find(maySee)?.id ?? null;
  };

  return {
    current,
    /** The slip of a shift that may be seen; null names the newest. */
    slip: (id: string | null, now: Readonly<{ held: number; unsent: number }>, copy: boolean) => {
      const row =
        id === null
          ? (current() ?? lastClosed())
          : (ledger.get<ShiftRow>('SELECT * FROM shift WHERE id = ?', id) ?? null);
      if (row === null || !maySee(row)) return null;
      return {
        slip: slipOf(row, now, copy),
        earlier: beside(row.number, 'earlier'),
        later: beside(row.number, 'later'),
      };
    },
    /** What the books say is in the drawer: the float that a new shift finds there. */
    carriedFen: (): number => carriedNow('drawer'),
    open: (command: Extract<Command, { kind: 'openShift' }>): Answer => {
      const operator = till.operator();
      if (operator === null) return refuse('notSignedIn');
      const shift = current();
      if (shift !== null && shift.id !== command.shift) return refuse('shiftOpenAlready');
      if (shift?.float_fen === command.floatFen) return { kind: 'done' };
      const carriedFen = ledger.balance('drawer');
      return answerOf(
        till.record({
          kind: 'shiftOpen',
          id: command.shift,
          operator: operator.id,
          body: { shift: command.shift, floatFen: command.floatFen, carriedFen: Math.max(0, carriedFen) },
          postings: floatPostings(command.floatFen, carriedFen),
        }),
      );
    },
    moveCash: (command: Extract<Command, { kind: 'moveCash' }>): Answer => {
      const operator = till.operator();
      const shift = current();
      if (operator === null) return refuse('notSignedIn');
      if (shift === null) return refuse('noShift');
      if (command.amountFen === 0 || command.reason.trim() === '') return refuse('badInput');
      const { direction, amountFen } = command;
      return answerOf(
        till.record({
          kind: 'cashMove',
          id: command.id,
          operator: operator.id,
          body: { shift: shift.id, direction, amountFen, reason: till.codeOf(command.reason) },
          postings: cashMovePostings(direction, amountFen),
        }),
      );
    },
    /** A cash move that was typed wrong: undone by a record that names it, allowed by `by` (invariant 4). */
    undoMove: (command: Extract<Command, { kind: 'undoCashMove' }>, by: string): Answer => {
      const operator = till.operator();
      const shift = current();
      if (operator === null) return refuse('notSignedIn');
      if (shift === null) return refuse('noShift');
      const before = correctedBefore(command.id, 'cashMove', command.move, null);
      if (before !== null) return before;
      const stored = ledger.byId(command.move);
      const move = stored === null ? null : bodyOf(stored.record, 'cashMove');
      if (move === null || command.reason.trim() === '') return refuse('badInput');
      if (isUndone(command.move)) return refuse('correctedAlready');
      return answerOf(
        till.record({
          kind: 'correction',
          id: command.id,
          operator: operator.id,
          body: {
            what: 'cashMove',
            of: command.move,
            shift: shift.id,
            countedFen: null,
            differenceFen: move.direction === 'in' ? -move.amountFen : move.amountFen,
            reason: till.codeOf(command.reason),
            by,
          },
          postings: undoCashMovePostings(move.direction, move.amountFen, move.shift !== shift.id),
        }),
      );
    },
    /**
     * A closing count that was typed wrong: the drawer's books follow the right one, as long as no new shift has taken
     * them over. From then on the difference comes out at the next count by itself.
     */
    correctCount: (command: Extract<Command, { kind: 'correctCount' }>, by: string): Answer => {
      const operator = till.operator();
      if (operator === null) return refuse('notSignedIn');
      const of = closingOf(command.shift);
      if (of === null) return refuse('notLastShift');
      const before = correctedBefore(command.id, 'count', of, command.countedFen);
      if (before !== null) return before;
      const shift = lastClosed();
      if (current() !== null || shift === null || shift.id !== command.shift) return refuse('notLastShift');
      const differenceFen = command.countedFen - (shift.counted_fen ?? 0);
      if (differenceFen === 0 || command.reason.trim() === '') return refuse('badInput');
      return answerOf(
        till.record({
          kind: 'correction',
          id: command.id,
          operator: operator.id,
          body: {
            what: 'count',
            of,
            shift: shift.id,
            countedFen: command.countedFen,
            differenceFen,
            reason: till.codeOf(command.reason),
            by,
          },
          postings: countPostings(differenceFen),
        }),
      );
    },
    close: (command: Extract<Command, { kind: 'closeShift' }>, held: number, unsent: number): Answer => {
      const operator = till.operator();
      const shift = current();
      if (operator === null) return refuse('notSignedIn');
      const { notes } = command;
      if (notes !== undefined && notesFen(notes) !== command.countedFen) return refuse('badInput');
      if (shift === null || shift.id !== command.shift) {
        const closed = ledger.get<ShiftRow>('SELECT * FROM shift WHERE id = ? AND closed_n IS NOT NULL', command.shift);
        if (closed === undefined) return refuse('noShift');
        return closed.counted_fen === command.countedFen
          ? { kind: 'done' }
          : conflictOf(till, closingOf(command.shift) ?? command.shift, 'shiftClose');
      }
      const expectedFen = ledger.balance('drawer');
      const differenceFen = command.countedFen - expectedFen;
      return answerOf(
        till.record({
          kind: 'shiftClose',
          // A folder that was set back may close once more what its lost part had closed: that is another count.
          id: `${shift.id}:${ledger.head().incarnation}:close`,
          operator: operator.id,
          body: {
            shift: shift.id,
            expectedFen,
            countedFen: command.countedFen,
            differenceFen,
            held,
            unsent,
            ...(notes === undefined ? {} : { notes }),
            totals: totals(shift).totals,
          },
          postings: countPostings(differenceFen),
        }),
      );
    },
    report: () => {
      const shift = current();
      if (shift === null) return null;
      const operator = shift.operator === null ? null : readOperator(ledger, shift.operator);
      return {
        shift: shift.id,
        number: shift.number,
        openedAtMs: shift.opened_at_ms,
        operator: operator === null ? '' : maskName(operator.name),
        floatFen: shift.float_fen,
        ...totals(shift),
      };
    },
    last: () => {
      const shift = lastClosed();
      if (shift === null) return null;
      return {
        shift: shift.id,
        number: shift.number,
        closedAtMs: shift.closed_at_ms ?? 0,
        expectedFen: shift.expected_fen ?? 0,
        countedFen: shift.counted_fen ?? 0,
        differenceFen: shift.difference_fen ?? 0,
        sales: shift.sales,
        held: shift.held ?? 0,
        unsent: shift.unsent ?? 0,
      };
    },
  };
}

export type Shifts = ReturnType<typeof createShifts>;
