import { describe, expect, it } from 'vitest';
import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { type ActionId, actionsOf } from '../../renderer/missions/actions.ts';
import { displayName, missionGroups } from '../../renderer/missions/groups.ts';
import { lasting, nextExpiry, placeOf, statusOf } from '../../renderer/missions/words.ts';
import type { Asked } from '../../renderer/state/runs.ts';
import { RUNS, TROUBLED } from './support/scenarios.ts';
import { mission, NOW, run, SEVEN, server } from './support/states.ts';

const MINUTE = 60_000;

describe('a mission', () => {
  it.each([
    ['needs sign-in: linear', 0, 'attention'],
    ['3 vanished', 1, 'bad'],
    ['cannot be read', 2, 'bad'],
    ['differs', 3, 'attention'],
    ['in sync', 4, 'good'],
  ] as const)('is told as “%s”', (text, at, tone) => {
    expect(statusOf(TROUBLED[at] ?? mission('none'), false)).toMatchObject({ text, tone });
  });

  it('does not differ while something is under way', () => {
    expect(statusOf(mission('a', { inSync: false }), true).text).toBe('syncing…');
  });

  it('has the shape of its state, and of its trouble', () => {
    const shapes = SEVEN.map((one) => statusOf(one, false).shape);
    expect(shapes).toEqual(['good', 'good', 'good', 'good', 'good', 'attached', 'stopped']);
    expect(TROUBLED.map((one) => statusOf(one, false).shape)).not.toContain('stopped');
  });

  it.each([
    ['asks', 'needs you', 'asks'],
    ['busy', 'busy', 'working'],
    ['idle', 'idle', 'good'],
    ['headless', 'headless', 'busy'],
    ['pending', 'restarts when idle', 'busy'],
    ['restarting', 'restarting…', 'busy'],
    ['stopping', 'stopping…', 'busy'],
    ['foreign', 'in sync', 'good'],
    ['need', 'needs sign-in: linear', 'attention'],
    ['failed', 'ended with exit code 1', 'attention'],
    ['done', 'finished', 'stopped'],
    ['stopped', 'stopped', 'stopped'],
  ] as const)('with the run “%s” is told as “%s”', (id, text, shape) => {
    const one = RUNS.find((each) => each.id === id) ?? mission('none');
    expect(statusOf(one, false)).toMatchObject({ text, shape });
  });

  it('shows at once what was asked of it, whatever else is the matter', () => {
    expect(statusOf(TROUBLED[0] ?? mission('none'), false, 'removing').text).toBe('removing…');
  });

  it('has run headless for so long', () => {
    expect(statusOf(mission('a', { run: run({ mode: 'headless' }) }), false).since).toBe(
      NOW - 3 * MINUTE,
    );
    expect([59_000, 3 * MINUTE, -MINUTE].map((ms) => lasting(NOW - ms, NOW))).toEqual([
      '< 1 min',
      '3 min',
      '< 1 min',
    ]);
  });

  it('expires with the first of its sign-ins', () => {
    const of = (...spans: (number | null)[]): string | null =>
      nextExpiry(
        spans.map((ms) => server('a', { expiresAt: ms === null ? null : NOW + ms })),
        NOW,
      );
    expect(of(6 * 60 * MINUTE, 38 * MINUTE, null)).toBe('38 min');
    expect(of(-MINUTE, 38 * MINUTE)).toBe('38 min');
    expect(of(-MINUTE)).toBe('renews at next use');
    expect(of(null)).toBeNull();
    expect(nextExpiry([server('a', { status: 'invalidated' })], NOW)).toBeNull();
  });

  it('works in its repo, or is its folder', () => {
    expect(SEVEN.map(placeOf).slice(4)).toEqual([
      'acme/billing',
      '…/work/.claude-client',
      'acme/handbook',
    ]);
  });
});

describe('what can be done', () => {
  const LOOK: readonly ActionId[] = ['page', 'resync', 'folder', 'log', 'copy'];
  const ids = (one: MissionMessage | undefined, asked: Asked | null = null): ActionId[] =>
    actionsOf(one ?? mission('none'), asked).flatMap(({ actions }) => actions.map(({ id }) => id));
  const runs = (id: string): MissionMessage | undefined => RUNS.find((one) => one.id === id);

  it.each([
    ['idle', ['stop', 'restart', 'restart-now', ...LOOK, 'remove']],
    ['headless', ['stop', ...LOOK, 'remove']],
    ['pending', ['stop', 'restart-now', ...LOOK, 'remove']],
    ['restarting', ['stop', ...LOOK, 'remove']],
    ['stopping', [...LOOK, 'remove']],
    ['foreign', ['stop', ...LOOK, 'remove']],
    ['stopped', ['launch', 'resume', 'headless', 'page', 'folder', 'log', 'copy', 'remove']],
  ] as const)('with “%s” is what applies to it', (id, expected) => {
    expect(ids(runs(id))).toEqual(expected);
  });

  it('with an attached directory is to detach it: its Claude is nobody’s here', () => {
    expect(ids(SEVEN[5])).toEqual([...LOOK, 'detach']);
  });

  it('is nothing twice', () => {
    expect(ids(runs('stopped'), 'opening')).toEqual(['page', 'folder', 'log', 'copy', 'remove']);
    expect(ids(runs('idle'), 'removing')).toEqual(LOOK);
  });

  it('does not copy the hash of an entry that is not there', () => {
    expect(ids(mission('a', { hash: null }))).not.toContain('copy');
  });
});

describe('the groups', () => {
  it('are in order, and none is empty', () => {
    expect(missionGroups(SEVEN, '').map(({ title, missions }) => [title, missions.length])).toEqual(
      [
        ['Running', 5],
        ['Attached', 1],
        ['Stopped', 1],
      ],
    );
    expect(missionGroups(SEVEN.slice(0, 2), '')).toHaveLength(1);
  });

  it.each([
    ['REWRITE', ['api rewrite']],
    ['acme/api', ['api rewrite']],
    ['a07f', ['docs sweep']],
    ['figma handbook', ['docs sweep']],
    ['claude-client', ['work laptop']],
    ['claude-config', []],
  ])('have what “%s” finds', (search, names) => {
    const found = missionGroups(SEVEN, search).flatMap(({ missions }) => missions);
    expect(found.map(({ name }) => name)).toEqual(names);
  });

  it('name what has no name', () => {
    expect(displayName({ id: '3f', name: '  ' })).toBe('3f');
  });
});
