import { AutoComplete, Button, Checkbox, Input, Modal, Popconfirm, Select, Table, Tag } from 'antd';
import { useRef, useState } from 'react';
import type { CardState, MemberState, StandingWish } from '../../shared/member.ts';
import { dayOf } from '../../shared/time.ts';
import { parseDay, parseWhole } from '../back-office/entry.ts';
import { useReading } from '../back-office/reading.ts';
import { SectionHead } from '../back-office/section-head.tsx';
import { newId } from '../back-office/new-id.ts';
import { starText } from '../parts/format.ts';
import { AnswerGate } from './answer-gate.tsx';
import { MemberMovements } from './member-movements.tsx';
import { MemberPin } from './member-pin.tsx';
import { NameBearers } from './name-bearers.tsx';
import { useTelling } from './telling.ts';
import { asked, town } from './town.ts';

type Member = Extract<Awaited<ReturnType<typeof town.listMembers>>, { kind: 'ok' }>['members'][number];
type Card = Member['cards'][number];

const MEMBER_STATES: Readonly<Record<MemberState, string>> = {
  active: '正常',
  suspended: '暂停',
  moved_out: '已迁出',
  deceased: '已故',
  withdrawn: '已退出',
};

const CARD_STATES: Readonly<Record<CardState, string>> = {
  issued: '未启用',
  active: '在用',
  lost: '已挂失',
  blocked: '已停用',
  replaced: '已换新卡',
  cancelled: '已注销',
};

const PIN_WORDS: Readonly<Record<Member['pin'], string>> = { none: '设密码', set: '重设密码', locked: '密码锁了' };

const WISHES: Readonly<Record<StandingWish, string>> = { none: '平时不用', half: '平时用一半', max: '平时全用' };

