import {
  type CSSProperties,
  memo,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { type CounterFunction, type CounterKeys, functionOf, keyWords, pressedKey } from '../../shared/counter.ts';
import { CODE_CHARACTERS_MAX } from '../../shared/wedge.ts';
import type { FoundItem, Screen, ScreenLine, ScreenMember } from '../../shared/till-contract.ts';
import { formatQuantity } from '../../shared/quantity.ts';
import { pointsRefusedWords, rateWords } from '../../shared/words.ts';
import { minusYuan, shortTime, starText, unitPrice, yuan } from '../parts/format.ts';
import { useBasketLines, useClock, useScreenPart } from '../parts/connection.ts';
import { type KeyHandler, LEVEL, useKeys } from '../parts/keyboard.ts';
import { splitQuantity } from './entry.ts';
import { keepFocus } from './header.tsx';
import { KeyButton } from './key-button.tsx';
import { NoticeLine } from './notice.tsx';
import { connection, notices, useTill } from './till.ts';
import { WeighDialog } from './weigh.tsx';
import './selling.css';
import './lines.css';
import './choices.css';
import './member-card.css';

/** The page a cashier looks at all day: the armed box and the lines at the left, card, sum and keys at the right. */
export function SellingPage(): ReactNode {
  const till = useTill();
  const { screen, send, say, show, keys } = till;
  const { sale } = screen;
  const [mark, setMark] = useState({ list: '', at: 0 });
  const armed = screen.phase === 'selling' && till.dialog === null && sale.weighing === null;
  useArmedBox(armed);
  // A mark belongs to the list it was made on.
  const list = sale.choices.map((choice) => choice.item).join(' ');
  const picked = mark.list === list ? mark.at : 0;
  // Each of two quick strokes goes a line further, also before the core has answered the first.
  const aimed = useRef({ lines: sale.lines, at: sale.selected });

  const submit = (): void => {
    const text = boxText();
    const choice = sale.choices[picked];
    if (text === '' && choice !== undefined) return void send({ kind: 'choose', item: choice.item });
    if (text === '') {
      if (sale.lines.length > 0) void send({ kind: 'startPay' });
      else say({ tone: 'info', text: 'saleEmpty' });
      return;
    }
    empty();
    notices.clear();
    // The box takes no more than that, so what was typed or pasted may be only the head of it.
    if (text.length >= CODE_CHARACTERS_MAX) return say({ tone: 'bad', text: 'codeTooLong' });
    const { count, code } = splitQuantity(text);
    if (count !== null) void send({ kind: 'quantityFirst', count });
    if (code !== '') void send({ kind: 'scan', code, source: 'typed' });
  };
  const selected = sale.lines[sale.selected];
  const star = (): void => {
    const text = boxText();
    if (/^\d{1,4}$/.test(text) && Number(text) > 0) {
      empty();
      void send({ kind: 'quantityFirst', count: Number(text) });
    } else if (selected !== undefined) show({ kind: 'quantity', line: sale.selected });
    else say({ tone: 'info', text: '先输数量再按 *，例如 3*，再扫码' });
  };
  const aim = (line: number): void => {
    aimed.current = { lines: sale.lines, at: line };
    void send({ kind: 'selectLine', line });
  };
  const move = (by: number): void => {
    if (sale.choices.length > 0) setMark({ list, at: clamp(picked + by, sale.choices.length) });
    else if (sale.lines.length > 0) {
      const from = aimed.current.lines === sale.lines ? aimed.current.at : sale.selected;
      aim(clamp(from + by, sale.lines.length));
    }
  };
  const withLine = (act: (line: number) => void): void => {
    if (selected === undefined) say({ tone: 'info', text: 'noLine' });
    else act(sale.selected);
  };
  const functions: Readonly<Record<CounterFunction, () => void>> = {
    help: () => show({ kind: 'help' }),
    member: () => {
      if (sale.cardWaiting === null) show({ kind: 'member' });
      else void till.sendApproved((approval) => ({ kind: 'allowCard', approval }), secondUseWords(sale.cardWaiting));
    },
    bag: () => void send({ kind: 'scan', code: BAG, source: 'typed' }),
    more: () => show({ kind: 'more' }),
    status: () => show({ kind: 'status' }),
    receipts: () => show({ kind: 'receipts' }),
    hold: () => {
      if (sale.lines.length > 0) void send({ kind: 'hold' });
      else if (screen.held.length > 0) show({ kind: 'held' });
      else say({ tone: 'info', text: 'nothingHeld' });
    },
    priceCheck: () => show({ kind: 'priceCheck' }),
    points: () => show({ kind: 'points' }),
    drawer: () => void till.sendApproved((approval) => ({ kind: 'openDrawer', approval }), '不收款开钱箱'),
    refund: () => show({ kind: 'refund', receipt: null, way: 'refund' }),
    exchange: () => show({ kind: 'refund', receipt: null, way: 'exchange' }),
    picker: () => show({ kind: 'picker' }),
    pay: () => void send({ kind: 'startPay' }),
    quantity: star,
    price: () => withLine((line) => show({ kind: 'price', line })),
    deleteLine: () => withLine((line) => void send({ kind: 'deleteLine', line })),
    voidSale: () => (selected === undefined ? say({ tone: 'info', text: 'saleEmpty' }) : show({ kind: 'void' })),
    removeMember: () => {
      if (sale.member !== null || sale.cardWaiting !== null) void send({ kind: 'removeMember' });
    },
  };
  // Always the same function, so that what only holds keys is not drawn again with every scan.
  const act = useStable((which: CounterFunction) => functions[which]());
  const select = useStable(aim);
  const choose = useStable((item: string) => void send({ kind: 'choose', item }));
  const dismiss = useStable(() => void send({ kind: 'dismiss' }));
  const onKey: KeyHandler = ({ name, shift, repeat }) => {
    const text = boxText();
    switch (name) {
      case 'Enter':
        return repeat ? () => undefined : submit;
      case 'Esc':
        return () => {
          if (text !== '') empty();
          else if (sale.choices.length > 0) void send({ kind: 'dismiss' });
          else if (sale.quantityFirst !== null) void send({ kind: 'quantityFirst', count: null });
          notices.clear();
          // Whoever went to a button with Tab comes back to the box.
          scanBox()?.focus({ preventScroll: true });
        };
      case 'Up':
        return () => move(-1);
      case 'Down':
        return () => move(1);
      default: {
        const choice = /^[1-9]$/.test(name) && text === '' ? sale.choices[Number(name) - 1] : undefined;
        if (choice !== undefined) return () => void send({ kind: 'choose', item: choice.item });
        const which = functionOf(keys, pressedKey(name, shift));
        if (which === null) return null;
        // While something is typed, signs belong to it and the editing keys edit it; only a count waits for its sign.
        const edits = !/^F\d/.test(name) && which !== 'quantity';
        return text !== '' && edits ? null : functions[which];
      }
    }
  };
  useKeys(LEVEL.page, onKey);

  return (
    <div className="selling" inert={screen.phase === 'paying'}>
      <main className="basket">
        <div className="scan">
          <ScanField quantityFirst={sale.quantityFirst} />
          <button type="button" className="key" onMouseDown={keepFocus} onClick={star}>
            <span>数量</span>
            <kbd>{keyWords(keys.quantity)}</kbd>
          </button>
        </div>
        <NoticeLine quantityFirst={sale.quantityFirst} star={keyWords(keys.quantity)} />
        {sale.choices.length > 0 ? (
          <Choices choices={sale.choices} picked={picked} choose={choose} leave={dismiss} />
        ) : (
          <Basket stars={sale.member?.stars ?? 0} select={select} />
        )}
        <BasketFoot kinds={sale.lines.length} pieces={sale.pieces} adultsOnly={sale.adultsOnly} keys={keys} act={act} />
      </main>
      <aside className="side">
        {sale.member !== null ? (
          <MemberCard member={sale.member} keys={keys} act={act} />
        ) : sale.cardWaiting !== null ? (
          <CardWaiting waiting={sale.cardWaiting} keys={keys} act={act} />
        ) : (
          <NoMember keys={keys} act={act} />
        )}
        <Sum shelfFen={sale.shelfFen} discountFen={sale.discountFen} totalFen={sale.totalFen} />
        <Keys isEmpty={sale.lines.length === 0} held={screen.held.length} keys={keys} act={act} />
      </aside>
      {sale.weighing !== null && screen.phase === 'selling' && (
        <WeighDialog key={sale.weighing.item} item={sale.weighing} />
      )}
    </div>
  );
}

/** Drawn again for a count only: React writes an input anew with whatever it stands in, and a scan would pay for it. */
const ScanField = memo(PlainScanField);

function PlainScanField({ quantityFirst }: { quantityFirst: number | null }): ReactNode {
  return (
    <label className="scan-field" data-quantity={quantityFirst !== null}>
      <span className="visually-hidden">扫码、刷卡，或输入编码、拼音、品名</span>
      {quantityFirst !== null && <b className="quantity-first">{quantityFirst} ×</b>}
      <input
        id={BOX_ID}
        className="scan-box"
        data-codes="yes"
        data-bursts="yes"
        placeholder="扫码、刷卡，或输入编码 / 拼音 / 品名"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        maxLength={CODE_CHARACTERS_MAX}
        inputMode="none"
      />
    </label>
  );
}

/** What a key or its button does. */
type Act = (which: CounterFunction) => void;

/** What bags are called in every catalogue; several sizes of them are picked from by number. */
const BAG = '购物袋';

const BasketFoot = memo(PlainBasketFoot);

function PlainBasketFoot({
  kinds,
  pieces,
  adultsOnly,
  keys,
  act,
}: {
  kinds: number;
  pieces: number;
  adultsOnly: boolean;
  keys: CounterKeys;
  act: Act;
}): ReactNode {
  return (
    <footer className="basket-foot">
      <span>
        共 <b>{kinds}</b> 种
      </span>
      <span>
        件数 <b>{pieces}</b>
      </span>
      {adultsOnly && (
        <span className="adults">
          18+ <i>有烟酒，</i>请确认已成年
        </span>
      )}
      <span className="space" />
      <FootKeys keys={keys} act={act} />
    </footer>
  );
}

const FootKeys = memo(PlainFootKeys);

function PlainFootKeys({ keys, act }: { keys: CounterKeys; act: Act }): ReactNode {
  return (
    <>
      <KeyButton small label="改价" keys={keyWords(keys.price)} act={() => act('price')} />
      <KeyButton small label="删行" keys={keyWords(keys.deleteLine)} act={() => act('deleteLine')} />
      <KeyButton small label="作废" keys={keyWords(keys.voidSale)} act={() => act('voidSale')} />
      <KeyButton small label="帮助" keys={keyWords(keys.help)} act={() => act('help')} />
    </>
  );
}

const Sum = memo(PlainSum);

function PlainSum({ shelfFen, discountFen, totalFen }: Pick<Screen['sale'], 'shelfFen' | 'discountFen' | 'totalFen'>) {
  return (
    <section className="sum" aria-label="合计">
      <div className="sum-row">
        <span>标价合计</span>
        <span>{yuan(shelfFen)}</span>
      </div>
      <div className="sum-row saved">
        <span>已优惠</span>
        <b>{minusYuan(discountFen)}</b>
      </div>
      <div className="due">
        <span>应付</span>
        <b>
          <small>￥</small>
          {yuan(totalFen)}
        </b>
      </div>
    </section>
  );
}

const Keys = memo(PlainKeys);

function PlainKeys({
  isEmpty,
  held,
  keys,
  act,
}: {
  isEmpty: boolean;
  held: number;
  keys: CounterKeys;
  act: Act;
}): ReactNode {
  const key = (which: CounterFunction, label: string, badge = 0): ReactNode => (
    <KeyButton label={label} badge={badge} keys={keyWords(keys[which])} act={() => act(which)} />
  );
  return (
    <div className="keys">
      <button type="button" className="pay-key" disabled={isEmpty} onMouseDown={keepFocus} onClick={() => act('pay')}>
        付款 <kbd>{keyWords(keys.pay)}</kbd>
      </button>
      <BagKey keys={keyWords(keys.bag)} act={() => act('bag')} />
      {key('member', '会员')}
      {key('hold', isEmpty && held > 0 ? '取单' : '挂单', held)}
      {key('receipts', '今日单')}
      {key('picker', '选商品')}
      {key('refund', '退货')}
      {key('exchange', '换货')}
      {key('priceCheck', '查价')}
      {key('points', '查积分')}
      {key('drawer', '钱箱')}
    </div>
  );
}

/** Stands beside 付款, because the question comes last: what a bag costs, or the least that one costs. */
function BagKey({ keys, act }: { keys: string; act: () => void }): ReactNode {
  const catalogue = useScreenPart(connection, (screen) => screen?.status.catalogueVersion ?? 0);
  const [bags, setBags] = useState<Readonly<{ of: number; found: readonly FoundItem[] }>>({ of: -1, found: [] });
  useEffect(() => {
    let gone = false;
    connection
      .client()
      .search({ text: BAG, limit: 9 })
      .then(
        (found) => {
          if (!gone) setBags({ of: catalogue, found });
        },
        () => undefined,
      );
    return () => {
      gone = true;
    };
  }, [catalogue]);
  const pricesFen = bags.found.flatMap((bag) => bag.payFen ?? []);
  return (
    <button type="button" className="key bag-key" onMouseDown={keepFocus} onClick={act}>
      <span>
        购物袋
        {pricesFen.length > 0 && (
          <small>
            ￥{yuan(Math.min(...pricesFen))}
            {pricesFen.length > 1 && ' 起'}
          </small>
        )}
      </span>
      <kbd>{keys}</kbd>
    </button>
  );
}

/** The same function for as long as the part is shown, doing what the newest one given does. */
function useStable<Given extends readonly unknown[]>(newest: (...given: Given) => void): (...given: Given) => void {
  const now = useRef(newest);
  useLayoutEffect(() => {
    now.current = newest;
  });
  return useCallback((...given: Given) => now.current(...given), []);
}

const BOX_ID = 'scan-box';

function scanBox(): HTMLInputElement | null {
  const box = document.getElementById(BOX_ID);
  return box instanceof HTMLInputElement ? box : null;
}

function boxText(): string {
  return scanBox()?.value.trim() ?? '';
}

function empty(): void {
  const box = scanBox();
  if (box !== null) box.value = '';
}

/**
 * Keeps the row that is meant in view: when it becomes another one, when rows come, and when the list gets smaller around
 * it. What it gives back goes to what scrolls.
 */
function useMeantInView(meant: number, rows: readonly unknown[]): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  const look = useStable(() =>
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }),
  );
  useEffect(() => {
    const watching = new ResizeObserver(look);
    if (list.current !== null) watching.observe(list.current);
    return () => watching.disconnect();
  }, [look]);
  useEffect(() => {
    // Within the frame that draws the row, which is laid out there anyway, and not before a scan is on its way.
    const frame = requestAnimationFrame(() => {
      if (meant < rows.length) look();
    });
    return () => cancelAnimationFrame(frame);
  }, [meant, rows, look]);
  return list;
}

