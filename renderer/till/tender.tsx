import { type ReactNode, useEffect, useRef, useState } from 'react';
import { parseYuan } from '../../shared/money.ts';
import { yuan } from '../parts/format.ts';
import { channelKey, cleanNumber } from './entry.ts';
import { EntryDialog, EntryField } from './entry-dialog.tsx';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { connection, newId, useTill } from './till.ts';
import './tender.css';

type Answer = Awaited<ReturnType<ReturnType<typeof connection.client>['receipt']>>;
type Tenders = NonNullable<NonNullable<Answer>['tenders']>;

/** 改付款方式: how much of a sale's money really came by phone, and by which; the rest is in the drawer. */
export function TenderDialog({ number }: { number: string }): ReactNode {
  const { hide } = useTill();
  const [tenders, setTenders] = useState<Tenders | 'failed' | null>(null);
  useEffect(() => {
    let gone = false;
    connection
      .client()
      .receipt({ receipt: number })
      .then(
        (answer) => {
          if (!gone) setTenders(answer?.tenders ?? 'failed');
        },
        () => {
          if (!gone) setTenders('failed');
        },
      );
    return () => {
      gone = true;
    };
  }, [number]);
  if (tenders === null || tenders === 'failed' || !tenders.mendable) {
    return (
      <Frame title={`改付款方式 · ${number}`} size="medium" leave={hide}>
        <p className="nothing">
          {tenders === null && '正在读这张小票…'}
          {tenders === 'failed' && '✕ 没有读到这张小票，请关上再试一次'}
          {tenders !== null && tenders !== 'failed' && '✕ 只能改本班、本机收的、没有退过货的单；全用积分付的不用改'}
        </p>
      </Frame>
    );
  }
  return <TenderForm number={number} tenders={tenders} />;
}

const CASH = '';

function TenderForm({ number, tenders }: { number: string; tenders: Tenders }): ReactNode {
  const { hide, say, send, screen } = useTill();
  const id = useRef(newId());
  const field = useRef<HTMLInputElement>(null);
  const paidFen = tenders.mobileFen + tenders.cashFen;
  const channels = screen.policy.mobileChannels.map((one, index) => ({ ...one, key: channelKey(one.name, index) }));
  // What was pressed by mistake is the other one, nearly always.
  const [channel, setChannel] = useState(tenders.mobileFen > 0 ? CASH : (channels[0]?.code ?? CASH));
  const [text, setText] = useState(yuan(paidFen));
  const nameOf = (code: string | null): string => channels.find((one) => one.code === code)?.name ?? '手机支付';
  const mobileFen = channel === CASH ? 0 : parseYuan(text);
  const pick = (code: string): void => {
    setChannel(code);
    setText(yuan(paidFen));
  };
  const submit = (): void => {
    if (mobileFen === null) {
      say({ tone: 'bad', text: `“${text}”不是金额，请重新输入，例如 23.40` });
      return;
    }
    void send({
      kind: 'changeTender',
      id: id.current,
      receipt: number,
      mobileFen,
      channel: channel === CASH ? (channels[0]?.code ?? '') : channel,
    }).then((answer) => {
      if (answer.kind === 'done') hide();
      // What is tried again after a refusal is another wish.
      else if (answer.kind === 'refused') id.current = newId();
    });
  };
  return (
    <EntryDialog
      title={`改付款方式 · ${number}`}
      leave={hide}
      field={field}
      point
      enter={submit}
      enterLabel="改好"
      onKey={({ name }) => {
        if (name === 'x') return () => pick(CASH);
        const other = channels.find((one) => one.key === name);
        return other === undefined ? null : () => pick(other.code);
      }}
    >
      <p className="lead">
        现在记的：
        {tenders.cashFen > 0 && (
          <>
            现金 <b>{yuan(tenders.cashFen)}</b> 元{' '}
          </>
        )}
        {tenders.mobileFen > 0 && (
          <>
            {nameOf(tenders.mobileChannel)} <b>{yuan(tenders.mobileFen)}</b> 元
          </>
        )}
      </p>
      <span className="field-label">其实是怎么付的</span>
      <div className="reasons" role="radiogroup" aria-label="其实是怎么付的">
        <button
          type="button"
          role="radio"
          aria-checked={channel === CASH}
          className="option"
          onMouseDown={keepFocus}
          onClick={() => pick(CASH)}
        >
          <kbd>X</kbd> 现金
        </button>
        {channels.map((one) => (
          <button
            type="button"
            key={one.code}
            role="radio"
            aria-checked={channel === one.code}
            className="option"
            onMouseDown={keepFocus}
            onClick={() => pick(one.code)}
          >
            {one.key !== null && <kbd>{one.key.toUpperCase()}</kbd>} {one.name}
          </button>
        ))}
      </div>
      {channel !== CASH && (
        // Made anew for each way of paying, so that what is typed first replaces the whole amount.
        <EntryField
          key={channel}
          field={field}
          label="其中手机付了多少元（其余是现金）"
          text={text}
          type={(typed) => setText(cleanNumber(typed, true))}
        />
      )}
      <p className="tender-after" aria-live="polite">
        改成：现金 <b>{mobileFen === null || mobileFen > paidFen ? '—' : yuan(paidFen - mobileFen)}</b>
        {channel !== CASH && (
          <>
            {' '}
            · {nameOf(channel)} <b>{mobileFen === null ? '—' : yuan(mobileFen)}</b>
          </>
        )}
      </p>
      <p className="field-help">一共付的 {yuan(paidFen)} 元不变，抹零和积分都不动；原来记的也留在账上。</p>
    </EntryDialog>
  );
}
