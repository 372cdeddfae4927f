import iconv from 'iconv-lite';

/** □ in GBK, in place of what the printer has no shape for; as wide as what it stands for. */
export const SQUARE: readonly number[] = [0xa1, 0xf5];

/**
 * One character as a printer in Chinese mode takes it: a printable ASCII byte or two bytes of GBK; null for anything
 * else, control characters above all, so that no text can ever become a command.
 */
export function inGbk(character: string): readonly number[] | null {
  // U+00A5 is in no Chinese font; ￥ is what a shop means by it.
  const wanted = character === '¥' ? '￥' : character;
  if (/^[ -~]$/.test(wanted)) return [wanted.charCodeAt(0)];
  const encoded = iconv.encode(wanted, 'gbk');
  // What GBK does not have comes back as '?', and the euro as a single byte that printers do not know.
  return encoded.length === 2 && iconv.decode(encoded, 'gbk') === wanted ? [...encoded] : null;
}