/** The box has the focus whenever nothing else needs it. */
function useArmedBox(armed: boolean): void {
  useEffect(() => {
    if (!armed) return;
    const arm = (): void => {
      const active = document.activeElement;
      if (active === null || active === document.body) scanBox()?.focus({ preventScroll: true });
    };
    scanBox()?.focus({ preventScroll: true });
    const later = (): void => void setTimeout(arm, 0);
    document.addEventListener('focusout', later);
    window.addEventListener('focus', arm);
    return () => {
      document.removeEventListener('focusout', later);
      window.removeEventListener('focus', arm);
    };
  }, [armed]);
}

const Basket = memo(PlainBasket);

/** Follows the lines by itself: that of a scan which the core is still recording is drawn with nothing around it. */
function PlainBasket({ stars, select }: { stars: number; select: (line: number) => void }): ReactNode {
  const basket = useBasketLines(connection);
  // The core's lines and not those ahead of it: a block is put to sleep behind the frame that shows a scan.
  const asleep = useScreenPart(connection, (screen) => blocksAsleep(screen?.sale.lines.length ?? 0));
  if (basket === null) return null;
  return <Lines lines={basket.lines} selected={basket.selected} stars={stars} select={select} asleep={asleep} />;
}

type LinesProps = Readonly<{
  lines: readonly ScreenLine[];
  selected: number;
  stars: number;
  select: (line: number) => void;
}>;

