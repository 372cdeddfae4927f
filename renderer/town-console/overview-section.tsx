import { Alert, Button, Table, Tag } from 'antd';
import { useState } from 'react';
import { dateTimeOf } from '../../shared/time.ts';
import { breakWords, ownerWords } from '../../shared/words.ts';
import { useReading } from '../back-office/reading.ts';
import { SectionHead } from '../back-office/section-head.tsx';
import { agoText } from '../parts/format.ts';
import { AnswerGate } from './answer-gate.tsx';
import { DropClaim } from './drop-claim.tsx';
import { FreeTerm } from './free-term.tsx';
import { ResolveBreak } from './resolve-break.tsx';
import { asked, town } from './town.ts';

export type Overview = Extract<Awaited<ReturnType<typeof town.overview>>, { kind: 'ok' }>;

/** A till not heard of for a day is worth a telephone call (the night's report: amber over 24 hours). */
const SILENT_MS = 24 * 3_600_000;

/** Points in existence with the law they obey, the villages, the tills, and what is open between the two sides. */
export function OverviewSection(): React.JSX.Element {
  const overview = useReading('overview', () => asked(town.overview()));
  return (
    <>
      <SectionHead
        title="概况"
        right={
          <Button loading={overview.busy} onClick={overview.again}>
            刷新
          </Button>
        }
      />
      <AnswerGate reading={overview}>
        {(answer) => (
          <>
            <Law points={answer.points} />
            <Breaks answer={answer} again={overview.again} />
            <Claims answer={answer} again={overview.again} />
            <Tills answer={answer} again={overview.again} />
            <Villages answer={answer} />
            <Resolved answer={answer} />
          </>
        )}
      </AnswerGate>
    </>
  );
}

/** Every point ever issued is somewhere, and the page shows the sum so that anybody can see it. */
function Law({ points }: Readonly<{ points: Overview['points'] }>): React.JSX.Element {
  const { issued, free, allotted, spent, expired, shortfall } = points;
  const holds = free + allotted + spent + expired - shortfall === issued;
  const parts = [
    ['', '在镇上', free],
    ['+', '已拨给收银机', allotted],
    ['+', '用积分（已减退积分）', spent],
    ['+', '已过期', expired],
    ['−', '超花由资金兜底', shortfall],
    ['=', '一共发出', issued],
  ] as const;
  return (
    <div className="sheet">
      <div className="bar" style={{ gap: 14 }}>
        {parts.map(([sign, label, count]) => (
          <span key={label} className="pair" style={{ gap: 14 }}>
            {sign === '' ? null : <span className="muted">{sign}</span>}
            <span>
              <span className="small muted">{label}</span>
              <br />
              <b style={{ fontSize: 24 }}>{count}</b> 分
            </span>
          </span>
        ))}
        <span className="grow" />
        {holds ? <Tag color="success">每一分都有着落 ✓</Tag> : <Tag color="error">加不起来，请联系维护人员</Tag>}
      </div>
    </div>
  );
}

type OpenBreak = Overview['breaks'][number];

function Breaks({ answer, again }: Readonly<{ answer: Overview; again: () => void }>): React.JSX.Element {
  const { breaks } = answer;
  const [resolving, setResolving] = useState<OpenBreak | null>(null);
  if (breaks.length === 0) {
    return <Alert type="success" showIcon title="没有未了的差异。" style={{ marginBottom: 12 }} />;
  }
  return (
    <>
      <Table<OpenBreak>
        size="small"
        rowKey="id"
        style={{ marginBottom: 12 }}
        dataSource={breaks}
        title={breaksTitle}
        pagination={{ pageSize: 8, hideOnSinglePage: true, showSizeChanger: false }}
        columns={[
          { title: '什么事', key: 'what', render: (_, one) => breakWords[one.kind].what },
          {
            title: '账户或记录',
            key: 'where',
            render: (_, one) => one.account ?? (one.seq === null ? '—' : `第 ${one.seq} 条`),
          },
          { title: '收银机', dataIndex: 'tillAmount', align: 'right', render: orDash },
          { title: '镇上', dataIndex: 'townAmount', align: 'right', render: orDash },
          { title: '谁来处理', key: 'owner', render: (_, one) => <b>{ownerWords[one.owner]}</b> },
          { title: '下一步', key: 'todo', render: (_, one) => breakWords[one.kind].todo },
          { title: '从哪天起', dataIndex: 'sinceDay' },
          {
            title: '',
            key: 'resolve',
            render: (_, one) => (
              <Button size="small" onClick={() => setResolving(one)}>
                了结
              </Button>
            ),
          },
        ]}
      />
      {resolving === null ? null : (
        <ResolveBreak
          one={resolving}
          tillName={tillNameOf(answer, resolving.till)}
          close={(isDone) => {
            setResolving(null);
            if (isDone) again();
          }}
        />
      )}
    </>
  );
}

function tillNameOf(answer: Overview, till: string): string {
  const found = answer.tills.find((one) => one.till === till);
  return found === undefined ? till : `${found.shopName} ${found.name}`;
}

type HeldClaim = Overview['claims'][number];

