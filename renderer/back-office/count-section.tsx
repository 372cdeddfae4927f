import { Button, Input, Popconfirm, Table } from 'antd';
import { useRef, useState } from 'react';
import type { Per } from '../../shared/item.ts';
import { parseQuantity } from '../../shared/quantity.ts';
import type { FoundItem } from '../../shared/till-contract.ts';
import { quantityText } from '../parts/format.ts';
import { core } from './core.ts';
import { useDraft } from './draft.ts';
import { FirstStep } from './first-step.tsx';
import { ItemPicker, type PickerHandle } from './item-picker.tsx';
import { useLineFocus } from './line-focus.ts';
import { ItemName, SectionHead } from './section-head.tsx';
import { newId } from './new-id.ts';
import { useSending } from './sending.ts';

type CountLine = Readonly<{
  item: string;
  code: string;
  name: string;
  spec: string;
  unit: string;
  per: Per;
  text: string;
  /** What the books held when the number was typed; never shown before saving, so that nobody counts towards it. */
  expected: number | null;
}>;
type Count = Readonly<{ id: string; lines: readonly CountLine[] }>;
type Counted = CountLine & Readonly<{ counted: number; expected: number }>;

const fresh = (): Count => ({ id: newId(), lines: [] });

/** A blind count: the page asks for what is on the shelf and says what the books held only once it is recorded. */
export function CountSection(): React.JSX.Element {
  const { draft, change, clear } = useDraft('count', fresh);
  const sending = useSending();
  const picker = useRef<PickerHandle>(null);
  const { focusOn, fieldOf } = useLineFocus();
  const [result, setResult] = useState<readonly Counted[] | null>(null);

  function add(found: FoundItem): void {
    setResult(null);
    const { item, code, name, spec, unit, per } = found;
    const line: CountLine = { item, code, name, spec, unit, per, text: '', expected: null };
    change((before) =>
      before.lines.some((one) => one.item === item) ? before : { ...before, lines: [line, ...before.lines] },
    );
    focusOn(item);
  }

  function edit(item: string, part: Partial<CountLine>): void {
    change((before) => ({
      ...before,
      lines: before.lines.map((line) => (line.item === item ? { ...line, ...part } : line)),
    }));
  }

  /** The stock of this moment belongs to the number: sales between counting and saving must not be taken twice. */
  async function settle(line: CountLine): Promise<void> {
    if (readCount(line) === null || line.expected !== null) return;
    const known = await core
      .client()
      .item({ item: line.item })
      .catch(() => null);
    if (known === null) return;
    // A number that was changed meanwhile gets the stock of its own moment.
    change((before) => ({
      ...before,
      lines: before.lines.map((one) =>
        one.item === line.item && one.text === line.text ? { ...one, expected: known.stock } : one,
      ),
    }));
  }

  const counted = draft.lines.flatMap((line): Counted[] => {
    const number = readCount(line);
    return number === null || line.expected === null ? [] : [{ ...line, counted: number, expected: line.expected }];
  });
  const canSave = draft.lines.length > 0 && counted.length === draft.lines.length;

  async function save(): Promise<void> {
    if (!canSave) return;
    const lines = counted.map((line) => ({ item: line.item, expected: line.expected, counted: line.counted }));
    const outcome = await sending.run({ kind: 'countStock', id: draft.id, lines }, `盘点已记，共 ${lines.length} 种`);
    if (outcome.kind === 'done') {
      setResult(counted);
      clear();
    }
    picker.current?.focus();
  }

  return (
    <>
      <SectionHead title="盘点">盲盘：只填货架上数到的数，账面数保存以后才显示。盘点时照常营业。</SectionHead>
      <ItemPicker ref={picker} onPick={add} />
      {result === null ? null : <Result lines={result} close={() => setResult(null)} />}
      {draft.lines.length === 0 ? (
        result === null ? (
          <FirstStep
            steps={[
              '扫一种商品，数货架和库房里一共有多少。',
              '填上数到的数，按回车，再扫下一种。照常营业，不用关店。',
              '数完按“保存盘点”。和账面不一样的会列出来，并记差异单。没保存的关了窗口也还在。',
            ]}
            list={{ only: 'low', title: '货少的，先数这些', none: '没有快卖完的商品。从一个货架开始，挨个扫。' }}
            pick={add}
            blind
          />
        ) : null
      ) : (
        <>
          <div className="sheet" style={{ padding: 0 }}>
            <table className="entry">
              <thead>
                <tr>
                  <th>商品</th>
                  <th style={{ width: 240 }}>数到多少</th>
                  <th style={{ width: 180 }} />
                  <th style={{ width: 90 }} aria-label="操作" />
                </tr>
              </thead>
              <tbody>
                {draft.lines.map((line) => (
                  <tr key={line.item}>
                    <td>
                      <ItemName name={line.name} spec={line.spec} code={line.code} />
                    </td>
                    <td>
                      <Input
                        ref={(field) => fieldOf(line.item, field)}
                        value={line.text}
                        inputMode="decimal"
                        aria-label={`${line.name} 数到多少`}
                        suffix={
                          <span className="muted">
                            {line.per === 'piece' ? line.unit : line.per === 'jin' ? '斤' : 'kg'}
                          </span>
                        }
                        {...(line.text !== '' && readCount(line) === null ? { status: 'error' as const } : {})}
                        onChange={(event) => edit(line.item, { text: event.target.value, expected: null })}
                        onBlur={() => void settle(line)}
                        onPressEnter={() => picker.current?.focus()}
                      />
                    </td>
                    <td style={{ paddingTop: 12 }}>
                      {line.expected !== null ? (
                        <span className="good">已数 ✓</span>
                      ) : line.text === '' ? (
                        <span className="warn">还没填</span>
                      ) : (
                        <Button size="small" onClick={() => void settle(line)}>
                          确认
                        </Button>
                      )}
                    </td>
                    <td>
                      <Button
                        type="link"
                        size="small"
                        danger
                        onClick={() =>
                          change((before) => ({
                            ...before,
                            lines: before.lines.filter((one) => one.item !== line.item),
                          }))
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
          <div className="bar foot">
            <span className="grow" />
            {canSave ? null : <span className="warn">还有 {draft.lines.length - counted.length} 种没数完</span>}
            <Popconfirm title="清空这次盘点？" okText="清空" cancelText="不清" onConfirm={clear}>
              <Button>清空</Button>
            </Popconfirm>
            <Button type="primary" size="large" disabled={!canSave} loading={sending.busy} onClick={() => void save()}>
              保存盘点（{draft.lines.length} 种）
            </Button>
          </div>
        </>
      )}
    </>
  );
}

/** What was counted; nothing on the shelf is a count too. */
function readCount(line: CountLine): number | null {
  return /^[0０]+$/.test(line.text.trim()) ? 0 : parseQuantity(line.text, line.per);
}

function Result({ lines, close }: Readonly<{ lines: readonly Counted[]; close: () => void }>): React.JSX.Element {
  const off = lines.filter((line) => line.counted !== line.expected);
  return (
    <div className="sheet">
      <div className="bar" style={{ marginBottom: 10 }}>
        <h3>{off.length === 0 ? '盘点结果：全部相符' : `盘点结果：${off.length} 种有差异，已记差异单`}</h3>
        <span className="grow" />
        <Button onClick={close}>知道了</Button>
      </div>
      <Table<Counted>
        size="small"
        rowKey="item"
        pagination={false}
        dataSource={lines}
        columns={[
          {
            title: '商品',
            key: 'name',
            render: (_, line) => <ItemName name={line.name} spec={line.spec} code={line.code} />,
          },
          {
            title: '账面',
            key: 'expected',
            align: 'right',
            render: (_, line) => quantityText(line.expected, line.per, line.unit),
          },
          {
            title: '数到',
            key: 'counted',
            align: 'right',
            render: (_, line) => quantityText(line.counted, line.per, line.unit),
          },
          {
            title: '差异',
            key: 'difference',
            align: 'right',
            render: (_, line) => <Difference line={line} />,
          },
        ]}
      />
    </div>
  );
}

function Difference({ line }: Readonly<{ line: Counted }>): React.JSX.Element {
  const difference = line.counted - line.expected;
  if (difference === 0) return <span className="good">相符</span>;
  const amount = quantityText(Math.abs(difference), line.per, line.unit);
  return <b className="bad">{difference > 0 ? `多 ${amount}` : `少 ${amount}`}</b>;
}
