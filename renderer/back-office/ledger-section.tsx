import { Alert, Button, Table } from 'antd';
import { useState } from 'react';
import { core } from './core.ts';
import { SectionHead } from './section-head.tsx';

type Verified = Awaited<ReturnType<ReturnType<typeof core.client>['verify']>>;
type Rebuilt = Awaited<ReturnType<ReturnType<typeof core.client>['rebuild']>>;
type Check<T> = Readonly<{ kind: 'none' | 'busy' | 'lost' }> | Readonly<{ kind: 'done'; value: T }>;

/** The journal: walk its chain, and rebuild everything that is derived from it. */
export function LedgerSection(): React.JSX.Element {
  const [verified, setVerified] = useState<Check<Verified>>({ kind: 'none' });
  const [rebuilt, setRebuilt] = useState<Check<Rebuilt>>({ kind: 'none' });

  async function verify(): Promise<void> {
    setVerified({ kind: 'busy' });
    try {
      setVerified({ kind: 'done', value: await core.client().verify() });
    } catch {
      setVerified({ kind: 'lost' });
    }
  }

  async function rebuild(): Promise<void> {
    setRebuilt({ kind: 'busy' });
    try {
      setRebuilt({ kind: 'done', value: await core.client().rebuild() });
    } catch {
      setRebuilt({ kind: 'lost' });
    }
  }

  return (
    <>
      <SectionHead title="账本">
        账本只增不改，每条记录扣住前一条。这里可以从头核对，也可以照账本重算库存和合计。
      </SectionHead>
      <div className="two">
        <div className="sheet">
          <h3>核对账本</h3>
          <p className="muted" style={{ margin: '4px 0 14px' }}>
            从第一条起逐条核对，改过一个字都会发现。照常可以收银。
          </p>
          <Button type="primary" size="large" loading={verified.kind === 'busy'} onClick={() => void verify()}>
            从头核对
          </Button>
          <div style={{ marginTop: 14 }}>
            {verified.kind === 'lost' ? <Alert type="error" title="没有核对完，请再试一次。账本没有改动。" /> : null}
            {verified.kind === 'done' ? <VerifySaid value={verified.value} /> : null}
          </div>
        </div>
        <div className="sheet">
          <h3>重建汇总</h3>
          <p className="muted" style={{ margin: '4px 0 14px' }}>
            库存、余额、班次合计都是从账本算出来的。重算一遍，看是不是和现在的一样。
          </p>
          <Button type="primary" size="large" loading={rebuilt.kind === 'busy'} onClick={() => void rebuild()}>
            重建并比较
          </Button>
          <div style={{ marginTop: 14 }}>
            {rebuilt.kind === 'lost' ? <Alert type="error" title="没有重建完，请再试一次。账本没有改动。" /> : null}
            {rebuilt.kind === 'done' ? <RebuildSaid value={rebuilt.value} /> : null}
          </div>
        </div>
      </div>
      <p className="small muted">
        说明：账本能看出改动，不能防住一切。拿到密钥和硬盘的人可以丢掉最后还没传到镇上的几条，所以有网就上传，小票上也印着序号和短码。
      </p>
    </>
  );
}

function VerifySaid({ value }: Readonly<{ value: Verified }>): React.JSX.Element {
  if (value.state === 'damaged') {
    return (
      <Alert
        type="error"
        showIcon
        title={`账本有损坏${value.atSeq === null ? '' : `：第 ${value.atSeq} 条`}`}
        description={`${value.fault ?? ''} 不要删除或复制数据文件夹，请联系维护人员从备份恢复。`}
      />
    );
  }
  return (
    <Alert
      type="success"
      showIcon
      title={`账本完好：${value.records} 条记录，一条不差`}
      description={
        <span className="small" style={{ wordBreak: 'break-all' }}>
          第 {value.incarnations} 代 · 末条 {value.headHash}
        </span>
      }
    />
  );
}

function RebuildSaid({ value }: Readonly<{ value: Rebuilt }>): React.JSX.Element {
  return (
    <>
      <Alert
        type={value.identical ? 'success' : 'error'}
        showIcon
        style={{ marginBottom: 10 }}
        title={value.identical ? '重算的和现在的完全一样' : '有的汇总和账本不一样，已照账本改正，请再日结一次'}
      />
      <Table
        size="small"
        rowKey="table"
        pagination={false}
        dataSource={value.tables}
        columns={[
          { title: '汇总表', dataIndex: 'table' },
          { title: '行数', dataIndex: 'rows', align: 'right' },
          {
            title: '结果',
            dataIndex: 'identical',
            align: 'right',
            render: (identical: boolean) =>
              identical ? <span className="good">一样</span> : <b className="bad">不一样</b>,
          },
        ]}
      />
    </>
  );
}
