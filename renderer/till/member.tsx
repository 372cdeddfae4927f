import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Frame } from './frame.tsx';
import { Numpad } from './numpad.tsx';
import { useTill } from './till.ts';

export function MemberDialog(): ReactNode {
  const { hide, send } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  useEffect(() => field.current?.focus(), []);
  const enter = (): void => {
    const code = text.trim();
    if (code === '') return;
    void send({ kind: 'scan', code, source: 'typed' }).then((answer) => {
      if (answer.kind === 'done') hide();
      else field.current?.select();
    });
  };
  return (
    <Frame
      title="会员"
      size="medium"
      leave={hide}
      onKey={({ name, repeat }) => (name === 'Enter' && !repeat ? enter : null)}
    >
      <div className="two">
        <div>
          <p className="lead">请顾客刷卡或扫卡，不用关这个窗口。刷不出来时，照卡面输入号码。</p>
          <label>
            <span className="field-label">卡面号码</span>
            <input
              ref={field}
              className="field big"
              value={text}
              autoComplete="off"
              inputMode="none"
              maxLength={30}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <p className="field-help">卡在手里才能输；输卡号同刷卡，免密额度以内可用积分</p>
        </div>
        <Numpad field={field} enter={enter} />
      </div>
    </Frame>
  );
}
