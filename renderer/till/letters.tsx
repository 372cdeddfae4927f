import type { ReactNode } from 'react';
import { setFieldValue } from '../parts/keyboard.ts';
import { keepFocus } from './header.tsx';
import './letters.css';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');

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
