import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Prerequisite, programOnPath } from '../prerequisite.ts';

/** The disk of `power-disk.c`, mounted: what is written to `folder` is traced, and fails when it is told to. */
export type PowerDisk = Readonly<{
  /** Where the till's folder lies. */
  folder: string;
  /** The same files beside the disk, unseen by it: to prepare and to look. */
  backing: string;
  /** Begins the trace: what stands on the disk now counts as safe. */
  start: () => void;
  /** Writes a word of the test's into the trace, between the changes. */
  mark: (text: string) => void;
  fail: (fault: Fault) => void;
  /** Ends the fault, and answers how many calls it saw, how many failed and what the first of them was. */
  calm: () => { calls: number; fired: number; what: string };
  /** The trace until now. */
  trace: () => Buffer;
  /** Takes the disk out; its folder stays behind, empty and ordinary. */
  unmount: () => Promise<void>;
  remove: () => void;
}>;

/** Which calls fail: the `nth` of `classes` (0: none, they are only counted), and with `always` all after it, too. */
export type Fault = Readonly<{
  /** Letters: w write, s sync, o open, c create, t truncate, u unlink, n rename, r read. */
  classes: string;
  nth: number;
  error: 'EIO' | 'ENOSPC' | 'SHORT';
  how: 'once' | 'always';
}>;

const source = fileURLToPath(new URL('./power-disk.c', import.meta.url));

const tool = (name: string, program: string, ...others: readonly string[]): Prerequisite => ({
  name,
  find: () => programOnPath(program),
  enableWith: `sudo apt-get install ${[name, ...others].join(' ')}`,
});

/** What such a disk needs of this machine: a compiler, the library, and a kernel that lets us mount. */
export const powerDiskNeeds: readonly Prerequisite[] = [
  tool('gcc', 'gcc', 'libc6-dev'),
  tool('pkg-config', 'pkg-config'),
  tool('fuse3', 'fusermount3'),
  {
    name: 'libfuse3-dev',
    find: () => {
      try {
        return execFileSync('pkg-config', ['--modversion', 'fuse3'], { encoding: 'utf8', stdio: 'pipe' }).trim();
      } catch {
        return null;
      }
    },
    enableWith: 'sudo apt-get install libfuse3-dev',
  },
  {
    name: '/dev/fuse',
    find: () => (existsSync('/dev/fuse') ? '/dev/fuse' : null),
    enableWith: 'sudo modprobe fuse (in a container: run it with --device /dev/fuse --cap-add SYS_ADMIN)',
  },
];

/** Compiles the disk into a folder of the test's own. */
export function compilePowerDisk(folder: string): string {
  const program = join(folder, 'power-disk');
  if (existsSync(program)) return program;
  const flags = execFileSync('pkg-config', ['fuse3', '--cflags', '--libs'], { encoding: 'utf8' }).trim().split(/\s+/);
  execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source, ...flags]);
  return program;
}

/** Mounts a new, empty disk. Its files lie in memory where the machine has such a place, since no sync is real here. */
export async function mountPowerDisk(): Promise<PowerDisk> {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const home = mkdtempSync(join(parent, 'one-card-power-'));
  const folder = join(home, 'disk');
  const backing = join(home, 'backing');
  const traceFile = join(home, 'trace');
  for (const one of [folder, backing]) mkdirSync(one);
  const program = compilePowerDisk(home);
  const before = statSync(folder).dev;
  const child: ChildProcess = spawn(program, [folder, backing, traceFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (part: Buffer) => void (errors += part.toString()));
  while (statSync(folder).dev === before) {
    if (child.exitCode !== null) throw new Error(`the disk was not mounted: ${errors}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  let mounted = true;
  const control = join(folder, '.power');
  const tell = (line: string): void => writeFileSync(control, line, { flag: 'r+' });
  return {
    folder,
    backing,
    start: () => tell('start'),
    mark: (text) => tell(`mark ${text}`),
    fail: ({ classes, nth, error, how }) => tell(`fail ${classes} ${nth} ${error} ${how}`),
    calm: () => {
      const [calls = '0', fired = '0', ...what] = readFileSync(control, 'utf8').trim().split(' ');
      tell('calm');
      return { calls: Number(calls), fired: Number(fired), what: what.join(' ') };
    },
    trace: () => {
      tell('flush');
      return readFileSync(traceFile);
    },
    unmount: async () => {
      if (!mounted) return;
      mounted = false;
      const gone = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
      execFileSync('fusermount3', ['-u', '-z', folder], { stdio: 'ignore' });
      // A file that a test still holds open would keep it going.
      child.kill('SIGKILL');
      await gone;
    },
    remove: () => {
      if (mounted) {
        execFileSync('fusermount3', ['-u', '-z', folder], { stdio: 'ignore' });
        child.kill('SIGKILL');
      }
      mounted = false;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
