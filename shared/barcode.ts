import { FNC1, readGs1 } from './gs1.ts';
import { halfUp } from './money.ts';

/**
 * What a scanned, swiped or typed text may mean. One text can mean several things (13 digits that begin with 2 are a
 * scale label in one shop and an article number in the next), and only the catalogue knows; so parsing gives the
 * readings in the order in which they are to be tried, and never decides between them.
 */

/** One kind of label that the shop's scales print. The digits do not say what they mean, so the shop's table does. */
export type ScaleLabelFormat = Readonly<{
  /** The flag digits, such as '21'. */
  prefix: string;
  /** A letter a digit: F flag, W PLU, E amount, N weight, C check digit, O anything. 'FFWWWWWEEEEEC'. */
  layout: string;
  /** Decimals of the amount in yuan: 2 means that the digits are fen. */
  amountDecimals: number;
  /** Decimals of the weight in its unit; 3 where the table does not say. */
  weightDecimals?: number | undefined;
  weightUnit: 'kg' | 'jin';
  /** Whether the C digit must be right; true where the table does not say. */
  verifyCheck?: boolean | undefined;
}>;

export type Code =
  | Readonly<{ kind: 'empty' }>
  /** `lookups` are the forms the catalogue may know it by, the digits on the goods first; `inner13` is in the case. */
  | Readonly<{
      kind: 'gtin';
      symbology: 'ean8' | 'upcA' | 'ean13' | 'itf14';
      digits: string;
      lookups: readonly string[];
      inner13?: string;
    }>
  /** An article with what its symbol says beside it (`gs1.ts`); `lastDay` is the last on which it may be sold. */
  | Readonly<{
      kind: 'gs1';
      article: Extract<Code, { kind: 'gtin' }>;
      count?: number;
      weightGrams?: number;
      amountFen?: number;
      lastDay?: string;
    }>
  /** A GS1 symbol of which `ai` cannot be understood; selling by the rest of it could charge a wrong amount. */
  | Readonly<{ kind: 'brokenGs1'; ai: string }>
  | Readonly<{ kind: 'wrongCheckDigit'; digits: string; expected: string }>
  | Readonly<{ kind: 'scaleLabel'; digits: string; plu: string; amountFen?: number; weightGrams?: number }>
  /** A customer's payment code is money to whoever reads it: only its ends are kept. */
  | Readonly<{ kind: 'paymentCode'; channel: 'wechat' | 'alipay' | 'unionpay'; masked: string }>
  | Readonly<{ kind: 'cardToken'; token: string; form: 'barcode' | 'stripe' | 'reader' }>
  /** A code of the shop's own, 5 to 20 letters and digits. Compare without regard to case. */
  | Readonly<{ kind: 'internal'; code: string }>
  /** Pinyin initials or a name, to be searched for. */
  | Readonly<{ kind: 'text'; text: string }>;

export type CodeRules = Readonly<{
  scaleLabels: readonly ScaleLabelFormat[];
  /** The shape of a card's barcode, whose last digit is a check digit; 13 digits from 98 unless the town says else. */
  cardPattern?: RegExp;
  /** The business day `YYYY-MM-DD`, by which the years of two digits in GS1 symbols are placed. */
  today: string;
  /** While the payment prompt is open a payment code is one, whatever else its digits could mean. */
  atPaymentPrompt?: boolean;
}>;

/** `readings` in the order to be tried; when the catalogue knows none of them, the last says what to tell the cashier. */
export type ParsedCode = Readonly<{ text: string; readings: readonly [Code, ...Code[]] }>;

const CARD_PATTERN = /^98\d{11}$/;
const GTIN_LENGTHS: readonly number[] = [8, 12, 13, 14];
/** Longer than any code a till takes; what a text search gets is bounded by it. */
const TEXT_LIMIT = 64;

const PAYMENT_PATTERNS = [
  ['wechat', /^1[0-5]\d{16}$/],
  ['alipay', /^(?:2[5-9]|30)\d{14,22}$/],
  ['unionpay', /^62\d{17}$/],
] as const;

/** The pattern of a town's card barcode from the digits that its cards begin with. */
export function cardPatternOf(prefix: string): RegExp {
  return new RegExp(`^${prefix}\\d{${13 - prefix.length}}$`);
}

/** A badge of the shop's own has as many characters at least, so that nobody signs in with a digit or two. */
const BADGE_LENGTH_MIN = 6;

/**
 * What a card is known by, whatever read it: the token in it, or the text on a badge of the shop's own. Null for what is
 * no card: too short, or the code by which a customer pays.
 */
export function cardTokenOf(code: string, rules: CodeRules): string | null {
  const { text, readings } = parseCode(code, rules);
  if (readings.some((reading) => reading.kind === 'paymentCode')) return null;
  const token = readings.find((reading) => reading.kind === 'cardToken')?.token ?? text.toLowerCase();
  return token.length < BADGE_LENGTH_MIN ? null : token;
}

/**
 * The check digit after these digits, by the one rule of EAN-8, UPC-A, EAN-13, ITF-14 and 18-digit labels: weights 3
 * and 1 in turn from the right.
 */
