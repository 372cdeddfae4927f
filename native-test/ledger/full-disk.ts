import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Prerequisite } from '../prerequisite.ts';

/** A file system of a few megabytes, which a test can fill to the last byte without harm to anybody else's. */
export type SmallDisk = Readonly<{ folder: string; fill: () => void; free: () => void; unmount: () => void }>;

export const smallDisk: Prerequisite = {
  name: 'the right to mount a small file system',
  find: () => {
    try {
      const disk = mountSmallDisk(1);
      disk.unmount();
      return 'tmpfs';
    } catch {
      return null;
    }
  },
  enableWith: 'sudo env CI=true npm test',
};

export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'one-card-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: () => {
      const handle = openSync(filler, 'a');
      // Ever smaller pieces, until not one byte more is taken.
      for (let size = 1 << 20; size >= 1; size >>= 1) {
        try {
          for (;;) if (writeSync(handle, Buffer.alloc(size)) === 0) break;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
      closeSync(handle);
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
