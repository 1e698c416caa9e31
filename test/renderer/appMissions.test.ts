import { describe, expect, it } from 'vitest';
import { displayName, missionGroups } from '../../renderer/missions/groups.ts';
import { nextExpiry, placeOf, statusOf } from '../../renderer/missions/words.ts';
import { TROUBLED } from './support/scenarios.ts';
import { mission, NOW, SEVEN, server } from './support/states.ts';

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
