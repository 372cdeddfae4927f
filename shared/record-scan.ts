import { z } from 'zod';
import { fitsItsKind, isBalanced, recordKinds, recordSchema, type JournalRecord, type RecordKind } from './journal.ts';
import { bodySchemas } from './record-bodies.ts';

/**
 * The short way to say that a record is sound. A journal is walked and a day is taken in record by record, and nearly
 * every one of them is what it should be; building its value, printing it again and comparing costs several times what
 * one look at its bytes does. The steps below are made from the schemas that judge records anyway, and they only ever
 * say yes to what those, the canonical form and the balance of postings all say yes to. Their no means nothing but:
 * read it the long way, which names the fault.
 */

/** Where a value that begins at `at` ends, or `NONE` when it is not surely the canonical form of a right one. */
type Step = (bytes: Uint8Array, at: number) => number;

const NONE = -1;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const [OPEN_LIST, CLOSE_LIST, OPEN_FIELDS, CLOSE_FIELDS] = [0x5b, 0x5d, 0x7b, 0x7d];

/** As many digits as no unsafe integer has; longer ones are left to the long way. */
const SAFE_DIGITS = 15;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NOTHING = encoder.encode('null');

/** No value of ours has this form, or it is one that only the long way knows. */
const unsure: Step = () => NONE;

function matches(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}

/** One of a few texts that stand for themselves. */
function oneOf(texts: readonly string[]): Step {
  const expected = texts.map((text) => encoder.encode(text));
  const [only] = expected;
  if (only !== undefined && expected.length === 1)
    return (bytes, at) => (matches(bytes, at, only) ? at + only.length : NONE);
  return (bytes, at) => {
    for (const one of expected) if (matches(bytes, at, one)) return at + one.length;
    return NONE;
  };
}

/** The place behind the closing quote of a string that holds no escape. */
function stringEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return NONE;
  for (let index = at + 1; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) return index + 1;
    if (byte < 0x20 || byte === BACKSLASH) return NONE;
  }
  return NONE;
}

type Check = z.core.$ZodChecks['_zod']['def'];

function checksOf(checks: readonly z.core.$ZodCheck[] | undefined): readonly Check[] {
  return (checks ?? []).map((check) => check._zod.def as Check);
}

function stringStep(checks: readonly Check[]): Step {
  let step: Step = stringEnd;
  for (const check of checks) {
    const before = step;
    if (check.check === 'min_length' && check.minimum <= 1) {
      const shortest = check.minimum + '""'.length;
      step = (bytes, at) => {
        const end = before(bytes, at);
        return end - at >= shortest ? end : NONE;
      };
    } else if (check.check === 'string_format' && check.format === 'regex' && check.pattern?.flags === '') {
      step = check.pattern.source === HEX_HASH ? hexHashStep(before) : patternStep(before, check.pattern);
    } else return unsure;
  }
  return step;
}

/** What hashes are judged by. There is one in every record, and a look at its bytes is far less than making it a text. */
const HEX_HASH = '^[0-9a-f]{64}$';
const HEX_HASH_LENGTH = 64 + '""'.length;

function hexHashStep(before: Step): Step {
  return (bytes, at) => {
    const end = before(bytes, at);
    if (end - at !== HEX_HASH_LENGTH) return NONE;
    for (let index = at + 1; index < end - 1; index += 1) {
      const byte = bytes[index] ?? 0;
      if (!(byte >= ZERO && byte <= NINE) && !(byte >= 0x61 && byte <= 0x66)) return NONE;
    }
    return end;
  };
}

/** Days stand in hundreds of records behind each other, so what matched last is compared first. */
function patternStep(before: Step, pattern: RegExp): Step {
  let matched = encoder.encode('');
  return (bytes, at) => {
    const end = before(bytes, at);
    if (end === NONE) return NONE;
    if (matched.length === end - at && matches(bytes, at, matched)) return end;
    if (!pattern.test(decoder.decode(bytes.subarray(at + 1, end - 1)))) return NONE;
    matched = bytes.slice(at, end);
    return end;
  };
}

