import { type ReactNode } from 'react';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';

/** The keys of the tiles, in their order. */
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', 'q', 'w', 'e', 'r', 't', 'y'];

export function MoreDialog(): ReactNode {
  const { hide, show, send, screen } = useTill();
  const practise = (kind: 'startPractice' | 'endPractice') => (): void => {
    hide();
    void send({ kind });
  };
  const open = screen.shift !== null;
  const printWaiting = {
    label: '补打小票',
    note: `${screen.status.slipsWaiting} 张没打出来`,
    act: () => {
      hide();
      void send({ kind: 'printWaiting' });
    },
  };
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
    {
      label: '结账关机',
      note: '点钱、对账、备份，再关机',
      act: () => {
        hide();
        void send({ kind: 'startCloseShift', shutDown: true });
      },
    },
    { label: '现金存取', note: '换零钱、上交、付货款', act: () => show({ kind: 'cash' }), off: !open },
    { label: '本班小计', note: '随时可看可打，也看以前的', act: () => show({ kind: 'shiftReport' }) },
    { label: '取挂单', note: `${screen.held.length} 笔`, act: () => show({ kind: 'held' }) },
    {
      label: '整单作废',
      note: '这一单全部不要',
      act: () => show({ kind: 'void' }),
      off: screen.sale.lines.length === 0,
    },
    { label: '日结', note: '与镇上核对账目', act: () => show({ kind: 'night' }) },
    { label: '后台', note: '进货、盘点、改价', act: () => openBackOffice() },
    { label: '设置', note: '按键、大字、声音', act: () => show({ kind: 'settings' }) },
    { label: '顾客屏和语音', note: '向顾客报价、打开顾客屏', act: () => show({ kind: 'sound' }) },
    { label: '设备和网络', note: '每盏灯什么意思、怎么办', act: () => show({ kind: 'status' }) },
    {
      label: '锁屏',
      note: '离开一会儿，单子留着',
      act: () => {
        hide();
        void send({ kind: 'lock' });
      },
    },
    {
      label: '退出登录',
      note: '换人收银',
      act: () => {
        hide();
        void send({ kind: 'signOut' });
      },
    },
    screen.practice
      ? { label: '结束练习', note: '回到收银台，单子原样', act: practise('endPractice') }
      : { label: '练习', note: '练手用，卖的不算数', act: practise('startPractice') },
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
        if (name === 'b' && screen.status.slipsWaiting > 0) return printWaiting.act;
        const action = actions[KEYS.indexOf(name)];
        return action === undefined || action.off === true ? null : action.act;
      }}
    >
      <div className="tiles">
        {screen.status.slipsWaiting > 0 && <Tile {...printWaiting} letter="B" />}
        {actions.map((action, index) => (
          <Tile key={action.label} {...action} letter={(KEYS[index] ?? '').toUpperCase()} />
        ))}
      </div>
    </Frame>
  );
}

function Tile({
  label,
  note,
  act,
  off,
  letter,
}: Readonly<{ label: string; note: string; act: () => void; off?: boolean; letter: string }>): ReactNode {
  return (
    <button type="button" className="tile" disabled={off === true} onMouseDown={keepFocus} onClick={act}>
      <kbd>{letter}</kbd>
      <b>{label}</b>
      <small>{note}</small>
    </button>
  );
}

/** The back office is a page of its own; the token goes along behind the #. */
function openBackOffice(): void {
  window.location.assign(new URL(`/back-office/index.html${window.location.hash}`, window.location.href));
}
