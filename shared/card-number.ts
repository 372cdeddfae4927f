import { z } from 'zod';

/**
 * The number of a contactless card, as readers type it and as cards carry it in print. The card itself holds a few bytes;
 * each reader shows some of them in its own way, so the same card reads `01026f6c3a`, `0040856634` or `111,27706`. Members
 * are looked up by one of them, so a till learns once what its reader makes of a card: read one, type what is printed.
 * The bytes are no secret, and show nothing but which card lay there.
 */

/** By how many bytes are shown and how: `H` in hexadecimal, `D` in decimal; `8HD` is 8H10D without zeros in front. */
export const cardFormats = ['10H', '8H', '14H', '8H10D', '8HD', '6H8D', '2H4H', '4H4H'] as const;
export type CardFormat = (typeof cardFormats)[number];

/** What a reader's text becomes: read as `reads`, its bytes turned round or not, written as `prints`. */
export const cardRuleSchema = z.object({
  reads: z.enum(cardFormats),
  order: z.enum(['same', 'reversed']),
  prints: z.enum(cardFormats),
});
export type CardRule = Readonly<z.infer<typeof cardRuleSchema>>;

/** How many bytes a format shows, and its text of them. */
const FORMATS: Readonly<
  Record<
    CardFormat,
    Readonly<{ bytes: number; pattern: RegExp; groups: readonly Readonly<{ digits: number; bytes: number }>[] }>
  >
> = {
  '10H': { bytes: 5, pattern: /^[0-9a-f]{10}$/, groups: [] },
  '8H': { bytes: 4, pattern: /^[0-9a-f]{8}$/, groups: [] },
  '14H': { bytes: 7, pattern: /^[0-9a-f]{14}$/, groups: [] },
  '8H10D': { bytes: 4, pattern: /^(\d{10})$/, groups: [{ digits: 10, bytes: 4 }] },
  '8HD': { bytes: 4, pattern: /^(0|[1-9]\d{0,9})$/, groups: [{ digits: 1, bytes: 4 }] },
  '6H8D': { bytes: 3, pattern: /^(\d{8})$/, groups: [{ digits: 8, bytes: 3 }] },
  '2H4H': {
    bytes: 3,
    pattern: /^(\d{3}),(\d{5})$/,
    groups: [
      { digits: 3, bytes: 1 },
      { digits: 5, bytes: 2 },
    ],
  },
  '4H4H': {
    bytes: 4,
    pattern: /^(\d{5}),(\d{5})$/,
    groups: [
      { digits: 5, bytes: 2 },
      { digits: 5, bytes: 2 },
    ],
  },
};

/** The bytes that a text shows, most significant first; null when it is not of this format. */
export function readCardNumber(text: string, format: CardFormat): Uint8Array | null {
  const { bytes, pattern, groups } = FORMATS[format];
  const match = pattern.exec(text.trim().toLowerCase());
  if (match === null) return null;
  if (groups.length === 0) return Uint8Array.from({ length: bytes }, (_, at) => byteAt(match[0], at));
  const shown = groups.map((group, at) => bytesOf(Number(match[at + 1]), group.bytes));
  return shown.includes(null) ? null : Uint8Array.from(shown.flatMap((one) => [...(one ?? [])]));
}

/** The text of a card's bytes, of which a format shows the last ones; null when it would show more than there are. */
export function writeCardNumber(card: Uint8Array, format: CardFormat): string | null {
  const { bytes, groups } = FORMATS[format];
  if (card.length < bytes) return null;
  const shown = card.slice(card.length - bytes);
  if (groups.length === 0) return hexOf(shown);
  let from = 0;
  return groups
    .map((group) => {
      const part = shown.subarray(from, (from += group.bytes));
      return String(numberOf(part)).padStart(group.digits, '0');
    })
    .join(',');
}

/** The number by which members are looked up, from what the reader typed; null when it typed something else. */
export function cardNumberBy(rule: CardRule, text: string): string | null {
  const card = readCardNumber(text, rule.reads);
  return card === null ? null : cardNumberOf(rule, card);
}

/** The same from the bytes that a reader hands over as they are. */
export function cardNumberOf(rule: Pick<CardRule, 'order' | 'prints'>, card: Uint8Array): string | null {
  return writeCardNumber(rule.order === 'same' ? card : card.toReversed(), rule.prints);
}

/** One card held to the reader, and what is printed on it, typed by a person. */
export type CardSample = Readonly<{ read: string; printed: string }>;

/** `unclear` wants another card: these rules part ways on other cards. */
export type Learned =
  | Readonly<{ kind: 'found'; rule: CardRule | 'asRead' }>
  | Readonly<{ kind: 'unclear'; rules: readonly CardRule[] }>
  | Readonly<{ kind: 'notFound' }>;

/** Finds what turns each reading into what is printed. `asRead` is a reader that types the printed number itself. */
export function learnCardRule(samples: readonly CardSample[]): Learned {
  if (samples.length === 0) return { kind: 'notFound' };
  const clean = samples.map(({ read, printed }) => ({ read: normal(read), printed: normal(printed) }));
  if (clean.every(({ read, printed }) => read === printed)) return { kind: 'found', rule: 'asRead' };
  const all = cardRules().filter((rule) =>
    clean.every(({ read, printed }) => {
      const number = cardNumberBy(rule, read);
      return number !== null && number === printed;
    }),
  );
  // Ten digits without a zero in front are both; nearly every card has its zeros printed.
  const padded = all.filter(({ reads, prints }) => reads !== '8HD' && prints !== '8HD');
  const rules = padded.length > 0 ? padded : all;
  const [first] = rules;
  if (first === undefined) return { kind: 'notFound' };
  return rules.length === 1 ? { kind: 'found', rule: first } : { kind: 'unclear', rules };
}

function cardRules(): CardRule[] {
  return cardFormats.flatMap((reads) =>
    cardFormats.flatMap((prints) => (['same', 'reversed'] as const).map((order) => ({ reads, order, prints }))),
  );
}

/** As people type what they see: with full-width digits, spaces, or a Chinese comma. */
function normal(text: string): string {
  return text.normalize('NFKC').replaceAll(/\s+/g, '').replaceAll('，', ',').toLowerCase();
}

function byteAt(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16);
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Null when the number needs more bytes. */
function bytesOf(number: number, length: number): Uint8Array | null {
  if (number >= 256 ** length) return null;
  return Uint8Array.from({ length }, (_, at) => Math.floor(number / 256 ** (length - 1 - at)) % 256);
}
