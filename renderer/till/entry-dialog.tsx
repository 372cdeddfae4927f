import { type ReactNode, type RefObject, useEffect, useRef } from 'react';
import type { KeyHandler, ScanHandler } from '../parts/keyboard.ts';
import { Frame } from './frame.tsx';
import { Letters } from './letters.tsx';
import { Numpad } from './numpad.tsx';

/**
 * A dialog in which one thing is typed: what it is about and the field at the left, the number pad for fingers at the
 * right. Enter, on the keyboard or on the pad, gives what was typed.
 */
export function EntryDialog({
  title,
  size = 'medium',
  leave,
  leaveLabel,
  field,
  point = false,
  enter,
  enterLabel,
  letters = false,
  onKey,
  onScan,
  aside,
  children,
}: {
  title: string;
  size?: 'medium' | 'wide';
  leave: () => void;
  leaveLabel?: string;
  /** Where the pad's digits go. */
  field: RefObject<HTMLInputElement | null>;
  point?: boolean;
  enter: () => void;
  enterLabel?: string;
  /** Initials are typed as well, so a finger needs letters. */
  letters?: boolean;
  /** What other keys do; it is asked before Enter and Esc. */
  onKey?: KeyHandler;
  onScan?: ScanHandler;
  aside?: ReactNode;
  children: ReactNode;
}): ReactNode {
  return (
    <Frame
      title={title}
      size={size}
      leave={leave}
      {...(leaveLabel === undefined ? {} : { leaveLabel })}
      {...(onScan === undefined ? {} : { onScan })}
      onKey={(press) => {
        const own = onKey?.(press) ?? null;
        if (own !== null || press.name !== 'Enter') return own;
        return press.repeat ? () => undefined : enter;
      }}
      aside={aside}
    >
      <div className="two">
        <div>{children}</div>
        <Numpad field={field} point={point} enter={enter} {...(enterLabel === undefined ? {} : { enterLabel })} />
      </div>
      {letters && <Letters field={field} space />}
    </Frame>
  );
}

/** The field of such a dialog: it has the keys at once, and the first character replaces what was filled in. */
export function EntryField({
  field: given,
  label,
  labelShown = true,
  size = 'huge',
  text,
  type,
  maxLength = 10,
  placeholder,
  codes = false,
}: {
  /** Where a number pad types into; not needed where the dialog has none. */
  field?: RefObject<HTMLInputElement | null>;
  label: string;
  /** False where the placeholder says the same. */
  labelShown?: boolean;
  size?: 'big' | 'huge';
  text: string;
  type: (text: string) => void;
  maxLength?: number;
  placeholder?: string;
  /** Codes are typed here, so that a torn burst stays as if it was typed. */
  codes?: boolean;
}): ReactNode {
  const own = useRef<HTMLInputElement>(null);
  const field = given ?? own;
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [field]);
  return (
    <label>
      <span className={labelShown ? 'field-label' : 'visually-hidden'}>{label}</span>
      <input
        ref={field}
        className={`field ${size}`}
        value={text}
        {...(codes ? { 'data-codes': 'yes' } : {})}
        autoComplete="off"
        spellCheck={false}
        inputMode="none"
        maxLength={maxLength}
        placeholder={placeholder}
        onChange={(event) => type(event.target.value)}
      />
    </label>
  );
}
