import { connect, type Socket } from 'node:net';
import { lookBy, type Printer, type PrinterLook } from './printer.ts';

/** How long a dead address may keep a cashier waiting for the word that nothing was printed. */
const TIMEOUT_MS = 3_000;

/** How long a printer that took everything may take to hang up; many never do. */
const SETTLE_MS = 400;

/** A look is no ticket: what does not answer a call on the same floor in this time is not there. */
const CALL_MS = 1_000;

/**
 * A printer on TCP port 9100: one connection for each ticket, because these printers serve one till at a time and
 * forget idle connections. The port has no answer that every printer gives, so `written` means that it took all bytes
 * and did not break off; `failed` that it was not reached, stopped taking bytes, or broke off in the middle.
 */
export function networkPrinter(settings: {
  host: string;
  port: number;
  timeoutMs?: number;
  settleMs?: number;
}): Printer {
  const { host, port, timeoutMs = TIMEOUT_MS, settleMs = SETTLE_MS } = settings;
  return {
    write(bytes) {
      const { promise, resolve } = Promise.withResolvers<'written' | 'failed'>();
      const socket = connect({ host, port, noDelay: true });
      let isAllTaken = false;
      let timer = setTimeout(() => answer('failed'), timeoutMs);
      const answer = (outcome: 'written' | 'failed'): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(outcome);
      };
      // Status bytes that some printers send unasked would otherwise keep the connection from closing.
      socket.resume();
      socket.on('error', () => answer('failed'));
      socket.on('close', () => answer(isAllTaken ? 'written' : 'failed'));
      socket.on('connect', () => {
        // Called with the error when the printer broke off before the last byte.
        socket.end(bytes, (error?: Error | null) => {
          if (error !== undefined && error !== null) return answer('failed');
          isAllTaken = true;
          clearTimeout(timer);
          timer = setTimeout(() => answer('written'), settleMs);
        });
      });
      return promise;
    },
    look: () => lookOverNetwork(host, port),
    close() {},
  };
}

async function lookOverNetwork(host: string, port: number): Promise<PrinterLook> {
  const socket = await call(host, port);
  if (socket === null) return { state: 'gone', drawerPin: null };
  try {
    return await lookBy(
      (question, isAnswer, timeoutMs) =>
        new Promise((resolve) => {
          const answer = (byte: number | null): void => {
            clearTimeout(timer);
            socket.off('data', take).off('close', hungUp);
            resolve(byte);
          };
          const take = (bytes: Buffer): void => {
            const found = bytes.find(isAnswer);
            if (found !== undefined) answer(found);
          };
          const hungUp = (): void => answer(null);
          const timer = setTimeout(hungUp, timeoutMs);
          socket.on('data', take).on('close', hungUp);
          if (socket.destroyed) return hungUp();
          socket.write(question);
        }),
    );
  } finally {
    socket.destroy();
  }
}

function call(host: string, port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(() => answer(null), CALL_MS);
    const answer = (called: Socket | null): void => {
      clearTimeout(timer);
      if (called === null) socket.destroy();
      resolve(called);
    };
    socket.on('error', () => answer(null));
    socket.on('connect', () => answer(socket));
  });
}
