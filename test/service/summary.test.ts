import { describe, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import type { MissionMessage, Snapshot } from '../../main/service/contract/engine.ts';
import { needOf, summaryOf } from '../../main/service/contract/summary.ts';
import {
  alert,
  mission as aMission,
  snapshot as aSnapshot,
  server,
} from '../renderer/support/states.ts';

const mission = (change: Partial<MissionMessage> = {}): MissionMessage =>
  aMission('a', { servers: [], ...change });
const invalidated = server('linear', { status: 'invalidated', expiresAt: 0 });
const snapshot = (missions: MissionMessage[], change: Partial<Snapshot> = {}): Snapshot =>
  aSnapshot({ missions, alerts: [], ...change });

const sentence = (
  shown: Snapshot | null,
  connection: AppState['connection'] = { status: 'own' },
  resyncing: string | null = null,
) => summaryOf({ connection, snapshot: shown, resyncing });

describe('one sentence on the whole', () => {
  it.each([
    ['All 2 missions in sync', 'good', snapshot([mission(), mission({ id: 'b' })])],
    ['1 mission in sync', 'good', snapshot([mission(), mission({ state: 'stopped' })])],
    ['No mission is running', 'good', snapshot([mission({ state: 'stopped', inSync: false })])],
    ['No missions yet', 'idle', snapshot([])],
    ['1 mission needs attention', 'attention', snapshot([mission({ servers: [invalidated] })])],
    [
      '2 missions need attention',
      'attention',
      snapshot([mission({ held: ['x'] }), mission({ trouble: 'locked' }), mission()]),
    ],
    ['1 thing needs attention', 'attention', snapshot([mission()], { alerts: [alert()] })],
    [
      'Syncing…',
      'busy',
      snapshot([mission({ inSync: false })], { activity: { paused: false, busy: true } }),
    ],
    [
      'Syncing is paused',
      'paused',
      snapshot([mission({ held: ['x'] })], { activity: { paused: true, busy: false } }),
    ],
  ])('%s', (words, tone, shown) => {
    expect(sentence(shown)).toEqual({ sentence: words, tone });
  });

  it('tells where it stands with the engine first', () => {
    const shown = snapshot([mission()]);
    expect(sentence(shown, { status: 'failed', message: 'm' }).tone).toBe('attention');
    expect(sentence(null, { status: 'starting' }).sentence).toBe('Starting…');
    expect(sentence(null, { status: 'waiting' }).sentence).toBe('Not started yet');
    expect(sentence(shown, { status: 'other', pid: 7 }).sentence).toBe('1 mission in sync');
    expect(sentence(shown, { status: 'own' }, '*').sentence).toBe('Syncing…');
  });

  it('a global entry that cannot be read is never "in sync"', () => {
    const shown = snapshot([mission()]);
    const ill = { ...shown, global: { ...shown.global, trouble: 'locked' } };
    expect(sentence(ill)).toEqual({
      sentence: 'Global entry unreadable',
      tone: 'attention',
    });
  });
});

describe('what a mission needs', () => {
  it.each([
    [null, mission()],
    ['unreadable', mission({ trouble: 'locked', held: ['x'], inSync: false })],
    ['vanished', mission({ held: ['x'], servers: [invalidated] })],
    ['sign-in', mission({ servers: [invalidated], inSync: false })],
    ['differs', mission({ inSync: false })],
    [null, mission({ state: 'stopped', inSync: false, servers: [invalidated] })],
  ])('%s', (need, of) => {
    expect(needOf(of, false)).toBe(need);
  });

  it('nothing while it is being brought in step', () => {
    expect(needOf(mission({ inSync: false }), true)).toBe(null);
  });
});
