import { type ReactNode, useEffect, useRef, useState } from 'react';
import { formatQuantity, parseQuantity } from '../../shared/quantity.ts';
import { wordsOf } from '../../shared/words.ts';
import { quantityText, yuan } from '../parts/format.ts';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { Frame, Reasons } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { KeyButton } from './key-button.tsx';
import { connection, newId, useTill } from './till.ts';

type Client = ReturnType<typeof connection.client>;
export type Refundable = Extract<Awaited<ReturnType<Client['refundable']>>, { kind: 'sale' }>;
type Preview = Awaited<ReturnType<Client['previewRefund']>>;
type SoldLine = Refundable['lines'][number];

/** Goods come back for their money, or for the same goods. */
export type Way = 'refund' | 'exchange';

type Goods = 'shelf' | 'waste';
/** `goods` is null where nobody has said: then the reason says it. */
type Wanted = Readonly<{ quantity: number; goods: Goods | null }>;

/** Why, and where such goods go unless a hand says otherwise. */
const REASONS: Readonly<Record<Way, readonly (readonly [string, Goods])[]>> = {
  refund: [
    ['质量问题', 'waste'],
    ['买错了', 'shelf'],
    ['过期', 'waste'],
    ['顾客不要了', 'shelf'],
  ],
  exchange: [
    ['质量问题', 'waste'],
    ['包装破损', 'waste'],
    ['过期', 'waste'],
    ['拿错了', 'shelf'],
  ],
};

