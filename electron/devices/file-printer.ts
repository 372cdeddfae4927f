import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Printer } from './printer.ts';

const TIMEOUT_MS = 3_000;
const RETRY_MS = 20;

/**
 * Never O_CREAT: with the printer unplugged, its path would become a plain file that swallows every receipt. Never
 * blocking: a printer out of paper would hold a thread for ever. Windows has neither flag and needs neither.
 */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * A printer behind a path, such as `/dev/usb/lp0` or a serial port that the system has set to raw. Writes the bytes as
 * they are.
 */
export function filePrinter(settings: { path: string; timeoutMs?: number }): Printer {
  const { path, timeoutMs = TIMEOUT_MS } = settings;
  return {
    async write(bytes) {
      let file: FileHandle | null = null;
      try {
        file = await open(path, FLAGS);
        return (await writeAll(file, bytes, timeoutMs)) ? 'written' : 'failed';
      } catch {
        return 'failed';
      } finally {
        await file?.close().catch(() => {});
      }
    },
    // The kernel's printer device could be read as well; what comes back over it differs too much to be believed.
    look: null,
    close() {},
  };
}

/** Whether the device took everything in time; it may say that it is busy and take the rest a moment later. */
async function writeAll(file: FileHandle, bytes: Uint8Array, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += (await file.write(bytes, offset)).bytesWritten;
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isBusy || performance.now() > deadline) return false;
      await wait(RETRY_MS);
    }
  }
  return true;
}
