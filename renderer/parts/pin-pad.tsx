import { type ReactNode, useEffect, useState } from 'react';
import type { Command, Screen } from '../../shared/till-contract.ts';
import './pin-pad.css';

type Asked = NonNullable<Screen['pin']>;

const DIGITS = 6;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', '0', 'back'] as const;

/**
 * The pad on which a customer types the PIN, for the customer's page and for a till that is turned round. It keeps the
 * digits only until they are sent, and shows none of them.
 */
export function PinPad({
  asked,
  send,
  leave,
}: {
  asked: Asked;
  send: (command: Command) => Promise<unknown>;
  leave: () => void;
}): ReactNode {
  const [typed, setTyped] = useState('');
  const isBusy = asked.state === 'checking';
  const isOver = asked.state === 'locked' || asked.state === 'none';
  const press = (key: (typeof KEYS)[number]): void => {
    if (isBusy || isOver) return;
    if (key === 'clear') setTyped('');
    else if (key === 'back') setTyped((before) => before.slice(0, -1));
    else if (typed.length < DIGITS) setTyped(typed + key);
  };
  const enter = (): void => {
    if (isBusy || isOver || typed.length !== DIGITS) return;
    setTyped('');
    void send({ kind: 'enterPin', ask: asked.ask, pin: typed });
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (/^\d$/.test(event.key)) press(event.key as '0');
      else if (event.key === 'Backspace') press('back');
      else if (event.key === 'Enter') enter();
      else if (event.key === 'Escape') leave();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    // Before the wedge: what is typed here is no scan.
    window.addEventListener('keydown', onKey, { capture: true });
    return () => window.removeEventListener('keydown', onKey, { capture: true });
  });
  return (
    <div className="pin-pad-veil">
      <section className="pin-pad" role="dialog" aria-modal="true" aria-label="请输入积分密码">
        <h1>{asked.mask}，请输入积分密码</h1>
        <p className="pin-pad-dots" role="img" aria-label={`已输 ${typed.length} 位，共 ${DIGITS} 位`}>
          {Array.from({ length: DIGITS }, (_, index) => (
            <i key={index} data-on={index < typed.length} />
          ))}
        </p>
        <p className="pin-pad-says" data-state={asked.state} role="status">
          {sayOf(asked)}
        </p>
        <div className="pin-pad-keys">
          {KEYS.map((key) => (
            <button
              type="button"
              key={key}
              disabled={isBusy || isOver}
              aria-label={key === 'back' ? '退格' : key === 'clear' ? '清空' : key}
              onClick={() => press(key)}
            >
              {key === 'back' ? '⌫' : key === 'clear' ? '清空' : key}
            </button>
          ))}
        </div>
        <div className="pin-pad-foot">
          <button type="button" onClick={leave}>
            不用密码
          </button>
          <button
            type="button"
            className="pin-pad-enter"
            disabled={isBusy || isOver || typed.length !== DIGITS}
            onClick={enter}
          >
            {isBusy ? '正在核对' : '确定'}
          </button>
        </div>
      </section>
    </div>
  );
}

/** What the customer, or the cashier, reads of the question as it stands. */
export function sayOf(asked: Asked): string {
  switch (asked.state) {
    case 'asked':
      return '6 位数字，只送到镇上核对，这里不保存';
    case 'checking':
      return '正在请镇上核对…';
    case 'wrong':
      return `▲ 密码不对，还可试 ${asked.left ?? 0} 次`;
    case 'locked':
      return '▲ 错得太多，密码已锁住，请到镇信用办重设';
    case 'none':
      return '▲ 还没有在镇上设密码，请到镇信用办设';
    case 'unreachable':
      return '▲ 镇上没有答复，核对不了；可再试，或请店长核对本人';
  }
}
