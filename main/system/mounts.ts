import { readFileSync, realpathSync } from 'node:fs';

/** Whether a file or folder is a mount of its own. `false` where that cannot be known: it is Linux that says it. */
export function isMountPoint(path: string): boolean {
  try {
    const real = realpathSync(path);
    return mountPoints(readFileSync('/proc/self/mountinfo', 'utf8')).includes(real);
  } catch {
    return false;
  }
}

/** @param mountinfo as in proc(5): the fifth word of a line; white space in it is written in octal */
function mountPoints(mountinfo: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}
