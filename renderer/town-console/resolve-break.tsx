import { Input, Modal } from 'antd';
import { useState } from 'react';
import { breakWords } from '../../shared/words.ts';
import type { Overview } from './overview-section.tsx';
import { useTelling } from './telling.ts';
import { town } from './town.ts';

/** Asks who resolves a break and how: both stay with it for good, and the break is never dropped. */
export function ResolveBreak({
  one,
  tillName,
  close,
}: Readonly<{
  one: Overview['breaks'][number];
  tillName: string;
  close: (isDone: boolean) => void;
}>): React.JSX.Element {
  const telling = useTelling();
  const [by, setBy] = useState('');
  const [note, setNote] = useState('');
  const canSave = by.trim() !== '' && note.trim() !== '';

  async function save(): Promise<void> {
    if (!canSave) return;
    const done = await telling.tell(() => town.resolveBreak({ id: one.id, by, note }), '已记下，这条差异了结了');
    if (done !== null) close(true);
  }

  return (
    <Modal
      open
      title="了结这条差异"
      okText="了结"
      cancelText="取消"
      confirmLoading={telling.busy}
      okButtonProps={{ disabled: !canSave }}
      onOk={() => void save()}
      onCancel={() => close(false)}
    >
      <p>
        <b>{breakWords[one.kind].what}</b>
        <br />
        {tillName}，{one.account ?? `第 ${one.seq ?? '—'} 条记录`}，{one.sinceDay} 起。{breakWords[one.kind].todo}。
      </p>
      <p className="muted">处理好了再点。写下的人、时间和说明一直留着，改不了，也删不掉。</p>
      <div className="fields" style={{ gridTemplateColumns: '1fr' }}>
        <label>
          <span>谁了结的 *</span>
          <Input
            autoFocus
            value={by}
            maxLength={40}
            placeholder="姓名"
            onChange={(event) => setBy(event.target.value)}
          />
        </label>
        <label>
          <span>怎么了结的 *</span>
          <Input.TextArea
            value={note}
            maxLength={500}
            autoSize={{ minRows: 3 }}
            placeholder="查了什么，结果怎样"
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
      </div>
    </Modal>
  );
}
