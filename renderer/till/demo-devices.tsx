import { type ReactNode, useState } from 'react';
import { createPortal } from 'react-dom';
import type { SimulatedAct } from '../../shared/devices.ts';
import { useScreenPart } from '../parts/connection.ts';
import { DemoButton } from './demo-button.tsx';
import { connection } from './till.ts';
import './devices.css';

const PRINTER_ACTS = [
  ['ready', '正常'],
  ['paperLow', '纸快完'],
  ['paperOut', '缺纸'],
  ['coverOpen', '开盖'],
  ['gone', '拔线'],
] as const;

const SCALE_ACTS = [
  ['moving', '晃动'],
  ['unplugged', '拔线'],
  ['pluggedIn', '插好'],
] as const;

/** What goes wrong at a real counter, to be tried at a simulated one: paper, cover, cable, drawer, scale. */
export function DemoDevices({ act }: { act: (one: SimulatedAct) => void }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <span className="demo-group">
      <DemoButton label="设备…" act={() => setOpen(!open)} on={open} />
      {/* The strip cuts off what stands out of it, so the panel hangs on the page itself. */}
      {open && createPortal(<Panel act={act} />, document.body)}
    </span>
  );
}

function Panel({ act }: { act: (one: SimulatedAct) => void }): ReactNode {
  const printer = useScreenPart(connection, (screen) => screen?.status.printer ?? 'missing');
  const drawer = useScreenPart(connection, (screen) => screen?.status.drawer ?? 'unknown');
  const pole = useScreenPart(connection, (screen) => screen?.status.poleDisplay ?? null);
  return (
    <section className="demo-panel" aria-label="模拟设备">
      <h2>
        <b className="demo-mark">模拟</b> 柜台上的设备
      </h2>
      <div className="demo-panel-row">
        <span>打印机</span>
        <span>
          {PRINTER_ACTS.map(([state, label]) => (
            <DemoButton key={state} label={label} on={printer === state} act={() => act({ what: 'printer', state })} />
          ))}
        </span>
      </div>
      <div className="demo-panel-row">
        <span>钱箱</span>
        <span>
          <DemoButton label="拉开" on={drawer === 'open'} act={() => act({ what: 'drawer', state: 'open' })} />
          <DemoButton label="关上" on={drawer === 'closed'} act={() => act({ what: 'drawer', state: 'closed' })} />
        </span>
      </div>
      <div className="demo-panel-row">
        <span>秤</span>
        <span>
          {SCALE_ACTS.map(([state, label]) => (
            <DemoButton key={state} label={label} act={() => act({ what: 'scale', state })} />
          ))}
        </span>
      </div>
      {pole !== null && (
        <div className="demo-panel-row">
          <span>客显</span>
          <span>
            <output className="demo-pole">{pole === '' ? ' ' : pole}</output>
          </span>
        </div>
      )}
    </section>
  );
}
