/** Closes a switch over a union: reaching it means that a member of the union was forgotten, which is a bug. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}

/** States what must hold. A refusal is a value; a condition that fails here is a bug, and throws. */
export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}