/** Members with their points and cards; points are issued here, and a lost card is stopped here. */
export function MemberSection(): React.JSX.Element {
  const [text, setText] = useState('');
  const [village, setVillage] = useState<string | null>(null);
  const [onlyUnreadable, setOnlyUnreadable] = useState(false);
  const [issuing, setIssuing] = useState<Member | null>(null);
  const [naming, setNaming] = useState<Member | null>(null);
  const [pinOf, setPinOf] = useState<Member | null>(null);
  const [lookingAt, setLookingAt] = useState<Member | null>(null);
  const telling = useTelling();
  const overview = useReading('overview', () => asked(town.overview()));
  const villages = overview.value?.kind === 'ok' ? overview.value.villages : [];
  const members = useReading(`members ${text} ${village ?? ''} ${onlyUnreadable}`, () =>
    asked(
      town.listMembers({
        text: text.trim(),
        ...(village === null ? {} : { village }),
        ...(onlyUnreadable ? { only: 'unreadable' as const } : {}),
      }),
    ),
  );

  async function setState(card: Card, state: CardState): Promise<void> {
    const done = await telling.tell(
      () => town.setCardState({ card: card.id, state }),
      `尾号 ${card.lastFour} ${CARD_STATES[state]}；联网的收银机下次联系就知道`,
    );
    if (done !== null) members.again();
  }

  return (
    <>
      <SectionHead title="会员和卡">挂失马上在镇上生效，收银机下次联系时更新。</SectionHead>
      <div className="bar" style={{ marginBottom: 12 }}>
        <Input
          style={{ width: 280 }}
          autoFocus
          allowClear
          value={text}
          maxLength={40}
          placeholder="姓名或卡尾号"
          aria-label="查找会员"
          onChange={(event) => setText(event.target.value)}
        />
        <Select<string>
          style={{ width: 180 }}
          allowClear
          placeholder="全部村"
          value={village}
          options={villages.map((one) => ({ label: one.name, value: one.id }))}
          onChange={(value) => setVillage(value ?? null)}
        />
        <Checkbox checked={onlyUnreadable} onChange={(event) => setOnlyUnreadable(event.target.checked)}>
          只看卡刷不出、要换卡的
        </Checkbox>
      </div>
      <AnswerGate reading={members}>
        {(answer) => (
          <Table<Member>
            size="small"
            rowKey="id"
            dataSource={answer.members}
            pagination={{ pageSize: 15, showSizeChanger: false, showTotal: (total) => `共 ${total} 位` }}
            locale={{ emptyText: '没有符合的会员' }}
            columns={[
              { title: '姓名', dataIndex: 'name', render: (name: string) => <b>{name}</b> },
              { title: '村', dataIndex: 'villageName' },
              {
                title: '星级',
                dataIndex: 'stars',
                render: (stars: number) => <span className="warn">{starText(stars)}</span>,
              },
              { title: '状态', dataIndex: 'state', render: (state: MemberState) => MEMBER_STATES[state] },
              { title: '用分习惯', dataIndex: 'standingWish', render: (wish: StandingWish) => WISHES[wish] },
              {
                title: '积分',
                dataIndex: 'points',
                align: 'right',
                render: (points: number, member) => (
                  <Button
                    type="link"
                    size="small"
                    aria-label={`${member.name}的积分变动`}
                    onClick={() => setLookingAt(member)}
                  >
                    <b>{points}</b>
                  </Button>
                ),
              },
              { title: '在镇上', dataIndex: 'free', align: 'right' },
              { title: '在收银机', dataIndex: 'allotted', align: 'right' },
              {
                title: '卡',
                key: 'cards',
                render: (_, member) =>
                  member.cards.map((card) => (
                    <CardActions key={card.id} card={card} busy={telling.busy} setState={setState} />
                  )),
              },
              {
                title: '代购人',
                key: 'bearers',
                render: (_, member) => member.bearers.map((one) => one.name).join('、') || '—',
              },
              {
                title: '',
                key: 'issue',
                width: 252,
                render: (_, member) => (
                  <span className="pair">
                    <Button size="small" disabled={member.state !== 'active'} onClick={() => setIssuing(member)}>
                      加积分
                    </Button>
                    <Button size="small" onClick={() => setNaming(member)}>
                      代购人
                    </Button>
                    <Button size="small" danger={member.pin === 'locked'} onClick={() => setPinOf(member)}>
                      {PIN_WORDS[member.pin]}
                    </Button>
                  </span>
                ),
              },
            ]}
          />
        )}
      </AnswerGate>
      {lookingAt === null ? null : <MemberMovements member={lookingAt} close={() => setLookingAt(null)} />}
      {pinOf === null ? null : (
        <MemberPin
          member={pinOf}
          close={() => {
            setPinOf(null);
            members.again();
          }}
        />
      )}
      {naming === null ? null : (
        <NameBearers
          member={naming}
          close={() => {
            setNaming(null);
            members.again();
          }}
        />
      )}
      {issuing === null ? null : (
        <IssuePoints
          member={issuing}
          villages={villages}
          close={(isDone) => {
            setIssuing(null);
            if (isDone) members.again();
          }}
        />
      )}
    </>
  );
}

function CardActions({
  card,
  busy,
  setState,
}: Readonly<{
  card: Card;
  busy: boolean;
  setState: (card: Card, state: CardState) => Promise<void>;
}>): React.JSX.Element {
  const isStopped = card.state === 'lost' || card.state === 'blocked';
  return (
    <div className="pair">
      <span>尾号 {card.lastFour}</span>
      <Tag color={card.state === 'active' ? 'success' : isStopped ? 'error' : 'default'}>{CARD_STATES[card.state]}</Tag>
      {card.wantsReplacing ? <Tag color="warning">刷不出，要换卡</Tag> : null}
      {card.state === 'active' ? (
        <>
          <Popconfirm
            title={`挂失尾号 ${card.lastFour}？`}
            okText="挂失"
            cancelText="不"
            onConfirm={() => void setState(card, 'lost')}
          >
            <Button type="link" size="small" disabled={busy}>
              挂失
            </Button>
          </Popconfirm>
          <Popconfirm
            title={`停用尾号 ${card.lastFour}？`}
            okText="停用"
            cancelText="不"
            onConfirm={() => void setState(card, 'blocked')}
          >
            <Button type="link" size="small" danger disabled={busy}>
              停用
            </Button>
          </Popconfirm>
        </>
      ) : null}
      {isStopped ? (
        <Popconfirm
          title={`恢复尾号 ${card.lastFour}？请先核对本人`}
          okText="恢复"
          cancelText="不"
          onConfirm={() => void setState(card, 'active')}
        >
          <Button type="link" size="small" disabled={busy}>
            恢复
          </Button>
        </Popconfirm>
      ) : null}
    </div>
  );
}

