import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlerts } from '../../main/sync/alerts.ts';
import { openLineage } from '../../main/sync/lineage.ts';
import { clearNeedsAuth } from '../../main/sync/needsAuthCache.ts';
import { nextLook } from '../../main/sync/schedule.ts';
import { createWatchAlert } from '../../main/sync/watchAlert.ts';
import { systemClock } from '../../main/system/clock.ts';
import { ANY, createPathWatcher, type PathWatcher } from '../../main/system/pathWatcher.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { until } from '../support/until.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('when to look next', () => {
  const quiet = {
    now: 10_000,
    changed: false,
    failures: 0,
    lastLookAt: 9_000,
    lastPollAt: 5_000,
    pollIntervalMs: 60_000,
  };

  it('at once after a change', () => {
    expect(nextLook({ ...quiet, changed: true, failures: 3 })).toEqual({
      delayMs: 0,
      reason: 'change',
    });
  });

  it('otherwise when the poll is due, and not in the past', () => {
    expect(nextLook(quiet)).toEqual({ delayMs: 55_000, reason: 'poll' });
    expect(nextLook({ ...quiet, now: 100_000 })).toEqual({ delayMs: 0, reason: 'poll' });
  });

  it('after a failure soon, then more and more rarely, but never later than the poll', () => {
    const delays = [1, 2, 3, 5, 20].map((failures) => nextLook({ ...quiet, now: 9_000, failures }));
    expect(delays).toEqual([
      { delayMs: 500, reason: 'retry' },
      { delayMs: 1_000, reason: 'retry' },
      { delayMs: 2_000, reason: 'retry' },
      { delayMs: 8_000, reason: 'retry' },
      { delayMs: 30_000, reason: 'retry' },
    ]);
    expect(nextLook({ ...quiet, now: 64_000, failures: 20, lastLookAt: 60_000 })).toEqual({
      delayMs: 1_000,
      reason: 'poll',
    });
  });
});

describe('the lineage', () => {
  const record = {
    place: 'file:/a',
    base: new Map([['/mcpOAuth/x', 'd']]),
    held: new Set(['/mcpOAuth/y']),
    open: true,
    lastSyncAt: 5,
  };

  it('survives a restart', async () => {
    const path = join(folder, 'lineage.json');
    const lineage = openLineage(path);
    lineage.setMission('a', record);
    const shares = new Map([['/mcpOAuth/x', [null, 'a'] as const]]);
    lineage.setGlobal({
      place: 'file:/g',
      known: new Set(['/mcpOAuth/x']),
      held: new Set(),
      shares,
    });
    await lineage.save();
    const again = openLineage(path);
    expect(again.mission('a', 'file:/a')).toEqual(record);
    expect(again.global('file:/g').known).toEqual(new Set(['/mcpOAuth/x']));
    expect(again.global('file:/g').shares, 'or a mission could fill it anew').toEqual(shares);
  });

  it('says nothing of an entry in another place', () => {
    const lineage = openLineage(join(folder, 'lineage.json'));
    lineage.setMission('a', record);
    expect(lineage.mission('a', 'file:/elsewhere').base.size).toBe(0);
    lineage.setGlobal({ place: 'file:/g', known: new Set(), held: new Set(), shares: new Map() });
    lineage.global('file:/other');
    expect(lineage.mission('a', 'file:/a').base.size).toBe(0);
  });

  it('is put aside when it is damaged, not deleted', async () => {
    const path = join(folder, 'lineage.json');
    writeFileSync(path, '{"version":1,');
    const lineage = openLineage(path);
    expect(lineage.damage()).toContain(path);
    expect(readFileSync(path, 'utf8')).toBe('{"version":1,');
    lineage.setMission('a', record);
    await lineage.save();
    expect(readdirSync(folder).sort()).toEqual([
      'lineage.json',
      expect.stringMatching(/^lineage\.json\.damaged-\d+$/),
    ]);
  });
});

describe('the client’s note of servers that want a sign-in', () => {
  const path = (): string => join(folder, 'mcp-needs-auth-cache.json');

  it('loses the line of a server that is usable, and keeps the others', async () => {
    writeFileSync(path(), '{"loop":{"timestamp":1},"mail":{"timestamp":2}}');
    expect(await clearNeedsAuth(folder, ['loop', 'absent'])).toEqual(['loop']);
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual({ mail: { timestamp: 2 } });
  });

  it('is left alone when it names none of them, is no JSON object, or is not there', async () => {
    expect(await clearNeedsAuth(folder, ['loop'])).toEqual([]);
    expect(existsSync(path())).toBe(false);
    for (const text of ['{"mail":{"timestamp":2}}', '{', '[]', 'null']) {
      writeFileSync(path(), text);
      expect(await clearNeedsAuth(folder, ['loop'])).toEqual([]);
      expect(readFileSync(path(), 'utf8')).toBe(text);
    }
  });
});

