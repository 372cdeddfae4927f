import { Button, Input } from 'antd';
import { useState } from 'react';
import {
  type BaudRate,
  type DisplaySettings,
  type DrawerSettings,
  type Found,
  type LabelSettings,
  labelSettingsSchema,
  type PrinterSettings,
  printerSettingsSchema,
  type TagSize,
} from '../../shared/device-set-up.ts';
import { otherDeviceWords, printerWords } from '../../shared/device-words.ts';
import { BAUDS, Choice, Field, PortNumber, PortPicker, TryButton } from './device-parts.tsx';
import type { DevicePart } from './device-section.tsx';

type LineKind = PrinterSettings['kind'];
type LineDraft = Readonly<{
  kind: LineKind;
  host: string;
  port: number;
  path: string;
  name: string;
  baudRate: BaudRate;
  identity: Extract<PrinterSettings, { kind: 'serial' }>['identity'] | null;
}>;

/** The fields of every line at once, so that a change of mind loses none of them. */
function draftOf(settings: PrinterSettings | LabelSettings): LineDraft {
  return {
    kind: settings.kind,
    host: settings.kind === 'network' ? settings.host : '',
    port: settings.kind === 'network' ? (settings.port ?? 9_100) : 9_100,
    path: settings.kind === 'file' ? settings.path : '/dev/usb/lp0',
    name: settings.kind === 'queue' ? settings.name : '',
    baudRate: settings.kind === 'serial' ? settings.baudRate : 9_600,
    identity: settings.kind === 'serial' ? settings.identity : null,
  };
}

function lineOf({ kind, host, port, path, name, baudRate, identity }: LineDraft): Record<string, unknown> {
  switch (kind) {
    case 'none':
    case 'simulated':
      return { kind };
    case 'network':
      return { kind, host: host.trim(), port };
    case 'file':
      return { kind, path: path.trim() };
    case 'queue':
      return { kind, name };
    case 'serial':
      return { kind, identity, baudRate };
  }
}

/** How bytes get to a printer; `demo` may have a simulated one. */
function LineFields({
  draft,
  found,
  demo,
  set,
}: Readonly<{
  draft: LineDraft;
  found: Found;
  demo: boolean;
  set: (next: Partial<LineDraft>) => void;
}>): React.JSX.Element {
  return (
    <>
      <Field label="怎么接的">
        <Choice<LineKind>
          value={draft.kind}
          options={[
            ['none', '没有'],
            ['network', '网线（网络打印机）'],
            ['serial', '串口，或 USB 转串口'],
            ['queue', 'USB，经系统的打印队列'],
            ['file', 'USB，Linux 设备路径'],
            ...(demo ? ([['simulated', '模拟']] as const) : []),
          ]}
          pick={(kind) => set({ kind })}
        />
      </Field>
      {draft.kind === 'network' ? (
        <>
          <Field label="地址">
            <Input
              value={draft.host}
              maxLength={253}
              placeholder="192.168.1.50"
              onChange={(event) => set({ host: event.target.value })}
            />
          </Field>
          <Field label="端口（多数是 9100）">
            <PortNumber value={draft.port} pick={(port) => set({ port })} />
          </Field>
        </>
      ) : null}
      {draft.kind === 'serial' ? (
        <>
          <PortPicker found={found} identity={draft.identity} pick={(identity) => set({ identity })} />
          <Field label="波特率（看打印机自检页）">
            <Choice<BaudRate> value={draft.baudRate} options={BAUDS} pick={(baudRate) => set({ baudRate })} />
          </Field>
        </>
      ) : null}
      {draft.kind === 'queue' ? (
        <Field label={found.queues.length === 0 ? '队列名（系统里没有找到打印队列）' : '打印队列'}>
          {found.queues.length === 0 ? (
            <Input value={draft.name} maxLength={127} onChange={(event) => set({ name: event.target.value })} />
          ) : (
            <Choice
              value={draft.name}
              options={found.queues.map((name) => [name, name] as const)}
              pick={(name) => set({ name })}
            />
          )}
        </Field>
      ) : null}
      {draft.kind === 'file' ? (
        <Field label={found.paths.length === 0 ? '路径' : `路径（找到 ${found.paths.join('、')}）`}>
          <Input value={draft.path} maxLength={200} onChange={(event) => set({ path: event.target.value })} />
        </Field>
      ) : null}
    </>
  );
}

