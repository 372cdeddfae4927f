import { halfUp } from './money.ts';

/**
 * GS1 element strings: several facts in one symbol, each behind its application identifier (AI). GS1-128, GS1 DataBar,
 * GS1 DataMatrix and GS1 QR carry them; scanners send them in one row, with FNC1 as 0x1D behind a value whose length is
 * not fixed. Only the facts that a till sells by come out; the rest is named.
 */
export type Gs1 = Readonly<{
  /** The article's 14 digits: its own (01), or those of what is in the case (02). The check digit is not judged here. */
  gtin: string;
  /** How many pieces of it are in the case (37); only with 02. */
  count?: number;
  /** Net weight (310n), grams. */
  weightGrams?: number;
  /** What is printed to be paid for it, fen (392n, and 393n in yuan). */
  amountFen?: number;
  batch?: string;
  serial?: string;
  /** Days `YYYY-MM-DD`: produced (11), best before (15), expires (17). */
  producedOn?: string;
  bestBeforeOn?: string;
  expiresOn?: string;
  /** AIs that were read over: known ones that no till sells by, and unknown ones. */
  unused: readonly string[];
}>;

/** `ai` is where the text stops being one: a value that is cut off, or is none of its kind. */
export type Gs1Reading = Readonly<{ kind: 'read'; facts: Gs1 }> | Readonly<{ kind: 'broken'; ai: string }>;

/** FNC1 as scanners send it (the control character GS). */
export const FNC1 = '\u001d';

/** A field of more digits is no amount that anybody prints, and its product would leave the integers. */
const AMOUNT_DIGITS_MAX = 10;

/** 156 is the yuan in ISO 4217, as 393n names its currency. */
const YUAN = '156';

type Facts = { -readonly [Name in keyof Gs1]?: Gs1[Name] } & { unused: string[]; contained?: string };

/**
 * How long the value of an AI is: `fixed` needs no FNC1 behind it by the first two digits of the standard's table,
 * `most` ends at FNC1 or at the end. `digits` holds no letter.
 */
type Shape = Readonly<{ aiLength: number; fixed?: number; most?: number; digits?: boolean }>;

/** By the first two digits of the AI; what is not listed is assigned to nothing. */
function shapeOf(start: string): Shape | null {
  const number = Number(start);
  if (start === '00') return { aiLength: 2, fixed: 18, digits: true };
  if (number >= 1 && number <= 3) return { aiLength: 2, fixed: 14, digits: true };
  if (start === '04') return { aiLength: 2, fixed: 16, digits: true };
  if (number >= 11 && number <= 19) return { aiLength: 2, fixed: 6, digits: true };
  if (start === '20') return { aiLength: 2, fixed: 2, digits: true };
  if (start === '10' || start === '21' || start === '22') return { aiLength: 2, most: 20 };
  if (start === '30' || start === '37') return { aiLength: 2, most: 8, digits: true };
  if (number >= 23 && number <= 25) return { aiLength: 3, most: 90 };
  if (number >= 31 && number <= 36) return { aiLength: 4, fixed: 6, digits: true };
  if (start === '39') return { aiLength: 4, most: 18, digits: true };
  if (start === '40' || start === '42') return { aiLength: 3, most: 90 };
  if (start === '41') return { aiLength: 3, fixed: 13, digits: true };
  if (start === '43' || (number >= 70 && number <= 72) || (number >= 80 && number <= 82)) {
    return { aiLength: 4, most: 90 };
  }
  if (number >= 90) return { aiLength: 2, most: 90 };
  return null;
}

/**
 * Reads an element string, without an AIM identifier in front. `today` (`YYYY-MM-DD`) places years of two digits, from
 * 49 years back to 50 years ahead. Null when no article is named: then it is no code of goods.
 */
export function readGs1(text: string, today: string): Gs1Reading | null {
  const facts: Facts = { unused: [] };
  let rest = text;
  while (rest !== '') {
    if (rest.startsWith(FNC1)) {
      rest = rest.slice(1);
      continue;
    }
    const element = nextElement(rest);
    if ('broken' in element) return { kind: 'broken', ai: element.broken };
    if (!take(facts, element.ai, element.value, today)) return { kind: 'broken', ai: element.ai };
    rest = element.rest;
  }
  const { contained, count, gtin, ...others } = facts;
  // An article and contents in one string are two answers to the same question; the article is what is in hand.
  if (gtin !== undefined) return { kind: 'read', facts: { gtin, ...others } };
  if (contained === undefined) return null;
  return { kind: 'read', facts: { gtin: contained, ...(count === undefined ? {} : { count }), ...others } };
}

