import { Modal, Table } from 'antd';
import { borneWords, movementWords, signed } from '../../shared/points-slip-layout.ts';
import type { Movement } from '../../shared/points-slip.ts';
import { dateTimeOf } from '../../shared/time.ts';
import { useReading } from '../back-office/reading.ts';
import { AnswerGate } from './answer-gate.tsx';
import { asked, town } from './town.ts';

/** What moved a member's points, for who has to answer an objection. */
export function MemberMovements({
  member,
  close,
}: Readonly<{
  member: Readonly<{ id: string; name: string; villageName: string }>;
  close: () => void;
}>): React.JSX.Element {
  const reading = useReading(`movements ${member.id}`, () => asked(town.memberMovements({ member: member.id })));
  return (
    <Modal open width={820} footer={null} title={`积分变动：${member.name}（${member.villageName}）`} onCancel={close}>
      <p className="small muted">已传到镇上、并且核过的单。收银台凭卡看到的是最近十笔。</p>
      <AnswerGate reading={reading}>
        {({ movements }) => (
          <Table<Movement & { key: number }>
            size="small"
            style={{ marginTop: 12 }}
            dataSource={movements.map((one, key) => ({ ...one, key }))}
            pagination={{ pageSize: 10, showSizeChanger: false, hideOnSinglePage: true }}
            locale={{ emptyText: '没有变动' }}
            columns={[
              { title: '时间', dataIndex: 'atMs', width: 160, render: (atMs: number) => dateTimeOf(atMs).slice(0, 16) },
              { title: '变动', dataIndex: 'kind', width: 90, render: (kind: Movement['kind']) => movementWords[kind] },
              {
                title: '在哪里、为什么',
                key: 'about',
                render: (_, one) => [one.place, one.about, borneWords(one)].filter((text) => text !== '').join(' · '),
              },
              { title: '积分', dataIndex: 'points', align: 'right', render: (points: number) => signed(points) },
              { title: '余额', dataIndex: 'balance', align: 'right', render: (balance: number) => <b>{balance}</b> },
            ]}
          />
        )}
      </AnswerGate>
    </Modal>
  );
}
