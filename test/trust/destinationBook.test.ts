import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, parseEntry } from '../../main/credentials/entry.ts';
import { type DestinationBook, openDestinationBook } from '../../main/trust/destinationBook.ts';
import { type FakeServer, fakeServer, fakeToken, MARK, serverKey } from '../support/fake.ts';
import { heapUsed } from '../support/heapUsed.ts';

const REAL = 'https://login.bank.example';
const EVIL = 'https://login.evil.example';
const KEY = serverKey('bank');

let folder: string;
let path: string;
let book: DestinationBook;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-trust-'));
  path = join(folder, 'destinations.json');
  book = openDestinationBook(path);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const signIn = (overrides: Record<string, unknown> = {}): FakeServer =>
  fakeServer('bank', {
    issuer: REAL,
    discoveryState: {
      authorizationServerUrl: REAL,
      authServerMetadataUrl: `${REAL}/.well-known/x`,
    },
    ...overrides,
  });

/** Parsed as the engine does, so that nothing is told apart by its identity. */
function entryOf(
  servers: Readonly<Record<string, unknown>>,
  clientSecrets: Readonly<Record<string, string>> = {},
): Entry {
  const mcpOAuthClientConfig = Object.fromEntries(
    Object.entries(clientSecrets).map(([key, clientSecret]) => [key, { clientSecret }]),
  );
  const parsed = parseEntry(JSON.stringify({ mcpOAuth: servers, mcpOAuthClientConfig }));
  if (parsed.status !== 'ok') throw new Error(parsed.reason);
  return parsed.entry;
}
const bank = (value: unknown): Entry => entryOf({ [KEY]: value });
/** Whatever a mission says of a sign-in that is known. */
const said = (value: unknown) => book.look(bank(value), 'mission m');
const evilDiscovery = { authorizationServerUrl: EVIL };

