import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NO_TOTALS } from '../../shared/posting.ts';
import { differences, type Difference } from '../../shared/reconcile.ts';
import type { Totals } from '../../shared/record-bodies.ts';
import type { Break, NightReport } from '../../shared/till-contract.ts';
import { clockOf, DAY_MS, minutesOf, MINUTE_MS } from '../../shared/time.ts';
import type { Statement } from '../../shared/town-contract.ts';
import type { ClosedPeriod, Periods } from './periods.ts';
import type { TownClient, TownTrouble } from './town-client.ts';
import type { Till } from './till.ts';

/** How many backups of the ledger stay beside it. */
const BACKUPS_KEPT = 7;

type Step = NonNullable<NightReport['pendingAt']>;

/**
 * The night: close the day, compare, upload, settle, apply, refresh, back up, report (ledger, part (c)). Every step may be
 * cut and repeated; what could not be done leaves the day closed and pending, and nothing lost.
 */
export function createNight(till: Till, periods: Periods, town: TownClient, onChange: () => void) {
  const { ledger, replicas, world } = till;
  let running: Promise<NightReport> | null = null;

  const save = (report: NightReport): void => {
    if (report.businessDay !== '') {
      ledger.run(
        'INSERT INTO night (business_day, report) VALUES (?, ?) ON CONFLICT (business_day) DO UPDATE SET report = excluded.report',
        report.businessDay,
        JSON.stringify(report),
      );
    }
    onChange();
  };

  /** The report of the day that was closed last; labels do not say which, since a clock may have been years ahead. */
  const lastReport = (): NightReport | null => {
    const closed = periods.lastClosed();
    const row =
      closed === null
        ? ledger.get<{ report: string }>('SELECT report FROM night ORDER BY business_day DESC LIMIT 1')
        : ledger.get<{ report: string }>('SELECT report FROM night WHERE business_day = ?', closed.label);
    return row === undefined ? null : (JSON.parse(row.report) as NightReport);
  };

  const breaksOf = (found: readonly Difference[], label: string, scope: string): Break[] =>
    found.map((difference) => ({
      id: `${scope}:${difference.figure}`,
      kind: 'totalsDiffer',
      owner: 'clerk',
      account: difference.figure,
      seq: null,
      tillAmount: difference.tillAmount,
      townAmount: difference.townAmount,
      sinceDay: label,
    }));

  /** The till's own judgement of a statement: its figures against ours, figure by figure (invariant 27). */
  const judge = (statement: Statement, closed: ClosedPeriod | null): Break[] => {
    const label = closed?.label ?? till.businessDay();
    const own = periods.perpetualAt(statement.settled.seq);
    const found: Break[] = [...statement.breaks];
    found.push(...breaksOf(differences(own, statement.perpetual), label, 'perpetual'));
    if (closed === null) return found;
    if (statement.period?.period === closed.period) {
      found.push(...breaksOf(differences(closed.totals, statement.period.totals), label, `period ${closed.period}`));
    } else {
      // A town that has our records but not our closing has not seen the day that we call closed.
      found.push({
        id: `missing:${closed.period}`,
        kind: 'missing',
        owner: 'town',
        account: null,
        seq: closed.lastSeq,
        tillAmount: closed.period,
        townAmount: statement.period?.period ?? 0,
        sinceDay: label,
      });
    }
    return found;
  };

  /** A cap exceeded by several offline tills is a notice, never a debt, and breaks nothing. */
  const counts = (breaks: readonly Break[]): boolean => breaks.some((one) => one.kind !== 'capExceeded');

  const backup = (label: string): void => {
    const folder = join(world.dataFolder, 'backups');
    mkdirSync(folder, { recursive: true });
    const target = join(folder, `ledger-${label}.sqlite`);
    rmSync(`${target}.new`, { force: true });
    ledger.backupTo(`${target}.new`);
    renameSync(`${target}.new`, target);
    const all = readdirSync(folder)
      .filter((name) => name.endsWith('.sqlite'))
      .sort();
    for (const name of all.slice(0, Math.max(0, all.length - BACKUPS_KEPT)))
      rmSync(join(folder, name), { force: true });
  };

  const run = async (): Promise<NightReport> => {
    const traded = periods.hasTrade();
    const before = periods.lastClosed();
    const closed = periods.close();
    // A period of nothing but the night's own records, closed for the month's sake, is no day of the shop's.
    const isIdle = closed === null || (!traded && closed.period !== before?.period);
    const label = isIdle ? till.businessDay() : closed.label;
    const own: Totals = closed?.totals ?? NO_TOTALS;
    const report: NightReport = {
      state: 'pending',
      businessDay: label,
      pendingAt: 'hello',
      pendingBecause: null,
      uploaded: 0,
      breaks: [],
      town: null,
      till: own,
      statementNumber: null,
      finishedAtMs: null,
    };
    const pending = (at: Step, trouble: TownTrouble): NightReport => {
      const stopped: NightReport = { ...report, pendingAt: at, pendingBecause: trouble.because };
      save(stopped);
      return stopped;
    };
    save(report);

    const heads = await town.hello();
    if (town.isTrouble(heads)) return pending('hello', heads);
    const sent = await town.upload();
    if (town.isTrouble(sent)) return pending('upload', sent);
    report.uploaded += sent.count;
    // Earlier incarnations have no part in this day; what is wrong with them is said by `earlier`.
    await town.mendEarlier();
    const judgements: Break[][] = [];
    const settled = await town.settle((statement) => {
      const found = judge(statement, closed);
      judgements.push(found);
      return counts(found) ? 'breaks' : 'matched';
    });
    if (town.isTrouble(settled)) return pending('settle', settled);
    report.breaks = judgements.at(-1) ?? judge(settled.statement, closed);
    report.statementNumber = settled.statement.number;
    const period = settled.statement.period;
    report.town = closed === null || period === null || period.period !== closed.period ? null : period.totals;
    const refreshed = await town.refresh();
    if (town.isTrouble(refreshed)) return pending('replicas', refreshed);
    await town.askAgain();
    // What the statement itself left in the chain goes up too, so that the next contact finds equal heads.
    const after = await town.upload();
    if (!town.isTrouble(after)) report.uploaded += after.count;
    backup(label);
    const finished: NightReport = {
      ...report,
      state: counts(report.breaks) ? 'breaks' : 'matched',
      pendingAt: null,
      pendingBecause: null,
      town: report.town ?? (closed === null ? own : null),
      finishedAtMs: till.atMs(),
    };
    save(finished);
    return finished;
  };

  return {
    lastReport,
    isRunning: (): boolean => running !== null,
    /** Runs the night, or joins the one that runs. */
    run: (): Promise<NightReport> => {
      running ??= run().finally(() => {
        running = null;
        onChange();
      });
      return running;
    },
    reports: (limit: number): NightReport[] =>
      ledger
        .all<{ report: string }>('SELECT report FROM night ORDER BY business_day DESC LIMIT ?', limit)
        .map((row) => JSON.parse(row.report) as NightReport),
    /** Milliseconds until the shop's close time next comes round. */
    untilCloseMs: (): number => {
      const now = minutesOf(clockOf(till.atMs()));
      const close = minutesOf(till.policy().businessDay.closeAt);
      const minutes = close > now ? close - now : close - now + DAY_MS / MINUTE_MS;
      return minutes * MINUTE_MS;
    },
    /** True when a day was left unfinished: closed and pending, or not even closed. */
    isMissed: (): boolean => {
      if (periods.isOverdue()) return true;
      const report = lastReport();
      return report === null ? periods.lastClosed() !== null : report.state === 'pending';
    },
    hasStatement: (): boolean => replicas.lastStatement(ledger.head().incarnation) !== null,
  };
}

export type Night = ReturnType<typeof createNight>;
