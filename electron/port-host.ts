import { RPCHandler } from '@orpc/server/message-port';
import { logFailures, messageFault } from './rpc-guard.ts';
import type { TillRouter } from './till-client.ts';

/** A MessagePort of Electron's or of Node's own, as far as it is used here. */
export type HostPort = Readonly<{
  on: (event: 'message' | 'close', listener: (event: unknown) => void) => unknown;
  postMessage: (message: unknown) => void;
  start: () => void;
  close: () => void;
}>;

/** Answers the contract on any number of ports; a message that is none of the contract's ends its port with a log line. */
export function portHost(router: TillRouter, log: (line: string) => void): (port: HostPort) => void {
  const handler = new RPCHandler(router, logFailures(log));
  return (port) => {
    handler.upgrade(
      {
        on(event, listener) {
          if (event === 'close') return void port.on('close', () => listener());
          if (event !== 'message') return;
          port.on('message', (event) => {
            // Electron hands over an event that carries the message, Node the message itself.
            const data = typeof event === 'object' && event !== null && 'data' in event ? event.data : event;
            const fault = messageFault(data);
            if (fault === null) return listener({ data });
            log(`port: malformed message, ${fault}`);
            port.close();
          });
        },
        postMessage: (message: unknown) => port.postMessage(message),
      },
      { context: {} },
    );
    port.start();
  };
}
