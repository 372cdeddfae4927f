import { type ReactNode, useEffect, useRef, useState } from 'react';
import { pressedKey } from '../../shared/counter.ts';
import { formatQuantity } from '../../shared/quantity.ts';
import type { FoundItem } from '../../shared/till-contract.ts';
import { unitPrice } from '../parts/format.ts';
import { setFieldValue } from '../parts/keyboard.ts';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { connection, useTill } from './till.ts';
import './picker.css';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
const SHOWN_MOST = 60;

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

/** Weighed goods by category, read when nothing is typed yet. */
function useLoose(category: string | null): readonly FoundItem[] {
  const [loose, setLoose] = useState<readonly FoundItem[]>([]);
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        const { rows } = await connection.client().stock({ text: '', only: 'all', category, offset: 0, limit: 500 });
        if (gone) return;
        setLoose(
          rows
            .filter((row) => row.per !== 'piece' && row.priceFen !== null)
            .slice(0, SHOWN_MOST)
            .map((row) => ({ ...row, payFen: row.priceFen })),
        );
      } catch {
        if (!gone) setLoose([]);
      }
    };
    void load();
    return () => {
      gone = true;
    };
  }, [category]);
  return loose;
}

const FRESH = ['蔬菜', '水果', '肉', '肉类', '肉禽', '蛋', '蛋类', '鲜蛋', '水产', '散装', '生鲜'];

/** Goods without a barcode: found by pinyin initials, by name or by category. */
export function PickerDialog(): ReactNode {
  const { hide, send } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [mark, setMark] = useState({ list: '', at: 0 });
  const [categories, setCategories] = useState<readonly string[]>([]);
  const [category, setCategory] = useState<string | null>(null);
  useEffect(() => {
    field.current?.focus();
    connection
      .client()
      .categories()
      .then((all) => {
        const fresh = all.filter((one) => FRESH.some((word) => one.includes(word)));
        setCategories(fresh.length > 0 ? fresh : all.slice(0, 8));
        setCategory((fresh.length > 0 ? fresh[0] : all[0]) ?? null);
      })
      .catch(() => undefined);
  }, []);
  const { found, answered } = useSearch(text, SHOWN_MOST);
  const loose = useLoose(category);
  const typing = text.trim() !== '';
  // What is weighed comes first here; a packed item of that name is still to be had.
  const shown = typing ? [...found].sort((a, b) => Number(a.per === 'piece') - Number(b.per === 'piece')) : loose;
  // A mark belongs to the list it was made on.
  const list = `${category} ${text}`;
  const picked = mark.list === list ? mark.at : 0;
  const move = (by: number): void => setMark({ list, at: Math.max(0, Math.min(shown.length - 1, picked + by)) });
  const take = (item: FoundItem | undefined): void => {
    if (item === undefined) return;
    hide();
    void send({ kind: 'scan', code: item.code, source: 'typed' });
  };
  return (
    <Frame
      title="散装商品"
      size="wide"
      leave={hide}
      aside={<small className="dialog-note">输拼音首字母，如 QC 青菜、XHS 西红柿；数字键选</small>}
      onKey={({ name, repeat }) => {
        if (name === 'Enter') return repeat ? () => undefined : () => take(shown[picked]);
        if (name === 'Up') return () => move(-3);
        if (name === 'Down') return () => move(3);
        if (name === 'Left') return () => move(-1);
        if (name === 'Right') return () => move(1);
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
            {categories.map((one) => (
              <button
                type="button"
                key={one}
                role="tab"
                aria-selected={!typing && one === category}
                className="option"
                onMouseDown={keepFocus}
                onClick={() => {
                  setText('');
                  setCategory(one);
                }}
              >
                {one}
              </button>
            ))}
          </div>
        </div>
        <div className="picker-grid" role="listbox" aria-label="商品">
          {shown.length === 0 && (
            <p className="nothing">
              {typing && answered === text.trim()
                ? `没有找到“${text.trim()}”，换个首字母试试`
                : '选一个分类，或输拼音首字母'}
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
              {index < 9 ? <kbd>{index + 1}</kbd> : <span />}
              <span className="grow">
                {item.name} <small>{item.spec}</small>
              </span>
              <b>{item.priceFen === null ? '未定价' : unitPrice(item.payFen ?? item.priceFen, item.per)}</b>
            </button>
          ))}
        </div>
        <Letters field={field} />
      </div>
    </Frame>
  );
}

/** Letters for a finger; `space` where words are parted. */
export function Letters({
  field,
  space = false,
}: {
  field: { current: HTMLInputElement | null };
  space?: boolean;
}): ReactNode {
  const type = (letter: string): void => {
    const input = field.current;
    if (input !== null) setFieldValue(input, input.value + letter);
  };
  return (
    <div className="letters" role="group" aria-label="字母键盘">
      {LETTERS.map((letter) => (
        <button type="button" key={letter} tabIndex={-1} onMouseDown={keepFocus} onClick={() => type(letter)}>
          {letter}
        </button>
      ))}
      {space && (
        <button type="button" tabIndex={-1} aria-label="空格" onMouseDown={keepFocus} onClick={() => type(' ')}>
          ␣
        </button>
      )}
      <button
        type="button"
        className={space ? '' : 'letters-back'}
        tabIndex={-1}
        aria-label="退格"
        onMouseDown={keepFocus}
        onClick={() => {
          const input = field.current;
          if (input !== null) setFieldValue(input, input.value.slice(0, -1));
        }}
      >
        ⌫
      </button>
    </div>
  );
}

/** 查价: says the price and adds nothing. */
export function PriceCheckDialog(): ReactNode {
  const { hide, keys } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [wanted, setWanted] = useState('');
  useEffect(() => field.current?.focus(), []);
  const { found, answered } = useSearch(wanted, 8);
  const enter = (): void => {
    setWanted(text.trim());
    field.current?.select();
  };
  const one = found.length === 1 ? found[0] : undefined;
  return (
    <Frame
      title="查价"
      size="medium"
      leave={hide}
      aside={<small className="dialog-note">只看价格，不加入这一单</small>}
      onKey={({ name, shift, repeat }) => {
        if (pressedKey(name, shift) === keys.priceCheck) return hide;
        return name === 'Enter' && !repeat ? enter : null;
      }}
      onScan={(code) => {
        setText(code);
        setWanted(code);
        return true;
      }}
    >
      <div className="price-check">
        <input
          ref={field}
          className="field big"
          aria-label="扫码，或输入编码、拼音、品名"
          data-codes="yes"
          placeholder="扫码，或输入编码 / 拼音 / 品名后按 Enter"
          value={text}
          autoComplete="off"
          spellCheck={false}
          inputMode="none"
          maxLength={60}
          onChange={(event) => setText(event.target.value)}
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
    </Frame>
  );
}
