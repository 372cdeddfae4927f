import { memo, type ReactNode, useEffect, useState } from 'react';
import { useScreenPart } from '../parts/connection.ts';
import type { SimulatedAct } from '../../shared/devices.ts';
import { DemoButton } from './demo-button.tsx';
import { DemoDevices } from './demo-devices.tsx';
import { connection, type Till } from './till.ts';
import './demo-strip.css';

type Demo = NonNullable<Awaited<ReturnType<ReturnType<typeof connection.client>['demo']>>>;

const WEIGHTS_GRAMS = [365, 730, 1_240] as const;

/** What a hand would do at a real counter. It has a row of its own, so that it covers nothing. */
export const DemoStrip = memo(PlainDemoStrip);

function PlainDemoStrip({ send }: { send: Till['send'] }): ReactNode {
  const [demo, setDemo] = useState<Demo | null>(null);
  const [card, setCard] = useState(0);
  // The core notices a pulled plug only when it next calls the town; until then the hand that pulled it knows better.
  const town = useScreenPart(connection, (screen) => screen?.status.town ?? 'notEnrolled');
  const [pulled, setPulled] = useState({ while: town, connected: town !== 'unreachable' });
  const connected = pulled.while === town ? pulled.connected : town !== 'unreachable';
  const stopped = useScreenPart(connection, (screen) => screen?.phase === 'stopped');
  useEffect(() => {
    if (stopped) return;
    connection
      .client()
      .demo()
      .then(setDemo)
      .catch(() => undefined);
  }, [stopped]);
  if (demo === null) return <div className="demo-strip" />;

  const act = (one: SimulatedAct): void => void send({ kind: 'simulate', act: one });
  const scan = (code: string | undefined): void => {
    if (code !== undefined) act({ what: 'code', code });
  };
  const token = demo.cards[card];
  return (
    <nav className="demo-strip" aria-label="模拟设备">
      <b className="demo-mark">模拟</b>
      <span className="demo-group">
        扫码
        {demo.items.slice(0, 3).map((item) => (
          <DemoButton key={item.code} label={shorten(item.name)} act={() => scan(item.code)} />
        ))}
        <DemoButton label="随机一件" act={() => scan(pick(demo.items)?.code)} />
      </span>
      <span className="demo-group">
        刷卡
        <select value={card} aria-label="选一张卡" onChange={(event) => setCard(Number(event.target.value))}>
          {demo.cards.map((one, index) => (
            <option key={one.token} value={index}>
              {one.label}
            </option>
          ))}
        </select>
        <DemoButton
          label="刷"
          act={() => {
            if (token !== undefined) act({ what: 'card', token: token.token });
          }}
        />
      </span>
      <span className="demo-group">
        称重
        {demo.weighed[0] !== undefined && (
          <DemoButton label={shorten(pickNamed(demo.weighed))} act={() => scan(demo.weighed[0]?.code)} />
        )}
        {WEIGHTS_GRAMS.map((weightGrams) => (
          <DemoButton key={weightGrams} label={`${weightGrams}g`} act={() => act({ what: 'weight', weightGrams })} />
        ))}
        <DemoButton label="拿走" act={() => act({ what: 'weight', weightGrams: 0 })} />
      </span>
      <span className="space" />
      <DemoDevices act={act} />
      {town !== 'practice' && (
        <span className="demo-group">
          网络
          <DemoButton
            label={connected ? '断开' : '恢复'}
            act={() => {
              setPulled({ while: town, connected: !connected });
              void send({ kind: 'simulateNetwork', connected: !connected });
            }}
          />
        </span>
      )}
    </nav>
  );
}

function pick<T>(from: readonly T[]): T | undefined {
  return from[Math.floor(Math.random() * from.length)];
}

function pickNamed(weighed: readonly Readonly<{ name: string }>[]): string {
  return weighed[0]?.name ?? '';
}

function shorten(name: string): string {
  return name.length > 6 ? `${name.slice(0, 6)}…` : name;
}
