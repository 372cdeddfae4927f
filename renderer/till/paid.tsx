import { type ReactNode, useEffect, useRef } from 'react';
import { keyWords, pressedKey } from '../../shared/counter.ts';
import { yuan } from '../parts/format.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { ReceiptView } from '../parts/receipt-view.tsx';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';
import './paid.css';

/** The second Enter of a double press must not close the page before the change was read. */
const READ_MS = 400;

const PRINTED_WORDS = {
  printing: '● 正在打印小票',
  printed: '✓ 小票已打印',
  failed: '■ 小票没打出来，按 R 重打；单子已记账',
  none: '○ 没有打印机，小票在右边',
} as const;

/** The sale is on disk. The change is the largest thing on the page, and the next scan goes on. */
export function PaidPage(): ReactNode {
  const { screen, send, show, keys } = useTill();
  const { paid } = screen;
  const shownAtMs = useRef(0);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    shownAtMs.current = performance.now();
    button.current?.focus({ preventScroll: true });
  }, []);
  const next = (): void => {
    if (performance.now() - shownAtMs.current >= READ_MS) void send({ kind: 'nextSale' });
  };
  const reprint = (): void => {
    if (paid !== null) void send({ kind: 'reprint', receipt: paid.receipt.number });
  };
  const mend = (): void => {
    if (paid !== null) show({ kind: 'tender', receipt: paid.receipt.number });
  };
  /** Whoever just paid asks what is left: their card is still in the hand. */
  const points = screen.sale.member?.how === 'presented' ? () => show({ kind: 'points' }) : null;
  useKeys(LEVEL.page, ({ name, shift, repeat }) => {
    if (points !== null && pressedKey(name, shift) === keys.points) return points;
    switch (name) {
      case 'Enter':
      case 'Esc':
      case 'Space':
        return repeat ? () => undefined : next;
      case 'r':
        return reprint;
      case 'g':
        return mend;
      default:
        return null;
    }
  });
  if (paid === null) return null;
  const { receipt } = paid;
  return (
    <main className="paid">
      <section className="paid-main">
        <h1>
          <i aria-hidden="true">✓</i> 已收款 <small>￥{yuan(paid.paidFen)}</small>
        </h1>
        <div className="paid-change">
          <span>找零</span>
          <b>
            <small>￥</small>
            {yuan(paid.changeFen)}
          </b>
        </div>
        <dl className="paid-facts">
          {receipt.points !== null && receipt.points.used > 0 && (
            <div>
              <dt>积分</dt>
              <dd>{receipt.points.used} 分</dd>
            </div>
          )}
          {receipt.mobile !== null && receipt.mobile.fen > 0 && (
            <div>
              <dt>手机支付</dt>
              <dd>{yuan(receipt.mobile.fen)}</dd>
            </div>
          )}
          <div>
            <dt>现金应收</dt>
            <dd>{yuan(receipt.cashDueFen)}</dd>
          </div>
          <div>
            <dt>实收现金</dt>
            <dd>{yuan(paid.cashGivenFen)}</dd>
          </div>
          {receipt.discountFen > 0 && (
            <div className="saved">
              <dt>为顾客省了</dt>
              <dd>{yuan(receipt.discountFen)}</dd>
            </div>
          )}
        </dl>
        {receipt.member !== null && paid.spendableAfter !== null && (
          <div className="paid-points">
            <span>
              {receipt.member.mask} · {receipt.member.villageName}
            </span>
            <span>
              本店可用积分 <b>{paid.spendableBefore}</b>
              <i aria-label="变为">→</i>
              <b>{paid.spendableAfter}</b> 分
            </span>
          </div>
        )}
        <p className="paid-printed" data-state={paid.printed}>
          {PRINTED_WORDS[paid.printed]}
        </p>
        <div className="paid-keys">
          <button type="button" ref={button} className="pay-key" onMouseDown={keepFocus} onClick={next}>
            下一单 <kbd>Enter</kbd>
          </button>
          <button type="button" className="key" onMouseDown={keepFocus} onClick={reprint}>
            <span>重打小票</span>
            <kbd>R</kbd>
          </button>
          <button type="button" className="key" onMouseDown={keepFocus} onClick={mend}>
            <span>改付款方式</span>
            <kbd>G</kbd>
          </button>
          {points !== null && (
            <button type="button" className="key" onMouseDown={keepFocus} onClick={points}>
              <span>查积分</span>
              <kbd>{keyWords(keys.points)}</kbd>
            </button>
          )}
        </div>
        <p className="paid-hint">直接扫下一件商品，也会开始下一单</p>
      </section>
      <section className="paid-receipt" aria-label="小票">
        <ReceiptView receipt={receipt} />
      </section>
    </main>
  );
}
