import { type ReactNode, useState } from 'react';
import type { NightReport } from '../../shared/till-contract.ts';
import { breakWords, nightStepWords, nightWords, ownerWords } from '../../shared/words.ts';
import { yuan } from '../parts/format.ts';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { useRead } from './reading.tsx';
import { Figure } from './figure.tsx';
import { connection, useTill } from './till.ts';
import './night.css';

export function NightDialog(): ReactNode {
  const { hide, say } = useTill();
  const last = useRead(() => connection.client().nights({ limit: 1 }));
  const [report, setReport] = useState<NightReport | null>(null);
  const [busy, setBusy] = useState(false);
  const shown = report ?? last.value?.[0] ?? null;
  const run = (): void => {
    if (busy) return;
    setBusy(true);
    connection
      .client()
      .night()
      .then(setReport)
      .catch(() => say({ tone: 'warn', text: 'nightPending' }))
      .finally(() => setBusy(false));
  };
  // Once this very run came out even there is nothing left to do but to read it.
  const settled = report?.state === 'matched' && !busy;
  return (
    <Frame
      title="日结"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? (settled ? hide : run) : null)}
    >
      <p className="lead">关今天的账，上传记录，与镇上逐项核对。可以随时做，中断了再做一次就好。</p>
      {shown === null ? (
        <p className="nothing">{last.state === 'loading' ? '正在读取…' : '还没有日结过'}</p>
      ) : (
        <NightResult report={shown} />
      )}
      <button type="button" className="pay-key" disabled={busy} onMouseDown={keepFocus} onClick={settled ? hide : run}>
        {busy ? '正在日结，可以关上这一页' : settled ? '知道了' : '现在日结'} <kbd>Enter</kbd>
      </button>
    </Frame>
  );
}

function NightResult({ report }: { report: NightReport }): ReactNode {
  return (
    <div className="night" data-state={report.state}>
      <p className="night-state">
        <i aria-hidden="true">{report.state === 'matched' ? '✓' : report.state === 'pending' ? '▲' : '■'}</i>
        {report.businessDay} · {nightWords[report.state]}
        {report.pendingBecause === 'practising'
          ? ' · 练习的账不和镇上核对'
          : report.pendingAt !== null && ` · 停在“${nightStepWords[report.pendingAt]}”，联网后自动继续`}
      </p>
      <div className="figures">
        <Figure label="销售" value={`${report.till.sales} 单`} />
        <Figure label="退货" value={`${report.till.refunds} 单`} />
        <Figure label="销售额" value={yuan(report.till.totalFen)} />
        <Figure label="用积分" value={`${report.till.pointsSpent} 分`} />
        <Figure label="退积分" value={`${report.till.pointsBack} 分`} />
        <Figure label="已上传" value={`${report.uploaded} 条`} />
      </div>
      {report.breaks.map((one) => (
        <p key={one.id} className="fact-line warn">
          ■ {breakWords[one.kind].what}（{ownerWords[one.owner]}处理）：{breakWords[one.kind].todo}
        </p>
      ))}
    </div>
  );
}
