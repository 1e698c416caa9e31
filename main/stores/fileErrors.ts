import { errorCode, errorText } from '../system/errors.ts';
import { LinkInTheWay } from '../system/ownPlace.ts';
import { type Unavailable, type UnavailableReason, unavailable } from './store.ts';

const REASONS: Readonly<Record<string, UnavailableReason>> = {
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'read-only',
  ENOSPC: 'full',
  EDQUOT: 'full',
  ENOENT: 'missing',
  ENOTDIR: 'missing',
};

/** What a failed file operation means for a store. */
export function unavailableFrom(error: unknown): Unavailable {
  if (error instanceof LinkInTheWay) return unavailable('link', errorText(error));
  return unavailable(REASONS[errorCode(error)] ?? 'failed', errorText(error));
}
