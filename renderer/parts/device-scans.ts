import type { Connection } from './connection.ts';
import { deliver, onLayers, wantsScans } from './keyboard.ts';

/**
 * Listens to what devices read for as long as this page is looked at and wants it: to listen takes it from everybody
 * else, so a page left open in a window behind must not swallow the goods or the card of a customer. `look` is called
 * whenever the wish may have changed; `leave` ends it all.
 */
function listenWhile(
  connection: Connection,
  isWanted: () => boolean,
  listen: (signal: AbortSignal) => Promise<void>,
): Readonly<{ look: () => void; leave: () => void }> {
  let listening: AbortController | null = null;

  const begin = async (until: AbortController): Promise<void> => {
    try {
      await listen(until.signal);
    } catch {
      // The line broke or this page let go; `look` begins anew where that is still wanted.
    }
    if (listening === until) listening = null;
  };

  const look = (): void => {
    if (!(isWanted() && document.hasFocus() && connection.link() === 'open')) {
      listening?.abort();
      listening = null;
      return;
    }
    if (listening !== null) return;
    listening = new AbortController();
    void begin(listening);
  };

  window.addEventListener('focus', look);
  window.addEventListener('blur', look);
  let link = connection.link();
  const unsubscribe = connection.subscribe(() => {
    if (connection.link() === link) return;
    link = connection.link();
    look();
  });
  return {
    look,
    leave: () => {
      listening?.abort();
      window.removeEventListener('focus', look);
      window.removeEventListener('blur', look);
      unsubscribe();
    },
  };
}

/**
 * Brings what a scanner on a cable reads to the part of this page that wants it, just as a burst of keys comes there.
 * The core sells every other scan by itself. Call once.
 */
export function takeDeviceScans(connection: Connection): void {
  const { look } = listenWhile(connection, wantsScans, async (signal) => {
    for await (const { code } of await connection.client().scans(undefined, { signal })) deliver(code);
  });
  onLayers(look);
}

/** Hands every card that a reader reads to `take` and none to the sale; answers a function that ends it. */
export function takeDeviceCards(connection: Connection, take: (token: string) => void): () => void {
  const { look, leave } = listenWhile(
    connection,
    () => true,
    async (signal) => {
      for await (const { token } of await connection.client().cards(undefined, { signal })) take(token);
    },
  );
  look();
  return leave;
}
