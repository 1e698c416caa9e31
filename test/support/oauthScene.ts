import type { OAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { editAsClient, type Place, serverIn } from './clientWrites.ts';
import { type FakeServer, serverKey } from './fake.ts';
import { until } from './until.ts';

/** A value as the client keeps it after a sign-in at the OAuth double, nobody having opened a browser. */
export function signedInAt(
  oauth: OAuthMcpServer,
  serverName: string,
  overrides: Record<string, unknown> = {},
): FakeServer {
  const { tokens, clientId, clientSecret } = oauth.grant();
  return {
    serverName,
    serverUrl: oauth.url,
    accessToken: tokens.access_token,
    discoveryState: {
      authorizationServerUrl: oauth.issuer,
      oauthMetadataFound: true,
      authServerMetadataUrl: null,
    },
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    issuer: oauth.issuer,
    redirectUri: 'http://localhost:3118/callback',
    refreshToken: tokens.refresh_token,
    expiresAt: Date.now() + (tokens.expires_in ?? 0) * 1_000,
    scope: tokens.scope,
    ...overrides,
  };
}

/** Puts a server's value into an entry, as a client does after a sign-in. */
export async function putServer(place: Place, value: FakeServer): Promise<FakeServer> {
  await editAsClient(place, (blob) => {
    blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey(value.serverName)]: value };
  });
  return value;
}

/** Which of the double's tokens an entry holds, by its number. */
export function serialIn(oauth: OAuthMcpServer, place: Place, name: string): number | undefined {
  return oauth.serialOf(serverIn(place, name)?.accessToken);
}

/** Waits until all entries hold that token of the double; `undefined`: none. */
export function untilSerialIn(
  oauth: OAuthMcpServer,
  places: readonly Place[],
  name: string,
  serial: number | undefined,
): Promise<void> {
  const serials = () => places.map((place) => serialIn(oauth, place, name));
  return until(
    () => `token ${serial} in every entry; seen: ${serials().join(', ')}`,
    () => serials().every((one) => one === serial),
  );
}
