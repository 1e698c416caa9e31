import { describe, expect, it } from 'vitest';
import { destinationChanges, destinationOf } from '../../main/credentials/destination.ts';
import type { Json } from '../../main/credentials/entry.ts';

const HOME = 'https://as.example.test';
const THIEF = 'https://thief.example.test';

/** As the client writes it. */
const value = {
  serverName: 'bank',
  serverUrl: 'https://bank.example.test/mcp',
  issuer: HOME,
  clientId: 'client-1',
  redirectUri: 'http://localhost:3118/callback',
  discoveryState: {
    authorizationServerUrl: HOME,
    authServerMetadataUrl: null,
    oauthMetadataFound: true,
    resourceMetadataUrl: 'https://bank.example.test/.well-known/oauth-protected-resource/mcp',
  },
};
const changesOf = (said: Json) => destinationChanges(destinationOf(value), destinationOf(said));
const discovery = (more: Record<string, Json>, beside: Record<string, Json> = {}) => ({
  ...value,
  ...beside,
  discoveryState: { ...value.discoveryState, ...more },
});
const metadata = (tokenEndpoint: Json) =>
  discovery({ authorizationServerMetadata: { issuer: HOME, token_endpoint: tokenEndpoint } });

describe('a token that would go to a thief, for whom the client reads the address', () => {
  // Each of them took the real client to the thief, the lists as a token endpoint (test/claude/routing.test.ts has some).
  const spellings: Record<string, Json> = {
    plain: THIEF,
    'after a blank': ` ${THIEF}`,
    'without slashes': THIEF.replace('://', ':'),
    'with backslashes': THIEF.replace('://', ':\\\\'),
    'with a line break in the scheme': THIEF.replace('http', 'ht\ntp'),
    'behind a name of the real one': THIEF.replace('://', '://as.example.test@'),
    'in capitals': THIEF.toUpperCase(),
    'in a list': [THIEF],
    'in a list of pieces': [HOME, '@thief.example.test/token'],
  };

  it.each(Object.keys(spellings))('is noticed, spelt %s', (how) => {
    const spelt = spellings[how] as Json;
    expect(changesOf(discovery({ authorizationServerUrl: spelt }))).not.toEqual([]);
    expect(changesOf(metadata(spelt))).not.toEqual([]);
  });

  it('is noticed behind a key that looks like a path', () => {
    const hidden = { 'discoveryState.authorizationServerUrl': HOME };
    expect(changesOf(discovery({ authorizationServerUrl: THIEF }, hidden))).toEqual([
      { what: 'the authorization server', from: HOME, to: THIEF },
    ]);
    const last = { ...discovery({ authorizationServerUrl: THIEF }), ...hidden };
    expect(changesOf(last)).toHaveLength(1);
  });

  it('is noticed, and can be told, under a name that every object has', () => {
    for (const what of ['constructor', 'toString', 'valueOf'])
      expect(changesOf({ ...value, [what]: THIEF })).toEqual([{ what, from: null, to: THIEF }]);
  });

  it('is noticed where the address is none that can be read', () => {
    expect(changesOf(discovery({ authorizationServerUrl: 'thief' }))).toHaveLength(1);
    expect(changesOf(discovery({ authorizationServerUrl: { at: THIEF } }))).not.toEqual([]);
  });
});

it('what the client itself changes is no change', () => {
  const { issuer: _, ...older } = value;
  expect(destinationChanges(destinationOf(older), destinationOf(value))).toEqual([]);
  expect(changesOf(older)).toEqual([]);
  expect(changesOf({ ...value, issuer: `${HOME}/`, redirectUri: 'http://localhost:1/' })).toEqual(
    [],
  );
  expect(changesOf({ ...value, stepUpScope: 'https://scopes.example.test/all' })).toEqual([]);
  const noted = 'https://elsewhere.example.test/.well-known/oauth-protected-resource';
  expect(changesOf(discovery({ resourceMetadataUrl: noted, tokenlessRejectedAt: 1 }))).toEqual([]);
  expect(changesOf(discovery({ authorizationServerUrl: '' }))).toEqual([]);
});
