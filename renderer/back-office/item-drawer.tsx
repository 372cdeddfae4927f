import { Alert, Button, Descriptions, Drawer, Table, Tabs } from 'antd';
import { dateTimeOf } from '../../shared/time.ts';
import { quantityText, unitPrice, yuan } from '../parts/format.ts';
import type { Go } from './back-office.tsx';
import { core } from './core.ts';
import { useReading } from './reading.ts';

export type KnownItem = NonNullable<Awaited<ReturnType<ReturnType<typeof core.client>['item']>>>;

const WHICH: ReadonlyMap<string, string> = new Map([
  ['shelf', '标价'],
  ['clearance', '清仓价'],
  ['promotion', '促销价'],
]);

/** What moved stock, as the ledger names it; a name that is not known yet is shown as it is. */
const MOVEMENTS: ReadonlyMap<string, string> = new Map([
  ['sale', '销售'],
  ['refund', '退货'],
  ['goodsIn', '进货'],
  ['count', '盘点'],
  ['waste', '报损'],
]);

/** One item with its price history, movements and batches. */
export function ItemDrawer({
  item,
  close,
  go,
}: Readonly<{ item: string | null; close: () => void; go: Go }>): React.JSX.Element {
  const known = useReading(item ?? '', async () => (item === null ? null : core.client().item({ item })));
  const value = known.value?.item.id === item ? known.value : null;
  return (
    <Drawer
      open={item !== null}
      size={640}
      title={value === null ? '商品' : `${value.item.name} ${value.item.spec}`}
      onClose={close}
      extra={
        item === null ? null : (
          <div className="pair">
            <Button onClick={() => go('price', item)}>改价</Button>
            <Button onClick={() => go('item', item)}>编辑</Button>
          </div>
        )
      }
    >
      {known.failed ? <Alert type="error" title="没有读到这个商品，请关上再试。" /> : null}
      {value === null ? null : <Detail value={value} />}
    </Drawer>
  );
}

function Detail({ value }: Readonly<{ value: KnownItem }>): React.JSX.Element {
  const { item } = value;
  const amount = (quantity: number): string => quantityText(quantity, item.per, item.unit);
  return (
    <>
      <Descriptions
        size="small"
        column={2}
        items={[
          { key: 'code', label: '编码', children: item.code },
          { key: 'category', label: '分类', children: item.category },
          { key: 'stock', label: '现有库存', children: <b>{amount(value.stock)}</b> },
          { key: 'plu', label: '秤码', children: item.plu ?? '—' },
          {
            key: 'price',
            label: '标价',
            children: item.priceFen === null ? '未定价' : unitPrice(item.priceFen, item.per),
          },
          { key: 'cost', label: '进价', children: item.costFen === null ? '—' : yuan(item.costFen) },
          {
            key: 'clearance',
            label: '清仓价',
            children: item.clearanceFen === null ? '—' : unitPrice(item.clearanceFen, item.per),
          },
          { key: 'promotion', label: '促销', children: <Promotion item={item} /> },
          { key: 'life', label: '保质期', children: item.shelfLifeDays === null ? '—' : `${item.shelfLifeDays} 天` },
          { key: 'star', label: '星级折扣', children: item.discountable ? '参加' : '不参加' },
          { key: 'initials', label: '拼音首字母', children: item.initials === '' ? '—' : item.initials },
        ]}
      />
      <Tabs
        items={[
          { key: 'prices', label: '改价记录', children: <PriceHistory value={value} /> },
          {
            key: 'movements',
            label: '出入库',
            children: (
              <Table
                size="small"
                rowKey={(row) => `${row.atMs} ${row.kind} ${row.document} ${row.delta}`}
                pagination={{ pageSize: 12, hideOnSinglePage: true, showSizeChanger: false }}
                dataSource={value.movements}
                locale={{ emptyText: '还没有出入库' }}
                columns={[
                  { title: '时间', dataIndex: 'atMs', width: 175, render: (atMs: number) => dateTimeOf(atMs) },
                  {
                    title: '原因',
                    dataIndex: 'kind',
                    width: 70,
                    render: (kind: string) => MOVEMENTS.get(kind) ?? kind,
                  },
                  {
                    title: '数量',
                    dataIndex: 'delta',
                    align: 'right',
                    render: (delta: number) => `${delta > 0 ? '+' : ''}${amount(delta)}`,
                  },
                  { title: '单号', dataIndex: 'document', ellipsis: true },
                ]}
              />
            ),
          },
          {
            key: 'batches',
            label: '批次',
            children: (
              <Table
                size="small"
                rowKey="batch"
                pagination={{ pageSize: 12, hideOnSinglePage: true, showSizeChanger: false }}
                dataSource={value.batches}
                locale={{ emptyText: '还没有带日期的批次' }}
                columns={[
                  { title: '进货时间', dataIndex: 'receivedAtMs', render: (atMs: number) => dateTimeOf(atMs) },
                  { title: '数量', dataIndex: 'quantity', align: 'right', render: amount },
                  { title: '到期', dataIndex: 'expiresOn', render: (day: string | null) => day ?? '—' },
                ]}
              />
            ),
          },
        ]}
      />
    </>
  );
}

function Promotion({ item }: Readonly<{ item: KnownItem['item'] }>): React.JSX.Element {
  const { promotion } = item;
  if (promotion === null) return <>—</>;
  return (
    <>
      {unitPrice(promotion.priceFen, item.per)}
      <span className="small muted">
        （{promotion.fromDay} 至 {promotion.toDay}）
      </span>
    </>
  );
}

/** Every price change with who made it, newest first as the core gives it. */
export function PriceHistory({ value }: Readonly<{ value: KnownItem }>): React.JSX.Element {
  const operators = useReading('operators', () => core.client().operators());
  const names = new Map((operators.value ?? []).map((one) => [one.id, one.name]));
  const price = (fen: number | null): string => (fen === null ? '无' : unitPrice(fen, value.item.per));
  return (
    <Table
      size="small"
      rowKey={(row) => `${row.atMs} ${row.which} ${row.afterFen}`}
      pagination={{ pageSize: 12, hideOnSinglePage: true, showSizeChanger: false }}
      dataSource={value.prices}
      locale={{ emptyText: '还没有改过价' }}
      columns={[
        { title: '时间', dataIndex: 'atMs', width: 175, render: (atMs: number) => dateTimeOf(atMs) },
        { title: '哪个价', dataIndex: 'which', render: (which: string) => WHICH.get(which) ?? which },
        { title: '原来', dataIndex: 'beforeFen', align: 'right', render: price },
        { title: '改成', dataIndex: 'afterFen', align: 'right', render: price },
        {
          title: '谁改的',
          dataIndex: 'operator',
          render: (operator: string | null) => (operator === null ? '—' : (names.get(operator) ?? operator)),
        },
      ]}
    />
  );
}