function integerStep(checks: readonly Check[]): Step {
  let least = -Infinity;
  let most = Infinity;
  for (const check of checks) {
    if (check.check === 'greater_than' && check.inclusive) least = Math.max(least, Number(check.value));
    else if (check.check === 'less_than' && check.inclusive) most = Math.min(most, Number(check.value));
    else return unsure;
  }
  const isBounded = most !== Infinity || (least !== -Infinity && least !== 0);
  return (bytes, at) => {
    const isNegative = bytes[at] === MINUS;
    const from = isNegative ? at + 1 : at;
    let end = from;
    while (isDigit(bytes[end])) end += 1;
    const digits = end - from;
    if (digits === 0 || digits > SAFE_DIGITS) return NONE;
    // Neither a leading zero nor minus zero.
    if (bytes[from] === ZERO && (digits > 1 || isNegative)) return NONE;
    if (!isBounded) return isNegative && least === 0 ? NONE : end;
    const value = integerAt(bytes, from, end) * (isNegative ? -1 : 1);
    return value >= least && value <= most ? end : NONE;
  };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function integerAt(bytes: Uint8Array, from: number, end: number): number {
  let value = 0;
  for (let index = from; index < end; index += 1) value = value * 10 + (bytes[index] ?? 0) - ZERO;
  return value;
}

function listStep(element: Step, checks: readonly Check[]): Step {
  let least = 0;
  for (const check of checks) {
    if (check.check !== 'min_length') return unsure;
    least = Math.max(least, check.minimum);
  }
  return (bytes, at) => {
    if (bytes[at] !== OPEN_LIST) return NONE;
    let count = 0;
    let index = at + 1;
    if (bytes[index] === CLOSE_LIST) return least === 0 ? index + 1 : NONE;
    for (;;) {
      index = element(bytes, index);
      if (index === NONE) return NONE;
      count += 1;
      if (bytes[index] !== COMMA) break;
      index += 1;
    }
    return bytes[index] === CLOSE_LIST && count >= least ? index + 1 : NONE;
  };
}

type Field = Readonly<{ name: string; key: Uint8Array; isOptional: boolean; step: Step }>;

function fieldsOf(shape: Readonly<Record<string, z.core.$ZodType>>): readonly Field[] {
  return Object.keys(shape)
    .toSorted()
    .map((name) => {
      const { def } = (shape[name] as z.core.$ZodTypes)._zod;
      const isOptional = def.type === 'optional';
      const key = encoder.encode(`${JSON.stringify(name)}:`);
      return { name, key, isOptional, step: stepOf(isOptional ? def.innerType : (shape[name] as z.core.$ZodType)) };
    });
}

/** Where the fields that begin at `at` end; where the value of each begins is written to `starts`. */
function fieldsEnd(fields: readonly Field[], bytes: Uint8Array, at: number, starts: Int32Array | null): number {
  if (bytes[at] !== OPEN_FIELDS) return NONE;
  let index = at;
  for (let turn = 0; turn < fields.length; turn += 1) {
    const field = fields[turn];
    if (field === undefined) return NONE;
    const { key } = field;
    // The first field stands behind the bracket, every other one behind a comma.
    if ((index === at || bytes[index] === COMMA) && matches(bytes, index + 1, key)) {
      index += 1 + key.length;
      if (starts !== null) starts[turn] = index;
      index = field.step(bytes, index);
      if (index === NONE) return NONE;
    } else if (!field.isOptional) return NONE;
  }
  if (index === at) index += 1;
  return bytes[index] === CLOSE_FIELDS ? index + 1 : NONE;
}

function fieldsStep(shape: Readonly<Record<string, z.core.$ZodType>>): Step {
  const fields = fieldsOf(shape);
  return (bytes, at) => fieldsEnd(fields, bytes, at, null);
}

/** Fields of any name, each once and in order: by code units, which are bytes as long as all names are ASCII. */
function dictionaryStep(value: Step): Step {
  return (bytes, at) => {
    if (bytes[at] !== OPEN_FIELDS) return NONE;
    if (bytes[at + 1] === CLOSE_FIELDS) return at + 2;
    let index = at;
    let before = NONE;
    do {
      const key = index + 1;
      const end = stringEnd(bytes, key);
      if (end === NONE || bytes[end] !== 0x3a || !isAscii(bytes, key, end)) return NONE;
      if (before !== NONE && !isBehind(bytes, before, key)) return NONE;
      before = key;
      index = value(bytes, end + 1);
      if (index === NONE) return NONE;
    } while (bytes[index] === COMMA);
    return bytes[index] === CLOSE_FIELDS ? index + 1 : NONE;
  };
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index += 1) if ((bytes[index] ?? 0) > 0x7f) return false;
  return true;
}

/** Whether the quoted name at `key` comes after the one at `before`, neither of them with an escape. */
function isBehind(bytes: Uint8Array, before: number, key: number): boolean {
  for (let index = 1; ; index += 1) {
    const [a = 0, b = 0] = [bytes[before + index], bytes[key + index]];
    if (a === QUOTE || b === QUOTE) return a === QUOTE && b !== QUOTE;
    if (a !== b) return a < b;
  }
}

/** The step of a schema; what is not known here is left to the long way, so a new sort of check is slow, never wrong. */
function stepOf(schema: z.core.$ZodType): Step {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      return fieldsStep(def.shape);
    case 'array':
      return listStep(stepOf(def.element), checksOf(def.checks));
    case 'record':
      return isPlainString(def.keyType) ? dictionaryStep(stepOf(def.valueType)) : unsure;
    case 'string':
      return 'format' in def ? unsure : stringStep(checksOf(def.checks));
    case 'number':
      return 'format' in def && def.format === 'safeint' ? integerStep(checksOf(def.checks)) : unsure;
    case 'boolean':
      return oneOf(['true', 'false']);
    case 'enum':
      return oneOf(Object.values(def.entries).map((entry) => JSON.stringify(entry)));
    case 'literal':
      return oneOf(def.values.map((value) => JSON.stringify(value)));
    case 'nullable': {
      const step = stepOf(def.innerType);
      // No other value begins with this letter.
      return (bytes, at) => {
        if (bytes[at] !== NOTHING[0]) return step(bytes, at);
        return matches(bytes, at, NOTHING) ? at + NOTHING.length : NONE;
      };
    }
    default:
      return unsure;
  }
}

