/**
 * What a contactless reader is asked by PC/SC part 3, and what its answers mean. An answer ends in two bytes of state;
 * 90 00 is success.
 */
export type CardReading =
  /** The bytes by which the card makes itself known. They show which card it is, and are no secret. */
  | Readonly<{ kind: 'uid' }>
  /** A block of 16 bytes of a MIFARE Classic card, behind a key of 12 hexadecimal digits. */
  | Readonly<{ kind: 'block'; block: number; key: string; keyKind: 'A' | 'B' }>;

/** The commands in order; the last one's answer is what was to be read. */
export function commandsFor(reading: CardReading): readonly [Uint8Array, ...Uint8Array[]] {
  if (reading.kind === 'uid') return [Uint8Array.of(0xff, 0xca, 0, 0, 0)];
  const { block, key, keyKind } = reading;
  const keyBytes = Array.from({ length: 6 }, (_, at) => Number.parseInt(key.slice(at * 2, at * 2 + 2), 16));
  return [
    Uint8Array.of(0xff, 0x82, 0, 0, 6, ...keyBytes),
    Uint8Array.of(0xff, 0x86, 0, 0, 5, 1, 0, block, keyKind === 'A' ? 0x60 : 0x61, 0),
    Uint8Array.of(0xff, 0xb0, 0, block, 16),
  ];
}

/** The answer without its state; null when it is no success. */
export function dataOf(answer: Uint8Array): Uint8Array | null {
  const isSuccess = answer.length >= 2 && answer.at(-2) === 0x90 && answer.at(-1) === 0;
  return isSuccess ? answer.slice(0, -2) : null;
}

/** The number written in a block as text, with zero bytes, spaces or FF behind it; null when it holds anything else. */
export function numberInBlock(block: Uint8Array): string | null {
  const text = String.fromCharCode(...block);
  return /^([0-9A-Za-z]{4,16})[\0 \xff]*$/.exec(text)?.[1] ?? null;
}
