import { join } from 'node:path';
import { defineConfig } from 'electron-vite';
import { pagesBuild } from './vite.pages.config.ts';

const root = import.meta.dirname;

/** The shell: the core stands in a file of its own, since Electron runs it as a process of its own. */
export default defineConfig({
  main: {
    build: {
      outDir: join(root, 'out', 'main'),
      rolldownOptions: {
        input: {
          main: join(root, 'electron', 'main.ts'),
          'core-process': join(root, 'electron', 'core-process.ts'),
          // Verify and rebuild run in a thread of the core process, which needs a file to start from.
          'audit-worker': join(root, 'electron', 'core', 'audit-worker.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: join(root, 'out', 'preload'),
      // A sandboxed preload can require nothing but electron, and only as CommonJS: so everything goes into one file.
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: join(root, 'electron', 'preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: pagesBuild(join(root, 'out', 'renderer')),
});
