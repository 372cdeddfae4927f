import { type ReactNode, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import { yuan } from '../parts/format.ts';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { Reasons, reasonByArrows } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { useRead } from './reading.tsx';
import { connection, newId, useTill } from './till.ts';

const CASH_REASONS = {
  in: ['换零钱', '补备用金', '其他收入'],
  out: ['上交营业款', '付货款', '换零钱', '其他支出'],
} as const;

/** The newest first; digits belong to the amount. */
const UNDO_KEYS: readonly string[] = ['a', 'b', 'c'];

export function CashDialog(): ReactNode {
  const { hide, send, say, sendApproved } = useTill();
  const report = useRead(() => connection.client().shiftReport());
  const moves = report.value?.moves.filter((one) => !one.undone).slice(0, UNDO_KEYS.length) ?? [];
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
    <EntryDialog
      title="现金存取"
      leave={hide}
      field={field}
      point
      enter={enter}
      enterLabel={direction === 'out' ? '取出' : '放进'}
      onKey={({ name }) => {
        if (name === 'Up' || name === 'Down') return () => turn(direction === 'in' ? 'out' : 'in');
        const move = moves[UNDO_KEYS.indexOf(name)];
        if (move !== undefined) return () => undo(move);
        return reasonByArrows(name, CASH_REASONS[direction], reason, setReason);
      }}
    >
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
      <EntryField field={field} label="金额（元）" text={text} type={setText} maxLength={12} placeholder="0.00" />
      <span className="field-label">
        原因 <kbd>←</kbd> <kbd>→</kbd>
      </span>
      <Reasons reasons={CASH_REASONS[direction]} picked={reason} pick={setReason} />
      {moves.length > 0 && <span className="field-label">本班记过的，输错了可以撤销（要店长同意）</span>}
      {moves.map((move, index) => (
        <p key={move.id} className="fact-line">
          {move.direction === 'in' ? '放进' : '取出'} {yuan(move.amountFen)} 元 · {move.reason}{' '}
          <button type="button" className="option" onMouseDown={keepFocus} onClick={() => undo(move)}>
            <kbd>{UNDO_KEYS[index]?.toUpperCase()}</kbd> 撤销
          </button>
        </p>
      ))}
    </EntryDialog>
  );
}