const Lines = memo(PlainLines);

function PlainLines({ asleep, lines, selected, stars, select }: LinesProps & Readonly<{ asleep: number }>): ReactNode {
  const list = useMeantInView(selected, lines);
  const blocks = Array.from({ length: Math.ceil(lines.length / BLOCK_ROWS) }, (_, block) => block * BLOCK_ROWS);
  return (
    <div className="basket-lines">
      {/* Beside what scrolls and not in it: a head that sticks is drawn anew with every line that comes. */}
      <div className="lines-head" aria-hidden="true">
        {COLUMNS.map((column) => (
          <span key={column}>{column}</span>
        ))}
      </div>
      <div className="lines" ref={list}>
        <table aria-label="商品">
          <thead className="visually-hidden">
            <tr>
              {COLUMNS.map((column) => (
                <th key={column}>{column}</th>
              ))}
            </tr>
          </thead>
          {blocks.map((from, block) => (
            <LineBlock
              key={from}
              isAsleep={block < asleep}
              from={from}
              lines={lines}
              selected={selected >= from && selected < from + BLOCK_ROWS ? selected : -1}
              stars={stars}
              select={select}
            />
          ))}
        </table>
        {lines.length === 0 && <EmptyBasket />}
      </div>
    </div>
  );
}

const COLUMNS = ['#', '商品', '单价', '数量', '标价', '小计'] as const;

