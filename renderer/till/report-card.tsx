import { type ReactNode, useRef, useState } from 'react';
import type { FoundMember } from '../../shared/till-contract.ts';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { Frame } from './frame.tsx';
import { KeyButton } from './key-button.tsx';
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
  const who = (
    <p className="lead">
      <b>{whose}</b>
    </p>
  );
  if (what === 'replaced') {
    return (
      <EntryDialog
        title={title}
        leave={leave}
        field={field}
        enter={enter}
        onScan={(code) => {
          send(code);
          return true;
        }}
      >
        {who}
        <EntryField
          field={field}
          size="big"
          label="空白新卡的号码"
          labelShown={false}
          placeholder="扫空白新卡，或输卡面号码"
          text={text}
          type={setText}
          maxLength={40}
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
      </EntryDialog>
    );
  }
  return (
    <Frame
      title={title}
      size="narrow"
      leave={leave}
      onKey={({ name, repeat }) => (name === 'Enter' ? (repeat ? () => undefined : enter) : null)}
      // A scan here is never a sale's.
      onScan={() => true}
    >
      {who}
      <p className="field-help">先问清哪个村、姓什么，是本人或家里人来报。卡在本机马上停用；镇上确认后，各店都停用。</p>
      <div className="stack">
        <KeyButton label="挂失这张卡" keys="Enter" act={enter} />
      </div>
    </Frame>
  );
}