describe('a mission that has the tokens of others sent elsewhere', () => {
  const known = signIn();
  it.each([
    [
      'the metadata',
      {
        discoveryState: { ...(known.discoveryState as object), authServerMetadataUrl: `${EVIL}/x` },
      },
    ],
    ['authorization server and issuer', { issuer: EVIL, discoveryState: evilDiscovery }],
    [
      'the authorization server, without an issuer',
      { issuer: undefined, discoveryState: evilDiscovery },
    ],
    ['the authorization server alone', { discoveryState: evilDiscovery }],
    ['the issuer alone', { issuer: EVIL }],
    ['the server', { serverUrl: 'https://evil.example/mcp' }],
    ['the client', { clientId: 'another' }],
    ['an address of a kind that nobody knows yet', { tokenEndpoint: `${EVIL}/token` }],
    [
      'the authorization server, to the server itself',
      { discoveryState: { authorizationServerUrl: 'https://bank.example.test' } },
    ],
    [
      'the refresh token alone, with an access token of its own',
      { accessToken: fakeToken('own'), issuer: EVIL },
    ],
    [
      'the access token alone, with a refresh token of its own',
      { refreshToken: fakeToken('own'), issuer: EVIL },
    ],
    ['an address that cannot be read', { issuer: 'https://' }],
  ])('is found: %s', (_, change) => {
    book.look(bank(known), 'global');
    const [found] = said({ ...known, ...change });
    expect(found?.name).toBe('bank');
    expect(found?.changes.length).toBeGreaterThan(0);
    expect(book.judge(bank({ ...known, ...change }), KEY)).not.toBe('known');
    expect(book.judge(bank(known), KEY)).toBe('known');
  });

  it('is found under another key as well', () => {
    book.look(bank(known), 'global');
    const copy = { ...known, serverName: 'mine', issuer: EVIL, discoveryState: evilDiscovery };
    expect(book.look(entryOf({ [serverKey('mine')]: copy }), 'mission m')).toHaveLength(1);
  });

  it('is found when it puts a token in the place of its client id', () => {
    book.look(bank(known), 'global');
    const own = fakeServer('mine', { issuer: EVIL, clientId: known.refreshToken });
    // Tokens are known by themselves; so is one in disguise.
    expect(book.look(entryOf({ [serverKey('mine')]: own }), 'mission m')).toHaveLength(1);
  });

  it('is found after a new start, and names addresses but no secret', async () => {
    book.look(bank(known), 'global');
    await book.save();
    expect(readFileSync(path, 'utf8')).not.toContain(MARK);
    book = openDestinationBook(path);
    const found = said({ ...known, issuer: EVIL });
    expect(found).toMatchObject([{ changes: [{ what: 'the issuer', from: REAL, to: EVIL }] }]);
    expect(JSON.stringify(found)).not.toContain(MARK);
  });

  it('is found however many sign-ins it makes up meanwhile', () => {
    book.look(bank(known), 'global');
    for (let n = 0; n < 300; n += 1) said(signIn());
    expect(said({ ...known, issuer: EVIL })).toHaveLength(1);
  });

  it('is found though it had all others give way to made-up ones before, one after the other', async () => {
    const everybodys = (value: unknown) => {
      said(value);
      book.look(bank(value), 'global');
    };
    book.look(bank(known), 'mission honest');
    book.look(bank(known), 'global');
    const refreshed = signIn();
    book.look(bank(refreshed), 'global');
    for (let n = 0; n < 300; n += 1) everybodys(signIn());
    // As after a sign-in of its own, made anew by the engine again and again.
    for (let n = 0; n < 300; n += 1) book.look(bank(signIn()), 'global');
    book.look(bank(signIn()), 'mission honest');
    await book.save();
    book = openDestinationBook(path);
    for (const one of [known, refreshed])
      expect(said({ ...one, issuer: EVIL, discoveryState: evilDiscovery })).toHaveLength(1);
  });

  it('is found though it filled the book with other values of the same servers', async () => {
    const servers = ['bank', 'shop', 'post'].map((name) => fakeServer(name, { issuer: REAL }));
    const all = entryOf(Object.fromEntries(servers.map((one) => [serverKey(one.serverName), one])));
    book.look(all, 'global');
    const fill = 'x'.repeat(200);
    for (let n = 0; n < 60; n += 1) {
      const made = servers.map(({ serverName }) => {
        const more = Array.from({ length: 190 }, (_, at) => [`${n}-${at}-${fill}`, `${EVIL}/x`]);
        const value = fakeServer(serverName, { issuer: REAL, more: Object.fromEntries(more) });
        return [serverKey(serverName), value];
      });
      const entry = entryOf(Object.fromEntries(made));
      book.look(entry, 'mission m');
      book.look(entry, 'global');
    }
    await book.save();
    book = openDestinationBook(path);
    for (const one of servers) {
      const entry = entryOf({ [serverKey(one.serverName)]: { ...one, issuer: EVIL } });
      expect(book.look(entry, 'mission m')).toHaveLength(1);
    }
  });

  it('is found where nothing was known of the authorization server yet', () => {
    const bare = fakeServer('bank');
    book.look(bank(bare), 'global');
    expect(said({ ...bare, issuer: EVIL, discoveryState: evilDiscovery })).toHaveLength(1);
  });
});

