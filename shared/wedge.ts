import { hasRightCheckDigit } from './barcode.ts';
import { FNC1 } from './gs1.ts';

/** No code on goods, cards or receipts is longer; what is, is none. */
export const CODE_CHARACTERS_MAX = 200;

/**
 * Tells a scanner that types like a keyboard from a person who types. A scanner gives a key every 8 to 16 ms, a person
 * hardly one in 80; so a run of keys is a scan when it is fast on the whole, has no long pause, and is long enough.
 * The keys' codes are read, not what they print: an input method, CapsLock or the keyboard's language then change
 * nothing.
 */
export type WedgeRules = Readonly<{
  /** Fewer characters are a person's. */
  minLength: number;
  /** The mean time between keys that a scanner keeps to. */
  averageGapMs: number;
  /** One pause that long may happen within a scan, when the machine is busy. */
  longestGapMs: number;
  /** The suffix comes within this time, or not at all. */
  pauseMs: number;
  /** KeyboardEvent codes that end a scan. */
  suffixCodes: readonly string[];
  /** Characters that the scanner is set up to type first: then the run is a scan however short it is. '' for none. */
  prefix: string;
}>;

export const defaultWedgeRules: WedgeRules = {
  minLength: 6,
  averageGapMs: 30,
  longestGapMs: 60,
  pauseMs: 100,
  suffixCodes: ['Enter', 'NumpadEnter', 'Tab'],
  prefix: '',
};

/** What a shop may set a scanner to type around each code, so that it is known by more than its pace. */
export type WedgeSettings = Readonly<{ prefix: string; suffix: 'enter' | 'tab' | 'any' }>;

/** The rules for a scanner that is set up so. */
export function wedgeRulesFor({ prefix, suffix }: WedgeSettings, base: WedgeRules = defaultWedgeRules): WedgeRules {
  const codes = { enter: ['Enter', 'NumpadEnter'], tab: ['Tab'], any: base.suffixCodes } as const;
  return { ...base, prefix, suffixCodes: codes[suffix] };
}

/** What the page passes on of a `keydown`. `atMs` is its timeStamp, which a busy page does not delay. */
export type WedgeKey = Readonly<{
  code: string;
  key: string;
  atMs: number;
  /** `isComposing`: an input method is eating the key, which changes nothing here. */
  composing: boolean;
  shift?: boolean;
  /** Control, Alt or Meta is held: a command, never a character. */
  command?: boolean;
  /** The key is held down and repeats. */
  repeat?: boolean;
}>;

export type WedgeState = Readonly<{
  text: string;
  firstAtMs: number;
  lastAtMs: number;
  /** The head of this run was lost in a pause, so its rest must not pass for a code. */
  broken: boolean;
  /** An Enter up to this time belongs to a scan that was already taken. */
  swallowUntilMs: number;
  /** What begins up to this time is the rest of a code that another scanner typed into the one before. */
  mixedUntilMs: number;
  /** This run is such a rest. */
  mixed: boolean;
}>;

export const wedgeAtRest: WedgeState = {
  text: '',
  firstAtMs: 0,
  lastAtMs: 0,
  broken: false,
  swallowUntilMs: -1,
  mixedUntilMs: Number.NEGATIVE_INFINITY,
  mixed: false,
};

/** Stands before what was left of a code that two scanners typed at once: no code holds it, so nothing is rung up by it. */
export const MIXED = '\ufffd';

/** Digits that are no article's number may be two numbers typed into each other, and then a rest follows at once. */
function maybeTwo(text: string): boolean {
  return /^\d+$/.test(text) && !([8, 12, 13].includes(text.length) && hasRightCheckDigit(text));
}

/**
 * `scan` is the code, without prefix and suffix. `began` says that a run may begin with this key: remember the focused
 * field as it is before it, and put that back when a scan comes out of it. `consume` says that the key is the scanner's:
 * keep it from the page, so that a suffix presses no button.
 */
export type WedgeOutcome = Readonly<{ state: WedgeState; scan?: string; began: boolean; consume: boolean }>;

/** Takes one key. Keys that type nothing (Shift, CapsLock) pass; others that do not belong to a code end the run. */
export function feed(state: WedgeState, key: WedgeKey, rules: WedgeRules = defaultWedgeRules): WedgeOutcome {
  if (SILENT_CODES.has(key.code)) return { state, began: false, consume: false };
  // Scanners type FNC1 as Ctrl+]; within a run it is a character like any other.
  const isFnc1 = key.command === true && key.code === 'BracketRight' && state.text !== '';
  if (isFnc1 && key.repeat !== true) return extend(state, FNC1, key.atMs, rules);
  if (key.command === true || key.repeat === true) return { state: wedgeAtRest, began: false, consume: false };
  if (rules.suffixCodes.includes(key.code)) return finish(state, key.atMs, rules);
  const character = characterOf(key);
  if (character === null) return { state: wedgeAtRest, began: false, consume: false };
  return extend(state, character, key.atMs, rules);
}

/**
 * Takes a run that no suffix ended, once the pause after it is over. Call it by a timer set `pauseMs` after each key.
 */
