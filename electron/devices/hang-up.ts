import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { SerialPort } from 'serialport';

const readSome = promisify(read);

/**
 * Lets a port on Linux notice that its plug was pulled. The kernel hangs the line up, and a read of such a line gives no
 * bytes and no error. serialport 13 takes that for a line on which nothing came yet and reads again at once, for ever:
 * whenever the plug is pulled while bytes are coming, as from a scale that never stops, the port never closes and one
 * processor is busy for nothing. Opened ports wait for their first byte (VMIN 1), so no bytes is always the end.
 * Call before the port is opened.
 */
export function noticeHangUp(port: SerialPort): void {
  port.once('open', () => {
    const bound = port.port;
    if (bound === undefined || !('poller' in bound)) return;
    bound.read = async (buffer, offset, length) => {
      for (;;) {
        const { fd } = bound;
        if (fd === null) throw closed();
        const bytesRead = await readSome(fd, buffer, offset, length, null).then(
          (taken) => taken.bytesRead,
          (error: unknown) => {
            if (isNothingYet(error)) return null;
            throw error;
          },
        );
        if (bytesRead === 0) throw new Error('the line hung up');
        if (bytesRead !== null) return { bytesRead, buffer };
        // Closed while it was read: to wait on a poller that is gone ends the process.
        if (!bound.isOpen) throw closed();
        await new Promise<void>((resolve, reject) => {
          bound.poller.once('readable', (error) => (error === null ? resolve() : reject(error)));
        });
      }
    };
  });
}

/** So does serialport name the end of a read that nobody waits for any more. */
function closed(): Error {
  return Object.assign(new Error('the port is closed'), { canceled: true });
}

function isNothingYet(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['EAGAIN', 'EWOULDBLOCK', 'EINTR'].includes(String(error.code));
}
