/**
 * What a key means to the pages, told by its place on the keyboard so that an input method or CapsLock changes nothing.
 */
export type KeyLike = Readonly<{
  code: string;
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}>;

/** `0`-`9`, `a`-`z`, `+ * / . -`, `Enter`, `Esc`, `Up`, `F1`... ; null for what no page listens to. */
export type KeyName = string;

const NAMED: ReadonlyMap<string, KeyName> = new Map([
  ['Enter', 'Enter'],
  ['NumpadEnter', 'Enter'],
  ['Escape', 'Esc'],
  ['ArrowUp', 'Up'],
  ['ArrowDown', 'Down'],
  ['ArrowLeft', 'Left'],
  ['ArrowRight', 'Right'],
  ['PageUp', 'PageUp'],
  ['PageDown', 'PageDown'],
  ['Home', 'Home'],
  ['End', 'End'],
  ['Delete', 'Delete'],
  ['Insert', 'Insert'],
  ['Pause', 'Pause'],
  ['Backspace', 'Backspace'],
  ['Tab', 'Tab'],
  ['Space', 'Space'],
  ['NumpadAdd', '+'],
  ['NumpadSubtract', '-'],
  ['NumpadMultiply', '*'],
  ['NumpadDivide', '/'],
  ['Period', '.'],
]);

/** The name of a pressed key, or null. A chord with Ctrl, Alt or Meta has none, because no page uses one. */
export function keyName(event: KeyLike): KeyName | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (/^F([1-9]|1[0-2])$/.test(event.code)) return event.code;
  // Without NumLock the number pad moves; then the key says what it does, and its place does not.
  if (event.code.startsWith('Numpad') && NAMED.has(event.key)) return NAMED.get(event.key) ?? null;
  if (event.code === 'NumpadDecimal') return '.';
  // Where a keyboard has these signs elsewhere, what it prints is right; with an input method only the place is.
  if (['+', '*', '/'].includes(event.key)) return event.key;
  if (event.key === '×') return '*';
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (digit !== undefined && !event.shiftKey) return digit;
  if (event.code === 'Digit8' && event.shiftKey) return '*';
  if (event.code === 'Equal') return event.shiftKey ? '+' : null;
  if (event.code === 'Slash') return event.shiftKey ? null : '/';
  if (event.code === 'Minus') return event.shiftKey ? null : '-';
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter !== undefined) return letter.toLowerCase();
  return NAMED.get(event.code) ?? (event.code === '' ? (NAMED.get(event.key) ?? null) : null);
}

/** Whether a key types a character, so that it may be the first of a scanner's burst. */
export function typesCharacter(name: KeyName): boolean {
  return name.length === 1;
}

/**
 * Keys by which a browser would leave or change the page: reload, back, find, print, save, close, zoom, full screen.
 * Backspace goes back only where nothing is being edited.
 */
export function leavesPage(event: KeyLike, editing: boolean): boolean {
  if (/^F([1-9]|1[0-2])$/.test(event.code)) return true;
  if (event.code === 'Backspace') return !editing;
  if (event.altKey) return ['ArrowLeft', 'ArrowRight', 'Home'].includes(event.code);
  if (!event.ctrlKey && !event.metaKey) return false;
  return [
    'KeyR',
    'KeyF',
    'KeyG',
    'KeyP',
    'KeyS',
    'KeyO',
    'KeyD',
    'KeyH',
    'KeyJ',
    'KeyU',
    'KeyN',
    'KeyT',
    'KeyW',
    'Equal',
    'Minus',
    'NumpadAdd',
    'NumpadSubtract',
  ].includes(event.code);
}