export function flush(state: WedgeState, atMs: number, rules: WedgeRules = defaultWedgeRules): WedgeOutcome {
  if (state.text === '' || atMs - state.lastAtMs < rules.pauseMs) return { state, began: false, consume: false };
  const scan = scanOf(state, rules);
  if (scan === null) return { state: wedgeAtRest, began: false, consume: false };
  const after = { ...wedgeAtRest, swallowUntilMs: state.lastAtMs + 3 * rules.pauseMs };
  return { state: after, scan, began: false, consume: false };
}

function finish(state: WedgeState, atMs: number, rules: WedgeRules): WedgeOutcome {
  if (state.text === '') {
    return { state: wedgeAtRest, began: false, consume: atMs <= state.swallowUntilMs };
  }
  const late = atMs - state.lastAtMs > rules.pauseMs;
  if (state.mixed && !late && looksFast(state, rules)) {
    return { state: wedgeAtRest, scan: MIXED + state.text, began: false, consume: true };
  }
  const scan = scanOf(state, rules);
  if (scan === null) return { state: wedgeAtRest, began: false, consume: state.broken && looksFast(state, rules) };
  const untilMs = atMs + rules.averageGapMs;
  // The other one's ending comes with its rest or without one, and must press no button either way.
  const after = maybeTwo(state.text) ? { ...wedgeAtRest, mixedUntilMs: untilMs, swallowUntilMs: untilMs } : wedgeAtRest;
  return { state: after, scan, began: false, consume: !late };
}

function extend(state: WedgeState, character: string, atMs: number, rules: WedgeRules): WedgeOutcome {
  const fresh: WedgeState = { ...wedgeAtRest, text: character, firstAtMs: atMs, lastAtMs: atMs };
  if (state.text === '') return { state: { ...fresh, mixed: atMs <= state.mixedUntilMs }, began: true, consume: false };
  const gapMs = atMs - state.lastAtMs;
  if (gapMs <= rules.longestGapMs) {
    return { state: { ...state, text: state.text + character, lastAtMs: atMs }, began: false, consume: false };
  }
  if (gapMs >= rules.pauseMs) {
    // The timer that should have flushed was late; the run before is a scan all the same.
    const scan = scanOf(state, rules);
    return { state: fresh, ...(scan === null ? {} : { scan }), began: true, consume: false };
  }
  return {
    state: { ...fresh, broken: state.text.length >= 3 && looksFast(state, rules) },
    began: true,
    consume: false,
  };
}

/** The code in a run, or null when a person typed it. */
function scanOf(state: WedgeState, rules: WedgeRules): string | null {
  if (state.broken) return null;
  if (rules.prefix !== '' && state.text.startsWith(rules.prefix)) {
    const code = state.text.slice(rules.prefix.length);
    return code === '' ? null : code;
  }
  // An AIM identifier is a scanner's own, however short what follows it; its pace must be one all the same.
  if (/^\][A-Za-z][0-9A-Za-z]./.test(state.text)) return looksFast(state, rules) ? state.text : null;
  // An amount is typed by people and pasted by tools; no code that a till takes is one.
  if (state.text.length < rules.minLength || /^\d*\.\d{0,2}$/.test(state.text)) return null;
  return looksFast(state, rules) ? state.text : null;
}

function looksFast(state: WedgeState, rules: WedgeRules): boolean {
  return state.lastAtMs - state.firstAtMs <= rules.averageGapMs * Math.max(1, state.text.length - 1);
}

/** Keys that scanners press on the way to a character, or that a person presses without typing. */
const SILENT_CODES: ReadonlySet<string> = new Set([
  'ShiftLeft',
  'ShiftRight',
  'CapsLock',
  'NumLock',
  'AltLeft',
  'AltRight',
  'ControlLeft',
  'ControlRight',
]);

/** What the other keys type, plain and with Shift, on the keyboard that scanners play (that of the United States). */
const SIGNS: ReadonlyMap<string, readonly [plain: string, shifted: string]> = new Map([
  ['Minus', ['-', '_']],
  ['Equal', ['=', '+']],
  ['BracketLeft', ['[', '{']],
  ['BracketRight', [']', '}']],
  ['Backslash', ['\\', '|']],
  ['Semicolon', [';', ':']],
  ['Quote', ["'", '"']],
  ['Backquote', ['`', '~']],
  ['Comma', [',', '<']],
  ['Period', ['.', '>']],
  ['Slash', ['/', '?']],
  ['Space', [' ', ' ']],
  ['NumpadDecimal', ['.', '.']],
  ['NumpadAdd', ['+', '+']],
  ['NumpadSubtract', ['-', '-']],
  ['NumpadMultiply', ['*', '*']],
  ['NumpadDivide', ['/', '/']],
]);

/** Shift with the digits 0 to 9. */
const SHIFTED_DIGITS = ')!@#$%^&*(';

/** The character by the key's place and Shift alone; by what it prints only where a device gives no place. */
function characterOf(key: WedgeKey): string | null {
  const shift = key.shift === true;
  const letter = /^Key([A-Z])$/.exec(key.code)?.[1];
  if (letter !== undefined) return shift ? letter : letter.toLowerCase();
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(key.code)?.[1];
  if (digit !== undefined) {
    return shift && key.code.startsWith('Digit') ? SHIFTED_DIGITS.charAt(Number(digit)) : digit;
  }
  const sign = SIGNS.get(key.code);
  if (sign !== undefined) return shift ? sign[1] : sign[0];
  return key.code === '' && key.key.length === 1 ? key.key : null;
}