describe('what the client does by itself is no tampering:', () => {
  const known = signIn();
  it.each([
    [
      'a rejection noted beside the tokens',
      { discoveryState: { ...(known.discoveryState as object), tokenlessRejectedAt: 1 } },
    ],
    ['the issuer left out', { issuer: undefined }],
    [
      'the address of the server’s metadata, as a challenge names it',
      {
        discoveryState: {
          ...(known.discoveryState as object),
          resourceMetadataUrl: 'https://docs.example/x',
        },
      },
    ],
    [
      'another address for the answer of a sign-in',
      { redirectUri: 'http://localhost:4000/callback' },
    ],
    ['a new access token', { accessToken: fakeToken('access') }],
    ['new tokens', { accessToken: fakeToken('access'), refreshToken: fakeToken('refresh') }],
  ])('%s', (_, change) => {
    book.look(bank(known), 'global');
    expect(said({ ...known, ...change })).toEqual([]);
    expect(book.judge(bank({ ...known, ...change }), KEY)).toBe('known');
  });

  it('new tokens with a new scope, even one that looks like an address', () => {
    book.look(bank(known), 'global');
    expect(said(signIn({ scope: 'https://evil.example/auth/mail' }))).toEqual([]);
  });

  it('discovery noted after the sign-in, where the server is its own authorization server', () => {
    const bare = fakeServer('bank');
    book.look(bank(bare), 'global');
    const home = new URL(bare.serverUrl as string).origin;
    const found = {
      authorizationServerUrl: `${home}/`,
      resourceMetadataUrl: `${home}/.well-known/y`,
    };
    expect(said({ ...bare, issuer: home, discoveryState: found })).toEqual([]);
  });

  it.each([
    ['whom to ask', { issuer: undefined, discoveryState: undefined }],
    ['as whom to ask', { clientId: undefined }],
  ])('leaving out %s; but what the others have is better', (_, change) => {
    book.look(bank(known), 'global');
    expect(said({ ...known, ...change })).toMatchObject([{ changes: [], inferior: true }]);
  });

  it('a sign-in elsewhere, with new tokens: that is a sign-in', () => {
    book.look(bank(known), 'global');
    expect(said(signIn({ issuer: EVIL, discoveryState: evilDiscovery }))).toEqual([]);
  });
});

describe('a client secret', () => {
  it('that a mission makes up beside tokens of all spoils them for nobody', async () => {
    const known = signIn();
    book.look(bank(known), 'global');
    const spoilt = { ...known, clientSecret: fakeToken('made-up') };
    expect(said(spoilt)).toMatchObject([{ changes: [{ what: 'another client secret' }] }]);
    const beside = entryOf({ [KEY]: known }, { [KEY]: fakeToken('made-up') });
    expect(book.look(beside, 'mission m')).toHaveLength(1);
    await book.save();
    book = openDestinationBook(path);
    expect(said(spoilt)).toHaveLength(1);
    expect(said(known)).toEqual([]);
    book.accept(bank(spoilt), KEY);
    expect(said(spoilt)).toEqual([]);
  });

  it('that comes with a new sign-in is its own', () => {
    book.look(bank(signIn()), 'global');
    const next = signIn({ clientSecret: fakeToken('client-secret') });
    expect(said(next)).toEqual([]);
    expect(said({ ...next, accessToken: fakeToken('access') })).toEqual([]);
  });

  const SECRET = fakeToken('client-secret');
  const EVIL_KEY = serverKey('mine');
  const evil = (): FakeServer =>
    fakeServer('mine', { issuer: EVIL, discoveryState: evilDiscovery });

  it('is shown to no other authorization server than its own', () => {
    book.look(entryOf({ [KEY]: signIn() }, { [KEY]: SECRET }), 'global');
    const stolen = entryOf({ [EVIL_KEY]: evil() }, { [EVIL_KEY]: SECRET });
    expect(book.look(stolen, 'mission m')).toMatchObject([{ serverKey: EVIL_KEY }]);
    expect(
      book.judge(entryOf({ [EVIL_KEY]: { ...evil(), clientSecret: SECRET } }), EVIL_KEY),
    ).toMatchObject({
      changes: [{ from: REAL, to: EVIL }],
    });
  });

  it('that was kept before anybody signed in belongs to the server it was kept for', () => {
    book.look(entryOf({}, { [KEY]: SECRET }), 'global');
    const stolen = entryOf({ [EVIL_KEY]: evil() }, { [EVIL_KEY]: SECRET });
    expect(book.look(stolen, 'mission m')).toHaveLength(1);
    expect(book.look(entryOf({ [KEY]: signIn() }, { [KEY]: SECRET }), 'mission n')).toEqual([]);
  });

  it('serves two servers of one authorization server', () => {
    book.look(entryOf({ [KEY]: signIn() }, { [KEY]: SECRET }), 'global');
    const other = fakeServer('other', { issuer: REAL });
    const key = serverKey('other');
    expect(book.look(entryOf({ [key]: other }, { [key]: SECRET }), 'mission m')).toEqual([]);
  });
});

