import { type ReactNode, useEffect, useRef, useState } from 'react';
import { formatWeight, parseQuantity } from '../../shared/quantity.ts';
import type { FoundItem } from '../../shared/till-contract.ts';
import { unitPrice } from '../parts/format.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import './devices.css';
import { useTill } from './till.ts';
import './weigh.css';

/** An item waits for its weight: the scale's by Enter, or one typed. */
export function WeighDialog({ item }: { item: FoundItem }): ReactNode {
  const { screen, send, say } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  useEffect(() => field.current?.focus(), []);
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
  useKeys(LEVEL.dialog, ({ name, repeat }) => {
    if (name === 'z') return () => tell('zero');
    if (name === 't') return () => tell('tare');
    if (name === 'Enter') return repeat ? () => undefined : enter;
    return name === 'Esc' ? leave : null;
  });
  return (
    <div className="veil">
      <section className="dialog medium" role="dialog" aria-modal="true" aria-labelledby="weigh-title">
        <h1 id="weigh-title">称重</h1>
        <p className="lead">
          <b>{item.name}</b> {item.spec} · {unitPrice(item.payFen ?? item.priceFen ?? 0, item.per)}
        </p>
        <div className="two">
          <div className="weigh-side">
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
                <button type="button" className="key" onMouseDown={keepFocus} onClick={() => tell('zero')}>
                  <span>清零</span>
                  <kbd>Z</kbd>
                </button>
                <button type="button" className="key" onMouseDown={keepFocus} onClick={() => tell('tare')}>
                  <span>去皮</span>
                  <kbd>T</kbd>
                </button>
              </div>
            )}
            <label>
              <span className="field-label">或输入重量（{per === 'jin' ? '斤' : 'kg'}，也可写 730克、3两）</span>
              <input
                ref={field}
                className="field big"
                value={text}
                autoComplete="off"
                inputMode="none"
                maxLength={10}
                onChange={(event) => setText(event.target.value)}
              />
            </label>
            <p className="field-help">{typedGrams === null ? ' ' : `= ${typedGrams} 克`}</p>
            <button type="button" className="key wide" onMouseDown={keepFocus} onClick={leave}>
              <span>不要了</span>
              <kbd>Esc</kbd>
            </button>
          </div>
          <Numpad field={field} point enter={enter} enterLabel={text.trim() === '' ? '收秤上重量' : '按输入重量'} />
        </div>
      </section>
    </div>
  );
}
