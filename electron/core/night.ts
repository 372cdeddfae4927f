import { join } from 'node:path';
import { NO_TOTALS } from '../../shared/posting.ts';
import { differences, type Difference } from '../../shared/reconcile.ts';
import type { Break, NightReport } from '../../shared/till-contract.ts';
import { clockOf, DAY_MS, minutesOf, MINUTE_MS } from '../../shared/time.ts';
import type { Statement } from '../../shared/town-contract.ts';
import { keepCopy, type BackedUp } from './backup.ts';
import type { CarriedIn, ExchangeFile } from './exchange-file.ts';
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
export function createNight(
  till: Till,
  periods: Periods,
  town: TownClient,
  files: ExchangeFile,
  askForCards: () => Promise<void>,
  copyTo: (target: string) => Promise<BackedUp>,
  onChange: () => void,
) {
  const { ledger, replicas } = till;
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

  /** The night's copy of the books, beside the ledger where the place that was named for it is not there. */
  const backup = async (label: string): Promise<NightReport['backup']> => {
    if (till.world.backups === null) return undefined;
    const { folder, keep } = till.world.backups ?? { folder: null, keep: BACKUPS_KEPT };
    const beside = join(till.world.dataFolder, 'backups');
    const named = await keepCopy(folder ?? beside, label, keep, copyTo);
    if (named.kind === 'made') return 'good';
    till.world.log(`the backup was not made: ${named.reason} ${named.detail}`);
    if (folder === null) return 'failed';
    return (await keepCopy(beside, label, keep, copyTo)).kind === 'made' ? 'elsewhere' : 'failed';
  };

  /** Closes the day and begins its report. */
  const closeDay = (): { closed: ClosedPeriod | null; report: NightReport } => {
    const traded = periods.hasTrade();
    const before = periods.lastClosed();
    const closed = periods.close();
    // A period of nothing but the night's own records, closed for the month's sake, is no day of the shop's.
    const isIdle = closed === null || (!traded && closed.period !== before?.period);
    const report: NightReport = {
      state: 'pending',
      businessDay: isIdle ? till.businessDay() : closed.label,
      pendingAt: 'hello',
      pendingBecause: null,
      uploaded: 0,
      breaks: [],
      town: null,
      till: closed?.totals ?? NO_TOTALS,
      statementNumber: null,
      finishedAtMs: null,
    };
    return { closed, report };
  };

  /** The report of a day of which the town has spoken. */
  const finish = async (
    report: NightReport,
    closed: ClosedPeriod | null,
    statement: Statement,
    breaks: Break[],
  ): Promise<NightReport> => {
    const { period } = statement;
    const copied = await backup(report.businessDay);
    const isSame = closed !== null && period?.period === closed.period;
    return {
      ...report,
      state: counts(breaks) ? 'breaks' : 'matched',
      pendingAt: null,
      pendingBecause: null,
      breaks,
      // Before the first closing there is nothing to compare.
      town: closed === null ? report.till : isSame ? period.totals : null,
      statementNumber: statement.number,
      ...(copied === undefined ? {} : { backup: copied }),
      finishedAtMs: till.atMs(),
    };
  };

  const run = async (): Promise<NightReport> => {
    const { closed, report } = closeDay();
    // The books are copied whether the town is there or not: a shop may be alone for days.
    const pending = async (at: Step, trouble: TownTrouble): Promise<NightReport> => {
      const copied = await backup(report.businessDay);
      const stopped: NightReport = {
        ...report,
        pendingAt: at,
        pendingBecause: trouble.because,
        ...(copied === undefined ? {} : { backup: copied }),
      };
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
    // Before the statement, which says who bears what such a card spent.
    await askForCards();
    const judgements: Break[][] = [];
    const settled = await town.settle((statement) => {
      const found = judge(statement, closed);
      judgements.push(found);
      return counts(found) ? 'breaks' : 'matched';
    });
    if (town.isTrouble(settled)) return pending('settle', settled);
    const refreshed = await town.refresh();
    if (town.isTrouble(refreshed)) return pending('replicas', refreshed);
    await town.askAgain();
    // What the statement itself left in the chain goes up too, so that the next contact finds equal heads.
    const after = await town.upload();
    if (!town.isTrouble(after)) report.uploaded += after.count;
    const breaks = judgements.at(-1) ?? judge(settled.statement, closed);
    const finished = await finish(report, closed, settled.statement, breaks);
    save(finished);
    return finished;
  };

  /** The night without a network, on its way out: closes the day and writes what goes to the town. */
  const carryOut = (code: string | null): ReturnType<ExchangeFile['write']> => {
    if (ledger.identity() === null) return files.write(code);
    const { report } = closeDay();
    const written = files.write(code);
    if (written !== null) save({ ...report, pendingAt: 'upload', pendingBecause: 'carried' });
    return written;
  };

  /** The night's way back: takes the town's answer and judges the day that it speaks of. */
  const carryIn = async (text: string): Promise<Readonly<{ carried: CarriedIn; report: NightReport | null }>> => {
    let judged: { closed: ClosedPeriod | null; breaks: Break[] } | null = null;
    const carried = files.read(text, (statement) => {
      const closed = periods.closedBy(statement.settled.seq);
      judged = { closed, breaks: judge(statement, closed) };
      return counts(judged.breaks) ? 'breaks' : 'matched';
    });
    if (carried.kind !== 'applied' || carried.statement === null) return { carried, report: null };
    const { statement } = carried;
    const closed = periods.closedBy(statement.settled.seq);
    const { breaks } = judged ?? { breaks: judge(statement, closed) };
    const report: NightReport = {
      state: 'pending',
      businessDay: closed?.label ?? till.businessDay(),
      pendingAt: 'settle',
      pendingBecause: carried.trouble,
      uploaded: carried.records,
      breaks,
      town: null,
      till: closed?.totals ?? NO_TOTALS,
      statementNumber: statement.number,
      finishedAtMs: null,
    };
    const told = carried.trouble === null ? await finish(report, closed, statement, breaks) : report;
    save(told);
    return { carried, report: told };
  };

  return {
    lastReport,
    isRunning: (): boolean => running !== null,
    carryOut,
    carryIn,
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
