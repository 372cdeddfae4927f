import type { RecordKind } from '../../shared/journal.ts';
import { foldRecord, newFold, sumOf, totalsOf } from '../../shared/reconcile.ts';
import { bodyOf, type BodyOf, type Totals } from '../../shared/record-bodies.ts';
import type { Sign } from '../../shared/signed.ts';
import { seal } from '../../shared/signed.ts';
import { TRADE } from './ledger/projections.ts';
import { perHead } from './per-head.ts';
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

type SpanKind = 'monthClose' | 'yearClose';
type ClosedSpan = BodyOf<SpanKind>;

/** What a longer closing sums: periods into a month, months into a year. */
type Part = Readonly<{ firstPeriod: number; lastPeriod: number; periods: number; totals: Totals }>;

/** Closings, which make a record without opening the question whether something must be closed first. */
export const CLOSINGS: ReadonlySet<RecordKind> = new Set(['periodClose', 'monthClose', 'yearClose']);

const monthOf = (day: string): string => day.slice(0, 7);
const yearOf = (month: string): string => month.slice(0, 4);

/**
 * Periods: numbered, gapless, each record in exactly one; closed by the night or when the next business day begins. A
 * month closes as the sum of its labels once its last period is closed and the day is past it, a year as the sum of its
 * months (invariant 22).
 */
