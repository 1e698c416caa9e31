import { errorCode, errorText } from '../system/errors.ts';
import type { Alerts } from './alerts.ts';

/**
 * One alert for all folders that cannot be watched; it goes with the last of them.
 * @param pollIntervalMs how often they are looked at instead
 * @returns takes what a path watcher tells: the folder, and why; `null`: it is well, or of no interest any more
 */
export function createWatchAlert(
  alerts: Pick<Alerts, 'setOwn'>,
  pollIntervalMs: () => number,
): (folder: string, why: unknown) => void {
  const troubled = new Map<string, unknown>();
  return (folder, why) => {
    if (why === null) troubled.delete(folder);
    else troubled.set(folder, why);
    const [first, ...others] = troubled;
    alerts.setOwn('watch', 'watch', first === undefined ? null : textOf(...first, others.length));
  };

  function textOf(folder: string, why: unknown, others: number): string {
    const more = others === 0 ? '' : ` and ${others} more`;
    const seconds = pollIntervalMs() / 1000;
    return `${folder}${more} cannot be watched (${errorText(why)}); what cannot be watched is looked at every ${seconds} s. ${remedyFor(why)}`;
  }
}

/** On Linux there is a limit on watches, and one on programs that watch. */
function remedyFor(why: unknown): string {
  switch (errorCode(why)) {
    case 'ENOSPC':
      return 'Raise fs.inotify.max_user_watches.';
    case 'EMFILE':
      return 'Raise fs.inotify.max_user_instances, or the number of files that a process may open (ulimit -n).';
    default:
      return 'Make it readable.';
  }
}
