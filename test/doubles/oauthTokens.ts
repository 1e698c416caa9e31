import { randomBytes } from 'node:crypto';
import { MARK } from '../support/fake.ts';

/** What the server saw and did, in order. Tokens appear as serial numbers, never as themselves. */
export type OAuthEvent =
  | { kind: 'signed-in'; grant: number; access: number }
  | { kind: 'refreshed'; grant: number; refresh: number; access: number }
  | { kind: 'refresh-rejected'; refresh: number | undefined; why: 'unknown' | 'used' | 'revoked' }
  | { kind: 'revoked'; grant: number; what: 'access' | 'refresh'; serial: number }
  | { kind: 'mcp-rejected'; access: number | undefined; why: RejectedBecause }
  | { kind: 'mcp'; method: string; access: number }
  | { kind: 'tool-call'; tool: string; access: number };

export type RejectedBecause = 'missing' | 'unknown' | 'revoked' | 'expired';

/** The token endpoint's answer on success (RFC 6749, 5.1). `expires_in` is in seconds. */
export interface TokenAnswer {
  access_token: string;
  refresh_token?: string;
  token_type: 'Bearer';
  expires_in?: number;
  scope: string;
}

interface Token {
  serial: number;
  grant: number;
  expiresAtMs: number;
  state: 'valid' | 'used' | 'revoked';
}

/** Every token that one server made; refresh tokens rotate and are good for one use. */
export class OAuthTokens {
  readonly events: OAuthEvent[] = [];
  /** Life of the access tokens issued from now on, in seconds. */
  accessLifeSeconds: number;
  /** What refreshes leave out of their answers. Without a refresh token in it, the old one stays good. */
  leftOut: { refreshToken?: boolean; expiresIn?: boolean } = {};
  /** Whether a used refresh token is taken for theft, and all of its sign-in is revoked (RFC 9700, 4.14.2). */
  revokesOnReuse = false;
  private readonly access = new Map<string, Token>();
  private readonly refresh = new Map<string, Token>();
  private grants = 0;

  constructor(accessLifeSeconds: number) {
    this.accessLifeSeconds = accessLifeSeconds;
  }

  /** A new grant: what an authorization code is worth. */
  signIn(): TokenAnswer {
    this.grants += 1;
    const { answer, serial } = this.issue(this.grants);
    this.events.push({ kind: 'signed-in', grant: this.grants, access: serial });
    return answer;
  }

  /** Trades a refresh token for a new pair; `undefined` means `invalid_grant`. */
  rotate(refreshToken: string): TokenAnswer | undefined {
    const old = this.refresh.get(refreshToken);
    if (old === undefined || old.state !== 'valid') {
      const why = old === undefined || old.state === 'valid' ? 'unknown' : old.state;
      this.events.push({ kind: 'refresh-rejected', refresh: old?.serial, why });
      if (this.revokesOnReuse && old?.state === 'used') this.revokeGrant(old.grant);
      return undefined;
    }
    const { answer, serial } = this.issue(old.grant);
    if (this.leftOut.refreshToken) delete answer.refresh_token;
    else old.state = 'used';
    if (this.leftOut.expiresIn) delete answer.expires_in;
    this.events.push({
      kind: 'refreshed',
      grant: old.grant,
      refresh: old.serial,
      access: serial,
    });
    return answer;
  }

  /** RFC 7009: an unknown token is no error. A revoked refresh token takes its grant's access tokens along. */
  revoke(token: string): void {
    const refresh = this.refresh.get(token);
    const found = refresh ?? this.access.get(token);
    if (found === undefined) return;
    found.state = 'revoked';
    const what = refresh === undefined ? 'access' : 'refresh';
    this.events.push({ kind: 'revoked', grant: found.grant, what, serial: found.serial });
    if (refresh === undefined) return;
    for (const other of this.access.values()) {
      if (other.grant === refresh.grant) other.state = 'revoked';
    }
  }

  private revokeGrant(grant: number): void {
    for (const token of [...this.access.values(), ...this.refresh.values()]) {
      if (token.grant === grant) token.state = 'revoked';
    }
  }

  /** Judges a bearer token. */
  check(token: string | undefined): { ok: true; serial: number } | { ok: false } {
    const found = token === undefined ? undefined : this.access.get(token);
    const why = this.whyNot(token, found);
    if (found !== undefined && why === undefined) return { ok: true, serial: found.serial };
    this.events.push({ kind: 'mcp-rejected', access: found?.serial, why: why ?? 'unknown' });
    return { ok: false };
  }

  /** Whether a refresh with this token would be granted. */
  isGood(refreshToken: unknown): boolean {
    return typeof refreshToken === 'string' && this.refresh.get(refreshToken)?.state === 'valid';
  }

  /** The serial number of an access or a refresh token, to compare entries with events. */
  serialOf(token: unknown): number | undefined {
    if (typeof token !== 'string') return undefined;
    return (this.access.get(token) ?? this.refresh.get(token))?.serial;
  }

  private whyNot(token: string | undefined, found: Token | undefined): RejectedBecause | undefined {
    if (token === undefined) return 'missing';
    if (found === undefined) return 'unknown';
    if (found.state !== 'valid') return 'revoked';
    return found.expiresAtMs <= Date.now() ? 'expired' : undefined;
  }

  private issue(grant: number): { answer: TokenAnswer; serial: number } {
    const serial = this.access.size + 1;
    const expiresAtMs = Date.now() + this.accessLifeSeconds * 1000;
    const token = (what: string) => `${MARK}${what}-${serial}-${randomBytes(9).toString('hex')}`;
    const [accessToken, refreshToken] = [token('access'), token('refresh')];
    this.access.set(accessToken, { serial, grant, expiresAtMs, state: 'valid' });
    this.refresh.set(refreshToken, { serial, grant, expiresAtMs: Infinity, state: 'valid' });
    return {
      serial,
      answer: {
        access_token: accessToken,
        refresh_token: refreshToken,
        token_type: 'Bearer',
        expires_in: this.accessLifeSeconds,
        scope: 'mcp',
      },
    };
  }
}
