import { type ReactNode, useSyncExternalStore } from 'react';
import type { Screen } from '../../shared/till-contract.ts';
import { tokenOfThisPage } from '../parts/connection.ts';
import { localVoice } from '../parts/speaker.ts';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';
import './sound-dialog.css';

type Mode = Screen['voice']['mode'];

const MODES: readonly Readonly<{ mode: Mode; label: string; note: string }>[] = [
  { mode: 'voice', label: '系统语音', note: '用这台电脑的普通话' },
  { mode: 'recorded', label: '本镇录音', note: '放乡音，缺的字用系统语音' },
  { mode: 'off', label: '不报', note: '只在屏上显示' },
];

/** How the till speaks to the customer, and the page that the customer looks at. */
export function SoundDialog(): ReactNode {
  const { screen, send, hide } = useTill();
  const hasVoice = useSyncExternalStore(heardVoices, () => localVoice() !== null);
  const { mode } = screen.voice;
  const setMode = (next: Mode): void => void send({ kind: 'setVoice', mode: next });
  const trial = (): void => void send({ kind: 'tryVoice' });
  const acts: Readonly<Record<string, () => void>> = {
    ...Object.fromEntries(MODES.map((one, index) => [String(index + 1), () => setMode(one.mode)])),
    ...(mode === 'off' ? {} : { Enter: trial }),
    ...(canOpen ? { '4': openCustomerPage } : {}),
  };
  return (
    <Frame title="顾客屏和语音" size="medium" leave={hide} onKey={({ name }) => acts[name] ?? null}>
      <section className="sound-part">
        <h2>向顾客报价</h2>
        <p className="lead">付款时报合计、积分和应付，收好后报找零。{speakerWords(screen.customerPage)}</p>
        <div className="sound-modes" role="radiogroup" aria-label="向顾客报价">
          {MODES.map((one, index) => (
            <button
              type="button"
              key={one.mode}
              role="radio"
              aria-checked={mode === one.mode}
              className="option sound-mode"
              onMouseDown={keepFocus}
              onClick={() => setMode(one.mode)}
            >
              <kbd>{index + 1}</kbd>
              <b>{one.label}</b>
              <small>{one.note}</small>
            </button>
          ))}
        </div>
        {mode !== 'off' && !hasVoice && (
          <p className="fact-line warn">这台电脑没有装中文语音，请在系统设置里添加，或用本镇录音。</p>
        )}
        <button type="button" className="key" disabled={mode === 'off'} onMouseDown={keepFocus} onClick={trial}>
          <span>试听</span>
          <kbd>Enter</kbd>
        </button>
      </section>
      <div className="sound-more">
        <section className="sound-part">
          <h2>顾客屏</h2>
          <p className="lead">
            {screen.customerPage ? '顾客屏开着。' : '顾客屏没有开。'}
            {canOpen ? '' : '接上第二块屏就自动打开。'}
          </p>
          {canOpen && (
            <button type="button" className="key" onMouseDown={keepFocus} onClick={openCustomerPage}>
              <span>打开顾客屏</span>
              <kbd>4</kbd>
            </button>
          )}
        </section>
      </div>
    </Frame>
  );
}

function speakerWords(hasCustomerPage: boolean): string {
  return hasCustomerPage ? '声音从顾客屏出来。' : '声音从这一页出来。';
}

/** The desktop shell opens the page on the second screen by itself; a browser opens a window to be put there. */
const canOpen = window.oneCardShell === undefined;

function openCustomerPage(): void {
  const address = new URL('/customer-display/index.html', window.location.href);
  address.hash = `token=${tokenOfThisPage()}`;
  window.open(address, 'customer-display', 'popup,width=1366,height=768');
}

/** A browser learns of the system's voices some time after the page has loaded. */
function heardVoices(heard: () => void): () => void {
  if (!('speechSynthesis' in window)) return () => undefined;
  speechSynthesis.addEventListener('voiceschanged', heard);
  return () => speechSynthesis.removeEventListener('voiceschanged', heard);
}
