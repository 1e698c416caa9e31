import {
  json,
  metadataOf,
  type OddAuthorizationServer,
  startOddAuthorizationServer,
} from '../doubles/oddAuthorizationServer.ts';
import type { Certificate } from '../support/certificates.ts';
import { readEntry } from './client.ts';
import { putEntry, serverIn } from './scene.ts';

/** A server's value in an entry, whatever is in it. */
export type Value = Record<string, unknown>;
/** What a mission writes over a sign-in, whose tokens it leaves as they are, to have them sent `elsewhere`. */
export type Change = (value: Value, elsewhere: string) => Value;

/** A value that says something else of where the client found its authorization server. */
export const discovery = (value: Value, more: object): Value => ({
  ...value,
  discoveryState: { ...(value.discoveryState as object), ...more },
});

export const CHANGES = {
  'the address of the metadata': (value, elsewhere) =>
    discovery(value, {
      authServerMetadataUrl: `${elsewhere}/.well-known/oauth-authorization-server`,
    }),
  'authorization server and issuer': (value, elsewhere) => ({
    ...discovery(value, { authorizationServerUrl: elsewhere }),
    issuer: elsewhere,
  }),
  'authorization server, issuer taken out': ({ issuer: _, ...value }, elsewhere) =>
    discovery(value, { authorizationServerUrl: elsewhere }),
  'authorization server alone, spelt oddly': (value, elsewhere) =>
    discovery(value, { authorizationServerUrl: ` ${elsewhere.replace('://', ':')}` }),
  'metadata that are brought along': (value, elsewhere) =>
    discovery(value, {
      authorizationServerMetadata: {
        ...metadataOf(String(value.issuer)),
        token_endpoint: `${elsewhere}/token`,
      },
    }),
  'the server’s own address': (value, elsewhere) => ({ ...value, serverUrl: `${elsewhere}/mcp` }),
  'the client id': (value) => ({ ...value, clientId: 'client-of-somebody-else' }),
} as const satisfies Readonly<Record<string, Change>>;

/** An authorization server that describes itself, and refuses every token that comes to it. */
export const startElsewhere = (tls?: Certificate): Promise<OddAuthorizationServer> =>
  startOddAuthorizationServer(({ method, origin, response }) => {
    if (method === 'GET') json(response, 200, metadataOf(origin));
    else json(response, 400, { error: 'invalid_grant' });
  }, tls);

/** Replaces the one server's value in an entry, and leaves the rest of the entry as it is. */
export function putValue(configDir: string, change: (value: Value) => Value): void {
  const there = serverIn(configDir);
  if (there === undefined) throw new Error('the server is not in the entry');
  const mcpOAuth = { [there.key]: change(there.value) };
  putEntry(configDir, { ...readEntry(configDir), mcpOAuth });
}
