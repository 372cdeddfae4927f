import { type ReactNode, useEffect, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import { shortTime, yuan } from '../parts/format.ts';
import { differenceWords } from '../../shared/shift-slip-layout.ts';
import { ReceiptView } from '../parts/receipt-view.tsx';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { Figure } from './figure.tsx';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { Reading, useRead } from './reading.tsx';
import { KeyButton } from './key-button.tsx';
import './shift-report.css';
import { connection, newId, useTill } from './till.ts';

type Seen = Awaited<ReturnType<ReturnType<typeof connection.client>['shiftSlip']>>;

/** The slip of a shift, as the paper has it; the shifts before it are a key away, as far as one may see them. */
export function ShiftReportDialog(): ReactNode {
  const { hide, send, say } = useTill();
  const [seen, setSeen] = useState<Seen | 'loading'>('loading');
  const go = (shift: string | null): void => {
    connection
      .client()
      .shiftSlip({ shift })
      .then(setSeen)
      .catch(() => say({ tone: 'warn', text: '没有读到，请再试一次' }));
  };
  const first = useRef(go);
  useEffect(() => first.current(null), []);
  const shown = seen === 'loading' ? null : seen;
  const print = shown === null ? undefined : () => void send({ kind: 'printShift', shift: shown.slip.shift });
  const to = (shift: string | null) => (shift === null ? undefined : () => go(shift));
  const earlier = to(shown?.earlier ?? null);
  const later = to(shown?.later ?? null);
  const isOpen = shown?.slip.closing === null;
  return (
    <Frame
      title={shown === null ? '本班小计' : `${isOpen ? '本班小计' : '交班单'} · 第 ${shown.slip.shiftNumber} 班`}
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => {
        if (name === 'Enter') return hide;
        if (name === 'Left') return earlier ?? null;
        if (name === 'Right') return later ?? null;
        return name === 'r' && !repeat ? (print ?? null) : null;
      }}
      aside={<small className="dialog-note">只看不动账，随时可看</small>}
    >
      {seen === 'loading' && <Reading state="loading" />}
      {seen === null && <p className="nothing">还没有开过班</p>}
      {shown !== null && (
        <div className="shift-report">
          <div className="shift-paper" role="region" aria-label="班次单">
            <ReceiptView receipt={shown.slip} />
          </div>
          <div className="shift-side">
            <div className="figures">
              <Figure main label="销售额" value={yuan(shown.slip.totalFen)} />
              <Figure label="销售" value={`${shown.slip.sales} 单`} />
              <Figure label="退货" value={`${shown.slip.refunds} 单`} />
              <Figure label="用积分" value={`${shown.slip.points.used} 分`} />
              <Figure label="挂单" value={`${shown.slip.held} 笔`} />
              <Figure label="未上传" value={`${shown.slip.unsent} 条`} />
            </div>
            {isOpen && <p className="field-help">账上应有多少，交班点完钱才显示。</p>}
            <div className="shift-ways">
              <KeyButton label="打印" keys="R" act={print} />
              <KeyButton label="上一班" keys="←" act={earlier} />
              <KeyButton label="下一班" keys="→" act={later} />
            </div>
          </div>
        </div>
      )}
    </Frame>
  );
}

/** Shown after the count, never before it; a count that was typed wrong is put right from here, while no shift is open. */
export function ShiftResultDialog(): ReactNode {
  const { hide, screen, say, send, sendApproved, show } = useTill();
  const { value, state } = useRead(() => connection.client().lastShift());
  /** The right sum, while it is typed; null as long as the count stands. */
  const [text, setText] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const id = useRef(newId());
  const correct = (): void => {
    const countedFen = parseYuan(text ?? '');
    if (value === null || countedFen === null || countedFen === value.countedFen) {
      say({ tone: 'warn', text: '请输入重新点清的现金总数' });
      return;
    }
    void sendApproved(
      (approval) => ({
        kind: 'correctCount',
        id: id.current,
        shift: value.shift,
        countedFen,
        reason: '点钞数输错',
        approval,
      }),
      `更正点钞数：${yuan(value.countedFen)} 改成 ${yuan(countedFen)} 元`,
    ).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  if (text !== null) {
    return (
      <EntryDialog title="更正点钞数" leave={() => setText(null)} field={field} point enter={correct} enterLabel="更正">
        <p className="lead">
          第 {value?.number} 班点的是 <b>{yuan(value?.countedFen ?? 0)}</b> 元。改了要店长同意，原来记的也留在账上。
        </p>
        <EntryField
          field={field}
          label="重新点清的现金总数（元）"
          text={text}
          type={setText}
          maxLength={12}
          placeholder="0.00"
        />
      </EntryDialog>
    );
  }
  const mayCorrect = value !== null && screen.shift === null;
  return (
    <Frame
      title="已交班"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => {
        if (repeat) return null;
        if (name === 'Enter') return hide;
        if (value === null) return null;
        if (name === 'g' && mayCorrect) return () => setText('');
        if (name === 's') return () => show({ kind: 'shiftReport' });
        return name === 'r' ? () => void send({ kind: 'printShift', shift: value.shift }) : null;
      }}
    >
      {state !== 'read' && <Reading state={state} />}
      {value !== null && (
        <>
          <p className="fact-line">
            第 {value.number} 班 · {value.sales} 单 · {shortTime(value.closedAtMs, screen.status.nowMs)} 交班
          </p>
          <div className="figures">
            <Figure label="点出现金" value={yuan(value.countedFen)} />
            <Figure label="账上现金" value={yuan(value.expectedFen)} />
            <Figure main label={differenceWords(value.differenceFen)} value={yuan(Math.abs(value.differenceFen))} />
          </div>
          <p className="fact-line">
            {value.differenceFen === 0 ? '分毫不差。' : '差额已经记下，不用补。请告诉店长。'}
            {value.held > 0 && ` 挂单 ${value.held} 笔还在。`}
            {value.unsent > 0 && ` ${value.unsent} 条记录等联网后上传。`}
          </p>
          <div className="shift-ways">
            <KeyButton label="看交班单" keys="S" act={() => show({ kind: 'shiftReport' })} />
            <KeyButton label="重打" keys="R" act={() => void send({ kind: 'printShift', shift: value.shift })} />
            {mayCorrect && <KeyButton label="数目输错了，改一下" keys="G" act={() => setText('')} />}
          </div>
          <button type="button" className="pay-key" onMouseDown={keepFocus} onClick={hide}>
            知道了 <kbd>Enter</kbd>
          </button>
        </>
      )}
    </Frame>
  );
}
