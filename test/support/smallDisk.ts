import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own that is full when a test wants it to be. */
export interface SmallDisk {
  /** Not one more byte fits. */
  fill(): void;
  free(): void;
  unmount(): void;
}

/** Why no small disk can be mounted here; `null` if it can. */
export function whyNoSmallDisk(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const folder = mkdtempSync(join(tmpdir(), 'agenc-bar-mount-'));
  try {
    mountSmallDisk(folder, 64).unmount();
    return null;
  } catch {
    // A container without the right to mount.
    return 'this process may not mount';
  } finally {
    rmdirSync(folder);
  }
}

/** Mounts a small disk on a folder, which is made if it is missing. @throws if it cannot be mounted */
export function mountSmallDisk(folder: string, kilobytes: number): SmallDisk {
  mkdirSync(folder, { recursive: true });
  const options = `size=${kilobytes}k,mode=0700`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
  const filler = join(folder, '.filler');
  return {
    fill() {
      writeFileSync(filler, '');
      for (const size of [16_384, 1]) {
        try {
          for (;;) appendFileSync(filler, Buffer.alloc(size));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' }),
  };
}

/** Makes a file a mount of its own, as a container has that is given a single file. @returns its end */
export function mountFile(source: string, target: string): () => void {
  execFileSync('mount', ['--bind', source, target], { stdio: 'pipe' });
  return () => void execFileSync('umount', ['--lazy', target], { stdio: 'pipe' });
}
