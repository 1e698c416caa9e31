import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  entryFile,
  lockFolder,
  logOut,
  readText,
  serverIn,
  signIn,
} from '../support/clientWrites.ts';
import { makeWorld, type World, whyNoOtherUser } from '../support/engineHarness.ts';
import { mountFile, whyNoSmallDisk } from '../support/smallDisk.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

describe('missing folders', () => {
  it('of a fresh machine are made or waited for', async () => {
    rmSync(world.paths.root, { recursive: true });
    rmSync(world.env.HOME, { recursive: true });
    await world.startEngine();
    const a = world.addMission('a');
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    await world.untilNoAlert();
  });

  it('of all missions, removed and made anew, are found again', async () => {
    world.writeSettings({ pollIntervalMs: 1_000 });
    const [a] = world.addMissions('a');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    rmSync(world.paths.missions, { recursive: true });
    await engine.waitFor('mission', ({ change }) => change === 'removed');
    const later = world.addMission('a');
    await world.untilHeld(await signIn(later, 'later'));
  });

  it('of the global entry, removed while missions run, are a wipe and not a logout', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    rmSync(world.global.configDir, { recursive: true });
    await world.untilAlert('wipe-global');
    const later = await signIn(b, 'later');
    await world.untilHeld(later);
    await world.untilHeld(server, [a, b]);
  });

  it('of a mission that runs are shown, and nothing is made there', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    rmSync(b.configDir, { recursive: true });
    const alert = await world.untilAlert('unavailable-b');
    expect(alert.message).toMatch(/missing/);
    const later = await signIn(a, 'later');
    await world.untilHeld(later, [world.global]);
    expect(existsSync(b.configDir), 'a removed folder is not made again').toBe(false);
    mkdirSync(b.configDir);
    await world.untilHeld(later, [b]);
    await world.untilNoAlert('unavailable-b');
  });
});

describe('a mission of a program that gives it no config directory', () => {
  it('is shown with what the global entry has; nothing is made there, and nothing told', async () => {
    const a = world.addMission('a');
    const folder = join(world.paths.missions, 'bare');
    mkdirSync(join(folder, 'agent'), { recursive: true });
    world.setRunning('bare');
    const engine = await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server, [world.global, a]);
    const { global, missions } = await world.status();
    expect(missions.find(({ id }) => id === 'bare')).toMatchObject({
      state: 'running',
      shared: true,
      inSync: true,
      trouble: null,
      hash: global.hash,
      servers: global.servers,
    });
    world.setStopped('bare');
    await engine.waitFor(
      'mission',
      ({ missionId, change }) => missionId === 'bare' && change === 'stopped',
    );
    await world.ask('resync', {});
    expect((await world.mission('bare')).trouble).toBeNull();
    world.setRunning('bare');
    await engine.waitFor(
      'mission',
      ({ missionId, change }) => missionId === 'bare' && change === 'started',
    );
    await world.status();
    expect(engine.events.filter(({ event }) => event === 'alert')).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['agent', 'pid']);
  });

  it('is kept in step as any other once it has one, and then misses it when it goes', async () => {
    const a = world.addMission('a');
    const configDir = join(world.paths.missions, 'bare', 'claude-config');
    mkdirSync(dirname(configDir), { recursive: true });
    world.setRunning('bare');
    await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server, [world.global, a]);
    mkdirSync(configDir);
    await world.untilHeld(server, [{ scope: 'mission', configDir }]);
    expect((await world.mission('bare')).shared).toBe(false);
    rmSync(configDir, { recursive: true });
    await world.untilAlert('unavailable-bare');
  });
});

describe('a config directory that goes after its entry', () => {
  it('is unavailable, and no longer an entry that was wiped', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    rmSync(entryFile(b));
    await world.untilAlert('wipe-b');
    rmSync(b.configDir, { recursive: true });
    expect((await world.untilAlert('unavailable-b')).message).toMatch(/missing/);
  });
});

