import { type ReactNode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

/**
 * The least that a page can do with a scanner: collect its keys and show one more row when Enter comes. With `#asks` at
 * its address it asks the process behind it first, as a page must that decides nothing itself.
 */
function BarePage(): ReactNode {
  const [codes, setCodes] = useState<readonly string[]>([]);
  useEffect(() => {
    let text = '';
    const show = (code: string): void => setCodes((before) => (before.length >= 10 ? [code] : [...before, code]));
    const socket = location.hash === '#asks' ? new WebSocket(location.origin.replace(/^http/, 'ws')) : null;
    socket?.addEventListener('message', ({ data }) => show(String(data)));
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === 'Enter') {
        const code = text;
        text = '';
        if (socket === null) show(code);
        else socket.send(code);
      } else if (event.key.length === 1) text += event.key;
    };
    window.addEventListener('keydown', onKeyDown);
    return () => {
      window.removeEventListener('keydown', onKeyDown);
      socket?.close();
    };
  }, []);
  return (
    <table>
      <tbody>
        {codes.map((code, index) => (
          <tr key={`${index}:${code}`}>
            <td>{code}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const page = document.getElementById('page');
if (page !== null) createRoot(page).render(<BarePage />);
