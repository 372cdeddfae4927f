import { App, Button, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import type { BaudRate, DeviceIdentity, Found, FoundDevice, Heard, TryWhat } from '../../shared/device-set-up.ts';
import { core } from './core.ts';

const BAUD_RATES: readonly BaudRate[] = [2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200];
export const BAUDS = BAUD_RATES.map((rate) => [rate, String(rate)] as const);

/** What is said of the last thing that was done takes the place of what was said before, and covers no more than that. */
export const MESSAGE = 'devices';

/** A label above what is chosen. */
export function Field({ label, children }: Readonly<{ label: string; children: React.ReactNode }>): React.JSX.Element {
  return (
    <label className="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

export function Choice<T extends string | number>({
  value,
  options,
  pick,
}: Readonly<{ value: T; options: readonly (readonly [T, string])[]; pick: (value: T) => void }>): React.JSX.Element {
  return (
    <Select<T>
      style={{ width: '100%' }}
      value={value}
      options={options.map(([one, label]) => ({ value: one, label }))}
      onChange={pick}
    />
  );
}

/** How a device that was found is told from others: its name, and vendor, product and place. */
export function identityWords({ vendorId, productId, serialNumber, path }: DeviceIdentity): string {
  const four = (value: number | null): string => (value ?? 0).toString(16).padStart(4, '0');
  const made = vendorId === null ? '' : `${four(vendorId)}:${four(productId)} `;
  return `${made}${serialNumber ?? ''} ${path ?? ''}`.trim();
}

export function isSame(one: DeviceIdentity, other: DeviceIdentity): boolean {
  return identityWords(one) === identityWords(other);
}

/** A serial port of this machine, or one typed by its path. */
export function PortPicker({
  found,
  identity,
  pick,
}: Readonly<{
  found: Found;
  identity: DeviceIdentity | null;
  pick: (identity: DeviceIdentity) => void;
}>): React.JSX.Element {
  const ports = found.devices.filter((device) => device.line === 'serial');
  const [typed, setTyped] = useState(identity?.vendorId === null ? (identity.path ?? '') : '');
  const chosen = identity === null ? undefined : identityWords(identity);
  const options = ports.map((port) => ({
    value: identityWords(port.identity),
    label: `${port.name} · ${identityWords(port.identity)}`,
  }));
  if (chosen !== undefined && !options.some(({ value }) => value === chosen)) {
    options.push({ value: chosen, label: identity?.vendorId === null ? chosen : `${chosen}（现在没插）` });
  }
  return (
    <>
      <Field label="串口">
        <Select
          style={{ width: '100%' }}
          placeholder={ports.length === 0 ? '没有找到串口，插好再“重新找一遍”' : '选一个'}
          {...(chosen === undefined ? {} : { value: chosen })}
          options={options}
          onChange={(value: string) => {
            const port = ports.find((one) => identityWords(one.identity) === value);
            if (port !== undefined) pick(port.identity);
          }}
        />
      </Field>
      <Field label="或输入路径（COM3、/dev/ttyS0）">
        <Input
          value={typed}
          maxLength={100}
          onChange={(event) => setTyped(event.target.value.trim())}
          onBlur={() => {
            if (typed !== '') pick({ vendorId: null, productId: null, serialNumber: null, path: typed });
          }}
        />
      </Field>
    </>
  );
}

/** A port that no list shows, such as a name that a udev rule gave it. */
export function TypedPort({ choose }: Readonly<{ choose: (identity: DeviceIdentity) => void }>): React.JSX.Element {
  const [path, setPath] = useState('');
  return (
    <div className="typed-port">
      <Field label="没列出来的串口，输入路径（COM3、/dev/ttyS0）">
        <Input value={path} maxLength={100} onChange={(event) => setPath(event.target.value.trim())} />
      </Field>
      <Button
        disabled={path === ''}
        onClick={() => {
          choose({ vendorId: null, productId: null, serialNumber: null, path });
          setPath('');
        }}
      >
        选用
      </Button>
    </div>
  );
}

export function PortNumber({
  value,
  pick,
}: Readonly<{ value: number; pick: (port: number) => void }>): React.JSX.Element {
  return (
    <InputNumber
      min={1}
      max={65_535}
      value={value}
      style={{ width: '100%' }}
      onChange={(next) => {
        if (next !== null) pick(next);
      }}
    />
  );
}

/** Tries one thing and says what became of it. */
export function TryButton({ what, label }: Readonly<{ what: TryWhat; label: string }>): React.JSX.Element {
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      const outcome = await core.client().tryDevice({ what });
      if (outcome === 'done') void message.success({ key: MESSAGE, content: `${label}：设备收下了，请看一眼对不对` });
      else void message.error({ key: MESSAGE, content: `${label}：没有成，请看看电源、线和设置` });
    } catch {
      void message.error('没有收到收银机的回答，请再试一次');
    }
    setBusy(false);
  };
  return (
    <Button loading={busy} onClick={() => void run()}>
      {label}
    </Button>
  );
}

/** What devices of a role said last: what was made of it, and every byte as it came. */
export function HeardList({
  heard,
  role,
  ask,
}: Readonly<{ heard: readonly Heard[]; role: Heard['role']; ask: string }>): React.JSX.Element {
  const mine = heard.filter((one) => one.role === role);
  if (mine.length === 0) return <p className="muted">{ask}</p>;
  return (
    <ul className="heard" aria-live="polite">
      {mine.map((one, index) => (
        <li key={`${one.atMs} ${index}`}>
          <b>{one.parsed}</b> <span className="small muted">{one.name}</span>
          <code>{spaced(one.rawHex)}</code>
        </li>
      ))}
    </ul>
  );
}

function spaced(hex: string): string {
  return hex.replace(/(..)/g, '$1 ').trim();
}

/** A port without a make has its path for a name, which need not be said twice. */
export function FoundName({ device }: Readonly<{ device: FoundDevice }>): React.JSX.Element {
  const { name, line, identity } = device;
  const place = identityWords(identity);
  return (
    <>
      <b>{name === '' ? '没有名字的设备' : name}</b>
      <div className="small muted">{name !== place ? place : line === 'serial' ? '串口' : '读卡器（PC/SC）'}</div>
    </>
  );
}

/** Devices that are plugged in, each with the one thing that it can become here. */
export function FoundList({
  devices,
  isChosen,
  choose,
  none,
}: Readonly<{
  devices: readonly FoundDevice[];
  isChosen: (device: FoundDevice) => boolean;
  choose: (device: FoundDevice) => void;
  none: string;
}>): React.JSX.Element {
  if (devices.length === 0) return <p className="muted">{none}</p>;
  return (
    <div>
      {devices.map((device) => (
        <div className="found" key={`${device.line} ${identityWords(device.identity)}`}>
          <span>
            <FoundName device={device} />
          </span>
          {isChosen(device) ? (
            <span className="muted">已选用</span>
          ) : (
            <Button onClick={() => choose(device)}>选用</Button>
          )}
        </div>
      ))}
    </div>
  );
}
