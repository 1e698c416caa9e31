/**
 * Has SIGUSR1 do nothing. Node's default for it is to open its inspector on a port of this machine, where
 * any local user could read this process's memory; `--disable-sigusr1` cannot be given in a `#!` line on
 * every system, and a listener takes the signal's place.
 */
export function refuseInspector(): void {
  process.on('SIGUSR1', () => undefined);
}
