import { type ReactNode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

/** The least that a page can do with a scanner: collect its keys and show one more row when Enter comes. */
function BarePage(): ReactNode {
  const [codes, setCodes] = useState<readonly string[]>([]);
  useEffect(() => {
    let text = '';
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === 'Enter') {
        const code = text;
        text = '';
        setCodes((before) => (before.length >= 10 ? [code] : [...before, code]));
      } else if (event.key.length === 1) text += event.key;
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
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