const COLUMNS = [
  [32, '58 毫米（32 列）'],
  [48, '80 毫米（48 列）'],
  [42, '80 毫米宽字（42 列）'],
] as const;

const PINS = [
  [2, '2 号脚（多数）'],
  [5, '5 号脚'],
] as const;

const SENSORS = [
  ['noSensor', '钱箱没有感应，或不看'],
  ['high', '打开时是高电平'],
  ['low', '打开时是低电平'],
] as const;

const NO_DRAWER: DrawerSettings = { pin: 2, openWhen: 'noSensor' };

export function PrinterForm({ screen, view, found, change }: DevicePart): React.JSX.Element {
  const kept = view.settings.printer;
  const [draft, setDraft] = useState(() => draftOf(kept));
  const [columns, setColumns] = useState<32 | 42 | 48>(kept.kind === 'none' ? 32 : kept.columns);
  const [drawer, setDrawer] = useState(kept.kind === 'none' ? NO_DRAWER : (kept.drawer ?? NO_DRAWER));
  const wanted = printerSettingsSchema.safeParse(
    draft.kind === 'none' ? { kind: 'none' } : { ...lineOf(draft), columns, drawer },
  );
  const words = printerWords[screen.status.printer];
  return (
    <div className="device">
      <div className="sheet">
        <LineFields draft={draft} found={found} demo={screen.demo} set={(next) => setDraft({ ...draft, ...next })} />
        {draft.kind === 'none' ? null : (
          <>
            <Field label="纸宽">
              <Choice<32 | 42 | 48> value={columns} options={COLUMNS} pick={setColumns} />
            </Field>
            <Field label="钱箱接在">
              <Choice<2 | 5> value={drawer.pin} options={PINS} pick={(pin) => setDrawer({ ...drawer, pin })} />
            </Field>
            <Field label="钱箱开关感应（开一次钱箱，看右边说的对不对，不对就换一种）">
              <Choice
                value={drawer.openWhen}
                options={SENSORS}
                pick={(openWhen) => setDrawer({ ...drawer, openWhen })}
              />
            </Field>
          </>
        )}
        <div>
          <Button
            type="primary"
            disabled={!wanted.success}
            onClick={() => wanted.success && change({ printer: wanted.data })}
          >
            保存
          </Button>
        </div>
      </div>
      <div className="sheet">
        <h3>现在</h3>
        <p className="state">
          {words.means}
          <small>{words.todo ?? ''}</small>
        </p>
        <p className="state">
          {{ open: '钱箱开着', closed: '钱箱关着', unknown: '钱箱开没开，问不到' }[screen.status.drawer]}
        </p>
        <div className="pair">
          <TryButton what="receipt" label="打一张样张" />
          <TryButton what="drawer" label="弹钱箱" />
        </div>
        <p className="small muted">
          样张是一张标明“模拟”的小票：有汉字、￥、横线和二维码，最后切纸。断行、错位，先看纸宽；乱码，看波特率。
        </p>
      </div>
    </div>
  );
}

const SIZES = [
  ['40x30', '40 × 30 毫米'],
  ['60x40', '60 × 40 毫米'],
] as const;

