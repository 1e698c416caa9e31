/**
 * What an alert is about, as long as that lasts: its id without the digest of what it says just now, which changes whenever
 * more is tampered with, or more vanishes. Pure.
 */
export function causeOf(alertId: string): string {
  return /^((?:tampering|wipe)-.*)-[0-9a-f]{12}$/s.exec(alertId)?.[1] ?? alertId;
}