describe('spent tokens that come back', () => {
  it('give way to what took their place for everybody, whatever is said of their life', () => {
    const spent = signIn();
    book.look(bank(spent), 'global');
    book.look(bank(signIn()), 'global');
    expect(said({ ...spent, expiresAt: 9e15 })).toMatchObject([{ changes: [], inferior: true }]);
  });

  it('give way also where they lie in the global entry, put back by nobody who knows what they are', () => {
    const [first, second] = [signIn(), signIn()];
    for (const one of [first, second]) book.look(bank(one), 'global');
    expect(book.look(bank(first), 'global')).toMatchObject([{ superseded: 'replaced' }]);
    expect(said(second)).toEqual([]);
    expect(said(first)).toMatchObject([{ inferior: true }]);
  });

  it('count again once the user has put them back, and what took their place gives way', () => {
    const [first, second] = [signIn(), signIn()];
    for (const one of [first, second]) book.look(bank(one), 'global');
    book.reinstate(KEY, bank(first).mcpOAuth?.[KEY as never] ?? null);
    expect(book.look(bank(first), 'global')).toEqual([]);
    expect(said(first)).toEqual([]);
    expect(said(second)).toMatchObject([{ superseded: 'replaced' }]);
  });

  it('are known after a month of hourly refreshes, and after a restart', async () => {
    const all = Array.from({ length: 720 }, () => signIn());
    for (const one of all) book.look(bank(one), 'global');
    await book.save();
    expect(statSync(path).size).toBeLessThan(128 * 1024);
    book = openDestinationBook(path);
    for (const one of [all[0], all[300]])
      expect(said(one)).toMatchObject([{ changes: [], superseded: 'replaced' }]);
    expect(said(all.at(-1))).toEqual([]);
    book.reinstate(KEY, bank(all[0]).mcpOAuth?.[KEY as never] ?? null);
    expect(said(all[0])).toEqual([]);
  });

  it('that lost against another before they were everybody’s give way like the others', () => {
    const [lost, won] = [signIn(), signIn()];
    said(lost);
    book.look(bank(won), 'global');
    expect(said(lost)).toEqual([]);
    book.replaced(bank(lost), bank(won));
    expect(said(lost)).toMatchObject([{ superseded: 'replaced' }]);
  });

  it('that somebody signed out of are told from those that were replaced', async () => {
    const known = signIn();
    book.look(bank(known), 'global');
    book.signedOut(KEY);
    expect(said(known)).toMatchObject([{ changes: [], superseded: 'signed-out' }]);
    await book.save();
    book = openDestinationBook(path);
    expect(said(known)).toMatchObject([{ superseded: 'signed-out' }]);
    // Signed in again, at a server that gives the same refresh token to the same client.
    expect(said({ ...known, accessToken: fakeToken('access') })).toEqual([]);
  });

  it('under a second key beside the first decide nothing about that', () => {
    const [spent, now] = [signIn(), signIn()];
    for (const one of [spent, now]) book.look(bank(one), 'global');
    book.look(entryOf({ [KEY]: now, [serverKey('copy')]: spent }), 'global');
    expect(said(now)).toEqual([]);
    expect(said(spent)).toMatchObject([{ inferior: true }]);
  });

  it('of a server that rotates no refresh token are not spent', () => {
    const first = signIn();
    book.look(bank(first), 'global');
    book.look(bank({ ...first, accessToken: fakeToken('access') }), 'global');
    expect(said(first)).toEqual([]);
  });
});

