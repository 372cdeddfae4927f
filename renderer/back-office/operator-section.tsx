import { Alert, Button, Checkbox, Input, Modal, Segmented, Table, Tag } from 'antd';
import { useRef, useState } from 'react';
import { core } from './core.ts';
import { useReading } from './reading.ts';
import { SectionHead } from './section-head.tsx';
import { newId } from './new-id.ts';
import { useSending } from './sending.ts';

type Operator = Awaited<ReturnType<ReturnType<typeof core.client>['operators']>>[number];
type Role = Operator['role'];

const ROLES: Readonly<Record<Role, string>> = { cashier: '收银员', manager: '店长' };

/** Who may sign in at this till. A PIN is never shown again, only replaced. */
export function OperatorSection(): React.JSX.Element {
  const operators = useReading('operators', () => core.client().operators());
  const [editing, setEditing] = useState<Operator | 'new' | null>(null);
  return (
    <>
      <SectionHead
        title="操作员"
        right={
          <Button type="primary" onClick={() => setEditing('new')}>
            新操作员
          </Button>
        }
      >
        每人一个密码，也可以登记一张员工卡。离开的人停用，不删除，以前的单还查得到。
      </SectionHead>
      {operators.failed ? <Alert type="error" title="没有读到操作员名单。" style={{ marginBottom: 12 }} /> : null}
      <Table<Operator>
        size="middle"
        rowKey="id"
        pagination={false}
        loading={operators.busy && operators.value === null}
        dataSource={operators.value ?? []}
        columns={[
          { title: '姓名', dataIndex: 'name' },
          { title: '身份', dataIndex: 'role', render: (role: Role) => ROLES[role] },
          { title: '本人信用卡', dataIndex: 'hasOwnCard', render: (has: boolean) => (has ? '已登记' : '—') },
          { title: '员工卡', dataIndex: 'hasCard', render: (hasCard: boolean) => (hasCard ? '有' : '—') },
          {
            title: '状态',
            dataIndex: 'active',
            render: (active: boolean) => (active ? <Tag color="success">在用</Tag> : <Tag>已停用</Tag>),
          },
          {
            title: '',
            key: 'edit',
            width: 120,
            render: (_, operator) => <Button onClick={() => setEditing(operator)}>修改</Button>,
          },
        ]}
      />
      {editing === null ? null : (
        <OperatorForm
          operator={editing === 'new' ? null : editing}
          close={(isSaved) => {
            setEditing(null);
            if (isSaved) operators.again();
          }}
        />
      )}
    </>
  );
}

function OperatorForm({
  operator,
  close,
}: Readonly<{ operator: Operator | null; close: (isSaved: boolean) => void }>): React.JSX.Element {
  const sending = useSending();
  const id = useRef(operator?.id ?? newId());
  const [name, setName] = useState(operator?.name ?? '');
  const [role, setRole] = useState<Role>(operator?.role ?? 'cashier');
  const [active, setActive] = useState(operator?.active ?? true);
  const [pin, setPin] = useState('');
  const [card, setCard] = useState('');
  const [dropsCard, setDropsCard] = useState(false);
  const [ownCard, setOwnCard] = useState('');
  const [dropsOwn, setDropsOwn] = useState(false);
  const isPinGood = /^\d{4,6}$/.test(pin) || (operator !== null && pin === '');
  const canSave = name.trim() !== '' && isPinGood;

  async function save(): Promise<void> {
    if (!canSave) return;
    const outcome = await sending.run(
      {
        kind: 'saveOperator',
        id: id.current,
        name: name.trim(),
        role,
        pin: pin === '' ? null : pin,
        active,
        ...(dropsCard ? { card: null } : card.trim() === '' ? {} : { card: card.trim() }),
        ...(dropsOwn ? { ownCard: null } : ownCard.trim() === '' ? {} : { ownCard: ownCard.trim() }),
      },
      `人员已保存：${name.trim()}`,
    );
    if (outcome.kind === 'done') close(true);
  }

  return (
    <Modal
      open
      title={operator === null ? '新操作员' : `修改：${operator.name}`}
      okText="保存"
      cancelText="取消"
      confirmLoading={sending.busy}
      okButtonProps={{ disabled: !canSave }}
      onOk={() => void save()}
      onCancel={() => close(false)}
    >
      <label className="field">
        <span>姓名</span>
        <Input autoFocus maxLength={20} value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <div className="field" style={{ margin: '12px 0' }}>
        <span>身份</span>
        <Segmented<Role>
          value={role}
          options={[
            { label: ROLES.cashier, value: 'cashier' },
            { label: ROLES.manager, value: 'manager' },
          ]}
          onChange={setRole}
        />
      </div>
      <label className="field">
        <span>{operator === null ? '密码（4 到 6 位数字）' : '新密码（不改就空着）'}</span>
        <Input.Password
          value={pin}
          inputMode="numeric"
          autoComplete="new-password"
          maxLength={6}
          {...(pin !== '' && !isPinGood ? { status: 'error' as const } : {})}
          onChange={(event) => setPin(event.target.value.replace(/\D/g, ''))}
          onPressEnter={() => void save()}
        />
      </label>
      <label className="field" style={{ marginTop: 12 }}>
        <span>{operator?.hasCard === true ? '换一张员工卡（不换就空着）' : '员工卡（没有就空着）'}</span>
        <Input
          value={card}
          autoComplete="off"
          maxLength={200}
          disabled={dropsCard}
          placeholder="点这里，再扫卡或刷卡"
          onChange={(event) => setCard(event.target.value)}
          // A scanner ends with Enter, which is no wish to save what is half filled in.
          onPressEnter={(event) => event.preventDefault()}
        />
        <span className="small muted">扫码枪、刷卡器读得出的卡都行。卡号不保存，只记它的指纹。</span>
      </label>
      {operator?.hasCard === true ? (
        <Checkbox style={{ marginTop: 8 }} checked={dropsCard} onChange={(event) => setDropsCard(event.target.checked)}>
          收回员工卡（丢了也选这个）
        </Checkbox>
      ) : null}
      <label className="field" style={{ marginTop: 12 }}>
        <span>
          {operator?.hasOwnCard === true ? '换登记本人的信用卡（不换就空着）' : '本人的信用一卡通（没有就空着）'}
        </span>
        <Input
          value={ownCard}
          autoComplete="off"
          maxLength={200}
          disabled={dropsOwn}
          placeholder="点这里，再扫他自己的会员卡"
          onChange={(event) => setOwnCard(event.target.value)}
          onPressEnter={(event) => event.preventDefault()}
        />
        <span className="small muted">登记后，他自己当班时这张卡不能打折、不能用积分。</span>
      </label>
      {operator?.hasOwnCard === true ? (
        <Checkbox style={{ marginTop: 8 }} checked={dropsOwn} onChange={(event) => setDropsOwn(event.target.checked)}>
          取消登记本人的信用卡
        </Checkbox>
      ) : null}
      {operator === null ? null : (
        <Checkbox style={{ marginTop: 12 }} checked={active} onChange={(event) => setActive(event.target.checked)}>
          在用（去掉就是停用，不能再登录）
        </Checkbox>
      )}
    </Modal>
  );
}
