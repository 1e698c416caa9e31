import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  MissionMessage,
  ServerMessage,
  Snapshot,
} from '../../main/service/contract/engine.ts';
import { type Grid, gridOf, onlyTrouble, SOON_MS } from '../../renderer/servers/grid.ts';
import { move, type Place } from '../../renderer/servers/move.ts';
import {
  cellName,
  cellText,
  cellWords,
  clockTime,
  columnName,
  columnWords,
  gridSummary,
  headerName,
  rowName,
} from '../../renderer/servers/words.ts';

// In the local time zone, as the words are.
const NOW = new Date(2026, 10, 24, 13, 27).getTime();
const MINUTE = 60_000;

const NEVER_REFRESHED = {
  refreshedAt: null,
  refreshedBy: null,
  nextRefreshAt: null,
  refreshTrouble: null,
};

function server(name: string, change: Partial<ServerMessage> = {}): ServerMessage {
  const key = `${name}|${'0123456789abcdef'}`;
  const expiresAt = NOW + 38 * MINUTE;
  return { key, name, status: 'usable', expiresAt, ...NEVER_REFRESHED, ...change };
}

function mission(id: string, change: Partial<MissionMessage> = {}): MissionMessage {
  return {
    id,
    name: id,
    kind: 'agenc',
    state: 'running',
    configDir: `/missions/${id}`,
    repo: null,
    hash: null,
    run: null,
    shared: false,
    inSync: true,
    held: [],
    lastSyncAt: null,
    servers: [server('linear')],
    trouble: null,
    seenAt: null,
    ...change,
  };
}

function snapshot(
  missions: MissionMessage[],
  global: ServerMessage[] = [server('linear')],
): Snapshot {
  return {
    engine: { running: true, pid: 1, store: 'file' },
    activity: { paused: false, busy: false },
    agencDir: '/agenc',
    global: {
      configDir: '/claude',
      hash: null,
      lastBroadcastAt: null,
      servers: global,
      trouble: null,
      seenAt: null,
    },
    missions,
    alerts: [],
  } satisfies Snapshot;
}

const labels = (grid: Grid) => grid.rows.map((row) => row.label);
const names = (grid: Grid) => grid.columns.map(columnName);
const states = (grid: Grid, row: string) =>
  grid.cells[labels(grid).indexOf(row)]?.map(({ state }) => state);
const only = (change: Partial<ServerMessage>, now = NOW) =>
  gridOf(snapshot([], [server('linear', change)]), now).cells[0]?.[0];

describe('rows and columns', () => {
  it('has the global entry first, then what runs, then what is stopped, each by name', () => {
    const grid = gridOf(
      snapshot([
        mission('c', { state: 'stopped' }),
        mission('m10'),
        mission('b', { state: 'attached', kind: 'attached' }),
        mission('a', { state: 'stopped' }),
        mission('m2'),
      ]),
      NOW,
    );
    expect(labels(grid)).toEqual(['everywhere (global)', 'b', 'm2', 'm10', 'a', 'c']);
    expect(grid.rows.map((row) => row.stopped)).toEqual([false, false, false, false, true, true]);
  });

  it('tells missions of the same name apart', () => {
    const twins = [
      mission('1111aaaa2222', { name: 'twin' }),
      mission('3333bbbb4444', { name: 'twin' }),
    ];
    expect(labels(gridOf(snapshot(twins), NOW)).slice(1)).toEqual([
      'twin (1111aaaa)',
      'twin (3333bbbb)',
    ]);
  });

  it('puts columns in trouble first, else by name', () => {
    const servers = ['zeta', 'alpha', 'Beta', 'omega'].map((name) => server(name));
    const bad = servers.map((one) =>
      one.name === 'omega' ? { ...one, status: 'invalidated' as const } : one,
    );
    expect(names(gridOf(snapshot([mission('a', { servers: bad })], servers), NOW))).toEqual([
      'omega',
      'alpha',
      'Beta',
      'zeta',
    ]);
    expect(names(gridOf(snapshot([], servers), NOW))).toEqual(['alpha', 'Beta', 'omega', 'zeta']);
  });

  it('tells servers of the same name apart by as much of their keys as it takes', () => {
    const keys = ['linear|aaaa00001111', 'linear|aaaa00002222', 'linear|bbbb00001111', 'other'];
    const servers = keys.map((key) => server('linear', { key }));
    const grid = gridOf(snapshot([], servers), NOW);
    expect(grid.columns.map(({ tag }) => tag)).toEqual(['aaaa00001', 'aaaa00002', 'bbbb', 'othe']);
    expect(gridOf(snapshot([], [server('linear')]), NOW).columns[0]?.tag).toBeNull();
  });
});

