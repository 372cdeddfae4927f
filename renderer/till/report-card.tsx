import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { FoundMember } from '../../shared/till-contract.ts';
import { Frame } from './frame.tsx';
import { Numpad } from './numpad.tsx';
import { KeyButton } from './selling.tsx';
import { newId, useTill } from './till.ts';

/** 挂失, or 换卡 with a blank from stock: whoever stands at the till looks once more at whose card it is. */
export function ReportDialog({
  what,
  found,
  leave,
}: {
  what: 'lost' | 'replaced';
  found: FoundMember;
  leave: () => void;
}): ReactNode {
  const { hide, sendApproved } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  // One report, however often it is sent; another blank is another report.
  const report = useRef({ id: newId(), blank: '' });
  const busy = useRef(false);
  useEffect(() => field.current?.focus(), []);
  const title = what === 'lost' ? '挂失' : '换卡';
  const whose = `${found.mask}（${found.villageName}${found.lastFour === '' ? '' : `，尾号 ${found.lastFour}`}）`;
  const send = (code: string): void => {
    const blank = code.trim();
    if (busy.current || (what === 'replaced' && blank === '')) return;
    if (report.current.blank !== blank) report.current = { id: newId(), blank };
    const { id } = report.current;
    const { member, card } = found;
    busy.current = true;
    void sendApproved(
      (approval) => ({
        kind: 'reportCard',
        id,
        member,
        card,
        blank: what === 'lost' ? null : blank,
        approval,
      }),
      `${title}：${whose}`,
    ).then((answer) => {
      busy.current = false;
      if (answer.kind === 'done') hide();
      else field.current?.select();
    });
  };
  const enter = (): void => send(text);
  return (
    <Frame
      title={title}
      size={what === 'lost' ? 'narrow' : 'medium'}
      leave={leave}
      onKey={({ name, repeat }) => (name === 'Enter' ? (repeat ? () => undefined : enter) : null)}
      onScan={(code) => {
        // A scan here is never a sale's: it is the blank, or nothing.
        if (what === 'replaced') send(code);
        return true;
      }}
    >
      <p className="lead">
        <b>{whose}</b>
      </p>
      {what === 'lost' ? (
        <>
          <p className="field-help">
            先问清哪个村、姓什么，是本人或家里人来报。卡在本机马上停用；镇上确认后，各店都停用。
          </p>
          <div className="stack">
            <KeyButton label="挂失这张卡" keys="Enter" act={enter} />
          </div>
        </>
      ) : (
        <div className="two">
          <div>
            <input
              ref={field}
              className="field big"
              aria-label="空白新卡的号码"
              placeholder="扫空白新卡，或输卡面号码"
              value={text}
              autoComplete="off"
              spellCheck={false}
              inputMode="none"
              maxLength={40}
              onChange={(event) => setText(event.target.value)}
            />
            <ul className="member-ways">
              <li>
                <b>旧卡</b>在本机马上停用，收回剪角
              </li>
              <li>
                <b>新卡</b>镇上确认后可用；联网时几秒钟，断网时等联网
              </li>
              <li>
                <b>要店长同意</b>店长密码，或刷店长的员工卡
              </li>
            </ul>
          </div>
          <Numpad field={field} enter={enter} />
        </div>
      )}
    </Frame>
  );
}
