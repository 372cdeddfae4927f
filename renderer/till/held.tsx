import { type ReactNode, useState } from 'react';
import { keyWords } from '../../shared/counter.ts';
import { shortTime, yuan } from '../parts/format.ts';
import type { KeyHandler } from '../parts/keyboard.ts';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';

export function HeldDialog(): ReactNode {
  const { hide, send, screen, keys } = useTill();
  const [picked, setPicked] = useState(0);
  const { held } = screen;
  const recall = (sale: string | undefined): void => {
    if (sale === undefined) return;
    void send({ kind: 'recall', sale }).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  const onKey: KeyHandler = ({ name, repeat }) => {
    if (name === 'Up') return () => setPicked((at) => Math.max(0, at - 1));
    if (name === 'Down') return () => setPicked((at) => Math.min(held.length - 1, at + 1));
    if (name === 'Enter' && !repeat) return () => recall(held[picked]?.sale);
    return /^[1-9]$/.test(name) ? () => recall(held[Number(name) - 1]?.sale) : null;
  };
  return (
    <Frame title={`挂单 ${held.length} 笔`} size="medium" leave={hide} onKey={onKey}>
      {held.length === 0 ? (
        <p className="nothing">没有挂单。顾客要回去拿东西时，按 {keyWords(keys.hold)} 先挂起来。</p>
      ) : (
        <div className="rows" role="listbox" aria-label="挂单">
          {held.map((one, index) => (
            <button
              type="button"
              key={one.sale}
              role="option"
              aria-selected={index === picked}
              className="row-button"
              onMouseDown={keepFocus}
              onClick={() => recall(one.sale)}
            >
              {index < 9 ? <kbd>{index + 1}</kbd> : <span />}
              <span className="grow">
                {one.firstName}
                {one.lines > 1 && ` 等 ${one.lines} 种`} {one.mask !== null && <small>{one.mask}</small>}
              </span>
              <small>{shortTime(one.heldAtMs, screen.status.nowMs)}</small>
              <b>{yuan(one.totalFen)}</b>
            </button>
          ))}
        </div>
      )}
    </Frame>
  );
}