export function LabelForm({ screen, view, found, change }: DevicePart): React.JSX.Element {
  const kept = view.settings.labels;
  const [draft, setDraft] = useState(() => draftOf(kept));
  const [size, setSize] = useState<TagSize>(kept.kind === 'none' ? '40x30' : kept.size);
  const wanted = labelSettingsSchema.safeParse(draft.kind === 'none' ? { kind: 'none' } : { ...lineOf(draft), size });
  return (
    <div className="device">
      <div className="sheet">
        <LineFields draft={draft} found={found} demo={screen.demo} set={(next) => setDraft({ ...draft, ...next })} />
        {draft.kind === 'none' ? null : (
          <Field label="标签纸">
            <Choice<TagSize> value={size} options={SIZES} pick={setSize} />
          </Field>
        )}
        <div>
          <Button
            type="primary"
            disabled={!wanted.success}
            onClick={() => wanted.success && change({ labels: wanted.data })}
          >
            保存
          </Button>
        </div>
      </div>
      <div className="sheet">
        <h3>现在</h3>
        <OtherState
          screen={screen}
          role="labelPrinter"
          none="没有设标签打印机。要用 TSPL 指令的（得力、佳博、TSC 等多数都是）。"
        />
        <div className="pair">
          <TryButton what="tag" label="打一张样签" />
        </div>
        <p className="small muted">打偏了：在打印机上做一次“标签学习”（按住走纸键开机）。</p>
      </div>
    </div>
  );
}

type Protocol = Extract<DisplaySettings, { kind: 'serial' }>['protocol'];

const PROTOCOLS = [
  ['led8', '8 位数码管（LED8）'],
  ['cd5220', '两行 20 字，CD5220'],
  ['epson', '两行 20 字，Epson'],
] as const;

export function DisplayForm({ screen, view, found, change }: DevicePart): React.JSX.Element {
  const kept = view.settings.display;
  const [kind, setKind] = useState(kept.kind);
  const serial = kept.kind === 'serial' ? kept : null;
  const [identity, setIdentity] = useState(serial?.identity ?? null);
  const [baudRate, setBaudRate] = useState<BaudRate>(serial?.baudRate ?? 2_400);
  const [protocol, setProtocol] = useState<Protocol>(serial?.protocol ?? 'led8');
  const [gbk, setGbk] = useState(serial?.gbk ?? false);
  const wanted: DisplaySettings | null =
    kind !== 'serial' ? { kind } : identity === null ? null : { kind, identity, baudRate, protocol, gbk };
  return (
    <div className="device">
      <div className="sheet">
        <Field label="怎么接的">
          <Choice<DisplaySettings['kind']>
            value={kind}
            options={[['none', '没有'], ['serial', '串口'], ...(screen.demo ? ([['simulated', '模拟']] as const) : [])]}
            pick={setKind}
          />
        </Field>
        {kind === 'serial' ? (
          <>
            <PortPicker found={found} identity={identity} pick={setIdentity} />
            <Field label="波特率（数码管多为 2400，一体机上多为 9600）">
              <Choice<BaudRate> value={baudRate} options={BAUDS} pick={setBaudRate} />
            </Field>
            <Field label="指令">
              <Choice<Protocol> value={protocol} options={PROTOCOLS} pick={setProtocol} />
            </Field>
            {protocol === 'led8' ? null : (
              <Field label="汉字">
                <Choice
                  value={gbk ? 'yes' : 'no'}
                  options={[
                    ['no', '不能显示汉字'],
                    ['yes', '能显示汉字（GBK）'],
                  ]}
                  pick={(value) => setGbk(value === 'yes')}
                />
              </Field>
            )}
          </>
        ) : null}
        <div>
          <Button
            type="primary"
            disabled={wanted === null}
            onClick={() => wanted !== null && change({ display: wanted })}
          >
            保存
          </Button>
        </div>
      </div>
      <div className="sheet">
        <h3>现在</h3>
        <OtherState screen={screen} role="display" none="没有设客显。顾客屏（第二块屏幕）不用在这里设。" />
        <div className="pair">
          <TryButton what="display" label="显示合计 12.34" />
        </div>
        <p className="small muted">数码管最多显示 9999.99，再大显示横线，不会显示成别的数。</p>
      </div>
    </div>
  );
}

export function OtherState({
  screen,
  role,
  none,
}: Readonly<{
  screen: DevicePart['screen'];
  role: Parameters<typeof otherDeviceWords>[0]['role'];
  none: string;
}>): React.JSX.Element {
  const other = screen.status.otherDevices.find((one) => one.role === role);
  const words = other === undefined ? null : otherDeviceWords(other);
  return (
    <p className="state">
      {words?.means ?? none}
      <small>{words?.todo ?? ''}</small>
    </p>
  );
}
