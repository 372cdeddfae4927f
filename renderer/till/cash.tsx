import { type ReactNode, useEffect, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import { yuan } from '../parts/format.ts';
import { Frame, Reasons } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import { useRead } from './reading.tsx';
import { connection, newId, useTill } from './till.ts';

const CASH_REASONS = {
  in: ['换零钱', '补备用金', '其他收入'],
  out: ['上交营业款', '付货款', '换零钱', '其他支出'],
} as const;

export function CashDialog(): ReactNode {
  const { hide, send, say, sendApproved } = useTill();
  const report = useRead(() => connection.client().shiftReport());
  const moves = report.value?.moves.filter((one) => !one.undone).slice(0, 3) ?? [];
  const undo = (move: (typeof moves)[number]): void => {
    const what = `${move.direction === 'in' ? '放进' : '取出'} ${yuan(move.amountFen)} 元（${move.reason}）`;
    void sendApproved(
      (approval) => ({ kind: 'undoCashMove', id: newId(), move: move.id, reason: '输错了', approval }),
      `撤销现金存取：${what}`,
    ).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  const field = useRef<HTMLInputElement>(null);
  const id = useRef(newId());
  const [direction, setDirection] = useState<'in' | 'out'>('out');
  const [reason, setReason] = useState<string>(CASH_REASONS.out[0]);
  const [text, setText] = useState('');
  useEffect(() => field.current?.focus(), []);
  const turn = (next: 'in' | 'out'): void => {
    setDirection(next);
    setReason(CASH_REASONS[next][0]);
  };
  const enter = (): void => {
    const amountFen = parseYuan(text);
    if (amountFen === null || amountFen === 0) {
      say({ tone: 'warn', text: '请输入金额，例如 200' });
      return;
    }
    void send({ kind: 'moveCash', id: id.current, direction, amountFen, reason }).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  return (
    <Frame
      title="现金存取"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => {
        if (name === 'Enter' && !repeat) return enter;
        if (name === 'Up' || name === 'Down') return () => turn(direction === 'in' ? 'out' : 'in');
        return null;
      }}
    >
      <div className="two">
        <div>
          <div className="switch" role="radiogroup" aria-label="方向">
            {(['out', 'in'] as const).map((one) => (
              <button
                type="button"
                key={one}
                role="radio"
                aria-checked={direction === one}
                className="option"
                onMouseDown={keepFocus}
                onClick={() => turn(one)}
              >
                {one === 'out' ? '从钱箱取出' : '放进钱箱'}
              </button>
            ))}
            <small>
              <kbd>↑</kbd> <kbd>↓</kbd>
            </small>
          </div>
          <label>
            <span className="field-label">金额（元）</span>
            <input
              ref={field}
              className="field huge"
              value={text}
              autoComplete="off"
              inputMode="none"
              maxLength={12}
              placeholder="0.00"
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <span className="field-label">原因</span>
          <Reasons reasons={CASH_REASONS[direction]} picked={reason} pick={setReason} />
          {moves.length > 0 && <span className="field-label">本班记过的，输错了可以撤销（要店长同意）</span>}
          {moves.map((move) => (
            <p key={move.id} className="fact-line">
              {move.direction === 'in' ? '放进' : '取出'} {yuan(move.amountFen)} 元 · {move.reason}{' '}
              <button type="button" className="option" onMouseDown={keepFocus} onClick={() => undo(move)}>
                撤销
              </button>
            </p>
          ))}
        </div>
        <Numpad field={field} point enter={enter} enterLabel={direction === 'out' ? '取出' : '放进'} />
      </div>
    </Frame>
  );
}
