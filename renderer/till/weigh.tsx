import { type ReactNode, useRef, useState } from 'react';
import { formatWeight, parseQuantity } from '../../shared/quantity.ts';
import type { FoundItem } from '../../shared/till-contract.ts';
import { unitPrice } from '../parts/format.ts';
import './devices.css';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { KeyButton } from './key-button.tsx';
import { useTill } from './till.ts';
import './weigh.css';

/** An item waits for its weight: the scale's by Enter, or one typed. */
export function WeighDialog({ item }: { item: FoundItem }): ReactNode {
  const { screen, send, say } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const per = item.per === 'piece' ? 'jin' : item.per;
  const onScaleGrams = screen.status.weightGrams;
  const typedGrams = text.trim() === '' ? null : parseQuantity(text, per);

  const enter = (): void => {
    const weightGrams = text.trim() === '' ? onScaleGrams : typedGrams;
    if (weightGrams === null || weightGrams <= 0) {
      say({
        tone: 'warn',
        text: text.trim() === '' ? '秤上没有东西，请放上秤，或直接输入重量' : '重量不对，例如 1.46（斤）或 730克',
      });
      return;
    }
    void send({ kind: 'weigh', item: item.item, weightGrams });
  };
  const leave = (): void => void send({ kind: 'dismiss' });
  const tell = (what: 'zero' | 'tare'): void => void send({ kind: 'tellScale', what });
  return (
    <EntryDialog
      title="称重"
      leave={leave}
      leaveLabel="不要了"
      field={field}
      point
      enter={enter}
      enterLabel={text.trim() === '' ? '收秤上重量' : '按输入重量'}
      onKey={({ name }) => {
        if (name === 'z') return () => tell('zero');
        return name === 't' ? () => tell('tare') : null;
      }}
    >
      <p className="lead">
        <b>{item.name}</b> {item.spec} · {unitPrice(item.payFen ?? item.priceFen ?? 0, item.per)}
      </p>
      <div className="scale-reading" data-empty={onScaleGrams === null || onScaleGrams === 0}>
        <span>秤上</span>
        <b>{onScaleGrams === null ? '--' : formatWeight(onScaleGrams, per)}</b>
        <small>
          {onScaleGrams === null || onScaleGrams === 0
            ? screen.status.scale === 'silent'
              ? '秤没有读数，看看电源和线'
              : '请放上秤，稳定后按 Enter'
            : `${onScaleGrams} 克，按 Enter 收`}
        </small>
      </div>
      {screen.status.scale !== 'missing' && (
        <div className="scale-keys">
          <KeyButton label="清零" keys="Z" act={() => tell('zero')} />
          <KeyButton label="去皮" keys="T" act={() => tell('tare')} />
        </div>
      )}
      <EntryField
        field={field}
        size="big"
        label={`或输入重量（${per === 'jin' ? '斤' : 'kg'}，也可写 730克、3两）`}
        text={text}
        type={setText}
      />
      <p className="field-help">{typedGrams === null ? ' ' : `= ${typedGrams} 克`}</p>
    </EntryDialog>
  );
}
