import { memo, type ReactNode } from 'react';
import { keysOf, keyWords } from '../../shared/counter.ts';
import type { Screen } from '../../shared/till-contract.ts';
import { clockOf } from '../../shared/time.ts';
import { type LinkState, useClock, useScreenPart, useSteadyStatus } from '../parts/connection.ts';
import { fitting, LEVEL_WORDS, type Light, lightsOf, SHAPES } from './lights.ts';
import { connection, type Dialog } from './till.ts';
import './header.css';

/** The header follows the screen by itself, part by part: a scan changes nothing in it. */
export const Header = memo(PlainHeader);

function PlainHeader({ link, show }: { link: LinkState; show: (dialog: Dialog) => void }): ReactNode {
  const shopName = useScreenPart(connection, (screen) => screen?.shopName ?? '');
  const who = useScreenPart(connection, whoWords);
  const demo = useScreenPart(connection, (screen) => screen?.demo === true);
  const more = useScreenPart(connection, (screen) => keyWords(keysOf(screen?.counter.keys ?? {}).more));
  const hasMore = useScreenPart(connection, (screen) => screen !== null && offersMore(screen));
  // A core that could not start knows of no device and no hour.
  const stopped = useScreenPart(connection, (screen) => screen?.phase === 'stopped');
  return (
    <header className="header">
      <b className="shop">{shopName}</b>
      <span className="who">{who}</span>
      {demo && <span className="demo-badge">模拟</span>}
      <span className="space" />
      {!stopped && (
        <>
          <Lights link={link} show={show} />
          <Clock />
        </>
      )}
      {hasMore && (
        <button type="button" className="more" onMouseDown={keepFocus} onClick={() => show({ kind: 'more' })}>
          更多 <kbd>{more}</kbd>
        </button>
      )}
    </header>
  );
}

/** Whether somebody stands at the till for whom there is more than what the page shows. */
export function offersMore({ operator, phase }: Screen): boolean {
  return operator !== null && phase !== 'stopped' && phase !== 'locked';
}

function Lights({ link, show }: { link: LinkState; show: (dialog: Dialog) => void }): ReactNode {
  const status = useSteadyStatus(connection);
  const keyName = useScreenPart(connection, (screen) => keyWords(keysOf(screen?.counter.keys ?? {}).status));
  // As text, so that the lights are drawn again when they say something else, and not with every second.
  const said = useClock(connection, (nowMs) =>
    status === null ? '[]' : JSON.stringify(fitting(lightsOf(status, nowMs, link))),
  );
  return (
    <button
      type="button"
      className="lights"
      title="设备和网络：每项什么意思、怎么办"
      onMouseDown={keepFocus}
      onClick={() => show({ kind: 'status' })}
    >
      {(JSON.parse(said) as readonly Light[]).map((light) => (
        <span key={light.id} className="light" data-level={light.level}>
          <i aria-hidden="true">{SHAPES[light.level]}</i>
          {light.text}
          {light.level !== 'good' && <span className="visually-hidden">（{LEVEL_WORDS[light.level]}）</span>}
        </span>
      ))}
      <kbd>{keyName}</kbd>
    </button>
  );
}

function Clock(): ReactNode {
  return <time className="clock">{useClock(connection, clockOf)}</time>;
}

function whoWords(screen: Screen | null): string {
  if (screen === null) return '';
  const parts = [screen.tillName];
  if (screen.operator !== null) {
    parts.push(`${screen.operator.role === 'manager' ? '店长' : '收银员'} ${screen.operator.mask}`);
  }
  if (screen.shift !== null) parts.push(`第 ${screen.shift.number} 班`);
  return parts.filter((part) => part !== '').join(' · ');
}

/** A touched button must not take the focus from the scan box. */
export function keepFocus(event: { preventDefault: () => void }): void {
  event.preventDefault();
}
