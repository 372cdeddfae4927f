import type { CardRule } from './card-number.ts';

/**
 * How one till is set up for the hands at it: which key does what, how large the letters are, whether it sounds. Kept by
 * the till itself; no fact of the books.
 */
export const counterFunctions = [
  'pay',
  'quantity',
  'price',
  'deleteLine',
  'voidSale',
  'removeMember',
  'help',
  'member',
  'bag',
  'more',
  'status',
  'receipts',
  'hold',
  'priceCheck',
  'points',
  'drawer',
  'refund',
  'exchange',
  'picker',
] as const;
export type CounterFunction = (typeof counterFunctions)[number];

export type CounterKeys = Readonly<Record<CounterFunction, string>>;

/** The common part of what Chinese tills have on their keys (peers, section 3). */
export const defaultKeys: CounterKeys = {
  pay: '+',
  quantity: '*',
  price: '/',
  deleteLine: 'Delete',
  voidSale: 'Shift Delete',
  removeMember: 'End',
  help: 'F1',
  member: 'F2',
  bag: 'F3',
  more: 'F4',
  status: 'Shift F1',
  receipts: 'F6',
  hold: 'F7',
  priceCheck: 'F8',
  points: 'F9',
  drawer: 'F10',
  refund: 'F11',
  exchange: 'Shift F11',
  picker: 'F12',
};

/**
 * Keys that may be given to a function. Digits and letters are what is typed and scanned, and Enter, Esc and the arrows
 * mean the same everywhere; they stay.
 */
export const FREE_KEY = /^(?:[-+*/]|(?:Shift )?(?:F(?:[1-9]|1[0-2])|Delete|Insert|Home|End|PageUp|PageDown|Pause))$/;

export type Counter = Readonly<{
  /** Only what was changed. */
  keys: Readonly<Partial<Record<CounterFunction, string>>>;
  largeType: boolean;
  muted: boolean;
  /** What the scanners that type like a keyboard are set to type around a code. */
  wedge: Readonly<{ prefix: string; suffix: 'enter' | 'tab' | 'any' }>;
  /** How the number that a card reader types becomes the one that is printed on the cards; null where it is that one. */
  cardNumber: CardRule | null;
}>;

export const defaultCounter: Counter = {
  keys: {},
  largeType: false,
  muted: false,
  wedge: { prefix: '', suffix: 'any' },
  cardNumber: null,
};

/** Every function with the key it has on this till. */
export function keysOf(changed: Counter['keys']): CounterKeys {
  return { ...defaultKeys, ...changed };
}

/** The name of a pressed key as the map knows it; a character is what it is, with Shift or without. */
export function pressedKey(name: string, shift: boolean): string {
  return shift && name.length > 1 ? `Shift ${name}` : name;
}

export function functionOf(keys: CounterKeys, pressed: string): CounterFunction | null {
  return counterFunctions.find((one) => keys[one] === pressed) ?? null;
}

export type Assigned =
  | Readonly<{ kind: 'assigned'; keys: Counter['keys'] }>
  /** Another function has it; `swapped` gives that one the key which this one had. */
  | Readonly<{ kind: 'taken'; by: CounterFunction; swapped: Counter['keys'] }>
  /** What is typed, or means the same everywhere. */
  | Readonly<{ kind: 'fixed' }>;

/** Gives a function a key; no two of them ever have the same one. */
export function assignKey(changed: Counter['keys'], which: CounterFunction, key: string): Assigned {
  if (!FREE_KEY.test(key)) return { kind: 'fixed' };
  const keys = keysOf(changed);
  const by = functionOf(keys, key);
  if (by === null || by === which) return { kind: 'assigned', keys: onlyChanged({ ...keys, [which]: key }) };
  return { kind: 'taken', by, swapped: onlyChanged({ ...keys, [which]: key, [by]: keys[which] }) };
}

/** Whether each function can be told from every other by its key. */
export function areApart(changed: Counter['keys']): boolean {
  return new Set(Object.values(keysOf(changed))).size === counterFunctions.length;
}

function onlyChanged(keys: CounterKeys): Counter['keys'] {
  return Object.fromEntries(
    counterFunctions.flatMap((one) => (keys[one] === defaultKeys[one] ? [] : [[one, keys[one]]])),
  );
}

const KEY_WORDS: readonly (readonly [string, string])[] = [
  ['Shift ', '⇧ '],
  ['Delete', 'Del'],
  ['Insert', 'Ins'],
  ['PageUp', 'PgUp'],
  ['PageDown', 'PgDn'],
];

/** A key as it is printed on a button. */
export function keyWords(key: string): string {
  return KEY_WORDS.reduce((words, [long, short]) => words.replace(long, short), key);
}
