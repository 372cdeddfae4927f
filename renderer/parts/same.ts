/**
 * The newer of two plain values, built from the parts of the older one wherever both say the same, down to the same
 * object when nothing differs. So a screen that comes anew at each change is drawn anew only where it changed.
 */
export function keepSame<T>(before: T, next: T): T;
export function keepSame(before: unknown, next: unknown): unknown {
  if (Object.is(before, next)) return before;
  if (Array.isArray(before) && Array.isArray(next)) {
    const kept = next.map((one: unknown, index) =>
      index < before.length ? keepSame<unknown>(before[index], one) : one,
    );
    return kept.length === before.length && kept.every((one, index) => one === before[index]) ? before : kept;
  }
  if (!isRecord(before) || !isRecord(next)) return next;
  const kept = Object.entries(next).map(
    ([key, one]) => [key, Object.hasOwn(before, key) ? keepSame(before[key], one) : one] as const,
  );
  const same =
    kept.length === Object.keys(before).length &&
    kept.every(([key, one]) => Object.hasOwn(before, key) && one === before[key]);
  return same ? before : Object.fromEntries(kept);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
