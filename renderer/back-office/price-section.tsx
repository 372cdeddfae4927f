import { Alert, Button, Input, Segmented } from 'antd';
import { useRef, useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { parseYuan } from '../../shared/money.ts';
import { unitPrice } from '../parts/format.ts';
import { core } from './core.ts';
import { parseDay } from './entry.ts';
import { FirstStep } from './first-step.tsx';
import { type KnownItem, PriceHistory } from './item-drawer.tsx';
import { ItemPicker } from './item-picker.tsx';
import { useReading } from './reading.ts';
import { SectionHead } from './section-head.tsx';
import { newId } from './new-id.ts';
import { useSending } from './sending.ts';

type Which = 'shelf' | 'clearance' | 'promotion';

/** Changes the shelf, clearance or promotion price of one item; every change stays in its history. */
export function PriceSection({ item: carried }: Readonly<{ item: string }>): React.JSX.Element {
  const [item, setItem] = useState<string | null>(carried === '' ? null : carried);
  const known = useReading(item ?? '', async () => (item === null ? null : core.client().item({ item })));
  const value = known.value?.item.id === item ? known.value : null;
  return (
    <>
      <SectionHead title="改价">改完马上生效，谁在什么时候改的都有记录。记得换价签。</SectionHead>
      <ItemPicker onPick={(found) => setItem(found.item)} />
      {known.failed ? <Alert type="error" title="没有读到这个商品，请再扫一次。" /> : null}
      {value === null ? (
        <FirstStep
          steps={[
            '扫要改价的商品，或用拼音首字母、品名查找。',
            '选标价、清仓价还是促销价，填新价，按回车保存。',
            '换货架上的价签。收银台马上按新价收。',
          ]}
          list={{
            only: 'unpriced',
            title: '还没有定价、不能卖的',
            none: '都定好价了。临期的可以在“报损”页看到，给它设清仓价。',
          }}
          pick={(found) => setItem(found.item)}
        />
      ) : (
        <div className="two">
          <PriceForm key={value.item.id} value={value} changed={known.again} />
          <div className="sheet">
            <h3 style={{ marginBottom: 8 }}>改价记录</h3>
            <PriceHistory value={value} />
          </div>
        </div>
      )}
    </>
  );
}

function PriceForm({ value, changed }: Readonly<{ value: KnownItem; changed: () => void }>): React.JSX.Element {
  const { item } = value;
  const sending = useSending();
  const [which, setWhich] = useState<Which>('shelf');
  const [price, setPrice] = useState('');
  const [fromDay, setFromDay] = useState('');
  const [toDay, setToDay] = useState('');
  const id = useRef(newId());
  const priceFen = parseYuan(price);
  const from = parseDay(fromDay);
  const to = parseDay(toDay);
  const hasDays = which !== 'promotion' || (from !== null && to !== null && from <= to);
  const canSave = priceFen !== null && priceFen > 0 && hasDays;

  async function save(newPriceFen: number | null): Promise<void> {
    const outcome = await sending.run(
      {
        kind: 'changePrice',
        id: id.current,
        item: item.id,
        which,
        priceFen: newPriceFen,
        fromDay: which === 'promotion' && newPriceFen !== null ? from : null,
        toDay: which === 'promotion' && newPriceFen !== null ? to : null,
      },
      newPriceFen === null ? '已取消这个价' : '已改价，请换价签',
    );
    // A lost answer keeps the id, so that trying again is the same change.
    if (outcome.kind !== 'lost') id.current = newId();
    if (outcome.kind === 'done') {
      setPrice('');
      changed();
    }
  }

  const now = currentPrice(item, which);
  return (
    <div className="sheet">
      <h3>
        {item.name} <span className="muted">{item.spec}</span>
      </h3>
      <p className="small muted" style={{ marginBottom: 12 }}>
        {item.code} · {item.category}
      </p>
      <Segmented<Which>
        value={which}
        options={[
          { label: '标价', value: 'shelf' },
          { label: '清仓价', value: 'clearance' },
          { label: '促销价', value: 'promotion' },
        ]}
        onChange={(next) => {
          setWhich(next);
          setPrice('');
        }}
      />
      <p style={{ margin: '14px 0' }}>
        现在：<b>{now === null ? (which === 'shelf' ? '未定价，不能卖' : '没有') : unitPrice(now, item.per)}</b>
        {which === 'promotion' && item.promotion !== null ? (
          <span className="muted">
            {' '}
            {item.promotion.fromDay} 至 {item.promotion.toDay}
          </span>
        ) : null}
      </p>
      <div className="fields">
        <label>
          <span>新价（元{item.per === 'piece' ? '' : item.per === 'jin' ? ' / 斤' : ' / kg'}）</span>
          <Input
            size="large"
            value={price}
            inputMode="decimal"
            {...(price !== '' && (priceFen === null || priceFen === 0) ? { status: 'error' as const } : {})}
            onChange={(event) => setPrice(event.target.value)}
            onPressEnter={() => {
              if (canSave) void save(priceFen);
            }}
          />
        </label>
        {which === 'promotion' ? (
          <>
            <label>
              <span>从哪天</span>
              <Input
                size="large"
                value={fromDay}
                placeholder="20261101"
                {...(fromDay !== '' && from === null ? { status: 'error' as const } : {})}
                onChange={(event) => setFromDay(event.target.value)}
              />
            </label>
            <label>
              <span>到哪天（含）</span>
              <Input
                size="large"
                value={toDay}
                placeholder="20261107"
                {...(toDay !== '' && (to === null || (from !== null && to < from)) ? { status: 'error' as const } : {})}
                onChange={(event) => setToDay(event.target.value)}
              />
            </label>
          </>
        ) : null}
      </div>
      <p className="small muted" style={{ margin: '10px 0 16px' }}>
        {hint(which)}
      </p>
      <div className="pair">
        <Button
          type="primary"
          size="large"
          disabled={!canSave}
          loading={sending.busy}
          onClick={() => void save(priceFen)}
        >
          保存
        </Button>
        {which !== 'shelf' && now !== null ? (
          <Button size="large" disabled={sending.busy} onClick={() => void save(null)}>
            取消{which === 'clearance' ? '清仓价' : '促销价'}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

function currentPrice(item: KnownItem['item'], which: Which): number | null {
  switch (which) {
    case 'shelf':
      return item.priceFen;
    case 'clearance':
      return item.clearanceFen;
    case 'promotion':
      return item.promotion?.priceFen ?? null;
    default:
      return assertNever(which);
  }
}

function hint(which: Which): string {
  switch (which) {
    case 'shelf':
      return '标价是货架上写的价。';
    case 'clearance':
      return '清仓价用于临期、破损，卖完或取消为止。顾客付标价、清仓价、促销价、星级价里最低的一个，不叠加。';
    case 'promotion':
      return '促销价只在这几天里有效。顾客付几个价里最低的一个，不叠加。';
    default:
      return assertNever(which);
  }
}