function EmptyBasket(): ReactNode {
  return (
    <div className="empty-basket">
      <svg viewBox="0 0 64 64" width="72" height="72" aria-hidden="true">
        <path d="M6 16v32M12 16v32M17 16v32M24 16v32M29 16v32M36 16v32M41 16v32M46 16v32M53 16v32M58 16v32" />
      </svg>
      <h2>扫第一件商品开始</h2>
      <p>先刷卡或后刷卡都可以，刷卡后自动按星级打折</p>
    </div>
  );
}

/** Rows that are compared, laid out and painted together: of a long sale a scan touches the last few only. */
const BLOCK_ROWS = 8;

/** More rows than stand in view: what is put to sleep there costs its frame as much as all the rest of it. */
const ROWS_AWAKE = 3 * BLOCK_ROWS;

/** A block of rows that is asleep is not painted while it is scrolled away, and its height is known without its rows. */
const ASLEEP: CSSProperties = {
  contentVisibility: 'auto',
  containIntrinsicBlockSize: `calc(${BLOCK_ROWS} * var(--row))`,
};

function blocksAsleep(rows: number): number {
  return Math.max(0, Math.floor((rows - ROWS_AWAKE) / BLOCK_ROWS));
}

type LineBlockProps = LinesProps & Readonly<{ from: number; isAsleep: boolean }>;

