import { type ReactNode } from 'react';
import { assertNever } from '../../shared/assert.ts';
import type { Screen } from '../../shared/till-contract.ts';
import { differenceWords } from '../../shared/shift-slip-layout.ts';
import { eveningWords, nightStepWords } from '../../shared/words.ts';
import { useClock, useScreenPart } from '../parts/connection.ts';
import { yuan } from '../parts/format.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { ReceiptView } from '../parts/receipt-view.tsx';
import './evening.css';
import { keepFocus } from './header.tsx';
import { connection, useTill } from './till.ts';

type Evening = NonNullable<Screen['evening']>;

/** The end of the day: what was counted, what the night said, and the machine about to switch itself off. */
export function EveningPage(): ReactNode {
  const { screen, send } = useTill();
  const { evening } = screen;
  const stay = (): void => void send({ kind: 'leaveEvening' });
  const off = (): void => void send({ kind: 'switchOff' });
  const mayOff = evening !== null && (evening.step === 'look' || evening.step === 'countdown');
  useKeys(LEVEL.page, ({ name, repeat }) => {
    if (name === 'Esc') return stay;
    return name === 'Enter' && mayOff && !repeat ? off : null;
  });
  if (evening === null) return null;
  return (
    <main className="center-page">
      <section className="sheet evening" data-slip={evening.slip !== null}>
        <div className="evening-side">
          <h1>结账关机</h1>
          <ol className="evening-steps">
            <Counted evening={evening} />
            <Night evening={evening} />
            <Backup evening={evening} />
          </ol>
          {evening.trouble.map((one) => (
            <p key={one} className="evening-trouble" role="alert">
              ■ {eveningWords[one]}
            </p>
          ))}
          <Ending evening={evening} />
          <div className="page-ways">
            {mayOff && (
              <button type="button" className="pay-key" onMouseDown={keepFocus} onClick={off}>
                {evening.step === 'look' ? '看过了，现在关机' : '现在就关'} <kbd>Enter</kbd>
              </button>
            )}
            {evening.step !== 'off' && (
              <button type="button" className="key wide" onMouseDown={keepFocus} onClick={stay}>
                <span>{evening.step === 'byHand' ? '回到登录' : '先不关机'}</span>
                <kbd>Esc</kbd>
              </button>
            )}
          </div>
        </div>
        {evening.slip !== null && (
          <div className="evening-paper" role="region" aria-label="交班单">
            <ReceiptView receipt={evening.slip} />
          </div>
        )}
      </section>
    </main>
  );
}

function Step({ state, children }: { state: 'done' | 'busy' | 'later' | 'bad'; children: ReactNode }): ReactNode {
  const mark = { done: '✓', busy: '…', later: '▲', bad: '■' }[state];
  return (
    <li data-state={state}>
      <i aria-hidden="true">{mark}</i>
      <span>{children}</span>
    </li>
  );
}

function Counted({ evening }: { evening: Evening }): ReactNode {
  const closing = evening.slip?.closing ?? null;
  if (closing === null) return <Step state="done">没有开着的班，不用点钱</Step>;
  return (
    <Step state="done">
      已交班：点出 {yuan(closing.countedFen)} 元，{differenceWords(closing.differenceFen)}
      {closing.differenceFen !== 0 && ` ${yuan(Math.abs(closing.differenceFen))} 元，已记下`}
    </Step>
  );
}

function Night({ evening: { step, report } }: { evening: Evening }): ReactNode {
  if (step === 'night') return <Step state="busy">正在日结，与镇上核对，一般半分钟以内</Step>;
  if (report === null) return <Step state="bad">日结没有跑完</Step>;
  switch (report.state) {
    case 'matched':
      return (
        <Step state="done">
          日结完成，{report.businessDay} 共 {report.till.sales} 单，与镇上一分不差
        </Step>
      );
    case 'pending':
      if (report.pendingBecause === 'practising') return <Step state="done">今天已关账；练习的账不和镇上核对</Step>;
      return (
        <Step state="later">
          今天已关账；停在“{nightStepWords[report.pendingAt ?? 'hello']}”，下次开机联网后自动接着做
        </Step>
      );
    case 'breaks':
      return <Step state="bad">日结完成，有 {report.breaks.length} 处与镇上不一致</Step>;
    default:
      return assertNever(report.state);
  }
}

function Backup({ evening: { step, report } }: { evening: Evening }): ReactNode {
  if (step === 'night' || report?.backup === undefined) return null;
  if (report.backup === 'good') return <Step state="done">账本已备份，并核对过</Step>;
  return <Step state="bad">备份没有放好</Step>;
}

function Ending({ evening: { step, offAtMs } }: { evening: Evening }): ReactNode {
  const practice = useScreenPart(connection, (screen) => screen?.practice === true);
  const seconds = useClock(connection, (nowMs) => Math.max(0, Math.ceil(((offAtMs ?? 0) - nowMs) / 1_000)));
  switch (step) {
    case 'night':
      return <p className="evening-end">请稍等，先别关机。</p>;
    case 'countdown':
      return (
        <p className="evening-end" role="timer">
          <b>{seconds}</b> 秒后关机
        </p>
      );
    case 'look':
      return <p className="evening-end">上面的事要人看一看，所以没有自动关机。</p>;
    case 'off':
      return <p className="evening-end">正在关机，钱箱钥匙别忘了。</p>;
    case 'byHand':
      if (practice) return <p className="evening-end">正式收银到这里就自己关机了；练习不会真的关。</p>;
      return (
        <p className="evening-end">账都结好了，这台要用手关机。正式的收银机到这里就自己关了，演示店不会真的关。</p>
      );
    default:
      return assertNever(step);
  }
}
