import type { Answer, Command } from '../../shared/till-contract.ts';
import type { Ledger } from './ledger/ledger.ts';
import { answerOf, done, refuse, type Operator, type Till } from './till.ts';

/** Wrong PINs in a row before each further one has to wait. */
const FREE_TRIES = 3;
const WAIT_MS = 10_000;

type Row = { id: string; name: string; role: 'cashier' | 'manager'; pin_hash: string; active: number };

/** Who works at the till. Names and PIN hashes are this till's own and never stand in the journal. */
export function createOperators(till: Till) {
  const { ledger, world } = till;
  let wrongTries = 0;
  let waitUntilMs = 0;

  const active = (): Row[] => ledger.all<Row>('SELECT * FROM operator WHERE active = 1 ORDER BY id');

  /** The active operator with this PIN; wrong tries make the next ones wait, so that no PIN can be tried out. */
  const byPin = (
    pin: string,
    role: 'cashier' | 'manager' | null,
  ): { kind: 'found'; operator: Operator } | Extract<Answer, { kind: 'refused' }> => {
    const nowMs = world.clock.nowMs();
    if (nowMs < waitUntilMs && waitUntilMs - nowMs <= WAIT_MS * 60)
      return { kind: 'refused', reason: 'pinWait', detail: { waitMs: waitUntilMs - nowMs } };
    const row = active().find((one) => world.crypto.pinMatches(pin, one.pin_hash));
    if (row === undefined) {
      wrongTries += 1;
      if (wrongTries >= FREE_TRIES) waitUntilMs = nowMs + WAIT_MS * Math.min(2 ** (wrongTries - FREE_TRIES), 30);
      return { kind: 'refused', reason: 'wrongPin' };
    }
    wrongTries = 0;
    waitUntilMs = 0;
    if (role === 'manager' && row.role !== 'manager') return { kind: 'refused', reason: 'needsManager' };
    return { kind: 'found', operator: { id: row.id, name: row.name, role: row.role } };
  };

  return {
    byPin,
    waitUntilMs: () => waitUntilMs,
    byId: (id: string): Operator | null => readOperator(ledger, id),
    list: () =>
      ledger
        .all<Row>('SELECT * FROM operator ORDER BY active DESC, role DESC, name')
        .map((row) => ({ id: row.id, name: row.name, role: row.role, active: row.active === 1 })),
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
      const pinHash = command.pin === null ? (before?.pin_hash ?? '') : world.crypto.hashPin(command.pin);
      return ledger.transaction(() => {
        ledger.run(
          `INSERT INTO operator (id, name, role, pin_hash, active)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (id)
             DO UPDATE SET name = excluded.name, role = excluded.role, pin_hash = excluded.pin_hash,
               active = excluded.active`,
          command.id,
          command.name,
          command.role,
          pinHash,
          command.active ? 1 : 0,
        );
        const { id, role } = command;
        return answerOf(
          till.record({
            kind: 'operatorChange',
            id: world.newId(),
            operator: till.operator()?.id ?? null,
            body: { operator: id, role, active: command.active },
          }),
        );
      });
    },
    recordSignIn: (operator: string, outcome: 'in' | 'out' | 'wrongPin'): Answer => {
      till.record({
        kind: 'signIn',
        id: world.newId(),
        operator: outcome === 'wrongPin' ? null : operator,
        body: { operator, outcome },
      });
      return done;
    },
  };
}

export type Operators = ReturnType<typeof createOperators>;

export function readOperator(ledger: Ledger, id: string): Operator | null {
  const row = ledger.get<Row>('SELECT * FROM operator WHERE id = ?', id);
  return row === undefined ? null : { id: row.id, name: row.name, role: row.role };
}
