import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMissionRegistry } from '../../main/missions/registry.ts';
import { createLeftovers } from '../../main/service/leftovers.ts';
import { createMissionItems } from '../../main/stores/security/missionItems.ts';
import { serviceName } from '../../main/stores/serviceName.ts';
import { createSecurityDouble, type SecurityDouble } from '../doubles/security/securityDouble.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { MARK } from '../support/fake.ts';

const OLD = new Date(Date.now() - 120_000);
const ORPHAN = 'Claude Code-credentials-0badf00d';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

/** A lock of the client's in a config directory. */
function lock(folder: string, name: string, beat = OLD): string {
  const path = join(folder, name);
  mkdirSync(path);
  utimesSync(path, beat, beat);
  return path;
}

describe('what dead processes left behind', () => {
  it('is listed by doctor, and removed only when it is asked to', async () => {
    const a = world.addMission('a');
    const dead = [
      lock(a.configDir, '.storage-write.lock'),
      lock(world.global.configDir, 'mcp-refresh-loop_0123456789abcdef.lock.lock'),
    ];
    const living = lock(world.addMission('b').configDir, '.storage-write.lock', new Date());
    const other = lock(a.configDir, 'my.lock');

    const listed = await world.run(['doctor']);
    for (const path of dead) expect(listed.stdout).toContain(path);
    expect(dead.every(existsSync), 'looking removes nothing').toBe(true);

    const removed = await world.run(['doctor', '--remove-leftovers']);
    expect(removed.code).toBe(0);
    expect(dead.filter(existsSync)).toEqual([]);
    expect(existsSync(living) && existsSync(other), 'what is in use or not ours stays').toBe(true);
    const again = await world.run(['doctor', '--remove-leftovers']);
    expect(again.stdout).toContain('Nothing was left behind');
  });

  it('is never removed with what somebody put into it', async () => {
    const path = lock(world.addMission('a').configDir, '.storage-write.lock');
    writeFileSync(join(path, 'mine'), '');
    utimesSync(path, OLD, OLD);
    const failed = await world.run(['doctor', '--remove-leftovers']);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining(path)]);
    expect(existsSync(join(path, 'mine'))).toBe(true);
    rmSync(path, { recursive: true });
  });
});

describe('keychain items of no mission', () => {
  let keychain: SecurityDouble;
  beforeEach(async () => {
    keychain = await createSecurityDouble();
  });
  afterEach(() => keychain.dispose());

  function leftovers() {
    const attached = {
      list: () => [],
      attach: () => Promise.reject(new Error('not here')),
      detach: () => Promise.resolve(false),
    };
    const registry = createMissionRegistry(world.paths, attached, () => true);
    registry.rescan();
    const items = createMissionItems({ env: keychain.env });
    return createLeftovers(
      { global: world.global, registry, missionsFolder: world.paths.missions },
      items,
      Date.now,
    );
  }

  it('are told from those of missions, running or not, and removed one by one', async () => {
    const kept = ['a', 'b'].map((id) => serviceName(world.addMission(id)));
    const second = 'Claude Code-credentials-12345678';
    for (const service of [...kept, ORPHAN, second, 'Claude Code-credentials', 'Other'])
      await keychain.put(service, `{"mark":"${MARK}"}`);
    const { leftovers: found, unknown } = await leftovers().find();
    expect(found.map(({ kind, what }) => [kind, what])).toEqual([
      ['keychain-item', ORPHAN],
      ['keychain-item', second],
    ]);
    expect(unknown).toBe(null);

    await leftovers().remove([`item:${ORPHAN}`, `item:${kept[0]}`, 'item:Claude Code-credentials']);
    expect(keychain.value(ORPHAN)).toBe(null);
    for (const service of [...kept, second, 'Claude Code-credentials', 'Other'])
      expect(keychain.value(service), `${service} is nobody's to remove`).not.toBe(null);
  });

  it('are not taken for none where the keychain cannot be listed', async () => {
    keychain.control({ failures: [{ command: 'dump-keychain', code: 36, times: 1 }] });
    expect((await leftovers().find()).unknown).toMatch(/locked/);
  });

  it('say so where one cannot be removed', async () => {
    await keychain.put(ORPHAN, '{}');
    keychain.control({ failures: [{ command: 'delete-generic-password', code: 51, times: 1 }] });
    await expect(leftovers().remove([`item:${ORPHAN}`])).rejects.toThrow(/cannot be removed/);
    expect(keychain.value(ORPHAN)).not.toBe(null);
  });
});
