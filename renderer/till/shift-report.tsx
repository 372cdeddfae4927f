import { type ReactNode, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import { shortTime, yuan } from '../parts/format.ts';
import { Figure } from './figure.tsx';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { Reading, useRead } from './reading.tsx';
import { connection, newId, useTill } from './till.ts';

export function ShiftReportDialog(): ReactNode {
  const { hide, screen } = useTill();
  const { value, state } = useRead(() => connection.client().shiftReport());
  return (
    <Frame
      title="本班小计"
      size="medium"
      leave={hide}
      onKey={({ name }) => (name === 'Enter' ? hide : null)}
      aside={<small className="dialog-note">只看不动账，随时可看</small>}
    >
      {state !== 'read' && <Reading state={state} />}
      {state === 'read' && value === null && <p className="nothing">还没有开班</p>}
      {value !== null && (
        <>
          <p className="fact-line">
            第 {value.number} 班 · {value.operator} · {shortTime(value.openedAtMs, screen.status.nowMs)} 开班 · 备用金{' '}
            {yuan(value.floatFen)}
          </p>
          <div className="figures">
            <Figure main label="销售" value={`${value.totals.sales} 单`} />
            <Figure label="退货" value={`${value.totals.refunds} 单`} />
            <Figure label="销售额" value={yuan(value.totals.totalFen)} />
            <Figure label="收现金" value={yuan(value.totals.cashFen)} />
            <Figure label="手机支付" value={yuan(value.totals.mobileFen)} />
            <Figure label="用积分" value={`${value.totals.pointsSpent} 分`} />
            <Figure label="退积分" value={`${value.totals.pointsBack} 分`} />
            <Figure label="现金放进" value={yuan(value.cashInFen)} />
            <Figure label="现金取出" value={yuan(value.cashOutFen)} />
          </div>
        </>
      )}
    </Frame>
  );
}

/** Shown after the count, never before it; a count that was typed wrong is put right from here, while no shift is open. */
export function ShiftResultDialog(): ReactNode {
  const { hide, screen, say, sendApproved } = useTill();
  const { value, state } = useRead(() => connection.client().lastShift());
  const [text, setText] = useState<string | null>(null);
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
  const enter = text === null ? hide : correct;
  return (
    <Frame
      title="已交班"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? enter : null)}
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
            <Figure main label={differenceWords(value.differenceFen)} value={yuan(value.differenceFen)} />
          </div>
          <p className="fact-line">
            {value.differenceFen === 0 ? '分毫不差。' : '差额已经记下，不用补。请告诉店长。'}
            {value.held > 0 && ` 挂单 ${value.held} 笔还在。`}
            {value.unsent > 0 && ` ${value.unsent} 条记录等联网后上传。`}
          </p>
          {text === null ? (
            screen.shift === null && (
              <button type="button" className="option" onMouseDown={keepFocus} onClick={() => setText('')}>
                数目输错了，改一下（要店长同意）
              </button>
            )
          ) : (
            <label>
              <span className="field-label">重新点清的现金总数（元）</span>
              <input
                className="field big"
                autoFocus
                value={text}
                autoComplete="off"
                maxLength={12}
                placeholder="0.00"
                onChange={(event) => setText(event.target.value)}
              />
            </label>
          )}
          <button type="button" className="pay-key" onMouseDown={keepFocus} onClick={enter}>
            {text === null ? '知道了' : '更正'} <kbd>Enter</kbd>
          </button>
        </>
      )}
    </Frame>
  );
}

function differenceWords(differenceFen: number): string {
  if (differenceFen === 0) return '相符';
  return differenceFen > 0 ? '多出' : '短少';
}
