import { describe, expect, it } from 'vitest';
import { createDigester } from '../../main/credentials/digest.ts';
import type { Entry, Json } from '../../main/credentials/entry.ts';
import type { FieldId } from '../../main/credentials/fields.ts';
import { type Carry, mergeEntries, wipedFields } from '../../main/credentials/merge.ts';

const digester = createDigester();
const FIELD = '/mcpOAuth/loop|0123456789abcdef';

/** Short names for the values of one server. */
const OLD = usable('old', 1_000);
const NEW = usable('new', 2_000);
const SHORTER = usable('shorter', 500);
const REGISTERED = { serverName: 'loop', accessToken: '', clientId: 'c' };
const INVALID = { serverName: 'loop', accessToken: '', clientId: 'c', expiresAt: 0 };
const GONE = null;
/** ms since the epoch */
const NOW = 10_000;
/** As servers issue them that know no refresh tokens. */
const ENDED = { serverName: 'loop', accessToken: 'FAKE-SECRET-ended', expiresAt: NOW };
const UNRENEWED = { ...ENDED, accessToken: 'FAKE-SECRET-lasts', expiresAt: NOW + 1 };

function usable(token: string, expiresAt: number): Json {
  return {
    serverName: 'loop',
    accessToken: `FAKE-SECRET-${token}`,
    refreshToken: 'FAKE-SECRET-r',
    expiresAt,
  };
}

function entry(value: Json | null): Entry {
  return { mcpOAuth: value === null ? {} : { 'loop|0123456789abcdef': value } };
}

interface Options {
  heal?: boolean;
  held?: 'mission' | 'global';
  carry?: Carry;
  missionWrittenAt?: number | null;
  globalWrittenAt?: number | null;
}

/** Merges one server and says what each side holds afterwards. */
function merge(m: Json | null, g: Json | null, base: Json | null, options: Options = {}) {
  const held = (side: string): Set<FieldId> => new Set(options.held === side ? [FIELD] : []);
  const result = mergeEntries(
    {
      mission: entry(m),
      global: entry(g),
      base: new Map(base === null ? [] : [[FIELD, digester.field(FIELD, base)]]),
      held: { mission: held('mission'), global: held('global') },
      carry: () => options.carry ?? 'both',
      frozen: new Set(),
      heal: options.heal ?? false,
      now: NOW,
      writtenAt: {
        mission: options.missionWrittenAt ?? null,
        global: () => options.globalWrittenAt ?? null,
      },
    },
    digester,
  );
  const of = (side: Entry | null): Json => {
    const servers = (side as { mcpOAuth: Record<string, Json> }).mcpOAuth;
    return servers['loop|0123456789abcdef'] ?? null;
  };
  const agreed = result.base.get(FIELD);
  return { m: of(result.mission), g: of(result.global), agreed, conflicts: result.conflicts };
}

/** Both sides hold the value, and the lineage says so. */
function everywhere(value: Json | null) {
  return expect.objectContaining({
    m: value,
    g: value,
    agreed: value === null ? undefined : digester.field(FIELD, value),
  });
}