type Element = Readonly<{ ai: string; value: string; rest: string }> | Readonly<{ broken: string }>;

function nextElement(text: string): Element {
  const shape = shapeOf(text.slice(0, 2));
  if (shape === null) return unknownElement(text);
  const ai = text.slice(0, shape.aiLength);
  if (ai.length < shape.aiLength || !/^\d+$/.test(ai)) return { broken: printable(ai) };
  const behind = text.slice(shape.aiLength);
  const upTo = behind.indexOf(FNC1) === -1 ? behind.length : behind.indexOf(FNC1);
  const length = shape.fixed ?? upTo;
  const value = behind.slice(0, length);
  const isRight =
    value.length > 0 &&
    value.length === length &&
    value.length <= (shape.fixed ?? shape.most ?? 0) &&
    (shape.digits === true ? /^\d+$/ : /^[!-z]+$/).test(value);
  return isRight ? { ai, value, rest: behind.slice(length) } : { broken: ai };
}

/** An AI that is assigned to nothing ends at FNC1; without one, nobody knows where the next begins. */
function unknownElement(text: string): Element {
  const ai = printable(text.slice(0, 2));
  const end = text.indexOf(FNC1);
  if (!/^\d\d$/.test(text.slice(0, 2)) || end === -1) return { broken: ai };
  return { ai, value: text.slice(2, end), rest: text.slice(end + 1) };
}

function printable(ai: string): string {
  return ai.replaceAll(/[^!-z]/g, '?');
}

/** Keeps one element; false when its value cannot be. */
function take(facts: Facts, ai: string, value: string, today: string): boolean {
  const kind = /^(?:310|392|393)/.test(ai) ? ai.slice(0, 3) : ai;
  switch (kind) {
    case '01':
      if (facts.gtin !== undefined && facts.gtin !== value) return false;
      facts.gtin = value;
      return true;
    case '02':
      facts.contained = value;
      return true;
    case '37':
      facts.count = Number(value);
      return facts.count > 0;
    case '310':
      return takeNumber(facts, 'weightGrams', value, 1_000, Number(ai.charAt(3)));
    case '392':
      return takeNumber(facts, 'amountFen', value, 100, Number(ai.charAt(3)));
    case '393':
      return (
        value.startsWith(YUAN) && takeNumber(facts, 'amountFen', value.slice(YUAN.length), 100, Number(ai.charAt(3)))
      );
    case '10':
      facts.batch = value;
      return true;
    case '21':
      facts.serial = value;
      return true;
    case '11':
      return takeDay(facts, 'producedOn', value, today);
    case '15':
      return takeDay(facts, 'bestBeforeOn', value, today);
    case '17':
      return takeDay(facts, 'expiresOn', value, today);
    default:
      facts.unused.push(ai);
      return true;
  }
}

/** A number with `decimals` behind its point, in a unit that has `unit` of ours. Two of them that differ are none. */
function takeNumber(
  facts: Facts,
  name: 'weightGrams' | 'amountFen',
  digits: string,
  unit: number,
  decimals: number,
): boolean {
  if (digits === '' || digits.length > AMOUNT_DIGITS_MAX) return false;
  const amount = halfUp(Number(digits) * unit, 10 ** decimals);
  if (facts[name] !== undefined && facts[name] !== amount) return false;
  facts[name] = amount;
  return true;
}

function takeDay(
  facts: Facts,
  name: 'producedOn' | 'bestBeforeOn' | 'expiresOn',
  value: string,
  today: string,
): boolean {
  const day = dayOf(value, today);
  if (day === null) return false;
  facts[name] = day;
  return true;
}

/** `YYMMDD`; a day of 00 means the last one of the month. */
function dayOf(value: string, today: string): string | null {
  const thisYear = Number(today.slice(0, 4));
  const month = Number(value.slice(2, 4));
  const day = Number(value.slice(4, 6));
  let year = thisYear - (thisYear % 100) + Number(value.slice(0, 2));
  if (year - thisYear >= 51) year -= 100;
  if (year - thisYear <= -50) year += 100;
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day > last) return null;
  return [year, month, day === 0 ? last : day].map((part) => String(part).padStart(2, '0')).join('-');
}
