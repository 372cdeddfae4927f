import { existsSync } from 'node:fs';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';

const root = import.meta.dirname;
const renderer = join(root, 'renderer');

/** The pages of the product, each with its own index.html; one that is not written yet is left out. */
export const PAGES: readonly string[] = ['till', 'back-office', 'customer-display', 'town-console'].filter((page) =>
  existsSync(join(renderer, page, 'index.html')),
);

/**
 * How the pages are built, the same for the loopback host and for Electron: addresses stay relative, so that the pages
 * open under any path and from Electron's own protocol.
 */
export function pagesBuild(outDir: string): UserConfig & { root: string } {
  return {
    root: renderer,
    base: './',
    plugins: [react()],
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'chrome130',
      minify: true,
      sourcemap: false,
      // A data: address would need a hole in the content security policy.
      assetsInlineLimit: 0,
      // Only the back office and the console carry the large libraries; they load once, from this machine.
      chunkSizeWarningLimit: 2_000,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: Object.fromEntries(PAGES.map((page) => [page, join(renderer, page, 'index.html')])),
      },
    },
  };
}

export default defineConfig(pagesBuild(join(root, 'out', 'pages')));
