import type { ReactNode } from 'react';
import { keepFocus } from './header.tsx';

/** A button that also says its key. */
export function KeyButton({
  label,
  keys,
  act,
  badge = 0,
  small = false,
}: {
  label: string;
  keys: string;
  act: (() => void) | undefined;
  badge?: number;
  small?: boolean;
}): ReactNode {
  return (
    <button
      type="button"
      className={small ? 'key small' : 'key'}
      disabled={act === undefined}
      onMouseDown={keepFocus}
      onClick={act}
    >
      <span>
        {label}
        {badge > 0 && <em>{badge}</em>}
      </span>
      <kbd>{keys}</kbd>
    </button>
  );
}
