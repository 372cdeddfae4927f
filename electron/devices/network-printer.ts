import { connect } from 'node:net';
import type { Printer } from './printer.ts';

/** How long a dead address may keep a cashier waiting for the word that nothing was printed. */
const TIMEOUT_MS = 3_000;

/** How long a printer that took everything may take to hang up; many never do. */
const SETTLE_MS = 400;

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
    close() {},
  };
}