describe('an alert of what may pass by itself', () => {
  const told: string[] = [];
  const clock = createFakeClock();
  const alerts = createAlerts((event) => {
    if (event.event === 'alert') told.push(event.message);
    if (event.event === 'resolved') told.push(`${event.id} is over`);
  }, clock);
  const wiped = (message: string) => ({ id: `wipe-a-${message}`, servers: [], message });
  beforeEach(() => told.splice(0));

  it('is told only if that lasts, as it is then', () => {
    alerts.setOnly('wipe', 'a', wiped('empty'), 250);
    clock.pass(200);
    alerts.setOnly('wipe', 'a', null, 250);
    clock.pass(1_000);
    expect(told, 'overwritten in its place').toEqual([]);

    alerts.setOnly('wipe', 'a', wiped('empty'), 250);
    clock.pass(200);
    alerts.setOnly('wipe', 'a', wiped('torn'), 250);
    expect(alerts.open()).toEqual([]);
    clock.pass(50);
    expect(told).toEqual(['torn']);
    alerts.setOnly('wipe', 'a', wiped('empty'), 250);
    expect(told, 'another of its kind takes its place at once').toEqual([
      'torn',
      'wipe-a-torn is over',
      'empty',
    ]);
    alerts.setOnly('wipe', 'a', null, 250);
    expect(told.at(-1)).toEqual('wipe-a-empty is over');
    expect(alerts.open()).toEqual([]);
  });

  it('is not told of a mission that is gone by then', () => {
    alerts.setOnly('wipe', 'a', wiped('empty'), 250);
    alerts.clearAbout('a');
    clock.pass(1_000);
    expect(told).toEqual([]);
  });

  it('stays on show when a mission brings it about again and again, and ends once that ends', () => {
    for (let round = 0; round < 14; round += 1) {
      alerts.setOnly('wipe', 'b', wiped('empty'), 250);
      clock.pass(1_000);
      alerts.setOnly('wipe', 'b', null, 250);
      clock.pass(400);
    }
    expect(told.filter((each) => each === 'empty')).toHaveLength(4);
    expect(alerts.open()).toMatchObject([{ missionId: 'b' }]);
    // The user's answer closes it at once, and the next one is told as ever.
    alerts.set('wipe-a-empty', null);
    alerts.setOnly('wipe', 'b', wiped('torn'), 250);
    clock.pass(250);
    expect(told.at(-1)).toBe('torn');
    alerts.setOnly('wipe', 'b', null, 250);
    expect(alerts.open()).toHaveLength(1);
    clock.pass(60_000);
    expect(alerts.open()).toEqual([]);
  });
});

