import type { RecordKind } from '../../shared/journal.ts';
import { foldRecord, newFold, totalsOf } from '../../shared/reconcile.ts';
import { bodyOf, type BodyOf, type Totals } from '../../shared/record-bodies.ts';
import type { Sign } from '../../shared/signed.ts';
import { seal } from '../../shared/signed.ts';
import { TRADE } from './ledger/projections.ts';
import type { Till } from './till.ts';

type PeriodRow = {
  period: number;
  label: string;
  first_seq: number;
  last_seq: number;
  traded: number;
  closed_seq: number | null;
};

export type ClosedPeriod = BodyOf<'periodClose'>;

/** Periods: numbered, gapless, each record in exactly one; closed by the night or when the next business day begins (invariant 22). */
export function createPeriods(till: Till, sign: () => Sign) {
  const { ledger } = till;

  const open = (): PeriodRow | null =>
    ledger.get<PeriodRow>(
      'SELECT * FROM period WHERE incarnation = ? AND closed_seq IS NULL ORDER BY period DESC LIMIT 1',
      ledger.head().incarnation,
    ) ?? null;

  const lastClosed = (): ClosedPeriod | null => {
    const row = ledger.get<{ n: number }>(
      `SELECT n FROM journal WHERE kind = 'periodClose' AND incarnation = ? ORDER BY n DESC LIMIT 1`,
      ledger.head().incarnation,
    );
    const stored = row === undefined ? null : ledger.byN(row.n);
    return stored === null ? null : bodyOf(stored.record, 'periodClose');
  };

  return {
    lastClosed,
    /**
     * Whether the open period must be closed before a record of this kind: it holds trade of an earlier business day,
     * or bears the label of one (what the night itself recorded) while this record is the first trade of today.
     */
    isOverdueFor: (kind: RecordKind): boolean => {
      const period = open();
      return period !== null && period.label < till.businessDay() && (period.traded === 1 || TRADE.has(kind));
    },
    /** Whether the open period holds trade of an earlier business day. */
    isOverdue: (): boolean => {
      const period = open();
      return period !== null && period.traded === 1 && period.label < till.businessDay();
    },
    hasTrade: (): boolean => open()?.traded === 1,
    /**
     * Closes the open period if anything was traded in it, or if its label is of a day that is over: its totals and
     * those since the incarnation began, this record included, signed by the till. Answers the newest closed period, or
     * null when there never was one.
     */
    close: (which: 'traded' | 'any' = 'traded'): ClosedPeriod | null => {
      const period = open();
      if (period === null || (period.traded === 0 && which === 'traded')) return lastClosed();
      const { incarnation, seq, hash } = ledger.head();
      const before = lastClosed();
      const fold = newFold();
      const perpetual = newFold(before?.perpetual);
      for (const record of ledger.records(incarnation, (before?.lastSeq ?? 0) + 1, seq)) {
        foldRecord(fold, record);
        foldRecord(perpetual, record);
      }
      // The closing belongs to its own period and counts itself; it has no postings.
      fold.records += 1;
      perpetual.records += 1;
      const claims = {
        period: period.period,
        label: period.label,
        firstSeq: period.first_seq,
        lastSeq: seq + 1,
        headHash: hash,
        totals: totalsOf(fold),
        perpetual: totalsOf(perpetual),
      };
      const body = { ...claims, signature: seal('closing', claims, sign()).signature };
      till.record({
        kind: 'periodClose',
        id: `${ledger.identity()?.till ?? ''}:${incarnation}:period:${period.period}`,
        operator: null,
        body,
      });
      return body;
    },
    /** Totals of this incarnation up to a sequence at or after the last closing. */
    perpetualAt: (seq: number): Totals | null => {
      const before = lastClosed();
      const from = before !== null && before.lastSeq <= seq ? before : null;
      if (before !== null && from === null) return null;
      const fold = newFold(from?.perpetual);
      for (const record of ledger.records(ledger.head().incarnation, (from?.lastSeq ?? 0) + 1, seq))
        foldRecord(fold, record);
      return totalsOf(fold);
    },
  };
}

export type Periods = ReturnType<typeof createPeriods>;
