import { type DeviceWords, otherDeviceWords, printerWords, scaleWords } from '../../shared/device-words.ts';
import type { OtherDevice } from '../../shared/devices.ts';
import type { Status } from '../../shared/till-contract.ts';
import { nightWords } from '../../shared/words.ts';
import type { LinkState } from '../parts/connection.ts';
import { agoText, shortTime } from '../parts/format.ts';

/**
 * A status is a shape, a colour and a word; none of them stands alone. Short for the header, and at length what it means
 * and what to do, for whoever presses it.
 */
export type Light = Readonly<{
  id: string;
  level: 'good' | 'warn' | 'bad';
  text: string;
  /** What it is: 打印机. */
  name: string;
  means: string;
  /** What to do about it; '' where there is nothing to do. */
  todo: string;
  /** Of the page only: the header says it when something is the matter. */
  quiet: boolean;
}>;

export const SHAPES: Readonly<Record<Light['level'], string>> = { good: '●', warn: '▲', bad: '■' };
export const LEVEL_WORDS: Readonly<Record<Light['level'], string>> = { good: '正常', warn: '注意', bad: '要处理' };

type Seen = Readonly<{ status: Status; nowMs: number; link: LinkState }>;
type Said = Readonly<{ level: Light['level']; text: string; means: string; todo?: string; quiet?: boolean }>;

/** Each thing the till watches, in the order of the header; null while it has nothing to say. */
const WATCHED: readonly Readonly<{ id: string; name: string; look: (seen: Seen) => Said | null }>[] = [
  { id: 'core', name: '收银程序', look: coreLight },
  { id: 'town', name: '镇平台', look: townLight },
  { id: 'unsent', name: '没传的记录', look: unsentLight },
  { id: 'quarantined', name: '留存的记录', look: quarantinedLight },
  { id: 'printer', name: '打印机', look: (seen) => device(seen, printerWords[seen.status.printer]) },
  { id: 'slips', name: '没打的小票', look: slipsLight },
  { id: 'drawer', name: '钱箱', look: drawerLight },
  { id: 'scale', name: '秤', look: (seen) => device(seen, scaleWords[seen.status.scale]) },
  { id: 'scanner', name: '扫码枪', look: (seen) => otherLight('scanner', seen) },
  { id: 'cardReader', name: '读卡器', look: (seen) => otherLight('cardReader', seen) },
  { id: 'display', name: '客显', look: (seen) => otherLight('display', seen) },
  { id: 'labelPrinter', name: '标签机', look: (seen) => otherLight('labelPrinter', seen) },
  { id: 'snapshot', name: '积分余额', look: snapshotLight },
  { id: 'clock', name: '时钟', look: clockLight },
  { id: 'disk', name: '磁盘', look: diskLight },
  { id: 'night', name: '日结', look: ({ status }) => NIGHT[status.night] },
];

/** What is simulated says so. */
const device = ({ status }: Seen, words: DeviceWords): Said =>
  status.simulated ? { ...words, means: `模拟：${words.means}` } : words;

function otherLight(role: OtherDevice['role'], seen: Seen): Said | null {
  const other = seen.status.otherDevices.find((one) => one.role === role);
  return other === undefined ? null : device(seen, otherDeviceWords(other));
}

function slipsLight({ status }: Seen): Said | null {
  if (status.slipsWaiting === 0) return null;
  return {
    level: 'warn',
    text: `待补打 ${status.slipsWaiting}`,
    means: `有 ${status.slipsWaiting} 张小票没有打出来，账都已经记好。`,
    todo: '打印机好了，按 F4 再按 B 补打。',
  };
}

function drawerLight(seen: Seen): Said | null {
  if (seen.status.drawer !== 'open') return null;
  return device(
    seen,
    seen.status.drawerForgotten
      ? {
          level: 'bad',
          text: '钱箱没关',
          means: '钱箱开着有一阵子了，不像是在找零。',
          todo: '请马上关好；关不上，看看有没有夹着东西。',
        }
      : { level: 'warn', text: '钱箱开着', means: '钱箱还开着。', todo: '请关好。' },
  );
}

const NIGHT: Readonly<Record<Status['night'], Said | null>> = {
  none: null,
  matched: null,
  running: { level: 'good', text: nightWords.running, means: '正在和镇上对账，收银照常。' },
  pending: {
    level: 'warn',
    text: nightWords.pending,
    means: '今天的账已经结好，还没有传到镇上。',
    todo: '联网后会自己传；一直没网，用 U 盘带到镇上。',
  },
  breaks: {
    level: 'bad',
    text: nightWords.breaks,
    means: '和镇上的账有对不上的地方。',
    todo: '请店长打开后台的日结，一条一条看原因和下一步。',
  },
};

const LOW_DISK_BYTES = 1_000_000_000;

function coreLight({ link }: Seen): Said | null {
  if (link === 'open') return null;
  return {
    level: 'bad',
    text: '重新连接中',
    means: '这一页暂时连不上收银程序，单子都在。',
    todo: '等几秒；一直连不上，关掉收银台再打开。',
  };
}

