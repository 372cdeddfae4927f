/** What a simulation found broken: a check by name, and everything needed to see why. */
export class Violation extends Error {
  readonly check: string;

  constructor(check: string, detail: string) {
    super(`${check}: ${detail}`);
    this.check = check;
  }
}

export function ensure(condition: boolean, check: string, detail: () => string): asserts condition {
  if (!condition) throw new Violation(check, detail());
}
