import type { NightReport, Screen } from '../../shared/till-contract.ts';
import type { ShiftSlip } from '../../shared/shift-slip.ts';
import type { Till } from './till.ts';

export type Evening = NonNullable<Screen['evening']>;
type Trouble = Evening['trouble'][number];

/** How long whoever stands there has to say no. */
const COUNTDOWN_MS = 20_000;

type Parts = Readonly<{
  night: () => Promise<NightReport>;
  quarantined: () => number;
  /** Work behind the answer of a command, where a failing disk is met as everywhere. */
  background: (work: () => Promise<void>) => void;
  isStopped: () => boolean;
  changed: () => void;
}>;

/**
 * 结账关机: after the count the night runs, its report is shown, and the machine switches itself off, unless something
 * went wrong that a person must see. A town that is not there is nothing wrong: the day is closed, and the rest is done at
 * the next start. Where the host hands in no switch, the page says that it would have been used.
 */
export function createEvening(till: Till, parts: Parts) {
  const { world } = till;
  let evening: Evening | null = null;
  let stopClock: (() => void) | null = null;

  const become = (next: Evening | null): void => {
    evening = next;
    parts.changed();
  };

  const leave = (): void => {
    stopClock?.();
    stopClock = null;
    if (evening !== null) become(null);
  };

  const switchOff = (): void => {
    stopClock?.();
    stopClock = null;
    if (evening === null || parts.isStopped()) return;
    const { powerOff } = world;
    if (powerOff === undefined) return become({ ...evening, step: 'byHand', offAtMs: null });
    become({ ...evening, step: 'off', offAtMs: null });
    powerOff().catch((error: unknown) => {
      world.log(`the machine did not switch off: ${error instanceof Error ? error.message : String(error)}`);
      if (evening !== null) become({ ...evening, step: 'look', trouble: [...evening.trouble, 'powerOff'] });
    });
  };

  /** What came of the night and of the paper; only what is whole switches itself off. */
  const judge = (report: NightReport | null, printed: 'printed' | 'failed' | 'none'): void => {
    if (evening === null) return;
    const trouble = troubleOf(report, printed, parts.quarantined());
    if (trouble.length > 0) return become({ ...evening, step: 'look', report, trouble });
    const offAtMs = world.clock.nowMs() + COUNTDOWN_MS;
    become({ ...evening, step: 'countdown', report, offAtMs });
    stopClock = world.clock.later(COUNTDOWN_MS, switchOff);
  };

  return {
    now: (): Evening | null => evening,
    leave,
    switchOff,
    /** Begins with the slip of the shift that was just closed, and with its paper; null where none was open. */
    begin: (slip: ShiftSlip | null, paper: Promise<'printed' | 'failed' | 'none'>): void => {
      leave();
      const mine: Evening = { step: 'night', slip, report: null, trouble: [], offAtMs: null };
      become(mine);
      parts.background(async () => {
        let report: NightReport | null = null;
        try {
          report = await parts.night();
        } finally {
          // Whoever signed in meanwhile has ended this evening, and a new one may have begun.
          if (evening === mine) judge(report, await paper);
        }
      });
    },
  };
}

/** Missing the town alone is none: that is what a night may wait for. Whoever practises has none. */
const WAITS_FOR: ReadonlySet<string> = new Set(['unreachable', 'notEnrolled', 'carried', 'practising']);

function troubleOf(report: NightReport | null, printed: 'printed' | 'failed' | 'none', quarantined: number): Trouble[] {
  const found: Trouble[] = [];
  if (report === null) found.push('night');
  else if (report.state === 'breaks') found.push('breaks');
  else if (report.state === 'pending' && !WAITS_FOR.has(report.pendingBecause ?? '')) found.push('town');
  if (report?.backup === 'failed' || report?.backup === 'elsewhere') found.push('backup');
  if (quarantined > 0) found.push('quarantined');
  if (printed === 'failed') found.push('paper');
  return found;
}
