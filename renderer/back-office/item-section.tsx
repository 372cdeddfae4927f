import { Alert, AutoComplete, Button, Checkbox, Input, Select } from 'antd';
import { useRef, useState } from 'react';
import type { Item, Per } from '../../shared/item.ts';
import { formatFen, parseYuan } from '../../shared/money.ts';
import { formatWeight, parseQuantity } from '../../shared/quantity.ts';
import { unitPrice } from '../parts/format.ts';
import { core } from './core.ts';
import { parseWhole } from './entry.ts';
import { ItemPicker } from './item-picker.tsx';
import { useReading } from './reading.ts';
import { SectionHead } from './section-head.tsx';
import { newId } from './new-id.ts';
import { useSending } from './sending.ts';

/** What stands in the fields; `id` and everything without a field come from the item that was opened. */
type Entry = Readonly<{
  code: string;
  name: string;
  category: string;
  spec: string;
  unit: string;
  per: Per;
  plu: string;
  price: string;
  cost: string;
  lowStock: string;
  shelfLife: string;
  initials: string;
  discountable: boolean;
}>;

const NEW_CODE = 'code:';

/** A new item, or one that is opened by scan or name. Prices of an existing item are changed in their own section. */
export function ItemSection({ carried }: Readonly<{ carried: string }>): React.JSX.Element {
  const [opened, setOpened] = useState<Readonly<{ item: string | null; code: string; visit: number }>>(
    carried.startsWith(NEW_CODE)
      ? { item: null, code: carried.slice(NEW_CODE.length), visit: 0 }
      : { item: carried === '' ? null : carried, code: '', visit: 0 },
  );
  const { item } = opened;
  const known = useReading(item ?? '', async () => (item === null ? null : core.client().item({ item })));
  const value = known.value?.item.id === item ? known.value : null;
  const open = (next: string | null, code = ''): void =>
    setOpened((before) => ({ item: next, code, visit: before.visit + 1 }));
  return (
    <>
      <SectionHead title="商品建档" right={<Button onClick={() => open(null)}>新商品</Button>}>
        扫已有的商品来改资料；扫没有的条码就建新商品。
      </SectionHead>
      <ItemPicker onPick={(found) => open(found.item)} onUnknown={(code) => open(null, code)} />
      {known.failed ? <Alert type="error" title="没有读到这个商品，请再扫一次。" /> : null}
      {item !== null && value === null ? null : (
        <ItemForm
          key={`${item ?? 'new'} ${opened.visit}`}
          before={value?.item ?? null}
          code={opened.code}
          saved={(id) => open(id)}
        />
      )}
    </>
  );
}

function ItemForm({
  before,
  code,
  saved,
}: Readonly<{ before: Item | null; code: string; saved: (item: string) => void }>): React.JSX.Element {
  const sending = useSending();
  const [entry, setEntry] = useState<Entry>(() => entryOf(before, code));
  const command = useRef(newId());
  const [newItem] = useState(newId);
  const categories = useReading('categories', () => core.client().categories());
  const read = readEntry(entry, before, newItem);
  const [touched, setTouched] = useState(false);
  const edit = (part: Partial<Entry>): void => {
    setTouched(true);
    setEntry((now) => ({ ...now, ...part }));
  };
  const error = (isWrong: boolean): { status?: 'error' } => (isWrong && touched ? { status: 'error' } : {});

  async function save(): Promise<void> {
    if (read === null) return;
    const outcome = await sending.run(
      { kind: 'saveItem', id: command.current, item: read },
      `商品已保存：${read.name}`,
    );
    if (outcome.kind !== 'lost') command.current = newId();
    if (outcome.kind === 'done') saved(read.id);
  }

  return (
    <div className="sheet">
      <h3 style={{ marginBottom: 12 }}>{before === null ? '新商品' : `编辑：${before.name} ${before.spec}`}</h3>
      <div className="fields">
        <label>
          <span>编码（条码或店内码）*</span>
          <Input
            value={entry.code}
            maxLength={20}
            {...error(entry.code.trim() === '')}
            onChange={(event) => edit({ code: event.target.value })}
          />
        </label>
        <label className="wide">
          <span>品名 *</span>
          <Input
            value={entry.name}
            maxLength={60}
            {...error(entry.name.trim() === '')}
            onChange={(event) => edit({ name: event.target.value })}
          />
        </label>
        <label>
          <span>规格</span>
          <Input
            value={entry.spec}
            maxLength={30}
            placeholder="如 500ml"
            onChange={(event) => edit({ spec: event.target.value })}
          />
        </label>
        <label>
          <span>分类 *</span>
          <AutoComplete
            style={{ width: '100%' }}
            value={entry.category}
            options={(categories.value ?? []).map((one) => ({ value: one }))}
            {...error(entry.category.trim() === '')}
            onChange={(category: string) => edit({ category })}
          />
        </label>
        <label>
          <span>怎么卖</span>
          <Select<Per>
            style={{ width: '100%' }}
            value={entry.per}
            options={[
              { label: '按件', value: 'piece' },
              { label: '称重，按斤', value: 'jin' },
              { label: '称重，按公斤', value: 'kg' },
            ]}
            onChange={(per) => edit({ per, unit: per === 'piece' ? entry.unit : per === 'jin' ? '斤' : 'kg' })}
          />
        </label>
        <label>
          <span>单位</span>
          <Input
            value={entry.unit}
            maxLength={6}
            placeholder="瓶、袋、斤"
            onChange={(event) => edit({ unit: event.target.value })}
          />
        </label>
        {before === null ? (
          <label>
            <span>标价（元，可以以后再定）</span>
            <Input
              value={entry.price}
              inputMode="decimal"
              {...error(entry.price !== '' && !(parseYuan(entry.price) ?? 0))}
              onChange={(event) => edit({ price: event.target.value })}
            />
          </label>
        ) : (
          <div className="field">
            <span>标价（到“改价”里改）</span>
            {before.priceFen === null ? '未定价' : unitPrice(before.priceFen, before.per)}
          </div>
        )}
        <label>
          <span>进价（元）</span>
          <Input
            value={entry.cost}
            inputMode="decimal"
            {...error(entry.cost !== '' && parseYuan(entry.cost) === null)}
            onChange={(event) => edit({ cost: event.target.value })}
          />
        </label>
        <label>
          <span>低库存线（{entry.per === 'piece' ? '件' : entry.per === 'jin' ? '斤' : 'kg'}，空着不提醒）</span>
          <Input
            value={entry.lowStock}
            inputMode="decimal"
            {...error(entry.lowStock !== '' && readLowStock(entry) === null)}
            onChange={(event) => edit({ lowStock: event.target.value })}
          />
        </label>
        <label>
          <span>保质期（天）</span>
          <Input
            value={entry.shelfLife}
            inputMode="numeric"
            {...error(entry.shelfLife !== '' && parseWhole(entry.shelfLife) === null)}
            onChange={(event) => edit({ shelfLife: event.target.value })}
          />
        </label>
        {entry.per === 'piece' ? null : (
          <label>
            <span>秤上的 PLU 码</span>
            <Input
              value={entry.plu}
              maxLength={6}
              inputMode="numeric"
              onChange={(event) => edit({ plu: event.target.value })}
            />
          </label>
        )}
        <label className="wide">
          <span>拼音首字母（空着自动生成；多音字可用空格隔开几种读法）</span>
          <Input
            value={entry.initials}
            maxLength={60}
            onChange={(event) => edit({ initials: event.target.value.toUpperCase() })}
          />
        </label>
        <div className="field full">
          <Checkbox checked={entry.discountable} onChange={(event) => edit({ discountable: event.target.checked })}>
            参加星级折扣（烟酒等按政策另有规定）
          </Checkbox>
        </div>
      </div>
      <div className="pair" style={{ marginTop: 16 }}>
        <Button type="primary" size="large" disabled={read === null} loading={sending.busy} onClick={() => void save()}>
          保存商品
        </Button>
        {read === null ? (
          <span className="warn">带 * 的要填，{touched ? '红框处再看看。' : '其余可以空着。'}</span>
        ) : null}
      </div>
    </div>
  );
}

