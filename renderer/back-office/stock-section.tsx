import { Alert, Button, Input, Segmented, Select, Table, type TableColumnsType, Tag } from 'antd';
import { useState } from 'react';
import { unitPrice, yuan } from '../parts/format.ts';
import { quantityText } from '../parts/format.ts';
import { useKeys } from '../parts/keyboard.ts';
import type { Go } from './back-office.tsx';
import { core } from './core.ts';
import { ItemDrawer } from './item-drawer.tsx';
import { useReading } from './reading.ts';
import { ItemName, SectionHead } from './section-head.tsx';

type Only = 'all' | 'low' | 'unpriced' | 'expiring';
type Row = Awaited<ReturnType<ReturnType<typeof core.client>['stock']>>['rows'][number];

const PAGE_SIZE = 50;
const FILTERS: { label: string; value: Only }[] = [
  { label: '全部', value: 'all' },
  { label: '低库存', value: 'low' },
  { label: '未定价', value: 'unpriced' },
  { label: '临期', value: 'expiring' },
];

/** Stock on hand, each figure the sum of its ledger lines in the core. */
export function StockSection({ go }: Readonly<{ go: Go }>): React.JSX.Element {
  const [text, setText] = useState('');
  const [only, setOnly] = useState<Only>('all');
  const [category, setCategory] = useState<string | null>(null);
  const [page, setPage] = useState(1);
  const [item, setItem] = useState<string | null>(null);
  const categories = useReading('categories', () => core.client().categories());
  const rows = useReading(`${text}|${only}|${category ?? ''}|${page}`, () =>
    core.client().stock({ text: text.trim(), only, category, offset: (page - 1) * PAGE_SIZE, limit: PAGE_SIZE }),
  );
  useKeys(
    0,
    () => null,
    (code) => {
      setText(code);
      setPage(1);
      return true;
    },
  );

  const columns: TableColumnsType<Row> = [
    { title: '商品', key: 'name', render: (_, row) => <ItemName name={row.name} spec={row.spec} code={row.code} /> },
    { title: '分类', dataIndex: 'category', width: 130 },
    {
      title: '标价（元）',
      key: 'price',
      align: 'right',
      width: 140,
      render: (_, row) =>
        row.priceFen === null ? <Tag color="warning">未定价</Tag> : unitPrice(row.priceFen, row.per),
    },
    {
      title: '进价（元）',
      key: 'cost',
      align: 'right',
      width: 120,
      render: (_, row) => (row.costFen === null ? <span className="muted">—</span> : yuan(row.costFen)),
    },
    {
      title: '现有库存',
      key: 'stock',
      align: 'right',
      width: 150,
      render: (_, row) => <b className={row.stock < 0 ? 'bad' : ''}>{quantityText(row.stock, row.per, row.unit)}</b>,
    },
    {
      title: '低库存线',
      key: 'low',
      align: 'right',
      width: 150,
      render: (_, row) => <LowStock row={row} />,
    },
  ];

  return (
    <>
      <SectionHead title="库存">现有库存是每一笔进货、销售、退货、盘点、报损加起来的数。点一行看明细。</SectionHead>
      <div className="bar" style={{ marginBottom: 12 }}>
        <Input
          style={{ width: 300 }}
          autoFocus
          allowClear
          value={text}
          placeholder="扫码，或编码 / 拼音 / 品名"
          aria-label="查找商品"
          onChange={(event) => {
            setText(event.target.value.slice(0, 60));
            setPage(1);
          }}
        />
        <Select<string>
          style={{ width: 170 }}
          allowClear
          showSearch
          placeholder="全部分类"
          value={category}
          options={(categories.value ?? []).map((one) => ({ label: one, value: one }))}
          onChange={(value) => {
            setCategory(value ?? null);
            setPage(1);
          }}
        />
        <Segmented<Only>
          value={only}
          options={FILTERS}
          onChange={(value) => {
            setOnly(value);
            setPage(1);
          }}
        />
        <span className="grow" />
        <Button onClick={rows.again}>刷新</Button>
        <Button type="primary" onClick={() => go('item')}>
          新商品
        </Button>
      </div>
      {rows.failed ? <Alert type="error" title="没有读到库存，请点“刷新”再试。" style={{ marginBottom: 12 }} /> : null}
      <Table<Row>
        size="small"
        rowKey="item"
        columns={columns}
        loading={rows.busy && rows.value === null}
        dataSource={rows.value?.rows ?? []}
        onRow={(row) => ({ onClick: () => setItem(row.item), style: { cursor: 'pointer' } })}
        pagination={{
          current: page,
          pageSize: PAGE_SIZE,
          total: rows.value?.total ?? 0,
          showSizeChanger: false,
          showTotal: (total) => `共 ${total} 种`,
          onChange: setPage,
        }}
        locale={{ emptyText: '没有符合的商品' }}
      />
      <ItemDrawer item={item} close={() => setItem(null)} go={go} />
    </>
  );
}

function LowStock({ row }: Readonly<{ row: Row }>): React.JSX.Element {
  if (row.lowStock === null) return <span className="muted">不提醒</span>;
  const line = quantityText(row.lowStock, row.per, row.unit);
  return row.stock < row.lowStock ? <Tag color="error">低于 {line}</Tag> : <span className="muted">{line}</span>;
}
