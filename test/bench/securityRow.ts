import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GLOBAL_SERVICE, serviceName } from '../../main/stores/serviceName.ts';
import { createSecurityDouble } from '../doubles/security/securityDouble.ts';
import { startEngine } from './engineProcess.ts';
import { createFleet } from './fleet.ts';
import { usageOf } from './processUsage.ts';
import type { Row } from './report.ts';

/** An idle engine on the security store, with a stand-in for `security`: how many processes it starts. */
export async function measureIdleSecurity(missions: number, quick: boolean): Promise<Row[]> {
  const pollMs = quick ? 1_000 : 10_000;
  const forMs = quick ? 4_000 : 65_000;
  const keychain = await createSecurityDouble();
  const fleet = createFleet({
    missions,
    missionText: null,
    settings: { pollIntervalMs: pollMs },
    env: { ...keychain.env, AGENC_BAR_STORE: 'security' },
  });
  try {
    const text = readFileSync(fleet.globalEntry, 'utf8');
    const folders = fleet.entries.map((entry) => dirname(entry));
    const services = folders.map((configDir) => serviceName({ scope: 'mission', configDir }));
    fillKeychain(keychain.keychainPath, keychain.account, [GLOBAL_SERVICE, ...services], text);
    const before = keychainDigest(keychain.keychainPath);
    const engine = await startEngine(fleet);
    const atStart = await untilStill(() => keychain.calls().length);
    const cpuBefore = usageOf(engine.pid).cpuMs;
    await sleep(forMs);
    const spawned = keychain.calls().length - atStart;
    const cpuPercent = (100 * (usageOf(engine.pid).cpuMs - cpuBefore)) / forMs;
    if (keychainDigest(keychain.keychainPath) !== before)
      throw new Error('The keychain changed, though all entries were the same.');
    await engine.stop();
    return [
      {
        what: `Idle, ${missions} running missions, security store, ${forMs / 1000} s with a poll every ${pollMs / 1000} s: processes started`,
        measured: String(spawned),
        limit: '0',
        ofLimit: spawned,
      },
      { what: '… CPU', measured: `${cpuPercent.toFixed(3)} % of a core` },
      { what: '… processes started before that, to read every entry', measured: `${atStart}` },
    ];
  } finally {
    fleet.dispose();
    keychain.dispose();
  }
}

/** Waits until a start's own reading is over: a count that does not grow any more. */
async function untilStill(count: () => number): Promise<number> {
  for (let before = count(); ; ) {
    await sleep(5_000);
    const now = count();
    if (now === before) return now;
    before = now;
  }
}

/** Puts the same text into many items at once, in the stand-in's own form. */
function fillKeychain(path: string, account: string, services: string[], text: string): void {
  const hex = Buffer.from(text).toString('hex');
  const at = '20260101000000Z';
  const items = services.map((service) => ({
    account,
    service,
    hex,
    createdAt: at,
    modifiedAt: at,
  }));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify({ items }));
}

function keychainDigest(path: string): string {
  return hash('sha256', readFileSync(path));
}
