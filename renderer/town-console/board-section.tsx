import { Alert, Button, Checkbox, Input, Popconfirm, Select, Table, Tag } from 'antd';
import { useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import {
  NOTICE_ROW_CHARACTERS,
  NOTICE_ROWS_MAX,
  NOTICE_TEXT_MAX,
  NOTICE_TITLE_MAX,
  noticeFaults,
  tidyNotice,
  type NoticeFault,
} from '../../shared/board.ts';
import { addDays, dateTimeOf } from '../../shared/time.ts';
import { newId } from '../back-office/new-id.ts';
import { useReading } from '../back-office/reading.ts';
import { SectionHead } from '../back-office/section-head.tsx';
import { NoticeBoard } from '../parts/notice-board.tsx';
import { AnswerGate } from './answer-gate.tsx';
import './board-section.css';
import { useTelling } from './telling.ts';
import { asked, town, useSession } from './town.ts';

type Board = Extract<Awaited<ReturnType<typeof town.board>>, { kind: 'ok' }>;
type Notice = Board['notices'][number];

/** Its id is made with the draft, so that a save whose answer was lost is the same notice when it is sent again. */
type Draft = Readonly<Omit<Parameters<typeof town.writeNotice>[0], 'by'>>;

const FAULTS: Readonly<Record<NoticeFault, string>> = {
  title: `标题要有，最多 ${NOTICE_TITLE_MAX} 个字`,
  text: `正文最多 ${NOTICE_TEXT_MAX} 个字、${NOTICE_ROWS_MAX} 行（满 ${NOTICE_ROW_CHARACTERS} 字换行），不能有特殊符号`,
  days: '日期要写全，止日不早于起日，最长一年',
};

/** The notice board: what customers read on the customer page while nobody is served. */
export function BoardSection(): React.JSX.Element {
  const reading = useReading('board', () => asked(town.board()));
  return <AnswerGate reading={reading}>{(board) => <BoardPage board={board} again={reading.again} />}</AnswerGate>;
}

function BoardPage({ board, again }: Readonly<{ board: Board; again: () => void }>): React.JSX.Element {
  const telling = useTelling();
  const [by, setBy] = useState('');
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(board.today));
  const title = tidyNotice(draft.title);
  const text = tidyNotice(draft.text);
  const faults = noticeFaults({ ...draft, title, text });
  const isTouched = title !== '' || text !== '';
  const canSave = faults.length === 0 && by.trim() !== '' && draft.toDay >= board.today;

  async function save(): Promise<void> {
    if (!canSave) return;
    const said = draft.fromDay > board.today ? `已写好，${draft.fromDay} 起显示` : '已挂上，收银机下次联系时更新';
    if ((await telling.tell(() => town.writeNotice({ ...draft, title, text, by }), said)) === null) return;
    setDraft(emptyDraft(board.today));
    again();
  }

  async function end(one: Notice): Promise<void> {
    if ((await telling.tell(() => town.endNotice({ id: one.id, by }), '已结束，收银机下次联系时撤下')) !== null)
      again();
  }

  return (
    <>
      <SectionHead title="公告">顾客屏没有人结账时显示，几条轮着放。到期自己撤下，收银机断网也照日期换。</SectionHead>
      <div className="board-entry">
        <div className="sheet">
          <div className="fields">
            <label className="wide">
              <span>
                标题 *（{Array.from(title).length}/{NOTICE_TITLE_MAX} 字）
              </span>
              <Input
                value={draft.title}
                {...(isTouched && faults.includes('title') ? { status: 'error' as const } : {})}
                placeholder="如：周六清理河道"
                onChange={(event) => enter({ title: event.target.value })}
              />
            </label>
            <label>
              <span>谁的公告</span>
              <Select<string>
                style={{ width: '100%' }}
                value={draft.village ?? ''}
                options={[
                  { value: '', label: '镇上' },
                  ...board.villages.map(({ id, name }) => ({ value: id, label: name })),
                ]}
                onChange={(village) => enter({ village: village === '' ? null : village })}
              />
            </label>
            <label className="full">
              <span>
                正文（{Array.from(text).length}/{NOTICE_TEXT_MAX} 字）
              </span>
              <Input.TextArea
                value={draft.text}
                autoSize={{ minRows: 3, maxRows: 6 }}
                {...(faults.includes('text') ? { status: 'error' as const } : {})}
                placeholder="什么事，什么时候，在哪里。一行一句。"
                onChange={(event) => enter({ text: event.target.value })}
              />
            </label>
            <label>
              <span>从哪天起 *</span>
              <Input type="date" value={draft.fromDay} onChange={(event) => enter({ fromDay: event.target.value })} />
            </label>
            <label>
              <span>到哪天止（含当天）*</span>
              <Input
                type="date"
                value={draft.toDay}
                min={board.today}
                {...(faults.includes('days') || draft.toDay < board.today ? { status: 'error' as const } : {})}
                onChange={(event) => enter({ toDay: event.target.value })}
              />
            </label>
            <label>
              <span>哪家门店</span>
              <Select<string>
                style={{ width: '100%' }}
                value={draft.shop ?? ''}
                options={[
                  { value: '', label: '所有门店' },
                  ...board.shops.map(({ id, name }) => ({ value: id, label: name })),
                ]}
                onChange={(shop) => enter({ shop: shop === '' ? null : shop })}
              />
            </label>
            <label>
              <span>谁写的 *</span>
              <Input value={by} maxLength={40} placeholder="姓名" onChange={(event) => setBy(event.target.value)} />
            </label>
            <div className="wide on-receipt">
              <Checkbox checked={draft.onReceipt} onChange={(event) => enter({ onReceipt: event.target.checked })}>
                标题也印在小票最后一行
              </Checkbox>
            </div>
          </div>
          <div className="bar board-acts">
            <Button type="primary" size="large" disabled={!canSave} loading={telling.busy} onClick={() => void save()}>
              挂上公告
            </Button>
            <span className="bad small">{isTouched ? faults.map((fault) => FAULTS[fault]).join('；') : ''}</span>
          </div>
        </div>
        <Preview title={title} text={text} village={villageName(board, draft.village)} />
      </div>
      <Notices board={board} canEnd={by.trim() !== ''} end={end} again={(one) => setDraft(copyOf(one, board.today))} />
    </>
  );

  function enter(change: Partial<Draft>): void {
    setDraft((before) => ({ ...before, ...change }));
  }
}

