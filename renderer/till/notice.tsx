import { memo, type ReactNode, useSyncExternalStore } from 'react';
import type { Notice } from '../../shared/till-contract.ts';
import type { ShownNotice } from './notices.ts';
import { notices } from './till.ts';
import './notice.css';

const ICONS: Readonly<Record<Notice['tone'], string>> = { good: '✓', info: 'i', warn: '!', bad: '✕' };
const TONE_WORDS: Readonly<Record<Notice['tone'], string>> = {
  good: '完成',
  info: '提示',
  warn: '注意',
  bad: '出错',
};

function useShownNotice(): ShownNotice | null {
  return useSyncExternalStore(notices.subscribe, notices.shown);
}

/** The notice in its place on the page; without one, what to do next stands there. */
export const NoticeLine = memo(PlainNoticeLine);

function PlainNoticeLine({ quantityFirst, star }: { quantityFirst: number | null; star: string }): ReactNode {
  const notice = useShownNotice();
  return (
    <div className="notice-line" data-tone={notice?.tone ?? 'none'} role="status" aria-live="assertive">
      {notice === null ? (
        <span className="hint">
          {quantityFirst === null ? (
            <>
              先按数字再按 <kbd>{star}</kbd> 可先输数量，如 <kbd>3</kbd> <kbd>{star}</kbd> 再扫码
            </>
          ) : (
            <>
              下一件按 <b>{quantityFirst}</b> 件加入，<kbd>Esc</kbd> 取消
            </>
          )}
        </span>
      ) : (
        <span className="notice">
          <NoticeIcon tone={notice.tone} />
          <span>{notice.sentence}</span>
        </span>
      )}
    </div>
  );
}

/** The same notice above a dialog, unless the page says it itself. */
export function NoticeToast({ except }: { except: readonly string[] }): ReactNode {
  const notice = useShownNotice();
  if (notice === null || except.includes(notice.text)) return null;
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
