import { type ReactNode, useState } from 'react';
import type { ScreenMember } from '../../shared/till-contract.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import './bearer.css';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';

type Choice = Readonly<{ key: string; name: string; note: string; act: () => void; on: boolean }>;

/** 代购: who has come with the card. Stands above the payment. */
export function BearerPrompt({ member, leave }: { member: ScreenMember; leave: () => void }): ReactNode {
  const { send } = useTill();
  const [busy, setBusy] = useState(false);
  const take = (bearer: string | null, stranger: boolean): void => {
    if (busy) return;
    setBusy(true);
    void send({ kind: 'setBearer', bearer, stranger }).then(leave);
  };
  const choices: readonly Choice[] = [
    {
      key: '0',
      name: `${member.mask} 本人`,
      note: '持卡人自己来买',
      act: () => take(null, false),
      on: member.bearer === null && member.how === 'presented',
    },
    ...member.bearers.slice(0, 8).map((one, index) => ({
      key: String(index + 1),
      name: one.mask,
      note: `${one.villageName} · 在镇上登记的代购人`,
      act: () => take(one.id, false),
      on: member.bearer?.id === one.id,
    })),
    {
      key: '9',
      name: '别人',
      note: '没有登记：只打折，不能用积分',
      act: () => take(null, true),
      on: member.how === 'lookedUp',
    },
  ];
  useKeys(LEVEL.prompt, ({ name }) =>
    name === 'Esc' ? leave : (choices.find((choice) => choice.key === name)?.act ?? (() => undefined)),
  );
  return (
    <div className="veil top">
      <section className="dialog narrow" role="dialog" aria-modal="true" aria-labelledby="bearer-title">
        <h1 id="bearer-title">谁来买？</h1>
        <p className="lead">代购的人写在小票上；积分只能用到每日免密额度。</p>
        <div className="bearer-choices" role="radiogroup" aria-label="谁来买">
          {choices.map((choice) => (
            <button
              type="button"
              key={choice.key}
              role="radio"
              aria-checked={choice.on}
              className="bearer-choice"
              onMouseDown={keepFocus}
              onClick={choice.act}
            >
              <kbd>{choice.key}</kbd>
              <b>{choice.name}</b>
              <small>{choice.note}</small>
            </button>
          ))}
        </div>
        <button type="button" className="key wide" onMouseDown={keepFocus} onClick={leave}>
          <span>不改</span>
          <kbd>Esc</kbd>
        </button>
      </section>
    </div>
  );
}