/** What comes back, line by line; what that gives back is worked out by the core before anything is done. */
export function RefundLines({ opened, first }: { opened: Refundable; first: Way }): ReactNode {
  const { hide, show, say, sendApproved } = useTill();
  const id = useRef(newId());
  const [way, setWay] = useState<Way>(first);
  const [wanted, setWanted] = useState<ReadonlyMap<number, Wanted>>(new Map());
  const [picked, setPicked] = useState(0);
  const [reasonAt, setReasonAt] = useState(0);
  const [asked, setAsked] = useState<Readonly<{ of: typeof wanted; preview: Preview }> | null>(null);
  // A preview speaks of the goods it was asked for, and of no others.
  const preview = asked !== null && asked.of === wanted ? asked.preview : null;
  const busy = useRef(false);
  const [asking, setAsking] = useState(false);
  /** The loose goods of which not all comes back, while their weight is typed. */
  const [weighing, setWeighing] = useState<SoldLine | null>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[picked]?.scrollIntoView({ block: 'nearest' });
  }, [picked]);
  const { receipt, lines } = opened;
  const reasons = REASONS[way];
  const [reason, goodsByReason] = reasons[reasonAt] ?? ['', 'waste'];
  const goodsOf = (one: Wanted): Goods => one.goods ?? goodsByReason;
  const chosen = [...wanted].map(([line, one]) => ({ line, quantity: one.quantity, goods: goodsOf(one) }));

  useEffect(() => {
    if (wanted.size === 0 || way === 'exchange') return;
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
  }, [wanted, way, receipt.number]);

  const change = (line: number, next: Wanted | null): void => {
    const after = new Map(wanted);
    // A line that is taken whole stays, though it may weigh nothing by the gram.
    if (next === null || (next.quantity <= 0 && lines[line]?.wholeOnly !== true)) after.delete(line);
    else after.set(line, next);
    setWanted(after);
  };
  const leftOf = (line: SoldLine): number => (way === 'refund' ? line.bought - line.returned : line.exchangeable);
  const isGone = (line: SoldLine): boolean => (way === 'refund' ? line.gone : line.exchangeable <= 0);
  const toggle = (index: number): void => {
    const line = lines[index];
    if (line === undefined) return;
    if (isGone(line))
      say({ tone: 'warn', text: way === 'refund' ? '这一行已经全部退过' : '这一行都退过或换过了，再坏请退货' });
    else if (wanted.has(line.line)) change(line.line, null);
    else change(line.line, { quantity: line.per === 'piece' && !line.wholeOnly ? 1 : leftOf(line), goods: null });
  };
  const add = (index: number, by: number): void => {
    const line = lines[index];
    if (line === undefined) return;
    const now = wanted.get(line.line);
    if (line.per !== 'piece' || line.wholeOnly) {
      if (by > 0 !== (now !== undefined)) toggle(index);
      return;
    }
    const quantity = Math.max(0, Math.min(leftOf(line), (now?.quantity ?? 0) + by));
    change(line.line, { quantity, goods: now?.goods ?? null });
  };
  /** Says how much of loose goods comes back: less than all of it. */
  const weigh = (index: number): void => {
    const line = lines[index];
    if (line === undefined || isGone(line)) return;
    if (line.per === 'piece' || line.wholeOnly) say({ tone: 'info', text: '这一行不按重量退，用 → ← 改件数' });
    else setWeighing(line);
  };
  const swap = (index: number): void => {
    const line = lines[index];
    const now = line === undefined ? undefined : wanted.get(line.line);
    if (line !== undefined && now !== undefined) {
      change(line.line, { ...now, goods: goodsOf(now) === 'shelf' ? 'waste' : 'shelf' });
    }
  };
  const all = (): void =>
    setWanted(
      new Map(
        lines.flatMap((line) => (isGone(line) ? [] : [[line.line, { quantity: leftOf(line), goods: null }] as const])),
      ),
    );
  /** Another way has other limits, so what was chosen is chosen anew. */
  const turn = (next: Way): void => {
    if (next === way) return;
    setWay(next);
    setWanted(new Map());
    setReasonAt(0);
  };
  const submit = (): void => {
    if (busy.current) return;
    if (chosen.length === 0) {
      say({ tone: 'info', text: '先选商品：↑↓ 选行，空格或 → 选中' });
      return;
    }
    busy.current = true;
    setAsking(true);
    const word = way === 'refund' ? '退货' : '换货';
    void sendApproved(
      (approval) => ({ kind: way, id: id.current, receipt: receipt.number, lines: chosen, reason, approval }),
      `${word}：小票 ${receipt.number}，${chosen.length} 种（${reason}）`,
    ).then((answer) => {
      busy.current = false;
      setAsking(false);
      if (answer.kind !== 'done') return;
      const owed = way === 'refund' && preview?.kind === 'preview' && preview.mobileBackFen > 0 ? preview : null;
      if (owed === null) hide();
      else {
        const { mobileBackFen: mobileFen, cashBackFen: cashFen } = owed;
        show({ kind: 'handBack', channel: receipt.mobile?.channel ?? '手机支付', mobileFen, cashFen });
      }
    });
  };
  return (
    <>
      <Frame
        title={`${way === 'refund' ? '退货' : '换货'} · ${receipt.number}`}
        size="wide"
        leave={hide}
        onKey={({ name, repeat }) => {
          switch (name) {
            case 'Enter':
              return repeat ? () => undefined : submit;
            case 'Up':
              return () => setPicked((at) => Math.max(0, at - 1));
            case 'Down':
              return () => setPicked((at) => Math.min(lines.length - 1, at + 1));
            case 'Space':
              return () => toggle(picked);
            case 'Right':
            case '+':
              return () => add(picked, 1);
            case 'Left':
            case '-':
              return () => add(picked, -1);
            case '*':
              return () => weigh(picked);
            case 'a':
              return all;
            case 's':
              return () => swap(picked);
            case 'h':
              return () => turn(way === 'refund' ? 'exchange' : 'refund');
            default: {
              const at = Number(name) - 1;
              return reasons[at] === undefined ? null : () => setReasonAt(at);
            }
          }
        }}
        onScan={() => {
          say({ tone: 'warn', text: '正在退换货，扫码没有加入。办完或按 Esc 后再扫。' });
          return true;
        }}
      >
        <div className="refund">
          <div className="refund-lines" ref={list} role="listbox" aria-label="小票上的商品">
            {lines.map((line, index) => (
              <RefundLine
                key={line.line}
                line={line}
                way={way}
                on={index === picked}
                now={wanted.get(line.line)}
                goods={goodsOf(wanted.get(line.line) ?? { quantity: 0, goods: null })}
                gone={isGone(line)}
                pick={() => setPicked(index)}
                toggle={() => toggle(index)}
                add={(by) => add(index, by)}
                swap={() => swap(index)}
                weigh={() => weigh(index)}
              />
            ))}
          </div>
          <div className="refund-side">
            <div className="refund-ways" role="radiogroup" aria-label="退货还是换货">
              {(['refund', 'exchange'] as const).map((one) => (
                <button
                  type="button"
                  key={one}
                  role="radio"
                  aria-checked={way === one}
                  className="option"
                  onMouseDown={keepFocus}
                  onClick={() => turn(one)}
                >
                  {one === 'refund' ? '退货' : '换货 · 同款'} {way !== one && <kbd>H</kbd>}
                </button>
              ))}
            </div>
            <div className="refund-keys">
              <KeyButton label={way === 'refund' ? '全退' : '全换'} keys="A" act={all} />
              <KeyButton label="上架/报损" keys="S" act={() => swap(picked)} />
            </div>
            <span className="field-label">原因（按 1 到 {reasons.length}）</span>
            <Reasons
              reasons={reasons.map(([words]) => words)}
              picked={reason}
              pick={(words) => setReasonAt(reasons.findIndex(([one]) => one === words))}
            />
            <div className="refund-sum" aria-live="polite">
              {way === 'refund' ? (
                <RefundSum preview={preview} receipt={receipt} what={`退 ${chosen.length} 种 · ${reason}`} />
              ) : (
                <ExchangeSum chosen={chosen.length} reason={reason} />
              )}
            </div>
            <button
              type="button"
              className="pay-key"
              disabled={(way === 'refund' ? preview?.kind !== 'preview' : chosen.length === 0) || asking}
              onMouseDown={keepFocus}
              onClick={submit}
            >
              {asking ? (
                <>{opened.fromTown ? '正在问镇上…' : '正在记账…'}</>
              ) : (
                <>
                  {way === 'refund' ? '确认退货' : '确认换货'} <kbd>Enter</kbd>
                </>
              )}
            </button>
            {opened.fromTown && way === 'refund' && (
              <p className="field-help">▲ 不是本机开的小票：确认时要镇上同意，要联网</p>
            )}
            {(opened.needsManager || (way === 'refund' && preview?.kind === 'preview' && preview.needsManager)) && (
              <p className="field-help">▲ 要店长同意：{opened.needsManager ? '过了期限' : '退的金额较大'}</p>
            )}
          </div>
        </div>
      </Frame>
      {weighing !== null && (
        <WeightPrompt
          line={weighing}
          most={leftOf(weighing)}
          title={way === 'refund' ? '退多少' : '换多少'}
          take={(quantity) => {
            change(weighing.line, { quantity, goods: wanted.get(weighing.line)?.goods ?? null });
            setWeighing(null);
          }}
          leave={() => setWeighing(null)}
        />
      )}
    </>
  );
}

