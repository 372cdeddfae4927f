import { type ReactNode, useEffect, useRef, useState } from 'react';
import { pressedKey } from '../../shared/counter.ts';
import { formatQuantity } from '../../shared/quantity.ts';
import type { FoundItem, HandyItem } from '../../shared/till-contract.ts';
import { unitPrice } from '../parts/format.ts';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { ItemPicture } from './item-picture.tsx';
import { Letters } from './letters.tsx';
import { connection, useTill } from './till.ts';
import './picker.css';

const SHOWN_MOST = 60;
/** Tiles in a row, as the style sheet lays them out. */
const COLUMNS = 4;

type Found = Readonly<{ found: readonly FoundItem[]; answered: string }>;
const NOTHING: Found = { found: [], answered: '' };

/** Searches while the hand types; only the newest question is answered. */
function useSearch(text: string, limit: number): Found {
  const [answer, setAnswer] = useState<Found>(NOTHING);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === '') return;
    let gone = false;
    const ask = async (): Promise<void> => {
      try {
        const found = await connection.client().search({ text: wanted.slice(0, 60), limit });
        if (!gone) setAnswer({ found, answered: wanted });
      } catch {
        if (!gone) setAnswer({ found: [], answered: wanted });
      }
    };
    void ask();
    return () => {
      gone = true;
    };
  }, [text, limit]);
  return text.trim() === '' ? NOTHING : answer;
}

/** What a tab of the picker shows when nothing is typed. */
type Tab = Readonly<{ which: 'frequent' | 'recent' | 'loose'; category: string | null; label: string }>;

const FREQUENT: Tab = { which: 'frequent', category: null, label: '常用' };
const RECENT: Tab = { which: 'recent', category: null, label: '最近卖的' };
/** Beyond these the tabs would push the tiles off the page; the rest is found by typing. */
const TABS_MOST = 9;

function useHandy({ which, category }: Tab): readonly HandyItem[] {
  const [goods, setGoods] = useState<readonly HandyItem[]>([]);
  useEffect(() => {
    let gone = false;
    connection
      .client()
      .handy({ which, category })
      .then(
        (found) => {
          if (!gone) setGoods(found);
        },
        () => {
          if (!gone) setGoods([]);
        },
      );
    return () => {
      gone = true;
    };
  }, [which, category]);
  return goods;
}

/** Tabs in the order in which a hand wants them: what is sold all day, then loose goods by category. */
function useTabs(): readonly Tab[] {
  const [loose, setLoose] = useState<readonly Tab[]>([]);
  useEffect(() => {
    let gone = false;
    connection
      .client()
      .looseCategories()
      .then(
        (all) => {
          if (!gone) setLoose(all.map((category) => ({ which: 'loose', category, label: category })));
        },
        () => undefined,
      );
    return () => {
      gone = true;
    };
  }, []);
  return [FREQUENT, RECENT, ...loose].slice(0, TABS_MOST);
}

/** Goods without a barcode, and those wanted all day: by tab, by pinyin initials, by name or by PLU. */
export function PickerDialog(): ReactNode {
  const { hide, send } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const [text, setText] = useState('');
  const [mark, setMark] = useState({ list: '', at: 0 });
  const tabs = useTabs();
  const [tabAt, setTabAt] = useState(0);
  const handy = useHandy(tabs[tabAt] ?? FREQUENT);
  useEffect(() => field.current?.focus(), []);
  const { found, answered } = useSearch(text, SHOWN_MOST);
  const typing = text.trim() !== '';
  // What is weighed comes first here; a packed item of that name is still to be had.
  const shown: readonly (FoundItem & Partial<HandyItem>)[] = typing
    ? [...found].sort((a, b) => Number(a.per === 'piece') - Number(b.per === 'piece'))
    : handy;
  // A mark belongs to the list it was made on.
  const list = `${tabAt} ${text}`;
  const picked = mark.list === list ? mark.at : 0;
  useEffect(() => {
    grid.current?.children[picked]?.scrollIntoView({ block: 'nearest' });
  }, [picked]);
  const move = (by: number): void => setMark({ list, at: Math.max(0, Math.min(shown.length - 1, picked + by)) });
  const turn = (at: number): void => {
    setText('');
    setTabAt((at + tabs.length) % tabs.length);
  };
  const take = (item: FoundItem | undefined): void => {
    if (item === undefined) return;
    hide();
    void send({ kind: 'scan', code: item.code, source: 'typed' });
  };
  return (
    <Frame
      title="选商品"
      size="wide"
      leave={hide}
      aside={
        <small className="dialog-note">
          数字键选前 9 种；输拼音首字母，如 QC 青菜；<kbd>Tab</kbd> 换一类
        </small>
      }
      onKey={({ name, shift, repeat }) => {
        if (name === 'Enter') return repeat ? () => undefined : () => take(shown[picked]);
        if (name === 'Up') return () => move(-COLUMNS);
        if (name === 'Down') return () => move(COLUMNS);
        if (name === 'Left') return () => move(-1);
        if (name === 'Right') return () => move(1);
        if (name === 'Tab') return () => turn(tabAt + (shift ? -1 : 1));
        return /^[1-9]$/.test(name) ? () => take(shown[Number(name) - 1]) : null;
      }}
    >
      <div className="picker">
        <div className="picker-top">
          <input
            ref={field}
            className="field big"
            aria-label="拼音首字母或品名"
            placeholder="拼音首字母或品名"
            value={text}
            autoComplete="off"
            spellCheck={false}
            inputMode="none"
            maxLength={30}
            onChange={(event) => setText(event.target.value)}
          />
          <div className="chips" role="tablist" aria-label="分类">
            {tabs.map((one, index) => (
              <button
                type="button"
                key={`${one.which} ${one.label}`}
                role="tab"
                aria-selected={!typing && index === tabAt}
                className="option"
                onMouseDown={keepFocus}
                onClick={() => turn(index)}
              >
                {one.label}
              </button>
            ))}
          </div>
        </div>
        <div className="picker-grid" role="listbox" aria-label="商品" ref={grid}>
          {shown.length === 0 && (
            <p className="nothing">
              {typing && answered === text.trim()
                ? `没有找到“${text.trim()}”，换个首字母试试`
                : '还没有卖过商品；选一个分类，或输拼音首字母'}
            </p>
          )}
          {shown.map((item, index) => (
            <button
              type="button"
              key={item.item}
              role="option"
              aria-selected={index === picked}
              className="picker-item"
              disabled={item.priceFen === null}
              onMouseDown={keepFocus}
              onClick={() => take(item)}
            >
              <ItemPicture name={item.name} category={item.category ?? ''} />
              <span className="picker-words">
                <span className="picker-name">{item.name}</span>
                <small>{item.plu === null || item.plu === undefined ? item.spec : `PLU ${item.plu}`}</small>
                <b>{item.priceFen === null ? '未定价' : unitPrice(item.payFen ?? item.priceFen, item.per)}</b>
              </span>
              {index < 9 && <kbd>{index + 1}</kbd>}
            </button>
          ))}
        </div>
        <Letters field={field} />
      </div>
    </Frame>
  );
}

