import { Alert, Button, Table } from 'antd';
import { useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import type { Break, NightReport, Screen } from '../../shared/till-contract.ts';
import { dateTimeOf } from '../../shared/time.ts';
import { breakWords, nightStepWords, nightWords, ownerWords, priceReasonWords } from '../../shared/words.ts';
import { yuan } from '../parts/format.ts';
import { core } from './core.ts';
import { NightStick } from './night-stick.tsx';
import { useReading } from './reading.ts';
import { SectionHead } from './section-head.tsx';
import { townRefusalWords } from './town-words.ts';

type Totals = NightReport['till'];

/** What the journal's accounts are called; the part behind a colon is kept as the ledger has it. */
const ACCOUNTS: ReadonlyMap<string, string> = new Map([
  ['drawer', '钱箱现金'],
  ['mobile', '手机支付'],
  ['receivable', '应收积分款'],
  ['discount', '优惠'],
  ['truncation', '抹零'],
  ['cashRounding', '现金进位'],
  ['pointsRounding', '积分进位'],
  ['sales', '销售（标价）'],
  ['safe', '保险柜'],
  ['expense', '支出'],
  ['cashDifference', '长短款'],
  ['spent', '花掉的积分'],
  ['allotment', '本机积分额度'],
  ['granted', '镇上拨来'],
  ['returned', '退回镇上'],
]);

/** Parts of an account's name that have words of their own. */
const PARTS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(priceReasonWords),
  ['wechat', '微信'],
  ['alipay', '支付宝'],
  ['unionpay', '云闪付'],
]);

