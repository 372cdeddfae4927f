import type { ReactNode } from 'react';
import { useClock, useLink } from '../parts/connection.ts';
import { Frame } from './frame.tsx';
import { LEVEL_WORDS, type Light, lightsOf, SHAPES, worstFirst } from './lights.ts';
import { connection, useTill } from './till.ts';
import './status-dialog.css';

/** What each light of the header means and what to do about it, the worst first. */
export function StatusDialog(): ReactNode {
  const { screen, hide } = useTill();
  const link = useLink(connection);
  const said = useClock(connection, (nowMs) => JSON.stringify(worstFirst(lightsOf(screen.status, nowMs, link))));
  return (
    <Frame title="设备和网络" size="medium" leave={hide}>
      <ul className="status-rows">
        {(JSON.parse(said) as readonly Light[]).map((light) => (
          <li key={light.id} className="status-row" data-level={light.level}>
            <span className="status-level">
              <i aria-hidden="true">{SHAPES[light.level]}</i>
              {LEVEL_WORDS[light.level]}
            </span>
            <b>
              {light.name}
              {light.text !== light.name && <small>{light.text}</small>}
            </b>
            <p>
              {light.means}
              {light.todo !== '' && <strong>{light.todo}</strong>}
            </p>
          </li>
        ))}
      </ul>
    </Frame>
  );
}