export function createPeriods(till: Till, sign: () => Sign) {
  const { ledger } = till;

  const open = (): PeriodRow | null =>
    ledger.get<PeriodRow>(
      'SELECT * FROM period WHERE incarnation = ? AND closed_seq IS NULL ORDER BY period DESC LIMIT 1',
      ledger.head().incarnation,
    ) ?? null;

  /** The newest closing at or before a sequence of the present incarnation. */
  const closedBy = (seq: number): ClosedPeriod | null => {
    const row = ledger.get<{ n: number }>(
      `SELECT n FROM journal WHERE kind = 'periodClose' AND incarnation = ? AND seq <= ? ORDER BY n DESC LIMIT 1`,
      ledger.head().incarnation,
      seq,
    );
    const stored = row === undefined ? null : ledger.byN(row.n);
    return stored === null ? null : bodyOf(stored.record, 'periodClose');
  };
  const closedNow = perHead(ledger, closedBy);
  const lastClosed = (): ClosedPeriod | null => closedNow(Number.MAX_SAFE_INTEGER);

  const closingsOf = <K extends SpanKind>(kind: K): ClosedSpan[] =>
    ledger
      .all<{ n: number }>(
        'SELECT n FROM journal WHERE kind = ? AND incarnation = ? ORDER BY n',
        kind,
        ledger.head().incarnation,
      )
      .flatMap(({ n }) => {
        const stored = ledger.byN(n);
        const body = stored === null ? null : bodyOf<SpanKind>(stored.record, kind);
        return body ?? [];
      });

  /** The first parts of one span that no closing of it holds yet, and are over: none of its parts can still come. */
  const dueSpan = (
    parts: readonly Readonly<{ span: string; lastPeriod: number }>[],
    closed: readonly ClosedSpan[],
    present: string,
  ): { span: string; after: number } | null => {
    for (const { span, lastPeriod } of parts) {
      const after = closed.findLast((one) => one.span === span)?.lastPeriod ?? 0;
      if (span < present && lastPeriod > after) return { span, after };
    }
    return null;
  };

  const recordSpan = (kind: SpanKind, span: string, number: number, parts: readonly Part[]): void => {
    const identity = ledger.identity();
    const { incarnation, hash } = ledger.head();
    const claims = {
      span,
      number,
      firstPeriod: Math.min(...parts.map((part) => part.firstPeriod)),
      lastPeriod: Math.max(...parts.map((part) => part.lastPeriod)),
      periods: parts.reduce((sum, part) => sum + part.periods, 0),
      headHash: hash,
      totals: sumOf(parts.map((part) => part.totals)),
      perpetual: lastClosed()?.perpetual ?? totalsOf(newFold()),
    };
    till.record({
      kind,
      id: `${identity?.till ?? ''}:${incarnation}:${kind === 'monthClose' ? 'month' : 'year'}:${number}`,
      operator: null,
      body: { ...claims, signature: seal('closing', claims, sign()).signature },
    });
  };

  /** Closes every month and year that is over and whose last period is closed. */
  const closeSpans = (): void => {
    const { incarnation } = ledger.head();
    const today = till.businessDay();
    const openMonth = monthOf(open()?.label ?? '9999-12');
    // What is still open may be of a month that is over; that month waits for it.
    const present = openMonth < monthOf(today) ? openMonth : monthOf(today);
    for (;;) {
      const months = ledger
        .all<{ span: string; last_period: number }>(
          `SELECT substr(label, 1, 7) AS span, MAX(period) AS last_period
             FROM period WHERE incarnation = ? AND closed_seq IS NOT NULL GROUP BY 1 ORDER BY 1`,
          incarnation,
        )
        .map((row) => ({ span: row.span, lastPeriod: row.last_period }));
      const closed = closingsOf('monthClose');
      const due = dueSpan(months, closed, present);
      if (due === null) break;
      const parts = ledger
        .all<{ seq: number }>(
          `SELECT closed_seq AS seq FROM period
             WHERE incarnation = ? AND closed_seq IS NOT NULL AND period > ? AND substr(label, 1, 7) = ?
             ORDER BY period`,
          incarnation,
          due.after,
          due.span,
        )
        .flatMap(({ seq }) => {
          const body = closedBy(seq);
          if (body === null) return [];
          const { period, totals } = body;
          return { firstPeriod: period, lastPeriod: period, periods: 1, totals };
        });
      recordSpan('monthClose', due.span, closed.length + 1, parts);
    }
    for (;;) {
      const months = closingsOf('monthClose');
      const years = months.map((month) => ({ span: yearOf(month.span), lastPeriod: month.lastPeriod }));
      const closed = closingsOf('yearClose');
      const due = dueSpan(years, closed, yearOf(present));
      if (due === null) break;
      const parts = months.filter((month) => yearOf(month.span) === due.span && month.lastPeriod > due.after);
      recordSpan('yearClose', due.span, closed.length + 1, parts);
    }
  };

  const closePeriod = (period: PeriodRow): ClosedPeriod => {
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
  };

  return {
    lastClosed,
    closedBy,
    /**
     * Whether the open period must be closed before a record of this kind: it holds trade of an earlier business day,
     * or bears the label of one (what the night itself recorded) while this record is the first trade of today.
     */
    isOverdueFor: (kind: RecordKind): boolean => {
      if (CLOSINGS.has(kind)) return false;
      const { isOpen, label, traded } = ledger.tip();
      return isOpen && label < till.businessDay() && (traded || TRADE.has(kind));
    },
    /** Whether the open period holds trade of an earlier business day. */
    isOverdue: (): boolean => {
      const { isOpen, label, traded } = ledger.tip();
      return isOpen && traded && label < till.businessDay();
    },
    hasTrade: (): boolean => ledger.tip().isOpen && ledger.tip().traded,
    /**
     * Closes the open period if anything was traded in it, or if it keeps a month open that is over, or always when
     * asked: its totals and those since the incarnation began, this record included, signed by the till. Then closes
     * the months and years that are over. Answers the newest closed period, or null when there never was one.
     */
    close: (which: 'traded' | 'any' = 'traded'): ClosedPeriod | null =>
      ledger.transaction(() => {
        const period = open();
        const isDue =
          period !== null &&
          (period.traded === 1 || which === 'any' || monthOf(period.label) < monthOf(till.businessDay()));
        const closed = isDue ? closePeriod(period) : lastClosed();
        closeSpans();
        return closed;
      }),
    /** Totals of this incarnation up to a sequence, from the newest closing before it. */
    perpetualAt: (seq: number): Totals => {
      const before = closedBy(seq);
      const fold = newFold(before?.perpetual);
      for (const record of ledger.records(ledger.head().incarnation, (before?.lastSeq ?? 0) + 1, seq))
        foldRecord(fold, record);
      return totalsOf(fold);
    },
  };
}

export type Periods = ReturnType<typeof createPeriods>;
