import { expect, it } from 'vitest';
import { attentionOf } from '../../../electron/attention.ts';
import { alert, appState, mission, server, withSnapshot } from '../../renderer/support/states.ts';

const rejected = server('linear', { status: 'invalidated', expiresAt: 0 });

it('a rejected server is one cause, however many missions miss it', () => {
  const missions = ['a', 'b', 'c'].map((id) => mission(id, { servers: [rejected] }));
  const attention = attentionOf(withSnapshot({ missions, alerts: [] }));
  expect(attention).toMatchObject([
    { id: `sign-in:${rejected.key}`, title: 'linear needs a sign-in', place: 'servers' },
  ]);
  expect(attention[0]?.body).toContain('Missing in a and 2 others.');
});

it('a stopped mission needs nothing', () => {
  const missions = [mission('a', { state: 'stopped', servers: [rejected] })];
  expect(attentionOf(withSnapshot({ missions, alerts: [] }))).toEqual([]);
});

it('an alert leads to its mission, and keeps its cause', () => {
  const wipe = alert({ id: 'wipe-a', kind: 'wipe', missionId: 'a' });
  const settings = alert({ id: 'settings', kind: 'settings', missionId: null });
  expect(attentionOf(withSnapshot({ missions: [], alerts: [wipe, settings] }))).toMatchObject([
    { id: 'alert:wipe-a', place: 'missions', missionId: 'a', alertId: 'wipe-a' },
    { id: 'alert:settings', place: 'settings' },
  ]);
});

it('an engine that does not run is a cause, also before anything is known', () => {
  const state = appState({ connection: { status: 'failed', message: 'why' }, snapshot: null });
  expect(attentionOf(state)).toMatchObject([{ id: 'engine', body: 'why' }]);
});