/** How much of loose goods comes back, which is often less than was bought. */
function WeightPrompt({
  line,
  most,
  title,
  take,
  leave,
}: {
  line: SoldLine;
  most: number;
  title: string;
  take: (quantity: number) => void;
  leave: () => void;
}): ReactNode {
  const { say } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const enter = (): void => {
    const quantity = parseQuantity(text, line.per);
    if (quantity === null) say({ tone: 'warn', text: '请输入重量，例如 0.5 或 250克' });
    else if (quantity > most) say({ tone: 'bad', text: 'moreThanBought' });
    else take(quantity);
  };
  return (
    <EntryDialog
      title={title}
      leave={leave}
      field={field}
      point
      enter={enter}
      onScan={() => {
        say({ tone: 'warn', text: '正在退换货，扫码没有加入。办完或按 Esc 后再扫。' });
        return true;
      }}
    >
      <p className="lead">
        <b>{line.name}</b> · 最多 {formatQuantity(most, line.per)}
      </p>
      <EntryField
        field={field}
        label={`重量（${line.per === 'jin' ? '斤' : 'kg'}，也可写 250克、3两）`}
        text={text}
        type={setText}
      />
    </EntryDialog>
  );
}

function RefundSum({
  preview,
  receipt,
  what,
}: {
  preview: Preview | null;
  receipt: Refundable['receipt'];
  what: string;
}): ReactNode {
  if (preview === null) return <p className="nothing">选中要退的商品，这里显示退多少</p>;
  if (preview.kind === 'refused') return <p className="field-error">✕ {wordsOf(preview.reason)}</p>;
  return (
    <>
      <p className="refund-what">{what}</p>
      {receipt.points !== null && receipt.points.used > 0 && (
        <div className="sum-row">
          <span>退积分</span>
          <b>{preview.pointsBack} 分</b>
        </div>
      )}
      {preview.mobileBackFen > 0 && (
        <div className="by-hand">
          <span>请用手机原路退款（{receipt.mobile?.channel ?? '手机支付'}）</span>
          <b>
            <small>￥</small>
            {yuan(preview.mobileBackFen)}
          </b>
        </div>
      )}
      {(preview.cashBackFen > 0 || preview.mobileBackFen === 0) && (
        <div className="due">
          <span>退现金</span>
          <b>
            <small>￥</small>
            {yuan(preview.cashBackFen)}
          </b>
        </div>
      )}
    </>
  );
}

