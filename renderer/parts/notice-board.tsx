import { useEffect, useState } from 'react';
import type { Screen } from '../../shared/till-contract.ts';
import './notice-board.css';

type Notice = Screen['board'][number];

/** Long enough for old eyes to read the longest one twice. */
const TURN_MS = 14_000;
/** More characters than this stand in one line only where they are smaller. */
const LONG_TITLE = 14;

/**
 * The town's notices, one at a time and each in its turn. Everything is sized in `em` of who shows it, so that the console
 * previews exactly what the customer page draws.
 */
export function NoticeBoard({
  notices,
  townName,
}: Readonly<{ notices: readonly Notice[]; townName: string }>): React.JSX.Element | null {
  const turn = useTurn(notices.length);
  const notice = notices[turn];
  if (notice === undefined) return null;
  return (
    <section className="notice-board" aria-label="公告">
      <article key={notice.id}>
        <h2 data-long={Array.from(notice.title).length > LONG_TITLE}>{notice.title}</h2>
        <p className="words">{notice.text}</p>
      </article>
      <p className="signed">
        {notices.length > 1 ? (
          <span className="turns" role="img" aria-label={`第 ${turn + 1} 条，共 ${notices.length} 条`}>
            {notices.map((one, index) => (
              <i key={one.id} data-on={index === turn} />
            ))}
          </span>
        ) : null}
        <span className="by">{notice.village === '' ? townName : notice.village}</span>
      </p>
    </section>
  );
}

/** Whose turn it is among so many. */
function useTurn(count: number): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (count < 2) return;
    const timer = setInterval(() => setTurn((before) => before + 1), TURN_MS);
    return () => clearInterval(timer);
  }, [count]);
  return count === 0 ? 0 : turn % count;
}