/** The page of the morning: matched, or each break with its owner and what to do next. */
export function NightSection({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const nights = useReading(`nights ${screen.status.night}`, () => core.client().nights({ limit: 30 }));
  const [running, setRunning] = useState(false);
  const [failed, setFailed] = useState(false);
  const [chosen, setChosen] = useState(0);
  const isRunning = running || screen.status.night === 'running';
  const all = nights.value ?? [];
  const report = all[chosen];

  async function runNow(): Promise<void> {
    setRunning(true);
    setFailed(false);
    try {
      await core.client().night();
      setChosen(0);
    } catch {
      setFailed(true);
    }
    setRunning(false);
    nights.again();
  }

  return (
    <>
      <SectionHead
        title="夜间对账"
        right={
          <Button type="primary" size="large" loading={isRunning} onClick={() => void runNow()}>
            {isRunning ? '正在对账' : '现在对账'}
          </Button>
        }
      >
        每晚自动做。收银机和镇上各算各的，两边要一分不差。
      </SectionHead>
      <NightStick onChange={nights.again} />
      {failed ? (
        <Alert
          type="warning"
          showIcon
          style={{ marginBottom: 12 }}
          title="对账没有跑完。账都在，什么都没丢；请再按一次，它会从断的地方接着做。"
        />
      ) : null}
      {nights.failed ? <Alert type="error" title="没有读到对账记录，请再试。" /> : null}
      {report === undefined ? (
        nights.value === null ? null : (
          <div className="sheet muted">还没有对过账。今晚关店后自动对，也可以按“现在对账”。</div>
        )
      ) : (
        <Report report={report} isRunning={isRunning && chosen === 0 && report.state === 'pending'} />
      )}
      {all.length > 1 ? (
        <Table<NightReport>
          size="small"
          rowKey={(row) => `${row.businessDay} ${row.statementNumber ?? ''} ${row.finishedAtMs ?? ''}`}
          dataSource={all}
          title={earlierTitle}
          pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
          onRow={(row) => ({ onClick: () => setChosen(all.indexOf(row)), style: { cursor: 'pointer' } })}
          columns={[
            {
              title: '营业日',
              dataIndex: 'businessDay',
              render: (day: string, row) => (row === report ? <b>{day} ◂</b> : day),
            },
            { title: '结果', dataIndex: 'state', render: (state: NightReport['state']) => <State state={state} /> },
            { title: '不一致', key: 'breaks', align: 'right', render: (_, row) => row.breaks.length },
            { title: '上传', dataIndex: 'uploaded', align: 'right' },
            { title: '对账单号', dataIndex: 'statementNumber', align: 'right', render: (n: number | null) => n ?? '—' },
            {
              title: '完成',
              dataIndex: 'finishedAtMs',
              align: 'right',
              render: (atMs: number | null) => (atMs === null ? '—' : dateTimeOf(atMs)),
            },
          ]}
        />
      ) : null}
    </>
  );
}

const earlierTitle = (): React.ReactNode => <b>以前的对账（点一行看）</b>;

function State({ state }: Readonly<{ state: NightReport['state'] }>): React.JSX.Element {
  const tone = { matched: 'good', breaks: 'bad', pending: 'warn' }[state];
  return <b className={tone}>{nightWords[state]}</b>;
}

function Report({ report, isRunning }: Readonly<{ report: NightReport; isRunning: boolean }>): React.JSX.Element {
  return (
    <>
      <div className={`verdict ${report.state}`} style={{ marginBottom: 12 }}>
        <b>{isRunning ? '正在对账' : verdict(report)}</b>
        <span>{isRunning ? '可以照常收银，稍等片刻。' : said(report)}</span>
      </div>
      {report.breaks.length === 0 ? null : (
        <Table<Break>
          size="small"
          rowKey="id"
          pagination={false}
          dataSource={report.breaks}
          style={{ marginBottom: 12 }}
          columns={[
            { title: '出了什么事', key: 'what', render: (_, one) => <What one={one} /> },
            {
              title: '本机',
              key: 'till',
              align: 'right',
              width: 120,
              render: (_, one) => amountOf(one, one.tillAmount),
            },
            {
              title: '镇上',
              key: 'town',
              align: 'right',
              width: 120,
              render: (_, one) => amountOf(one, one.townAmount),
            },
            { title: '谁来处理', key: 'owner', width: 110, render: (_, one) => <b>{ownerWords[one.owner]}</b> },
            { title: '下一步', key: 'todo', render: (_, one) => breakWords[one.kind].todo },
            { title: '从哪天起', dataIndex: 'sinceDay', width: 120 },
          ]}
        />
      )}
      <div className="sheet">
        <Sums till={report.till} town={report.town} />
      </div>
    </>
  );
}

function verdict(report: NightReport): string {
  switch (report.state) {
    case 'matched':
      return '一致';
    case 'breaks':
      return `${report.breaks.length} 处不一致`;
    case 'pending':
      return '等联网';
    default:
      return assertNever(report.state);
  }
}

function said(report: NightReport): string {
  const uploaded = report.uploaded > 0 ? `，上传了 ${report.uploaded} 条记录` : '';
  switch (report.state) {
    case 'matched':
      return `${report.businessDay}：本机和镇上一分不差${uploaded}。对账单第 ${report.statementNumber ?? '—'} 号。`;
    case 'breaks':
      return `${report.businessDay}：按下面写的处理${uploaded}。其余的都已对平，照常营业。`;
    case 'pending': {
      const step = report.pendingAt === null ? '与镇上核对' : nightStepWords[report.pendingAt];
      const because =
        report.pendingBecause === null ? '' : `（${REASONS.get(report.pendingBecause) ?? report.pendingBecause}）`;
      return `${report.businessDay}：这一天已经结好，停在“${step}”${because}。每一笔都在本机账本里，什么都没有丢；联网后自动接着做，也可以按“现在对账”。`;
    }
    default:
      return assertNever(report.state);
  }
}

/** Why a night waits; what the core names otherwise is shown as it is. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(townRefusalWords),
  ['unreachable', '镇上连不上'],
  ['carried', '已写到 U 盘，等镇上的答复'],
  ['notEnrolled', '还没有注册'],
  ['wrongKey', '对方不是本镇的服务器'],
  ['malformed', '镇上的回答读不懂'],
  ['chain', '对账单和上一张接不上'],
  ['diskFull', '磁盘满了'],
  ['practising', '练习的账不和镇上核对'],
]);

function What({ one }: Readonly<{ one: Break }>): React.JSX.Element {
  return (
    <>
      {breakWords[one.kind].what}
      <div className="small muted">
        {one.account === null ? '' : accountName(one.account)}
        {one.seq === null ? '' : ` 第 ${one.seq} 条记录`}
      </div>
    </>
  );
}

function amountOf(one: Break, amount: number | null): string {
  if (amount === null) return '—';
  return one.account?.startsWith('fen ') === true || one.account?.endsWith('Fen') === true
    ? yuan(amount)
    : String(amount);
}

/** `fen receivable:v01:fund` is '应收积分款 v01 fund（元）'. */
function accountName(account: string): string {
  const match = /^(?:(fen|points) )?([^:]+)(?::(.*))?$/.exec(account);
  if (match === null) return account;
  const [, unit, name = account, rest] = match;
  const words = ACCOUNTS.get(name) ?? ROWS.find((row) => row.figure === name)?.label ?? name;
  return `${words}${rest === undefined ? '' : ` ${PARTS.get(rest) ?? rest.replaceAll(':', ' ')}`}${unit === 'points' ? '（分）' : ''}`;
}

type Figure = Exclude<keyof Totals, 'accounts'>;
const ROWS: readonly Readonly<{ figure: Figure; label: string; unit: 'fen' | 'points' | 'count' }>[] = [
  { figure: 'sales', label: '销售笔数', unit: 'count' },
  { figure: 'refunds', label: '退货笔数', unit: 'count' },
  { figure: 'lines', label: '商品行数', unit: 'count' },
  { figure: 'totalFen', label: '应收合计（元）', unit: 'fen' },
  { figure: 'pointsSpent', label: '花掉积分（分）', unit: 'points' },
  { figure: 'pointsBack', label: '退回积分（分）', unit: 'points' },
  { figure: 'cashFen', label: '现金（元）', unit: 'fen' },
  { figure: 'mobileFen', label: '手机支付（元）', unit: 'fen' },
];

/** A number that is not money, with the same minus sign as money has. */
function count(amount: number): string {
  return String(amount).replace('-', '−');
}

/** Both sides' totals to the fen and the point, each as that side sent it. */
function Sums({ till, town }: Readonly<{ till: Totals; town: Totals | null }>): React.JSX.Element {
  const accounts = [...new Set([...Object.keys(till.accounts), ...Object.keys(town?.accounts ?? {})])].toSorted();
  return (
    <div className="two">
      <SumTable
        title="合计"
        hasTown={town !== null}
        rows={ROWS.map(({ figure, label, unit }) => {
          const show = unit === 'fen' ? yuan : count;
          return {
            label,
            till: show(till[figure]),
            town: town === null ? '—' : show(town[figure]),
            differs: town !== null && till[figure] !== town[figure],
          };
        })}
      />
      <SumTable
        title="账户"
        hasTown={town !== null}
        rows={accounts.map((account) => {
          const show = account.startsWith('fen ') ? yuan : count;
          const ours = till.accounts[account] ?? 0;
          const theirs = town?.accounts[account] ?? 0;
          return {
            label: accountName(account),
            till: show(ours),
            town: town === null ? '—' : show(theirs),
            differs: town !== null && ours !== theirs,
          };
        })}
      />
    </div>
  );
}

function SumTable({
  title,
  hasTown,
  rows,
}: Readonly<{
  title: string;
  hasTown: boolean;
  rows: readonly Readonly<{ label: string; till: string; town: string; differs: boolean }>[];
}>): React.JSX.Element {
  return (
    <table className="sums">
      <thead>
        <tr>
          <th>{title}</th>
          <th>本机</th>
          <th>镇上</th>
          <th style={{ width: 30 }} aria-label="是否一致" />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.label} className={row.differs ? 'differs' : ''}>
            <td>{row.label}</td>
            <td>{row.till}</td>
            <td>{row.town}</td>
            <td className="good">{hasTown ? row.differs ? <span className="bad">≠</span> : '✓' : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