describe('cells', () => {
  it('are told by how long the sign-in lasts', () => {
    expect(only({ expiresAt: NOW + SOON_MS })?.state).toBe('usable');
    expect(only({ expiresAt: NOW + SOON_MS - 1 })?.state).toBe('soon');
    expect(only({ expiresAt: NOW + 1 })?.state).toBe('soon');
    expect(only({ expiresAt: NOW })?.state).toBe('expired');
    expect(only({ expiresAt: null })).toMatchObject({ state: 'usable', expiresAt: null });
    expect(only({ status: 'invalidated', expiresAt: 0 })).toMatchObject({
      state: 'invalidated',
      expiresAt: null,
    });
    expect(only({ status: 'registered', expiresAt: null })?.state).toBe('registered');
  });

  it('show what is absent, and what vanished and waits for an answer', () => {
    const global = [server('linear'), server('notion'), server('sentry')];
    const held = mission('b', { servers: [server('sentry')], held: ['linear'] });
    const grid = gridOf(snapshot([mission('a', { servers: [] }), held], global), NOW);
    expect(names(grid)).toEqual(['linear', 'notion', 'sentry']);
    expect(states(grid, 'a')).toEqual(['absent', 'absent', 'absent']);
    expect(states(grid, 'b')).toEqual(['vanished', 'absent', 'usable']);
    expect(grid.rows.find(({ id }) => id === 'b')?.problem).toBe('vanished: linear');
  });

  it('find what vanished by its key too, and take the one that the others keep', () => {
    const kept = server('Linear (work)', { key: 'linear|0123456789abcdef' });
    const another = server('linear', { key: 'linear|ffff456789abcdef' });
    const missions = [
      mission('a', { servers: [another] }),
      mission('b', { servers: [], held: ['linear'] }),
    ];
    const grid = gridOf(snapshot(missions, [kept]), NOW);
    const at = grid.columns.findIndex(({ key }) => key === kept.key);
    expect(states(grid, 'b')?.[at]).toBe('vanished');
    expect(states(grid, 'b')?.[1 - at]).toBe('absent');
  });

  it('know from its alert what vanished from the global entry', () => {
    const base = snapshot([mission('a')], []);
    const about = { message: 'It vanished.', servers: ['linear'], at: '2026-11-24T12:00:00.000Z' };
    const alert = { id: 'wipe-global', kind: 'wipe' as const, missionId: null, ...about };
    const grid = gridOf({ ...base, alerts: [alert] }, NOW);
    expect(states(grid, 'everywhere (global)')).toEqual(['vanished']);
    const other = gridOf({ ...base, alerts: [{ ...alert, missionId: 'a' }] }, NOW);
    expect(states(other, 'everywhere (global)')).toEqual(['absent']);
  });
});

