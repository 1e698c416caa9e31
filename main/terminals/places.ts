import type { Found, Probe } from './terminal.ts';

/** A program on PATH. */
export function onPath(name: string): (probe: Probe) => Found | null {
  return (probe) => probe.which(name);
}

/** A program on PATH, or on macOS the one inside an application that was only dragged to its place. */
export function onPathOrIn(name: string, inside: string): (probe: Probe) => Found | null {
  return (probe) => probe.which(name) ?? application(probe, inside);
}

/** Something in the user's or the common Applications folder. `null` elsewhere than on macOS. */
export function application({ platform, env, exists }: Probe, inside: string): Found | null {
  if (platform !== 'darwin') return null;
  const folders = ['/Applications', ...(env.HOME ? [`${env.HOME}/Applications`] : [])];
  return folders.map((folder) => `${folder}/${inside}`).find(exists) ?? null;
}
