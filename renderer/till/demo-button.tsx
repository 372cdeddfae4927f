import type { ReactNode } from 'react';
import { keepFocus } from './header.tsx';

/** A button of the simulated counter: never part of the way of the keys, and never in the way of the scan box. */
export function DemoButton({ label, act, on }: { label: string; act: () => void; on?: boolean }): ReactNode {
  return (
    <button
      type="button"
      className="demo-button"
      tabIndex={-1}
      {...(on === undefined ? {} : { 'aria-pressed': on })}
      onMouseDown={keepFocus}
      onClick={act}
    >
      {label}
    </button>
  );
}