describe('watching a path', () => {
  let watcher: PathWatcher;
  afterEach(() => watcher.dispose());

  /** Counts what is reported, and lets a test wait for the next report. */
  function watch(path: string) {
    watcher = createPathWatcher(() => undefined);
    let told: () => void = () => undefined;
    let heard = Promise.withResolvers<void>();
    watcher.watch(path, () => told());
    told = () => heard.resolve();
    return async (change: () => void): Promise<void> => {
      heard = Promise.withResolvers<void>();
      change();
      await heard.promise;
    };
  }

  it('reports that it is made, replaced and removed', async () => {
    const path = join(folder, 'entry');
    const hears = watch(path);
    await hears(() => writeFileSync(path, '1'));
    await hears(() => {
      writeFileSync(`${path}.tmp`, '2');
      rmSync(path);
      writeFileSync(path, '2');
    });
    await hears(() => rmSync(path));
  });

  it('reports each name that begins as the path says, and no other', async () => {
    watcher = createPathWatcher(() => undefined);
    const names: (string | null)[] = [];
    watcher.watch(join(folder, `lock-${ANY}`), (name) => names.push(name));
    const entry = Promise.withResolvers<void>();
    watcher.watch(join(folder, 'entry'), () => entry.resolve());
    mkdirSync(join(folder, 'lock-a'));
    mkdirSync(join(folder, 'other-lock-b'));
    mkdirSync(join(folder, 'lock-c'));
    // Events of one folder come in their order.
    writeFileSync(join(folder, 'entry'), '1');
    await entry.promise;
    expect(new Set(names)).toEqual(new Set(['lock-a', 'lock-c']));
  });

  it('is not kept busy by a folder that changes without a pause, and hears of the others at once', async () => {
    const [busy, calm] = [join(folder, 'busy'), join(folder, 'calm')];
    for (const each of [busy, calm]) mkdirSync(each);
    const floods: [string, boolean][] = [];
    watcher = createPathWatcher(() => undefined, {
      onFlood: (path, goesOn) => floods.push([path, goesOn]),
    });
    const told: (string | null)[] = [];
    watcher.watch(join(busy, 'entry'), (name) => told.push(name));
    const heard = Promise.withResolvers<void>();
    watcher.watch(join(calm, 'entry'), () => heard.resolve());
    // As fast as one process can; two names, since the system reports the same change only once.
    let ends = false;
    const flood = (async () => {
      while (!ends) {
        for (let at = 0; at < 300; at += 1) writeFileSync(join(busy, `other-${at % 2}`), '');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await until('the flood is noticed', () => floods.length > 0);
    writeFileSync(join(calm, 'entry'), '1');
    await heard.promise;
    writeFileSync(join(busy, 'entry'), '1');
    await until('it is looked at all the same', () => told.includes(null));
    ends = true;
    await flood;
    await until('it is calm', () => floods.length === 2);
    expect(floods).toEqual([
      [busy, true],
      [busy, false],
    ]);
    told.length = 0;
    writeFileSync(join(busy, 'entry'), '2');
    await until('it is heard of as ever', () => told.includes('entry'));
  });

  describe('that cannot be watched', () => {
    const told = new Map<string, string | null>();
    const alerts = createAlerts((event) => {
      if (event.event === 'alert') told.set(event.id, event.message);
      if (event.event === 'resolved') told.set(event.id, null);
    }, systemClock);
    const says = () => told.get('watch') ?? null;

    /** As a user who may not read what is made there. */
    function asAnother(act: () => void): void {
      const isRoot = process.geteuid?.() === 0;
      if (isRoot) process.seteuid?.(65_534);
      try {
        act();
      } finally {
        if (isRoot) process.seteuid?.(0);
      }
    }

    function unwatchable(name: string): string {
      const path = join(folder, name);
      mkdirSync(path);
      chmodSync(path, 0o300);
      return path;
    }

    beforeEach(() => {
      chmodSync(folder, 0o755);
      told.clear();
      watcher = createPathWatcher(createWatchAlert(alerts, () => 30_000));
    });

    it('is told for as long as that lasts', () => {
      const [one, two] = [unwatchable('one'), unwatchable('two')];
      asAnother(() => {
        watcher.watch(join(one, 'entry'), () => undefined);
        watcher.watch(join(two, 'entry'), () => undefined);
      });
      expect(says()).toMatch(/one and 1 more cannot be watched \(.*permission.*every 30 s/);
      chmodSync(one, 0o700);
      watcher.check();
      if (process.geteuid?.() !== 0) {
        expect(says()).toMatch(/two cannot/);
        chmodSync(two, 0o700);
        watcher.check();
      }
      expect(says()).toBeNull();
    });

    it('is told no longer once the folder is gone, or nobody wants it watched', () => {
      const [gone, left] = [unwatchable('gone'), unwatchable('left')];
      let end: () => void = () => undefined;
      asAnother(() => {
        watcher.watch(join(gone, 'entry'), () => undefined);
        end = watcher.watch(join(left, 'entry'), () => undefined);
      });
      rmSync(gone, { recursive: true });
      asAnother(() => watcher.check());
      expect(says()).toMatch(/left cannot be watched/);
      end();
      expect(says()).toBeNull();
    });
  });

  it('reports it in a folder that does not exist yet, whose parent does not exist yet', async () => {
    const path = join(folder, 'a', 'b', 'entry');
    const hears = watch(path);
    await hears(() => {
      mkdirSync(join(folder, 'a', 'b'), { recursive: true });
      writeFileSync(path, '1');
    });
    await hears(() => writeFileSync(path, '2'));
  });

  it('finds it again after its folder was removed and made anew', async () => {
    const path = join(folder, 'a', 'entry');
    mkdirSync(join(folder, 'a'));
    const hears = watch(path);
    await hears(() => writeFileSync(path, '1'));
    await hears(() => rmSync(join(folder, 'a'), { recursive: true }));
    await hears(() => {
      mkdirSync(join(folder, 'a'));
      writeFileSync(path, '2');
      watcher.check();
    });
    await hears(() => writeFileSync(path, '3'));
  });
});
