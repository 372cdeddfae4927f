import { createORPCClient } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { useCallback, useRef, useSyncExternalStore } from 'react';
import { withChanges } from '../../shared/changes.ts';
import type { Answer, BasketLines, Command, Screen, Status, TillContract } from '../../shared/till-contract.ts';
import { keepSame } from './same.ts';

/**
 * The one line between a page and the core. Screens come in, commands go out, one after the other in the order of the
 * hand. The library does not reconnect, so this does: a page that lost the core keeps its last screen, refuses commands
 * and tries again until the core answers.
 */
export type CoreClient = ContractRouterClient<TillContract>;

/** `unreachable`: the core did not answer, and what became of the command shows on the next screen. */
export type SendAnswer = Answer | Readonly<{ kind: 'unreachable' }>;

export type LinkState = 'connecting' | 'open' | 'lost';

/** The lines that a scan of this code makes of the sale that it was looked up for. */
type LookedUp = BasketLines & Readonly<{ code: string; from: Screen['sale'] }>;

/** A line stands there ahead of the core's word for this long; a core that takes longer shows it by itself. */
const AHEAD_FOR_MS = 300;

/** From a page's own share of a frame until the compositor has it on the glass. */
const GLASS_AFTER_MS = 8;

/** Two frames and more: a window that nobody sees draws none. */
const ON_GLASS_WITHIN_MS = 40;

type Transport = Readonly<{ client: CoreClient; closed: Promise<void>; close: () => void }>;

export type Connection = Readonly<{
  send: (command: Command) => Promise<SendAnswer>;
  /** Asks what a scan would make of the lines: of a code that its scanner is still typing. */
  lookAhead: (code: string) => void;
  /** Sends a scan; where its code was looked up ahead, its line is shown first, and taken back if the core refuses it. */
  scan: (code: string) => Promise<SendAnswer>;
  /** The lines with a scan that is under way; null when the screen says it all. */
  linesAhead: () => BasketLines | null;
  subscribeAhead: (heard: () => void) => () => void;
  /** Named reads; throws when the core cannot be reached. */
  client: () => CoreClient;
  /** The last screen; a part of it that did not change is the same object as before. */
  screen: () => Screen | null;
  /** The core's clock now: it runs on between two screens. 0 before the first one. */
  nowMs: () => number;
  link: () => LinkState;
  subscribe: (heard: () => void) => () => void;
}>;

declare global {
  interface Window {
    /** Put there by the preload script of the desktop shell; a browser has none. */
    oneCardShell?: Readonly<Record<string, unknown>>;
  }
}

const SOON_MS = 150;
const LATER_MS = 3_000;
/** Three seconds of them; after some thirty in a row a browser begins to hold sockets back itself. */
const SOON_ATTEMPTS = 20;

/**
 * How long to wait before the next attempt. A core that fell is there again within two seconds, and a cashier must not
 * wait beyond it for the next look; one that stays away is asked seldom.
 */
export function retryDelayMs(attempt: number): number {
  return attempt < SOON_ATTEMPTS ? SOON_MS : LATER_MS;
}