function entryOf(item: Item | null, code: string): Entry {
  return {
    code: item?.code ?? code,
    name: item?.name ?? '',
    category: item?.category ?? '',
    spec: item?.spec ?? '',
    unit: item?.unit ?? '件',
    per: item?.per ?? 'piece',
    plu: item?.plu ?? '',
    price: '',
    cost: item === null || item.costFen === null ? '' : formatFen(item.costFen),
    lowStock: item === null || item.lowStock === null ? '' : lowStockText(item.lowStock, item.per),
    shelfLife: item === null || item.shelfLifeDays === null ? '' : String(item.shelfLifeDays),
    initials: item?.initials ?? '',
    discountable: item?.discountable ?? true,
  };
}

function lowStockText(quantity: number, per: Per): string {
  return per === 'piece' ? String(quantity) : formatWeight(quantity, per).replace(/ .*$/, '');
}

function readLowStock(entry: Entry): number | null {
  return /^0+$/.test(entry.lowStock.trim()) ? 0 : parseQuantity(entry.lowStock, entry.per);
}

/** The item as the fields say it, or null while something is missing or cannot be read. */
function readEntry(entry: Entry, before: Item | null, newItemId: string): Item | null {
  const priceFen = entry.price.trim() === '' ? null : parseYuan(entry.price);
  const costFen = entry.cost.trim() === '' ? null : parseYuan(entry.cost);
  const lowStock = entry.lowStock.trim() === '' ? null : readLowStock(entry);
  const shelfLifeDays = entry.shelfLife.trim() === '' ? null : parseWhole(entry.shelfLife);
  const isUnread =
    (entry.price.trim() !== '' && (priceFen === null || priceFen === 0)) ||
    (entry.cost.trim() !== '' && costFen === null) ||
    (entry.lowStock.trim() !== '' && lowStock === null) ||
    (entry.shelfLife.trim() !== '' && shelfLifeDays === null);
  const code = entry.code.trim();
  const name = entry.name.trim();
  const category = entry.category.trim();
  if (isUnread || code === '' || name === '' || category === '') return null;
  return {
    id: before?.id ?? newItemId,
    code,
    name,
    category,
    spec: entry.spec.trim(),
    unit: entry.unit.trim(),
    per: entry.per,
    plu: entry.per === 'piece' || entry.plu.trim() === '' ? null : entry.plu.trim(),
    priceFen: before === null ? priceFen : before.priceFen,
    clearanceFen: before?.clearanceFen ?? null,
    promotion: before?.promotion ?? null,
    costFen,
    discountable: entry.discountable,
    lowStock,
    shelfLifeDays,
    initials: entry.initials.trim(),
  };
}
