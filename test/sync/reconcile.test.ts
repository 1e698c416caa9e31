import { afterEach, describe, expect, it } from 'vitest';
import type { Target } from '../../main/sync/outcome.ts';
import type { Clock } from '../../main/system/clock.ts';
import { fakeEntry, fakeServer, serverKey } from '../support/fake.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { aMission, createFleet, type Fleet, GLOBAL, verdictOn } from './fleet.ts';

const A = aMission('a');
const B = aMission('b');
const login = (expiresAt: number) => ({ accessToken: `FAKE-SECRET-login-${expiresAt}`, expiresAt });

let fleet: Fleet;
afterEach(() => fleet.dispose());

function start(
  texts: { global?: string; a?: string; b?: string },
  carryLogin?: { always: boolean; atClone: boolean },
  clock?: Clock,
) {
  fleet = createFleet(carryLogin, clock);
  for (const [place, text] of Object.entries(texts))
    fleet.store.texts.set(place === 'global' ? GLOBAL : aMission(place).configDir, text);
}
const look = (...targets: Target[]) => fleet.settle(targets, [A, B]);
const entryOf = (dir: string) =>
  JSON.parse(fleet.store.texts.get(dir) ?? 'null') as Record<
    string,
    Record<string, unknown>
  > | null;
const serversOf = (dir: string) =>
  Object.keys(entryOf(dir)?.mcpOAuth ?? {})
    .map((key) => key.split('|')[0])
    .sort();

describe('clone', () => {
  it('gives a new mission the global entry, and the global entry what only the mission has', async () => {
    start({ global: fakeEntry(['loop']), a: fakeEntry(['left-by-a-crash']) });
    await look({ mission: A, phase: 'clone' });
    expect(serversOf(A.configDir)).toEqual(['left-by-a-crash', 'loop']);
    expect(serversOf(GLOBAL)).toEqual(['left-by-a-crash', 'loop']);
  });

  it('takes an entry that is not there for a new one, while a running mission that lost its entry was wiped', async () => {
    start({ global: fakeEntry(['loop', 'mail']) });
    await look({ mission: A, phase: 'clone' });
    fleet.store.texts.delete(A.configDir);
    const wiped = await fleet.reconciler().reconcile({ targets: [{ mission: A }] });
    expect(wiped.missions.get('a')?.held).toEqual(['loop', 'mail']);
    expect(serversOf(GLOBAL)).toEqual(['loop', 'mail']);
    await look({ mission: A, phase: 'clone' });
    expect(serversOf(A.configDir)).toEqual(['loop', 'mail']);
  });

  it('brings Claude’s own login down, never up and never away', async () => {
    start({
      global: fakeEntry([], { claudeAiOauth: login(9) }),
      b: fakeEntry([], { claudeAiOauth: login(5) }),
    });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    expect(entryOf(A.configDir)?.claudeAiOauth).toEqual(login(9));
    fleet.store.texts.set(A.configDir, fakeEntry([], { claudeAiOauth: login(10) }));
    fleet.store.texts.set(GLOBAL, fakeEntry([]));
    await look({ mission: A }, { mission: B, phase: 'clone' });
    expect(entryOf(GLOBAL)?.claudeAiOauth).toBeUndefined();
    expect(entryOf(B.configDir)?.claudeAiOauth).toBeDefined();
  });

  it('does not bring a login into a folder that is only attached', async () => {
    start({ global: fakeEntry(['loop'], { claudeAiOauth: login(9) }) });
    await look({ mission: { ...A, kind: 'attached' }, phase: 'clone' });
    expect(serversOf(A.configDir)).toEqual(['loop']);
    expect(entryOf(A.configDir)?.claudeAiOauth).toBeUndefined();
  });

  it('leaves the login alone when a token file is set, and carries it everywhere when asked to', async () => {
    start(
      { global: fakeEntry([], { claudeAiOauth: login(9) }) },
      { always: false, atClone: false },
    );
    await look({ mission: A, phase: 'clone' });
    expect(entryOf(A.configDir)?.claudeAiOauth).toBeUndefined();
    fleet.dispose();
    start(
      { a: fakeEntry([], { claudeAiOauth: login(9) }), b: fakeEntry([]) },
      { always: true, atClone: false },
    );
    await look({ mission: A }, { mission: B });
    expect(entryOf(B.configDir)?.claudeAiOauth).toEqual(login(9));
  });
});

