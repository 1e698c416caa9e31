import { hash } from 'node:crypto';
import { CLIENT_CONFIG_MAP } from '../credentials/destination.ts';
import { type Entry, isObject, type Json, SERVER_MAP } from '../credentials/entry.ts';
import { expiresAtOf } from '../credentials/serverState.ts';
import { isSameIssuer } from './issuer.ts';

/** All that a refresh of one server's value needs. Holds secrets. */
export interface RefreshOrder {
  readonly name: string;
  /** As {@link tokenDigest} says. */
  readonly digest: string;
  /** Names the refresh token alone; 64 hex digits. */
  readonly refreshDigest: string;
  /** Until when the access token beside it is good, ms since the epoch; `null`: not said. */
  readonly expiresAt: number | null;
  /** Names the tokens together with the client that shows them, its secret included; 64 hex digits. */
  readonly clientDigest: string;
  readonly refreshToken: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly authorizationServerUrl: string;
  /** Where the metadata is, if the client was told so; `null`: where RFC 8414 says. */
  readonly metadataUrl: string | null;
  /** Whether the authorization server had metadata at the sign-in. */
  readonly hadMetadata: boolean;
  /** RFC 8707: the client names the server's own address in every refresh (measured). */
  readonly resource: URL;
}

/** What a refresh gave. Secret. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** ms since the epoch; `null` where the server did not say. */
  readonly expiresAt: number | null;
  /** `null`: as before. */
  readonly scope: string | null;
}

/** The order for a server of an entry, or `null` where its value does not say all that is needed. */
export function refreshOrder(entry: Entry | null, serverKey: string): RefreshOrder | null {
  const value = member(entry?.[SERVER_MAP], serverKey);
  const discovery = member(value, 'discoveryState');
  const refreshToken = text(value, 'refreshToken');
  const clientId = text(value, 'clientId');
  const authorizationServerUrl = url(discovery, 'authorizationServerUrl');
  const resource = url(value, 'serverUrl');
  const digest = tokenDigest(value);
  if (refreshToken === null || digest === null || clientId === null) return null;
  if (authorizationServerUrl === null || resource === null) return null;
  // What one server gave is shown to no other, although the client itself goes by `authorizationServerUrl` alone.
  const issuer = text(value, 'issuer');
  if (issuer !== null && !isSameIssuer(issuer, authorizationServerUrl)) return null;
  const resourceUrl = new URL(resource);
  resourceUrl.hash = '';
  const ownConfig = member(entry?.[CLIENT_CONFIG_MAP], serverKey);
  const clientSecret = text(ownConfig, 'clientSecret') ?? text(value, 'clientSecret');
  return {
    name: text(value, 'serverName') ?? serverKey,
    digest,
    refreshDigest: hash('sha256', `agenc-bar refresh token\n${refreshToken}`),
    expiresAt: expiresAtOf(value ?? null),
    // With the tokens in it nobody can guess a short secret from it.
    clientDigest: hash(
      'sha256',
      `agenc-bar client\n${JSON.stringify([digest, refreshToken, clientId, clientSecret])}`,
    ),
    refreshToken,
    clientId,
    clientSecret,
    authorizationServerUrl,
    metadataUrl: url(discovery, 'authServerMetadataUrl'),
    hadMetadata: member(discovery, 'oauthMetadataFound') !== false,
    resource: resourceUrl,
  };
}

/** A server's value with new tokens in it; whatever else it holds stays. */
export function withTokens(value: Json, tokens: IssuedTokens): Json {
  const { expiresAt: _, ...rest } = isObject(value) ? value : {};
  return {
    ...rest,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    // Without a word on the life of the token the client keeps none either (measured).
    ...(tokens.expiresAt !== null && { expiresAt: tokens.expiresAt }),
    ...(tokens.scope !== null && { scope: tokens.scope }),
  };
}

/**
 * Names the tokens of a server's value without telling them, 64 hex digits; `null` without a refresh token.
 * The access token counts, too: where a refresh token goes on being good after a refresh, it is another state.
 */
export function tokenDigest(value: Json | undefined): string | null {
  const refreshToken = text(value, 'refreshToken');
  if (refreshToken === null) return null;
  const tokens = [refreshToken, text(value, 'accessToken')];
  return hash('sha256', `agenc-bar tokens\n${JSON.stringify(tokens)}`);
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function text(value: Json | undefined, key: string): string | null {
  const found = member(value, key);
  return typeof found === 'string' && found !== '' ? found : null;
}

function url(value: Json | undefined, key: string): string | null {
  const found = text(value, key);
  return found !== null && URL.canParse(found) ? found : null;
}
