import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { type KeyHandler, LEVEL, type ScanHandler, useKeys } from '../parts/keyboard.ts';
import { keepFocus } from './header.tsx';

/** A dialog above the page: Esc leaves it, and whatever it holds takes the keys first. */
export function Frame({
  title,
  size,
  leave,
  leaveLabel = '关闭',
  onKey,
  onScan,
  children,
  aside,
}: {
  title: string;
  size: 'narrow' | 'medium' | 'wide';
  leave: () => void;
  leaveLabel?: string;
  onKey?: KeyHandler;
  onScan?: ScanHandler;
  children: ReactNode;
  aside?: ReactNode;
}): ReactNode {
  const id = useId();
  const box = useRef<HTMLElement>(null);
  const [before] = useState(() => document.activeElement);
  useEffect(() => {
    // A dialog without a field of its own takes the focus itself, so that no key goes to what lies below.
    if (!box.current?.contains(document.activeElement)) box.current?.focus({ preventScroll: true });
    return () => {
      if (document.activeElement !== document.body) return;
      // Whoever typed below goes on typing there; a dialog that this one came from is gone, the page's field is not.
      const isThere = before instanceof HTMLElement && before !== document.body && before.isConnected;
      const field = isThere ? before : document.querySelector<HTMLElement>('main input');
      field?.focus({ preventScroll: true });
    };
  }, [before]);
  useKeys(LEVEL.dialog, (press) => onKey?.(press) ?? (press.name === 'Esc' ? leave : null), onScan ?? null);
  return (
    <div className="veil">
      <section
        ref={box}
        className={`dialog ${size}`}
        role="dialog"
        aria-modal="true"
        aria-labelledby={id}
        tabIndex={-1}
      >
        <div className="dialog-head">
          <h1 id={id}>{title}</h1>
          {aside}
          <span className="space" />
          <button type="button" className="key small" onMouseDown={keepFocus} onClick={leave}>
            <span>{leaveLabel}</span>
            <kbd>Esc</kbd>
          </button>
        </div>
        {children}
      </section>
    </div>
  );
}

/** Reasons to pick from by number or by touch; a person at a till does not write sentences. */
export function Reasons({
  reasons,
  picked,
  pick,
}: {
  reasons: readonly string[];
  picked: string;
  pick: (reason: string) => void;
}): ReactNode {
  return (
    <div className="reasons" role="radiogroup" aria-label="原因">
      {reasons.map((reason) => (
        <button
          type="button"
          key={reason}
          role="radio"
          aria-checked={reason === picked}
          className="option"
          onMouseDown={keepFocus}
          onClick={() => pick(reason)}
        >
          {reason}
        </button>
      ))}
    </div>
  );
}

/** Where the digits belong to a field, the arrows go through the reasons. */
export function reasonByArrows(
  name: string,
  reasons: readonly string[],
  picked: string,
  pick: (reason: string) => void,
): (() => void) | null {
  const by = name === 'Right' ? 1 : name === 'Left' ? -1 : 0;
  const next = reasons[(reasons.indexOf(picked) + by + reasons.length) % reasons.length];
  return by === 0 || next === undefined ? null : () => pick(next);
}
