import { takeFrames, type FrameAt, NOTHING_PENDING } from './frames.ts';
import type { DeviceIdentity, InputDevice, InputWorld, Tell } from './input.ts';
import { guarded } from './keep-open.ts';
import { codeOf } from './scan-text.ts';
import { machineSerial, openSerialInput, type SerialPorts, type SerialSettings } from './serial-input.ts';

/** What the scanner is set to send behind a code. */
export type ScanEnding = 'cr' | 'lf' | 'crlf' | 'none';

export type SerialScannerSettings = Readonly<{ identity: DeviceIdentity; serial: SerialSettings; ending: ScanEnding }>;

/** Bytes of one code come without a pause; a scanner that sends no ending is done after this one. */
const PAUSE_MS = 60;

/** The rest of a code that was broken off must not stand before the next one. */
const HALF_MS = 500;

/** A row longer than this has no ending that was set up. */
const ROW_MAX = 1_024;

const [CR, LF] = [0x0d, 0x0a] as const;

/** A scanner on a serial port, real or over USB. */
export function openSerialScanner(
  settings: SerialScannerSettings,
  listener: Tell,
  world: InputWorld,
  ports: SerialPorts = machineSerial,
): InputDevice {
  const tell = guarded(listener, world);
  const { ending } = settings;
  let pending: Uint8Array = NOTHING_PENDING;
  let cancel = (): void => {};
  const give = (bytes: Uint8Array): void => {
    const code = codeOf(bytes);
    if (code !== null) tell({ kind: 'code', code });
  };
  const line = openSerialInput(
    settings.identity,
    settings.serial,
    {
      bytes: (piece) => {
        cancel();
        const taken = takeFrames(pending, piece, codeAt(ending));
        ({ pending } = taken);
        for (const frame of taken.frames) give(frame);
        if (pending.length === 0) return;
        cancel = world.later(ending === 'none' ? PAUSE_MS : HALF_MS, () => {
          const rest = pending;
          pending = NOTHING_PENDING;
          if (ending === 'none') give(rest);
          else world.log('a scanner broke off in a code, or sends another ending than it is set up for');
        });
      },
      opened: () => {
        pending = NOTHING_PENDING;
      },
    },
    tell,
    world,
    ports,
  );
  return {
    close: () => {
      cancel();
      line.close();
    },
  };
}

/** One code up to its ending. */
export function codeAt(ending: ScanEnding): FrameAt<Uint8Array> {
  return (bytes) => {
    const unended = bytes.length > ROW_MAX ? ({ length: bytes.length, frame: null } as const) : 'more';
    if (ending === 'none') return unended;
    const end = bytes.indexOf(ending === 'lf' ? LF : CR);
    if (end === -1) return unended;
    if (ending !== 'crlf') return { length: end + 1, frame: bytes.slice(0, end) };
    const next = bytes[end + 1];
    if (next === undefined) return 'more';
    return next === LF ? { length: end + 2, frame: bytes.slice(0, end) } : crlfBehind(bytes, end + 1);
  };
}

/** A CR alone belongs to the code. */
function crlfBehind(bytes: Uint8Array, from: number): ReturnType<FrameAt<Uint8Array>> {
  for (let at = from; at + 1 < bytes.length; at += 1) {
    if (bytes[at] === CR && bytes[at + 1] === LF) return { length: at + 2, frame: bytes.slice(0, at) };
  }
  return 'more';
}