describe('what only the mission or only the global entry knows', () => {
  it('survives every write, and stays where it is: what is not MCP’s, known or not', async () => {
    const server = fakeServer('loop', { somethingNew: { deep: [1] } });
    // Of another account, and of another device.
    const own = {
      organizationUuid: 'o',
      designOauth: login(1),
      coworkRemoteDevice: { privateKey: 'FAKE-SECRET-device' },
      later: [1, 2],
    };
    start({ a: fakeEntry([server], own), b: fakeEntry(['mail'], { organizationUuid: 'p' }) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    expect(entryOf(A.configDir)).toMatchObject(own);
    expect(entryOf(B.configDir)).toMatchObject({ organizationUuid: 'p' });
    for (const dir of [B.configDir, GLOBAL])
      for (const key of ['designOauth', 'coworkRemoteDevice', 'later'])
        expect(entryOf(dir)).not.toHaveProperty(key);
    expect(entryOf(GLOBAL)).not.toHaveProperty('organizationUuid');
    for (const dir of [A.configDir, B.configDir, GLOBAL])
      expect(entryOf(dir)?.mcpOAuth?.[serverKey('loop')]).toEqual(server);
  });

  it('carries sign-ins to identity providers one by one, and takes a dropped map for a wipe', async () => {
    const idps = (...names: string[]) => ({
      mcpXaaIdp: Object.fromEntries(names.map((name) => [name, login(1)])),
      mcpXaaIdpConfig: Object.fromEntries(names.map((name) => [name, { clientId: name }])),
    });
    start({ a: fakeEntry([], idps('idp-a')), b: fakeEntry([], idps('idp-b')) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    for (const dir of [A.configDir, B.configDir, GLOBAL])
      expect(entryOf(dir)).toMatchObject(idps('idp-a', 'idp-b'));
    fleet.store.texts.set(A.configDir, fakeEntry([]));
    await look({ mission: A });
    expect(entryOf(GLOBAL)).toMatchObject({ mcpXaaIdp: idps('idp-a', 'idp-b').mcpXaaIdp });
    fleet.store.texts.set(B.configDir, fakeEntry([], idps('idp-b')));
    await look({ mission: B });
    expect(Object.keys(entryOf(GLOBAL)?.mcpXaaIdp ?? {})).toEqual(['idp-b']);
  });

  it('leaves an entry alone of which a part lies in another keychain item: nothing in it was signed out of', async () => {
    start({ global: fakeEntry(['loop', 'mail']) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    const overflow = { slot: 'a', key: 'FAKE-SECRET-key' };
    const moved = fakeEntry(['loop'], { keychainOverflow: overflow });
    fleet.store.texts.set(A.configDir, moved);
    const { missions } = await fleet.reconciler().reconcile({ targets: [{ mission: A }] });
    expect(missions.get('a')).toMatchObject({
      status: 'unavailable',
      view: { reason: 'overflow' },
    });
    await look({ mission: B });
    expect(fleet.store.texts.get(A.configDir)).toBe(moved);
    for (const dir of [B.configDir, GLOBAL]) {
      expect(serversOf(dir)).toEqual(['loop', 'mail']);
      expect(entryOf(dir)).not.toHaveProperty('keychainOverflow');
    }
  });
});

describe('answering a wipe', () => {
  async function wiped(place: string, text: string | null) {
    start({ global: fakeEntry(['loop', 'mail', 'docs']) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    if (text === null) fleet.store.texts.delete(place);
    else fleet.store.texts.set(place, text);
    return fleet.reconciler().reconcile({ targets: [{ mission: A }, { mission: B }] });
  }
  const EVERYTHING = ['docs', 'loop', 'mail'];

  it.each([
    ['emptied', '{"mcpOAuth":{}}'],
    ['dropped', '{}'],
    ['gone', null],
    ['cut off', '{"mcpOAuth":{"lo'],
  ])('a mission’s entry %s: restore', async (_, text) => {
    const { missions } = await wiped(A.configDir, text);
    expect(serversOf(GLOBAL)).toEqual(EVERYTHING);
    await look({ mission: A, answer: verdictOn(missions.get('a'), 'restore') });
    expect(serversOf(A.configDir)).toEqual(EVERYTHING);
    expect(serversOf(B.configDir)).toEqual(EVERYTHING);
  });

  it.each([
    ['emptied', '{"mcpOAuth":{}}'],
    ['gone', null],
    ['cut off', '{"mcpOAuth":{"lo'],
  ])('a mission’s entry %s: remove everywhere', async (_, text) => {
    const { missions } = await wiped(A.configDir, text);
    await look({ mission: A, answer: verdictOn(missions.get('a'), 'remove') });
    for (const dir of [A.configDir, B.configDir, GLOBAL]) expect(serversOf(dir)).toEqual([]);
  });

  it.each([
    ['emptied', '{"mcpOAuth":{}}'],
    ['gone', null],
    ['cut off', '{"mcpOAuth":{"lo'],
  ])(
    'the global entry %s: held, then restored from the missions, or removed everywhere',
    async (_, text) => {
      for (const answer of ['restore', 'remove'] as const) {
        const { global } = await wiped(GLOBAL, text);
        expect(serversOf(A.configDir)).toEqual(EVERYTHING);
        const { answered } = await fleet.reconciler().reconcile({
          targets: [{ mission: A }, { mission: B }],
          globalAnswer: verdictOn(global, answer),
        });
        expect(answered).toBe(true);
        await look({ mission: A }, { mission: B });
        for (const dir of [A.configDir, B.configDir, GLOBAL])
          expect(serversOf(dir)).toEqual(answer === 'restore' ? EVERYTHING : []);
      }
    },
  );

  it.each([
    ['two that the mission made up, then all', ['junk', 'mine'], '{"mcpOAuth":{}}'],
    ['two, then the map', ['loop', 'mail'], '{}'],
    ['two, then it is unreadable', ['loop', 'mail'], '{"mcpOAuth":{"lo'],
    ['an unreadable entry, then all', null, '{"mcpOAuth":{}}'],
  ])('means what was read of, not what vanished since: %s', async (_, shown, later) => {
    start({ global: fakeEntry(['loop', 'mail', 'docs', 'junk', 'mine']) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    const all = ['docs', 'junk', 'loop', 'mail', 'mine'];
    expect(serversOf(GLOBAL)).toEqual(all);
    const left = all.filter((name) => shown?.includes(name) === false);
    fleet.store.texts.set(A.configDir, shown === null ? '{"mcp' : fakeEntry(left));
    const { missions } = await fleet.reconciler().reconcile({ targets: [{ mission: A }] });
    const read = missions.get('a');
    expect(read?.held.toSorted()).toEqual(shown ?? []);
    fleet.store.texts.set(A.configDir, later);
    for (const say of ['remove', 'restore'] as const) {
      const targets = [{ mission: A, answer: verdictOn(read, say) }];
      const { answered } = await fleet.reconciler().reconcile({ targets });
      expect(answered).toBe(false);
      await look({ mission: B });
      for (const dir of [B.configDir, GLOBAL]) expect(serversOf(dir), dir).toEqual(all);
      expect(fleet.store.texts.get(A.configDir)).toBe(later);
    }
  });

  it('a sign-in elsewhere goes on reaching the wiped entry, and the rest stays held', async () => {
    await wiped(A.configDir, '{"mcpOAuth":{}}');
    fleet.store.texts.set(GLOBAL, fakeEntry(['loop', 'mail', 'docs', 'new']));
    const { missions } = await fleet.reconciler().reconcile({ targets: [{ mission: A }] });
    // The whole global entry was signed in to anew here, so an edit beats the wipe.
    expect(missions.get('a')?.held).toEqual([]);
    expect(serversOf(A.configDir)).toEqual(['docs', 'loop', 'mail', 'new']);
  });
});

describe('when something cannot be read or written', () => {
  it('a locked mission stops nobody else, and gets everything once it is open', async () => {
    start({ global: fakeEntry(['loop']) });
    fleet.store.locked.add(A.configDir);
    const { missions } = await fleet
      .reconciler()
      .reconcile({ targets: [{ mission: A }, { mission: B }] });
    expect(missions.get('a')).toMatchObject({ status: 'unavailable', view: { reason: 'locked' } });
    expect(serversOf(B.configDir)).toEqual(['loop']);
    fleet.store.locked.clear();
    await look({ mission: A });
    expect(serversOf(A.configDir)).toEqual(['loop']);
  });

  it('a locked global entry blocks everything, and a sign-in waits in its mission', async () => {
    start({ a: fakeEntry(['loop']) });
    fleet.store.locked.add(GLOBAL);
    const outcome = await fleet
      .reconciler()
      .reconcile({ targets: [{ mission: A }, { mission: B }] });
    expect(outcome.blocked).toMatchObject({ reason: 'locked' });
    expect(fleet.store.texts.get(B.configDir)).toBeUndefined();
    fleet.store.locked.clear();
    await look({ mission: A }, { mission: B });
    expect(serversOf(B.configDir)).toEqual(['loop']);
  });

  it('an entry rewritten between our read and our write is merged again, and nothing is lost', async () => {
    start({ global: fakeEntry(['loop']), a: fakeEntry(['mail']) });
    let slips = 0;
    fleet.store.beforeWrite = (dir) => {
      if (dir !== GLOBAL || slips >= 3) return;
      slips += 1;
      fleet.store.texts.set(
        GLOBAL,
        fakeEntry(['loop', ...Array.from({ length: slips }, (_, i) => `slip-${i}`)]),
      );
    };
    await look({ mission: A, phase: 'clone' });
    expect(serversOf(GLOBAL)).toEqual(['loop', 'mail', 'slip-0', 'slip-1', 'slip-2']);
    expect(serversOf(A.configDir)).toEqual(['loop', 'mail', 'slip-0', 'slip-1', 'slip-2']);
  });

  it('what is replaced or removed is in the journal before it is gone', async () => {
    start({ global: fakeEntry(['loop']) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    expect(fleet.journaled.size).toBe(0);
    fleet.store.onWrite = () => expect(fleet.journaled.size).toBe(1);
    fleet.store.texts.set(A.configDir, '{"mcpOAuth":{}}');
    await look({ mission: A });
    expect(serversOf(B.configDir)).toEqual([]);
    expect(fleet.journaled.size).toBe(1);
  });
});

describe('a server that is gone', () => {
  const mail = fakeServer('mail');
  const loop = fakeServer('loop');
  const both = (rest: object) => fakeEntry([loop, mail], rest);
  const held = async () =>
    (await fleet.reconciler().reconcile({ targets: [{ mission: A }] })).missions.get('a')?.held;

  it.each([
    ['the login of another account', { claudeAiOauth: login(6), unheardOf: 1 }],
    ['the login gone, too', { unheardOf: 1 }],
    ['another key gone, too', { claudeAiOauth: login(5) }],
  ])('with %s was taken by no logout: nobody else loses it', async (_, rest) => {
    const before = { claudeAiOauth: login(5), unheardOf: 1 };
    start({ global: both({}), a: both(before) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    fleet.store.texts.set(A.configDir, fakeEntry([loop], rest));
    await look({ mission: A });
    expect(serversOf(GLOBAL)).toEqual(['loop', 'mail']);
    expect(serversOf(B.configDir)).toEqual(['loop', 'mail']);
    expect(await held()).toEqual(['mail']);
  });

  it('alone was signed out of, also after a login was renewed', async () => {
    start({ global: both({}), a: both({ claudeAiOauth: login(5) }) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    fleet.store.texts.set(A.configDir, both({ claudeAiOauth: login(6) }));
    await look({ mission: A });
    fleet.store.texts.set(A.configDir, fakeEntry([loop], { claudeAiOauth: login(6) }));
    await look({ mission: A });
    expect(serversOf(GLOBAL)).toEqual(['loop']);
    expect(serversOf(B.configDir)).toEqual(['loop']);
    expect(await held()).toEqual([]);
  });

  it('from the global entry, with the login of another account, stays in the missions', async () => {
    start({ global: both({ claudeAiOauth: login(5) }) });
    await look({ mission: A, phase: 'clone' });
    fleet.store.texts.set(GLOBAL, fakeEntry([loop], { claudeAiOauth: login(6) }));
    const { global } = await fleet.reconciler().reconcile({ targets: [{ mission: A }] });
    expect(global.held).toEqual(['mail']);
    expect(serversOf(A.configDir)).toEqual(['loop', 'mail']);
  });
});

describe('a new mission, while the global entry has lost what it had', () => {
  it('has what another mission still has; the global entry waits for its user', async () => {
    start({ global: fakeEntry(['loop', 'mail']) });
    await look({ mission: A, phase: 'clone' });
    fleet.store.texts.set(GLOBAL, '{"mcpOAuth":{}}');
    const wiped = await fleet.reconciler().reconcile({ targets: [{ mission: A }] });
    expect(wiped.global.held).toEqual(['loop', 'mail']);

    const others = () => [{ mission: A }];
    const request = { targets: [{ mission: B, phase: 'clone' as const }], others };
    const { global } = await fleet.reconciler().reconcile(request);
    expect(serversOf(B.configDir)).toEqual(['loop', 'mail']);
    expect(global.held).toEqual(['loop', 'mail']);
    await look({ mission: A }, { mission: B });
    expect(serversOf(GLOBAL)).toEqual([]);
    expect(serversOf(B.configDir)).toEqual(['loop', 'mail']);
    const targets = [{ mission: A }, { mission: B }];
    await fleet.reconciler().reconcile({ targets, globalAnswer: verdictOn(global, 'remove') });
    for (const dir of [A.configDir, B.configDir]) expect(serversOf(dir), dir).toEqual([]);
  });
});

describe('a program that clones as well', () => {
  it('takes nothing away from anybody with what it had read before our own clone', async () => {
    const clock = createFakeClock();
    start({ global: fakeEntry(['loop']), a: fakeEntry(['brought']) }, undefined, clock);
    await fleet.settle([{ mission: B, phase: 'clone' }], [B]);
    const old = fleet.store.texts.get(GLOBAL) ?? '';
    expect(serversOf(GLOBAL)).toEqual(['loop']);
    await look({ mission: A, phase: 'clone' });
    expect(serversOf(GLOBAL)).toEqual(['brought', 'loop']);
    fleet.store.texts.set(A.configDir, old);
    clock.pass(1_000);
    await look({ mission: A });
    for (const dir of [GLOBAL, A.configDir, B.configDir])
      expect(serversOf(dir), dir).toEqual(['brought', 'loop']);

    // What the mission had not brought at its start may be signed out of at once.
    const all = fleet.store.texts.get(GLOBAL) ?? '';
    const servers = { ...entryOf(GLOBAL)?.mcpOAuth, [serverKey('mail')]: fakeServer('mail') };
    fleet.store.texts.set(A.configDir, JSON.stringify({ mcpOAuth: servers }));
    await look({ mission: A });
    expect(serversOf(B.configDir)).toEqual(['brought', 'loop', 'mail']);
    fleet.store.texts.set(A.configDir, all);
    await look({ mission: A });
    expect(serversOf(B.configDir)).toEqual(['brought', 'loop']);

    // Later on it is what it looks like.
    clock.pass(10_000);
    fleet.store.texts.set(A.configDir, old);
    await look({ mission: A });
    expect(serversOf(B.configDir)).toEqual(['loop']);
  });
});

describe('force resync', () => {
  it('heals what became unusable from what is usable', async () => {
    start({ global: fakeEntry(['loop']) });
    await look({ mission: A, phase: 'clone' }, { mission: B, phase: 'clone' });
    const invalid = fakeServer('loop', { accessToken: '', refreshToken: undefined, expiresAt: 0 });
    fleet.store.texts.set(A.configDir, fakeEntry([invalid]));
    await look({ mission: A });
    expect(entryOf(A.configDir)?.mcpOAuth?.[serverKey('loop')]).toMatchObject({ expiresAt: 0 });
    const { missions } = await fleet
      .reconciler()
      .reconcile({ targets: [{ mission: A }], heal: true });
    expect(missions.get('a')).toMatchObject({ status: 'done', down: ['loop'] });
    expect(fleet.store.texts.get(A.configDir)).toBe(fleet.store.texts.get(GLOBAL));
  });
});

describe('ten missions signing in at the same moment', () => {
  it('all have all ten', async () => {
    start({});
    const missions = Array.from({ length: 10 }, (_, i) => aMission(`m${i}`));
    for (const { id, configDir } of missions)
      fleet.store.texts.set(configDir, fakeEntry([`server-of-${id}`]));
    await fleet.settle(
      missions.map((mission) => ({ mission })),
      missions,
    );
    for (const { configDir } of missions) expect(serversOf(configDir)).toHaveLength(10);
    expect(serversOf(GLOBAL)).toHaveLength(10);
  });
});