const LineBlock = memo(PlainLineBlock, isSameBlock);

function PlainLineBlock({ from, isAsleep, lines, selected, stars, select }: LineBlockProps): ReactNode {
  return (
    <tbody style={isAsleep ? ASLEEP : undefined}>
      {lines.slice(from, from + BLOCK_ROWS).map((line, row) => (
        <LineRow
          key={line.key}
          line={line}
          index={from + row}
          on={from + row === selected}
          stars={stars}
          select={select}
        />
      ))}
    </tbody>
  );
}

function isSameBlock(before: LineBlockProps, now: LineBlockProps): boolean {
  if (before.selected !== now.selected || before.isAsleep !== now.isAsleep) return false;
  if (before.stars !== now.stars || before.select !== now.select) return false;
  for (let index = now.from; index < now.from + BLOCK_ROWS; index += 1) {
    if (before.lines[index] !== now.lines[index]) return false;
  }
  return true;
}

/** So many characters stand in two rows however narrow the place for them is. What is cut off costs each frame a little. */
const TWO_ROWS_CHARACTERS = 20;

type LineRowProps = Readonly<{
  line: ScreenLine;
  index: number;
  on: boolean;
  stars: number;
  select: (line: number) => void;
}>;

const LineRow = memo(PlainLineRow);

