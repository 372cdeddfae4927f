import type { FoundDevice } from './input.ts';
import type { InputRole } from './inputs.ts';

/** A recording is for a fault that shows within minutes; what would fill the memory is left out at the end. */
const LINES_MAX = 20_000;

const [DIGIT_0, DIGIT_9, LETTER_X] = [0x30, 0x39, 0x58];

/**
 * Writes down what devices send, with the times and the device, for a file that a person can send to whoever mends the
 * driver. Without leave no number of a card and no code is in it: digits become 0, letters of a stripe become X, and of
 * what a chip answers only the length stays. The shape of a report, which is what a driver stumbles over, remains.
 */
export function createRecorder(about: Readonly<Record<string, string>>, nowMs: () => number) {
  let lines: string[] = [];
  let isRunning = false;
  let keepsCards = false;
  let hasBegun = false;
  let taken = 0;
  return {
    set: ({ on, keepCards }: Readonly<{ on: boolean; keepCards: boolean }>): void => {
      if (on && !isRunning) {
        keepsCards = keepCards;
        hasBegun = true;
        taken = 0;
        lines = [JSON.stringify({ ...about, atMs: nowMs(), cards: keepCards ? 'kept' : 'masked' })];
      }
      isRunning = on;
    },
    take: (role: InputRole, device: string, bytes: Uint8Array): void => {
      if (!isRunning || lines.length >= LINES_MAX) return;
      taken += 1;
      lines.push(
        JSON.stringify({ atMs: nowMs(), role, device, hex: keepsCards ? hexOf(bytes) : maskedHex(role, bytes) }),
      );
    },
    /**
     * What is plugged in, and how an HID device lays its reports out: without it, its bytes say little. Looking for it
     * takes a while, and a recording may have been stopped meanwhile.
     */
    plugged: ({ line, name, proposal, identity }: FoundDevice, descriptor: Uint8Array | null): void => {
      if (!hasBegun || lines.length >= LINES_MAX) return;
      const layout = descriptor === null ? {} : { descriptor: hexOf(descriptor) };
      lines.push(JSON.stringify({ atMs: nowMs(), plugged: line, name, proposal, identity, ...layout }));
    },
    recording: () => (hasBegun ? { text: `${lines.join('\n')}\n`, isRunning, lines: taken } : null),
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function maskedHex(role: InputRole, bytes: Uint8Array): string {
  switch (role) {
    case 'scale':
      return hexOf(bytes);
    case 'scanner':
      return hexOf(bytes.map((byte) => (byte >= DIGIT_0 && byte <= DIGIT_9 ? DIGIT_0 : byte)));
    case 'stripeReader':
      return hexOf(bytes.map((byte) => maskedTrack(byte)));
    case 'chipReader':
      return 'xx'.repeat(bytes.length);
    default:
      return role satisfies never;
  }
}

function maskedTrack(byte: number): number {
  if (byte >= DIGIT_0 && byte <= DIGIT_9) return DIGIT_0;
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte >= 0x80;
  return isLetter ? LETTER_X : byte;
}
