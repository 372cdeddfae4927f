import { HOUR_MS, judgeTime, MINUTE_MS, trustTownTime, type TimeSeen } from '../../shared/time.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Clock } from './world.ts';

/**
 * The till's own time (protocol, "Time"): the wall clock unless it stands behind the last time seen. A jump stops points
 * until a town-signed time comes that the wall clock agrees with.
 */
export function createJudgedClock(
  clock: Clock,
  ledger: Ledger,
  limits: () => Readonly<{ warnMinutes: number; jumpHours: number }>,
  onJump: (jumpMs: number, seenMs: number, wallMs: number) => void,
) {
  const stored = ledger.setting('timeSeen');
  const newest = ledger.get<{ n: number; at_ms: number }>('SELECT n, at_ms FROM journal ORDER BY n DESC LIMIT 1');
  let seen: TimeSeen = restored();
  /** The newest time that the town signed, as far as this till heard. */
  let townSaidMs = stored === null ? 0 : ((JSON.parse(stored) as { townSaidMs?: number }).townSaidMs ?? 0);
  let offMs = 0;

  /** The mark as it was last written, or the time of a record made since, which was judged by a mark no further on. */
  function restored(): TimeSeen {
    if (stored === null) return { seenMs: newest?.at_ms ?? clock.nowMs(), suspect: false };
    const mark = JSON.parse(stored) as TimeSeen & { n?: number };
    const isOlder = newest !== undefined && newest.n > (mark.n ?? newest.n);
    return { seenMs: isOlder ? newest.at_ms : mark.seenMs, suspect: mark.suspect };
  }

  /** Written when the mark does not simply go on with the records: with that of a jump, and at a time the town signed. */
  const persist = (): void => {
    const n = ledger.get<{ n: number | null }>('SELECT MAX(n) AS n FROM journal')?.n ?? 0;
    ledger.setSetting('timeSeen', JSON.stringify({ ...seen, townSaidMs, n }));
  };

  return {
    /** Judged time of this command; a jump is told once. */
    atMs: (): number => {
      const wallMs = clock.nowMs();
      const before = seen;
      const judged = judgeTime(seen, wallMs, limits().jumpHours * HOUR_MS);
      seen = judged.seen;
      if (judged.jumpMs !== null) onJump(judged.jumpMs, before.seenMs, wallMs);
      return judged.atMs;
    },
    /** Called in the transaction that records a jump: a mark that took it without a record would hide it. */
    persist,
    /** A time that the town signed. It ends every doubt, unless the wall clock itself is a jump away from it. */
    trust: (townMs: number): void => {
      offMs = clock.nowMs() - townMs;
      townSaidMs = townMs;
      seen = Math.abs(offMs) > limits().jumpHours * HOUR_MS ? { seenMs: townMs, suspect: true } : trustTownTime(townMs);
      persist();
    },
    /**
     * A time that the town signed and a stick carried: now is at least as late, and nobody knows by how much. It raises
     * the mark; it ends a doubt only where the wall clock says that it is fresh and nothing newer was ever heard: a wall
     * clock that stands a day behind agrees with every statement of yesterday.
     */
    trustCarried: (townMs: number): void => {
      const lateMs = clock.nowMs() - townMs;
      const isNews = townMs >= townSaidMs;
      const isFresh = isNews && lateMs >= 0 && lateMs <= limits().jumpHours * HOUR_MS;
      if (isNews) townSaidMs = townMs;
      if (lateMs < 0) offMs = lateMs;
      if (isFresh && seen.suspect) seen = trustTownTime(townMs);
      else
        seen = {
          seenMs: Math.max(seen.seenMs, townMs),
          suspect: seen.suspect || -lateMs > limits().jumpHours * HOUR_MS,
        };
      persist();
    },
    suspect: (): boolean => seen.suspect,
    /** How far the wall clock was from the town's at the last contact. */
    offMs: (): number => offMs,
    state: (): 'good' | 'off' | 'suspect' =>
      seen.suspect ? 'suspect' : Math.abs(offMs) > limits().warnMinutes * MINUTE_MS ? 'off' : 'good',
  };
}

export type JudgedClock = ReturnType<typeof createJudgedClock>;
