import { isObject, type Json } from '../credentials/entry.ts';
import type { LastAnswer } from './boundedFetch.ts';
import type { IssuedTokens } from './refreshOrder.ts';

/** The errors of RFC 6749, 5.2 that no second try can change. */
export const REFUSALS = ['invalid_grant', 'invalid_client', 'unauthorized_client'] as const;
export type Refusal = (typeof REFUSALS)[number];
/** Those that are about who asks, and say nothing of the token. */
export const CLIENT_REFUSALS: readonly Refusal[] = ['invalid_client', 'unauthorized_client'];

/**
 * A refresh that came to nothing. `detail` is for people and holds no secret.
 * - `failed`: it may work later; the refresh token was not used
 * - `unfit`: it will not work like this; the refresh token was not used
 * - `unsure`: the server may have used the refresh token, and nobody has the answer
 */
export type RefreshFailure =
  | { readonly status: 'failed'; readonly retryAfterMs: number | null; readonly detail: string }
  | { readonly status: 'unfit'; readonly detail: string }
  | { readonly status: 'unsure'; readonly detail: string };

export type RefreshAnswer =
  | { readonly status: 'issued'; readonly tokens: IssuedTokens }
  | { readonly status: 'refused'; readonly error: Refusal }
  | RefreshFailure;

/** The last moment that a `Date` can tell, ms since the epoch. */
const LAST_MOMENT = 8.64e15;
/** Of one token, in UTF-16 units. */
const LONGEST_TOKEN = 64 * 1024;
/** Answers that say "not now": request timeout, too early, too many requests. */
const LATER = [408, 425, 429];
/** A gateway's word for a server that may have done it all the same. */
const GATEWAY_GAVE_UP = [502, 504];
const LATER_ERRORS = ['temporarily_unavailable', 'too_many_requests', 'slow_down', 'ratelimited'];
/** What GitHub and Slack say in place of `invalid_grant`. */
const DEAD_TOKEN = ['bad_refresh_token', 'invalid_refresh_token', 'token_expired', 'token_revoked'];
/** Only these are ever quoted: a server could put a token in place of an error. */
const TOLD = [
  ...LATER_ERRORS,
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unsupported_grant_type',
  'access_denied',
  'server_error',
];

/**
 * What a token endpoint's answer comes to (RFC 6749, 5). It is read with patience: by then the old refresh
 * token is spent as a rule, so an answer that is thrown away for its form costs a sign-in.
 * @param context.origin for people · `refreshToken`: the one that was sent · `now`: ms since the epoch
 */
export function readTokenAnswer(
  answer: LastAnswer,
  context: { readonly origin: string; readonly refreshToken: string; readonly now: number },
): RefreshAnswer {
  const { status } = answer;
  const body = parse(answer.body);
  const code = typeof body.error === 'string' ? body.error : null;
  const isSuccess = status >= 200 && status < 300;
  // Slack and GitHub say "no" with a 200.
  if (!isSuccess || (code !== null && !('access_token' in body)))
    return judge(answer, code, context.origin);
  const tokens = readTokens(body, context);
  if (typeof tokens !== 'string') return { status: 'issued', tokens };
  return unsure(`${context.origin} answered ${tokens}`);
}

/** Whether an entry and an `Authorization` header can hold a token at all. */
export function isCarriable(token: string): boolean {
  return (
    token.length > 0 &&
    token.length <= LONGEST_TOKEN &&
    token.isWellFormed() &&
    !/\p{Cc}/u.test(token)
  );
}

/** A moment that every `Date` can tell. */
export function clampMoment(ms: number): number {
  return Math.max(-LAST_MOMENT, Math.min(LAST_MOMENT, ms));
}

/** @returns what is wrong with it, if it is no token */
function readTokens(
  body: { readonly [key: string]: Json },
  { refreshToken, now }: { readonly refreshToken: string; readonly now: number },
): IssuedTokens | string {
  const { access_token: access, scope } = body;
  // Not said, said with null and said with nothing are one thing: it goes on with the old one.
  const next = body.refresh_token ?? '';
  if (typeof access !== 'string' || access === '') return 'without a token';
  if (typeof next !== 'string') return 'with a refresh token that is no text';
  if (!isCarriable(access) || !(next === '' || isCarriable(next)))
    return 'with a token that no client could send';
  const lifeMs = lifeOf(body.expires_in);
  return {
    accessToken: access,
    refreshToken: next === '' ? refreshToken : next,
    expiresAt: lifeMs === null ? null : clampMoment(Math.round(now + lifeMs)),
    scope: readScope(scope),
  };
}

/** In ms; `null`: unknown. None, or less, would be a token that is useless at once: so it says nothing. */
function lifeOf(seconds: Json | undefined): number | null {
  const isNumber = typeof seconds === 'number' || (typeof seconds === 'string' && seconds !== '');
  const ms = isNumber ? Number(seconds) * 1_000 : 0;
  return ms > 0 ? ms : null;
}

/** `null`: as before. */
function readScope(scope: Json | undefined): string | null {
  const isList = Array.isArray(scope) && scope.every((each) => typeof each === 'string');
  const text = isList ? scope.join(' ') : scope;
  return typeof text === 'string' && isCarriable(text) ? text : null;
}

/** What an answer that holds no tokens comes to. */
function judge(
  { status, retryAfterMs }: LastAnswer,
  code: string | null,
  origin: string,
): RefreshAnswer {
  const isDead = code !== null && DEAD_TOKEN.includes(code);
  const refusal = isDead ? 'invalid_grant' : REFUSALS.find((one) => one === code);
  if (refusal !== undefined) return { status: 'refused', error: refusal };
  const told = code !== null && TOLD.includes(code) ? ` (${code})` : '';
  const detail = `${origin} answered ${status}${told}`;
  // 307 and 308 say that nothing was done, and ask for it elsewhere; the others may follow a success.
  const isRedirect = status >= 300 && status < 400;
  if (isRedirect && status !== 307 && status !== 308) return unsure(detail);
  if (GATEWAY_GAVE_UP.includes(status)) return unsure(detail);
  const isLater =
    status >= 500 || LATER.includes(status) || (code !== null && LATER_ERRORS.includes(code));
  return isLater ? { status: 'failed', retryAfterMs, detail } : { status: 'unfit', detail };
}

/** The members of an answer, JSON or, as GitHub's, a form; none if it is neither. */
function parse(body: string): { readonly [key: string]: Json } {
  try {
    const value: Json = JSON.parse(body);
    return isObject(value) ? value : {};
  } catch {
    // An error page holds nothing of the kind, and a form says it at its very beginning or not at all.
    return /^(\w+=[^&\s]*&)*access_token=/.test(body)
      ? Object.fromEntries(new URLSearchParams(body))
      : {};
  }
}

function unsure(detail: string): RefreshFailure {
  return { status: 'unsure', detail };
}
