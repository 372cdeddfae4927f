import type { ReactNode, RefObject } from 'react';
import { setFieldValue } from '../parts/keyboard.ts';
import { keepFocus } from './header.tsx';

const IN_FOUR_ROWS = ['7', '8', '9', '4', '5', '6', '1', '2', '3'] as const;
const IN_TWO_ROWS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'] as const;

/** Digits for a finger; they go into the field that the dialog names, as if typed. */
export function Numpad({
  field,
  point = false,
  enter,
  enterLabel = '确定',
  strip = false,
}: {
  field: RefObject<HTMLInputElement | null>;
  point?: boolean;
  enter?: () => void;
  enterLabel?: string;
  /** Two rows of six, without the key that confirms: for a dialog that has that key elsewhere. */
  strip?: boolean;
}): ReactNode {
  const type = (text: string): void => {
    const input = field.current;
    if (input === null) return;
    // What was filled in beforehand is replaced by the first digit, as it is when typing over a selection.
    const from = input.selectionStart ?? input.value.length;
    const to = input.selectionEnd ?? input.value.length;
    const next = input.value.slice(0, from) + text + input.value.slice(to);
    if (input.maxLength > 0 && next.length > input.maxLength) return;
    setFieldValue(input, next);
    input.setSelectionRange(from + text.length, from + text.length);
    input.focus();
  };
  const back = (): void => {
    const input = field.current;
    if (input === null) return;
    const from = input.selectionStart ?? input.value.length;
    const to = input.selectionEnd ?? input.value.length;
    const start = from === to ? Math.max(0, from - 1) : from;
    setFieldValue(input, input.value.slice(0, start) + input.value.slice(to));
    input.setSelectionRange(start, start);
    input.focus();
  };
  return (
    <div className={strip ? 'numpad strip' : 'numpad'} role="group" aria-label="数字键盘">
      {(strip ? IN_TWO_ROWS : IN_FOUR_ROWS).map((digit) => (
        <button type="button" key={digit} tabIndex={-1} onMouseDown={keepFocus} onClick={() => type(digit)}>
          {digit}
        </button>
      ))}
      <button
        type="button"
        tabIndex={-1}
        aria-label={point ? '小数点' : '清空'}
        onMouseDown={keepFocus}
        onClick={() => {
          if (point) type('.');
          else if (field.current !== null) setFieldValue(field.current, '');
        }}
      >
        {point ? '.' : '清空'}
      </button>
      {!strip && (
        <button type="button" tabIndex={-1} onMouseDown={keepFocus} onClick={() => type('0')}>
          0
        </button>
      )}
      <button type="button" tabIndex={-1} aria-label="退格" onMouseDown={keepFocus} onClick={back}>
        ⌫
      </button>
      {!strip && (
        <button type="button" className="numpad-enter" onMouseDown={keepFocus} onClick={enter}>
          {enterLabel} <kbd>Enter</kbd>
        </button>
      )}
    </div>
  );
}