function IssuePoints({
  member,
  villages,
  close,
}: Readonly<{
  member: Member;
  villages: readonly Readonly<{ id: string; name: string; fund: string }>[];
  close: (isDone: boolean) => void;
}>): React.JSX.Element {
  const telling = useTelling();
  const id = useRef(newId());
  const [village, setVillage] = useState(member.village);
  const [fund, setFund] = useState(() => villages.find((one) => one.id === member.village)?.fund ?? '');
  const [points, setPoints] = useState('');
  const [earnedOn, setEarnedOn] = useState(() => dayOf(Date.now()));
  const [note, setNote] = useState('');
  const funds = villages.filter((one) => one.id === village).map((one) => one.fund);
  const count = parseWhole(points);
  const day = parseDay(earnedOn);
  const canSave = count !== null && count > 0 && count <= 100_000 && day !== null && fund.trim() !== '';

  async function save(): Promise<void> {
    if (!canSave || count === null || day === null) return;
    const done = await telling.tell(
      () =>
        town.issueLot({
          id: id.current,
          member: member.id,
          village,
          fund: fund.trim(),
          points: count,
          earnedOn: day,
          note: note.trim(),
        }),
      `已给 ${member.name} 加 ${count} 分`,
    );
    if (done !== null) close(true);
  }

  return (
    <Modal
      open
      title={`加积分：${member.name}（${member.villageName}）`}
      okText="加积分"
      cancelText="取消"
      confirmLoading={telling.busy}
      okButtonProps={{ disabled: !canSave }}
      onOk={() => void save()}
      onCancel={() => close(false)}
    >
      <div className="fields" style={{ gridTemplateColumns: '1fr 1fr' }}>
        <label>
          <span>积分 *</span>
          <Input
            autoFocus
            value={points}
            inputMode="numeric"
            {...(points !== '' && (count === null || count === 0) ? { status: 'error' as const } : {})}
            onChange={(event) => setPoints(event.target.value)}
          />
        </label>
        <label>
          <span>哪天挣的 *</span>
          <Input
            value={earnedOn}
            {...(day === null ? { status: 'error' as const } : {})}
            onChange={(event) => setEarnedOn(event.target.value)}
          />
        </label>
        <label>
          <span>哪个村发 *</span>
          <Select<string>
            style={{ width: '100%' }}
            value={village}
            options={villages.map((one) => ({ label: one.name, value: one.id }))}
            onChange={(value) => {
              setVillage(value);
              setFund(villages.find((one) => one.id === value)?.fund ?? '');
            }}
          />
        </label>
        <label>
          <span>从哪个资金出 *</span>
          <AutoComplete
            style={{ width: '100%' }}
            value={fund}
            options={funds.map((one) => ({ value: one }))}
            placeholder="如 村信用基金"
            onChange={(value: string) => setFund(value)}
          />
        </label>
        <label className="full">
          <span>事由（会印在本人的积分查询单上）</span>
          <Input
            value={note}
            maxLength={100}
            placeholder="如 11 月 21 日清洁家园 2 小时"
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
      </div>
    </Modal>
  );
}
