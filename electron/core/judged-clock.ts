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
  const lastRecord = ledger.get<{ at_ms: number }>('SELECT at_ms FROM journal ORDER BY n DESC LIMIT 1');
  let seen: TimeSeen =
    stored === null ? { seenMs: lastRecord?.at_ms ?? clock.nowMs(), suspect: false } : (JSON.parse(stored) as TimeSeen);
  let offMs = 0;

  const persist = (): void => ledger.setSetting('timeSeen', JSON.stringify(seen));

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
    /** Called in the transaction of each record, so that the mark never falls behind what was recorded. */
    persist,
    /** A time that the town signed. It ends every doubt, unless the wall clock itself is a jump away from it. */
    trust: (townMs: number): void => {
      offMs = clock.nowMs() - townMs;
      seen = Math.abs(offMs) > limits().jumpHours * HOUR_MS ? { seenMs: townMs, suspect: true } : trustTownTime(townMs);
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
