import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { FoundMember } from '../../shared/till-contract.ts';
import { starText } from '../parts/format.ts';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { keepFocus } from './header.tsx';
import './member.css';
import { ReportDialog } from './report-card.tsx';
import { connection, useTill } from './till.ts';

/** 会员: a card that is typed, one that no reader takes, or a member who forgot it. */
export function MemberDialog(): ReactNode {
  const { hide, send } = useTill();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const choice = useChoice(text);
  const [about, setAbout] = useState<Readonly<{ what: 'lost' | 'replaced'; found: FoundMember }> | null>(null);
  const chosen = choice.found[choice.picked];
  const begin = (what: 'lost' | 'replaced'): void => {
    if (chosen !== undefined && (what === 'replaced' || chosen.card !== null)) setAbout({ what, found: chosen });
  };
  const take = (found: FoundMember | undefined): void => {
    if (found === undefined) return;
    const command =
      found.by === 'digits' && found.card !== null
        ? ({ kind: 'pickCard', card: found.card, lastSix: text.trim() } as const)
        : ({ kind: 'lookUpMember', member: found.member } as const);
    void send(command).then((answer) => {
      if (answer.kind === 'done') hide();
    });
  };
  const enter = (): void => {
    const code = text.trim();
    if (code === '') return;
    if (choice.found.length > 0) return take(choice.found[choice.picked]);
    if (choice.isSearch) return;
    void send({ kind: 'scan', code, source: 'typed' }).then((answer) => {
      if (answer.kind === 'done') hide();
      else field.current?.select();
    });
  };
  if (about !== null) return <ReportDialog what={about.what} found={about.found} leave={() => setAbout(null)} />;
  return (
    <EntryDialog
      title="会员"
      leave={hide}
      field={field}
      enter={enter}
      letters
      onKey={({ name }) => {
        if (name === 'Up') return () => choice.move(-1);
        if (name === 'Down') return () => choice.move(1);
        if (name === 'F7') return () => begin('lost');
        if (name === 'F8') return () => begin('replaced');
        // Among names a digit picks; while a number is typed it belongs to the number.
        const isPick = /^[1-9]$/.test(name) && /[a-z]/i.test(text);
        return isPick ? () => take(choice.found[Number(name) - 1]) : null;
      }}
    >
      <EntryField
        field={field}
        size="big"
        label="卡面号码、卡号后 6 位，或村名和姓名的首字母"
        labelShown={false}
        placeholder="卡号，或姓名首字母"
        text={text}
        type={setText}
        maxLength={40}
      />
      {choice.isSearch ? (
        <>
          <FoundMembers choice={choice} text={text.trim()} take={take} />
          {chosen !== undefined && (
            <div className="member-cards">
              <button
                type="button"
                className="key small"
                disabled={chosen.card === null}
                onMouseDown={keepFocus}
                onClick={() => begin('lost')}
              >
                <span>挂失 {chosen.mask}</span>
                <kbd>F7</kbd>
              </button>
              <button type="button" className="key small" onMouseDown={keepFocus} onClick={() => begin('replaced')}>
                <span>换卡 {chosen.mask}</span>
                <kbd>F8</kbd>
              </button>
            </div>
          )}
        </>
      ) : (
        <ul className="member-ways">
          <li>
            <b>刷卡、扫卡</b>不用关这个窗口
          </li>
          <li>
            <b>卡刷不出</b>卡在手里，输卡号<b>后 6 位</b>，再选人；也可输整个号码
          </li>
          <li>
            <b>挂失、换卡</b>照样找人，选中后按 <b>F7</b> 或 <b>F8</b>
          </li>
          <li>
            <b>没带卡</b>输村名和姓名首字母，如 <b>HSW YDH</b>，或会员编号；只打折，不用积分
          </li>
        </ul>
      )}
    </EntryDialog>
  );
}

/** How a report stands that the town has not carried out. */
const REPORTS = { lost: '挂失待镇上确认', replaced: '换卡待镇上确认', refused: '镇上没有接受，请再办' } as const;

type Choice = Readonly<{
  /** Whether the text is one that finds people, and not a whole card number. */
  isSearch: boolean;
  found: readonly FoundMember[];
  answered: boolean;
  picked: number;
  move: (by: number) => void;
}>;

/** Who a text may mean; only the newest question is answered. */
export function useChoice(text: string): Choice {
  const wanted = text.trim();
  const isSearch = /^\d{6}$/.test(wanted) || /[a-z]/i.test(wanted);
  const [answer, setAnswer] = useState<Readonly<{ wanted: string; found: readonly FoundMember[] }>>();
  const [mark, setMark] = useState({ wanted: '', at: 0 });
  useEffect(() => {
    if (!isSearch) return;
    let gone = false;
    const ask = async (): Promise<void> => {
      try {
        const found = await connection.client().findMembers({ text: wanted });
        if (!gone) setAnswer({ wanted, found });
      } catch {
        if (!gone) setAnswer({ wanted, found: [] });
      }
    };
    void ask();
    return () => {
      gone = true;
    };
  }, [wanted, isSearch]);
  const answered = answer?.wanted === wanted;
  const found = isSearch && answered ? answer.found : [];
  const picked = mark.wanted === wanted ? mark.at : 0;
  const move = (by: number): void => setMark({ wanted, at: Math.max(0, Math.min(found.length - 1, picked + by)) });
  return { isSearch, found, answered, picked, move };
}

export function FoundMembers({
  choice,
  text,
  take,
}: {
  choice: Choice;
  text: string;
  take: (found: FoundMember) => void;
}): ReactNode {
  const rows = useRef<HTMLDivElement>(null);
  const isDigits = /^\d/.test(text);
  useEffect(() => {
    rows.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <div className="member-found">
      <p className="field-help">
        {isDigits ? '请问顾客是哪个村的、姓什么，对上再选。' : '没有带卡：只打折，不能用积分。'}
        <kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd>
      </p>
      <div className="rows" ref={rows} role="listbox" aria-label="会员">
        {choice.found.map((found, index) => (
          <button
            type="button"
            key={`${found.member} ${found.card}`}
            role="option"
            aria-selected={index === choice.picked}
            className="row-button"
            onMouseDown={keepFocus}
            onClick={() => take(found)}
          >
            {!isDigits && index < 9 && <kbd>{index + 1}</kbd>}
            <b>{found.mask}</b>
            <span className="grow">{found.villageName}</span>
            <span className="member-stars">{starText(found.stars)}</span>
            {found.report !== null && <small className="member-report">{REPORTS[found.report]}</small>}
            <small>{found.lastFour === '' ? '没有卡' : `尾号 ${found.lastFour}`}</small>
          </button>
        ))}
        {choice.found.length === 0 && choice.answered && (
          <p className="nothing">{isDigits ? `没有尾号 ${text} 的卡在用，请核对` : `没有找到“${text}”，换个首字母`}</p>
        )}
      </div>
    </div>
  );
}
