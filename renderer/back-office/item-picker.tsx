import { Button, Input, type InputRef } from 'antd';
import { type Ref, useImperativeHandle, useRef, useState } from 'react';
import { formatFen } from '../../shared/money.ts';
import type { FoundItem } from '../../shared/till-contract.ts';
import { quantityText } from '../parts/format.ts';
import { useKeys } from '../parts/keyboard.ts';
import { core } from './core.ts';

const CHOICES_MAX = 30;

/** Lets a section put the hand back on the scanner after a field was filled in. */
export type PickerHandle = Readonly<{ focus: () => void }>;

/**
 * Finds one item by scan, code, pinyin initials or name. A code that fits exactly is taken at once; several fits are
 * shown to choose from; none is said loudly, and nothing is added.
 */
export function ItemPicker({
  onPick,
  onUnknown,
  ref,
}: Readonly<{
  onPick: (found: FoundItem) => void;
  onUnknown?: (code: string) => void;
  ref?: Ref<PickerHandle>;
}>): React.JSX.Element {
  const [text, setText] = useState('');
  const [choices, setChoices] = useState<readonly FoundItem[]>([]);
  const [said, setSaid] = useState<Readonly<{ words: string; code: string }> | null>(null);
  const input = useRef<InputRef>(null);
  const asked = useRef(0);
  useImperativeHandle(ref, () => ({ focus: () => input.current?.focus() }), []);

  function pick(found: FoundItem, wanted = text): void {
    // A scan did not come through the field, so what is being typed there meanwhile stays.
    setText((now) => (now.trim() === wanted.trim() ? '' : now));
    setChoices([]);
    setSaid(null);
    onPick(found);
  }

  async function find(raw: string): Promise<void> {
    const wanted = raw.trim();
    if (wanted === '') return;
    asked.current += 1;
    const mine = asked.current;
    setSaid(null);
    try {
      const found = await core.client().search({ text: wanted.slice(0, 60), limit: CHOICES_MAX });
      if (mine !== asked.current) return;
      const exact = found.filter((one) => one.code.toLowerCase() === wanted.toLowerCase());
      const [only] = exact.length === 1 ? exact : found.length === 1 ? found : [];
      if (only !== undefined) {
        pick(only, wanted);
        return;
      }
      setChoices(found);
      if (found.length === 0)
        setSaid({ words: `没有找到“${wanted}”，没有加入。可换拼音首字母或品名再找。`, code: wanted });
    } catch {
      if (mine === asked.current) setSaid({ words: '没有收到收银机的回答，请再试一次。', code: '' });
    }
  }

  useKeys(
    0,
    () => null,
    (code) => {
      void find(code);
      return true;
    },
  );

  return (
    <div className="picker">
      <Input
        ref={input}
        size="large"
        autoFocus
        allowClear
        value={text}
        placeholder="扫码，或输入编码 / 拼音首字母 / 品名，按回车"
        onChange={(event) => {
          setText(event.target.value);
          if (event.target.value === '') setChoices([]);
        }}
        onPressEnter={() => void find(text)}
      />
      {choices.length > 0 ? (
        <div className="choices">
          {choices.map((one) => (
            <button key={one.item} type="button" onClick={() => pick(one)}>
              <span className="muted">{one.code}</span>
              <span>
                {one.name} <span className="muted">{one.spec}</span>
              </span>
              <span className="number">{one.priceFen === null ? '未定价' : `${formatFen(one.priceFen)} 元`}</span>
              <span className="number muted">{quantityText(one.stock, one.per, one.unit)}</span>
            </button>
          ))}
        </div>
      ) : null}
      {said === null ? null : (
        <div className="said" role="alert">
          {said.words}{' '}
          {onUnknown !== undefined && said.code !== '' ? (
            <Button
              size="small"
              onClick={() => {
                setSaid(null);
                setText('');
                onUnknown(said.code);
              }}
            >
              建新商品
            </Button>
          ) : null}
        </div>
      )}
    </div>
  );
}
