import type { ReactNode } from 'react';
import './practice-bar.css';

/**
 * What a page of practice (练习) says at its head, in words as well as in stripes. `leave` is the way back to the till;
 * a page without one only says what it is.
 */
export function PracticeBar({ leave }: Readonly<{ leave: () => void }>): ReactNode {
  return (
    <div className="practice-bar" role="note" aria-label="练习">
      <b>练习中 · 不算数</b>
      <span>不记真账，不联网，钱箱不弹；小票不是凭证，有顾客来请先结束练习</span>
      <button type="button" onMouseDown={(event) => event.preventDefault()} onClick={leave}>
        结束练习
      </button>
    </div>
  );
}
