import { type ReactNode, useEffect, useRef, useState } from 'react';
import { pressedKey } from '../../shared/counter.ts';
import {
  borneWords,
  movementWords,
  NO_PAYMENT,
  NOT_YET_SENT,
  objectionWords,
  ONLY_THIS_TILL,
  placeWords,
  signed,
  whenWords,
} from '../../shared/points-slip-layout.ts';
import type { PointsSlip } from '../../shared/points-slip.ts';
import type { ScreenMember } from '../../shared/till-contract.ts';
import { pointsRefusedWords, rateWords, wordsOf } from '../../shared/words.ts';
import { shortTime, starText } from '../parts/format.ts';
import { Frame } from './frame.tsx';
import { KeyButton } from './key-button.tsx';
import { connection, useTill } from './till.ts';
import './points.css';

/** 查积分: a villager with the card in the hand wants to know, and nothing is sold. */
export function PointsDialog(): ReactNode {
  const { hide, send, screen, keys } = useTill();
  const { member } = screen.sale;
  const hadMember = useRef(member !== null);
  const read = usePointsSlip(member);
  const slip = read.state === 'slip' ? read.slip : null;
  const leave = (): void => {
    // Whoever only asked does not become the member of the next basket.
    if (member !== null && !hadMember.current && screen.sale.lines.length === 0) void send({ kind: 'removeMember' });
    hide();
  };
  const print = slip === null ? undefined : () => void send({ kind: 'printPoints', slip: slip.number });
  return (
    <Frame
      title="查积分"
      size={member === null ? 'medium' : 'wide'}
      leave={leave}
      onKey={({ name, shift, repeat }) => {
        if (name === 'Enter' || pressedKey(name, shift) === keys.points) return leave;
        return name === 'r' && !repeat ? (print ?? null) : null;
      }}
      onScan={(code) => {
        void send({ kind: 'scan', code, source: 'scanner' });
        return true;
      }}
    >
      {member === null ? (
        <div className="ask-card">
          <div className="brand-card" aria-hidden="true">
            <span>信用一卡通</span>
            <i>★★★★★</i>
          </div>
          <p>请顾客刷卡或扫卡</p>
        </div>
      ) : (
        <div className="points-page">
          <div className="points-side">
            <Balance member={member} slip={slip} />
            <div className="points-ways">
              <KeyButton label="打印查询单" keys="R" act={print} />
              <small>{NO_PAYMENT}</small>
            </div>
          </div>
          <div className="points-list">
            <Movements read={read} />
            {slip !== null && (
              <div className="points-objection">
                {objectionWords(slip.objection).map((words) => (
                  <p key={words}>{words}</p>
                ))}
              </div>
            )}
          </div>
        </div>
      )}
    </Frame>
  );
}

type Read =
  | Readonly<{ state: 'loading' }>
  | Readonly<{ state: 'failed' }>
  | Readonly<{ state: 'refused'; reason: string }>
  | Readonly<{ state: 'slip'; slip: PointsSlip }>;

/** Asks for the card that is shown, once, and again when another one is. */
function usePointsSlip(member: ScreenMember | null): Read {
  const about = member === null ? null : [member.id, member.lastFour, member.how, member.bearer?.id].join(' ');
  const [answer, setAnswer] = useState<Readonly<{ about: string | null; read: Read }> | null>(null);
  useEffect(() => {
    if (about === null) return;
    let gone = false;
    const take = (read: Read): void => {
      if (!gone) setAnswer({ about, read });
    };
    connection
      .client()
      .pointsSlip()
      .then(
        (told) =>
          take(told.kind === 'slip' ? { state: 'slip', slip: told.slip } : { state: 'refused', reason: told.reason }),
        () => take({ state: 'failed' }),
      );
    return () => {
      gone = true;
    };
  }, [about]);
  return answer !== null && answer.about === about ? answer.read : { state: 'loading' };
}

/** What the till knows already stands there at once; the town's word takes its place. */
function Balance({ member, slip }: { member: ScreenMember; slip: PointsSlip | null }): ReactNode {
  const { screen } = useTill();
  const { townPoints, townAsOfMs, nextExpiry } = slip ?? member;
  return (
    <>
      <div className="points-head">
        <b>{member.mask}</b>
        <span>{member.villageName}</span>
        <i aria-label={`${member.stars} 星`}>{starText(member.stars)}</i>
        <span>{rateWords(member.rateBp) || '不打折'}</span>
      </div>
      <div className="figure main">
        <span>本店现在可用</span>
        <b>{member.spendable}</b>
      </div>
      <div className="figure">
        <span>镇上总数</span> <small>截至 {shortTime(townAsOfMs, screen.status.nowMs)}</small>
        <b>{townPoints}</b>
      </div>
      <div className="points-limits">
        <span>
          今日还可用 <b>{member.leftToday}</b>
        </span>
        <span>
          本月还可用 <b>{member.leftThisMonth}</b>
        </span>
      </div>
      {nextExpiry !== null && (
        <p className="fact-line">
          {nextExpiry.points} 分将于 {nextExpiry.day} 到期，请先用
        </p>
      )}
      {member.pointsRefused !== null && <p className="fact-line warn">▲ {pointsRefusedWords[member.pointsRefused]}</p>}
    </>
  );
}

function Movements({ read }: { read: Read }): ReactNode {
  if (read.state === 'loading') return <p className="nothing">正在问镇上…</p>;
  if (read.state === 'failed') return <p className="nothing">没有读到，请关上再打开一次</p>;
  if (read.state === 'refused') return <p className="nothing">{wordsOf(read.reason)}</p>;
  const { slip } = read;
  return (
    <>
      {slip.source === 'till' && <p className="fact-line warn">▲ {ONLY_THIS_TILL}</p>}
      {slip.movements.length === 0 ? (
        <p className="nothing">没有变动</p>
      ) : (
        <div className="points-rows">
          <table>
            <caption className="visually-hidden">最近变动，新的在前</caption>
            <thead>
              <tr>
                <th>时间</th>
                <th>最近变动</th>
                <th className="number">积分</th>
                <th className="number">余额</th>
              </tr>
            </thead>
            <tbody>
              {slip.movements.map((movement, index) => (
                // The rows of one slip never move, so their place is their identity.
                <tr key={index} data-kind={movement.kind}>
                  <td>{whenWords(movement, slip.atMs)}</td>
                  <td>
                    <b>{movementWords[movement.kind]}</b>
                    <span>{[placeWords(movement, slip), movement.about].filter((one) => one !== '').join(' · ')}</span>
                    {movement.borne > 0 && <small>{borneWords(movement)}</small>}
                  </td>
                  <td className="number">{signed(movement.points).replace('-', '−')}</td>
                  <td className="number">{movement.balance ?? '—'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {slip.source === 'town' && <p className="field-help">{NOT_YET_SENT}</p>}
    </>
  );
}
