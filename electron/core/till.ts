import type { RecordKind } from '../../shared/journal.ts';
import type { Policy } from '../../shared/policy.ts';
import type { Answer, RefusalReason } from '../../shared/till-contract.ts';
import type { Ledger, RecordDraft, Recorded } from './ledger/ledger.ts';
import type { Replicas } from './ledger/replicas.ts';
import type { World } from './world.ts';

export type Operator = Readonly<{ id: string; name: string; role: 'cashier' | 'manager' }>;

/**
 * What every noun of the core is handed: the world, the ledger, judged time and the one way to record a fact. Nouns know
 * each other only through what `core.ts` passes them.
 */
export type Till = Readonly<{
  world: World;
  ledger: Ledger;
  replicas: Replicas;
  /** Judged time, milliseconds (protocol, "Time"). */
  atMs: () => number;
  businessDay: () => string;
  /** The policy in force today. */
  policy: () => Policy;
  /** Who is signed in; null when nobody is. */
  operator: () => Operator | null;
  /** Records a fact now, raises the high-water mark outside the folder and tells the pages. */
  record: <K extends RecordKind>(draft: RecordDraft<K>) => Recorded;
  /**
   * A free text becomes a code of the record: its salted hash, while the words stay in a side table, so that no person
   * is ever named in the journal (invariant 32). Texts of the form `[a-zA-Z]+` are codes already.
   */
  codeOf: (text: string) => string;
}>;

export const done: Answer = { kind: 'done' };

export function refuse(reason: RefusalReason, detail?: Record<string, number>): Answer {
  return detail === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, detail };
}

/** Refuses a document whose id was taken by another content, and leaves a record of it (protocol, "Records"). */
export function conflictOf(till: Till, id: string, kind: RecordKind): Answer {
  const operator = till.operator()?.id ?? null;
  till.record({ kind: 'idConflict', id: till.world.newId(), operator, body: { id, kind } });
  return refuse('idConflict');
}

/** What a repeated or conflicting document answers: the same id and content is done already (invariant 5). */
export function answerOf(recorded: Recorded): Answer {
  return recorded.kind === 'conflict' ? refuse('idConflict') : done;
}
