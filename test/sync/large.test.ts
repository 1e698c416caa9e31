import { describe, expect, it } from 'vitest';
import { createDigester } from '../../main/credentials/digest.ts';
import { type Entry, type Json, parseEntry } from '../../main/credentials/entry.ts';
import { planReconcile } from '../../main/sync/plan.ts';
import { divide, type Shares } from '../../main/sync/shares.ts';
import { fakeEntry, fakeServer, serverKey } from '../support/fake.ts';

const digester = createDigester();
const none = { frozen: new Set<string>(), dropped: new Set<string>() };

function entry(text: string): Entry {
  const parsed = parseEntry(text);
  if (parsed.status !== 'ok') throw new Error(parsed.reason);
  return parsed.entry;
}

const many = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => fakeServer(`server-${from + index}`));

/** What one reconcile of these missions with this global entry comes to, all of them never met before. */
function plan(
  global: Entry | null,
  missions: Readonly<Record<string, Entry>>,
  [ofGlobal, ofMissions] = [none, none],
  shares: Shares = new Map(),
) {
  return planReconcile(
    {
      global: {
        entry: global,
        writtenAt: null,
        record: { place: 'x', known: new Set(), held: new Set(), shares },
        isRestOther: false,
        distrusted: ofGlobal,
      },
      missions: Object.entries(missions).map(([id, one]) => ({
        id,
        entry: one,
        writtenAt: null,
        record: { place: 'x', base: new Map(), held: new Set(), open: true, lastSyncAt: null },
        clone: false,
        isRestOther: false,
        rewound: new Set(),
        cloneLogin: false,
        distrusted: ofMissions,
      })),
      heal: false,
      now: 0,
      carryLogin: { always: false, atClone: false },
    },
    digester,
  );
}

const serversOf = (one: Entry | null): string[] => Object.keys((one?.mcpOAuth ?? {}) as object);

it('a field out of all reason stays where it is; the sign-ins beside it go their way', () => {
  const good = fakeServer('bank');
  const mission = entry(fakeEntry([good, 'new'], { blob: 'x'.repeat(65_537) }));
  const global = entry(fakeEntry([good]));
  const made = plan(global, { a: mission, b: entry(fakeEntry([])) });
  expect(serversOf(made.global)).toEqual([serverKey('bank'), serverKey('new')]);
  expect(made.global).not.toHaveProperty('blob');
  expect(made.missions[0]).toMatchObject({ entry: mission, oversized: ['/blob'], refusal: null });
  expect(serversOf(made.missions[1]?.entry ?? null)).toHaveLength(2);
});

it('a sign-in that a mission blew up is neither carried nor lost to the others', () => {
  const good = fakeServer('bank');
  const blown = { ...good, accessToken: good.accessToken as string, scope: 'x'.repeat(70_000) };
  const global = entry(fakeEntry([good]));
  const made = plan(global, { a: entry(fakeEntry([blown])), b: entry(fakeEntry([good])) });
  expect(made.globalChanged).toBe(false);
  expect(made.missions.map(({ changed }) => changed)).toEqual([false, false]);
});

it('no missions together make the global entry one that nobody could read any more', () => {
  const global = entry(fakeEntry(['bank']));
  const made = plan(global, {
    a: entry(fakeEntry(many(0, 300))),
    b: entry(fakeEntry(many(300, 300))),
    c: entry(fakeEntry(['late'])),
  });
  expect(serversOf(made.global)).toContain(serverKey('bank'));
  expect(serversOf(made.global)).toContain(serverKey('late'));
  expect(serversOf(made.global).length).toBeLessThanOrEqual(400);
  expect(serversOf(made.global).length, 'what fits went up').toBeGreaterThan(290);
  expect(made.missions.map(({ id, refusal }) => [id, refusal !== null])).toEqual([
    ['a', true],
    ['b', true],
    ['c', false],
  ]);
  for (const { entry: one } of made.missions)
    expect(parseEntry(JSON.stringify(one)).status).toBe('ok');
  const [a, , c] = made.missions;
  for (const one of [a, c]) expect(serversOf(one?.entry ?? null)).toContain(serverKey('late'));
});

it('neither by servers nor by their length', () => {
  const heavy = Array.from({ length: 30 }, (_, index) =>
    fakeServer(`heavy-${index}`, { scope: 'x'.repeat(30_000) }),
  );
  const others = heavy.map((one) => ({ ...one, serverName: `${one.serverName}-b` }));
  const made = plan(null, {
    a: entry(fakeEntry(heavy.slice(0, 20))),
    b: entry(fakeEntry(others.slice(0, 20))),
  });
  expect(JSON.stringify(made.global satisfies Json | null).length).toBeLessThan(768 * 1024);
  expect(made.missions.map(({ refusal }) => refusal !== null)).toEqual([true, true]);
});

it('a mission’s spent sign-in is not taken from it where the others’ cannot come down in its place', () => {
  const [spent, tampered] = [fakeServer('bank'), fakeServer('bank')];
  const mission = entry(fakeEntry([spent]));
  const field = new Set([`/mcpOAuth/${serverKey('bank')}`]);
  const frozen = { frozen: field, dropped: new Set<string>() };
  const dropped = { frozen: new Set<string>(), dropped: field };
  const made = plan(entry(fakeEntry([tampered])), { a: mission }, [frozen, dropped]);
  expect(made.missions[0]).toMatchObject({ entry: mission, changed: false });
  const well = plan(entry(fakeEntry([tampered])), { a: mission }, [none, dropped]);
  expect(well.missions[0]?.entry).toEqual(entry(fakeEntry([tampered])));
});

