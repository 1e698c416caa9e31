import { describe, expect, it } from 'vitest';
import { shortcutHint, shortcutOf } from '../../renderer/shortcuts.ts';
import { newer } from '../../renderer/state/appState.ts';
import { share } from '../../renderer/state/share.ts';
import { ago, expiry, machineTime, msOf, span, took } from '../../renderer/text/time.ts';
import { manyMissions } from './support/scenarios.ts';
import { appState, withSnapshot } from './support/states.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** In the zone of whoever runs this, as the page does. */
const now = new Date(2026, 10, 24, 14, 5, 0).getTime();

describe('how long ago', () => {
  it.each([
    [0, 'just now'],
    [-3 * SECOND, 'just now'],
    [12 * SECOND, '12 s ago'],
    [59_999, '59 s ago'],
    [3 * MINUTE, '3 min ago'],
    [2 * HOUR, '2 h ago'],
    [24 * HOUR, 'yesterday 14:05'],
    [48 * HOUR, '22 Nov 14:05'],
    [400 * 24 * HOUR, '20 Oct 2025'],
    [Number.MAX_VALUE, 'at an unknown time'],
  ])('%d ms is “%s”', (ms, text) => {
    expect(ago(now - ms, now)).toBe(text);
  });

  it('says yesterday only for yesterday', () => {
    const midnight = new Date(2026, 10, 24, 0, 5).getTime();
    expect(ago(midnight - 10 * MINUTE, midnight)).toBe('10 min ago');
    expect(ago(midnight - 8 * HOUR, midnight)).toBe('yesterday 16:05');
  });
});

describe('spans', () => {
  it.each([
    [38 * MINUTE, '38 min'],
    [6 * HOUR, '6 h'],
    [4 * 24 * HOUR, '4 d'],
    [40 * SECOND, '40 s'],
    [-1, '0 s'],
  ])('%d ms is “%s”', (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it('renew once they are over', () => {
    expect(expiry(now - 1, now)).toBe('renews at next use');
    expect(expiry(now + 20 * SECOND, now)).toBe('< 1 min');
    expect(took(12.4)).toBe('12 ms');
    expect(took(1_240)).toBe('1.2 s');
  });

  it('read what is no time as none', () => {
    expect(msOf('nonsense')).toBeNull();
    expect(machineTime(Number.MAX_VALUE)).toBeUndefined();
  });
});

describe('sharing', () => {
  const state = withSnapshot({ missions: manyMissions(5) });

  it('keeps what did not change, and only that', () => {
    const next = structuredClone(state);
    const changed = {
      ...next,
      revision: 2,
      snapshot: next.snapshot && {
        ...next.snapshot,
        missions: next.snapshot.missions.map((one, at) => (at === 3 ? { ...one, name: 'x' } : one)),
      },
    };
    const shared = newer(state, changed);
    expect(shared).toEqual(changed);
    const same = shared.snapshot?.missions.map((one, at) => one === state.snapshot?.missions[at]);
    expect(same).toEqual([true, true, true, false, true]);
    expect(shared.snapshot?.global).toBe(state.snapshot?.global);
  });

  it('follows a mission to another place in the list', () => {
    const list = state.snapshot?.missions ?? [];
    const moved = share(list, structuredClone(list).reverse());
    expect(moved.map(({ id }) => id)).toEqual(list.map(({ id }) => id).reverse());
    expect(moved[0]).toBe(list.at(-1));
  });

  it('does not take a missing key for an undefined one', () => {
    expect(share({ a: 1, b: undefined }, { a: 1, c: undefined })).toEqual({ a: 1, c: undefined });
    expect(Object.keys(share({ a: 1, b: undefined }, { a: 1, c: undefined }))).toEqual(['a', 'c']);
    expect(share([1, 2], [1])).toEqual([1]);
    expect(share({ a: null }, { a: {} })).toEqual({ a: {} });
  });

  it('drops a state that is older', () => {
    expect(newer(appState({ revision: 5 }), appState({ revision: 4 })).revision).toBe(5);
  });
});

describe('shortcuts', () => {
  const press = (key: string, more: object = {}) => ({
    key,
    metaKey: false,
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  });

  it('are ⌘ on macOS and Ctrl elsewhere', () => {
    expect(shortcutOf(press('r', { metaKey: true }), 'darwin')).toBe('resync');
    expect(shortcutOf(press('r', { ctrlKey: true }), 'darwin')).toBeNull();
    expect(shortcutOf(press('R', { ctrlKey: true }), 'linux')).toBe('resync');
    expect(shortcutOf(press('r', { ctrlKey: true, shiftKey: true }), 'linux')).toBeNull();
    expect(shortcutOf(press('r'), 'linux')).toBeNull();
    expect(shortcutHint('settings', 'darwin')).toBe('⌘,');
    expect(shortcutHint('find', 'win32')).toBe('Ctrl+F');
  });
});