function ExchangeSum({ chosen, reason }: { chosen: number; reason: string }): ReactNode {
  if (chosen === 0) return <p className="nothing">选中要换的商品</p>;
  return (
    <>
      <p className="refund-what">
        换 {chosen} 种 · {reason}
      </p>
      <p className="exchange-words">
        <b>不收钱，不退钱</b>
        拿同款新的给顾客；换过的再坏，可以退货
      </p>
    </>
  );
}

type RefundLineProps = Readonly<{
  line: SoldLine;
  way: Way;
  on: boolean;
  now: Wanted | undefined;
  goods: Goods;
  gone: boolean;
  pick: () => void;
  toggle: () => void;
  add: (by: number) => void;
  swap: () => void;
  weigh: () => void;
}>;

function RefundLine({ line, way, on, now, goods, gone, pick, toggle, add, swap, weigh }: RefundLineProps): ReactNode {
  const word = way === 'refund' ? '退' : '换';
  const byPiece = line.per === 'piece' && !line.wholeOnly;
  return (
    <div
      role="option"
      aria-selected={on}
      tabIndex={-1}
      className="refund-line"
      data-chosen={now !== undefined}
      data-gone={gone}
      onMouseDown={pick}
    >
      <button
        type="button"
        className="check"
        aria-pressed={now !== undefined}
        aria-label={`${word} ${line.name}`}
        disabled={gone}
        onMouseDown={keepFocus}
        onClick={toggle}
      >
        {now === undefined ? '' : '✓'}
      </button>
      <span className="grow">
        {line.name}
        <small>
          买 {quantityText(line.bought, line.per, line.unit)} · {yuan(line.payFen)} 元
          {line.returned > 0 && ` · 已退 ${formatQuantity(line.returned, line.per)}`}
          {line.bought - line.returned > line.exchangeable &&
            ` · 已换 ${formatQuantity(line.bought - line.returned - line.exchangeable, line.per)}`}
          {line.wholeOnly && ` · 秤签整件${word}`}
        </small>
      </span>
      {now !== undefined && byPiece && (
        <span className="stepper">
          <button type="button" aria-label={`少${word}一件`} onMouseDown={keepFocus} onClick={() => add(-1)}>
            −
          </button>
          <b>{now.quantity}</b>
          <button type="button" aria-label={`多${word}一件`} onMouseDown={keepFocus} onClick={() => add(1)}>
            +
          </button>
        </span>
      )}
      {now !== undefined && line.per !== 'piece' && !line.wholeOnly && (
        <button
          type="button"
          className="option weight"
          aria-label={`${word} ${line.name} 的重量`}
          onMouseDown={keepFocus}
          onClick={weigh}
        >
          {formatQuantity(now.quantity, line.per)} <kbd>*</kbd>
        </button>
      )}
      {now !== undefined && (
        <button type="button" className="option goods" data-goods={goods} onMouseDown={keepFocus} onClick={swap}>
          {goods === 'shelf' ? '放回货架' : '报损'}
        </button>
      )}
    </div>
  );
}