/** Opens the line and keeps it open for as long as the page lives. A customer page says that it is one. */
export function connect(
  page: 'staff' | 'customer' = 'staff',
  openTransport: () => Promise<Transport> = transportOfThisPage(),
): Connection {
  let transport: Transport | null = null;
  let screen: Screen | null = null;
  let lookedUp: LookedUp | null = null;
  let ahead: LookedUp | null = null;
  let heardAtMs = 0;
  let link: LinkState = 'connecting';
  let line: Promise<unknown> = Promise.resolve();
  const heard = new Set<() => void>();
  const aheadHeard = new Set<() => void>();
  /** While the line of a scan is on its way to the glass, the rest of the page waits: it would be drawn before it. */
  let drawing: Promise<void> | null = null;
  let owed = false;
  const tell = (): void => {
    owed = drawing !== null;
    if (owed) return;
    for (const one of heard) one();
  };
  const tellAhead = (): void => {
    for (const one of aheadHeard) one();
  };
  const showAhead = async (looked: LookedUp): Promise<void> => {
    ahead = looked;
    const onGlass = nextOnGlass();
    drawing = onGlass;
    // So does the core: what it has to do for a scan would take a small till's processors from drawing it.
    line = line.then(() => onGlass);
    tellAhead();
    await onGlass;
    if (drawing !== onGlass) return;
    drawing = null;
    if (owed) tell();
  };
  /** The core did not take that scan, or says nothing of it. */
  const takeBack = (looked: LookedUp): void => {
    if (ahead !== looked) return;
    ahead = null;
    tellAhead();
  };
  const become = (next: LinkState): void => {
    if (link === next) return;
    link = next;
    tell();
  };

  const watch = async (open: Transport): Promise<void> => {
    for await (const news of await open.client.follow({ page })) {
      // A whole one is the first of a line; the page may still show one of the line before.
      if ('screen' in news) screen = screen === null ? news.screen : keepSame(screen, news.screen);
      else if (screen !== null) screen = withChanges(screen, news.changes);
      // A line that stands there already is not drawn again where the core says the same of it.
      if (ahead !== null && screen !== null && ahead.from !== screen.sale) {
        screen = { ...screen, sale: { ...screen.sale, lines: keepSame(ahead.lines, screen.sale.lines) } };
        ahead = null;
      }
      heardAtMs = performance.now();
      link = 'open';
      tell();
    }
  };

  const keepOpen = async (): Promise<never> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const open = await openTransport();
        transport = open;
        attempt = 0;
        // The stream and the transport end apart: a core that stops sending is as lost as a socket that closed.
        await Promise.race([watch(open), open.closed]);
        open.close();
      } catch {
        transport?.close();
      }
      transport = null;
      become(screen === null && link === 'connecting' ? 'connecting' : 'lost');
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs(attempt)));
    }
  };
  void keepOpen();

  const sendNow = async (command: Command): Promise<SendAnswer> => {
    if (transport === null) return { kind: 'unreachable' };
    try {
      return await transport.client.send(command);
    } catch (error) {
      // A typed error is the core's answer to a malformed command; anything else is a line that broke.
      return isTypedError(error) ? { kind: 'refused', reason: 'badInput' } : { kind: 'unreachable' };
    }
  };

  const send = (command: Command): Promise<SendAnswer> => {
    const answer = line.then(() => sendNow(command));
    line = answer;
    return answer;
  };

  return {
    send,
    lookAhead: (code) => {
      transport?.client.lookAhead({ code }).then(
        (found) => {
          if (found === null || screen?.revision !== found.revision) return;
          const from = screen.sale;
          lookedUp = { code, from, ...withChanges({ lines: from.lines, selected: from.selected }, found.changes) };
        },
        () => undefined,
      );
    },
    scan: async (code) => {
      const looked = lookedUp?.code === code && lookedUp.from === screen?.sale ? lookedUp : null;
      lookedUp = null;
      if (looked !== null) void showAhead(looked);
      const sent = send({ kind: 'scan', code, source: 'scanner' });
      if (looked === null) return sent;
      // Also behind an answer: the line is the screen's to show, and a screen may be lost with the core.
      setTimeout(() => takeBack(looked), AHEAD_FOR_MS);
      const answer = await sent;
      if (answer.kind !== 'done') takeBack(looked);
      return answer;
    },
    linesAhead: () => (ahead !== null && ahead.from === screen?.sale ? ahead : null),
    subscribeAhead: (one) => {
      aheadHeard.add(one);
      return () => aheadHeard.delete(one);
    },
    client: () => {
      if (transport === null) throw new Error('the core cannot be reached');
      return transport.client;
    },
    screen: () => screen,
    nowMs: () => (screen === null ? 0 : screen.status.nowMs + Math.round(performance.now() - heardAtMs)),
    link: () => link,
    subscribe: (one) => {
      heard.add(one);
      return () => heard.delete(one);
    },
  };
}

/** The screen as it was last heard; null until the first one came. */
export function useScreen(connection: Connection): Screen | null {
  return useSyncExternalStore(connection.subscribe, connection.screen);
}

