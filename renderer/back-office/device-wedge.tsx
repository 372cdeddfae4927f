import { Button, Input } from 'antd';
import { useState } from 'react';
import type { WedgeSettings } from '../../shared/wedge.ts';
import { Choice, Field } from './device-parts.tsx';
import type { DevicePart } from './device-section.tsx';
import { useSending } from './sending.ts';

const SUFFIXES = [
  ['any', '回车或 Tab，都没有也行'],
  ['enter', '回车'],
  ['tab', 'Tab'],
] as const;

/** What the shop's keyboard scanners type around each code, so that they are known by more than their pace. */
export function WedgeForm({ screen }: Pick<DevicePart, 'screen'>): React.JSX.Element {
  const sending = useSending();
  const kept = screen.counter.wedge;
  const [prefix, setPrefix] = useState(kept.prefix);
  const [suffix, setSuffix] = useState<WedgeSettings['suffix']>(kept.suffix);
  const isChanged = prefix !== kept.prefix || suffix !== kept.suffix;
  const save = () =>
    sending.run(
      { kind: 'saveCounter', counter: { ...screen.counter, wedge: { prefix, suffix } } },
      '已保存，扫一下试试',
    );
  return (
    <>
      <h3>键盘模式的枪</h3>
      <p className="small muted">
        多数店不用改：程序按快慢分得出人和枪。码很短（不到 6 位）或枪很慢，就用枪的设置条码加一个前缀，这里填一样的。
      </p>
      <div className="learn">
        <Field label="每个码前面加的（如 ~）">
          <Input
            value={prefix}
            maxLength={4}
            placeholder="没有"
            onChange={(event) => setPrefix(event.target.value.replaceAll(/[^!-~]/g, ''))}
          />
        </Field>
        <Field label="每个码后面的">
          <Choice<WedgeSettings['suffix']> value={suffix} options={SUFFIXES} pick={setSuffix} />
        </Field>
        <Button type="primary" loading={sending.busy} disabled={!isChanged} onClick={() => void save()}>
          保存
        </Button>
      </div>
    </>
  );
}
