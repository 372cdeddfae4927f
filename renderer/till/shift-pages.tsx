import { type ReactNode, useEffect, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import { yuan } from '../parts/format.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import { PinEntry } from './pin.tsx';
import { connection, newId, useTill } from './till.ts';
import './shift-pages.css';

/** A PIN or a staff card opens the till; who it belongs to the core finds out. */
export function SignInPage(): ReactNode {
  return (
    <WhoPage title="请输入密码登录">
      <p className="field-help">有员工卡的，直接刷卡或扫卡也行。</p>
    </WhoPage>
  );
}

/** Left alone, the till shows nothing of the sale, and says that it is still there. */
export function LockedPage(): ReactNode {
  const { screen } = useTill();
  const { operator, sale } = screen;
  return (
    <WhoPage title="屏幕已锁">
      <p className="field-help">
        {operator !== null && `${operator.mask} 在收银。`}
        {sale.lines.length > 0 ? `这一单还在（${sale.lines.length} 种），解锁后接着收。` : '没有没结的单。'}
        <br />
        自己或接班的人输入密码、刷员工卡都能解锁。
      </p>
    </WhoPage>
  );
}

/** Asks who stands there. A scan goes to the core like any other, which knows the staff cards. */
function WhoPage({ title, children }: { title: string; children: ReactNode }): ReactNode {
  const { screen } = useTill();
  const pins = useDemoPins(screen.demo);
  return (
    <main className="center-page">
      <section className="sheet sign-in">
        <div className="sign-in-brand">
          <div className="brand-card" aria-hidden="true">
            <span>信用一卡通</span>
            <i>★★★★★</i>
          </div>
          <h1>{screen.shopName}</h1>
          <p>
            {screen.townName} · {screen.tillName}
          </p>
          {pins.length > 0 && (
            <div className="demo-pins">
              <b>演示密码</b>
              {pins.map((one) => (
                <p key={one.pin + one.name}>
                  {one.role === 'manager' ? '店长' : '收银员'} {one.name} <code>{one.pin}</code>
                </p>
              ))}
            </div>
          )}
          {screen.hotline !== '' && <p className="hotline">服务电话 {screen.hotline}</p>}
        </div>
        <div>
          <h2>{title}</h2>
          {children}
          <PinEntry
            label="收银员或店长密码"
            level={LEVEL.page}
            leave={null}
            submit={async (shown) => {
              if (!('pin' in shown)) return null;
              const answer = await connection.send({ kind: 'signIn', pin: shown.pin });
              return answer.kind === 'refused' ? answer : null;
            }}
          />
        </div>
      </section>
    </main>
  );
}

function useDemoPins(demo: boolean): readonly Readonly<{ role: string; name: string; pin: string }>[] {
  const [pins, setPins] = useState<readonly Readonly<{ role: string; name: string; pin: string }>[]>([]);
  useEffect(() => {
    if (!demo) return;
    connection
      .client()
      .demo()
      .then((answer) => setPins(answer?.pins ?? []))
      .catch(() => undefined);
  }, [demo]);
  return pins;
}

/** The float that was left in the drawer is taken over by Enter, or counted anew. */
export function OpenShiftPage(): ReactNode {
  const { screen, send } = useTill();
  const shift = useRef(newId());
  return (
    <AmountPage
      title="开班"
      lead="请点一下钱箱里的备用金。数目对就直接按 Enter。"
      label="备用金（元）"
      startFen={screen.carriedFloatFen}
      blank={false}
      enterLabel="开班"
      facts={
        screen.carriedFloatFen > 0 && (
          <p className="fact-line">
            上一班留下 <b>{yuan(screen.carriedFloatFen)}</b> 元
          </p>
        )
      }
      submit={(floatFen) => void send({ kind: 'openShift', shift: shift.current, floatFen })}
      leave={() => void send({ kind: 'signOut' })}
      leaveLabel="退出登录"
    />
  );
}

/** One sum of money, by keys or by fingers. */
export function AmountPage({
  title,
  lead,
  label,
  startFen,
  blank,
  enterLabel,
  facts,
  submit,
  leave,
  leaveLabel,
  other = null,
}: {
  title: string;
  lead: string;
  label: string;
  startFen: number;
  blank: boolean;
  enterLabel: string;
  facts: ReactNode;
  submit: (amountFen: number) => void;
  leave: () => void;
  leaveLabel: string;
  /** Another way to do the same, on F2. */
  other?: Readonly<{ label: string; act: () => void }> | null;
}): ReactNode {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(blank ? '' : yuan(startFen));
  const [wrong, setWrong] = useState(false);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const enter = (): void => {
    const amountFen = parseYuan(text);
    setWrong(amountFen === null);
    if (amountFen !== null) submit(amountFen);
    else field.current?.focus();
  };
  useKeys(LEVEL.page, ({ name, repeat }) => {
    if (name === 'Enter') return repeat ? () => undefined : enter;
    if (name === 'F2' && other !== null) return other.act;
    return name === 'Esc' ? leave : null;
  });
  return (
    <main className="center-page">
      <section className="sheet amount-page">
        <div className="amount-side">
          <h1>{title}</h1>
          <p className="lead">{lead}</p>
          {facts}
          <label>
            <span className="field-label">{label}</span>
            <input
              ref={field}
              className="field huge"
              value={text}
              autoComplete="off"
              inputMode="none"
              maxLength={12}
              aria-invalid={wrong}
              placeholder="0.00"
              onChange={(event) => {
                setText(event.target.value);
                setWrong(false);
              }}
            />
          </label>
          <p className="field-error" role="alert">
            {wrong && '✕ 请输入金额，例如 523.50'}
          </p>
          <div className="page-ways">
            {other !== null && (
              <button type="button" className="key wide" onMouseDown={keepFocus} onClick={other.act}>
                <span>{other.label}</span>
                <kbd>F2</kbd>
              </button>
            )}
            <button type="button" className="key wide" onMouseDown={keepFocus} onClick={leave}>
              <span>{leaveLabel}</span>
              <kbd>Esc</kbd>
            </button>
          </div>
        </div>
        <Numpad field={field} point enter={enter} enterLabel={enterLabel} />
      </section>
    </main>
  );
}