/** Receipts that a till is taking back and whose refund has not come: nobody else takes those goods meanwhile. */
function Claims({ answer, again }: Readonly<{ answer: Overview; again: () => void }>): React.JSX.Element | null {
  const [dropping, setDropping] = useState<HeldClaim | null>(null);
  if (answer.claims.length === 0) return null;
  return (
    <>
      <Table<HeldClaim>
        size="small"
        rowKey="claim"
        style={{ marginBottom: 12 }}
        dataSource={answer.claims}
        title={claimsTitle}
        pagination={{ pageSize: 8, hideOnSinglePage: true, showSizeChanger: false }}
        columns={[
          { title: '小票', dataIndex: 'receipt' },
          { title: '哪台在退', key: 'till', render: (_, one) => tillNameOf(answer, one.till) },
          { title: '几种商品', dataIndex: 'lines', align: 'right' },
          { title: '什么时候问的', dataIndex: 'madeAtMs', render: (atMs: number) => agoText(atMs, answer.nowMs) },
          {
            title: '',
            key: 'drop',
            render: (_, one) => (
              <Button size="small" onClick={() => setDropping(one)}>
                放开
              </Button>
            ),
          },
        ]}
      />
      {dropping === null ? null : (
        <DropClaim
          one={dropping}
          tillName={tillNameOf(answer, dropping.till)}
          close={(isDone) => {
            setDropping(null);
            if (isDone) again();
          }}
        />
      )}
    </>
  );
}

/** What was resolved last, by whom and why: a break is never dropped. */
function Resolved({ answer }: Readonly<{ answer: Overview }>): React.JSX.Element | null {
  if (answer.resolved.length === 0) return null;
  return (
    <Table
      size="small"
      rowKey="id"
      style={{ marginTop: 12 }}
      dataSource={answer.resolved}
      title={resolvedTitle}
      pagination={{ pageSize: 8, hideOnSinglePage: true, showSizeChanger: false }}
      columns={[
        { title: '什么事', key: 'what', render: (_, one) => breakWords[one.kind].what },
        { title: '收银机', key: 'till', render: (_, one) => tillNameOf(answer, one.till) },
        { title: '记录', dataIndex: 'seq', render: (seq: number | null) => (seq === null ? '—' : `第 ${seq} 条`) },
        { title: '谁了结的', dataIndex: 'by' },
        { title: '怎么了结的', dataIndex: 'note' },
        { title: '什么时候', dataIndex: 'resolvedAtMs', render: (atMs: number) => dateTimeOf(atMs).slice(0, 16) },
      ]}
    />
  );
}

const breaksTitle = (): React.ReactNode => <b className="bad">未了的差异</b>;
const claimsTitle = (): React.ReactNode => <b>正在退货、退货单还没传来的小票</b>;
const resolvedTitle = (): React.ReactNode => <b>最近了结的差异</b>;
const tillsTitle = (): React.ReactNode => <b>收银机</b>;
const villagesTitle = (): React.ReactNode => <b>各村</b>;

function orDash(amount: number | null): string {
  return amount === null ? '—' : String(amount);
}

function Tills({ answer, again }: Readonly<{ answer: Overview; again: () => void }>): React.JSX.Element {
  return (
    <Table
      size="small"
      rowKey="till"
      style={{ marginBottom: 12 }}
      dataSource={answer.tills}
      title={tillsTitle}
      pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
      locale={{ emptyText: '还没有收银机注册' }}
      columns={[
        { title: '门店', dataIndex: 'shopName' },
        {
          title: '收银机',
          key: 'name',
          render: (_, till) => `${till.name}（${till.till} · 第 ${till.incarnation} 代）`,
        },
        { title: '上次联系', key: 'heard', render: (_, till) => <Heard atMs={till.heardAtMs} nowMs={answer.nowMs} /> },
        { title: '收到第几条', dataIndex: 'ackSeq', align: 'right' },
        {
          title: '留存',
          dataIndex: 'quarantined',
          align: 'right',
          render: (count: number) => (count === 0 ? 0 : <b className="bad">{count}</b>),
        },
        { title: '对账单号', dataIndex: 'statementNumber', align: 'right' },
        {
          title: '额度到期',
          key: 'term',
          render: (_, till) => <TermEnd endMs={till.termEndMs} nowMs={answer.nowMs} />,
        },
        { title: '拨给的积分', dataIndex: 'allotted', align: 'right' },
        { title: '今天单数', dataIndex: 'salesToday', align: 'right' },
        { title: '今天净用积分', dataIndex: 'pointsToday', align: 'right' },
        {
          title: '',
          key: 'free',
          render: (_, till) => <FreeTerm till={till} nowMs={answer.nowMs} done={again} />,
        },
      ]}
    />
  );
}

function Heard({ atMs, nowMs }: Readonly<{ atMs: number | null; nowMs: number }>): React.JSX.Element {
  if (atMs === null) return <span className="warn">还没联系过</span>;
  return <span className={nowMs - atMs > SILENT_MS ? 'warn strong' : ''}>{agoText(atMs, nowMs)}</span>;
}

function TermEnd({ endMs, nowMs }: Readonly<{ endMs: number | null; nowMs: number }>): React.JSX.Element {
  if (endMs === null) return <>—</>;
  return <span className={endMs < nowMs ? 'bad strong' : ''}>{dateTimeOf(endMs).slice(0, 16)}</span>;
}

function Villages({ answer }: Readonly<{ answer: Overview }>): React.JSX.Element {
  return (
    <Table
      size="small"
      rowKey="id"
      dataSource={answer.villages}
      title={villagesTitle}
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
      columns={[
        { title: '村', dataIndex: 'name' },
        { title: '会员', dataIndex: 'members', align: 'right' },
        { title: '发出积分', dataIndex: 'issued', align: 'right' },
        { title: '用积分（已减退积分）', dataIndex: 'spent', align: 'right' },
        { title: '还没用', dataIndex: 'outstanding', align: 'right' },
      ]}
    />
  );
}
