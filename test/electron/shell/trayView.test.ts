import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trayIconPath } from '../../../electron/tray/trayIcon.ts';
import { type TrayItem, trayView } from '../../../electron/tray/trayView.ts';
import type { Snapshot } from '../../../main/service/contract/engine.ts';
import {
  appState,
  mission,
  server,
  snapshot,
  withSnapshot,
} from '../../renderer/support/states.ts';

const named = (items: readonly TrayItem[], label: string) =>
  items.find((item) => 'label' in item && item.label === label);
const missionsIn = (items: readonly TrayItem[]): readonly TrayItem[] => {
  const item = named(items, 'Missions');
  return item !== undefined && 'submenu' in item ? (item.submenu ?? []) : [];
};

describe('the tray', () => {
  it.each<[string, Partial<Snapshot>]>([
    ['InSync', {}],
    ['Syncing', { activity: { paused: false, busy: true } }],
    ['Paused', { activity: { paused: true, busy: false } }],
    ['Attention', { missions: [mission('a', { trouble: 'locked' })] }],
  ])('shows "%s" by its shape', (icon, change) => {
    const view = trayView(withSnapshot({ missions: [mission('a')], alerts: [], ...change }));
    expect(view.icon).toBe(icon);
    expect(view.tooltip).toMatch(/^AgenC Bar: \S/);
  });

  it('has every command, also where nothing is connected', () => {
    for (const state of [
      appState(),
      appState({ connection: { status: 'starting' }, snapshot: null }),
    ]) {
      const labels = trayView(state).menu.flatMap((item) => ('label' in item ? [item.label] : []));
      expect(labels).toEqual(
        expect.arrayContaining([
          'Open AgenC Bar',
          'Force Resync',
          'Pause Syncing',
          'Missions',
          'Log',
          'Settings…',
          'Quit AgenC Bar',
        ]),
      );
    }
  });

  it('offers nothing that cannot be done', () => {
    const { menu } = trayView(appState({ connection: { status: 'failed', message: 'm' } }));
    expect(named(menu, 'Force Resync')).toMatchObject({ action: null });
    expect(named(menu, 'Pause Syncing')).toMatchObject({ action: null });
    const paused = trayView(
      withSnapshot({ activity: { paused: true, busy: false } }, { connection: { status: 'own' } }),
    );
    expect(named(paused.menu, 'Force Resync')).toMatchObject({ action: null });
    expect(named(paused.menu, 'Pause Syncing')).toMatchObject({
      checked: true,
      action: { do: 'pause', paused: false },
    });
  });

  it('lists running missions with what they need, and no more than a screen holds', () => {
    const rejected = server('linear', { status: 'invalidated', expiresAt: 0 });
    const missions = [
      mission('one', { name: 'fix & ship', servers: [rejected] }),
      mission('two', { state: 'stopped' }),
      ...Array.from({ length: 30 }, (_, index) => mission(`m${index}`)),
    ];
    const items = missionsIn(trayView(withSnapshot({ missions })).menu);
    expect(items).toHaveLength(21);
    expect(items[0]).toEqual({
      label: 'fix && ship — needs sign-in',
      action: { do: 'open', place: 'missions', missionId: 'one' },
    });
    expect(items[20]).toMatchObject({ label: '11 more…' });
    expect(missionsIn(trayView(withSnapshot({ missions: [] })).menu)).toEqual([
      { label: 'None is running', action: null },
    ]);
  });

  it('stays the same while only time passes', () => {
    const shown = snapshot();
    const later = { ...shown, global: { ...shown.global, seenAt: '2030-01-01T00:00:00.000Z' } };
    expect(trayView(appState({ snapshot: later, revision: 99 }))).toEqual(
      trayView(appState({ snapshot: shown })),
    );
  });
});

it('every icon is there, for every panel', () => {
  const folder = join(import.meta.dirname, '../../../assets/tray');
  for (const icon of ['InSync', 'Syncing', 'Attention', 'Paused'] as const) {
    for (const path of [
      trayIconPath(folder, icon, false, 'darwin'),
      trayIconPath(folder, icon, false, 'linux'),
      trayIconPath(folder, icon, true, 'linux'),
    ]) {
      expect(existsSync(path), path).toBe(true);
    }
  }
});
