import type { Status } from '../../shared/till-contract.ts';
import { nightWords } from '../../shared/words.ts';
import type { LinkState } from '../parts/connection.ts';
import { agoText, shortTime } from '../parts/format.ts';

/** A status is a shape, a colour and a word; none of them stands alone. */
export type Light = Readonly<{ id: string; level: 'good' | 'warn' | 'bad'; text: string; title: string }>;

const LOW_DISK_BYTES = 1_000_000_000;

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

const RANK: Readonly<Record<Light['level'], number>> = { bad: 0, warn: 1, good: 2 };

/** As many as the header holds, the worst of them first when not all do. */
export function fitting(lights: readonly Light[], most = 6): readonly Light[] {
  if (lights.length <= most) return lights;
  const ranked = lights.toSorted((a, b) => RANK[a.level] - RANK[b.level]);
  const hidden = ranked.slice(most - 1);
  if (hidden.every((light) => light.level === 'good')) return ranked.slice(0, most);
  const level = hidden.some((light) => light.level === 'bad') ? 'bad' : 'warn';
  const text = `另 ${hidden.length} 项`;
  return [
    ...ranked.slice(0, most - 1),
    { id: 'hidden', level, text, title: hidden.map((light) => light.text).join('，') },
  ];
}
