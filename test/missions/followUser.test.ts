import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { followUser, type JsonObject } from '../../main/missions/followUser.ts';

/** A new mission: what it was given, and what was noted down. */
function brought(user: JsonObject) {
  return followUser(user, {}, {});
}

describe("a mission's settings", () => {
  it("are at first the user's, and then follow them", () => {
    const first = brought({ model: 'opus', env: { A: '1' }, list: [1] });
    expect(first.value).toEqual({ model: 'opus', env: { A: '1' }, list: [1] });
    const user = { env: { A: '2', B: '3' }, list: [1, 2], added: true };
    expect(followUser(user, first.value, first.brought).value).toEqual(user);
  });

  it('stay as the mission changed, added or deleted them', () => {
    const first = brought({ model: 'opus', mcpServers: { a: { url: '1' }, b: { url: '1' } } });
    const mission = { model: 'haiku', own: 1, mcpServers: { a: { url: 'own' }, c: {} } };
    const user = { model: 'sonnet', mcpServers: { a: { url: '2' }, b: { url: '2' }, d: {} } };
    const second = followUser(user, mission, first.brought);
    expect(second.value).toEqual({
      model: 'haiku',
      own: 1,
      mcpServers: { a: { url: 'own' }, c: {}, d: {} },
    });
    // At the next launch as well, whatever the user does.
    expect(followUser({ model: 'x' }, second.value, second.brought).value).toEqual({
      model: 'haiku',
      own: 1,
      mcpServers: { a: { url: 'own' }, c: {} },
    });
  });

  it('follow again once both are the same', () => {
    const first = brought({ model: 'opus' });
    const same = followUser({ model: 'haiku' }, { model: 'haiku' }, first.brought);
    expect(followUser({ model: 'sonnet' }, same.value, same.brought).value).toEqual({
      model: 'sonnet',
    });
  });

  it('tell servers of a folder apart', () => {
    const at = (servers: object) => ({ projects: { '/w': { mcpServers: servers, n: 1 } } });
    const first = brought(at({ a: 1 }));
    const mission = { projects: { '/w': { mcpServers: { a: 1, b: 2 }, n: 1, cost: 3 }, '/x': {} } };
    expect(followUser(at({ a: 2, c: 3 }), mission, first.brought).value).toEqual({
      projects: { '/w': { mcpServers: { a: 2, b: 2, c: 3 }, n: 1, cost: 3 }, '/x': {} },
    });
  });

  it('note down no value', () => {
    const { brought: noted } = brought({ env: { KEY: 'FAKE-SECRET-1' } });
    expect(JSON.stringify(noted)).not.toContain('FAKE');
  });

  it('take keys of any name as keys', () => {
    const user = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"a": 1}}',
    ) as JsonObject;
    const { value } = brought(user);
    expect(JSON.stringify(value)).toBe(JSON.stringify(user));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("stay the mission's where one side has a map and the other a plain value", () => {
    const first = brought({ a: 1, b: { c: 1 } });
    const mission = { a: 2, b: { c: 2 } };
    expect(followUser({ a: { x: 1 }, b: 5 }, mission, first.brought).value).toEqual(mission);
    const user = { a: { x: 1 }, b: 5 };
    const second = followUser(user, first.value, first.brought);
    expect(second.value).toEqual(user);
    expect(followUser({ a: { x: 2 } }, second.value, second.brought).value).toEqual({
      a: { x: 2 },
    });
  });

  it("that nobody changed in the mission become the user's, whatever those are", () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(json, json, (before, after) => {
        const first = brought(before);
        const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
        expect(plain(first.value)).toEqual(plain(before));
        const second = followUser(after, first.value, first.brought);
        expect(plain(second.value)).toEqual(plain(after));
        const third = followUser(before, second.value, second.brought);
        expect(plain(third.value)).toEqual(plain(before));
        // And looking again changes nothing.
        expect(followUser(before, third.value, third.brought)).toEqual(third);
      }),
    );
  });
});
