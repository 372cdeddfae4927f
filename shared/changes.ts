/** One place that differs, by the names and numbers that lead to it from the top, and what stands there now. */
export type Change = readonly [place: readonly (string | number)[], value: unknown];

/**
 * What makes `before` to `after`, both of them plain values as JSON carries them. A list that grows says what it grew by;
 * one that gets shorter is said whole.
 */
export function changesBetween(before: unknown, after: unknown): Change[] {
  const changes: Change[] = [];
  collect(before, after, [], changes);
  return changes;
}

function collect(before: unknown, after: unknown, place: readonly (string | number)[], changes: Change[]): void {
  if (Object.is(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after) && after.length >= before.length) {
    for (const [index, one] of after.entries()) {
      if (index < before.length) collect(before[index], one, [...place, index], changes);
      else changes.push([[...place, index], one]);
    }
  } else if (isRecord(before) && isRecord(after) && haveSameKeys(before, after)) {
    for (const key of Object.keys(after)) collect(before[key], after[key], [...place, key], changes);
  } else changes.push([place, after]);
}

/** `before` with what changed; every part of it that no change touches is the same object as before. */
export function withChanges<T>(before: T, changes: readonly Change[]): T {
  return changes.reduce<unknown>((value, [place, now]) => withOne(value, place, now), before) as T;
}

function withOne(value: unknown, [next, ...rest]: readonly (string | number)[], now: unknown): unknown {
  if (next === undefined) return now;
  if (Array.isArray(value) && typeof next === 'number') {
    const copy: unknown[] = [...(value as unknown[])];
    copy[next] = withOne(copy[next], rest, now);
    return copy;
  }
  if (isRecord(value) && typeof next === 'string') return { ...value, [next]: withOne(value[next], rest, now) };
  throw new Error('bug: a change names a place that is not there');
}

function haveSameKeys(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
