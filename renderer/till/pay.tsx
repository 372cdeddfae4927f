import { type ReactNode, useEffect, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import type { ScreenPay } from '../../shared/till-contract.ts';
import { pointsLimitWords, pointsRefusedWords, rateWords } from '../../shared/words.ts';
import { minusYuan, yuan } from '../parts/format.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { BearerPrompt } from './bearer.tsx';
import { CustomerPinPrompt } from './customer-pin.tsx';
import { channelKey, cleanNumber } from './entry.ts';
import { keepFocus } from './header.tsx';
import { KeyButton } from './key-button.tsx';
import { Numpad } from './numpad.tsx';
import { PrinterWarning } from './printer-warning.tsx';
import { useTill } from './till.ts';
import './pay.css';

type Row = 'points' | 'mobile' | 'cash';
const ROWS: readonly Row[] = ['points', 'mobile', 'cash'];

/** What is being typed is sent when the hand rests, so that a scan into the field never becomes an amount. */
const TYPING_RESTS_MS = 110;
/** There is room for the sum itself and the roundest ones above it, of which so large a sum leaves fewer. */
const WIDE_FEN = 100_000;
/** The second Enter of a bouncing key must not pay what the first one opened. */
const BOUNCE_MS = 120;

export function PayDialog(): ReactNode {
  const till = useTill();
  const { pay } = till.screen;
  return pay === null ? null : <Paying pay={pay} key={till.screen.sale.id} />;
}

function Paying({ pay }: { pay: ScreenPay }): ReactNode {
  const { screen, send, sendApproved, say } = useTill();
  const { sale } = screen;
  const member = sale.member;
  const [row, setRow] = useState<Row>('cash');
  const [typed, setTyped] = useState<Readonly<{ row: Row; text: string }> | null>(null);
  const openedAtMs = useRef(0);
  useEffect(() => {
    openedAtMs.current = performance.now();
  }, []);
  const paying = useRef(false);
  const [busy, setBusy] = useState(false);
  const fields = {
    points: useRef<HTMLInputElement>(null),
    mobile: useRef<HTMLInputElement>(null),
    cash: useRef<HTMLInputElement>(null),
  };
  const field = fields[row];
  const pointsOpen = member !== null && member.pointsRefused === null && pay.pointsMax > 0;

  // The first digit replaces what was filled in, also after another choice has filled in something else.
  const filledIn = `${pay.pointsUsed} ${pay.mobileFen} ${pay.cashGivenFen}`;
  useEffect(() => {
    if (typed !== null || filledIn === '') return;
    field.current?.focus();
    field.current?.select();
  }, [field, typed, filledIn]);

  const waiting = useRef<{ timer: ReturnType<typeof setTimeout>; now: () => void } | null>(null);
  const flush = (): void => {
    const pending = waiting.current;
    waiting.current = null;
    if (pending === null) return;
    clearTimeout(pending.timer);
    pending.now();
  };
  useEffect(
    () => () => {
      if (waiting.current !== null) clearTimeout(waiting.current.timer);
    },
    [],
  );
  const filled = {
    points: String(pay.pointsUsed),
    mobile: yuan(pay.mobileFen),
    cash: yuan(pay.cashGivenFen),
  };
  const type = (which: Row, text: string): void => {
    const clean = cleanNumber(text, which !== 'points');
    if (clean === filled[which]) {
      // A scan went through this field, and what it typed was taken out again: nobody typed an amount.
      if (waiting.current !== null) clearTimeout(waiting.current.timer);
      waiting.current = null;
      setTyped(null);
      return;
    }
    setTyped({ row: which, text: clean });
    if (waiting.current !== null) clearTimeout(waiting.current.timer);
    const now = (): void => {
      const command = commandOf(which, clean, pay, screen.policy.mobileChannels);
      if (command !== null) void send(command);
    };
    waiting.current = { timer: setTimeout(flush, TYPING_RESTS_MS), now };
  };
  const settle = (): void => {
    flush();
    setTyped(null);
  };
  const go = (next: Row): void => {
    settle();
    if (next === row) {
      field.current?.focus();
      field.current?.select();
    }
    setRow(next);
  };
  const step = (by: number): void => {
    const open = ROWS.filter((one) => one !== 'points' || pointsOpen);
    const at = open.indexOf(row);
    go(open[(at + by + open.length) % open.length] ?? 'cash');
  };
  const wish = (points: 'none' | 'half' | 'max'): void => {
    settle();
    void send({ kind: 'setPoints', points });
    go('cash');
  };
  const mobile = (channel: string): void => {
    settle();
    const again = pay.mobileFen > 0 && pay.mobileChannel === channel;
    void send({ kind: 'setMobile', amountFen: again ? 0 : 'rest', channel });
    go('cash');
  };
  const cash = (amountFen: number | null): void => {
    setTyped(null);
    void send({ kind: 'setCash', amountFen });
    go('cash');
  };
  const leave = (): void => {
    if (waiting.current !== null) clearTimeout(waiting.current.timer);
    waiting.current = null;
    void send({ kind: 'leavePay' });
  };
  const submit = (): void => {
    if (paying.current || performance.now() - openedAtMs.current < BOUNCE_MS) return;
    // What stands in the field and cannot be understood must not be passed over.
    if (typed !== null && commandOf(typed.row, typed.text, pay, screen.policy.mobileChannels) === null) {
      say({ tone: 'bad', text: `“${typed.text}”不是金额，请重新输入，例如 100 或 23.50` });
      field.current?.select();
      return;
    }
    flush();
    paying.current = true;
    setBusy(true);
    void send({ kind: 'pay', sale: sale.id }).then((answer) => {
      if (answer.kind === 'done') return;
      setTyped(null);
      paying.current = false;
      setBusy(false);
    });
  };
  const [asksBearer, setAsksBearer] = useState(false);
  const askBearer = (): void => {
    settle();
    setAsksBearer(true);
  };
  const mayBearer = member !== null && member.lastFour !== '';
  // Where the day's limit holds points down, the holder's PIN or a manager who knows the person lifts it.
  const mayProve =
    pay.pointsLimit === 'pin' &&
    member !== null &&
    member.bearer === null &&
    !member.personConfirmed &&
    !member.pinProven;
  const askPin = (): void => {
    settle();
    void send({ kind: 'askPin' });
  };
  const confirmPerson = (): void =>
    void sendApproved((approval) => ({ kind: 'confirmPerson', approval }), '确认是持卡人本人，可用更多积分');

  const channels = screen.policy.mobileChannels.map((channel, index) => ({
    ...channel,
    key: channelKey(channel.name, index),
  }));
  useKeys(LEVEL.pay, ({ name, repeat, shift }) => {
    switch (name) {
      case 'Enter':
      case '+':
        return repeat ? () => undefined : submit;
      case 'Esc':
        return leave;
      case 'Up':
        return () => step(-1);
      case 'Down':
        return () => step(1);
      case 'Tab':
        return () => step(shift ? -1 : 1);
      case 'b':
        return pointsOpen ? () => wish('none') : () => undefined;
      case 'y':
        return pointsOpen ? () => wish('half') : () => undefined;
      case 'q':
        return pointsOpen ? () => wish('max') : () => undefined;
      case 'h':
        return member === null ? () => undefined : confirmPerson;
      case 'm':
        return mayProve ? askPin : () => undefined;
      case 'd':
        return mayBearer ? askBearer : () => undefined;
      default: {
        const channel = channels.find((one) => one.key === name);
        return channel === undefined ? null : () => mobile(channel.code);
      }
    }
  });

  const tips = [
    ...(pay.notForPointsFen > 0 ? [`有 ${yuan(pay.notForPointsFen)} 元商品不收积分`] : []),
    ...(pointsOpen && pay.pointsLimit !== 'none' && pay.pointsLimit !== 'goods'
      ? [pointsLimitWords[pay.pointsLimit]]
      : []),
  ];
  const text = (which: Row): string => (typed?.row === which ? typed.text : filled[which]);
  const input = (which: Row, label: string, enabled = true): ReactNode => (
    <input
      ref={fields[which]}
      className="pay-field"
      aria-label={label}
      value={text(which)}
      disabled={!enabled}
      autoComplete="off"
      inputMode="none"
      maxLength={10}
      onFocus={(event) => {
        if (row !== which) go(which);
        event.target.select();
      }}
      onBlur={({ relatedTarget }) => {
        // Another row's field settles this one as it takes the focus; settling here would call the focus back.
        const goesOn = ROWS.some((one) => fields[one].current === relatedTarget);
        if (typed?.row === which && !goesOn) settle();
      }}
      onChange={(event) => type(which, event.target.value)}
    />
  );

  return (
    <div className="veil pay-veil">
      {screen.pin !== null && <CustomerPinPrompt asked={screen.pin} />}
      {asksBearer && member !== null && <BearerPrompt member={member} leave={() => setAsksBearer(false)} />}
      <section className="pay" role="dialog" aria-modal="true" aria-labelledby="pay-title">
        <div className="pay-left">
          <h1 id="pay-title">
            付款{' '}
            <small>
              {member === null
                ? '非会员 · 按标价'
                : `${member.mask} · ${member.villageName} · ${member.stars}★ ${rateWords(member.rateBp)}`}
            </small>
          </h1>
          <div className="pay-row" data-on={row === 'points'} data-off={!pointsOpen}>
            <h2>
              积分
              <small>{pointsOpen ? `最多可用 ${pay.pointsMax} 分` : pointsClosedWords(screen.sale.member, pay)}</small>
            </h2>
            <div className="options">
              {(
                [
                  ['none', '不用', 'B'],
                  ['half', '一半', 'Y'],
                  ['max', '全用', 'Q'],
                ] as const
              ).map(([value, label, key]) => (
                <button
                  type="button"
                  key={value}
                  className="option"
                  disabled={!pointsOpen}
                  aria-pressed={pointsOpen && pay.wish === value}
                  onMouseDown={keepFocus}
                  onClick={() => wish(value)}
                >
                  <kbd>{key}</kbd>
                  {label}
                </button>
              ))}
              <span className="with-unit">
                {input('points', '积分数', pointsOpen)}
                <i>分</i>
              </span>
            </div>
            <Part label="抵扣" amount={minusYuan(pay.pointsFen)} none={pay.pointsFen === 0} />
          </div>
          <div className="pay-row" data-on={row === 'mobile'}>
            <h2>
              手机支付
              <small>顾客扫柜台码，核对到账</small>
            </h2>
            <div className="options">
              {channels.map((channel) => (
                <button
                  type="button"
                  key={channel.code}
                  className="option"
                  aria-pressed={pay.mobileFen > 0 && pay.mobileChannel === channel.code}
                  onMouseDown={keepFocus}
                  onClick={() => mobile(channel.code)}
                >
                  {channel.key !== null && <kbd>{channel.key.toUpperCase()}</kbd>}
                  {channel.name}
                </button>
              ))}
              <span className="with-unit">
                {input('mobile', '手机支付金额')}
                <i>元</i>
              </span>
            </div>
            <Part label="已到账" amount={minusYuan(pay.mobileFen)} none={pay.mobileFen === 0} />
          </div>
          <div className="pay-row" data-on={row === 'cash'}>
            <h2>
              现金
              <small>
                {pay.truncationFen > 0 ? `抹零 ${yuan(pay.truncationFen)}，` : ''}应收 {yuan(pay.cashDueFen)}
              </small>
            </h2>
            <div className="options">
              {pay.suggestionsFen
                .filter((_, at, all) => at === 0 || at > all.length - (pay.cashDueFen < WIDE_FEN ? 5 : 3))
                .map((amountFen) => (
                  <button
                    type="button"
                    key={amountFen}
                    className="option"
                    aria-pressed={pay.cashGivenFen === amountFen}
                    onMouseDown={keepFocus}
                    onClick={() => cash(amountFen)}
                  >
                    {amountFen % 100 === 0 ? amountFen / 100 : yuan(amountFen)}
                  </button>
                ))}
              <span className="with-unit">
                {input('cash', '现金实收')}
                <i>元</i>
              </span>
            </div>
            <Part label="实收" amount={yuan(pay.cashGivenFen)} none={false} />
          </div>
          <Numpad field={field} point={row !== 'points'} strip />
          {tips.length > 0 && (
            <div className="pay-tips">
              {tips.map((tip) => (
                <p key={tip}>▲ {tip}</p>
              ))}
            </div>
          )}
          <div className="pay-ways">
            {mayProve && (
              <>
                <KeyButton small label="顾客密码" keys="M" act={askPin} />
                <KeyButton small label="核对本人" keys="H" act={confirmPerson} />
              </>
            )}
            {mayBearer && (
              <KeyButton
                small
                label={member.bearer === null ? '代购' : `${member.bearer.mask} 代购`}
                keys="D"
                act={askBearer}
              />
            )}
            <span className="space" />
            <span className="pay-moves">
              <kbd>↑</kbd> <kbd>↓</kbd> 换一栏，直接输数字
            </span>
          </div>
        </div>
        <div className="pay-right">
          <div className="pay-sum">
            <span>应付</span>
            <b>{yuan(sale.totalFen)}</b>
          </div>
          {pay.pointsUsed > 0 && (
            <div className="pay-sum">
              <span>积分 {pay.pointsUsed} 分</span>
              <b>{minusYuan(pay.pointsFen)}</b>
            </div>
          )}
          {pay.mobileFen > 0 && (
            <div className="pay-sum">
              <span>{channels.find((one) => one.code === pay.mobileChannel)?.name ?? '手机支付'}</span>
              <b>{minusYuan(pay.mobileFen)}</b>
            </div>
          )}
          {pay.truncationFen > 0 && (
            <div className="pay-sum">
              <span>抹零</span>
              <b>{minusYuan(pay.truncationFen)}</b>
            </div>
          )}
          <hr />
          <div className="pay-sum strong">
            <span>现金应收</span>
            <b>{yuan(pay.cashDueFen)}</b>
          </div>
          <div className="pay-sum">
            <span>实收</span>
            <b>{yuan(pay.cashGivenFen)}</b>
          </div>
          <hr />
          <div className="pay-change" data-missing={pay.missingFen > 0} aria-live="polite">
            <span>{pay.missingFen > 0 ? '▲ 还差' : '找零'}</span>
            <b>
              <small>￥</small>
              {yuan(pay.missingFen > 0 ? pay.missingFen : pay.changeFen)}
            </b>
          </div>
          <PrinterWarning />
          <button type="button" className="pay-submit" onMouseDown={keepFocus} onClick={submit}>
            {busy ? '正在记账' : '收款'} <kbd>Enter</kbd>
          </button>
          <button type="button" className="pay-leave" onMouseDown={keepFocus} onClick={leave}>
            <kbd>Esc</kbd> 返回改商品
          </button>
        </div>
      </section>
    </div>
  );
}

/** What a row of the payment comes to, in yuan, and what that number is. */
function Part({ label, amount, none }: { label: string; amount: string; none: boolean }): ReactNode {
  return (
    <div className="pay-part" data-none={none}>
      <small>{label}</small>
      <b>{amount}</b>
    </div>
  );
}

function pointsClosedWords(member: ReturnType<typeof useTill>['screen']['sale']['member'], pay: ScreenPay): string {
  if (member === null) return '没有刷卡，不能用积分';
  if (member.pointsRefused !== null) return pointsRefusedWords[member.pointsRefused];
  return pay.pointsLimit === 'none' ? '这一单不能用积分' : pointsLimitWords[pay.pointsLimit];
}

function commandOf(
  row: Row,
  text: string,
  pay: ScreenPay,
  channels: readonly Readonly<{ code: string }>[],
): Parameters<ReturnType<typeof useTill>['send']>[0] | null {
  switch (row) {
    case 'points':
      return text === '' ? { kind: 'setPoints', points: 0 } : { kind: 'setPoints', points: Number(text) };
    case 'mobile': {
      const amountFen = text === '' ? 0 : parseYuan(text);
      const channel = pay.mobileChannel === '' ? (channels[0]?.code ?? '') : pay.mobileChannel;
      return amountFen === null ? null : { kind: 'setMobile', amountFen, channel };
    }
    case 'cash': {
      if (text === '') return { kind: 'setCash', amountFen: null };
      const amountFen = parseYuan(text);
      return amountFen === null ? null : { kind: 'setCash', amountFen };
    }
  }
}
