import { formatFen } from '../../shared/money.ts';
import { formatQuantity } from '../../shared/quantity.ts';
import type { Screen, ScreenLine, ScreenMember } from '../../shared/till-contract.ts';
import { rateWords } from '../../shared/words.ts';
import { NoticeBoard } from '../parts/notice-board.tsx';

/**
 * What the customer sees of the sale. Every figure stands in the screen as the core sent it; nothing is added or
 * subtracted here, because a villager has to be able to hold this page against the receipt.
 */
export function CustomerPage({ screen }: Readonly<{ screen: Screen | null }>): React.JSX.Element {
  if (screen === null) return <Waiting />;
  if (screen.phase === 'paid' && screen.paid !== null) return <Paid screen={screen} />;
  const isServing = screen.phase === 'selling' || screen.phase === 'paying';
  if (isServing && (screen.sale.lines.length > 0 || screen.sale.member !== null)) return <Serving screen={screen} />;
  return <Idle screen={screen} />;
}

function Waiting(): React.JSX.Element {
  return (
    <div className="page idle">
      <div className="welcome">
        <h1>请稍候</h1>
        <p>正在连接收银台</p>
      </div>
    </div>
  );
}

function Idle({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const isOpen = screen.shift !== null && screen.phase !== 'stopped';
  if (screen.board.length > 0 && screen.phase !== 'stopped') return <IdleWithBoard screen={screen} isOpen={isOpen} />;
  return (
    <div className="page idle">
      <div className="welcome">
        <div className="emblem" aria-hidden="true">
          <i />
          <b>信用一卡通</b>
          <span>★★★★★</span>
        </div>
        <h1>{screen.shopName}</h1>
        <p>{greeting(screen, isOpen)}</p>
        {isOpen ? <p className="hint">带了信用一卡通，请先给收银员刷一下</p> : null}
      </div>
      <Footer screen={screen} />
    </div>
  );
}

function greeting(screen: Screen, isOpen: boolean): string {
  if (screen.phase === 'stopped') return '收银台出了点问题，请稍等';
  return isOpen ? '乡亲您好，欢迎光临' : '收银台还没有开，请稍等';
}

/** What the town has to say takes the middle of the page; who comes with a card still reads what to do with it. */
function IdleWithBoard({ screen, isOpen }: Readonly<{ screen: Screen; isOpen: boolean }>): React.JSX.Element {
  return (
    <div className="page idle">
      <div className="with-board">
        <header>
          <h1>{screen.shopName}</h1>
          <p>{greeting(screen, isOpen)}</p>
        </header>
        <NoticeBoard notices={screen.board} townName={screen.townName} />
        {isOpen ? <p className="hint">带了信用一卡通，请先给收银员刷一下</p> : null}
      </div>
      <Footer screen={screen} />
    </div>
  );
}

function Serving({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const { sale, pay } = screen;
  return (
    <div className="page">
      <main>
        <h1>
          请核对商品
          {sale.lines.length > 0 ? (
            <small>
              {sale.lines.length} 种 · {sale.pieces} 件
            </small>
          ) : null}
        </h1>
        <Lines lines={sale.lines} selected={sale.selected} />
      </main>
      <aside>
        <Member member={sale.member} brief={pay !== null && pay.pointsUsed > 0} />
        {pay !== null && pay.pointsUsed > 0 ? null : <Saved fen={sale.discountFen} label="这一单为您省了" />}
        {pay === null ? (
          <>
            <Due label="一共" amountFen={sale.totalFen} />
            {sale.member === null ? null : <SpendablePoints member={sale.member} />}
          </>
        ) : (
          <Paying screen={screen} pay={pay} />
        )}
      </aside>
      <Footer screen={screen} />
    </div>
  );
}

/** Characters of a name with its size from which on they do not all fit into one row. */
const NAME_LONG = 18;

/** The list keeps the line that was touched last in sight, because that is the one the customer is checking. */
function Lines({ lines, selected }: Readonly<{ lines: readonly ScreenLine[]; selected: number }>): React.JSX.Element {
  return (
    <ol className="lines">
      {lines.map((line, index) => (
        <li key={line.key} className={index === selected ? 'new' : ''} ref={index === selected ? keepInSight : null}>
          <span className={line.name.length + line.spec.length > NAME_LONG ? 'name long' : 'name'}>
            {line.name}
            <small>{line.spec}</small>
          </span>
          <span className="quantity">{quantityWords(line)}</span>
          <s>{line.payFen < line.shelfFen ? formatFen(line.shelfFen) : ''}</s>
          <b>{formatFen(line.payFen)}</b>
        </li>
      ))}
    </ol>
  );
}

function keepInSight(line: HTMLLIElement | null): void {
  line?.scrollIntoView({ block: 'nearest' });
}

function quantityWords(line: ScreenLine): string {
  if (line.per !== 'piece') return formatQuantity(line.quantity, line.per);
  return line.quantity === 1 ? '' : `× ${formatQuantity(line.quantity, line.per)}`;
}

function Member({ member, brief }: Readonly<{ member: ScreenMember | null; brief: boolean }>): React.JSX.Element {
  if (member === null) {
    return (
      <div className="member">
        <p className="name">欢迎光临</p>
        <p>带了信用一卡通，请先刷一下</p>
      </div>
    );
  }
  const rate = rateWords(member.rateBp);
  return (
    <div className="member">
      <p className="name">
        {member.mask}
        <small>{member.villageName}</small>
      </p>
      <Stars stars={member.stars} />
      {rate === '' || brief ? null : (
        <p>
          信用{'零一二三四五'.charAt(member.stars)}星，今天打 {rate.replace('折', ' 折')}
        </p>
      )}
    </div>
  );
}

function Stars({ stars }: Readonly<{ stars: number }>): React.JSX.Element {
  return (
    <p className="stars" role="img" aria-label={`${stars} 星`}>
      {'★'.repeat(stars)}
      <i>{'☆'.repeat(5 - stars)}</i>
    </p>
  );
}

function SpendablePoints({ member }: Readonly<{ member: ScreenMember }>): React.JSX.Element {
  // Why points rest is between the customer and the cashier; on a screen that others see it only says where to ask.
  return member.pointsRefused === null ? (
    <Row label="本店现在可用积分" value={`${member.spendable} 分`} />
  ) : (
    <Row label="积分" value="请问收银员" />
  );
}

function Paying({ screen, pay }: Readonly<{ screen: Screen; pay: NonNullable<Screen['pay']> }>): React.JSX.Element {
  const { sale, policy } = screen;
  const channel = policy.mobileChannels.find((one) => one.code === pay.mobileChannel)?.name ?? '手机';
  const isAllMobile = pay.mobileFen > 0 && pay.cashDueFen === 0;
  const isAllPoints = pay.pointsUsed > 0 && pay.mobileFen === 0 && pay.cashDueFen === 0;
  return (
    <>
      {sale.member === null ? null : <PointsToCome member={sale.member} pay={pay} />}
      <ul className="sum">
        <Part label="一共" text={formatFen(sale.totalFen)} />
        {pay.pointsUsed > 0 ? <Part label="积分抵" text={`−${formatFen(pay.pointsFen)}`} /> : null}
        {pay.mobileFen > 0 && !isAllMobile ? (
          <Part label={`${channel}付`} text={`−${formatFen(pay.mobileFen)}`} />
        ) : null}
        {pay.truncationFen > 0 ? <Part label="抹零" text={`−${formatFen(pay.truncationFen)}`} /> : null}
      </ul>
      {isAllMobile ? (
        <Due label={`请用${channel}付`} amountFen={pay.mobileFen} />
      ) : (
        <Due label={isAllPoints ? '积分全付，不用再给钱' : '请付现金'} amountFen={pay.cashDueFen} />
      )}
      {pay.cashTyped && pay.changeFen > 0 ? <Row label="找您" value={`${formatFen(pay.changeFen)} 元`} /> : null}
    </>
  );
}

/** What will be taken of the card, said before it is taken, so that a customer can still say no. */
function PointsToCome({
  member,
  pay,
}: Readonly<{ member: ScreenMember; pay: NonNullable<Screen['pay']> }>): React.JSX.Element {
  if (pay.pointsUsed === 0) {
    return <Row label="这次不用积分" value={member.pointsRefused === null ? `现有 ${member.spendable} 分` : ''} />;
  }
  return (
    <section className="points" aria-label="要用的积分">
      <p className="points-use">
        <span>这次要用积分</span>
        <b>
          {pay.pointsUsed}
          <small>分</small>
        </b>
      </p>
      <p className="points-left">
        <span>
          现有 {member.spendable} 分，用后还剩 <b>{pay.spendableAfter ?? 0}</b> 分
        </span>
      </p>
      <p className="points-note">付好才扣；不想用请说一声</p>
    </section>
  );
}

function Paid({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const paid = screen.paid;
  if (paid === null) return <Idle screen={screen} />;
  const { receipt } = paid;
  const { member } = receipt;
  return (
    <div className="page done">
      <main className="thanks">
        <h1>
          <i aria-hidden="true">✓</i>
          {receipt.kind === 'refund' ? '已退货' : '付好了，谢谢您'}
        </h1>
        <div className="change">
          {paid.changeFen > 0 ? (
            <>
              <span>找您</span>
              <b data-long={formatFen(paid.changeFen).length > 6}>
                <small>￥</small>
                {formatFen(paid.changeFen)}
              </b>
            </>
          ) : (
            <b className="even">{paid.cashGivenFen > 0 ? '钱正好，不用找' : '不用找零'}</b>
          )}
        </div>
        <ul className="parts">
          <Part label="一共" text={formatFen(receipt.totalFen)} />
          {receipt.points === null || receipt.points.used === 0 ? null : (
            <Part label={`积分 ${receipt.points.used} 分`} text={formatFen(receipt.points.fen)} />
          )}
          {receipt.mobile === null ? null : <Part label="手机付" text={formatFen(receipt.mobile.fen)} />}
          {receipt.truncationFen > 0 ? <Part label="抹零" text={formatFen(receipt.truncationFen)} /> : null}
          {paid.cashGivenFen > 0 ? <Part label="收您现金" text={formatFen(paid.cashGivenFen)} /> : null}
        </ul>
        <p className="slip">{paid.printed === 'failed' ? '小票没有打出来，可以请收银员补打' : '请拿好小票和商品'}</p>
      </main>
      <aside>
        {member === null ? (
          <div className="member">
            <p className="name">欢迎再来</p>
            <p>办一张信用一卡通，买东西有优惠</p>
          </div>
        ) : (
          <>
            <div className="member">
              <p className="name">
                {member.mask}
                <small>{member.villageName}</small>
              </p>
              <Stars stars={member.stars} />
            </div>
            <Saved fen={receipt.discountFen} label="这一单为您省了" />
            <Saved fen={member.savedThisYearFen} label="今年一共省了" />
            <div className="points after">
              {paid.pointsUsed > 0 ? (
                <p className="points-left">
                  <span>用积分以前</span>
                  <b>{paid.spendableBefore} 分</b>
                </p>
              ) : null}
              {paid.pointsUsed > 0 ? (
                <p className="points-left">
                  <span>这次用了</span>
                  <b>{paid.pointsUsed} 分</b>
                </p>
              ) : null}
              <p className="points-use">
                <span>在本店还有</span>
                <b>
                  {member.spendableAfter}
                  <small>分</small>
                </b>
              </p>
            </div>
          </>
        )}
      </aside>
      <Footer screen={screen} />
    </div>
  );
}

function Saved({ label, fen }: Readonly<{ label: string; fen: number }>): React.JSX.Element | null {
  if (fen <= 0) return null;
  return (
    <p className="saved">
      <span>{label}</span> <b>{formatFen(fen)}</b> 元
    </p>
  );
}

function Due({ label, amountFen }: Readonly<{ label: string; amountFen: number }>): React.JSX.Element {
  const text = formatFen(amountFen);
  return (
    <div className={text.length > 6 ? 'due long' : 'due'}>
      <span>{label}</span>
      <b>
        <small>￥</small>
        {text}
      </b>
    </div>
  );
}

function Row({ label, value }: Readonly<{ label: string; value: string }>): React.JSX.Element {
  return (
    <div className="row">
      <span>{label}</span>
      <b>{value}</b>
    </div>
  );
}

function Part({ label, text }: Readonly<{ label: string; text: string }>): React.JSX.Element {
  return (
    <li>
      <span>{label}</span>
      <b>{text}</b>
    </li>
  );
}

function Footer({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  return (
    <footer>
      {screen.demo ? <b className="demo">模拟</b> : null}
      <b>{screen.shopName}</b>
      <span>价钱、积分有疑问，请当面问收银员</span>
      {screen.hotline === '' ? null : <span className="hotline">服务电话 {screen.hotline}</span>}
    </footer>
  );
}
