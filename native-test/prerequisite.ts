import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';

/** Something outside the project that a group of tests needs, how to look for it, and what would bring it. */
export type Prerequisite = Readonly<{
  name: string;
  /** The path or address of what was found, or null when this machine does not have it. */
  find: () => string | null;
  /** The one line a person types to get it. */
  enableWith: string;
}>;

/**
 * Runs a group of tests with what was found. Where it is missing, the group is one skipped test that says what is
 * missing and the line that brings it; with CI=true it is a failed one, so that nothing goes untested unseen.
 */
export function groupNeeding(groupName: string, wanted: Prerequisite, tests: (found: string) => void): void {
  const found = wanted.find();
  describe(groupName, () => {
    if (found !== null) {
      tests(found);
      return;
    }
    const reason = missing(wanted);
    test(`needs ${wanted.name}`, (context) => {
      if (process.env['CI'] === 'true') throw new Error(reason);
      context.skip(reason);
    });
  });
}

/** The same for a group that needs several things: the first one missing is the one named. */
export function groupNeedingAll(
  groupName: string,
  wanted: readonly Prerequisite[],
  tests: (found: readonly string[]) => void,
): void {
  const absent = wanted.find((one) => one.find() === null);
  if (absent !== undefined) {
    groupNeeding(groupName, absent, () => {});
    return;
  }
  describe(groupName, () => tests(wanted.map((one) => one.find() ?? '')));
}

function missing(wanted: Prerequisite): string {
  return `${wanted.name} was not found; to enable: ${wanted.enableWith}`;
}

/** The first of these programs that lies on the path. */
export function programOnPath(...names: readonly string[]): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    for (const name of names) {
      const candidate = join(folder, name);
      if (existsSync(candidate)) return candidate;
    }
  }
  return null;
}

/** A Chromium-family browser; CHROMIUM names one that lies elsewhere. */
export const chromium: Prerequisite = {
  name: 'chromium',
  find: () =>
    process.env['CHROMIUM'] ??
    programOnPath('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'),
  enableWith: 'sudo apt-get install chromium fonts-noto-cjk',
};

/** A display without a screen, for windows that have to be opened for real. */
export const virtualDisplay: Prerequisite = {
  name: 'Xvfb',
  find: () => programOnPath('Xvfb'),
  enableWith: 'sudo apt-get install xvfb',
};

/** A file or folder of the reference material that lies beside the project, such as `vectors/sales.json`. */
export function reference(path: string): Prerequisite {
  const full = fileURLToPath(new URL(`../../shared/${path}`, import.meta.url));
  return {
    name: `../shared/${path}`,
    find: () => (existsSync(full) ? full : null),
    enableWith: 'put the reference material in ../shared, beside the project folder',
  };
}