/** The lines of the basket, with that of a scan that is under way. */
export function useBasketLines(connection: Connection): BasketLines | null {
  const subscribe = useCallback(
    (heard: () => void) => {
      const leave = [connection.subscribe(heard), connection.subscribeAhead(heard)];
      return () => leave.forEach((one) => one());
    },
    [connection],
  );
  return useSyncExternalStore(subscribe, () => connection.linesAhead() ?? connection.screen()?.sale ?? null);
}

/** One part of the screen: whoever shows only that is drawn again only when it changes. */
export function useScreenPart<T>(connection: Connection, part: (screen: Screen | null) => T): T {
  return useSyncExternalStore(connection.subscribe, () => part(connection.screen()));
}

/** The status without its clock, which moves with every screen. */
export function useSteadyStatus(connection: Connection): Status | null {
  const kept = useRef<Status | null>(null);
  return useSyncExternalStore(connection.subscribe, () => {
    const status = connection.screen()?.status ?? null;
    const before = kept.current;
    if (status !== null && before !== null && keepSame(before, { ...status, nowMs: before.nowMs }) === before) {
      return before;
    }
    kept.current = status;
    return status;
  });
}

/** Something said of the core's clock, drawn again when what is said of it changes. */
export function useClock<T>(connection: Connection, said: (nowMs: number) => T): T {
  const subscribe = useCallback(
    (heard: () => void) => {
      const timer = setInterval(heard, 1_000);
      const stop = connection.subscribe(heard);
      return () => {
        clearInterval(timer);
        stop();
      };
    },
    [connection],
  );
  return useSyncExternalStore(subscribe, () => said(connection.nowMs()));
}

export function useLink(connection: Connection): LinkState {
  return useSyncExternalStore(connection.subscribe, connection.link);
}

/** When what the page has to show now is on the glass. */
function nextOnGlass(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve, GLASS_AFTER_MS));
    setTimeout(resolve, ON_GLASS_WITHIN_MS);
  });
}

function isTypedError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && 'defined' in error;
}

function transportOfThisPage(): () => Promise<Transport> {
  return window.oneCardShell === undefined ? openSocket : portsOfTheShell();
}

/** The token stands behind `#`, so that no server log ever holds it; it outlives a change of page within the window. */
export function tokenOfThisPage(): string {
  const fromAddress = new URLSearchParams(window.location.hash.slice(1)).get('token');
  if (fromAddress !== null) {
    sessionStorage.setItem('token', fromAddress);
    return fromAddress;
  }
  return sessionStorage.getItem('token') ?? '';
}

async function openSocket(): Promise<Transport> {
  const address = new URL('/rpc', window.location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.hash = '';
  address.searchParams.set('token', tokenOfThisPage());
  const websocket = new WebSocket(address);
  const closed = new Promise<void>((resolve) => {
    websocket.addEventListener('close', () => resolve(), { once: true });
  });
  const opened = await Promise.race([
    new Promise<true>((resolve) => websocket.addEventListener('open', () => resolve(true), { once: true })),
    closed.then(() => false as const),
  ]);
  if (!opened) throw new Error('the socket did not open');
  return {
    client: createORPCClient(new SocketLink({ websocket })),
    closed,
    close: () => websocket.close(),
  };
}

/**
 * In the desktop shell the preload script hands over a port to the core process, and a new one when that process was
 * started again. A port does not say that its other end is gone, so a newer port ends the older.
 */
function portsOfTheShell(): () => Promise<Transport> {
  let waiting: MessagePort | null = null;
  let arrived: (() => void) | null = null;
  let endCurrent: (() => void) | null = null;
  window.addEventListener('message', (event) => {
    const port = event.ports[0];
    const data: unknown = event.data;
    const isPort = typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'core-port';
    if (event.source !== window || !isPort || port === undefined) return;
    waiting = port;
    endCurrent?.();
    arrived?.();
  });
  return async () => {
    if (waiting === null) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    const port = waiting;
    waiting = null;
    if (port === null) throw new Error('no port came');
    const closed = new Promise<void>((resolve) => {
      endCurrent = resolve;
      port.addEventListener('close', () => resolve(), { once: true });
    });
    const client: CoreClient = createORPCClient(new PortLink({ port }));
    port.start();
    return { client, closed, close: () => port.close() };
  };
}
