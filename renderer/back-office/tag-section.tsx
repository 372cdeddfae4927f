import { Alert, Button, Popconfirm, Table } from 'antd';
import { useState } from 'react';
import { dateTimeOf } from '../../shared/time.ts';
import { unitPrice } from '../parts/format.ts';
import { core } from './core.ts';
import { ItemPicker } from './item-picker.tsx';
import { useReading } from './reading.ts';
import { ItemName, SectionHead } from './section-head.tsx';
import { useSending } from './sending.ts';

type Due = Awaited<ReturnType<ReturnType<typeof core.client>['tagsDue']>>;
type Row = Due['rows'][number];

const ROWS_MAX = 200;

/** Shelf tags: the goods whose price changed since their tag was printed, and a tag for any other. */
export function TagSection(): React.JSX.Element {
  const due = useReading('tagsDue', () => core.client().tagsDue({ limit: ROWS_MAX }));
  const sending = useSending();
  const [picked, setPicked] = useState<readonly string[]>([]);
  const rows = due.value?.rows ?? [];
  const print = async (items: readonly string[]): Promise<void> => {
    if (items.length === 0) return;
    const outcome = await sending.run({ kind: 'printTags', items: [...items] }, `正在打 ${items.length} 张价签`);
    if (outcome.kind === 'done') setPicked([]);
    due.again();
  };
  return (
    <>
      <SectionHead
        title="价签"
        right={
          <div className="pair">
            <Button onClick={due.again}>刷新</Button>
            <Popconfirm
              title="货架上的价签都已经对了？下面的单子会清空。"
              okText="都对了"
              cancelText="不是"
              onConfirm={() => void sending.run({ kind: 'settleTags' }).then(due.again)}
            >
              <Button disabled={rows.length === 0}>都当作打过了</Button>
            </Popconfirm>
            <Button
              type="primary"
              loading={sending.busy}
              disabled={rows.length === 0}
              onClick={() => void print(picked.length === 0 ? rows.map((row) => row.item) : picked)}
            >
              {picked.length === 0 ? `打全部 ${rows.length} 张` : `打选中的 ${picked.length} 张`}
            </Button>
          </div>
        }
      >
        改过标价、价签还没换的都在这里；新商品或别的商品要一张，扫它就打。
      </SectionHead>
      <ItemPicker onPick={(found) => void print([found.item])} />
      {due.failed ? <Alert type="error" title="没有读到要打的价签，请再试一次。" /> : null}
      {(due.value?.total ?? 0) > ROWS_MAX ? (
        <Alert type="info" title={`一共 ${due.value?.total ?? 0} 种，先列最近改的 ${ROWS_MAX} 种。`} />
      ) : null}
      <Table<Row>
        size="middle"
        rowKey="item"
        loading={due.busy && due.value === null}
        dataSource={rows}
        pagination={{ pageSize: 10, showSizeChanger: false }}
        rowSelection={{ selectedRowKeys: [...picked], onChange: (keys) => setPicked(keys.map(String)) }}
        locale={{ emptyText: '没有要换的价签' }}
        columns={[
          {
            title: '商品',
            key: 'name',
            render: (_, row) => <ItemName name={row.name} spec={row.spec} code={row.code} />,
          },
          {
            title: '标价（元）',
            key: 'price',
            align: 'right',
            width: 140,
            render: (_, row) => unitPrice(row.priceFen, row.per),
          },
          { title: '改价时间', key: 'at', width: 190, render: (_, row) => dateTimeOf(row.changedAtMs) },
          {
            title: '',
            key: 'print',
            width: 110,
            render: (_, row) => <Button onClick={() => void print([row.item])}>打一张</Button>,
          },
        ]}
      />
    </>
  );
}