const noUser = whyNoOtherUser();
describe.skipIf(noUser !== null)(
  `folders without permission${noUser ? ` (${noUser})` : ''}`,
  () => {
    it('(a mission, read-only) are shown, the others go on, and all goes on once they are writable', async () => {
      const [a, b, closed] = world.addMissions('a', 'b', 'closed');
      const nobody = world.giveToNobody();
      await world.startEngine(nobody);
      const before = await signIn(a, 'before');
      await world.untilHeld(before);
      const text = readText(closed);
      chmodSync(closed.configDir, 0o555);
      const server = await signIn(a, 'loop');
      const alert = await world.untilAlert('unavailable-closed');
      expect(alert).toMatchObject({ kind: 'unavailable', missionId: 'closed' });
      await world.untilHeld(server, [world.global, a, b]);
      expect(readText(closed), 'the entry that could not be written is as it was').toBe(text);
      chmodSync(closed.configDir, 0o755);
      await world.untilHeld(server);
      await world.untilNoAlert();
    });

    it('(an entry that cannot be read) are unavailable, never absent', async () => {
      const [a, b, closed] = world.addMissions('a', 'b', 'closed');
      const nobody = world.giveToNobody();
      await world.startEngine(nobody);
      const before = await signIn(a, 'before');
      await world.untilHeld(before);
      chmodSync(entryFile(closed), 0o000);
      await world.ask('resync', {});
      await world.untilAlert('unavailable-closed');
      expect((await world.mission('closed')).trouble).toMatch(/EACCES/);
      await world.untilHeld(await signIn(b, 'loop'), [world.global, a, b]);
      await world.untilHeld(before, [world.global, a, b]);
      chmodSync(entryFile(closed), 0o600);
      await world.untilHeld(before);
      await world.untilNoAlert();
    });

    it('(the global entry, read-only) keep a sign-in waiting in its mission, and lose nothing', async () => {
      const [a, b] = world.addMissions('a', 'b');
      const nobody = world.giveToNobody();
      await world.startEngine(nobody);
      const before = await signIn(a, 'before');
      await world.untilHeld(before);
      chmodSync(world.global.configDir, 0o555);
      const server = await signIn(a, 'loop');
      const alert = await world.untilAlert('unavailable-global');
      expect(alert).toMatchObject({ kind: 'unavailable', missionId: null });
      await expect(world.ask('resync', {})).rejects.toMatchObject({ exitCode: 4 });
      expect(serverIn(b, 'loop')).toBeUndefined();
      await world.untilHeld(before);
      chmodSync(world.global.configDir, 0o755);
      await world.untilHeld(server);
      await world.untilNoAlert();
    });

    it('(bar/journal, read-only) keep values from being replaced or removed', async () => {
      const [a, b] = world.addMissions('a', 'b');
      const nobody = world.giveToNobody();
      await world.startEngine(nobody);
      const before = await signIn(a, 'loop');
      await world.untilHeld(before);
      chmodSync(world.paths.journal, 0o500);
      await logOut(a, 'loop');
      expect((await world.untilAlert('unavailable-global')).message).toMatch(/journal/);
      expect(serverIn(b, 'loop')).toEqual(before);
      expect(serverIn(world.global, 'loop')).toEqual(before);
      chmodSync(world.paths.journal, 0o700);
      await world.untilGone('loop');
      await world.untilNoAlert();
    });

    it('(a whole mission, closed while it runs) are shown, and the engine goes on', async () => {
      world.writeSettings({ pollIntervalMs: 1_000 });
      const [a, b, closed] = world.addMissions('a', 'b', 'closed');
      const nobody = world.giveToNobody();
      const engine = await world.startEngine(nobody);
      await world.untilHeld(await signIn(a, 'before'));
      const folder = dirname(closed.configDir);
      chmodSync(folder, 0o000);
      // The next poll finds its pid file out of sight: it counts as stopped, and cannot be read at its end.
      await engine.waitFor('mission', ({ change }) => change === 'stopped');
      await world.untilAlert('unavailable-closed');
      const server = await signIn(a, 'loop');
      await world.untilHeld(server, [world.global, b]);
      chmodSync(folder, 0o755);
      await world.untilHeld(server);
      await world.untilNoAlert('unavailable-closed');
    });

    it('(with a leftover that cannot be removed) stop nobody', async () => {
      const [a, , closed] = world.addMissions('a', 'b', 'closed');
      const old = Date.now() / 1000 - 120;
      for (const left of [
        `${entryFile(closed)}.tmp.0123abcd`,
        `${entryFile(closed)}.tmp.89abcdef`,
      ]) {
        writeFileSync(left, '', { mode: 0o600 });
        utimesSync(left, old, old);
      }
      mkdirSync(lockFolder(closed));
      utimesSync(lockFolder(closed), old, old);
      const nobody = world.giveToNobody();
      chmodSync(closed.configDir, 0o555);
      await world.startEngine(nobody);
      const server = await signIn(a, 'loop');
      await world.untilHeld(server, [world.global, world.ref('b')]);
      chmodSync(closed.configDir, 0o755);
      await world.untilHeld(server);
    });

    it('(AGENC_DIRPATH itself) end the start with one line that says what to do', async () => {
      const nobody = world.giveToNobody();
      chmodSync(world.paths.root, 0o555);
      const { code, stderr } = await world.run(['sync', '--json'], {}, nobody);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^agenc-bar: .*EACCES.*\n$/);
    });
  },
);

