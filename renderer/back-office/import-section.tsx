import { Alert, Button, Table } from 'antd';
import { useRef, useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { importReasonText } from '../../shared/import-reasons.ts';
import { core } from './core.ts';
import { SectionHead } from './section-head.tsx';

type Report = Awaited<ReturnType<ReturnType<typeof core.client>['importItems']>>;
type Rejected = Extract<Report, { kind: 'imported' }>['rejected'][number];
type Step =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'busy'; fileName: string }>
  | Readonly<{ kind: 'tooLarge'; fileName: string }>
  | Readonly<{ kind: 'lost'; fileName: string }>
  | Readonly<{ kind: 'answered'; fileName: string; report: Report }>;

/** Base64 makes four characters of three bytes, and the contract takes 30 million of them. */
const FILE_BYTES_MAX = 22_000_000;

const REFUSALS: Readonly<Record<Extract<Report, { kind: 'refused' }>['reason'], string>> = {
  unreadableFile: '这个文件读不懂。请另存为 CSV 或 Excel（xlsx）再试。',
  noCodeColumn: '没有找到编码列。表头里要有“编码”或“条码”。',
  noNameColumn: '没有找到品名列。表头里要有“品名”或“名称”。',
  empty: '文件里没有商品。',
  diskFull: '磁盘满了，没有导完。已导入的都在；腾出空间后再导一次，不会重复。',
  managerOnly: '导入要店长来做，请店长登录后再试。',
};

/** Takes a list of goods as it is: CSV in UTF-8 or GBK, or Excel. Running it twice changes nothing the second time. */
export function ImportSection(): React.JSX.Element {
  const [step, setStep] = useState<Step>({ kind: 'ready' });
  const field = useRef<HTMLInputElement>(null);

  async function take(file: File): Promise<void> {
    const fileName = file.name.slice(-200);
    if (file.size > FILE_BYTES_MAX) {
      setStep({ kind: 'tooLarge', fileName });
      return;
    }
    setStep({ kind: 'busy', fileName });
    try {
      const report = await core.client().importItems({ fileName, base64: await base64Of(file) });
      setStep({ kind: 'answered', fileName, report });
    } catch {
      setStep({ kind: 'lost', fileName });
    }
  }

  return (
    <>
      <SectionHead title="导入">
        直接选商品表：CSV（UTF-8 或 GBK）或 Excel 都行，按表头自动对列。重复导入是安全的，不会重复建。
      </SectionHead>
      <div className="sheet bar">
        <input
          ref={field}
          type="file"
          hidden
          accept=".csv,.txt,.xlsx,.xls"
          aria-label="商品表文件"
          onChange={(event) => {
            const file = event.target.files?.[0];
            // The same file chosen again must be a change too.
            event.target.value = '';
            if (file !== undefined) void take(file);
          }}
        />
        <Button type="primary" size="large" loading={step.kind === 'busy'} onClick={() => field.current?.click()}>
          选择文件
        </Button>
        <span className="muted">
          {step.kind === 'ready' ? '没有定价的商品也会进来，定了价才能卖。' : step.fileName}
        </span>
      </div>
      <Said step={step} />
    </>
  );
}

function Said({ step }: Readonly<{ step: Step }>): React.JSX.Element | null {
  switch (step.kind) {
    case 'ready':
      return null;
    case 'busy':
      return <Alert type="info" title="正在导入，请不要关窗口。照常可以收银。" />;
    case 'tooLarge':
      return <Alert type="error" showIcon title="文件太大，请分成几个文件再导入。没有导入任何一行。" />;
    case 'lost':
      return <Alert type="error" showIcon title="没有收到收银机的回答。再导入一次是安全的，已经进来的不会重复。" />;
    case 'answered':
      return step.report.kind === 'refused' ? (
        <Alert type="error" showIcon title={REFUSALS[step.report.reason]} />
      ) : (
        <ReportTable report={step.report} />
      );
    default:
      return assertNever(step);
  }
}

const rejectedTitle = (): React.ReactNode => <b>没有收的行（改好文件再导入一次就行）</b>;

function ReportTable({ report }: Readonly<{ report: Extract<Report, { kind: 'imported' }> }>): React.JSX.Element {
  const figures = [
    ['读到', report.read],
    ['新增', report.imported],
    ['更新', report.updated],
    ['没变', report.unchanged],
    ['没有收', report.rejected.length],
  ] as const;
  return (
    <>
      <div className="sheet bar" style={{ gap: 40 }}>
        {figures.map(([label, count]) => (
          <span key={label}>
            {label} <b style={{ fontSize: 22 }}>{count}</b> 行
          </span>
        ))}
      </div>
      {report.rejected.length === 0 ? (
        <Alert type="success" showIcon title="每一行都收下了。" />
      ) : (
        <Table<Rejected>
          size="small"
          rowKey={(row) => `${row.row} ${row.code} ${row.reason}`}
          dataSource={report.rejected}
          pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
          title={rejectedTitle}
          columns={[
            { title: '行号', dataIndex: 'row', width: 100, align: 'right' },
            { title: '编码', dataIndex: 'code', width: 240, render: (code: string) => (code === '' ? '—' : code) },
            { title: '原因', dataIndex: 'reason', render: (reason: string) => importReasonText(reason) },
          ]}
        />
      )}
    </>
  );
}

/** A file as base64, without passing through a string that a large file would overflow. */
function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      const address = typeof reader.result === 'string' ? reader.result : '';
      resolve(address.slice(address.indexOf(',') + 1));
    });
    reader.addEventListener('error', () => reject(reader.error ?? new Error('the file cannot be read')));
    reader.readAsDataURL(file);
  });
}
