import { Alert, Button, Modal } from 'antd';
import { useState } from 'react';
import { dateTimeOf } from '../../shared/time.ts';
import type { Overview } from './overview-section.tsx';
import { useTelling } from './telling.ts';
import { town } from './town.ts';

type Till = Overview['tills'][number];
type Term = Till['terms'][number];

/** Frees the points of a till that is silent for good. Shown only where a term is due; the possible loss is named first. */
export function FreeTerm({
  till,
  nowMs,
  done,
}: Readonly<{ till: Till; nowMs: number; done: () => void }>): React.JSX.Element {
  const telling = useTelling();
  const [asking, setAsking] = useState<Term | null>(null);
  const due = till.terms.filter((term) => term.freeableAtMs <= nowMs && term.allotted > 0);

  async function free(term: Term): Promise<void> {
    await telling.tell(
      () => town.freeTerm({ term: term.term, agreedLoss: term.allotted }),
      `${till.name} 的 ${term.allotted} 分已放回镇上`,
    );
    // Refused or not, the figures that were agreed to are to be read again.
    setAsking(null);
    done();
  }

  return (
    <>
      {due.map((term) => (
        <Button key={term.term} size="small" danger onClick={() => setAsking(term)}>
          {term.incarnation === till.incarnation ? '放回积分' : `放回第 ${term.incarnation} 代的积分`}
        </Button>
      ))}
      {asking === null ? null : (
        <Modal
          open
          title={`放回拨给 ${till.shopName} ${till.name} 的 ${asking.allotted} 分？`}
          okText={`放回，我知道最多亏 ${asking.allotted} 分`}
          cancelText="不"
          confirmLoading={telling.busy}
          okButtonProps={{ danger: true }}
          onOk={() => void free(asking)}
          onCancel={() => setAsking(null)}
        >
          <Alert
            type="warning"
            showIcon
            title={`最多可能亏 ${asking.allotted} 分`}
            description="这台机器里如果还有没送上来的单，那些积分会被用两次，多出来的由资金兜底，不会扣村民的。"
          />
          <p style={{ marginTop: 12 }}>
            请先打电话问清楚：机器能修好、能联网的，先让它日结。确实坏了、丢了、数据没了，再放回。额度{' '}
            {dateTimeOf(asking.endMs).slice(0, 16)} 到期，已过 24 小时。
          </p>
          <p className="muted">放回以后这份额度永远作废，机器再联系时会得到一份新的、空的。</p>
        </Modal>
      )}
    </>
  );
}