/** 查价: says the price and adds nothing. */
export function PriceCheckDialog(): ReactNode {
  const { hide, keys } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [wanted, setWanted] = useState('');
  const { found, answered } = useSearch(wanted, 8);
  const enter = (): void => {
    setWanted(text.trim());
    field.current?.select();
  };
  const one = found.length === 1 ? found[0] : undefined;
  return (
    <EntryDialog
      title="查价"
      leave={hide}
      field={field}
      enter={enter}
      enterLabel="查"
      letters
      aside={<small className="dialog-note">只看价格，不加入这一单</small>}
      onKey={({ name, shift }) => (pressedKey(name, shift) === keys.priceCheck ? hide : null)}
      onScan={(code) => {
        setText(code);
        setWanted(code);
        return true;
      }}
    >
      <div className="price-check">
        <EntryField
          field={field}
          size="big"
          label="扫码，或输入编码、拼音、品名"
          labelShown={false}
          placeholder="扫码，或输编码 / 拼音 / 品名"
          text={text}
          type={setText}
          maxLength={60}
          codes
        />
        {one !== undefined && (
          <div className="price-one">
            <p className="lead">
              <b>{one.name}</b> {one.spec}
            </p>
            <p className="price-big">
              <small>￥</small>
              {one.priceFen === null ? '未定价' : unitPrice(one.priceFen, one.per)}
            </p>
            {one.payFen !== null && one.priceFen !== null && one.payFen < one.priceFen && (
              <p className="fact-line good">现在卖 {unitPrice(one.payFen, one.per)}</p>
            )}
            <StarPrices key={one.item} item={one} />
            <p className="fact-line">
              编码 {one.code} · 库存 {formatQuantity(one.stock, one.per)}
              {one.per === 'piece' && one.unit}
            </p>
          </div>
        )}
        {found.length > 1 && (
          <div className="rows">
            {found.map((item) => (
              <div className="row-button static" key={item.item}>
                <span className="grow">
                  {item.name} <small>{item.spec}</small>
                </span>
                <small>库存 {formatQuantity(item.stock, item.per)}</small>
                <b>{item.priceFen === null ? '未定价' : unitPrice(item.payFen ?? item.priceFen, item.per)}</b>
              </div>
            ))}
          </div>
        )}
        {found.length === 0 && (
          <p className="nothing">{answered === '' ? '等着扫码' : `✕ 没有找到“${answered}”，请重扫或换品名`}</p>
        )}
      </div>
    </EntryDialog>
  );
}

/** What the item costs with a card: the stars of the card on the counter largest, and what other stars would pay. */
function StarPrices({ item }: { item: FoundItem }): ReactNode {
  const { screen } = useTill();
  const { member } = screen.sale;
  const [prices, setPrices] = useState<readonly Readonly<{ stars: number; payFen: number }>[]>([]);
  useEffect(() => {
    let gone = false;
    connection
      .client()
      .starPrices({ item: item.item })
      .then(
        (found) => {
          if (!gone) setPrices(found);
        },
        () => undefined,
      );
    return () => {
      gone = true;
    };
  }, [item.item]);
  const plainFen = item.payFen ?? item.priceFen ?? 0;
  const better = prices.filter((one) => one.payFen < plainFen);
  const own = member === null ? undefined : prices.find((one) => one.stars === member.stars);
  if (prices.length === 0) return null;
  if (better.length === 0) return <p className="fact-line">会员不另打折</p>;
  return (
    <>
      {own !== undefined && (
        <p className="price-member">
          会员价（{own.stars}★）<b>￥{unitPrice(own.payFen, item.per)}</b>
        </p>
      )}
      <p className="fact-line star-prices" aria-label="各星级的价格">
        {better.map((one) => (
          <span key={one.stars}>
            {one.stars}★ <b>{unitPrice(one.payFen, item.per)}</b>
          </span>
        ))}
      </p>
    </>
  );
}