function isPlainString(schema: z.core.$ZodType): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === 'string' && !('format' in def) && checksOf(def.checks).length === 0;
}

const records = recordKinds.map((kind: RecordKind) => ({
  kind,
  name: encoder.encode(`"kind":"${kind}"`),
  fields: fieldsOf(recordSchema.extend({ kind: z.literal(kind), body: bodySchemas[kind] }).shape),
}));

const recordOfKind = new Map(records.map((record) => [record.kind, record]));

/** The fields of every record, none of them optional, and where their values begin in the one that is looked at. */
const fieldNames = Object.keys(recordSchema.shape).toSorted() as (keyof JournalRecord)[];
const starts = new Int32Array(fieldNames.length);
const POSTINGS = fieldNames.indexOf('postings');
const BEHIND_POSTINGS = ',"previous":'.length;

const INCARNATION = encoder.encode('"incarnation":');

/** By how much to go on towards the front where this byte stands in the place of the name's first one. */
const STEPS_BACK = Array.from({ length: 256 }, (_, byte) => {
  const inside = INCARNATION.indexOf(byte, 1);
  return inside === -1 ? INCARNATION.length : inside;
});

/** Where the last such name begins; 0 when there is none. */
function lastIncarnation(bytes: Uint8Array): number {
  let from = bytes.length - INCARNATION.length;
  while (from > 0) {
    const byte = bytes[from] ?? 0;
    if (byte === QUOTE && matches(bytes, from, INCARNATION)) return from;
    from -= STEPS_BACK[byte] ?? 1;
  }
  return 0;
}

/** What of a record stands behind its body and its id: enough to place it in its chain. */
export type RecordTail = Pick<
  JournalRecord,
  'incarnation' | 'kind' | 'operator' | 'postings' | 'period' | 'previous' | 'seq' | 'shop' | 'stock' | 'till' | 'town'
>;

/**
 * The tail of a record that `readRecord` reads from these bytes, its body one of its kind; null when that is not sure
 * without reading it. The bytes must be UTF-8: whoever has them from outside sees to that first.
 */
export function scanRecord(bytes: Uint8Array): RecordTail | null {
  // The body comes before the kind that says what it must be. No posting and no stock line has a field of this name,
  // so in a record that passes, the last one is the record's own.
  const from = lastIncarnation(bytes);
  const comma = bytes.indexOf(COMMA, from);
  const record = records.find(({ name }) => matches(bytes, comma + 1, name));
  if (record === undefined || fieldsEnd(record.fields, bytes, 0, null) !== bytes.length) return null;
  const tail = JSON.parse(`{${decoder.decode(bytes.subarray(from))}`) as RecordTail;
  return isBalanced(tail.postings) && fitsItsKind(tail) ? tail : null;
}

/** What of a record can be known before it is read: its place in the chain, and the columns it lies under. */
export type Envelope = Partial<
  Pick<
    JournalRecord,
    'at' | 'businessDay' | 'id' | 'incarnation' | 'kind' | 'period' | 'previous' | 'seq' | 'shop' | 'till' | 'town'
  >
>;

/**
 * Whether one look at the bytes says that they are a record that `readRecord` reads, its body one of its kind, and that
 * it says of itself what `says` does. Its no means nothing but: read it the long way. The bytes must be UTF-8.
 */
export function surelySays(bytes: Uint8Array, says: Envelope & Pick<JournalRecord, 'kind'>): boolean {
  const record = recordOfKind.get(says.kind);
  if (record === undefined || fieldsEnd(record.fields, bytes, 0, starts) !== bytes.length) return false;
  for (let field = 0; field < fieldNames.length; field += 1) {
    const value = says[fieldNames[field] as keyof Envelope];
    const at = starts[field] ?? 0;
    if (typeof value === 'string' && !isQuoted(bytes, at, value)) return false;
    if (typeof value === 'number' && !isInteger(bytes, at, value)) return false;
  }
  const end = (starts[POSTINGS + 1] ?? 0) - BEHIND_POSTINGS;
  const postings = JSON.parse(decoder.decode(bytes.subarray(starts[POSTINGS], end))) as JournalRecord['postings'];
  return isBalanced(postings) && fitsItsKind({ kind: says.kind, postings });
}

/** Whether the string at `at`, known to hold no escape, is this one; of one beyond ASCII that is not sure. */
function isQuoted(bytes: Uint8Array, at: number, text: string): boolean {
  const from = at + 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f || bytes[from + index] !== code) return false;
  }
  return bytes[from + text.length] === QUOTE;
}

/** Whether the number at `at`, known to be no negative one, is this one. */
function isInteger(bytes: Uint8Array, at: number, value: number): boolean {
  let end = at;
  while (isDigit(bytes[end])) end += 1;
  return end > at && integerAt(bytes, at, end) === value;
}
