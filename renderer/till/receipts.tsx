import { type ReactNode, useEffect, useRef, useState } from 'react';
import { pressedKey } from '../../shared/counter.ts';
import { wordsOf } from '../../shared/words.ts';
import { shortTime, yuan } from '../parts/format.ts';
import { ReceiptView } from '../parts/receipt-view.tsx';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { KeyButton } from './key-button.tsx';
import { Numpad } from './numpad.tsx';
import { connection, useTill } from './till.ts';
import './receipts.css';

type Client = ReturnType<typeof connection.client>;
type ReceiptRows = Awaited<ReturnType<Client['receipts']>>;
type ReceiptAnswer = Awaited<ReturnType<Client['receipt']>>;

/** Today's receipts: seen, printed again, or taken back. */
export function ReceiptsDialog(): ReactNode {
  const { hide, show, send, screen, keys } = useTill();
  const [text, setText] = useState('');
  const [rows, setRows] = useState<ReceiptRows | 'failed' | null>(null);
  const [picked, setPicked] = useState(0);
  const [read, setRead] = useState<Readonly<{ number: string; answer: ReceiptAnswer }> | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        const found = await connection.client().receipts({ day: null, text: text.trim(), limit: 200 });
        if (gone) return;
        setRows(found);
        setPicked(0);
      } catch {
        if (!gone) setRows('failed');
      }
    };
    void load();
    return () => {
      gone = true;
    };
  }, [text]);
  const shown = rows === 'failed' ? null : rows;
  const number = shown?.[picked]?.receipt ?? null;
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
    if (number === null) return;
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        const answer = await connection.client().receipt({ receipt: number });
        if (!gone) setRead({ number, answer });
      } catch {
        if (!gone) setRead({ number, answer: null });
      }
    };
    void load();
    return () => {
      gone = true;
    };
  }, [number]);
  const opened = read !== null && read.number === number ? read.answer : null;
  const reprint = (): void => {
    if (number !== null) void send({ kind: 'reprint', receipt: number });
  };
  const refund = (): void => {
    if (number !== null && opened?.kind === 'sale') show({ kind: 'refund', receipt: number, way: 'refund' });
  };
  const exchange = (): void => {
    if (number !== null && opened?.kind === 'sale') show({ kind: 'refund', receipt: number, way: 'exchange' });
  };
  const isMendable = opened?.tenders?.mendable === true;
  const mend = (): void => {
    if (number !== null && isMendable) show({ kind: 'tender', receipt: number });
  };
  const move = (by: number): void => setPicked((at) => Math.max(0, Math.min((shown?.length ?? 1) - 1, at + by)));
  return (
    <Frame
      title="今日单"
      size="wide"
      leave={hide}
      aside={<small className="dialog-note">最近的在最上面，往日的也能查</small>}
      onKey={({ name, shift }) => {
        switch (name) {
          case 'Up':
            return () => move(-1);
          case 'Down':
            return () => move(1);
          case 'PageUp':
            return () => move(-8);
          case 'PageDown':
            return () => move(8);
          case 'r':
            return reprint;
          case 't':
            return refund;
          case 'h':
            return exchange;
          case 'g':
            return mend;
          default:
            return pressedKey(name, shift) === keys.receipts ? hide : null;
        }
      }}
      onScan={(code) => {
        setText(code);
        return true;
      }}
    >
      <div className="receipts">
        <div className="receipts-left">
          <input
            ref={field}
            className="field"
            aria-label="按小票号查找"
            placeholder="扫小票、刷卡，或输小票号查找"
            value={text}
            autoComplete="off"
            spellCheck={false}
            inputMode="none"
            maxLength={60}
            onChange={(event) => setText(event.target.value)}
          />
          <div className="rows" ref={list} role="listbox" aria-label="小票">
            {rows === 'failed' && <p className="nothing">✕ 没有读到小票，请关上再打开一次</p>}
            {shown !== null && shown.length === 0 && (
              <p className="nothing">{text.trim() === '' ? '还没有收过款' : wordsOf('unknownReceipt')}</p>
            )}
            {shown?.map((row, index) => (
              <button
                type="button"
                key={row.receipt}
                role="option"
                aria-selected={index === picked}
                className="row-button receipt-row"
                onMouseDown={keepFocus}
                onClick={() => setPicked(index)}
              >
                <span className="receipt-time">{shortTime(row.atMs, screen.status.nowMs)}</span>
                <span className="grow">
                  {row.kind === 'refund' && <span className="tag promo">退货</span>}
                  {row.firstName}
                  {row.lines > 1 && ` 等 ${row.lines} 种`}
                  <small>
                    {row.receipt}
                    {row.mask !== null && ` · ${row.mask}`}
                    {row.unsent && ' · 未上传'}
                  </small>
                </span>
                <b>
                  {yuan(row.kind === 'refund' ? -Math.abs(row.totalFen) : row.totalFen)}
                  {row.pointsUsed > 0 && <small>含 {row.pointsUsed} 分</small>}
                </b>
              </button>
            ))}
          </div>
          <Numpad field={field} strip />
        </div>
        <div className="receipts-paper">{opened !== null && <ReceiptView receipt={opened.receipt} />}</div>
        <div className="receipts-keys">
          <KeyButton label="重打" keys="R" act={number === null ? undefined : reprint} />
          <KeyButton label="退货" keys="T" act={opened?.kind === 'sale' ? refund : undefined} />
          <KeyButton label="换货" keys="H" act={opened?.kind === 'sale' ? exchange : undefined} />
          <KeyButton label="改付款" keys="G" act={isMendable ? mend : undefined} />
          <p className="field-help">
            <kbd>↑</kbd> <kbd>↓</kbd> 选小票
          </p>
        </div>
      </div>
    </Frame>
  );
}