describe('the user’s word', () => {
  const known = signIn();
  const moved = { ...known, issuer: EVIL, discoveryState: evilDiscovery };

  it('makes new addresses right beside the old ones, and no others', () => {
    book.look(bank(known), 'global');
    said(moved);
    book.accept(bank(moved), KEY);
    expect(said(moved)).toEqual([]);
    expect(said(known)).toEqual([]);
    expect(said({ ...known, issuer: 'https://third.example' })).toHaveLength(1);
  });

  it('has a rejected sign-in replaced wherever it turns up, but not its successor', () => {
    const bogus = signIn();
    book.look(bank(known), 'global');
    said(bogus);
    book.reject(bank(bogus), KEY);
    expect(said(bogus)).toMatchObject([{ inferior: true, changes: [] }]);
    expect(said(known)).toEqual([]);
    expect(said(signIn())).toEqual([]);
  });
});

describe('the token endpoint', () => {
  const at = (origin: string, authMethod = 'none') => ({ origin, authMethod });

  it('stays where it was at the first look, for all that come of the sign-in', () => {
    const first = signIn();
    book.look(bank(first), 'global');
    expect(book.pinEndpoint(bank(first), KEY, at(REAL))).toBeNull();
    expect(book.pinEndpoint(bank(first), KEY, at(EVIL))).toEqual(at(REAL));
    const next = signIn();
    book.look(bank(next), 'global');
    expect(book.pinEndpoint(bank(next), KEY, at(EVIL))).toEqual(at(REAL));
  });

  it('is shown the client’s secret in the way that it was at the first look', () => {
    const first = signIn();
    book.look(bank(first), 'global');
    const [basic, post] = [at(REAL, 'client_secret_basic'), at(REAL, 'client_secret_post')];
    expect(book.pinEndpoint(bank(first), KEY, basic)).toBeNull();
    expect(book.pinEndpoint(bank(first), KEY, post)).toEqual(basic);
  });

  it('takes those who sign in without a secret, though a mission had made one up before', () => {
    const first = signIn();
    book.look(bank(first), 'global');
    expect(book.pinEndpoint(bank(first), KEY, at(REAL, 'client_secret_basic'))).toBeNull();
    const next = signIn();
    book.look(bank(next), 'global');
    expect(book.pinEndpoint(bank(next), KEY, at(REAL, 'none'))).toBeNull();
  });

  it('of a sign-in that was made elsewhere is another', () => {
    book.look(bank(signIn()), 'global');
    const elsewhere = signIn({ issuer: EVIL, discoveryState: evilDiscovery });
    said(elsewhere);
    expect(book.pinEndpoint(bank(elsewhere), KEY, at(EVIL))).toBeNull();
  });
});

