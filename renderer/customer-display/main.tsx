import { createRoot } from 'react-dom/client';
import { connect, useLink, useScreen } from '../parts/connection.ts';
import { PinPad } from '../parts/pin-pad.tsx';
import { openSpeaker, useSaid } from '../parts/speaker.ts';
import { CustomerPage } from './customer-page.tsx';

const core = connect('customer');
const speaker = openSpeaker(core, () => true);

function App(): React.JSX.Element {
  const screen = useScreen(core);
  const link = useLink(core);
  const said = useSaid(speaker);
  // An amount that may have changed meanwhile is worse than none.
  const shown = link === 'lost' ? null : screen;
  return (
    <div data-practice={shown?.practice === true}>
      {shown?.practice === true ? (
        <p className="practice" role="note">
          <b>练习 · 不算数</b>
          <span>店员正在练习，这里的价钱和积分都不是真的</span>
        </p>
      ) : null}
      <CustomerPage screen={shown} />
      <p className="heard" role="status" aria-live="polite">
        {said}
      </p>
      {shown === null || shown.pin === null ? null : (
        <PinPad
          key={shown.pin.ask}
          asked={shown.pin}
          send={core.send}
          leave={() => void core.send({ kind: 'leavePin' })}
        />
      )}
    </div>
  );
}

// No key loads this page anew or leaves it; a browser's window is made to fill the screen by F11.
window.addEventListener(
  'keydown',
  (event) => {
    if (/^F(?!11$)\d/.test(event.code) || event.ctrlKey || event.altKey || event.metaKey) event.preventDefault();
  },
  { capture: true },
);

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
