import { type ReactNode, useEffect, useRef, useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { parseYuan } from '../../shared/money.ts';
import { formatQuantity, parseQuantity } from '../../shared/quantity.ts';
import type { NightReport } from '../../shared/till-contract.ts';
import {
  breakWords,
  nightStepWords,
  nightWords,
  ownerWords,
  pointsRefusedWords,
  rateWords,
} from '../../shared/words.ts';
import { shortTime, starText, unitPrice, yuan } from '../parts/format.ts';
import type { KeyHandler } from '../parts/keyboard.ts';
import { EnrolDialog } from './enrol.tsx';
import { Frame, Reasons } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import { PickerDialog, PriceCheckDialog } from './picker.tsx';
import { ReceiptsDialog, RefundDialog } from './receipts.tsx';
import { KeyButton } from './selling.tsx';
import { connection, type Dialog, newId, useTill } from './till.ts';

export function DialogLayer({ dialog }: { dialog: Dialog }): ReactNode {
  switch (dialog.kind) {
    case 'help':
      return <HelpDialog />;
    case 'more':
      return <MoreDialog />;
    case 'member':
      return <MemberDialog />;
    case 'points':
      return <PointsDialog />;
    case 'quantity':
      return <QuantityDialog line={dialog.line} />;
    case 'price':
      return <PriceDialog line={dialog.line} />;
    case 'void':
      return <VoidDialog />;
    case 'receipts':
      return <ReceiptsDialog />;
    case 'refund':
      return <RefundDialog number={dialog.receipt} />;
    case 'held':
      return <HeldDialog />;
    case 'picker':
      return <PickerDialog />;
    case 'priceCheck':
      return <PriceCheckDialog />;
    case 'cash':
      return <CashDialog />;
    case 'shiftReport':
      return <ShiftReportDialog />;
    case 'shiftResult':
      return <ShiftResultDialog />;
    case 'night':
      return <NightDialog />;
    case 'enrol':
      return <EnrolDialog />;
    default:
      return assertNever(dialog);
  }
}

const HELP: readonly Readonly<{ title: string; keys: readonly (readonly [string, string])[] }>[] = [
  {
    title: '收银',
    keys: [
      ['扫码', '任何时候都能扫，不用点输入框'],
      ['Enter', '加入输入的商品；没输入时去付款'],
      ['+', '付款'],
      ['3 *', '先输数量再扫；空着按 * 改选中行的数量'],
      ['/', '改选中行的价格（只能往低改）'],
      ['↑ ↓', '选行'],
      ['Del', '删选中行'],
      ['Shift Del', '整单作废'],
      ['End', '取下会员'],
      ['Esc', '返回、取消'],
    ],
  },
  {
    title: '功能',
    keys: [
      ['F1', '这一页'],
      ['F2', '会员卡号'],
      ['F3', '购物袋'],
      ['F4', '更多：交班、现金、日结'],
      ['F6', '今日单：看、重打、退货'],
      ['F7', '挂单、取单'],
      ['F8', '查价'],
      ['F9', '查积分'],
      ['F10', '开钱箱'],
      ['F11', '退货'],
      ['F12', '散装商品'],
    ],
  },
  {
    title: '付款',
    keys: [
      ['Enter', '现金刚好，收款'],
      ['数字', '实收现金，找零自动算'],
      ['B Y Q', '积分：不用、一半、全用'],
      ['W Z', '微信、支付宝付余下的'],
      ['↑ ↓', '换积分、手机、现金一栏'],
      ['H', '核对本人，用更多积分'],
      ['Esc', '回去改商品'],
    ],
  },
];

function HelpDialog(): ReactNode {
  const { hide, screen } = useTill();
  return (
    <Frame
      title="按键帮助"
      size="wide"
      leave={hide}
      onKey={({ name }) => (name === 'F1' || name === 'Enter' ? hide : null)}
    >
      <div className="help">
        {HELP.map((part) => (
          <section key={part.title}>
            <h2>{part.title}</h2>
            <dl>
              {part.keys.map(([key, words]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{words}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="dialog-foot">
        触屏也能做全部操作。{screen.hotline !== '' && `有问题请打服务电话 ${screen.hotline}。`}
      </p>
    </Frame>
  );
}

function MoreDialog(): ReactNode {
  const { hide, show, send, screen, muted, setMuted } = useTill();
  const open = screen.shift !== null;
  const actions: readonly Readonly<{ label: string; note: string; act: () => void; off?: boolean }>[] = [
    {
      label: '交班',
      note: '点钱、记差额',
      act: () => {
        hide();
        void send({ kind: 'startCloseShift' });
      },
      off: !open,
    },
    { label: '现金存取', note: '换零钱、上交、付货款', act: () => show({ kind: 'cash' }), off: !open },
    { label: '本班小计', note: '随时可看，不影响收银', act: () => show({ kind: 'shiftReport' }), off: !open },
    { label: '取挂单', note: `${screen.held.length} 笔`, act: () => show({ kind: 'held' }) },
    { label: '整单作废', note: '这一单全部不要', act: () => show({ kind: 'void' }) },
    { label: '日结', note: '与镇上核对账目', act: () => show({ kind: 'night' }) },
    { label: '后台', note: '进货、盘点、改价', act: () => openBackOffice() },
    { label: muted ? '打开声音' : '静音', note: '提示音', act: () => setMuted(!muted) },
    {
      label: '退出登录',
      note: '换人收银',
      act: () => {
        hide();
        void send({ kind: 'signOut' });
      },
    },
    ...(screen.status.town === 'notEnrolled'
      ? [{ label: '重新注册', note: '镇上不认识这台收银机', act: () => show({ kind: 'enrol' }) }]
      : []),
  ];
  return (
    <Frame
      title="更多"
      size="medium"
      leave={hide}
      onKey={({ name }) => {
        const action = /^\d$/.test(name) ? actions[(Number(name) + 9) % 10] : undefined;
        return action === undefined || action.off === true ? null : action.act;
      }}
    >
      <div className="tiles">
        {actions.map((action, index) => (
          <button
            type="button"
            key={action.label}
            className="tile"
            disabled={action.off === true}
            onMouseDown={keepFocus}
            onClick={action.act}
          >
            <kbd>{(index + 1) % 10}</kbd>
            <b>{action.label}</b>
            <small>{action.note}</small>
          </button>
        ))}
      </div>
    </Frame>
  );
}

/** The back office is a page of its own; the token goes along behind the #. */
function openBackOffice(): void {
  window.location.assign(new URL(`/back-office/index.html${window.location.hash}`, window.location.href));
}

function MemberDialog(): ReactNode {
  const { hide, send } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  useEffect(() => field.current?.focus(), []);
  const enter = (): void => {
    const code = text.trim();
    if (code === '') return;
    void send({ kind: 'scan', code, source: 'typed' }).then((answer) => {
      if (answer.kind === 'done') hide();
      else field.current?.select();
    });
  };
  return (
    <Frame
      title="会员"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? enter : null)}
    >
      <div className="two">
        <div>
          <p className="lead">请顾客刷卡或扫卡，不用关这个窗口。刷不出来时，照卡面输入号码。</p>
          <label>
            <span className="field-label">卡面号码</span>
            <input
              ref={field}
              className="field big"
              value={text}
              autoComplete="off"
              inputMode="none"
              maxLength={30}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <p className="field-help">卡在手里才能输；输卡号同刷卡，免密额度以内可用积分</p>
        </div>
        <Numpad field={field} enter={enter} />
      </div>
    </Frame>
  );
}

/** 查积分: a villager wants to know, and nothing is sold. */
function PointsDialog(): ReactNode {
  const { hide, send, screen } = useTill();
  const { member } = screen.sale;
  const hadMember = useRef(member !== null);
  const leave = (): void => {
    // Whoever only asked does not become the member of the next basket.
    if (member !== null && !hadMember.current && screen.sale.lines.length === 0) void send({ kind: 'removeMember' });
    hide();
  };
  return (
    <Frame
      title="查积分"
      size="medium"
      leave={leave}
      onKey={({ name }) => (name === 'Enter' || name === 'F9' ? leave : null)}
      onScan={(code) => {
        void send({ kind: 'scan', code, source: 'scanner' });
        return true;
      }}
    >
      {member === null ? (
        <div className="ask-card">
          <div className="brand-card" aria-hidden="true">
            <span>信用一卡通</span>
            <i>★★★★★</i>
          </div>
          <p>请顾客刷卡或扫卡</p>
        </div>
      ) : (
        <div className="points-page">
          <div className="points-head">
            <b>{member.mask}</b>
            <span>{member.villageName}</span>
            <i>{starText(member.stars)}</i>
            <span>{rateWords(member.rateBp) || '不打折'}</span>
          </div>
          <div className="figures">
            <div className="figure main">
              <span>本店现在可用</span>
              <b>{member.spendable}</b>
            </div>
            <div className="figure">
              <span>镇上总数</span>
              <b>{member.townPoints}</b>
              <small>截至 {shortTime(member.townAsOfMs, screen.status.nowMs)}</small>
            </div>
            <div className="figure">
              <span>今日还可用</span>
              <b>{member.leftToday}</b>
            </div>
            <div className="figure">
              <span>本月还可用</span>
              <b>{member.leftThisMonth}</b>
            </div>
          </div>
          {member.nextExpiry !== null && (
            <p className="fact-line">
              {member.nextExpiry.points} 分将于 {member.nextExpiry.day} 到期，请先用
            </p>
          )}
          {member.pointsRefused !== null && (
            <p className="fact-line warn">▲ {pointsRefusedWords[member.pointsRefused]}</p>
          )}
        </div>
      )}
    </Frame>
  );
}

function QuantityDialog({ line }: { line: number }): ReactNode {
  const { hide, send, say, screen } = useTill();
  const shown = screen.sale.lines[line];
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  useEffect(() => field.current?.focus(), []);
  if (shown === undefined) return null;
  const enter = (): void => {
    const quantity = parseQuantity(text, shown.per);
    if (quantity === null) {
      say({ tone: 'warn', text: shown.per === 'piece' ? '请输入件数，例如 3' : '请输入重量，例如 1.46（斤）或 730克' });
      return;
    }
    void send({ kind: 'setQuantity', line, quantity }).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  return (
    <Frame
      title={shown.per === 'piece' ? '改数量' : '改重量'}
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? enter : null)}
    >
      <div className="two">
        <div>
          <p className="lead">
            <b>{shown.name}</b> {shown.spec}
          </p>
          <p className="fact-line">
            现在 <b>{formatQuantity(shown.quantity, shown.per)}</b> · {unitPrice(shown.priceFen, shown.per)}
          </p>
          <label>
            <span className="field-label">
              {shown.per === 'piece' ? '新的件数' : '新的重量（斤或 kg 按单价，也可写 730克）'}
            </span>
            <input
              ref={field}
              className="field huge"
              value={text}
              autoComplete="off"
              inputMode="none"
              maxLength={10}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
        </div>
        <Numpad field={field} point={shown.per !== 'piece'} enter={enter} />
      </div>
    </Frame>
  );
}

const PRICE_REASONS = ['临近保质期', '包装破损', '价签不符', '店长优惠'] as const;

function PriceDialog({ line }: { line: number }): ReactNode {
  const { hide, sendApproved, say, screen } = useTill();
  const shown = screen.sale.lines[line];
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [reason, setReason] = useState<string>(PRICE_REASONS[0]);
  useEffect(() => field.current?.focus(), []);
  if (shown === undefined) return null;
  const set = (priceFen: number | null): void => {
    void sendApproved(
      (approval) => ({ kind: 'setPrice', line, priceFen, reason, approval }),
      priceFen === null ? `${shown.name} 恢复原价` : `${shown.name} 改价为 ${yuan(priceFen)} 元（${reason}）`,
    ).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  const enter = (): void => {
    const priceFen = parseYuan(text);
    if (priceFen === null) say({ tone: 'warn', text: '请输入单价，例如 8.50' });
    else set(priceFen);
  };
  return (
    <Frame
      title="改价"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? enter : null)}
    >
      <div className="two">
        <div>
          <p className="lead">
            <b>{shown.name}</b> {shown.spec} · 标价 {unitPrice(shown.priceFen, shown.per)}
          </p>
          <label>
            <span className="field-label">新单价（元，只能往低改）</span>
            <input
              ref={field}
              className="field huge"
              value={text}
              autoComplete="off"
              inputMode="none"
              maxLength={10}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <span className="field-label">原因</span>
          <Reasons reasons={PRICE_REASONS} picked={reason} pick={setReason} />
          {shown.reason === 'manual' && (
            <button type="button" className="key wide" onMouseDown={keepFocus} onClick={() => set(null)}>
              <span>恢复原价</span>
            </button>
          )}
        </div>
        <Numpad field={field} point enter={enter} />
      </div>
    </Frame>
  );
}

const VOID_REASONS = ['顾客不要了', '录错了', '培训练习'] as const;

function VoidDialog(): ReactNode {
  const { hide, send, screen } = useTill();
  const { sale } = screen;
  const go = (reason: string): void => {
    void send({ kind: 'voidSale', reason }).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  return (
    <Frame
      title="整单作废"
      size="narrow"
      leave={hide}
      onKey={({ name }) => {
        const reason = VOID_REASONS[Number(name) - 1];
        return reason === undefined ? null : () => go(reason);
      }}
    >
      <p className="lead">
        这一单 <b>{sale.lines.length}</b> 种、<b>{yuan(sale.totalFen)}</b>{' '}
        元，全部不要。作废会留下记录，库存和积分都不动。
      </p>
      <div className="stack">
        {VOID_REASONS.map((reason, index) => (
          <KeyButton key={reason} label={reason} keys={String(index + 1)} act={() => go(reason)} />
        ))}
      </div>
    </Frame>
  );
}

function HeldDialog(): ReactNode {
  const { hide, send, screen } = useTill();
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
        <p className="nothing">没有挂单。顾客要回去拿东西时，按 F7 先挂起来。</p>
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

const CASH_REASONS = {
  in: ['换零钱', '补备用金', '其他收入'],
  out: ['上交营业款', '付货款', '换零钱', '其他支出'],
} as const;

function CashDialog(): ReactNode {
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

/** A read of the core, made once when a dialog opens. */
export function useRead<T>(read: () => Promise<T>): { value: T | null; state: 'loading' | 'read' | 'failed' } {
  const [answer, setAnswer] = useState<{ value: T | null; state: 'loading' | 'read' | 'failed' }>({
    value: null,
    state: 'loading',
  });
  const first = useRef(read);
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        const value = await first.current();
        if (!gone) setAnswer({ value, state: 'read' });
      } catch {
        if (!gone) setAnswer({ value: null, state: 'failed' });
      }
    };
    void load();
    return () => {
      gone = true;
    };
  }, []);
  return answer;
}

/** While a read runs, or when it could not be made. */
export function Reading({ state }: { state: 'loading' | 'failed' }): ReactNode {
  return <p className="nothing">{state === 'loading' ? '正在读取…' : '没有读到，请关上再打开一次'}</p>;
}

function ShiftReportDialog(): ReactNode {
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

function Figure({ label, value, main = false }: { label: string; value: string; main?: boolean }): ReactNode {
  return (
    <div className={main ? 'figure main' : 'figure'}>
      <span>{label}</span>
      <b>{value}</b>
    </div>
  );
}

/** Shown after the count, never before it; a count that was typed wrong is put right from here, while no shift is open. */
function ShiftResultDialog(): ReactNode {
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

function NightDialog(): ReactNode {
  const { hide, say } = useTill();
  const last = useRead(() => connection.client().nights({ limit: 1 }));
  const [report, setReport] = useState<NightReport | null>(null);
  const [busy, setBusy] = useState(false);
  const shown = report ?? last.value?.[0] ?? null;
  const run = (): void => {
    if (busy) return;
    setBusy(true);
    connection
      .client()
      .night()
      .then(setReport)
      .catch(() => say({ tone: 'warn', text: 'nightPending' }))
      .finally(() => setBusy(false));
  };
  // Once this very run came out even there is nothing left to do but to read it.
  const settled = report?.state === 'matched' && !busy;
  return (
    <Frame
      title="日结"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? (settled ? hide : run) : null)}
    >
      <p className="lead">关今天的账，上传记录，与镇上逐项核对。可以随时做，中断了再做一次就好。</p>
      {shown === null ? (
        <p className="nothing">{last.state === 'loading' ? '正在读取…' : '还没有日结过'}</p>
      ) : (
        <NightResult report={shown} />
      )}
      <button type="button" className="pay-key" disabled={busy} onMouseDown={keepFocus} onClick={settled ? hide : run}>
        {busy ? '正在日结，可以关上这一页' : settled ? '知道了' : '现在日结'} <kbd>Enter</kbd>
      </button>
    </Frame>
  );
}

function NightResult({ report }: { report: NightReport }): ReactNode {
  return (
    <div className="night" data-state={report.state}>
      <p className="night-state">
        <i aria-hidden="true">{report.state === 'matched' ? '✓' : report.state === 'pending' ? '▲' : '■'}</i>
        {report.businessDay} · {nightWords[report.state]}
        {report.pendingAt !== null && ` · 停在“${nightStepWords[report.pendingAt]}”，联网后自动继续`}
      </p>
      <div className="figures">
        <Figure label="销售" value={`${report.till.sales} 单`} />
        <Figure label="退货" value={`${report.till.refunds} 单`} />
        <Figure label="销售额" value={yuan(report.till.totalFen)} />
        <Figure label="用积分" value={`${report.till.pointsSpent} 分`} />
        <Figure label="退积分" value={`${report.till.pointsBack} 分`} />
        <Figure label="已上传" value={`${report.uploaded} 条`} />
      </div>
      {report.breaks.map((one) => (
        <p key={one.id} className="fact-line warn">
          ■ {breakWords[one.kind].what}（{ownerWords[one.owner]}处理）：{breakWords[one.kind].todo}
        </p>
      ))}
    </div>
  );
}
