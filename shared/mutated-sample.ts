/** Documents with one thing wrong, for tests: whatever reads a document from outside has to refuse or understand these. */

type Place = readonly string[];

/** Every field and item inside a value, by the names that lead there. */
export function placesOf(value: unknown, here: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return here.length === 0 ? [] : [here];
  const inside = Object.entries(value).flatMap(([name, field]) => placesOf(field, [...here, name]));
  return here.length === 0 ? inside : [here, ...inside];
}

/** The value with another one at a place. */
export function withValue(value: unknown, [name, ...rest]: Place, put: unknown): unknown {
  if (name === undefined) return put;
  const field = withValue((value as Record<string, unknown>)[name], rest, put);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === name ? field : item));
  return { ...(value as object), [name]: field };
}

function without(value: unknown, [name = '', ...rest]: Place): unknown {
  if (rest.length > 0) return withValue(value, [name], without((value as Record<string, unknown>)[name], rest));
  if (Array.isArray(value)) return value.filter((_, index) => String(index) !== name);
  return Object.fromEntries(Object.entries(value as object).filter(([one]) => one !== name));
}

/** Values that JSON can carry and that code is most likely to trip over. */
export const TREACHEROUS: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1,
  7,
  0.5,
  1e15,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  2 ** 53,
  1e308,
  '',
  'x',
  '0',
  '-1',
  '2026-02-31',
  '9999-12-31',
  '\0',
  '\ud800',
  '__proto__',
  '🀄'.repeat(300),
  [],
  [null],
  [[]],
  {},
  { __proto__: null, toString: 1 },
];

/** Values of `TREACHEROUS` that have a canonical form, for documents that are signed. */
export const TREACHEROUS_CANONICAL = TREACHEROUS.filter(
  (one) => one !== '\ud800' && (typeof one !== 'number' || Number.isSafeInteger(one)) && typeof one !== 'undefined',
);

/**
 * A document with one change: at the place number `at` (counted round) stands another value, or nothing, or the item
 * twice. `how` picks the change, counted round too.
 */
export function mutated(document: unknown, at: number, how: number, values: readonly unknown[] = TREACHEROUS): unknown {
  const places = placesOf(document);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return values[how % values.length];
  const choice = how % (values.length + 2);
  if (choice < values.length) return withValue(document, place, values[choice]);
  if (choice === values.length) return without(document, place);
  const parent = place
    .slice(0, -1)
    .reduce<unknown>((inside, name) => (inside as Record<string, unknown>)[name], document);
  if (!Array.isArray(parent)) return without(document, place);
  const twice: unknown[] = parent.flatMap((item: unknown, index) =>
    String(index) === place.at(-1) ? [item, item] : [item],
  );
  return place.length === 1 ? twice : withValue(document, place.slice(0, -1), twice);
}
