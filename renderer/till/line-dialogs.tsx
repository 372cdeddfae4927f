import { type ReactNode, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import { formatQuantity, parseQuantity } from '../../shared/quantity.ts';
import { unitPrice, yuan } from '../parts/format.ts';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { Frame, Reasons, reasonByArrows } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { KeyButton } from './key-button.tsx';
import { useTill } from './till.ts';

export function QuantityDialog({ line }: { line: number }): ReactNode {
  const { hide, send, say, screen } = useTill();
  const shown = screen.sale.lines[line];
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  if (shown === undefined) return null;
  const enter = (): void => {
    const quantity = parseQuantity(text, shown.per);
    if (quantity === null) {
      say({ tone: 'warn', text: shown.per === 'piece' ? '请输入件数，例如 3' : '请输入重量，例如 1.46（斤）或 730克' });
      return;
    }
    void send({ kind: 'setQuantity', line, quantity }).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  return (
    <EntryDialog
      title={shown.per === 'piece' ? '改数量' : '改重量'}
      leave={hide}
      field={field}
      point={shown.per !== 'piece'}
      enter={enter}
    >
      <p className="lead">
        <b>{shown.name}</b> {shown.spec}
      </p>
      <p className="fact-line">
        现在 <b>{formatQuantity(shown.quantity, shown.per)}</b> · {unitPrice(shown.priceFen, shown.per)}
      </p>
      <EntryField
        field={field}
        label={shown.per === 'piece' ? '新的件数' : '新的重量（斤或 kg 按单价，也可写 730克）'}
        text={text}
        type={setText}
      />
    </EntryDialog>
  );
}

const PRICE_REASONS = ['临近保质期', '包装破损', '价签不符', '店长优惠'] as const;

export function PriceDialog({ line }: { line: number }): ReactNode {
  const { hide, sendApproved, say, screen } = useTill();
  const shown = screen.sale.lines[line];
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [reason, setReason] = useState<string>(PRICE_REASONS[0]);
  if (shown === undefined) return null;
  const set = (priceFen: number | null): void => {
    void sendApproved(
      (approval) => ({ kind: 'setPrice', line, priceFen, reason, approval }),
      priceFen === null ? `${shown.name} 恢复原价` : `${shown.name} 改价为 ${yuan(priceFen)} 元（${reason}）`,
    ).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  const enter = (): void => {
    const priceFen = parseYuan(text);
    if (priceFen === null) say({ tone: 'warn', text: '请输入单价，例如 8.50' });
    else set(priceFen);
  };
  return (
    <EntryDialog
      title="改价"
      leave={hide}
      field={field}
      point
      enter={enter}
      onKey={({ name }) => {
        if (name === 'h' && shown.reason === 'manual') return () => set(null);
        return reasonByArrows(name, PRICE_REASONS, reason, setReason);
      }}
    >
      <p className="lead">
        <b>{shown.name}</b> {shown.spec} · 标价 {unitPrice(shown.priceFen, shown.per)}
      </p>
      <EntryField field={field} label="新单价（元，只能往低改）" text={text} type={setText} />
      <span className="field-label">
        原因 <kbd>←</kbd> <kbd>→</kbd>
      </span>
      <Reasons reasons={PRICE_REASONS} picked={reason} pick={setReason} />
      {shown.reason === 'manual' && (
        <button type="button" className="key wide" onMouseDown={keepFocus} onClick={() => set(null)}>
          <span>恢复原价</span>
          <kbd>H</kbd>
        </button>
      )}
    </EntryDialog>
  );
}

const VOID_REASONS = ['顾客不要了', '录错了'] as const;

export function VoidDialog(): ReactNode {
  const { hide, send, screen } = useTill();
  const { sale } = screen;
  const go = (reason: string): void => {
    void send({ kind: 'voidSale', reason }).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  return (
    <Frame
      title="整单作废"
      size="narrow"
      leave={hide}
      onKey={({ name }) => {
        const reason = VOID_REASONS[Number(name) - 1];
        return reason === undefined ? null : () => go(reason);
      }}
    >
      <p className="lead">
        这一单 <b>{sale.lines.length}</b> 种、<b>{yuan(sale.totalFen)}</b>{' '}
        元，全部不要。作废会留下记录，库存和积分都不动。
      </p>
      <div className="stack">
        {VOID_REASONS.map((reason, index) => (
          <KeyButton key={reason} label={reason} keys={String(index + 1)} act={() => go(reason)} />
        ))}
      </div>
    </Frame>
  );
}
