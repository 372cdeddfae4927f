import { Button, Input, Popconfirm } from 'antd';
import { useRef } from 'react';
import type { FoundItem } from '../../shared/till-contract.ts';
import { quantityText, yuan } from '../parts/format.ts';
import type { Go } from './back-office.tsx';
import { core } from './core.ts';
import { useDraft } from './draft.ts';
import { expiryDay, parseDay, parseWhole } from './entry.ts';
import { type GoodsInLine, readGoodsInLine } from './goods-in-entry.ts';
import { ItemPicker, type PickerHandle } from './item-picker.tsx';
import { useLineFocus } from './line-focus.ts';
import { ItemName, SectionHead } from './section-head.tsx';
import { newId } from './new-id.ts';
import { useSending } from './sending.ts';

type GoodsIn = Readonly<{ id: string; supplier: string; lines: readonly GoodsInLine[] }>;

const fresh = (): GoodsIn => ({ id: newId(), supplier: '', lines: [] });

/** Goods in by scanner: a scan is a line, the fields are filled by keyboard, one press records the whole delivery. */
export function GoodsInSection({ go }: Readonly<{ go: Go }>): React.JSX.Element {
  const { draft, change, clear } = useDraft('goods-in', fresh);
  const sending = useSending();
  const picker = useRef<PickerHandle>(null);
  const { focusOn, fieldOf } = useLineFocus();

  async function add(found: FoundItem): Promise<void> {
    const already = draft.lines.find((line) => line.item === found.item);
    if (already !== undefined) {
      focusOn(already.key);
      return;
    }
    const known = await core
      .client()
      .item({ item: found.item })
      .catch(() => null);
    const line: GoodsInLine = {
      key: newId(),
      item: found.item,
      code: found.code,
      name: found.name,
      spec: found.spec,
      unit: found.unit,
      per: found.per,
      cases: '',
      caseFactor: '',
      quantity: '',
      cost: typed(known?.item.costFen, yuan),
      producedOn: '',
      shelfLife: typed(known?.item.shelfLifeDays, String),
    };
    change((before) =>
      before.lines.some((one) => one.item === line.item) ? before : { ...before, lines: [line, ...before.lines] },
    );
    focusOn(line.key);
  }

  function edit(key: string, part: Partial<GoodsInLine>): void {
    change((before) => ({
      ...before,
      lines: before.lines.map((line) => (line.key === key ? { ...line, ...part } : line)),
    }));
  }

  const read = draft.lines.map((line) => readGoodsInLine(line));
  const complete = read.flatMap((one) => (one.kind === 'line' ? [one.line] : []));
  const canSave = draft.lines.length > 0 && complete.length === draft.lines.length;

  async function save(): Promise<void> {
    if (!canSave) return;
    const outcome = await sending.run(
      { kind: 'receiveGoods', id: draft.id, supplier: draft.supplier.trim(), lines: complete },
      `进货已入库，共 ${complete.length} 种`,
    );
    if (outcome.kind === 'done') clear();
    picker.current?.focus();
  }

  return (
    <>
      <SectionHead title="进货">扫一件加一行；整箱填“箱数 × 每箱”，散货填数量。</SectionHead>
      <ItemPicker ref={picker} onPick={(found) => void add(found)} onUnknown={(code) => go('item', `code:${code}`)} />
      {draft.lines.length === 0 ? (
        <div className="sheet muted">
          还没有商品。把扫码枪对准货上的条码，或在上面输入拼音首字母。没存的单子关了窗口也还在。
        </div>
      ) : (
        <div className="sheet" style={{ padding: 0 }}>
          <table className="entry">
            <thead>
              <tr>
                <th>商品</th>
                <th style={{ width: 172 }}>箱数 × 每箱</th>
                <th style={{ width: 110 }}>散货数量</th>
                <th className="number" style={{ width: 92 }}>
                  一共
                </th>
                <th style={{ width: 104 }}>进价（元）</th>
                <th style={{ width: 128 }}>生产日期</th>
                <th style={{ width: 84 }}>保质期(天)</th>
                <th style={{ width: 112 }}>到期</th>
                <th style={{ width: 118 }} aria-label="操作" />
              </tr>
            </thead>
            <tbody>
              {draft.lines.map((line, index) => (
                <Line
                  key={line.key}
                  line={line}
                  state={read[index]}
                  focusable={(field) => fieldOf(line.key, field)}
                  edit={(part) => edit(line.key, part)}
                  remove={() =>
                    change((before) => ({ ...before, lines: before.lines.filter((one) => one.key !== line.key) }))
                  }
                  split={() =>
                    change((before) => ({
                      ...before,
                      lines: before.lines.flatMap((one) =>
                        one.key === line.key
                          ? [one, { ...one, key: newId(), cases: '', quantity: '', producedOn: '' }]
                          : [one],
                      ),
                    }))
                  }
                  done={() => picker.current?.focus()}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="bar foot">
        <span>供应商</span>
        <Input
          style={{ width: 260 }}
          maxLength={60}
          value={draft.supplier}
          placeholder="可不填"
          aria-label="供应商"
          onChange={(event) => change((before) => ({ ...before, supplier: event.target.value }))}
        />
        <span className="grow" />
        {draft.lines.length > complete.length ? (
          <span className="warn">还有 {draft.lines.length - complete.length} 行没填好（红框处）</span>
        ) : null}
        <Popconfirm title="清空这张进货单？" okText="清空" cancelText="不清" onConfirm={clear}>
          <Button disabled={draft.lines.length === 0}>清空</Button>
        </Popconfirm>
        <Button type="primary" size="large" disabled={!canSave} loading={sending.busy} onClick={() => void save()}>
          保存入库（{draft.lines.length} 种）
        </Button>
      </div>
    </>
  );
}

/** What the core knows already stands in the field; what it does not know stays to be typed. */
function typed(value: number | null | undefined, show: (value: number) => string): string {
  return value === null || value === undefined ? '' : show(value);
}

function Line({
  line,
  state,
  focusable,
  edit,
  remove,
  split,
  done,
}: Readonly<{
  line: GoodsInLine;
  state: ReturnType<typeof readGoodsInLine> | undefined;
  focusable: (field: { focus: () => void } | null) => void;
  edit: (part: Partial<GoodsInLine>) => void;
  remove: () => void;
  split: () => void;
  done: () => void;
}>): React.JSX.Element {
  const wrong = state?.kind === 'incomplete' ? state.field : null;
  const isByCase = line.per === 'piece' && (line.cases !== '' || line.caseFactor !== '');
  const expiry = expiryDay(parseDay(line.producedOn), parseWhole(line.shelfLife));
  const mark = (field: typeof wrong): { status?: 'error' } => (wrong === field ? { status: 'error' } : {});
  return (
    <tr>
      <td>
        <ItemName name={line.name} spec={line.spec} code={line.code} />
      </td>
      <td>
        {line.per === 'piece' ? (
          <div className="pair">
            <Input
              value={line.cases}
              inputMode="numeric"
              aria-label="箱数"
              {...mark('cases')}
              onChange={(event) => edit({ cases: event.target.value })}
              onPressEnter={done}
            />
            ×
            <Input
              value={line.caseFactor}
              inputMode="numeric"
              aria-label="每箱数量"
              {...mark('cases')}
              onChange={(event) => edit({ caseFactor: event.target.value })}
              onPressEnter={done}
            />
          </div>
        ) : (
          <span className="muted">按重量</span>
        )}
      </td>
      <td>
        <Input
          ref={focusable}
          value={isByCase ? '' : line.quantity}
          disabled={isByCase}
          inputMode="decimal"
          aria-label="数量"
          suffix={<span className="muted">{line.per === 'piece' ? line.unit : line.per === 'jin' ? '斤' : 'kg'}</span>}
          {...mark('quantity')}
          onChange={(event) => edit({ quantity: event.target.value })}
          onPressEnter={done}
        />
      </td>
      <td className="number fixed strong">
        {state?.kind === 'line' ? quantityText(state.line.quantity, line.per, line.unit) : '—'}
      </td>
      <td>
        <Input
          value={line.cost}
          inputMode="decimal"
          aria-label="进价"
          {...mark('cost')}
          onChange={(event) => edit({ cost: event.target.value })}
          onPressEnter={done}
        />
      </td>
      <td>
        <Input
          value={line.producedOn}
          placeholder="20261101"
          aria-label="生产日期"
          {...mark('producedOn')}
          onChange={(event) => edit({ producedOn: event.target.value })}
          onPressEnter={done}
        />
      </td>
      <td>
        <Input
          value={line.shelfLife}
          inputMode="numeric"
          aria-label="保质期天数"
          {...mark('shelfLife')}
          onChange={(event) => edit({ shelfLife: event.target.value })}
          onPressEnter={done}
        />
      </td>
      <td className="fixed">{expiry ?? <span className="muted">—</span>}</td>
      <td>
        <Button type="link" size="small" style={{ paddingInline: 4 }} onClick={split}>
          另一批
        </Button>
        <Button type="link" size="small" danger style={{ paddingInline: 4 }} onClick={remove}>
          去掉
        </Button>
      </td>
    </tr>
  );
}