export function checkDigit(digits: string): string {
  let total = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const weight = (digits.length - index) % 2 === 1 ? 3 : 1;
    total += Number(digits.charAt(index)) * weight;
  }
  return String((10 - (total % 10)) % 10);
}

/** Whether the last digit is the check digit of those before it. */
export function hasRightCheckDigit(digits: string): boolean {
  return /^\d{2,}$/.test(digits) && digits.endsWith(checkDigit(digits.slice(0, -1)));
}

/** Reads a text from scanner, card reader or keyboard. Every reading that its form allows comes out, best first. */
export function parseCode(text: string, rules: CodeRules): ParsedCode {
  const { code, isGs1 } = withoutAim(withoutFnc1(text.normalize('NFKC').trim()));
  const readings = isGs1 ? gs1Readings(code, rules) : readingsOf(code, rules);
  // A payment code must not travel on as a text either.
  const payment = readings.find((reading) => reading.kind === 'paymentCode');
  const [first, ...rest] = readings;
  return { text: payment?.masked ?? code.slice(0, TEXT_LIMIT), readings: [first ?? { kind: 'empty' }, ...rest] };
}

/** The FNC1 that makes a symbol one of GS1 is sent by some scanners, too. */
function withoutFnc1(text: string): string {
  return text.startsWith(FNC1) ? text.slice(FNC1.length) : text;
}

/**
 * Scanners that name the symbology put three characters in front (ISO/IEC 15424): GS1-128, GS1 DataBar, GS1 DataMatrix
 * and GS1 QR hold element strings; EAN-13 with an add-on symbol (magazines) sends both in one row.
 */
function withoutAim(text: string): Readonly<{ code: string; isGs1: boolean }> {
  const found = /^\]([A-Za-z][0-9A-Za-z])(.+)$/s.exec(text);
  if (found === null) return { code: text, isGs1: false };
  const [, aim = '', code = ''] = found;
  const hasAddOn = aim === 'E3' && /^\d{15}$|^\d{18}$/.test(code);
  return { code: hasAddOn ? code.slice(0, 13) : code, isGs1: ['C1', 'e0', 'd2', 'Q3'].includes(aim) };
}

/** What a GS1 symbol means; one without an article, such as a pallet's, is a text like any other. */
function gs1Readings(code: string, rules: CodeRules): Code[] {
  const reading = readGs1(code, rules.today);
  if (reading === null) return readingsOf(code, rules);
  if (reading.kind === 'broken') return [{ kind: 'brokenGs1', ai: reading.ai }];
  const { gtin, count, weightGrams, amountFen, bestBeforeOn, expiresOn } = reading.facts;
  const article = gtinOf(gtin);
  if (article === null || !hasRightCheckDigit(gtin)) {
    return [{ kind: 'wrongCheckDigit', digits: gtin, expected: checkDigit(gtin.slice(0, -1)) }];
  }
  // In China food is not sold after either of them.
  const [lastDay] = [bestBeforeOn, expiresOn].filter((day) => day !== undefined).toSorted();
  return [
    {
      kind: 'gs1',
      article,
      ...(count === undefined ? {} : { count }),
      ...(weightGrams === undefined ? {} : { weightGrams }),
      ...(amountFen === undefined ? {} : { amountFen }),
      ...(lastDay === undefined ? {} : { lastDay }),
    },
  ];
}

/**
 * A scanner that names no symbology sends an element string like any code. Only one that is whole, longer than an
 * article number and with the right check digit in it is taken for one.
 */
function bareGs1Readings(code: string, rules: CodeRules): Code[] {
  if (!/^0[12]\d{14}./s.test(code)) return [];
  return gs1Readings(code, rules).filter((reading) => reading.kind === 'gs1');
}

function readingsOf(code: string, rules: CodeRules): Code[] {
  if (code === '') return [{ kind: 'empty' }];
  const stripe = stripeToken(code);
  if (stripe !== null) return [{ kind: 'cardToken', token: stripe, form: 'stripe' }];
  const gs1 = bareGs1Readings(code, rules);
  if (gs1.length > 0) return /^[0-9A-Za-z]{5,20}$/.test(code) ? [{ kind: 'internal', code }, ...gs1] : gs1;
  if (/^\d+$/.test(code)) return digitReadings(code, rules);
  // Two groups of decimals or five bytes in hexadecimal are how the cheap contactless readers type a card.
  if (/^\d{3,5},\d{5}$/.test(code)) return [{ kind: 'cardToken', token: code, form: 'reader' }];
  const readings: Code[] = [];
  if (/^[0-9A-Za-z]{5,20}$/.test(code)) readings.push({ kind: 'internal', code });
  if (/^[0-9A-Fa-f]{10}$/.test(code) && /\d/.test(code)) {
    readings.push({ kind: 'cardToken', token: code.toLowerCase(), form: 'reader' });
  }
  readings.push({ kind: 'text', text: code.slice(0, TEXT_LIMIT) });
  return readings;
}

