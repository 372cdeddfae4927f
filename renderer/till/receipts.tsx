import { type ReactNode, useEffect, useRef, useState } from 'react';
import { formatQuantity, parseQuantity } from '../../shared/quantity.ts';
import { wordsOf } from '../../shared/words.ts';
import { quantityText, shortTime, yuan } from '../parts/format.ts';
import { ReceiptView } from '../parts/receipt-view.tsx';
import { Frame, Reasons } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import { KeyButton } from './selling.tsx';
import { connection, newId, useTill } from './till.ts';
import './receipts.css';
import './refund.css';

type Client = ReturnType<typeof connection.client>;
type ReceiptRows = Awaited<ReturnType<Client['receipts']>>;
type ReceiptAnswer = Awaited<ReturnType<Client['receipt']>>;
type Refundable = Extract<Awaited<ReturnType<Client['refundable']>>, { kind: 'sale' }>;
type Preview = Awaited<ReturnType<Client['previewRefund']>>;

/** Today's receipts: seen, printed again, or taken back. */
export function ReceiptsDialog(): ReactNode {
  const { hide, show, send, screen } = useTill();
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
    if (number !== null && opened?.kind === 'sale') show({ kind: 'refund', receipt: number });
  };
  const move = (by: number): void => setPicked((at) => Math.max(0, Math.min((shown?.length ?? 1) - 1, at + by)));
  return (
    <Frame
      title="今日单"
      size="wide"
      leave={hide}
      aside={<small className="dialog-note">最近的在最上面，往日的也能查</small>}
      onKey={({ name }) => {
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
          case 'F6':
            return hide;
          default:
            return null;
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
            placeholder="扫小票，或输小票号查找"
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
        </div>
        <div className="receipts-paper">
          {opened === null ? <p className="nothing">选一张小票</p> : <ReceiptView receipt={opened.receipt} />}
        </div>
        <div className="receipts-keys">
          <KeyButton label="重打" keys="R" act={reprint} />
          <KeyButton label="退货" keys="T" act={opened?.kind === 'sale' ? refund : undefined} />
          <p className="field-help">
            <kbd>↑</kbd> <kbd>↓</kbd> 选小票
          </p>
        </div>
      </div>
    </Frame>
  );
}

const REFUND_REASONS = ['质量问题', '买错了', '过期', '顾客不要了'] as const;

/**
 * A refund names its receipt, then its lines; what comes back is worked out by the core before anything is done. A
 * receipt of another till is asked for at the town, which may take a moment, and is refused with the reason.
 */
export function RefundDialog({ number }: { number: string | null }): ReactNode {
  const { hide, say } = useTill();
  const [opened, setOpened] = useState<Refundable | null>(null);
  const [text, setText] = useState(number ?? '');
  const field = useRef<HTMLInputElement>(null);
  const [wanted, setWanted] = useState<Readonly<{ number: string }> | null>(number === null ? null : { number });
  /** Which question was answered; a new one is waited for. */
  const [answered, setAnswered] = useState<typeof wanted>(null);
  const waiting = wanted !== null && answered !== wanted;
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (wanted === null) return;
    let gone = false;
    const open = async (): Promise<void> => {
      try {
        const answer = await connection.client().refundable({ receipt: wanted.number });
        if (gone) return;
        if (answer.kind === 'sale') setOpened(answer);
        else say({ tone: 'bad', text: answer.reason, values: { receipt: wanted.number } });
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
  if (opened !== null) return <RefundLines opened={opened} />;
  const enter = (): void => {
    if (text.trim() !== '') setWanted({ number: text.trim() });
  };
  return (
    <Frame
      title="退货"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? enter : null)}
      onScan={(code) => {
        setText(code);
        setWanted({ number: code });
        return true;
      }}
    >
      <div className="two">
        <div>
          <p className="lead">扫小票，或输入小票号，别的收银机开的也可以。没有小票，可以按 F6 在今日单里找。</p>
          <label>
            <span className="field-label">小票号</span>
            <input
              ref={field}
              className="field big"
              value={text}
              autoComplete="off"
              spellCheck={false}
              maxLength={60}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <p className="field-help" aria-live="polite">
            {waiting ? '正在查这张小票；不是本机开的要问镇上，请稍等…' : ''}
          </p>
        </div>
        <Numpad field={field} enter={enter} enterLabel="查找" />
      </div>
    </Frame>
  );
}

type Wanted = Readonly<{ quantity: number; goods: 'shelf' | 'waste' }>;

function RefundLines({ opened }: { opened: Refundable }): ReactNode {
  const { hide, say, sendApproved } = useTill();
  const id = useRef(newId());
  const [wanted, setWanted] = useState<ReadonlyMap<number, Wanted>>(new Map());
  const [picked, setPicked] = useState(0);
  const [reason, setReason] = useState<string>(REFUND_REASONS[0]);
  const [asked, setAsked] = useState<Readonly<{ of: typeof wanted; preview: Preview }> | null>(null);
  // A preview speaks of the goods it was asked for, and of no others.
  const preview = asked !== null && asked.of === wanted ? asked.preview : null;
  const busy = useRef(false);
  const [asking, setAsking] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[picked]?.scrollIntoView({ block: 'nearest' });
  }, [picked]);
  const { receipt, lines } = opened;
  const chosen = [...wanted].map(([line, one]) => ({ line, ...one }));

  useEffect(() => {
    if (wanted.size === 0) return;
    let gone = false;
    const ask = async (): Promise<void> => {
      try {
        const answer = await connection.client().previewRefund({
          receipt: receipt.number,
          lines: [...wanted].map(([line, { quantity }]) => ({ line, quantity })),
        });
        if (!gone) setAsked({ of: wanted, preview: answer });
      } catch {
        if (!gone) setAsked(null);
      }
    };
    void ask();
    return () => {
      gone = true;
    };
  }, [wanted, receipt.number]);

  const change = (line: number, next: Wanted | null): void => {
    const after = new Map(wanted);
    // A line that is taken whole stays, though it may weigh nothing by the gram.
    if (next === null || (next.quantity <= 0 && lines[line]?.wholeOnly !== true)) after.delete(line);
    else after.set(line, next);
    setWanted(after);
  };
  const left = (index: number): number => {
    const line = lines[index];
    return line === undefined ? 0 : line.bought - line.returned;
  };
  const toggle = (index: number): void => {
    const line = lines[index];
    if (line === undefined) return;
    if (line.gone) say({ tone: 'warn', text: '这一行已经全部退过' });
    else if (wanted.has(line.line)) change(line.line, null);
    else change(line.line, { quantity: line.per === 'piece' && !line.wholeOnly ? 1 : left(index), goods: 'shelf' });
  };
  const add = (index: number, by: number): void => {
    const line = lines[index];
    if (line === undefined) return;
    const now = wanted.get(line.line);
    if (line.per !== 'piece' || line.wholeOnly) {
      if (by > 0 !== (now !== undefined)) toggle(index);
      return;
    }
    const quantity = Math.max(0, Math.min(left(index), (now?.quantity ?? 0) + by));
    change(line.line, { quantity, goods: now?.goods ?? 'shelf' });
  };
  const swap = (index: number): void => {
    const line = lines[index];
    const now = line === undefined ? undefined : wanted.get(line.line);
    if (line !== undefined && now !== undefined) {
      change(line.line, { ...now, goods: now.goods === 'shelf' ? 'waste' : 'shelf' });
    }
  };
  const all = (): void =>
    setWanted(
      new Map(
        lines.flatMap((line, index) =>
          !line.gone ? [[line.line, { quantity: left(index), goods: 'shelf' as const }] as const] : [],
        ),
      ),
    );
  const submit = (): void => {
    if (busy.current) return;
    if (chosen.length === 0) {
      say({ tone: 'info', text: '先选要退的商品：↑↓ 选行，空格或 → 选中' });
      return;
    }
    busy.current = true;
    setAsking(true);
    void sendApproved(
      (approval) => ({ kind: 'refund', id: id.current, receipt: receipt.number, lines: chosen, reason, approval }),
      `退货：小票 ${receipt.number}，${chosen.length} 种（${reason}）`,
    ).then((answer) => {
      busy.current = false;
      setAsking(false);
      if (answer.kind === 'done') hide();
    });
  };
  return (
    <Frame
      title={`退货 · ${receipt.number}`}
      size="wide"
      leave={hide}
      onKey={({ name, repeat, field }) => {
        const typing = field?.dataset['weight'] === 'yes';
        switch (name) {
          case 'Enter':
            return repeat ? () => undefined : submit;
          case 'Up':
            return () => setPicked((at) => Math.max(0, at - 1));
          case 'Down':
            return () => setPicked((at) => Math.min(lines.length - 1, at + 1));
          case 'Space':
            return typing ? null : () => toggle(picked);
          case 'Right':
          case '+':
            return typing ? null : () => add(picked, 1);
          case 'Left':
          case '-':
            return typing ? null : () => add(picked, -1);
          case 'a':
            return all;
          case 's':
            return () => swap(picked);
          default: {
            const next = typing ? undefined : REFUND_REASONS[Number(name) - 1];
            return next === undefined ? null : () => setReason(next);
          }
        }
      }}
      onScan={() => {
        say({ tone: 'warn', text: '正在退货，扫码没有加入。退完或按 Esc 后再扫。' });
        return true;
      }}
    >
      <div className="refund">
        <div className="refund-lines" ref={list} role="listbox" aria-label="小票上的商品">
          {lines.map((line, index) => {
            const now = wanted.get(line.line);
            return (
              <div
                key={line.line}
                role="option"
                aria-selected={index === picked}
                tabIndex={-1}
                className="refund-line"
                data-chosen={now !== undefined}
                data-gone={line.gone}
                onMouseDown={() => setPicked(index)}
              >
                <button
                  type="button"
                  className="check"
                  aria-pressed={now !== undefined}
                  aria-label={`退 ${line.name}`}
                  disabled={line.gone}
                  onMouseDown={keepFocus}
                  onClick={() => toggle(index)}
                >
                  {now === undefined ? '' : '✓'}
                </button>
                <span className="grow">
                  {line.name}
                  <small>
                    买 {quantityText(line.bought, line.per, line.unit)} · {yuan(line.payFen)} 元
                    {line.returned > 0 && ` · 已退 ${formatQuantity(line.returned, line.per)}`}
                    {line.wholeOnly && ' · 秤签整件退'}
                  </small>
                </span>
                {now !== undefined && line.per === 'piece' && !line.wholeOnly && (
                  <span className="stepper">
                    <button type="button" aria-label="少退一件" onMouseDown={keepFocus} onClick={() => add(index, -1)}>
                      −
                    </button>
                    <b>{now.quantity}</b>
                    <button type="button" aria-label="多退一件" onMouseDown={keepFocus} onClick={() => add(index, 1)}>
                      +
                    </button>
                  </span>
                )}
                {now !== undefined && line.per !== 'piece' && !line.wholeOnly && (
                  <input
                    className="field weight"
                    data-weight="yes"
                    aria-label={`退 ${line.name} 的重量`}
                    defaultValue={formatQuantity(now.quantity, line.per)}
                    onChange={(event) => {
                      const quantity = parseQuantity(event.target.value, line.per);
                      if (quantity !== null) change(line.line, { ...now, quantity: Math.min(left(index), quantity) });
                    }}
                  />
                )}
                {now !== undefined && (
                  <button type="button" className="option goods" onMouseDown={keepFocus} onClick={() => swap(index)}>
                    {now.goods === 'shelf' ? '放回货架' : '报损'}
                  </button>
                )}
              </div>
            );
          })}
        </div>
        <div className="refund-side">
          <div className="refund-keys">
            <KeyButton label="全退" keys="A" act={all} />
            <KeyButton label="上架/报损" keys="S" act={() => swap(picked)} />
          </div>
          <span className="field-label">原因（按 1 到 {REFUND_REASONS.length}）</span>
          <Reasons reasons={REFUND_REASONS} picked={reason} pick={setReason} />
          <div className="refund-sum" aria-live="polite">
            {preview === null && <p className="nothing">选中要退的商品，这里显示退多少</p>}
            {preview?.kind === 'refused' && <p className="field-error">✕ {wordsOf(preview.reason)}</p>}
            {preview?.kind === 'preview' && (
              <>
                <p className="refund-what">
                  退 {chosen.length} 种 · {reason}
                </p>
                {receipt.points !== null && receipt.points.used > 0 && (
                  <div className="sum-row">
                    <span>退积分</span>
                    <b>{preview.pointsBack} 分</b>
                  </div>
                )}
                {receipt.mobile !== null && receipt.mobile.fen > 0 && (
                  <div className="sum-row">
                    <span>退手机款（人工退，核对到账）</span>
                    <b>{yuan(preview.mobileBackFen)}</b>
                  </div>
                )}
                <div className="due">
                  <span>退现金</span>
                  <b>
                    <small>￥</small>
                    {yuan(preview.cashBackFen)}
                  </b>
                </div>
              </>
            )}
          </div>
          <button
            type="button"
            className="pay-key"
            disabled={preview?.kind !== 'preview' || asking}
            onMouseDown={keepFocus}
            onClick={submit}
          >
            {asking ? (
              <>{opened.fromTown ? '正在问镇上…' : '正在退货…'}</>
            ) : (
              <>
                确认退货 <kbd>Enter</kbd>
              </>
            )}
          </button>
          {opened.fromTown && <p className="field-help">▲ 不是本机开的小票：确认时要镇上同意，要联网</p>}
          {opened.needsManager && <p className="field-help">▲ 要店长密码</p>}
        </div>
      </div>
    </Frame>
  );
}
