import type { SerialPort } from 'serialport';
import type { BaudRate, DeviceIdentity } from '../../shared/device-set-up.ts';
import { noticeHangUp } from './hang-up.ts';
import { claimPlace } from './identity.ts';
import { holdPort, machineSerial, pathOf } from './serial-input.ts';

/** A line that takes no more bytes for this long, beyond what its speed explains, is stuck. */
const STUCK_MS = 4_000;
const BITS_PER_BYTE = 10;

/** One serial line for output: opened when first used, and anew after it was unplugged; also at another port. */
export type SerialLine = Readonly<{
  /** True once the bytes have left the machine. */
  write: (bytes: Uint8Array) => Promise<boolean>;
  /** Writes a question and gives the first byte that can be its answer; null for silence, `gone` where no line is. */
  ask: (
    question: Uint8Array,
    isAnswer: (byte: number) => boolean,
    timeoutMs: number,
  ) => Promise<number | null | 'gone'>;
  close: () => void;
}>;

/** A line finds its port by `find` each time it opens, since a device may have been put into another socket. */
export function serialLine(settings: {
  find: () => Promise<string | null>;
  baudRate: BaudRate;
  /** The line broke off; whoever writes next opens it anew. */
  lost?: () => void;
}): SerialLine {
  const { find, baudRate, lost = () => {} } = settings;
  let opening: Promise<SerialPort | null> | null = null;
  let isClosed = false;

  const port = async (): Promise<SerialPort | null> => {
    if (isClosed) return null;
    opening ??= open(find, baudRate, () => {
      opening = null;
      if (!isClosed) lost();
    }).then((opened) => {
      if (opened === null) opening = null;
      // Closed while it was being opened: nobody else would let go of it.
      if (isClosed) opened?.close(() => {});
      return isClosed ? null : opened;
    });
    return opening;
  };

  const send = async (to: SerialPort, bytes: Uint8Array): Promise<boolean> => {
    const limitMs = STUCK_MS + (bytes.length * BITS_PER_BYTE * 1_000) / baudRate;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), limitMs);
    const gone = (): void => resolve(false);
    to.once('close', gone);
    to.write(Buffer.from(bytes), (error) => {
      if (error !== null && error !== undefined) return resolve(false);
      to.drain((failure) => resolve(failure === null || failure === undefined));
    });
    const isSent = await promise;
    clearTimeout(timer);
    to.off('close', gone);
    // What is stuck in the buffer must not come out in the middle of a later ticket.
    if (!isSent && to.isOpen) to.flush(() => to.close(() => {}));
    return isSent;
  };

  return {
    async write(bytes) {
      const to = await port();
      return to !== null && (await send(to, bytes));
    },
    async ask(question, isAnswer, timeoutMs) {
      const to = await port();
      if (to === null) return 'gone';
      const { promise, resolve } = Promise.withResolvers<number | null | 'gone'>();
      const take = (bytes: Buffer): void => {
        const found = bytes.find(isAnswer);
        if (found !== undefined) resolve(found);
      };
      const gone = (): void => resolve('gone');
      to.on('data', take).once('close', gone);
      const timer = setTimeout(() => resolve(null), timeoutMs);
      to.write(Buffer.from(question), (error) => {
        if (error !== null && error !== undefined) resolve('gone');
      });
      const reply = await promise;
      clearTimeout(timer);
      to.off('data', take).off('close', gone);
      return reply;
    },
    close() {
      isClosed = true;
      void opening?.then((opened) => opened?.close(() => {}));
    },
  };
}

async function open(
  find: () => Promise<string | null>,
  baudRate: BaudRate,
  closed: () => void,
): Promise<SerialPort | null> {
  try {
    const path = await find();
    if (path === null) return null;
    const { SerialPort: Port } = await import('serialport');
    return await new Promise((resolve) => {
      const port = new Port({ path, baudRate, autoOpen: false });
      noticeHangUp(port);
      port.on('error', () => {});
      port.on('close', () => {
        letGo();
        closed();
      });
      // Whatever it says unasked is let go, or it would be taken for the next answer.
      port.on('data', () => {});
      const letGo = holdPort(path);
      port.open((error) => {
        const isOpen = error === null || error === undefined;
        if (!isOpen) letGo();
        resolve(isOpen ? port : null);
      });
    });
  } catch {
    return null;
  }
}

/** Finds where a device is plugged in now; a port without any identity is known by its path alone. */
export function portFinder(identity: DeviceIdentity): () => Promise<string | null> {
  const isAnothers = claimPlace(identity);
  return () => pathOf(identity, machineSerial, isAnothers);
}
