import { StringDecoder } from 'node:string_decoder';
import type { Readable, Writable } from 'node:stream';

/** A page that falls over and again is not shown for ever; as with a core. */
const RELOADS_PER_MINUTE = 5;

/** What a browser says of its pages (Chrome DevTools Protocol), as far as it is listened to here. */
type Said = Readonly<{
  id?: number;
  method?: string;
  params?: Readonly<{ targetId?: string }>;
  result?: Readonly<{ sessionId?: string }>;
}>;

/**
 * Shows a page of a browser again when its process was killed or fell: the browser itself would leave a page of its own
 * there, and a cashier before it. Speaks through the two pipes of `--remote-debugging-pipe`, which nobody else can reach.
 */
export function keepPages(toBrowser: Writable, fromBrowser: Readable, log: (line: string) => void): void {
  const reloadedMs: number[] = [];
  const attaching = new Set<number>();
  let asked = 0;
  const ask = (method: string, params: object, sessionId?: string): number => {
    asked += 1;
    toBrowser.write(`${JSON.stringify({ id: asked, method, params, sessionId })}\0`);
    return asked;
  };

  const hear = (said: Said): void => {
    if (said.method === 'Target.targetCrashed') {
      const lately = reloadedMs.filter((atMs) => performance.now() - atMs < 60_000);
      log(`a page fell, the ${lately.length + 1}. within a minute`);
      if (lately.length >= RELOADS_PER_MINUTE) return;
      reloadedMs.push(performance.now());
      attaching.add(ask('Target.attachToTarget', { targetId: said.params?.targetId, flatten: true }));
    } else if (said.id !== undefined && attaching.delete(said.id)) {
      const sessionId = said.result?.sessionId;
      // Closed meanwhile: there is no page to show again.
      if (sessionId === undefined) return;
      ask('Page.reload', {}, sessionId);
      ask('Target.detachFromTarget', { sessionId });
    }
  };

  const decoder = new StringDecoder('utf8');
  let rest = '';
  fromBrowser.on('data', (part: Buffer) => {
    const messages = (rest + decoder.write(part)).split('\0');
    rest = messages.pop() ?? '';
    for (const message of messages) hear(JSON.parse(message) as Said);
  });
  for (const pipe of [toBrowser, fromBrowser]) pipe.on('error', () => {});
  ask('Target.setDiscoverTargets', { discover: true });
}
