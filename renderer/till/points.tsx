import { type ReactNode, useRef } from 'react';
import { pressedKey } from '../../shared/counter.ts';
import { pointsRefusedWords, rateWords } from '../../shared/words.ts';
import { shortTime, starText } from '../parts/format.ts';
import { Frame } from './frame.tsx';
import { useTill } from './till.ts';
import './points.css';

/** 查积分: a villager wants to know, and nothing is sold. */
export function PointsDialog(): ReactNode {
  const { hide, send, screen, keys } = useTill();
  const { member } = screen.sale;
  const hadMember = useRef(member !== null);
  const leave = (): void => {
    // Whoever only asked does not become the member of the next basket.
    if (member !== null && !hadMember.current && screen.sale.lines.length === 0) void send({ kind: 'removeMember' });
    hide();
  };
  return (
    <Frame
      title="查积分"
      size="medium"
      leave={leave}
      onKey={({ name, shift }) => (name === 'Enter' || pressedKey(name, shift) === keys.points ? leave : null)}
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
          <div className="points-head">
            <b>{member.mask}</b>
            <span>{member.villageName}</span>
            <i>{starText(member.stars)}</i>
            <span>{rateWords(member.rateBp) || '不打折'}</span>
          </div>
          <div className="figures">
            <div className="figure main">
              <span>本店现在可用</span>
              <b>{member.spendable}</b>
            </div>
            <div className="figure">
              <span>镇上总数</span>
              <b>{member.townPoints}</b>
              <small>截至 {shortTime(member.townAsOfMs, screen.status.nowMs)}</small>
            </div>
            <div className="figure">
              <span>今日还可用</span>
              <b>{member.leftToday}</b>
            </div>
            <div className="figure">
              <span>本月还可用</span>
              <b>{member.leftThisMonth}</b>
            </div>
          </div>
          {member.nextExpiry !== null && (
            <p className="fact-line">
              {member.nextExpiry.points} 分将于 {member.nextExpiry.day} 到期，请先用
            </p>
          )}
          {member.pointsRefused !== null && (
            <p className="fact-line warn">▲ {pointsRefusedWords[member.pointsRefused]}</p>
          )}
        </div>
      )}
    </Frame>
  );
}
