/**
 * The amount under a name that somebody else chose, 0 where there is none. A name such as `constructor` or `__proto__`
 * must find nothing, and not what every object has.
 */
export function amountAt(amounts: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(amounts, name) ? (amounts[name] ?? 0) : 0;
}
