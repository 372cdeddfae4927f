/**
 * Canonical JSON (RFC 8785) for values made of integers, strings, booleans, null, arrays and plain objects.
 *
 * Every byte that is hashed or signed goes through here, so two machines that mean the same thing write the same bytes.
 */
export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue | undefined };

/** Why a text is not its own canonical form. */
export type CanonicalFault =
  | 'notJson'
  | 'notCanonical'
  | 'notAnInteger'
  | 'unsafeInteger'
  | 'loneSurrogate'
  | 'unsupportedValue';

class CanonicalError extends Error {
  readonly fault: CanonicalFault;
  constructor(fault: CanonicalFault) {
    super(`no canonical form: ${fault}`);
    this.fault = fault;
  }
}

/** Nothing in it needs an escape: no control, quote, backslash or surrogate. */
const PLAIN = /^[\u0020\u0021\u0023-\u005b\u005d-\ud7ff\ue000-\uffff]*$/;

function writeString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new CanonicalError('loneSurrogate');
  return JSON.stringify(text);
}

/** Whether these are strings all of which the engine's own writer writes as ours does. */
function areWellFormed(values: readonly unknown[]): boolean {
  for (const value of values) if (typeof value !== 'string' || !value.isWellFormed()) return false;
  return true;
}

/**
 * Far deeper than anything we write. The JSON reader takes any depth, so without a limit a text of nothing but brackets
 * would end the stack of whoever reads it.
 */
const DEPTH_LIMIT = 64;

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      if (!Number.isInteger(value)) throw new CanonicalError('notAnInteger');
      if (!Number.isSafeInteger(value)) throw new CanonicalError('unsafeInteger');
      return Object.is(value, -0) ? '0' : String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object': {
      if (value === null) return 'null';
      if (depth === DEPTH_LIMIT) throw new CanonicalError('unsupportedValue');
      if (Array.isArray(value)) {
        // A batch of records is one long list of long strings, and the engine's own writer is far faster there.
        if (areWellFormed(value)) return JSON.stringify(value);
        let items = '';
        for (const item of value) items += items === '' ? write(item, depth + 1) : `,${write(item, depth + 1)}`;
        return `[${items}]`;
      }
      const fields = value as Record<string, unknown>;
      let parts = '';
      // The default sort compares UTF-16 code units, which is the order RFC 8785 asks for.
      for (const key of Object.keys(fields).sort()) {
        const field = fields[key];
        if (field === undefined) continue;
        parts += `${parts === '' ? '' : ','}${writeString(key)}:${write(field, depth + 1)}`;
      }
      return `{${parts}}`;
    }
    default:
      throw new CanonicalError('unsupportedValue');
  }
}

/**
 * The canonical text of a value that our own code built. Fields that are `undefined` are left out.
 * Throws when the value has no canonical form: that is a bug of the caller, never a matter of input.
 */
export function canonical(value: CanonicalValue): string {
  return write(value, 0);
}

/** Whether keys ascend and numbers are safe integers all the way down; an escape of any sort is left to the slow way. */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === DEPTH_LIMIT) return false;
  if (Array.isArray(value)) return value.every((item) => isInOrder(item, depth + 1));
  const fields = value as Record<string, unknown>;
  let before = '';
  for (const key of Object.keys(fields)) {
    if (key < before || !isInOrder(fields[key], depth + 1)) return false;
    before = key;
  }
  return true;
}

/**
 * Reads a text from outside and accepts it only when it is its own canonical form (RFC 8785). This refuses duplicate
 * keys, floats, unsafe integers (invariant 2), lone surrogates and stray white space in one comparison. Never throws on
 * input.
 */
export function readCanonical(
  text: string,
): { kind: 'read'; value: unknown } | { kind: 'refused'; reason: CanonicalFault } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'refused', reason: 'notJson' };
  }
  // Nearly every text that comes is in order, and the engine's own writer says so several times faster than ours.
  if (!text.includes('\\u') && isInOrder(value, 0) && JSON.stringify(value) === text) return { kind: 'read', value };
  try {
    return write(value, 0) === text ? { kind: 'read', value } : { kind: 'refused', reason: 'notCanonical' };
  } catch (error) {
    if (error instanceof CanonicalError) return { kind: 'refused', reason: error.fault };
    throw error;
  }
}
