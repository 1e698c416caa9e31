/** The mark that every made-up token carries; the leak test looks for it. */
export const MARK = 'FAKE-SECRET-';

let serial = 0;

/** A made-up token, marked so that a leak can be found. No other process of a test makes the same one. */
export function fakeToken(what: string): string {
  serial += 1;
  return `${MARK}${what}-${process.pid}-${serial}`;
}

export type FakeServer = Record<string, unknown> & { serverName: string };

/** A usable server value as the client writes it, with fresh marked tokens. */
export function fakeServer(
  serverName: string,
  overrides: Record<string, unknown> = {},
): FakeServer {
  return {
    serverName,
    serverUrl: `https://${serverName}.example.test/mcp`,
    accessToken: fakeToken('access'),
    refreshToken: fakeToken('refresh'),
    expiresAt: Date.now() + 3_600_000,
    scope: 'mcp',
    clientId: `client-of-${serverName}`,
    redirectUri: 'http://localhost:3118/callback',
    ...overrides,
  };
}

/** The key under which the client keeps a server; opaque to us. */
export function serverKey(serverName: string): string {
  return `${serverName}|${'0123456789abcdef'}`;
}

/** An entry's text with the given servers, each usable unless given as a value. */
export function fakeEntry(
  servers: readonly (string | FakeServer)[] = [],
  rest: object = {},
): string {
  const mcpOAuth = Object.fromEntries(
    servers.map((server) => {
      const value = typeof server === 'string' ? fakeServer(server) : server;
      return [serverKey(value.serverName), value];
    }),
  );
  return JSON.stringify({ mcpOAuth, ...rest });
}
