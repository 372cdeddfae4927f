import { type ReactNode, useEffect, useState } from 'react';
import type { Screen, Status } from '../../shared/till-contract.ts';
import { clockOf } from '../../shared/time.ts';
import { nightWords } from '../../shared/words.ts';
import type { LinkState } from '../parts/connection.ts';
import { agoText, shortTime } from '../parts/format.ts';
import { useTill } from './till.ts';

/** A status is a shape, a colour and a word; none of them stands alone. */
type Light = Readonly<{ id: string; level: 'good' | 'warn' | 'bad'; text: string; title: string }>;

const SHAPES: Readonly<Record<Light['level'], string>> = { good: '●', warn: '▲', bad: '■' };
const LOW_DISK_BYTES = 1_000_000_000;

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
        {lightsOf(screen.status, nowMs, link).map((light) => (
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

/** What the header says of the town, the outbox and the devices, worst first only where it is bad. */
export function lightsOf(status: Status, nowMs: number, link: LinkState): Light[] {
  const lights: Light[] = [];
  const add = (id: string, level: Light['level'], text: string, title = text): void => {
    lights.push({ id, level, text, title });
  };
  if (link !== 'open') add('core', 'bad', '重新连接中');
  switch (status.town) {
    case 'reachable':
      add('town', 'good', `镇上 ${status.townHeardMs === null ? '已连' : agoText(status.townHeardMs, nowMs)}`);
      break;
    case 'unreachable':
      add('town', 'warn', `镇上未连${status.townHeardMs === null ? '' : ` · ${agoText(status.townHeardMs, nowMs)}`}`);
      break;
    case 'notEnrolled':
      add('town', 'warn', '未注册');
      break;
    case 'wrongKey':
      add('town', 'bad', '镇上身份不符', '对方不是本镇的服务器，已断开');
      break;
  }
  add('unsent', status.unsent > 0 && status.town !== 'reachable' ? 'warn' : 'good', `未上传 ${status.unsent}`);
  if (status.quarantined > 0) add('quarantined', 'bad', `留存 ${status.quarantined}`, '镇上没有收下的记录');
  switch (status.printer) {
    case 'ready':
      add('printer', 'good', '打印机');
      break;
    case 'simulated':
      add('printer', 'good', '打印机', '模拟打印机，小票显示在屏幕上');
      break;
    case 'missing':
      add('printer', 'warn', '无打印机');
      break;
    case 'failed':
      add('printer', 'bad', '打印机故障');
      break;
  }
  if (status.scale === 'missing') add('scale', 'warn', '无秤');
  else add('scale', 'good', '秤', status.scale === 'simulated' ? '模拟秤' : '秤');
  if (status.snapshotAsOfMs !== null) {
    const ended = status.termEndMs !== null && status.termEndMs < nowMs;
    const text = `余额截至 ${shortTime(status.snapshotAsOfMs, nowMs)}`;
    add('snapshot', ended ? 'warn' : 'good', text, ended ? '积分额度已到期，联网后恢复' : text);
  }
  if (status.clock === 'off') add('clock', 'warn', `时间差 ${Math.round(Math.abs(status.clockOffMs) / 60_000)} 分`);
  if (status.clock === 'suspect') add('clock', 'bad', '时间不可信');
  if (status.diskFreeBytes !== null && status.diskFreeBytes < LOW_DISK_BYTES) {
    add('disk', 'bad', `磁盘剩 ${Math.floor(status.diskFreeBytes / 1_000_000)} MB`);
  }
  if (status.night === 'running') add('night', 'good', nightWords.running);
  if (status.night === 'pending') add('night', 'warn', nightWords.pending);
  if (status.night === 'breaks') add('night', 'bad', nightWords.breaks);
  return lights;
}

/** The core's clock, which runs on between two screens. */
export function useNow(coreNowMs: number): number {
  const [nowMs, setNowMs] = useState(coreNowMs);
  useEffect(() => {
    const heardAtMs = performance.now();
    setNowMs(coreNowMs);
    const timer = setInterval(() => setNowMs(coreNowMs + Math.round(performance.now() - heardAtMs)), 1_000);
    return () => clearInterval(timer);
  }, [coreNowMs]);
  return nowMs;
}

/** A touched button must not take the focus from the scan box. */
export function keepFocus(event: { preventDefault: () => void }): void {
  event.preventDefault();
}
