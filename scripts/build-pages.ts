import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = dirname(import.meta.dirname);

/** Everything the pages are made from; a folder stands for all files below it. */
const PAGE_SOURCES = ['renderer', 'shared', 'resources', 'vite.pages.config.ts', 'package-lock.json'] as const;

/** What a build left behind: whether it had to run, and where it is. */
export type Built = Readonly<{ folder: string; rebuilt: boolean }>;

/** The pages the loopback host serves, in out/pages: built again only when something they are made from changed. */
export async function buildPages(): Promise<Built> {
  return buildWhenChanged('out/pages', PAGE_SOURCES, async () => {
    // Loaded only when needed, because a start with nothing to build should not wait for the builder.
    const { build } = await import('vite');
    const { default: config, PAGES } = await import('../vite.pages.config.ts');
    if (PAGES.length > 0) await build({ ...config, configFile: false, mode: 'production' });
  });
}

/**
 * Runs a build unless its stamp says that it was made from these very sources. The stamp is written last, so a build
 * that was cut short is made again.
 */
export async function buildWhenChanged(
  folder: string,
  sources: readonly string[],
  build: () => Promise<void>,
): Promise<Built> {
  const target = join(root, folder);
  const stampFile = join(dirname(target), `.${folder.replaceAll('/', '-')}-stamp`);
  const wanted = hashOf(sources);
  if (existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) {
    return { folder: target, rebuilt: false };
  }
  rmSync(stampFile, { force: true });
  mkdirSync(target, { recursive: true });
  // A caller under test has NODE_ENV=test, which would bake the slow development React into the pages.
  const modeBefore = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build();
  } finally {
    if (modeBefore === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = modeBefore;
  }
  writeFileSync(stampFile, wanted);
  return { folder: target, rebuilt: true };
}

function hashOf(sources: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  const take = (path: string): void => {
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
  };
  for (const source of sources) {
    const path = join(root, source);
    if (!existsSync(path)) continue;
    const isFile = /\.[a-z]+$/.test(source);
    if (isFile) {
      take(path);
      continue;
    }
    const names = readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
    for (const name of names.toSorted()) take(name);
  }
  return hash.digest('hex');
}

if (import.meta.main) {
  const built = await buildPages();
  process.stderr.write(`${relative(root, built.folder)}: ${built.rebuilt ? 'built' : 'unchanged'}\n`);
}
