/** The till takes no longer code; a scanner that sends more reads something that is not of this shop. */
const LONGEST = 200;

const GS = 0x1d;

/**
 * The text that a scanner's bytes are: UTF-8, or GB 18030 where they are not, without the control characters that frame
 * it; FNC1 stays. Null when nothing is left or it is longer than any code.
 */
export function codeOf(bytes: Uint8Array): string | null {
  const kept = bytes.filter((byte) => byte === GS || (byte >= 0x20 && byte !== 0x7f));
  const text = decoded(kept).trim();
  return text === '' || text.length > LONGEST ? null : text;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}
