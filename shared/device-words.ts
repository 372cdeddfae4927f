import type { OtherDevice, PrinterState, ScaleState } from './devices.ts';

/** What a device of the counter is said to be: short for the header, then what that means and what to do about it. */
export type DeviceWords = Readonly<{
  level: 'good' | 'warn' | 'bad';
  text: string;
  means: string;
  todo?: string;
  /** Nothing that a header has room for. */
  quiet?: boolean;
}>;

const STANDS_STILL = '可以照常收款：小票先留着，好了按 F4 再按 B 补打。';

export const printerWords: Readonly<Record<PrinterState, DeviceWords>> = {
  missing: {
    level: 'warn',
    text: '无打印机',
    means: '没有接打印机，收款照常，小票只在屏幕上。',
    todo: '要打小票，请店长到后台“设备”里设好；以前的单可以在今日单里补打。',
  },
  ready: { level: 'good', text: '打印机', means: '小票能打。' },
  blind: { level: 'good', text: '打印机', means: '这种接法问不到有没有纸、盖子关没关，请自己看一眼。' },
  unknown: {
    level: 'warn',
    text: '打印机没回音',
    means: '打印机没有回答，不知道有没有纸；也许照样能打。',
    todo: '看看纸、盖子、电源和线。有的打印机从来不回答，那就不用管。',
  },
  paperLow: { level: 'warn', text: '纸快用完', means: '小票纸快用完了。', todo: '请准备一卷新纸。' },
  paperOut: { level: 'bad', text: '打印机缺纸', means: '打印机没有纸了。', todo: `请装纸。${STANDS_STILL}` },
  coverOpen: { level: 'bad', text: '打印机盖开着', means: '打印机的盖没有盖好。', todo: `请盖上。${STANDS_STILL}` },
  cutterJam: {
    level: 'bad',
    text: '切刀卡住',
    means: '打印机的切刀卡住了。',
    todo: `关掉电源，取出卡住的纸再开。${STANDS_STILL}`,
  },
  fault: { level: 'bad', text: '打印机故障', means: '打印机报故障。', todo: `关掉电源再开试试。${STANDS_STILL}` },
  offline: { level: 'bad', text: '打印机离线', means: '打印机离线了。', todo: `看看它的按键和指示灯。${STANDS_STILL}` },
  gone: { level: 'bad', text: '打印机连不上', means: '打印机连不上。', todo: `看看电源和线。${STANDS_STILL}` },
};

export const scaleWords: Readonly<Record<ScaleState, DeviceWords>> = {
  missing: {
    level: 'warn',
    text: '无秤',
    means: '没有接秤，秤签照常扫，散装重量要手输。',
    todo: '要直接读秤，请店长到后台“设备”里设好。',
  },
  ready: { level: 'good', text: '秤', means: '重量直接读到收银台。' },
  silent: {
    level: 'bad',
    text: '秤没信号',
    means: '秤没有读数，重量先手输。',
    todo: '看看秤的电源和线，再看秤上设的协议和波特率。',
  },
};

const ROLES: Readonly<Record<OtherDevice['role'], string>> = {
  scanner: '扫码枪',
  cardReader: '读卡器',
  display: '客显',
  labelPrinter: '标签机',
};

type Trouble = Readonly<{ text: string; means: string; todo: string }>;

/** By the reasons of the drivers. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  notPluggedIn: { text: '没插好', means: '没有插好。', todo: '插上就好，换个插口也行，不用重开收银台。' },
  inUse: { text: '被占用', means: '被别的程序占着。', todo: '请关掉秤或枪自带的软件。' },
  notAllowed: { text: '没权限', means: '这个账号没有权限打开它。', todo: '请按设备说明装好设备规则，再重新登录电脑。' },
  noService: { text: '缺服务', means: '系统少了它要用的服务。', todo: '请按设备说明装好（读卡器要 pcscd）。' },
  silent: { text: '没声音', means: '插着，但没有能看懂的数据。', todo: '看看电源和线，再核对设备上设的接口。' },
  cardUnreadable: { text: '卡读不出', means: '放着的这张卡读不出。', todo: '拿开再放一次；还不行，按姓名查会员。' },
};

/** A reason that is newer than these words is still a device that does not work. */
const BROKEN: Trouble = { text: '故障', means: '现在用不了。', todo: '拔下再插，看看线和电源。' };

/** What a scanner, reader, display or label printer is said to be. */
export function otherDeviceWords({ role, state, why }: OtherDevice): DeviceWords {
  const name = ROLES[role];
  if (state === 'ready') return { level: 'good', text: name, means: `${name}好用。`, quiet: true };
  const { text, means, todo } = TROUBLES[why] ?? BROKEN;
  return { level: 'warn', text: `${name}${text}`, means: `${name}${means}`, todo };
}
