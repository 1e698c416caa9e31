import { expect, it } from 'vitest';
import { attentionOf } from '../../../electron/attention.ts';
import { trayView } from '../../../electron/tray/trayView.ts';
import {
  ALERTS,
  alert,
  appState,
  mission,
  server,
  withSnapshot,
} from '../../renderer/support/states.ts';

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

it('what vanishes, or is tampered with, is one cause, however often more of it does', () => {
  for (const kind of ['wipe', 'tampering'] as const) {
    const [first, then] = ['0123456789ab', 'ba9876543210'].map((digest) =>
      attentionOf(
        withSnapshot({
          missions: [],
          alerts: [alert({ id: `${kind}-a-${digest}`, kind, missionId: 'a' })],
        }),
      ),
    );
    expect(first).toMatchObject([{ id: `alert:${kind}-a`, alertId: `${kind}-a-0123456789ab` }]);
    expect(then?.map(({ id }) => id)).toEqual(first?.map(({ id }) => id));
  }
});

it('an engine that does not run is a cause, also before anything is known', () => {
  const state = appState({ connection: { status: 'failed', message: 'why' }, snapshot: null });
  expect(attentionOf(state)).toMatchObject([{ id: 'engine', body: 'why' }]);
});

it('tampering, a replaced sign-in and a hostile mission are told once each, and the tray shows it', () => {
  const alerts = [ALERTS.tampering, ALERTS.replaced, ALERTS.hostile];
  const state = withSnapshot({ alerts });
  expect(
    attentionOf(state).map(({ title, missionId, alertId }) => [title, missionId, alertId]),
  ).toEqual([
    ['A sign-in was tampered with', '3f6c1a', 'tampering-3f6c1a-linear'],
    ['A sign-in was replaced', 'e2d870', 'replaced-notion'],
    ['A mission misbehaves', 'c5519e', 'hostile-c5519e'],
  ]);
  for (const one of alerts)
    expect(trayView(withSnapshot({ alerts: [one] })).icon).toBe('Attention');
});

it('a mission that changes the addresses all the time is told once', () => {
  const ids = ['0123456789ab', 'ba9876543210'].map((digest) => {
    const one = alert({ ...ALERTS.tampering, id: `tampering-3f6c1a-${digest}` });
    return attentionOf(withSnapshot({ alerts: [one] })).map(({ id }) => id);
  });
  expect(ids).toEqual([['alert:tampering-3f6c1a'], ['alert:tampering-3f6c1a']]);
});

it('a mission that tampers with everything makes no flood of notifications, and hides nobody else’s', () => {
  const flood = Array.from({ length: 500 }, (_, at) =>
    alert({
      ...ALERTS.tampering,
      id: `tampering-${at}`,
      missionId: 'a',
      message: 'x'.repeat(5_000),
    }),
  );
  const all = attentionOf(withSnapshot({ missions: [], alerts: [...flood, ALERTS.hostile] }));
  expect(all.map(({ id }) => id)).toEqual([
    'alert:tampering-0',
    'alert:tampering-1',
    'alert:tampering-2',
    'alerts:tampering:a',
    'alert:hostile-c5519e',
  ]);
  expect(all[3]?.body).toContain('497 more');
  expect(Math.max(...all.map(({ body }) => body.length))).toBeLessThanOrEqual(400);
});

it('nor does a mission with thousands of rejected servers', () => {
  const servers = Array.from({ length: 10_000 }, (_, at) =>
    server(`s${at}`, { key: `s${at}`, status: 'invalidated' }),
  );
  const all = attentionOf(withSnapshot({ missions: [mission('a', { servers })], alerts: [] }));
  expect(all).toHaveLength(4);
  expect(all[3]).toMatchObject({ id: 'sign-in:*', title: '9997 more servers need a sign-in' });
});