function PlainLineRow({ line, index, on, stars, select }: LineRowProps): ReactNode {
  return (
    <tr className={on ? 'on' : undefined} aria-selected={on} onMouseDown={keepFocus} onClick={() => select(index)}>
      <LineCells line={line} index={index} stars={stars} />
    </tr>
  );
}

/** Not compared again where a row only becomes the one that is meant, or is it no longer. */
const LineCells = memo(PlainLineCells);

function PlainLineCells({ line, index, stars }: Pick<LineRowProps, 'line' | 'index' | 'stars'>): ReactNode {
  return (
    <>
      <td>{index + 1}</td>
      <td>
        <span className={line.name.length > TWO_ROWS_CHARACTERS ? 'name-text long' : 'name-text'}>{line.name}</span>
        {line.spec !== '' && <small>{line.spec}</small>}
        {line.labelled && <small>秤签</small>}
        <LineTags line={line} stars={stars} />
      </td>
      <td>
        {line.unitPayFen < line.priceFen && <s className="was">{yuan(line.priceFen)}</s>}
        {unitPrice(Math.min(line.unitPayFen, line.priceFen), line.per)}
      </td>
      <td>{formatQuantity(line.quantity, line.per)}</td>
      <td>{line.payFen < line.shelfFen ? <s>{yuan(line.shelfFen)}</s> : yuan(line.shelfFen)}</td>
      <td>{yuan(line.payFen)}</td>
    </>
  );
}

/** Why the line costs what it costs, and what it is kept from. */
function LineTags({ line, stars }: { line: ScreenLine; stars: number }): ReactNode {
  const kept = [...(line.discountAllowed ? [] : ['不打折']), ...(line.pointsAllowed ? [] : ['不收积分'])];
  return (
    <>
      {line.reason === 'star' && (
        <span className="tag star">
          {stars}★ {rateWords(line.starRateBp)}
        </span>
      )}
      {line.reason === 'promotion' && <span className="tag promo">促销</span>}
      {line.reason === 'clearance' && <span className="tag promo">临期特价</span>}
      {line.reason === 'manual' && <span className="tag manual">已改价</span>}
      {kept.length > 0 && <span className="tag no">{kept.join(' · ')}</span>}
    </>
  );
}

function Choices({
  choices,
  picked,
  choose,
  leave,
}: {
  choices: readonly FoundItem[];
  picked: number;
  choose: (item: string) => void;
  leave: () => void;
}): ReactNode {
  const list = useMeantInView(picked, choices);
  return (
    <div className="lines choices" ref={list} role="listbox" aria-label="选择商品">
      <div className="choices-head">
        <span>
          共 {choices.length} 种，<kbd>1</kbd> 到 <kbd>9</kbd> 直接选，<kbd>↑</kbd> <kbd>↓</kbd> 翻看，<kbd>Enter</kbd>{' '}
          选中
        </span>
        <button type="button" className="key small" onMouseDown={keepFocus} onClick={leave}>
          <span>都不是</span>
          <kbd>Esc</kbd>
        </button>
      </div>
      {choices.map((choice, index) => (
        <ChoiceRow key={choice.item} choice={choice} index={index} on={index === picked} choose={choose} />
      ))}
    </div>
  );
}

function ChoiceRow({
  choice,
  index,
  on,
  choose,
}: {
  choice: FoundItem;
  index: number;
  on: boolean;
  choose: (item: string) => void;
}): ReactNode {
  return (
    <button
      type="button"
      role="option"
      aria-selected={on}
      className="choice"
      disabled={choice.priceFen === null}
      onMouseDown={keepFocus}
      onClick={() => choose(choice.item)}
    >
      {index < 9 ? <kbd>{index + 1}</kbd> : <span />}
      <span className="choice-name">
        {choice.name} <small>{choice.spec}</small>
      </span>
      <span className="choice-code">{choice.code}</span>
      <span className="choice-stock">库存 {formatQuantity(choice.stock, choice.per)}</span>
      <b>{choice.priceFen === null ? '未定价' : unitPrice(choice.payFen ?? choice.priceFen, choice.per)}</b>
    </button>
  );
}

