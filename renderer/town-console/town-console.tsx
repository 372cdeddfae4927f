import { Button, Input } from 'antd';
import { useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { BoardSection } from './board-section.tsx';
import { EnrolmentSection } from './enrolment-section.tsx';
import { MemberSection } from './member-section.tsx';
import { OverviewSection } from './overview-section.tsx';
import { PolicySection } from './policy-section.tsx';
import { SettlementSection } from './settlement-section.tsx';
import { useTelling } from './telling.ts';
import { setSession, town, useSession } from './town.ts';

const SECTIONS = [
  ['overview', '概况'],
  ['members', '会员和卡'],
  ['settlement', '按月结算'],
  ['policy', '优惠政策'],
  ['board', '公告'],
  ['enrolment', '收银机注册'],
] as const;
type SectionName = (typeof SECTIONS)[number][0];

/** The console of the town's staff. Full names stay here; tills only ever get masks. */
export function TownConsole(): React.JSX.Element {
  const session = useSession();
  const [section, setSection] = useState<SectionName>('overview');
  if (session === null) return <SignIn />;
  return (
    <div className="office">
      <header>
        <h1>{session.townName} · 镇信用办</h1>
        <span className="grow" />
        <Button onClick={() => setSession(null)}>退出</Button>
      </header>
      <nav aria-label="镇信用办">
        {SECTIONS.map(([name, title]) => (
          <button
            key={name}
            type="button"
            aria-current={section === name ? 'page' : undefined}
            onClick={() => setSection(name)}
          >
            {title}
          </button>
        ))}
      </nav>
      <main>
        <Section section={section} />
      </main>
    </div>
  );
}

function Section({ section }: Readonly<{ section: SectionName }>): React.JSX.Element {
  switch (section) {
    case 'overview':
      return <OverviewSection />;
    case 'members':
      return <MemberSection />;
    case 'settlement':
      return <SettlementSection />;
    case 'policy':
      return <PolicySection />;
    case 'board':
      return <BoardSection />;
    case 'enrolment':
      return <EnrolmentSection />;
    default:
      return assertNever(section);
  }
}

function SignIn(): React.JSX.Element {
  const [password, setPassword] = useState('');
  const telling = useTelling();
  async function signIn(): Promise<void> {
    if (password === '') return;
    const answer = await telling.tell(() => town.signIn({ password }), '');
    setPassword('');
    if (answer !== null) setSession({ token: answer.token, townName: answer.townName });
  }
  return (
    <div className="gate">
      <div className="sheet">
        <h1>镇信用办</h1>
        <p>请输入工作人员密码。</p>
        <div className="pair">
          <Input.Password
            size="large"
            autoFocus
            autoComplete="current-password"
            maxLength={200}
            value={password}
            aria-label="工作人员密码"
            onChange={(event) => setPassword(event.target.value)}
            onPressEnter={() => void signIn()}
          />
          <Button type="primary" size="large" loading={telling.busy} onClick={() => void signIn()}>
            登录
          </Button>
        </div>
      </div>
    </div>
  );
}
