import { type ReactNode, useState } from 'react';
import type { Screen } from '../../shared/till-contract.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { PinPad, sayOf } from '../parts/pin-pad.tsx';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';

/** While the customer types the PIN on their side, above the payment; or here, with the screen turned to them. */
export function CustomerPinPrompt({ asked }: { asked: NonNullable<Screen['pin']> }): ReactNode {
  const { send } = useTill();
  const [turned, setTurned] = useState(false);
  const leave = (): void => void send({ kind: 'leavePin' });
  useKeys(LEVEL.prompt, ({ name }) => {
    if (turned) return null;
    if (name === 'Esc') return leave;
    return name === 'z' ? () => setTurned(true) : () => undefined;
  });
  if (turned) return <PinPad asked={asked} send={(command) => send(command, 'quiet')} leave={leave} />;
  return (
    <div className="veil top">
      <section className="dialog narrow" role="dialog" aria-modal="true" aria-labelledby="customer-pin">
        <h1 id="customer-pin">请顾客输入密码</h1>
        <p className="lead">
          请 <b>{asked.mask}</b> 在顾客那一面的屏幕上输 6 位积分密码。您不要替他输，也不要看。
        </p>
        <p className="lead" role="status">
          <b>{asked.state === 'asked' ? '等着顾客输入' : sayOf(asked)}</b>
        </p>
        <button type="button" className="key wide" onMouseDown={keepFocus} onClick={() => setTurned(true)}>
          <span>没有顾客屏：在这里输，屏幕转向顾客</span>
          <kbd>Z</kbd>
        </button>
        <button type="button" className="key wide" onMouseDown={keepFocus} onClick={leave}>
          <span>不用密码了</span>
          <kbd>Esc</kbd>
        </button>
      </section>
    </div>
  );
}
