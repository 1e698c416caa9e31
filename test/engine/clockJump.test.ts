import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAttachedMissions } from '../../main/missions/attached.ts';
import { createMissionRegistry } from '../../main/missions/registry.ts';
import { createFileStore } from '../../main/stores/file/fileStore.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { createAlerts } from '../../main/sync/alerts.ts';
import { createEngine, type Engine } from '../../main/sync/engine.ts';
import type { EngineEvent } from '../../main/sync/events.ts';
import { openLineage } from '../../main/sync/lineage.ts';
import { createReconciler } from '../../main/sync/reconciler.ts';
import { createReplacements } from '../../main/sync/replacements.ts';
import { agencPaths } from '../../main/system/paths.ts';
import type { PathWatcher } from '../../main/system/pathWatcher.ts';
import { openDestinationBook } from '../../main/trust/destinationBook.ts';
import { serverIn, signIn } from '../support/clientWrites.ts';
import { createFakeClock, type FakeClock } from '../support/fakeClock.ts';
import { until } from '../support/until.ts';

/** Sees nothing: what the engine finds then, it found by looking. */
const blind: PathWatcher = {
  watch: () => () => undefined,
  check: () => undefined,
  dispose: () => undefined,
};
const POLL_MS = 60_000;

let root: string;
let clock: FakeClock;
let engine: Engine;
let a: EntryRef;
let b: EntryRef;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-clock-'));
  const paths = agencPaths(join(root, 'agenc'));
  const global: EntryRef = { scope: 'global', configDir: join(root, 'global') };
  mkdirSync(global.configDir);
  const attachedDirs = ['a', 'b'].map((name) => join(root, name));
  for (const folder of attachedDirs) mkdirSync(folder);
  [a, b] = attachedDirs.map((configDir): EntryRef => ({ scope: 'mission', configDir })) as [
    EntryRef,
    EntryRef,
  ];
  clock = createFakeClock();
  const events: EngineEvent[] = [];
  const emit = (event: EngineEvent): void => void events.push(event);
  const taken = { global: global.configDir, missions: paths.missions };
  const attached = createAttachedMissions(paths.attached, taken);
  for (const folder of attachedDirs) await attached.attach(folder);
  const store = createFileStore();
  const lineage = openLineage(paths.lineage);
  const destinations = openDestinationBook(paths.destinations);
  const reconciler = createReconciler({
    missionsFolder: paths.missions,
    store,
    global,
    lineage,
    destinations,
    clock,
    emit,
    broadcast: { announce: async () => 1 },
    journal: { append: async () => undefined },
    carryLogin: () => ({ always: false, atClone: false }),
    sharedConfigDirs: () => [],
  });
  const alerts = createAlerts(emit, clock);
  engine = createEngine({
    missionsFolder: paths.missions,
    store,
    global,
    reconciler,
    registry: createMissionRegistry(paths, attached, () => true),
    lineage,
    destinations,
    replacements: createReplacements(alerts),
    keptValue: () => Promise.reject(new Error('no journal here')),
    watcher: blind,
    alerts,
    clock,
    emit,
    pollIntervalMs: () => POLL_MS,
    fence: { look: () => undefined, setPaused: () => undefined, dispose: () => undefined },
  });
  await engine.start(false);
});

afterEach(async () => {
  await engine.dispose();
  rmSync(root, { recursive: true, force: true });
});

async function untilCarried(name: string): Promise<void> {
  await until(`"${name}" carried to the other mission`, () => serverIn(b, name) !== undefined);
}

describe('without a single event from the file system, the engine', () => {
  it('finds a change at its next poll', async () => {
    await signIn(a, 'loop');
    clock.pass(POLL_MS);
    await untilCarried('loop');
  });

  it.each([
    ['an hour ahead', 3_600_000],
    ['an hour back', -3_600_000],
  ])(
    'looks within seconds once the clock has jumped %s: the machine may have slept',
    async (_, jump) => {
      await signIn(a, 'loop');
      clock.jump(jump);
      clock.pass(POLL_MS / 10);
      await untilCarried('loop');
    },
  );

  it('goes on polling after the clock was set back a day', async () => {
    clock.jump(-86_400_000);
    clock.pass(POLL_MS);
    await engine.settled();
    await signIn(a, 'loop');
    clock.pass(POLL_MS);
    await untilCarried('loop');
  });

  it('does not look earlier while the clock goes as it should', async () => {
    await signIn(a, 'loop');
    clock.pass(POLL_MS / 2);
    await engine.settled();
    expect(serverIn(b, 'loop')).toBeUndefined();
  });
});
