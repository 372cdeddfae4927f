import { useQuery } from '@tanstack/react-query';
import { Alert, App, Button, Tabs } from 'antd';
import { useEffect, useState } from 'react';
import type { DeviceSettings, Found } from '../../shared/device-set-up.ts';
import { otherDeviceWords, printerWords, scaleWords } from '../../shared/device-words.ts';
import type { OtherDevice } from '../../shared/devices.ts';
import type { Screen } from '../../shared/till-contract.ts';
import { takeDeviceCards } from '../parts/device-scans.ts';
import { useKeys } from '../parts/keyboard.ts';
import { core } from './core.ts';
import { DisplayForm, LabelForm, PrinterForm } from './device-outputs.tsx';
import { AllFound } from './device-found.tsx';
import { ReaderForm, ScaleForm, ScannerForm } from './device-inputs.tsx';
import { MESSAGE } from './device-parts.tsx';
import { DeviceRecorder } from './device-recorder.tsx';
import { useReading } from './reading.ts';
import { SectionHead } from './section-head.tsx';
import './device-section.css';

export type DeviceView = NonNullable<Awaited<ReturnType<ReturnType<typeof core.client>['devices']>>>;

/** What every part of this page is given: the settings as they are kept, what is plugged in, and how to change them. */
export type DevicePart = Readonly<{
  screen: Screen;
  view: DeviceView;
  found: Found;
  change: (next: Partial<DeviceSettings>) => void;
  /** What a scanner or a keyboard gave while this page is open; it rings up nothing. */
  scanned: string;
  /** The number that a reader of cards gave last, also one that types; it is brought to no sale. */
  cardRead: string;
}>;

/** How often what the devices say is read while somebody tries them. */
const LOOK_MS = 700;

const NOTHING_FOUND: Found = { devices: [], queues: [], paths: [] };

/** Chooses the devices of the counter, tries each, and keeps them by what they are, at whatever socket. */
export function DeviceSection({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const { message } = App.useApp();
  const view = useQuery({
    queryKey: ['devices'],
    queryFn: () => core.client().devices(),
    refetchInterval: LOOK_MS,
    networkMode: 'always',
    gcTime: 0,
  });
  const found = useReading('findDevices', () => core.client().findDevices());
  const [busy, setBusy] = useState(false);
  const [scanned, setScanned] = useState('');
  const [cardRead, setCardRead] = useState('');
  const [shown, show] = useState('all');
  useEffect(() => takeDeviceCards(core, setCardRead), []);
  useKeys(
    0,
    () => null,
    (code) => {
      // Goods that are scanned on another tab are no cards.
      if (shown === 'reader') setCardRead(code);
      else setScanned(code);
      return true;
    },
  );
  const settings = view.data?.settings;
  const change = (next: Partial<DeviceSettings>): void => {
    if (settings === undefined || busy) return;
    setBusy(true);
    const save = async (): Promise<void> => {
      try {
        const outcome = await core.client().saveDevices({ ...settings, ...next });
        if (outcome === 'saved') void message.success({ key: MESSAGE, content: '已保存，马上按新的设置工作' });
        else {
          const content = outcome === 'managerOnly' ? '要店长登录才能改' : '没有保存成，请看看磁盘';
          void message.error({ key: MESSAGE, content });
        }
        await view.refetch();
      } catch {
        void message.error('没有收到收银机的回答，请再试一次');
      }
      setBusy(false);
    };
    void save();
  };
  const head = (
    <SectionHead
      title="设备"
      right={
        <Button loading={found.busy} onClick={found.again}>
          重新找一遍
        </Button>
      }
    >
      插上设备，选一样，试一下。按厂家、型号、序列号认设备，换个插口也认得。
    </SectionHead>
  );
  if (view.data === undefined || view.data === null) {
    return (
      <>
        {head}
        {view.isError || view.data === null ? (
          <Alert type="info" title="这里设不了设备：要店长登录，并在收银机本机上。" />
        ) : null}
      </>
    );
  }
  const part: DevicePart = { screen, view: view.data, found: found.value ?? NOTHING_FOUND, change, scanned, cardRead };
  const { status } = screen;
  return (
    <>
      {head}
      {status.simulated ? (
        <Alert
          type="warning"
          title="这是模拟门店，柜台上的设备是模拟的。换成真设备也可以试。"
          style={{ marginBottom: 12 }}
        />
      ) : null}
      <Tabs
        activeKey={shown}
        onChange={show}
        items={[
          tab('all', '插着的', null, <AllFound {...part} show={show} />),
          tab('printer', '打印机和钱箱', printerWords[status.printer].level, <PrinterForm {...part} />),
          tab('scanner', '扫码枪', levelOf(status.otherDevices, 'scanner'), <ScannerForm {...part} />),
          tab('reader', '读卡器', levelOf(status.otherDevices, 'cardReader'), <ReaderForm {...part} />),
          tab('scale', '秤', scaleWords[status.scale].level, <ScaleForm {...part} />),
          tab('display', '客显', levelOf(status.otherDevices, 'display'), <DisplayForm {...part} />),
          tab('labels', '标签打印机', levelOf(status.otherDevices, 'labelPrinter'), <LabelForm {...part} />),
          tab('record', '录制', null, <DeviceRecorder view={view.data} />),
        ]}
      />
    </>
  );
}

type Level = 'good' | 'warn' | 'bad' | null;

const MARKS: Readonly<Record<'good' | 'warn' | 'bad', string>> = { good: '●', warn: '▲', bad: '■' };

function tab(key: string, title: string, level: Level, children: React.JSX.Element) {
  const label =
    level === null ? (
      title
    ) : (
      <>
        <i className={`device-mark ${level}`}>{MARKS[level]}</i> {title}
      </>
    );
  return { key, label, children };
}

function levelOf(others: readonly OtherDevice[], role: OtherDevice['role']): Level {
  const other = others.find((one) => one.role === role);
  return other === undefined ? null : otherDeviceWords(other).level;
}
