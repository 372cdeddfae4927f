import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Built, buildPages, buildWhenChanged } from './build-pages.ts';

const root = dirname(import.meta.dirname);

const SHELL_SOURCES = [
  'electron',
  'renderer',
  'shared',
  'resources',
  'electron.vite.config.ts',
  'vite.pages.config.ts',
  'package-lock.json',
] as const;

/** Electron's main process, core process, preload and pages, in out/main, out/preload and out/renderer. */
export async function buildShell(): Promise<Built> {
  return buildWhenChanged('out/main', SHELL_SOURCES, async () => {
    const { build } = await import('electron-vite');
    await build({ root, logLevel: 'warn' });
  });
}

if (import.meta.main) {
  const builds = [buildPages];
  if (existsSync(join(root, 'electron', 'main.ts'))) builds.push(buildShell);
  for (const build of builds) {
    const built = await build();
    process.stderr.write(`${relative(root, built.folder)}: ${built.rebuilt ? 'built' : 'unchanged'}\n`);
  }
}
