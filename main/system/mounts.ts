import { readFileSync } from 'node:fs';
import { realPathOr } from './links.ts';

/** Which of these files and folders are mounts of their own. None where that cannot be known: it is Linux that says it. */
export function mountsAmong(paths: readonly string[]): string[] {
  const points = new Set(mountPoints());
  return points.size === 0 ? [] : paths.filter((path) => points.has(realPathOr(path)));
}

/** As in proc(5): the fifth word of each line; white space in it is written in octal. */
function mountPoints(): string[] {
  let mountinfo: string;
  try {
    mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return [];
  }
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}
