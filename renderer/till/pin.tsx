import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Answer, Approval } from '../../shared/till-contract.ts';
import { wordsOf } from '../../shared/words.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import './pin.css';

type Refused = Extract<Answer, { kind: 'refused' }>;
/** What a person shows to be known. */
type Shown = NonNullable<Approval>;

/**
 * A field for a PIN with its pad; a staff card that is scanned meanwhile counts as well where `takesCards`, and goes on
 * to the layers below where it does not. `submit` answers the refusal to show, or null when it is done.
 */
export function PinEntry({
  submit,
  takesCards = false,
  label,
  level,
  leave,
}: {
  submit: (shown: Shown) => Promise<Refused | null>;
  takesCards?: boolean;
  label: string;
  level: number;
  leave: (() => void) | null;
}): ReactNode {
  const field = useRef<HTMLInputElement>(null);
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<{ text: string; count: number } | null>(null);
  useEffect(() => field.current?.focus(), []);

  const enter = (): void => {
    if (busy) return;
    if (!/^\d{4,6}$/.test(pin)) {
      setWrong((before) => ({ text: '密码是 4 到 6 位数字', count: (before?.count ?? 0) + 1 }));
      return;
    }
    show({ pin });
  };
  const show = (shown: Shown): void => {
    if (busy) return;
    setBusy(true);
    void submit(shown).then((refusal) => {
      setBusy(false);
      setPin('');
      setWrong((before) =>
        refusal === null
          ? null
          : { text: wordsOf(refusal.reason, pinValues(refusal.detail)), count: (before?.count ?? 0) + 1 },
      );
      field.current?.focus();
    });
  };
  useKeys(
    level,
    ({ name, repeat }) => {
      if (name === 'Enter') return repeat ? () => undefined : enter;
      if (name === 'Esc' && leave !== null) return leave;
      if (name === 'Esc') return () => setPin('');
      return null;
    },
    (card) => {
      if (takesCards) show({ card });
      return takesCards;
    },
  );
  return (
    <div className="pin-entry">
      <label>
        <span className="field-label">{label}</span>
        <input
          ref={field}
          className="pin-field"
          type="password"
          autoComplete="off"
          inputMode="none"
          maxLength={6}
          value={pin}
          aria-invalid={wrong !== null}
          onChange={(event) => setPin(event.target.value.replaceAll(/\D/g, ''))}
          onBlur={() => setTimeout(() => document.activeElement === document.body && field.current?.focus(), 0)}
        />
      </label>
      <p className="field-error" role="alert" key={wrong?.count ?? 0}>
        {wrong !== null && `✕ ${wrong.text}`}
      </p>
      <Numpad field={field} enter={enter} enterLabel={busy ? '正在核对' : '确定'} />
    </div>
  );
}

/** The core says how long to wait in milliseconds; a person counts seconds. */
function pinValues(detail: Readonly<Record<string, number>> = {}): Record<string, number> {
  const waitMs = detail['waitMs'];
  return waitMs === undefined ? { ...detail } : { ...detail, seconds: Math.ceil(waitMs / 1000) };
}

/** Asks a manager to allow something, above whatever is open. */
export function PinPrompt({
  what,
  submit,
  leave,
}: {
  what: string;
  submit: (shown: Shown) => Promise<Refused | null>;
  leave: () => void;
}): ReactNode {
  return (
    <div className="veil top">
      <section className="dialog narrow" role="dialog" aria-modal="true" aria-labelledby="pin-title">
        <h1 id="pin-title">要店长同意</h1>
        <p className="lead">{what}</p>
        <PinEntry submit={submit} takesCards label="店长密码，或刷店长的员工卡" level={LEVEL.prompt} leave={leave} />
        <button type="button" className="key wide" onMouseDown={keepFocus} onClick={leave}>
          <span>不做了</span>
          <kbd>Esc</kbd>
        </button>
      </section>
    </div>
  );
}