function digitReadings(digits: string, rules: CodeRules): Code[] {
  const payment = paymentCode(digits);
  if (payment !== null && rules.atPaymentPrompt === true) return [payment];
  const readings: Code[] = scaleLabelReadings(digits, rules.scaleLabels);
  if (payment !== null) return [...readings, payment];

  const isCard = (rules.cardPattern ?? CARD_PATTERN).test(digits);
  if (hasRightCheckDigit(digits)) {
    if (isCard) readings.push({ kind: 'cardToken', token: digits, form: 'barcode' });
    const gtin = gtinOf(digits);
    // The digits of an item of the shop's own are among the lookups, so it needs no reading of its own.
    if (gtin !== null) return [...readings, gtin];
  }
  // An item of the shop's own may have any digits, so it is asked for before its digits are called wrong.
  if (/^\d{5,20}$/.test(digits)) readings.push({ kind: 'internal', code: digits });
  if (isCard || GTIN_LENGTHS.includes(digits.length) || rules.scaleLabels.some((one) => isLabelOf(digits, one))) {
    const expected = checkDigit(digits.slice(0, -1));
    if (!digits.endsWith(expected)) return [...readings, { kind: 'wrongCheckDigit', digits, expected }];
  }
  // Nobody prints a barcode of ten digits, but the cheap contactless readers type a card so.
  if (digits.length === 10) return [...readings, { kind: 'cardToken', token: digits, form: 'reader' }];
  return [...readings, { kind: 'text', text: digits.slice(0, TEXT_LIMIT) }];
}

function gtinOf(digits: string): Extract<Code, { kind: 'gtin' }> | null {
  switch (digits.length) {
    case 8:
      return { kind: 'gtin', symbology: 'ean8', digits, lookups: [digits] };
    case 12:
      return { kind: 'gtin', symbology: 'upcA', digits, lookups: [digits, `0${digits}`] };
    case 13:
      return {
        kind: 'gtin',
        symbology: 'ean13',
        digits,
        // An EAN-13 that begins with 0 is a UPC-A, and a list may hold it either way.
        lookups: digits.startsWith('0') ? [digits, digits.slice(1)] : [digits],
      };
    case 14:
      return itf14Of(digits);
    default:
      return null;
  }
}

/** A case code begins with how the case is packed; inside it is an article whose own check digit differs. */
function itf14Of(digits: string): Extract<Code, { kind: 'gtin' }> {
  const body = digits.slice(1, 13);
  const inner13 = body + checkDigit(body);
  // An indicator of 0 is the article itself, written with 14 digits.
  if (digits.startsWith('0')) return { kind: 'gtin', symbology: 'itf14', digits, lookups: [digits, inner13] };
  return { kind: 'gtin', symbology: 'itf14', digits, lookups: [digits], inner13 };
}

function scaleLabelReadings(digits: string, formats: readonly ScaleLabelFormat[]): Code[] {
  return formats
    .filter((format) => isLabelOf(digits, format) && (!checksDigit(format) || hasRightCheckDigit(digits)))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
    .flatMap((format) => scaleLabelOf(digits, format) ?? []);
}

function isLabelOf(digits: string, format: ScaleLabelFormat): boolean {
  return format.layout.length === digits.length && digits.startsWith(format.prefix);
}

function checksDigit(format: ScaleLabelFormat): boolean {
  return format.layout.endsWith('C') && format.verifyCheck !== false;
}

/** A field of more digits is no amount or weight that a scale prints, and its product would leave the integers. */
const FIELD_DIGITS_MAX = 10;

function scaleLabelOf(digits: string, format: ScaleLabelFormat): Code | null {
  const field = (letter: string): string =>
    digits
      .split('')
      .filter((_, index) => format.layout.charAt(index) === letter)
      .join('');
  const amount = field('E');
  const weight = field('N');
  const unit = format.weightUnit === 'kg' ? 1000 : 500;
  if (amount.length > FIELD_DIGITS_MAX || weight.length > FIELD_DIGITS_MAX) return null;
  return {
    kind: 'scaleLabel',
    digits,
    plu: field('W'),
    ...(amount === '' ? {} : { amountFen: halfUp(Number(amount) * 100, 10 ** format.amountDecimals) }),
    ...(weight === '' ? {} : { weightGrams: halfUp(Number(weight) * unit, 10 ** (format.weightDecimals ?? 3)) }),
  };
}

function paymentCode(digits: string): Extract<Code, { kind: 'paymentCode' }> | null {
  const found = PAYMENT_PATTERNS.find(([, pattern]) => pattern.test(digits));
  if (found === undefined) return null;
  return { kind: 'paymentCode', channel: found[0], masked: `${digits.slice(0, 2)}****${digits.slice(-2)}` };
}

/** The number on a magnetic stripe, of track 2 where both were read; dates and service codes behind it are dropped. */
export function stripeToken(text: string): string | null {
  const track = /;(\d{4,19})(?:=\d*)?\?/.exec(text) ?? /^%[A-Za-z]?([0-9A-Za-z]{4,19})(?:\^[^?]*)?\?/.exec(text);
  return track?.[1] ?? null;
}