function townLight({ status, nowMs }: Seen): Said {
  const ago = status.townHeardMs === null ? '' : agoText(status.townHeardMs, nowMs);
  switch (status.town) {
    case 'reachable':
      return { level: 'good', text: `镇上 ${ago === '' ? '已连' : ago}`, means: '镇平台有应答，记录随时上传。' };
    case 'unreachable':
      return {
        level: 'warn',
        text: `镇上未连${ago === '' ? '' : ` · ${ago}`}`,
        means: '镇平台没有应答。收款、退货照常，积分用本店已有的额度。',
        todo: '看看网线、路由器；网络一通会自己接上，不用重开。',
      };
    case 'notEnrolled':
      return {
        level: 'warn',
        text: '未注册',
        means: '镇上还不认识这台收银机，不能用积分。',
        todo: '请店长在“更多”里用镇上给的注册码重新注册。',
      };
    case 'practice':
      return {
        level: 'warn',
        text: '练习 · 不联网',
        means: '正在练习：不联网，什么都不传到镇上，卡里的积分也不会少。',
        todo: '练完按“结束练习”，回到收银台。',
      };
    case 'wrongKey':
      return {
        level: 'bad',
        text: '镇上身份不符',
        means: '应答的不是本镇的服务器，已经断开，没有传任何东西。',
        todo: '请马上联系镇信用办，在弄清以前照常收现金和手机付款。',
      };
  }
}

function unsentLight({ status }: Seen): Said | null {
  // Nothing of practice ever goes up.
  if (status.town === 'practice') return null;
  const waits = status.unsent > 0 && status.town !== 'reachable';
  return {
    level: waits ? 'warn' : 'good',
    text: `未上传 ${status.unsent}`,
    means: status.unsent === 0 ? '所有记录镇上都已收到。' : `有 ${status.unsent} 条记录只在这台机器上，已经存好。`,
    ...(waits ? { todo: '联网后自己上传。这之前不要换机器、不要重装。' } : {}),
  };
}

function quarantinedLight({ status }: Seen): Said | null {
  if (status.quarantined === 0) return null;
  return {
    level: 'bad',
    text: `留存 ${status.quarantined}`,
    means: `镇上有 ${status.quarantined} 条记录没有收下，别的不受影响。`,
    todo: '请店长打开后台的日结，看原因，告诉镇信用办。',
  };
}

function snapshotLight({ status, nowMs }: Seen): Said | null {
  if (status.snapshotAsOfMs === null) return null;
  const ended = status.termEndMs !== null && status.termEndMs < nowMs;
  return {
    level: ended ? 'warn' : 'good',
    text: `余额截至 ${shortTime(status.snapshotAsOfMs, nowMs)}`,
    means: ended ? '积分额度已经到期，现在不能用积分。' : '会员的积分和星级是镇上这个时间的。',
    ...(ended ? { todo: '连上镇平台就恢复；打折照常。' } : {}),
  };
}

function clockLight({ status }: Seen): Said | null {
  switch (status.clock) {
    case 'good':
      return { level: 'good', text: '时间准', means: '这台机器的钟和镇上一致。', quiet: true };
    case 'off': {
      const minutes = Math.round(Math.abs(status.clockOffMs) / 60_000);
      return {
        level: 'warn',
        text: `时间差 ${minutes} 分`,
        means: `这台机器的钟和镇上差 ${minutes} 分钟。`,
        todo: '请在系统设置里打开自动对时。',
      };
    }
    case 'suspect':
      return {
        level: 'bad',
        text: '时间不可信',
        means: '这台机器的钟跳过，积分先停用，收款照常。',
        todo: '把系统时间对准，连上镇平台就恢复；常这样，请换主板电池。',
      };
  }
}

function diskLight({ status }: Seen): Said | null {
  if (status.diskFreeBytes === null) return null;
  const megabytes = Math.floor(status.diskFreeBytes / 1_000_000);
  if (status.diskFreeBytes >= LOW_DISK_BYTES) {
    const gigabytes = Math.floor(status.diskFreeBytes / 1_000_000_000);
    return { level: 'good', text: `剩 ${gigabytes} GB`, means: '磁盘放得下。', quiet: true };
  }
  return {
    level: 'bad',
    text: `磁盘剩 ${megabytes} MB`,
    means: '磁盘快满了；满了收银台会停下来，不会丢账。',
    todo: '请删掉不要的文件（不要动收银台的文件夹）。',
  };
}

/** What there is to say of the town, the outbox and the devices. */
export function lightsOf(status: Status, nowMs: number, link: LinkState): Light[] {
  return WATCHED.flatMap(({ id, name, look }) => {
    const said = look({ status, nowMs, link });
    return said === null ? [] : [{ id, name, todo: '', quiet: false, ...said }];
  });
}

const RANK: Readonly<Record<Light['level'], number>> = { bad: 0, warn: 1, good: 2 };

/** The worst first, and of the same level in the header's order. */
export function worstFirst(lights: readonly Light[]): readonly Light[] {
  return lights.toSorted((a, b) => RANK[a.level] - RANK[b.level]);
}

/** As many as the header holds, the worst of them first when not all do. */
export function fitting(all: readonly Light[], most = 6): readonly Light[] {
  const lights = all.filter((light) => !light.quiet);
  if (lights.length <= most) return lights;
  const ranked = worstFirst(lights);
  const hidden = ranked.slice(most - 1);
  if (hidden.every((light) => light.level === 'good')) return ranked.slice(0, most);
  const level = hidden.some((light) => light.level === 'bad') ? 'bad' : 'warn';
  const text = `另 ${hidden.length} 项`;
  const means = hidden.map((light) => light.text).join('，');
  return [...ranked.slice(0, most - 1), { id: 'hidden', name: '其他', level, text, means, todo: '', quiet: false }];
}
