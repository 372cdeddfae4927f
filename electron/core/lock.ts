import { MINUTE_MS } from '../../shared/time.ts';
import type { Command } from '../../shared/till-contract.ts';
import type { Till } from './till.ts';

export type KeptScan = Readonly<Pick<Extract<Command, { kind: 'scan' }>, 'code' | 'source'>>;

/** More than anybody scans before looking up; a stuck scanner must not fill the memory. */
const KEPT_MAX = 50;

/**
 * The screen's lock: whoever is signed in stays so, but nothing is done until they, or another, show PIN or card. It is
 * kept on the disk, since a till that was switched off and on must not be open to whoever stands before it.
 */
export function createLock(till: Till) {
  const { ledger, world } = till;
  let locked = (ledger.setting('locked') ?? '') !== '';
  /** What was scanned meanwhile: in memory only, like anything that no hand has confirmed. */
  let kept: KeptScan[] = [];

  const put = (next: boolean): void => {
    if (locked === next) return;
    locked = next;
    ledger.setSetting('locked', next ? '1' : '');
  };

  return {
    isLocked: (): boolean => locked,
    lock: (): void => put(true),
    /** Whether the till was left alone since `sinceMs` for as long as the policy lets it stand open. */
    isLeftAlone: (sinceMs: number): boolean => {
      const { lockAfterMinutes } = till.policy().operator;
      return lockAfterMinutes > 0 && world.clock.nowMs() - sinceMs >= lockAfterMinutes * MINUTE_MS;
    },
    /** When somebody last did something that stands in the journal; 0 in an empty one. */
    lastRecordMs: (): number =>
      ledger.get<{ at_ms: number }>('SELECT at_ms FROM journal ORDER BY n DESC LIMIT 1')?.at_ms ?? 0,
    /** Keeps a scan for whoever unlocks; false when no more are kept. */
    keep: (scan: KeptScan): boolean => {
      if (kept.length >= KEPT_MAX) return false;
      kept = [...kept, scan];
      return true;
    },
    keptCount: (): number => kept.length,
    /** Unlocks, and answers what was scanned while it was locked. */
    open: (): readonly KeptScan[] => {
      const scans = kept;
      kept = [];
      put(false);
      return scans;
    },
  };
}

export type Lock = ReturnType<typeof createLock>;
