import { Button, Input, Popconfirm, Select } from 'antd';
import { useRef } from 'react';
import type { Per } from '../../shared/item.ts';
import { parseQuantity } from '../../shared/quantity.ts';
import type { FoundItem } from '../../shared/till-contract.ts';
import { quantityText } from '../parts/format.ts';
import { useDraft } from './draft.ts';
import { FirstStep } from './first-step.tsx';
import { ItemPicker, type PickerHandle } from './item-picker.tsx';
import { useLineFocus } from './line-focus.ts';
import { ItemName, SectionHead } from './section-head.tsx';
import { newId } from './new-id.ts';
import { useSending } from './sending.ts';

type WasteLine = Readonly<{
  item: string;
  code: string;
  name: string;
  spec: string;
  unit: string;
  per: Per;
  stock: number;
  text: string;
}>;
type Waste = Readonly<{ id: string; reason: string; lines: readonly WasteLine[] }>;

const REASONS = ['过期', '破损', '丢失', '自用', '其他'] as const;

const fresh = (): Waste => ({ id: newId(), reason: REASONS[0], lines: [] });

/** Goods that leave without being sold, with the reason. */
export function WasteSection(): React.JSX.Element {
  const { draft, change, clear } = useDraft('waste', fresh);
  const sending = useSending();
  const picker = useRef<PickerHandle>(null);
  const { focusOn, fieldOf } = useLineFocus();

  function add(found: FoundItem): void {
    const { item, code, name, spec, unit, per, stock } = found;
    const line: WasteLine = { item, code, name, spec, unit, per, stock, text: '' };
    change((before) =>
      before.lines.some((one) => one.item === item) ? before : { ...before, lines: [line, ...before.lines] },
    );
    focusOn(item);
  }

  const read = draft.lines.flatMap((line) => {
    const quantity = parseQuantity(line.text, line.per);
    return quantity === null ? [] : [{ item: line.item, quantity }];
  });
  const canSave = draft.lines.length > 0 && read.length === draft.lines.length;

  async function save(): Promise<void> {
    if (!canSave) return;
    const outcome = await sending.run(
      { kind: 'recordWaste', id: draft.id, reason: draft.reason, lines: read },
      `报损已记，共 ${read.length} 种`,
    );
    if (outcome.kind === 'done') clear();
    picker.current?.focus();
  }

  return (
    <>
      <SectionHead title="报损">坏了、过期、丢了的货在这里减掉库存。一张单一个原因。</SectionHead>
      <div className="bar" style={{ marginBottom: 12 }}>
        <span>原因</span>
        <Select
          style={{ width: 140 }}
          aria-label="报损原因"
          value={draft.reason}
          options={REASONS.map((reason) => ({ label: reason, value: reason }))}
          onChange={(reason) => change((before) => ({ ...before, reason }))}
        />
      </div>
      <ItemPicker ref={picker} onPick={add} />
      {draft.lines.length === 0 ? (
        <FirstStep
          steps={[
            '先选原因：一张单只写一个原因。',
            '扫要报损的商品，填数量，再扫下一种。',
            '按“保存报损”，库存马上减掉。退货时选了“报损”的已经自动减过，不用再报。',
          ]}
          list={{
            only: 'expiring',
            title: '过期和快到期的',
            none: '没有快到期的批次。进货时填了生产日期和保质期的才会列在这里。',
          }}
          pick={add}
        />
      ) : (
        <div className="sheet" style={{ padding: 0 }}>
          <table className="entry">
            <thead>
              <tr>
                <th>商品</th>
                <th className="number" style={{ width: 160 }}>
                  账面库存
                </th>
                <th style={{ width: 220 }}>报损数量</th>
                <th style={{ width: 90 }} aria-label="操作" />
              </tr>
            </thead>
            <tbody>
              {draft.lines.map((line) => (
                <tr key={line.item}>
                  <td>
                    <ItemName name={line.name} spec={line.spec} code={line.code} />
                  </td>
                  <td className="number fixed">{quantityText(line.stock, line.per, line.unit)}</td>
                  <td>
                    <Input
                      ref={(field) => fieldOf(line.item, field)}
                      value={line.text}
                      inputMode="decimal"
                      aria-label={`${line.name} 报损数量`}
                      suffix={
                        <span className="muted">
                          {line.per === 'piece' ? line.unit : line.per === 'jin' ? '斤' : 'kg'}
                        </span>
                      }
                      {...(parseQuantity(line.text, line.per) === null ? { status: 'error' as const } : {})}
                      onChange={(event) =>
                        change((before) => ({
                          ...before,
                          lines: before.lines.map((one) =>
                            one.item === line.item ? { ...one, text: event.target.value } : one,
                          ),
                        }))
                      }
                      onPressEnter={() => picker.current?.focus()}
                    />
                  </td>
                  <td>
                    <Button
                      type="link"
                      size="small"
                      danger
                      onClick={() =>
                        change((before) => ({ ...before, lines: before.lines.filter((one) => one.item !== line.item) }))
                      }
                    >
                      去掉
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="bar foot">
        <span className="grow" />
        <Popconfirm title="清空这张报损单？" okText="清空" cancelText="不清" onConfirm={clear}>
          <Button disabled={draft.lines.length === 0}>清空</Button>
        </Popconfirm>
        <Button type="primary" size="large" disabled={!canSave} loading={sending.busy} onClick={() => void save()}>
          保存报损（{draft.lines.length} 种）
        </Button>
      </div>
    </>
  );
}