describe('the merge table', () => {
  it('equal: nothing moves, and the lineage learns it', () => {
    expect(merge(NEW, NEW, OLD)).toEqual(everywhere(NEW));
    expect(merge(GONE, GONE, OLD)).toEqual(everywhere(GONE));
  });

  it('one side changed to a usable value: that value, even if it lasts less long', () => {
    expect(merge(SHORTER, OLD, OLD)).toEqual(everywhere(SHORTER));
    expect(merge(OLD, SHORTER, OLD)).toEqual(everywhere(SHORTER));
  });

  it.each([
    ['invalidated', INVALID],
    ['registered only', REGISTERED],
    ['ended, with nothing that renews it', ENDED],
    ['of an unknown form', 17],
  ])('one side became %s: nothing moves and the lineage stays', (_, value) => {
    const kept = { agreed: digester.field(FIELD, OLD) };
    expect(merge(value, OLD, OLD)).toMatchObject({ m: value, g: OLD, ...kept });
    expect(merge(OLD, value, OLD)).toMatchObject({ m: OLD, g: value, ...kept });
  });

  it('force resync heals what became unusable from what is usable', () => {
    expect(merge(INVALID, OLD, OLD, { heal: true })).toEqual(everywhere(OLD));
    expect(merge(OLD, REGISTERED, OLD, { heal: true })).toEqual(everywhere(OLD));
    expect(merge(INVALID, REGISTERED, INVALID, { heal: true })).toMatchObject({
      m: INVALID,
      g: REGISTERED,
    });
  });

  it('a sign-in without a refresh token is one for as long as it lasts', () => {
    expect(merge(UNRENEWED, OLD, OLD)).toEqual(everywhere(UNRENEWED));
    expect(merge(UNRENEWED, GONE, null)).toEqual(everywhere(UNRENEWED));
    expect(merge(ENDED, GONE, null)).toMatchObject({ m: ENDED, g: GONE });
    expect(merge(ENDED, OLD, null), 'where both have one').toEqual(everywhere(OLD));
    expect(merge(ENDED, OLD, OLD, { heal: true }), 'at a force resync').toEqual(everywhere(OLD));
  });

  it('a sign-in elsewhere reaches the side whose token was rejected', () => {
    expect(merge(INVALID, NEW, OLD)).toEqual(everywhere(NEW));
    expect(merge(NEW, INVALID, OLD)).toEqual(everywhere(NEW));
  });

  it('one side lost the field: a logout goes everywhere', () => {
    expect(merge(GONE, OLD, OLD)).toEqual(everywhere(GONE));
    expect(merge(OLD, GONE, OLD)).toEqual(everywhere(GONE));
    expect(merge(GONE, INVALID, OLD)).toEqual(everywhere(GONE));
  });

  it('a logout that the wipe guard holds goes nowhere', () => {
    expect(merge(GONE, OLD, OLD, { held: 'mission' })).toMatchObject({ m: GONE, g: OLD });
    expect(merge(OLD, GONE, OLD, { held: 'global' })).toMatchObject({ m: OLD, g: GONE });
  });

  it('an edit beats a delete, a held one too', () => {
    expect(merge(GONE, NEW, OLD)).toEqual(everywhere(NEW));
    expect(merge(NEW, GONE, OLD)).toEqual(everywhere(NEW));
    expect(merge(GONE, NEW, OLD, { held: 'mission' })).toEqual(everywhere(NEW));
  });

  it('both changed, one usable: the usable one', () => {
    expect(merge(SHORTER, INVALID, OLD)).toEqual(everywhere(SHORTER));
    expect(merge(REGISTERED, SHORTER, OLD)).toEqual(everywhere(SHORTER));
  });

  it('both changed, both usable: the larger expiresAt, and the loser is named', () => {
    expect(merge(NEW, SHORTER, OLD)).toEqual(everywhere(NEW));
    expect(merge(SHORTER, NEW, OLD)).toEqual(everywhere(NEW));
    expect(merge(SHORTER, NEW, OLD).conflicts).toEqual([FIELD]);
  });

  it('both usable with the same or no expiresAt: the entry written last', () => {
    const [a, b] = [usable('a', 2_000), usable('b', 2_000)];
    expect(merge(a, b, OLD, { missionWrittenAt: 2, globalWrittenAt: 1 })).toEqual(everywhere(a));
    expect(merge(a, b, OLD, { missionWrittenAt: 1, globalWrittenAt: 2 })).toEqual(everywhere(b));
    const timeless = { serverName: 'loop', refreshToken: 'FAKE-SECRET-t' };
    expect(merge(timeless, b, OLD, { missionWrittenAt: 2, globalWrittenAt: 1 })).toEqual(
      everywhere(timeless),
    );
  });

  it('and if that cannot decide either, the larger digest: the same whichever side holds it', () => {
    const [a, b] = [usable('a', 2_000), usable('b', 2_000)];
    const winner = digester.field(FIELD, a) > digester.field(FIELD, b) ? a : b;
    expect(merge(a, b, OLD)).toEqual(everywhere(winner));
    expect(merge(b, a, OLD)).toEqual(everywhere(winner));
  });

  it('first contact is a union', () => {
    expect(merge(OLD, GONE, null)).toEqual(everywhere(OLD));
    expect(merge(GONE, OLD, null)).toEqual(everywhere(OLD));
    expect(merge(INVALID, OLD, null)).toEqual(everywhere(OLD));
    expect(merge(NEW, OLD, null)).toEqual(everywhere(NEW));
    expect(merge(NEW, OLD, null).conflicts).toEqual([]);
    expect(merge(INVALID, REGISTERED, null)).toMatchObject({
      m: INVALID,
      g: REGISTERED,
      agreed: undefined,
    });
  });
});

