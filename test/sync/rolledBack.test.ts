import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeServer, fakeServer, serverKey } from '../support/fake.ts';
import { aMission, createFleet, type Fleet, GLOBAL, verdictOn } from './fleet.ts';

/*
 * Account switchers, backups, snapshots of virtual machines and late writes of programs put back what everybody
 * has replaced already. Its refresh token is spent: whoever uses it signs all others out.
 */

const A = aMission('a');
const B = aMission('b');
const C = aMission('c');
const KEY = serverKey('loop');

let fleet: Fleet;
beforeEach(() => {
  fleet = createFleet();
});
afterEach(() => fleet.dispose());

let serial = 0;
/** A sign-in or its refresh; each outlives those before it unless told otherwise. */
function signIn(): FakeServer {
  serial += 1;
  return fakeServer('loop', { expiresAt: 2_000_000_000_000 + serial });
}
const textOf = (value: FakeServer | null) =>
  JSON.stringify({
    mcpOAuth: { ...(value && { [KEY]: value }), other: { accessToken: 'FAKE-SECRET-o' } },
  });
const put = (dir: string, value: FakeServer | null) =>
  void fleet.store.texts.set(dir, textOf(value));
const tokenIn = (dir: string) =>
  JSON.parse(fleet.store.texts.get(dir) ?? '{}').mcpOAuth?.[KEY]?.accessToken;
const tokens = () => [GLOBAL, A.configDir, B.configDir].map(tokenIn);
const all = (value: FakeServer | null) => Array(3).fill(value?.accessToken);
const look = (...missions: (typeof A)[]) =>
  fleet.settle(
    missions.map((mission) => ({ mission })),
    [A, B],
  );

/** Everybody has the last of some sign-ins. */
async function played(count: number): Promise<FakeServer[]> {
  const values: FakeServer[] = [];
  for (let n = 0; n < count; n += 1) {
    const value = signIn();
    values.push(value);
    put(GLOBAL, value);
    await look(A, B);
  }
  expect(tokens()).toEqual(all(values.at(-1) ?? null));
  return values;
}

describe('a sign-in that everybody has replaced', () => {
  it('reaches nobody when the global entry is rolled back to it; the newer one is put back', async () => {
    const [first, , third] = await played(3);
    put(GLOBAL, first ?? null);
    await look(A, B);
    expect(tokens()).toEqual(all(third ?? null));
  });

  it('gives way whatever life it claims', async () => {
    const [first, second] = await played(2);
    put(GLOBAL, { ...(first as FakeServer), expiresAt: 8e15 });
    await look(A, B);
    expect(tokens()).toEqual(all(second ?? null));
  });

  it('gives way where the global entry and a mission are rolled back together', async () => {
    const [first, second] = await played(2);
    for (const dir of [GLOBAL, A.configDir]) put(dir, first ?? null);
    await look(A, B);
    expect(tokens()).toEqual(all(second ?? null));
  });

  it('gives way in a mission 45 refreshes later', async () => {
    const values = await played(46);
    put(A.configDir, values[0] ?? null);
    await look(A);
    expect(tokens()).toEqual(all(values.at(-1) ?? null));
  });

  it('is left where nobody has a newer one: nothing is better than it', async () => {
    const [first] = await played(2);
    for (const dir of [GLOBAL, A.configDir, B.configDir]) put(dir, first ?? null);
    await look(A, B);
    expect(tokens()).toEqual(all(first ?? null));
  });

  it('counts again when it is put there on purpose, as from the journal', async () => {
    const [first] = await played(2);
    const edits = new Map([[`/mcpOAuth/${KEY}`, JSON.parse(JSON.stringify(first))]]);
    const targets = [{ mission: A }, { mission: B }];
    await fleet.reconciler().reconcile({ targets, edits: () => edits });
    await look(A, B);
    expect(tokens()).toEqual(all(first ?? null));
  });

  it('that lost a conflict does not come back later', async () => {
    await played(1);
    const [lost, won] = [signIn(), signIn()];
    put(A.configDir, lost);
    put(GLOBAL, won);
    await look(A, B);
    put(B.configDir, lost);
    await look(B);
    expect(tokens()).toEqual(all(won));
  });
});

describe('a sign-in that somebody signed out of', () => {
  const signOut = async (dir: string) => {
    put(dir, null);
    await look(A, B);
    expect(tokens()).toEqual(all(null));
  };

  it.each([
    ['a mission', A.configDir, B.configDir],
    ['the global entry', GLOBAL, A.configDir],
    ['a mission, and is rolled back in the global entry,', A.configDir, GLOBAL],
  ])('in %s comes back nowhere by another’s late write', async (_where, from, late) => {
    const [value] = await played(1);
    await signOut(from);
    put(late, value ?? null);
    await look(A, B);
    expect(tokens()).toEqual(all(null));
  });

  it('takes all that were there before along, at a late write of one of those', async () => {
    const [older] = await played(2);
    await signOut(A.configDir);
    put(B.configDir, older ?? null);
    await look(B);
    expect(tokens()).toEqual(all(null));
  });

  it('comes back by signing in again, and from the journal', async () => {
    const [value] = await played(1);
    await signOut(A.configDir);
    const again = signIn();
    put(B.configDir, again);
    await look(B);
    expect(tokens()).toEqual(all(again));
    await signOut(A.configDir);
    const edits = new Map([[`/mcpOAuth/${KEY}`, JSON.parse(JSON.stringify(value))]]);
    await fleet.reconciler().reconcile({ targets: [{ mission: A }], edits: () => edits });
    await look(A, B);
    expect(tokens()).toEqual(all(value ?? null));
  });

  it('is no sign-out where the entry was wiped: what was held comes back', async () => {
    const [value] = await played(1);
    fleet.store.texts.delete(GLOBAL);
    const targets = [{ mission: A }, { mission: B }];
    const { global } = await fleet.reconciler().reconcile({ targets });
    expect(tokenIn(A.configDir)).toBe(value?.accessToken);
    await fleet.reconciler().reconcile({
      targets,
      globalAnswer: verdictOn(global, 'restore'),
    });
    expect(tokens()).toEqual(all(value ?? null));
  });

  it('is a sign-out for a mission that was stopped meanwhile, too', async () => {
    const [value] = await played(1);
    await fleet.settle([{ mission: C, phase: 'clone' }], [A, B, C]);
    await signOut(A.configDir);
    expect(tokenIn(C.configDir)).toBe(value?.accessToken);
    await fleet.settle([{ mission: C, phase: 'clone' }], [A, B, C]);
    expect([tokenIn(C.configDir), tokenIn(GLOBAL)]).toEqual([undefined, undefined]);
  });
});