const NoMember = memo(PlainNoMember);

function PlainNoMember({ keys, act }: { keys: CounterKeys; act: Act }): ReactNode {
  return (
    <button type="button" className="card no-card" onMouseDown={keepFocus} onClick={() => act('member')}>
      <span className="no-card-title">信用一卡通</span>
      <span>请顾客刷卡或扫卡；没有卡按标价结账</span>
      <span className="no-card-key">
        卡刷不出、没带卡 <kbd>{keyWords(keys.member)}</kbd>
      </span>
    </button>
  );
}

type Waiting = NonNullable<Screen['sale']['cardWaiting']>;

function secondUseWords({ mask, seconds }: Waiting): string {
  return `${mask}的卡 ${seconds} 秒内刚用过，再用一次。请先认一认持卡人`;
}

/** A card that paid a moment ago: it goes on with a manager's leave, or at shelf price without it. */
function CardWaiting({ waiting, keys, act }: { waiting: Waiting; keys: CounterKeys; act: Act }): ReactNode {
  return (
    <section className="card no-card card-waiting" aria-label="刚用过的卡">
      <span className="no-card-title">▲ 这张卡刚用过</span>
      <span>
        {waiting.mask} {waiting.villageName}，{waiting.seconds} 秒内再用要店长同意
      </span>
      <div className="card-waiting-keys">
        <KeyButton label="请店长" keys={keyWords(keys.member)} act={() => act('member')} />
        <KeyButton label="不用这张卡" keys={keyWords(keys.removeMember)} act={() => act('removeMember')} />
      </div>
    </section>
  );
}

const MemberCard = memo(PlainMemberCard);

function PlainMemberCard({ member, keys, act }: { member: ScreenMember; keys: CounterKeys; act: Act }): ReactNode {
  const asOf = useClock(connection, (nowMs) => shortTime(member.townAsOfMs, nowMs));
  return (
    <section className="card" aria-label="会员">
      <div className="card-name">
        {member.mask}
        <small>{member.villageName}</small>
      </div>
      <div className="card-stars" role="img" aria-label={`${member.stars} 星`}>
        {starText(member.stars)}
      </div>
      <div className="card-tail">
        {member.lastFour === '' ? '没有带卡 · 名单上查到' : `尾号 ${member.lastFour}`}
        {member.bearer !== null && ` · ${member.bearer.mask} 代购`}
        {member.personConfirmed && ' · 已核对本人'}
        {member.pinProven && ' · 密码已核对'}
      </div>
      <div className="card-rate">{rateWords(member.rateBp) || '不打折'}</div>
      <div className="card-points">
        <div className="main-points">
          本店现在可用
          <b>
            {member.spendable} <small>分</small>
          </b>
        </div>
        <div>
          镇上总数 · 截至 {asOf}
          <b>
            {member.townPoints} <small>分</small>
          </b>
        </div>
        <button
          type="button"
          className="card-remove"
          aria-label="取下会员"
          title="取下会员"
          onMouseDown={keepFocus}
          onClick={() => act('removeMember')}
        >
          ✕ <kbd>{keyWords(keys.removeMember)}</kbd>
        </button>
      </div>
      <div className="card-limits">
        <span>
          今日还可用 <b>{member.leftToday}</b>
        </span>
        <span>
          本月还可用 <b>{member.leftThisMonth}</b>
        </span>
        <span>
          免密 <b>{member.leftWithoutPin}</b>
        </span>
      </div>
      <MemberRemark member={member} />
    </section>
  );
}

function MemberRemark({ member }: { member: ScreenMember }): ReactNode {
  if (member.pointsRefused !== null) {
    return <div className="card-remark warn">▲ {pointsRefusedWords[member.pointsRefused]}</div>;
  }
  if (member.starsStale) return <div className="card-remark warn">▲ 星级太久没更新，按标价计算，联网后恢复</div>;
  if (member.nextExpiry !== null) {
    return (
      <div className="card-remark">
        {member.nextExpiry.points} 分将于 {member.nextExpiry.day} 到期
      </div>
    );
  }
  return null;
}

function clamp(index: number, length: number): number {
  return Math.max(0, Math.min(length - 1, index));
}