it('of whatever kind it is: no more than 400 fields in all', () => {
  const some = (from: number): Record<string, Json> =>
    Object.fromEntries(
      Array.from({ length: 240 }, (_, index) => [`p${from + index}`, { key: 'fake' }]),
    );
  const made = plan(entry(fakeEntry(['bank'])), {
    a: entry(fakeEntry([], { pluginSecrets: some(0) })),
    b: entry(fakeEntry([], { pluginSecrets: some(240) })),
    c: entry(fakeEntry(['late'])),
  });
  expect(serversOf(made.global)).toEqual([serverKey('bank'), serverKey('late')]);
  expect(Object.keys((made.global?.pluginSecrets ?? {}) as object).length).toBeLessThanOrEqual(398);
  expect(made.missions.map(({ refusal }) => refusal !== null)).toEqual([true, true, false]);
});

describe('a mission that fills the global entry up with what is as large as can be', () => {
  const fat = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) =>
      fakeServer(`fat-${from + index}`, { scope: 'x'.repeat(60_000) }),
    );

  /** What is in the global entry, and who brought it, after some missions have brought as much as they could. */
  function filledBy(...missions: string[]) {
    let [global, shares] = [entry(fakeEntry(['bank'])) as Entry | null, new Map() as Shares];
    missions.forEach((id, nth) => {
      const has = entry(fakeEntry(fat(nth * 20, 16)));
      ({ global, shares } = plan(global, { [id]: has }, undefined, shares));
      // A second one with others, now that those are in.
      const more = entry(fakeEntry(fat(nth * 20 + 16, 4)));
      ({ global, shares } = plan(global, { [id]: more }, undefined, shares));
    });
    return { global, shares };
  }

  it.each([1, 2, 3])(
    'leaves room for the sign-ins of others, new and renewed, also if they are %i',
    (count) => {
      const { global, shares } = filledBy(...['x', 'y', 'z'].slice(0, count));
      const bank = fakeServer('bank', { scope: 'y'.repeat(12_000) });
      const fresh = fakeServer('new', { scope: 'y'.repeat(12_000) });
      const made = plan(global, { honest: entry(fakeEntry([bank, fresh])) }, undefined, shares);
      const servers = (made.global?.mcpOAuth ?? {}) as Record<string, Json>;
      expect(servers[serverKey('bank')]).toEqual(bank);
      expect(servers[serverKey('new')]).toEqual(fresh);
      expect(made.missions[0]?.refusal).toBeNull();
    },
  );

  it('gives what else it has, and it is told what is the largest, and whose', () => {
    const { global, shares } = filledBy('x');
    const made = plan(global, { x: entry(fakeEntry([...fat(30, 1), 'small'])) }, undefined, shares);
    expect(serversOf(made.global)).toContain(serverKey('small'));
    const refusal = made.missions[0]?.refusal;
    expect(refusal?.fields).toEqual([`/mcpOAuth/${serverKey('fat-30')}`]);
    expect(refusal?.largest.map(({ by, length }) => [by, length > 60_000])).toEqual(
      Array.from({ length: 3 }, () => ['x', true]),
    );
  });

  it('cannot make others’ small sign-ins large instead', () => {
    const bank = Array.from({ length: 14 }, (_, index) => fakeServer(`bank-${index}`));
    const grown = bank.map((one) => ({
      ...fakeServer(String(one.serverName)),
      scope: 'x'.repeat(60_000),
    }));
    const made = plan(entry(fakeEntry(bank)), { x: entry(fakeEntry(grown)) });
    expect(JSON.stringify(made.global).length).toBeLessThan(450 * 1024);
    expect(made.missions[0]?.refusal).not.toBeNull();
  });

  it('nor with hundreds that are small', () => {
    const first = plan(entry(fakeEntry(['bank'])), { x: entry(fakeEntry(many(0, 450))) });
    const made = plan(first.global, { honest: entry(fakeEntry(['new'])) }, undefined, first.shares);
    expect(serversOf(first.global).length).toBeLessThanOrEqual(201);
    expect(serversOf(made.global)).toContain(serverKey('new'));
  });

  it('and a renewed sign-in finds its place in a global entry that is full of what the user has', () => {
    const own = Array.from({ length: 380 }, (_, index) =>
      fakeServer(`own-${index}`, { scope: 'x'.repeat(1_750) }),
    );
    const global = entry(fakeEntry(own));
    expect(JSON.stringify(global).length).toBeGreaterThan(760 * 1024);
    const renewed = fakeServer('own-7', { scope: 'x'.repeat(12_000) });
    const made = plan(global, { a: entry(fakeEntry([renewed])) });
    const servers = (made.global?.mcpOAuth ?? {}) as Record<string, Json>;
    expect(servers[serverKey('own-7')]).toEqual(renewed);
  });
});

it('what a wiped global entry had comes back from one mission, though that brings more than its part', () => {
  const all = Array.from({ length: 300 }, (_, index) => fakeServer(`own-${index}`));
  const known = new Set(all.map((one) => `/mcpOAuth/${serverKey(String(one.serverName))}`));
  const { refused } = divide('a', null, entry(fakeEntry(all)), [...known], new Map(), (id) =>
    known.has(id),
  );
  expect(refused.size).toBe(0);
});
