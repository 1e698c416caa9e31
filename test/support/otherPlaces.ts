import { spawnSync } from 'node:child_process';

/** Runs what follows it as process 1 of a pid namespace of its own, as a container does. */
export const IN_CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const;

/** Why no pid namespace can be made here; `null` if one can. */
export function whyNoContainer(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  const [program, ...args] = [...IN_CONTAINER, 'true'];
  const { status } = spawnSync(program, args, { stdio: 'ignore' });
  return status === 0 ? null : 'this process may make no pid namespace (needs root)';
}
