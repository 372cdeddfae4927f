import { Button, Input, List, Modal, Select } from 'antd';
import { useState } from 'react';
import { useReading } from '../back-office/reading.ts';
import { useTelling } from './telling.ts';
import { asked, town } from './town.ts';

type Member = Extract<Awaited<ReturnType<typeof town.listMembers>>, { kind: 'ok' }>['members'][number];

/** Who buys with a member's card for them: people of the same household, or whom the member named. */
export function NameBearers({ member, close }: Readonly<{ member: Member; close: () => void }>): React.JSX.Element {
  const telling = useTelling();
  const [named, setNamed] = useState(member.bearers);
  const [text, setText] = useState('');
  const [picked, setPicked] = useState<string | null>(null);
  const [note, setNote] = useState('同户');
  const found = useReading(`bearers ${text}`, () => asked(town.listMembers({ text: text.trim() })));
  const people = (found.value?.kind === 'ok' ? found.value.members : []).filter(
    (one) => one.id !== member.id && one.state === 'active' && !named.some((known) => known.id === one.id),
  );
  const chosen = people.find((one) => one.id === picked);

  async function name(): Promise<void> {
    if (chosen === undefined || note.trim() === '') return;
    const bearer = { member: member.id, bearer: chosen.id, note: note.trim() };
    const done = await telling.tell(() => town.setBearer(bearer), `${chosen.name} 可以代 ${member.name} 购买`);
    if (done === null) return;
    setNamed([...named, { id: chosen.id, name: chosen.name, note: note.trim() }]);
    setPicked(null);
  }

  async function end(bearer: string, who: string): Promise<void> {
    const ended = { member: member.id, bearer, note: '' };
    const done = await telling.tell(() => town.setBearer(ended), `${who} 不再代 ${member.name} 购买`);
    if (done !== null) setNamed(named.filter((one) => one.id !== bearer));
  }

  return (
    <Modal open title={`代购人：${member.name}（${member.villageName}）`} footer={null} onCancel={close}>
      <p className="small muted">
        登记的人拿着这张卡来，积分只能用到每日免密额度，名字遮住后印在小票上。没登记的人只打折。
      </p>
      <List
        size="small"
        dataSource={named}
        locale={{ emptyText: '还没有登记' }}
        renderItem={(one) => (
          <List.Item
            actions={[
              <Button
                key="end"
                type="link"
                size="small"
                disabled={telling.busy}
                onClick={() => void end(one.id, one.name)}
              >
                取消
              </Button>,
            ]}
          >
            {one.name}（{one.note}）
          </List.Item>
        )}
      />
      <div className="bar" style={{ marginTop: 12 }}>
        <Select<string>
          showSearch={{ filterOption: false, onSearch: setText }}
          style={{ width: 240 }}
          value={picked}
          placeholder="按姓名找会员"
          aria-label="代购人"
          options={people.map((one) => ({ label: `${one.name}（${one.villageName}）`, value: one.id }))}
          onChange={setPicked}
        />
        <Input
          style={{ width: 130 }}
          value={note}
          maxLength={40}
          aria-label="凭什么"
          onChange={(event) => setNote(event.target.value)}
        />
        <Button type="primary" disabled={chosen === undefined || note.trim() === ''} onClick={() => void name()}>
          登记
        </Button>
      </div>
    </Modal>
  );
}
