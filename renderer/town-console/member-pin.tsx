import { Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTelling } from './telling.ts';
import { town } from './town.ts';

type Member = Extract<Awaited<ReturnType<typeof town.listMembers>>, { kind: 'ok' }>['members'][number];

const STATE: Readonly<Record<Member['pin'], string>> = {
  none: '还没有密码。',
  set: '已经有密码；忘了就重设。',
  locked: '输错太多，已锁住；重设以后能用。',
};

/** Sets a member's PIN, typed by the member twice; staff need not know it. */
export function MemberPin({ member, close }: Readonly<{ member: Member; close: () => void }>): React.JSX.Element {
  const telling = useTelling();
  const [pin, setPin] = useState('');
  const [again, setAgain] = useState('');
  const isWhole = /^\d{6}$/.test(pin);
  const isEasy = isWhole && ('01234567890'.includes(pin) || '09876543210'.includes(pin) || /^(\d)\1+$/.test(pin));
  const canSave = isWhole && !isEasy && pin === again;

  async function save(next: string | null): Promise<void> {
    const said = next === null ? `${member.name} 的密码已取消` : `${member.name} 的密码已设好`;
    if ((await telling.tell(() => town.setPin({ member: member.id, pin: next }), said)) !== null) close();
  }

  return (
    <Modal
      open
      title={`积分密码：${member.name}（${member.villageName}）`}
      onCancel={close}
      footer={
        <>
          {member.pin === 'none' ? null : (
            <Button danger disabled={telling.busy} onClick={() => void save(null)}>
              取消密码
            </Button>
          )}
          <Button type="primary" disabled={!canSave} loading={telling.busy} onClick={() => void save(pin)}>
            保存
          </Button>
        </>
      }
    >
      <p className="small muted">
        {STATE[member.pin]}先核对本人，请他自己输两遍。密码只在镇上留一个算不回去的指纹，收银机上没有。
      </p>
      <label className="field" style={{ marginTop: 12 }}>
        <span>6 位数字</span>
        <Input.Password
          autoFocus
          value={pin}
          inputMode="numeric"
          autoComplete="new-password"
          maxLength={6}
          {...(isEasy ? { status: 'error' as const } : {})}
          onChange={(event) => setPin(event.target.value.replace(/\D/g, ''))}
        />
        <span className="small muted">{isEasy ? '太好猜，请换一个' : '不要用连号、同号'}</span>
      </label>
      <label className="field" style={{ marginTop: 12 }}>
        <span>再输一遍</span>
        <Input.Password
          value={again}
          inputMode="numeric"
          autoComplete="new-password"
          maxLength={6}
          {...(again.length === 6 && again !== pin ? { status: 'error' as const } : {})}
          onChange={(event) => setAgain(event.target.value.replace(/\D/g, ''))}
        />
      </label>
    </Modal>
  );
}