/** The notice in the very drawing of the customer page. */
function Preview({
  title,
  text,
  village,
}: Readonly<{ title: string; text: string; village: string }>): React.JSX.Element {
  const townName = useSession()?.townName ?? '';
  const notice = {
    id: 'preview',
    title: title === '' ? '标题写在这里' : title,
    text,
    village,
    fromDay: '',
    toDay: '',
    onReceipt: false,
  };
  return (
    <div className="board-preview" aria-label="顾客看到的样子">
      <p className="small muted">顾客看到的样子</p>
      <div className="customer-screen">
        <NoticeBoard notices={[notice]} townName={townName} />
      </div>
    </div>
  );
}

type State = 'hanging' | 'later' | 'over' | 'ended';

function stateOf(one: Notice, today: string): State {
  if (one.endedAtMs !== null) return 'ended';
  if (one.toDay < today) return 'over';
  return one.fromDay > today ? 'later' : 'hanging';
}

function StateTag({ one, today }: Readonly<{ one: Notice; today: string }>): React.JSX.Element {
  const state = stateOf(one, today);
  switch (state) {
    case 'hanging':
      return <Tag color="success">● 正在显示</Tag>;
    case 'later':
      return <Tag color="warning">▲ 还没到日子</Tag>;
    case 'over':
      return <Tag>■ 到期撤下</Tag>;
    case 'ended':
      return (
        <>
          <Tag>■ 提前结束</Tag>
          <div className="small muted">
            {one.endedBy}，{dateTimeOf(one.endedAtMs ?? 0).slice(0, 16)}
          </div>
        </>
      );
    default:
      return assertNever(state);
  }
}

function Notices({
  board,
  canEnd,
  end,
  again,
}: Readonly<{
  board: Board;
  canEnd: boolean;
  end: (one: Notice) => Promise<void>;
  again: (one: Notice) => void;
}>): React.JSX.Element {
  const { today } = board;
  if (board.notices.length === 0) {
    return <Alert type="info" showIcon title="还没有公告。写好第一条，顾客屏空着的时候就会显示。" />;
  }
  return (
    <Table<Notice>
      rowKey="id"
      size="small"
      pagination={false}
      dataSource={board.notices}
      columns={[
        {
          title: '公告',
          render: (_, one) => (
            <>
              <b>{one.title}</b>
              {one.onReceipt ? <span className="small muted"> · 也印在小票上</span> : null}
              <div className="small muted board-words">{one.text}</div>
            </>
          ),
        },
        {
          title: '谁的、在哪里',
          width: 190,
          render: (_, one) => (
            <>
              {villageName(board, one.village) || '镇上'}
              <div className="small muted">{board.shops.find(({ id }) => id === one.shop)?.name ?? '所有门店'}</div>
            </>
          ),
        },
        {
          title: '日期',
          width: 120,
          render: (_, one) => (
            <>
              {one.fromDay} 起<div>{one.toDay} 止</div>
            </>
          ),
        },
        {
          title: '谁写的',
          width: 150,
          render: (_, one) => (
            <>
              {one.writtenBy}
              <div className="small muted">{dateTimeOf(one.writtenAtMs).slice(0, 16)}</div>
            </>
          ),
        },
        { title: '现在', width: 150, render: (_, one) => <StateTag one={one} today={today} /> },
        {
          title: '',
          width: 150,
          render: (_, one) => (
            <div className="bar">
              <Button size="small" onClick={() => again(one)}>
                照着再写
              </Button>
              {stateOf(one, today) === 'hanging' || stateOf(one, today) === 'later' ? (
                <Popconfirm
                  title={`现在就撤下“${one.title}”？`}
                  description={canEnd ? '谁、什么时候撤下的会记着。' : '请先在上面填“谁写的”，再来结束。'}
                  okText="结束"
                  cancelText="不"
                  okButtonProps={{ disabled: !canEnd }}
                  onConfirm={() => void end(one)}
                >
                  <Button size="small" danger>
                    结束
                  </Button>
                </Popconfirm>
              ) : null}
            </div>
          ),
        },
      ]}
    />
  );
}

function villageName(board: Board, village: string | null): string {
  return village === null ? '' : (board.villages.find(({ id }) => id === village)?.name ?? '');
}

const USUAL_DAYS = 7;

function emptyDraft(today: string): Draft {
  return {
    id: newId(),
    title: '',
    text: '',
    village: null,
    shop: null,
    fromDay: today,
    toDay: addDays(today, USUAL_DAYS - 1),
    onReceipt: false,
  };
}

/** The same words under a new name, from today on: what was written is never changed. */
function copyOf({ title, text, village, shop, onReceipt }: Notice, today: string): Draft {
  return { ...emptyDraft(today), title, text, village, shop, onReceipt };
}