describe('times of another clock', () => {
  it('on entries (an hour ahead, an hour back) keep no change from travelling', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    let turn = 0;
    for (const offset of [3_600, -3_600, 3_600, 0]) {
      const place = turn % 2 === 0 ? a : b;
      turn += 1;
      const server = await signIn(place, 'loop');
      const time = Date.now() / 1000 + offset;
      utimesSync(entryFile(place), time, time);
      await world.untilHeld(server);
    }
  });
});

describe('what an engine that was killed left behind', () => {
  it('as a lock (of this moment) is removed in time for a client that waits for it', async () => {
    const [, b] = world.addMissions('a', 'b');
    const first = await world.startEngine();
    await first.kill('SIGKILL');
    // The next engine wants to write there, too.
    const waiting = await signIn(world.global, 'waiting');
    mkdirSync(lockFolder(b), { recursive: true });
    const engine = world.spawnEngine();
    // A client gives up after 7.5 s, silently: then this sign-in would be lost.
    const server = await signIn(b, 'own');
    await engine.waitFor('ready');
    await world.untilHeld(server);
    await world.untilHeld(waiting);
  });

  it('is removed by the next one: its locks and its temporary files, wherever they lie', async () => {
    const [a] = world.addMissions('a');
    const first = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await first.kill('SIGKILL');
    const { root, bar, journal, broadcast } = world.paths;
    const left = [
      `${entryFile(a)}.tmp.0123abcd`,
      `${entryFile(world.global)}.tmp.0123abcd`,
      join(a.configDir, 'mcp-needs-auth-cache.json.tmp.0123abcd'),
      `${broadcast}.tmp.0123abcd`,
      join(bar, 'lineage.json.tmp.0123abcd'),
      join(bar, 'attached.json.tmp.0123abcd'),
      join(bar, 'engine.lock.0123abcd'),
      join(journal, '20261123-204252-0123ab.jsonl.tmp.0123abcd'),
    ];
    const old = Date.now() / 1000 - 120;
    for (const path of left) {
      writeFileSync(path, '', { mode: 0o600 });
      utimesSync(path, old, old);
    }
    mkdirSync(lockFolder(a));
    utimesSync(lockFolder(a), old, old);
    writeFileSync(join(root, 'notes.tmp.txt'), 'not ours');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'later'));
    await until(
      () => `nothing left behind, but there are ${world.leftovers().join(', ')}`,
      () => world.leftovers().length === 0,
    );
    expect(existsSync(join(root, 'notes.tmp.txt'))).toBe(true);
  });
});

const noMounts = whyNoSmallDisk();
describe.skipIf(noMounts !== null)(
  `a global entry that is a mount of its own${noMounts ? ` (${noMounts})` : ''}`,
  () => {
    it('is kept in step as any other, and the doctor names it', async () => {
      const [a, b] = world.addMissions('a', 'b');
      const first = await signIn(world.global, 'first');
      const host = join(world.root, 'on-the-host.json');
      copyFileSync(entryFile(world.global), host);
      const unmount = mountFile(host, entryFile(world.global));
      try {
        await world.startEngine();
        await world.untilHeld(first);
        const loop = await signIn(a, 'loop');
        await world.untilHeld(loop);
        await logOut(b, 'first');
        await world.untilGone('first');
        expect(readFileSync(host, 'utf8')).toBe(readText(world.global));
        await world.untilNoAlert();
        const { stdout } = await world.run(['doctor']);
        expect(stdout).toMatch(/\.credentials\.json is a mount of its own.*Mount its folder/s);
      } finally {
        await world.killAll();
        unmount();
      }
    });
  },
);