describe('trouble', () => {
  const bad = [server('linear', { status: 'invalidated', expiresAt: 0 })];

  it('is what asks for the user, in what is kept in step', () => {
    const running = gridOf(snapshot([mission('a', { servers: bad })]), NOW);
    expect(running.columns[0]).toMatchObject({ worst: 'invalidated', trouble: true });
    expect(running.trouble).toBe(true);
    const stopped = gridOf(snapshot([mission('a', { servers: bad, state: 'stopped' })]), NOW);
    expect(stopped.columns[0]).toMatchObject({ worst: 'usable', trouble: false });
    expect(stopped.trouble).toBe(false);
  });

  it('of a server that only stopped missions have is shown, but is none', () => {
    const grid = gridOf(snapshot([mission('a', { servers: bad, state: 'stopped' })], []), NOW);
    expect(grid.columns[0]).toMatchObject({ worst: 'invalidated', trouble: false });
  });

  it('is also an entry that cannot be read', () => {
    const grid = gridOf(snapshot([mission('a', { trouble: 'The keychain is locked.' })]), NOW);
    expect(grid.rows[1]).toMatchObject({ trouble: true, problem: 'The keychain is locked.' });
    expect(grid.columns[0]?.trouble).toBe(false);
    expect(gridSummary(grid)).toMatch(/cannot be read/);
  });

  it('can be all that is shown', () => {
    const grid = onlyTrouble(
      gridOf(snapshot([mission('a'), mission('b', { servers: bad }), mission('c')]), NOW),
    );
    expect(labels(grid)).toEqual(['b']);
    expect(grid.cells).toMatchObject([[{ state: 'invalidated', expiresAt: null }]]);
  });
});

describe('any snapshot', () => {
  const serverOf = fc.record({
    refreshedAt: fc.constant(null),
    refreshedBy: fc.constant(null),
    nextRefreshAt: fc.constant(null),
    refreshTrouble: fc.constant(null),
    key: fc.constantFrom('a|1', 'a|2', 'b', 'c|0123456789abcdef'),
    name: fc.constantFrom('a', 'b', ''),
    status: fc.constantFrom('usable' as const, 'registered' as const, 'invalidated' as const),
    expiresAt: fc.option(fc.double({ noNaN: true })),
  });
  const servers = fc.uniqueArray(serverOf, { selector: ({ key }) => key });
  const missionOf = fc.record({
    servers,
    state: fc.constantFrom('running' as const, 'stopped' as const, 'attached' as const),
    held: fc.array(fc.constantFrom('a', 'b', 'x')),
  });

  it('becomes a grid in which each server is found again, and can be put in words', () => {
    fc.assert(
      fc.property(fc.array(missionOf, { maxLength: 6 }), servers, (changes, global) => {
        const missions = changes.map((change, at) => mission(`m${at}`, change));
        const grid = gridOf(snapshot(missions, global), NOW);
        expect(grid.cells.length).toBe(missions.length + 1);
        for (const line of grid.cells) expect(line.length).toBe(grid.columns.length);
        expect(new Set(names(grid)).size).toBe(grid.columns.length);
        const stored = [...missions.map((one) => one.servers), global].flat().length;
        const empty = ['absent', 'vanished'];
        expect(grid.cells.flat().filter(({ state }) => !empty.includes(state)).length).toBe(stored);
        for (const [at, row] of grid.rows.entries()) {
          for (const [to, column] of grid.columns.entries()) {
            const cell = grid.cells[at]?.[to];
            if (cell !== undefined) expect(cellName(column, row, cell, NOW)).not.toMatch(/NaN/);
          }
        }
      }),
    );
  });
});

