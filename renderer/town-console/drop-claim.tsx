import { Input, Modal } from 'antd';
import { useState } from 'react';
import type { Overview } from './overview-section.tsx';
import { useTelling } from './telling.ts';
import { town } from './town.ts';

/** Asks who lets a claim go and why: its till may have taken the goods back already and only not sent it yet. */
export function DropClaim({
  one,
  tillName,
  close,
}: Readonly<{
  one: Overview['claims'][number];
  tillName: string;
  close: (isDone: boolean) => void;
}>): React.JSX.Element {
  const telling = useTelling();
  const [by, setBy] = useState('');
  const [note, setNote] = useState('');
  const canSave = by.trim() !== '' && note.trim() !== '';

  async function save(): Promise<void> {
    if (!canSave) return;
    const done = await telling.tell(() => town.dropClaim({ claim: one.claim, by, note }), '已放开，别的收银机可以退了');
    if (done !== null) close(true);
  }

  return (
    <Modal
      open
      title={`放开小票 ${one.receipt}`}
      okText="放开"
      cancelText="取消"
      confirmLoading={telling.busy}
      okButtonProps={{ disabled: !canSave }}
      onOk={() => void save()}
      onCancel={() => close(false)}
    >
      <p>
        {tillName} 问过要退这张小票的 {one.lines} 种商品，退货单还没有传上来。
      </p>
      <p className="muted">先打电话问清楚那边有没有退过。放开以后那边的退货单再传来，照样入账，同时列成一条差异。</p>
      <div className="fields" style={{ gridTemplateColumns: '1fr' }}>
        <label>
          <span>谁放开的 *</span>
          <Input
            autoFocus
            value={by}
            maxLength={40}
            placeholder="姓名"
            onChange={(event) => setBy(event.target.value)}
          />
        </label>
        <label>
          <span>为什么 *</span>
          <Input.TextArea
            value={note}
            maxLength={500}
            autoSize={{ minRows: 3 }}
            placeholder="问了谁，结果怎样"
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
      </div>
    </Modal>
  );
}
