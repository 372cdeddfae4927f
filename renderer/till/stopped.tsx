import type { ReactNode } from 'react';
import { stoppedWords } from '../../shared/words.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';
import './stopped.css';

/** The till cannot go on. The page says what happened, what is safe and what to do, in that order. */
export function StoppedPage(): ReactNode {
  const { screen, send, say } = useTill();
  const again = (): void =>
    void send({ kind: 'dismiss' }, 'quiet').then((answer) => {
      if (answer.kind !== 'done') say({ tone: 'warn', text: '还是不行。请关掉收银程序，再打开一次。' });
    });
  useKeys(LEVEL.page, ({ name, repeat }) => (name === 'Enter' && !repeat ? again : null));
  if (screen.stopped === null) return null;
  const words = stoppedWords[screen.stopped];
  return (
    <main className="center-page">
      <section className="sheet stopped" role="alert">
        <h1>
          <i aria-hidden="true">■</i>
          {words.title}
        </h1>
        <h2>发生了什么</h2>
        <p>{words.happened}</p>
        {screen.stoppedDetail !== '' && <p className="detail">{screen.stoppedDetail}</p>}
        <h2>什么是安全的</h2>
        <p>{words.safe}</p>
        <h2>请这样做</h2>
        <ol>
          {words.todo.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <div className="stopped-foot">
          <button type="button" className="pay-key" onMouseDown={keepFocus} onClick={again}>
            再试一次 <kbd>Enter</kbd>
          </button>
          {screen.hotline !== '' && <p>维护电话 {screen.hotline}</p>}
        </div>
      </section>
    </main>
  );
}
