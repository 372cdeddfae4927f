import type { Notice, Screen } from '../../shared/till-contract.ts';
import { type WordValues, wordsOf } from '../../shared/words.ts';
import type { Connection } from '../parts/connection.ts';
import { play, type Sound, soundOf } from './sounds.ts';

/** A notice as the page shows it; `count` tells two of the same text apart. */
export type ShownNotice = Readonly<{ tone: Notice['tone']; sentence: string; text: string; count: number }>;

/** A notice of this page's own, for what the core did not say to everyone. */
export type Saying = Readonly<{ tone: Notice['tone']; text: string; values?: WordValues }>;

/**
 * The one notice of the page. It stands beside the page and not in it, so that a notice draws its own line again and
 * nothing else.
 */
export type Notices = Readonly<{
  shown: () => ShownNotice | null;
  subscribe: (heard: () => void) => () => void;
  say: (saying: Saying) => void;
  /** Takes the notice away; `calm` leaves what warns. */
  clear: (which?: 'calm') => void;
  /** Sounds for what is said by something else than a notice, unless the till is muted. */
  ring: (sound: Sound) => void;
}>;

/** Bad news stays until something is done about it; the rest goes by itself. */
const SHOWN_FOR_MS: Readonly<Record<Notice['tone'], number | null>> = {
  good: 4_000,
  info: 6_000,
  warn: 12_000,
  bad: null,
};

/** The core answers a refused command and also tells every page; a cashier should hear it once. */
const SAME_WITHIN_MS = 800;

/** The page that asks for a PIN says by itself that nobody is signed in; a newcomer never was. */
const SAID_BY_THE_PAGE: ReadonlySet<string> = new Set(['signedOut']);

/** Listens to the core's notices and keeps the one to show. */
export function openNotices(connection: Connection): Notices {
  let notice: ShownNotice | null = null;
  let last = { text: '', atMs: -SAME_WITHIN_MS, count: 0 };
  let going: ReturnType<typeof setTimeout> | null = null;
  let heardId: number | null = null;
  let phase: Screen['phase'] | null = null;
  const listeners = new Set<() => void>();

  const show = (next: ShownNotice | null): void => {
    if (next === notice) return;
    notice = next;
    if (going !== null) clearTimeout(going);
    const shownForMs = next === null ? null : SHOWN_FOR_MS[next.tone];
    going = shownForMs === null ? null : setTimeout(() => show(null), shownForMs);
    for (const one of listeners) one();
  };
  const clear = (which?: 'calm'): void => {
    const loud = notice !== null && (notice.tone === 'bad' || notice.tone === 'warn');
    if (which === undefined || !loud) show(null);
  };
  const say = (saying: Saying): void => {
    const nowMs = performance.now();
    const again = last.text === saying.text && nowMs - last.atMs < SAME_WITHIN_MS;
    last = { text: saying.text, atMs: nowMs, count: last.count + 1 };
    const values: WordValues = saying.values ?? {};
    // The core's own notice knows more (what was scanned) than its answer to the command.
    if (!again || notice === null || Object.keys(values).length > 0) {
      show({ tone: saying.tone, text: saying.text, sentence: wordsOf(saying.text, values), count: last.count });
    }
    const sound = soundOf(saying.tone, saying.text);
    if (!again && sound !== null) ring(sound);
  };
  const ring = (sound: Sound): void => {
    if (connection.screen()?.counter.muted !== true) play(sound);
  };

  connection.subscribe(() => {
    const screen = connection.screen();
    if (screen === null) return;
    const told = screen.notice;
    const isNew = told !== null && told.id !== heardId;
    heardId = told?.id ?? heardId;
    // What was said on the page before this one is no news here.
    if (phase !== screen.phase && !isNew) clear();
    // The page itself says that it was paid; the ear hears it too.
    if (screen.phase === 'paid' && phase !== null && phase !== 'paid') ring('paid');
    phase = screen.phase;
    if (isNew && !SAID_BY_THE_PAGE.has(told.text)) say({ tone: told.tone, text: told.text, values: told.values });
  });

  return {
    shown: () => notice,
    subscribe: (heard) => {
      listeners.add(heard);
      return () => listeners.delete(heard);
    },
    say,
    clear,
    ring,
  };
}