describe('what a mission says beside tokens that all have, and no client changes without them', () => {
  const known = signIn();
  const discovery = (said: object) => ({
    discoveryState: { ...(known.discoveryState as object), ...said },
  });
  const CHANGES: readonly (readonly [string, object])[] = [
    ['that they last for ever', { expiresAt: Date.now() + 1e12 }],
    ['that they are over', { expiresAt: 1 }],
    ['no time at all', { expiresAt: undefined }],
    ['another scope', { scope: 'https://evil.example/auth/mail' }],
    ['no refresh token', { refreshToken: undefined }],
    ['an empty one', { refreshToken: '' }],
    ['one that it made up', { refreshToken: fakeToken('refresh') }],
    ['no access token', { accessToken: '' }],
    [
      'another page of the server',
      { serverUrl: `${new URL(String(known.serverUrl)).origin}/nonsense` },
    ],
    ['another tenant', discovery({ authorizationServerUrl: `${REAL}/evil` })],
    ['a page for the metadata', discovery({ authServerMetadataUrl: `${REAL}/evil.json` })],
    ['another issuer at that origin', { issuer: `${REAL}/x` }],
    ['another name', { serverName: 'another' }],
  ];

  it.each(CHANGES)('gives way to what the others have: %s', (_, change) => {
    book.look(bank(known), 'global');
    expect(said({ ...known, ...change })).toMatchObject([{ changes: [], inferior: true }]);
    // Also after a restart.
    return book.save().then(() => {
      book = openDestinationBook(path);
      book.look(bank(known), 'global');
      expect(said({ ...known, ...change })).toMatchObject([{ changes: [], inferior: true }]);
      expect(said(known)).toEqual([]);
    });
  });

  it('holds of what a refresh brings, too', () => {
    book.look(bank(known), 'global');
    const next = { ...known, accessToken: fakeToken('access'), expiresAt: Date.now() + 7e6 };
    book.look(bank(next), 'global');
    expect(said(next)).toEqual([]);
    expect(said({ ...next, expiresAt: 1e15 })).toMatchObject([{ inferior: true }]);
    const other = { ...known, accessToken: fakeToken('access') };
    expect(said({ ...other, serverName: 'another' })).toMatchObject([{ inferior: true }]);
  });

  it('counts where the global entry says it: a server may give the same token for longer', () => {
    book.look(bank(known), 'global');
    const longer = { ...known, expiresAt: Date.now() + 9e6 };
    expect(book.look(bank(longer), 'global')).toEqual([]);
    expect(said(longer)).toEqual([]);
    expect(said(known)).toMatchObject([{ changes: [], inferior: true }]);
  });
});

describe('a known secret under another name', () => {
  const known = signIn({ clientSecret: fakeToken('client-secret') });
  const own = (overrides: object) => {
    const value = fakeServer('mine', { issuer: EVIL, ...overrides });
    return book.look(entryOf({ [serverKey('mine')]: value }), 'mission m');
  };

  it.each([
    ['a refresh token as the client secret', () => ({ clientSecret: known.refreshToken })],
    ['an access token as the client secret', () => ({ clientSecret: known.accessToken })],
    ['a client secret as the refresh token', () => ({ refreshToken: known.clientSecret })],
    ['a client secret as the access token', () => ({ accessToken: known.clientSecret })],
  ])('is found: %s', (_, overrides) => {
    book.look(bank(known), 'global');
    expect(own(overrides())[0]?.changes.length).toBeGreaterThan(0);
  });

  it('is found: a refresh token as the client secret that is kept beside', () => {
    book.look(bank(known), 'global');
    const value = fakeServer('mine', { issuer: EVIL });
    const entry = {
      ...entryOf({ [serverKey('mine')]: value }),
      mcpOAuthClientConfig: { [serverKey('mine')]: { clientSecret: String(known.refreshToken) } },
    };
    expect(book.look(entry, 'mission m')[0]?.changes.length).toBeGreaterThan(0);
  });

  it('is found under another key of the same server, until the user accepts that', () => {
    book.look(bank(known), 'global');
    const copied = entryOf({ [serverKey('copy')]: { ...known, serverName: 'copy' } });
    expect(book.look(copied, 'mission m')).toMatchObject([
      { changes: [{ what: 'the tokens of another server' }] },
    ]);
    book.accept(copied, serverKey('copy'));
    expect(book.look(copied, 'mission m')).toEqual([]);
  });
});