describe('a value without a token', () => {
  it.each([
    ['registered', REGISTERED],
    ['invalidated', INVALID],
  ])('%s: is of no use to others, and would silence the server there', (_, value) => {
    expect(merge(value, GONE, null)).toMatchObject({ m: value, g: GONE, agreed: undefined });
    expect(merge(GONE, value, null)).toMatchObject({ m: GONE, g: value, agreed: undefined });
  });
});

describe('fields that are no servers', () => {
  it('are merged one by one: sub-keys of known maps, and whatever else the caller has carried', () => {
    const result = mergeEntries(
      {
        mission: { mcpOAuthClientConfig: { a: { s: 1 } }, 'odd/key~': [1] },
        global: { pluginSecrets: { p: 'FAKE-SECRET-p' }, organizationUuid: 'o' },
        base: new Map(),
        held: { mission: new Set(), global: new Set() },
        carry: () => 'both',
        frozen: new Set(),
        heal: false,
        now: NOW,
        writtenAt: { mission: null, global: () => null },
      },
      digester,
    );
    expect(result.global).toEqual({
      pluginSecrets: { p: 'FAKE-SECRET-p' },
      organizationUuid: 'o',
      mcpOAuthClientConfig: { a: { s: 1 } },
      'odd/key~': [1],
    });
    expect(digester.entry(result.mission ?? {})).toBe(digester.entry(result.global ?? {}));
  });

  it('a field that is not carried stays where it is', () => {
    expect(merge(NEW, GONE, null, { carry: 'none' })).toMatchObject({
      m: NEW,
      g: GONE,
      agreed: undefined,
    });
  });

  it('a field that only comes down neither goes up nor away', () => {
    expect(merge(GONE, NEW, null, { carry: 'down' })).toEqual(everywhere(NEW));
    expect(merge(NEW, GONE, null, { carry: 'down' })).toMatchObject({ m: NEW, g: GONE });
    expect(merge(OLD, GONE, OLD, { carry: 'down' })).toMatchObject({ m: OLD, g: GONE });
  });
});

describe('the wipe guard', () => {
  const two = ['/mcpOAuth/a', '/mcpOAuth/b'];
  const none = new Set<FieldId>();

  it('lets one server go: that is what a logout looks like', () => {
    expect(wipedFields({ mcpOAuth: { b: {} } }, two, none)).toEqual(new Set());
    expect(wipedFields({ mcpOAuth: {} }, ['/mcpOAuth/a'], none)).toEqual(new Set());
    expect(wipedFields({ mcpOAuth: {} }, ['/mcpOAuth/a'], none, true)).toEqual(
      new Set(['/mcpOAuth/a']),
    );
  });

  it('holds several servers gone at once, and whatever went with them', () => {
    expect(wipedFields({ mcpOAuth: {} }, [...two, '/x'], none)).toEqual(new Set([...two, '/x']));
  });

  it('holds everything of an entry that is gone, and the one server of a map that is gone', () => {
    expect(wipedFields(null, ['/mcpOAuth/a'], none)).toEqual(new Set(['/mcpOAuth/a']));
    expect(wipedFields({}, ['/mcpOAuth/a'], none)).toEqual(new Set(['/mcpOAuth/a']));
  });

  it('goes on holding what is still gone when one more server is logged out', () => {
    const held = new Set(['/mcpOAuth/a', '/mcpOAuth/b']);
    expect(wipedFields({ mcpOAuth: {} }, [...two, '/mcpOAuth/c'], held)).toEqual(held);
  });

  it('lets go of what came back', () => {
    expect(wipedFields({ mcpOAuth: { a: {} } }, two, new Set(two))).toEqual(
      new Set(['/mcpOAuth/b']),
    );
  });
});
