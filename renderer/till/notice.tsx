import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Notice } from '../../shared/till-contract.ts';
import { type WordValues, wordsOf } from '../../shared/words.ts';
import { play } from './sounds.ts';
import type { Saying } from './till.ts';

/** A notice as the page shows it, and when it came. */
export type ShownNotice = Readonly<{ tone: Notice['tone']; sentence: string; text: string; count: number }>;

/** Bad news stays until something is done about it; the rest goes by itself. */
const SHOWN_FOR_MS: Readonly<Record<Notice['tone'], number | null>> = {
  good: 4_000,
  info: 6_000,
  warn: 12_000,
  bad: null,
};

/** The core answers a refused command and also tells every page; a cashier should hear it once. */
const SAME_WITHIN_MS = 800;

const ICONS: Readonly<Record<Notice['tone'], string>> = { good: '✓', info: 'i', warn: '!', bad: '✕' };
const TONE_WORDS: Readonly<Record<Notice['tone'], string>> = {
  good: '完成',
  info: '提示',
  warn: '注意',
  bad: '出错',
};

export function useNotice(
  fromCore: Notice | null,
  muted: boolean,
): { notice: ShownNotice | null; say: (saying: Saying) => void; clear: (which?: 'calm') => void } {
  const [notice, setNotice] = useState<ShownNotice | null>(null);
  const last = useRef({ text: '', atMs: -SAME_WITHIN_MS, count: 0 });
  const silent = useRef(muted);
  useLayoutEffect(() => {
    silent.current = muted;
  });

  const say = useCallback((saying: Saying) => {
    const nowMs = performance.now();
    const before = last.current;
    const again = before.text === saying.text && nowMs - before.atMs < SAME_WITHIN_MS;
    last.current = { text: saying.text, atMs: nowMs, count: before.count + 1 };
    const values: WordValues = saying.values ?? {};
    setNotice((shown) =>
      // The core's own notice knows more (what was scanned) than its answer to the command.
      again && shown !== null && Object.keys(values).length === 0
        ? shown
        : { tone: saying.tone, text: saying.text, sentence: wordsOf(saying.text, values), count: before.count + 1 },
    );
    if (!again && !silent.current) play(saying.tone, saying.text);
  }, []);

  const id = fromCore?.id ?? null;
  const heard = useRef<number | null>(null);
  useEffect(() => {
    if (fromCore === null || id === null || heard.current === id) return;
    heard.current = id;
    say({ tone: fromCore.tone, text: fromCore.text, values: fromCore.values });
  }, [fromCore, id, say]);

  const clear = useCallback((which?: 'calm') => {
    setNotice((shown) => {
      const loud = shown !== null && (shown.tone === 'bad' || shown.tone === 'warn');
      return which === 'calm' && loud ? shown : null;
    });
  }, []);
  useEffect(() => {
    const shownForMs = notice === null ? null : SHOWN_FOR_MS[notice.tone];
    if (shownForMs === null) return;
    const timer = setTimeout(clear, shownForMs);
    return () => clearTimeout(timer);
  }, [notice, clear]);

  return { notice, say, clear };
}

/** The notice in its place on the page; without one, what to do next stands there. */
export function NoticeLine({ notice, hint }: { notice: ShownNotice | null; hint: ReactNode }): ReactNode {
  return (
    <div className="notice-line" data-tone={notice?.tone ?? 'none'} role="status" aria-live="assertive">
      {notice === null ? (
        <span className="hint">{hint}</span>
      ) : (
        <span className="notice" key={notice.count}>
          <NoticeIcon tone={notice.tone} />
          <span>{notice.sentence}</span>
        </span>
      )}
    </div>
  );
}

/** The same notice above a dialog. */
export function NoticeToast({ notice }: { notice: ShownNotice | null }): ReactNode {
  if (notice === null) return null;
  return (
    <div className="notice-toast" data-tone={notice.tone} role="status" aria-live="assertive" key={notice.count}>
      <NoticeIcon tone={notice.tone} />
      <span>{notice.sentence}</span>
    </div>
  );
}

function NoticeIcon({ tone }: { tone: Notice['tone'] }): ReactNode {
  return (
    <>
      <i className="notice-icon" aria-hidden="true">
        {ICONS[tone]}
      </i>
      <span className="visually-hidden">{TONE_WORDS[tone]}：</span>
    </>
  );
}
