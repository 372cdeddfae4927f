import type { Connection } from './connection.ts';
import { deliver, onLayers, wantsScans } from './keyboard.ts';

/**
 * Brings what a scanner on a cable reads to the part of this page that wants it, just as a burst of keys comes there.
 * The core sells every other scan by itself, so a page listens only while it is looked at and has something open that
 * wants codes: a delivery left open in a window behind must not swallow the goods of a customer. Call once.
 */
export function takeDeviceScans(connection: Connection): void {
  let listening: AbortController | null = null;

  const listen = async (until: AbortController): Promise<void> => {
    try {
      for await (const { code } of await connection.client().scans(undefined, { signal: until.signal })) deliver(code);
    } catch {
      // The line broke or this page let go; `look` begins anew where that is still wanted.
    }
    if (listening === until) listening = null;
  };

  const look = (): void => {
    const isWanted = wantsScans() && document.hasFocus() && connection.link() === 'open';
    if (!isWanted) {
      listening?.abort();
      listening = null;
      return;
    }
    if (listening !== null) return;
    listening = new AbortController();
    void listen(listening);
  };

  onLayers(look);
  window.addEventListener('focus', look);
  window.addEventListener('blur', look);
  let link = connection.link();
  connection.subscribe(() => {
    if (connection.link() === link) return;
    link = connection.link();
    look();
  });
}
