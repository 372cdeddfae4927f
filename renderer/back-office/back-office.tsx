import { Alert, Button, Input } from 'antd';
import { useEffect, useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { defaultCounter } from '../../shared/counter.ts';
import type { Screen } from '../../shared/till-contract.ts';
import { clockOf } from '../../shared/time.ts';
import { nightWords, stoppedWords } from '../../shared/words.ts';
import { tokenOfThisPage, useLink, useScreen } from '../parts/connection.ts';
import { agoText } from '../parts/format.ts';
import { setWedge } from '../parts/keyboard.ts';
import { PracticeBar } from '../parts/practice-bar.tsx';
import { core } from './core.ts';
import { CountSection } from './count-section.tsx';
import { DeviceSection } from './device-section.tsx';
import { EnrolAgain } from './enrol-again.tsx';
import { GoodsInSection } from './goods-in-section.tsx';
import { ImportSection } from './import-section.tsx';
import { ItemSection } from './item-section.tsx';
import { LedgerSection } from './ledger-section.tsx';
import { NightSection } from './night-section.tsx';
import { OperatorSection } from './operator-section.tsx';
import { PriceSection } from './price-section.tsx';
import { useSending } from './sending.ts';
import { StockSection } from './stock-section.tsx';
import { TagSection } from './tag-section.tsx';
import { WasteSection } from './waste-section.tsx';

const SECTIONS = [
  [
    '货品',
    [
      ['goodsIn', '进货'],
      ['stock', '库存'],
      ['price', '改价'],
      ['tags', '价签'],
      ['count', '盘点'],
      ['waste', '报损'],
    ],
  ],
  [
    '资料',
    [
      ['item', '商品建档'],
      ['import', '导入'],
    ],
  ],
  [
    '账目',
    [
      ['night', '夜间对账'],
      ['ledger', '账本'],
    ],
  ],
  ['人员', [['operators', '操作员']]],
  ['机器', [['devices', '设备']]],
] as const;
export type SectionName = (typeof SECTIONS)[number][1][number][0];

/** Where to go next, and with which item or scanned code in hand. */
export type Go = (section: SectionName, carried?: string) => void;

const TILL = '../till/index.html';

export function BackOffice(): React.JSX.Element {
  const screen = useScreen(core);
  const { prefix, suffix } = screen?.counter.wedge ?? defaultCounter.wedge;
  useEffect(() => setWedge({ prefix, suffix }), [prefix, suffix]);
  if (screen?.practice !== true) return <Pages key="till" screen={screen} />;
  return (
    <div className="practising">
      <PracticeBar leave={() => void core.send({ kind: 'endPractice' })} />
      <Pages key="practice" screen={screen} />
    </div>
  );
}

function Pages({ screen }: Readonly<{ screen: Screen | null }>): React.JSX.Element {
  if (screen === null) {
    return (
      <Gate title="请稍候">
        <p>正在连接收银机。</p>
      </Gate>
    );
  }
  if (screen.stopped !== null) return <Stopped screen={screen} stopped={screen.stopped} />;
  if (screen.phase === 'enrol') {
    return (
      <Gate title="这台收银机还没有注册">
        <p>先在收银台用镇上给的注册码注册，再来店后台。</p>
        <a href={tillAddress()}>去收银台</a>
      </Gate>
    );
  }
  if (screen.operator?.role !== 'manager') return <SignIn screen={screen} />;
  return (
    <>
      <Office screen={screen} />
      {/* Above it, so that nothing that was being filled in is lost. */}
      {screen.phase === 'locked' ? (
        <div className="locked">
          <SignIn screen={screen} />
        </div>
      ) : null}
    </>
  );
}

function tillAddress(): string {
  return `${TILL}#token=${encodeURIComponent(tokenOfThisPage())}`;
}

function Gate({ title, children }: Readonly<{ title: string; children: React.ReactNode }>): React.JSX.Element {
  return (
    <div className="gate">
      <div className="sheet">
        <h1>{title}</h1>
        {children}
      </div>
    </div>
  );
}

function Stopped({
  screen,
  stopped,
}: Readonly<{ screen: Screen; stopped: NonNullable<Screen['stopped']> }>): React.JSX.Element {
  const words = stoppedWords[stopped];
  return (
    <Gate title={words.title}>
      <p>{words.happened}</p>
      <p>{words.safe}</p>
      <ol>
        {words.todo.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p className="small">{screen.stoppedDetail}</p>
    </Gate>
  );
}

/** The back office is the manager's; the till and this page share one signed-in person, so both are told. */
function SignIn({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const [pin, setPin] = useState('');
  const sending = useSending();
  const isWaiting = screen.signInWaitUntilMs > screen.status.nowMs;
  async function signIn(): Promise<void> {
    if (!/^\d{4,6}$/.test(pin)) return;
    await sending.run({ kind: 'signIn', pin });
    setPin('');
  }
  return (
    <Gate title="店后台">
      <p>
        {screen.operator?.role === 'manager'
          ? '太久没有动，屏幕锁了。填到一半的都在，请输入店长密码。'
          : screen.operator === null
            ? '请输入店长密码。'
            : `现在登录的是收银员 ${screen.operator.mask}，这里要店长密码。登录后，收银台上也换成店长。`}
      </p>
      {isWaiting ? <p className="warn">密码错得太多，请等到 {clockOf(screen.signInWaitUntilMs)} 再试。</p> : null}
      <div className="pair">
        <Input.Password
          size="large"
          autoFocus
          visibilityToggle={false}
          inputMode="numeric"
          autoComplete="off"
          maxLength={6}
          value={pin}
          placeholder="4 到 6 位数字"
          aria-label="店长密码"
          onChange={(event) => setPin(event.target.value.replace(/\D/g, ''))}
          onPressEnter={() => void signIn()}
        />
        <Button type="primary" size="large" loading={sending.busy} onClick={() => void signIn()}>
          登录
        </Button>
      </div>
      <p className="small" style={{ margin: '16px 0 0' }}>
        <a href={tillAddress()}>回收银台</a>
      </p>
    </Gate>
  );
}

function Office({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const link = useLink(core);
  const [place, setPlace] = useState<Readonly<{ section: SectionName; carried: string; visit: number }>>({
    section: sectionInAddress(),
    carried: '',
    visit: 0,
  });
  const go: Go = (section, carried = '') => setPlace((before) => ({ section, carried, visit: before.visit + 1 }));
  return (
    <div className="office">
      <header>
        <h1>{screen.shopName} · 店后台</h1>
        {screen.demo ? <span className="demo">模拟</span> : null}
        <span>店长 {screen.operator?.mask ?? ''}</span>
        <span className="grow" />
        <TownState screen={screen} />
        {screen.practice ? null : (
          <span>
            <i className={`dot ${screen.status.unsent > 0 && screen.status.town !== 'reachable' ? 'warn' : 'good'}`} />
            未上传 {screen.status.unsent}
          </span>
        )}
        <span>
          <i className={`dot ${nightDot(screen.status.night)}`} />
          {nightWords[screen.status.night]}
        </span>
        <a href={tillAddress()}>回收银台</a>
      </header>
      <nav aria-label="店后台">
        {SECTIONS.map(([group, entries]) => (
          <div key={group}>
            <p>{group}</p>
            {entries.map(([name, title]) => (
              <button
                key={name}
                type="button"
                aria-current={place.section === name ? 'page' : undefined}
                onClick={() => go(name)}
              >
                {title}
              </button>
            ))}
          </div>
        ))}
      </nav>
      <main>
        {link === 'lost' ? (
          <Alert
            banner
            type="warning"
            title="和收银机的连接断了，正在重连。已经保存的都在；没保存的草稿也还在这一页上。"
            style={{ marginBottom: 12 }}
          />
        ) : null}
        <Section
          key={`${place.section} ${place.visit}`}
          screen={screen}
          section={place.section}
          carried={place.carried}
          go={go}
        />
      </main>
    </div>
  );
}

function Section({
  screen,
  section,
  carried,
  go,
}: Readonly<{ screen: Screen; section: SectionName; carried: string; go: Go }>): React.JSX.Element {
  switch (section) {
    case 'goodsIn':
      return <GoodsInSection go={go} />;
    case 'stock':
      return <StockSection go={go} />;
    case 'price':
      return <PriceSection item={carried} />;
    case 'count':
      return <CountSection />;
    case 'waste':
      return <WasteSection />;
    case 'item':
      return <ItemSection carried={carried} />;
    case 'import':
      return <ImportSection />;
    case 'night':
      return <NightSection screen={screen} />;
    case 'ledger':
      return <LedgerSection />;
    case 'tags':
      return <TagSection />;
    case 'devices':
      return <DeviceSection screen={screen} />;
    case 'operators':
      return <OperatorSection />;
    default:
      return assertNever(section);
  }
}

/** The till may open the back office at one section, such as the morning page: `#token=…&page=night`. */
function sectionInAddress(): SectionName {
  const wanted = new URLSearchParams(window.location.hash.slice(1)).get('page');
  for (const [, entries] of SECTIONS) {
    for (const [name] of entries) if (name === wanted) return name;
  }
  return 'goodsIn';
}

function nightDot(night: Screen['status']['night']): string {
  switch (night) {
    case 'matched':
      return 'good';
    case 'breaks':
      return 'bad';
    case 'pending':
    case 'running':
      return 'warn';
    case 'none':
      return '';
    default:
      return assertNever(night);
  }
}

function TownState({ screen }: Readonly<{ screen: Screen }>): React.JSX.Element {
  const { town, townHeardMs, nowMs } = screen.status;
  const heard = townHeardMs === null ? '' : `（${agoText(townHeardMs, nowMs)}联系过）`;
  switch (town) {
    case 'reachable':
      return (
        <span>
          <i className="dot good" />
          镇上已连
        </span>
      );
    case 'unreachable':
      return (
        <span>
          <i className="dot warn" />
          镇上连不上{heard}
        </span>
      );
    case 'practice':
      return (
        <span>
          <i className="dot warn" />
          练习，不联网
        </span>
      );
    case 'wrongKey':
      return (
        <span>
          <i className="dot bad" />
          不是本镇的服务器
        </span>
      );
    case 'notEnrolled':
      return (
        <span>
          <i className="dot warn" />
          镇上未注册 <EnrolAgain />
        </span>
      );
    default:
      return assertNever(town);
  }
}
