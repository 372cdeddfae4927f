import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { shortTime, yuan } from '../parts/format.ts';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import { RefundLines, type Refundable, type Way } from './refund-lines.tsx';
import { connection, useTill } from './till.ts';
import './refund.css';

type Rows = Awaited<ReturnType<ReturnType<typeof connection.client>['receipts']>>;

/** Sales that a list holds; older ones are found by their receipt or by the card. */
const LISTED_MOST = 60;

const TITLES: Readonly<Record<Way, string>> = { refund: '退货', exchange: '换货' };

async function salesBy(text: string): Promise<Rows> {
  const rows = await connection.client().receipts({ day: null, text: text.slice(0, 60), limit: LISTED_MOST });
  return rows.filter((row) => row.kind === 'sale');
}

/**
 * What comes back names its receipt, then its lines. The receipt is scanned or typed (its last digits do), found by the
 * card that it was bought with, or picked from the newest. One of another till is asked for at the town, which may take a
 * moment, and is refused with the reason.
 */
export function RefundDialog({ number, way }: { number: string | null; way: Way }): ReactNode {
  const { hide, say, screen } = useTill();
  const [opened, setOpened] = useState<Refundable | null>(null);
  const [text, setText] = useState(number ?? '');
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState<Readonly<{ text: string }> | null>(number === null ? null : { text: number });
  /** Which question was answered; a new one is waited for. */
  const [answered, setAnswered] = useState<typeof wanted>(null);
  const waiting = wanted !== null && answered !== wanted;
  /** The newest sales, or those that a search found, whose rows the number keys pick. */
  const [shown, setShown] = useState<Readonly<{ rows: Rows; isFound: boolean }>>({ rows: [], isFound: false });
  const [picked, setPicked] = useState(0);
  useEffect(() => field.current?.focus(), []);
  const showNewest = useCallback(() => {
    salesBy('').then(
      (rows) => {
        setShown({ rows, isFound: false });
        setPicked(0);
      },
      () => undefined,
    );
  }, []);
  useEffect(showNewest, [showNewest]);
  useEffect(() => {
    list.current?.children[picked]?.scrollIntoView({ block: 'nearest' });
  }, [picked]);
  useEffect(() => {
    if (wanted === null) return;
    let gone = false;
    const open = async (): Promise<void> => {
      try {
        const answer = await connection.client().refundable({ receipt: wanted.text.slice(0, 80) });
        if (gone) return;
        if (answer.kind === 'sale') {
          setOpened(answer);
          return;
        }
        const rows = answer.reason === 'unknownReceipt' ? await salesBy(wanted.text) : [];
        if (gone) return;
        const [only] = rows;
        if (only !== undefined && rows.length === 1) setWanted({ text: only.receipt });
        else if (rows.length > 1) {
          setShown({ rows, isFound: true });
          setPicked(0);
          setText('');
        } else say({ tone: 'bad', text: answer.reason, values: { receipt: wanted.text } });
      } catch {
        if (!gone) say({ tone: 'warn', text: '没有连上收银程序，请再试一次' });
      }
      if (!gone) setAnswered(wanted);
    };
    void open();
    return () => {
      gone = true;
    };
  }, [wanted, say]);
  if (opened !== null) return <RefundLines opened={opened} first={way} />;
  const take = (index: number): void => {
    const row = shown.rows[index];
    if (row !== undefined) setWanted({ text: row.receipt });
  };
  const enter = (): void => {
    if (text.trim() === '') take(picked);
    else setWanted({ text: text.trim() });
  };
  const move = (by: number): void => setPicked((at) => Math.max(0, Math.min(shown.rows.length - 1, at + by)));
  return (
    <Frame
      title={TITLES[way]}
      size="wide"
      leave={hide}
      onKey={({ name, repeat }) => {
        switch (name) {
          case 'Enter':
            return repeat ? () => undefined : enter;
          case 'Up':
            return () => move(-1);
          case 'Down':
            return () => move(1);
          case 'Esc':
            return shown.isFound ? showNewest : null;
          default:
            return shown.isFound && text === '' && /^[1-9]$/.test(name) ? () => take(Number(name) - 1) : null;
        }
      }}
      onScan={(code) => {
        setText('');
        setWanted({ text: code });
        return true;
      }}
    >
      <div className="two refund-find">
        <div>
          <p className="lead">扫小票，或输小票号（最后几位也行），别的收银机开的也可以。没有小票：刷卡，或在下面选。</p>
          <label>
            <span className="field-label">小票号</span>
            <input
              ref={field}
              className="field big"
              value={text}
              data-codes="yes"
              autoComplete="off"
              spellCheck={false}
              inputMode="none"
              maxLength={80}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <p className="field-help" aria-live="polite">
            {waiting && '正在查这张小票；不是本机开的要问镇上，请稍等…'}
            {!waiting &&
              (shown.isFound ? `找到 ${shown.rows.length} 张，按数字选；Esc 看全部` : '最近的单：↑ ↓ 选，Enter 打开')}
          </p>
          <div className="rows" ref={list} role="listbox" aria-label="小票">
            {shown.rows.length === 0 && <p className="nothing">还没有收过款</p>}
            {shown.rows.map((row, index) => (
              <button
                type="button"
                key={row.receipt}
                role="option"
                aria-selected={index === picked}
                className="row-button"
                onMouseDown={keepFocus}
                onClick={() => take(index)}
              >
                {shown.isFound && index < 9 ? <kbd>{index + 1}</kbd> : null}
                <span className="refund-time">{shortTime(row.atMs, screen.status.nowMs)}</span>
                <span className="grow">
                  {row.firstName}
                  {row.lines > 1 && ` 等 ${row.lines} 种`}{' '}
                  <small>
                    {row.receipt}
                    {row.mask !== null && ` · ${row.mask}`}
                  </small>
                </span>
                <b>{yuan(row.totalFen)}</b>
              </button>
            ))}
          </div>
        </div>
        <Numpad field={field} enter={enter} enterLabel="查找" />
      </div>
    </Frame>
  );
}

/** Money that no machine sends back: the largest thing on the page until somebody has done it. */
export function HandBackDialog({
  channel,
  mobileFen,
  cashFen,
}: {
  channel: string;
  mobileFen: number;
  cashFen: number;
}): ReactNode {
  const { hide } = useTill();
  return (
    <Frame
      title="还要用手机退款"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' ? (repeat ? () => undefined : hide) : null)}
    >
      <div className="hand-back" role="alert">
        <p>请用手机原路退款（{channel}）</p>
        <b>
          <small>￥</small>
          {yuan(mobileFen)}
        </b>
        {cashFen > 0 && <p>另外从钱箱退现金 {yuan(cashFen)} 元</p>}
        <p className="lead">收银机不会自动退手机款：请在收款手机上退，当面让顾客看到账。</p>
      </div>
      <button type="button" className="pay-key" onMouseDown={keepFocus} onClick={hide}>
        知道了 <kbd>Enter</kbd>
      </button>
    </Frame>
  );
}
