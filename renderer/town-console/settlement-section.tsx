import { Button, Input, Table } from 'antd';
import { useState } from 'react';
import { multiply, sum } from '../../shared/money.ts';
import { dayOf } from '../../shared/time.ts';
import { useReading } from '../back-office/reading.ts';
import { SectionHead } from '../back-office/section-head.tsx';
import { yuan } from '../parts/format.ts';
import { AnswerGate } from './answer-gate.tsx';
import { asked, town } from './town.ts';

type Row = Extract<Awaited<ReturnType<typeof town.settlement>>, { kind: 'ok' }>['rows'][number];

/** What each village and fund owes each shop for the points spent there in a month (R-T3). */
export function SettlementSection(): React.JSX.Element {
  const [month, setMonth] = useState(() => dayOf(Date.now()).slice(0, 7));
  const isMonth = /^\d{4}-(0[1-9]|1[0-2])$/.test(month);
  const settlement = useReading(isMonth ? `settlement ${month}` : 'no month', async () =>
    isMonth ? asked(town.settlement({ month })) : { kind: 'ok' as const, rows: [] },
  );
  return (
    <>
      <SectionHead title="按月结算">只算镇上已经收下并核过的单；积分是用积分减去退积分。</SectionHead>
      <div className="bar" style={{ marginBottom: 12 }}>
        <Button onClick={() => setMonth(otherMonth(month, -1))} disabled={!isMonth}>
          上个月
        </Button>
        <Input
          style={{ width: 120, textAlign: 'center' }}
          value={month}
          aria-label="月份"
          {...(isMonth ? {} : { status: 'error' as const })}
          onChange={(event) => setMonth(event.target.value)}
        />
        <Button onClick={() => setMonth(otherMonth(month, 1))} disabled={!isMonth}>
          下个月
        </Button>
      </div>
      <AnswerGate reading={settlement}>
        {(answer) => (
          <Table<Row>
            size="middle"
            rowKey={(row) => `${row.shop} ${row.village} ${row.fund}`}
            pagination={false}
            dataSource={answer.rows}
            locale={{ emptyText: '这个月没有要结的积分' }}
            columns={[
              { title: '村', dataIndex: 'villageName' },
              { title: '资金', dataIndex: 'fund' },
              { title: '付给门店', dataIndex: 'shopName' },
              { title: '净用积分', dataIndex: 'points', align: 'right' },
              {
                title: '金额（元）',
                dataIndex: 'amountFen',
                align: 'right',
                render: (fen: number) => <b>{yuan(fen)}</b>,
              },
            ]}
            summary={totalRow}
          />
        )}
      </AnswerGate>
    </>
  );
}

function totalRow(rows: readonly Row[]): React.ReactNode {
  if (rows.length === 0) return null;
  return (
    <Table.Summary.Row>
      <Table.Summary.Cell index={0} colSpan={3}>
        <b>合计</b>
      </Table.Summary.Cell>
      <Table.Summary.Cell index={3} align="right">
        <b>{sum(rows.map((row) => row.points))}</b>
      </Table.Summary.Cell>
      <Table.Summary.Cell index={4} align="right">
        <b>{yuan(sum(rows.map((row) => row.amountFen)))}</b>
      </Table.Summary.Cell>
    </Table.Summary.Row>
  );
}

/** The month that many months later; both are 'YYYY-MM'. */
function otherMonth(month: string, step: number): string {
  const count = multiply(Number(month.slice(0, 4)), 12) + Number(month.slice(5)) - 1 + step;
  return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}`;
}