describe('a mission that makes things up without end', () => {
  const MEGABYTE = 1024 * 1024;
  const known = signIn({ clientSecret: fakeToken('client-secret') });

  it('fills neither disk nor memory, and has nobody’s sign-in forgotten, though no entry holds it now', async () => {
    book.look(bank(known), 'global');
    book.look(entryOf({}), 'global');
    for (let look = 0; look < 100; look += 1) {
      const names = Array.from({ length: 400 }, (_, at) => `made-up-${look}-${at}`);
      const made = names.map((name) =>
        fakeServer(name, { issuer: EVIL, clientSecret: fakeToken('client-secret') }),
      );
      book.look(
        entryOf(Object.fromEntries(made.map((each) => [serverKey(each.serverName), each]))),
        'mission m',
      );
    }
    await book.save();
    expect(statSync(path).size).toBeLessThan(12 * MEGABYTE);
    book = openDestinationBook(path);
    expect(book.damage()).toBeNull();
    expect(said({ ...known, issuer: EVIL, clientSecret: undefined })).toHaveLength(1);
    const { clientSecret } = known;
    const own = fakeServer('mine', { issuer: EVIL, clientSecret });
    expect(book.look(entryOf({ [serverKey('mine')]: own }), 'mission m')).toHaveLength(1);
  });

  it('has no sign-in of all grow by addresses at its own origin', async () => {
    book.look(bank(known), 'global');
    for (let look = 0; look < 50; look += 1) {
      const made = Array.from({ length: 100 }, (_, at) => [`${look}-${at}`, `${REAL}/x`]);
      expect(said({ ...known, more: Object.fromEntries(made) })).toEqual([]);
    }
    await book.save();
    expect(statSync(path).size).toBeLessThan(MEGABYTE / 16);
    expect(said({ ...known, more: { x: EVIL } })).toHaveLength(1);
  });

  it('… nor its successors, each of which has others', async () => {
    book.look(bank(known), 'global');
    for (let look = 0; look < 40; look += 1) {
      const made = Array.from({ length: 500 }, (_, at) => [`${look}-${at}`, `${REAL}/x`]);
      const next = signIn({ more: Object.fromEntries(made) });
      expect(book.look(bank(next), 'mission m')).toEqual([]);
      // As after it became everybody's.
      book.look(bank(next), 'global');
    }
    await book.save();
    expect(statSync(path).size).toBeLessThan(MEGABYTE / 16);
  });

  it('with its secrets has no honest one’s forgotten that no entry holds just now', async () => {
    const { clientSecret } = known;
    book.look(bank(known), 'global');
    for (let look = 0; look < 60; look += 1) {
      const made = Array.from({ length: 400 }, (_, at) =>
        fakeServer(`made-up-${look}-${at}`, {
          issuer: EVIL,
          clientSecret: fakeToken('client-secret'),
        }),
      );
      book.look(
        entryOf(Object.fromEntries(made.map((each) => [serverKey(each.serverName), each]))),
        'mission m',
      );
    }
    // An honest one's comes last, and lies nowhere after that.
    const late = fakeToken('client-secret');
    book.look(bank(signIn({ clientSecret: late })), 'mission honest');
    book.look(entryOf({}), 'mission honest');
    book.look(entryOf({}), 'global');
    book.look(entryOf({}), 'mission m');
    await book.save();
    for (const secret of [clientSecret, late]) {
      const stolen = fakeServer('mine', { issuer: EVIL, clientSecret: secret });
      expect(book.look(entryOf({ [serverKey('mine')]: stolen }), 'mission m')).toHaveLength(1);
    }
  });

  it('leaves no token in memory that is as large as a book', () => {
    const before = heapUsed();
    for (let look = 0; look < 100; look += 1)
      said({ ...known, accessToken: fakeToken('x'.repeat(MEGABYTE / 2)) });
    expect(heapUsed() - before).toBeLessThan(10 * MEGABYTE);
  });

  it('keeps the engine busy for no time that anybody notices', () => {
    const made = (look: number) =>
      Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`${look}-${at}`, `${REAL}/x`]));
    // What grows with the square of it comes to no end within this test's time.
    for (let look = 0; look < 3; look += 1)
      expect(said({ ...known, more: made(look) })).toEqual([]);
  });
});

it('a damaged file is put aside, and what lies in the global entry counts', async () => {
  writeFileSync(path, '{"version":1,');
  book = openDestinationBook(path);
  expect(book.damage()).toContain(path);
  const known = signIn();
  book.look(bank(known), 'global');
  await book.save();
  expect(openDestinationBook(path).damage()).toBeNull();
  expect(said({ ...known, issuer: EVIL })).toHaveLength(1);
});
