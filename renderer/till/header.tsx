import { type ReactNode, useEffect, useState } from 'react';
import type { Screen } from '../../shared/till-contract.ts';
import { clockOf } from '../../shared/time.ts';
import type { LinkState } from '../parts/connection.ts';
import { fitting, type Light, lightsOf } from './lights.ts';
import { useTill } from './till.ts';

const SHAPES: Readonly<Record<Light['level'], string>> = { good: '●', warn: '▲', bad: '■' };

export function Header({ link }: { link: LinkState }): ReactNode {
  const { screen, show } = useTill();
  const nowMs = useNow(screen.status.nowMs);
  const signedIn = screen.operator !== null;
  return (
    <header className="header">
      <b className="shop">{screen.shopName}</b>
      <span className="who">{whoWords(screen)}</span>
      {screen.demo && <span className="demo-badge">演示</span>}
      <span className="space" />
      <div className="lights">
        {fitting(lightsOf(screen.status, nowMs, link)).map((light) => (
          <span key={light.id} className="light" data-level={light.level} title={light.title}>
            <i aria-hidden="true">{SHAPES[light.level]}</i>
            {light.text}
          </span>
        ))}
      </div>
      <time className="clock">{clockOf(nowMs)}</time>
      {signedIn && screen.phase !== 'stopped' && (
        <button type="button" className="more" onMouseDown={keepFocus} onClick={() => show({ kind: 'more' })}>
          更多 <kbd>F4</kbd>
        </button>
      )}
    </header>
  );
}

function whoWords(screen: Screen): string {
  const parts = [screen.tillName];
  if (screen.operator !== null) {
    parts.push(`${screen.operator.role === 'manager' ? '店长' : '收银员'} ${screen.operator.mask}`);
  }
  if (screen.shift !== null) parts.push(`第 ${screen.shift.number} 班`);
  return parts.filter((part) => part !== '').join(' · ');
}

/** The core's clock, which runs on between two screens. */
export function useNow(coreNowMs: number): number {
  const [tick, setTick] = useState({ fromMs: coreNowMs, passedMs: 0 });
  useEffect(() => {
    const heardAtMs = performance.now();
    const timer = setInterval(
      () => setTick({ fromMs: coreNowMs, passedMs: Math.round(performance.now() - heardAtMs) }),
      1_000,
    );
    return () => clearInterval(timer);
  }, [coreNowMs]);
  return coreNowMs + (tick.fromMs === coreNowMs ? tick.passedMs : 0);
}

/** A touched button must not take the focus from the scan box. */
export function keepFocus(event: { preventDefault: () => void }): void {
  event.preventDefault();
}
