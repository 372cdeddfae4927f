import { Button } from 'antd';
import type { DeviceSettings, FoundDevice } from '../../shared/device-set-up.ts';
import { FoundName, identityWords, isSame } from './device-parts.tsx';
import type { DevicePart } from './device-section.tsx';

type Proposal = NonNullable<FoundDevice['proposal']>;

const PROPOSALS: Readonly<Record<Proposal, Readonly<{ words: string; tab: string }>>> = {
  scanner: { words: '扫码枪', tab: 'scanner' },
  stripeReader: { words: '磁条读卡器', tab: 'reader' },
  cardReader: { words: '感应／IC 读卡器', tab: 'reader' },
  scale: { words: '秤', tab: 'scale' },
};

/** What hangs on a serial port cannot be seen from here, so its user says so on the page of that device. */
const SERIAL_TABS = [
  ['scanner', '扫码枪'],
  ['scale', '秤'],
  ['printer', '打印机'],
  ['display', '客显'],
  ['labels', '标签打印机'],
] as const;

/** Everything that is plugged in, what it seems to be, and the way to where it is set up. */
export function AllFound({
  view,
  found,
  show,
}: DevicePart & Readonly<{ show: (tab: string) => void }>): React.JSX.Element {
  const known = found.devices.filter(({ line, proposal }) => proposal !== null || line !== 'hid');
  const others = found.devices.length - known.length;
  return (
    <div className="sheet found-all">
      {known.length === 0 ? (
        <p className="muted">没有找到要在这里设的设备。键盘模式的扫码枪和“免驱”读卡器插上就能用，不会列在这里。</p>
      ) : null}
      {known.map((device) => (
        <div className="found" key={`${device.line} ${identityWords(device.identity)}`}>
          <span>
            <FoundName device={device} />
          </span>
          <Use device={device} settings={view.settings} show={show} />
        </div>
      ))}
      {found.queues.map((queue) => (
        <div className="found" key={`queue ${queue}`}>
          <span>
            <b>{queue}</b>
            <div className="small muted">系统的打印队列</div>
          </span>
          {usesQueue(view.settings, queue) ? (
            <span className="muted">正在用</span>
          ) : (
            <Button onClick={() => show('printer')}>去设成打印机</Button>
          )}
        </div>
      ))}
      {found.paths.map((path) => (
        <div className="found" key={`path ${path}`}>
          <span>
            <b>{path}</b>
            <div className="small muted">USB 打印机</div>
          </span>
          <Button onClick={() => show('printer')}>去设成打印机</Button>
        </div>
      ))}
      {others === 0 ? null : <p className="small muted">另有 {others} 个键盘、鼠标一类的设备，不用在这里设。</p>}
    </div>
  );
}

function Use({
  device,
  settings,
  show,
}: Readonly<{ device: FoundDevice; settings: DeviceSettings; show: (tab: string) => void }>): React.JSX.Element {
  const use = useOf(device, settings);
  if (use !== null) return <span className="muted">正在当{use}用</span>;
  if (device.proposal !== null) {
    const { words, tab } = PROPOSALS[device.proposal];
    return (
      <Button type="primary" onClick={() => show(tab)}>
        像是{words}，去选用
      </Button>
    );
  }
  return (
    <div className="pair">
      <span className="small muted">串口上接的是：</span>
      {SERIAL_TABS.map(([tab, words]) => (
        <Button key={tab} onClick={() => show(tab)}>
          {words}
        </Button>
      ))}
    </div>
  );
}

function usesQueue({ printer, labels }: DeviceSettings, queue: string): boolean {
  return [printer, labels].some((one) => one.kind === 'queue' && one.name === queue);
}

/** What a device is set up as; null when as nothing. */
function useOf({ line, identity }: FoundDevice, settings: DeviceSettings): string | null {
  const { scanners, cardReaders, scale, printer, display, labels } = settings;
  if (line === 'pcsc') {
    return cardReaders.some((one) => one.kind === 'pcsc' && one.reader === identity.path) ? '读卡器' : null;
  }
  const isIt = (one: object): boolean => 'identity' in one && isSame(one.identity as typeof identity, identity);
  if (scanners.some(isIt)) return '扫码枪';
  if (cardReaders.some(isIt)) return '读卡器';
  if (isIt(scale)) return '秤';
  if (isIt(printer)) return '打印机';
  if (isIt(display)) return '客显';
  return isIt(labels) ? '标签打印机' : null;
}