describe('words', () => {
  it('say a cell in full', () => {
    const grid = gridOf(snapshot([mission('m', { name: 'fix login' })]), NOW);
    const [column] = grid.columns;
    const [global, row] = grid.rows;
    const cell = grid.cells[1]?.[0];
    if (!column || !row || !global || !cell) throw new Error('The grid is too small.');
    const words = 'signed in, expires in 38 minutes at 14:05';
    expect(cellName(column, row, cell, NOW)).toBe(`linear in fix login: ${words}`);
    expect(cellName(column, global, cell, NOW)).toBe(`linear everywhere (global): ${words}`);
    expect(cellName(column, { ...row, stopped: true }, cell, NOW)).toContain('(stopped)');
  });

  it('say the time left', () => {
    const text = (change: Partial<ServerMessage>): string => {
      const cell = only(change);
      return cell === undefined ? '' : `${cellText(cell, NOW)} | ${cellWords(cell, NOW)}`;
    };
    expect(text({ expiresAt: NOW + 4.9 * MINUTE })).toMatch(/^4 min \| .*in 4 minutes at 13:31$/);
    expect(text({ expiresAt: NOW + 30_000 })).toMatch(/^< 1 min \| .*less than a minute/);
    expect(text({ expiresAt: NOW + MINUTE })).toMatch(/in 1 minute at/);
    expect(text({ expiresAt: NOW + 5 * 60 * MINUTE })).toMatch(/^5 h \| .*5 hours/);
    expect(text({ expiresAt: NOW + 72 * 60 * MINUTE })).toMatch(
      /^3 d \| .*on Fri 27 Nov at 13:27$/,
    );
    expect(text({ expiresAt: NOW - MINUTE })).toBe('renews | expired at 13:26, renews at next use');
    expect(text({ expiresAt: null })).toBe('signed in | signed in');
    expect(text({ status: 'invalidated' })).toBe('sign in | needs a sign-in');
    expect(text({ status: 'registered' })).toBe('never | never signed in');
    expect(clockTime(1e300, NOW)).toBe('at an unknown time');
  });

  it('say what is the matter with a column, a row and all of it', () => {
    const bad = mission('a', { servers: [server('linear', { status: 'invalidated' })] });
    const grid = gridOf(snapshot([bad, mission('b', { state: 'stopped' })]), NOW);
    const [column] = grid.columns;
    const [, , stopped] = grid.rows;
    if (!column || !stopped) throw new Error('The grid is too small.');
    expect(headerName(column)).toBe('linear: at worst needs a sign-in');
    expect(columnWords(grid, column.key)).toBe('needs a sign-in: 1 · signed in: 2');
    expect(rowName(stopped)).toBe('b, stopped');
    expect(gridSummary(grid)).toBe('linear needs a sign-in: once, for all missions.');
    expect(gridSummary(gridOf(snapshot([mission('b')]), NOW))).toBe(
      '1 server signed in; nothing to do.',
    );
  });
});

describe('moving by keys', () => {
  const size = { rows: 21, columns: 5, page: 10 };
  const from: Place = { row: 5, column: 2 };
  const cases: [string, boolean, Place][] = [
    ['ArrowUp', false, { row: 4, column: 2 }],
    ['ArrowDown', false, { row: 6, column: 2 }],
    ['ArrowLeft', false, { row: 5, column: 1 }],
    ['ArrowRight', false, { row: 5, column: 3 }],
    ['Home', false, { row: 5, column: 0 }],
    ['End', false, { row: 5, column: 4 }],
    ['Home', true, { row: 0, column: 0 }],
    ['End', true, { row: 20, column: 4 }],
    ['PageDown', false, { row: 15, column: 2 }],
    ['PageUp', false, { row: 0, column: 2 }],
    ['ArrowUp', true, { row: 0, column: 2 }],
  ];
  it.each(cases)('%s (Ctrl: %s)', (key, ctrl, to) => {
    expect(move(from, { key, ctrl }, size)).toEqual(to);
  });

  it('never leaves the grid, and leaves all other keys alone', () => {
    const end = { row: 20, column: 4 };
    for (const key of ['ArrowDown', 'ArrowRight', 'PageDown', 'End']) {
      expect(move(end, { key, ctrl: false }, size)).toEqual(end);
    }
    for (const key of ['Tab', 'Enter', 'a'])
      expect(move(from, { key, ctrl: false }, size)).toBeNull();
  });
});
