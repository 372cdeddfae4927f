import { App, Button, Checkbox } from 'antd';
import { useState } from 'react';
import { core } from './core.ts';
import type { DeviceView } from './device-section.tsx';

/** Writes down what the devices send, for a file that is sent to whoever mends the driver. */
export function DeviceRecorder({ view }: Readonly<{ view: DeviceView }>): React.JSX.Element {
  const { message } = App.useApp();
  const [keepCards, setKeepCards] = useState(false);
  const { recording } = view;
  const isRunning = recording?.isRunning === true;
  const set = (on: boolean): void =>
    void core
      .client()
      .recordDevices({ on, keepCards })
      .catch(() => void message.error('没有收到收银机的回答，请再试一次'));
  const save = async (): Promise<void> => {
    const text = await core.client().deviceRecording();
    if (text === null) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.download = 'one-card-till-devices.txt';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <div className="device">
      <div className="sheet">
        <h3>录制设备发来的数据</h3>
        <p>设备接上了却不对劲：开始录制，扫几下、刷几下、放几次秤，停下，把文件发给维护的人。</p>
        <Checkbox checked={keepCards} disabled={isRunning} onChange={(event) => setKeepCards(event.target.checked)}>
          连卡号、条码一起录（只在用测试卡时勾）
        </Checkbox>
        <p className="small muted">
          不勾的话：数字都记成 0，磁条上的字母记成 X，芯片卡只记长度；时间、设备型号和数据的样子都在。
        </p>
        <div className="pair">
          <Button type="primary" disabled={isRunning} onClick={() => set(true)}>
            开始录制
          </Button>
          <Button disabled={!isRunning} onClick={() => set(false)}>
            停下
          </Button>
          <Button disabled={recording === null || recording.lines === 0} onClick={() => void save()}>
            存成文件
          </Button>
        </div>
        <p className="state" aria-live="polite">
          {recording === null ? '还没有录过。' : `${isRunning ? '正在录' : '停下了'}，已有 ${recording.lines} 段数据。`}
        </p>
      </div>
    </div>
  );
}
