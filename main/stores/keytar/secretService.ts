import { errorCode, errorText } from '../../system/errors.ts';
import { type Unavailable, type UnavailableReason, unavailable } from '../store.ts';
import { connectSessionBus, DbusError, sessionBusSockets } from './sessionBus.ts';

const SECRETS = 'org.freedesktop.secrets';

/**
 * Asks the Secret Service whether its default collection is there and unlocked; `null` says yes.
 * Never prompts, unlocks or changes anything, and takes 1–2 ms. An answer of "not found" means
 * something only where this says yes: of a locked keyring, libsecret says "not found" too.
 * @param signal ends the wait; a daemon that does not answer until then is `timeout`
 */
export async function probeSecretService(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Unavailable | null> {
  const sockets = sessionBusSockets(env);
  if (sockets.length === 0) {
    return unavailable('missing', 'there is no D-Bus session, so there is no Secret Service');
  }
  try {
    const bus = await connectSessionBus(sockets, signal);
    try {
      const collection = await bus.call({
        destination: SECRETS,
        path: '/org/freedesktop/secrets',
        interface: 'org.freedesktop.Secret.Service',
        member: 'ReadAlias',
        args: ['default'],
      });
      if (typeof collection !== 'string' || collection === '/') {
        return unavailable('missing', 'the Secret Service has no default keyring');
      }
      const locked = await bus.call({
        destination: SECRETS,
        path: collection,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Get',
        args: ['org.freedesktop.Secret.Collection', 'Locked'],
      });
      return locked === false ? null : unavailable('locked', `the keyring ${collection} is locked`);
    } finally {
      bus.close();
    }
  } catch (error) {
    if (signal.aborted) return unavailable('timeout', 'the Secret Service did not answer');
    return unavailable(reasonOf(error), `the Secret Service cannot be asked: ${errorText(error)}`);
  }
}

function reasonOf(error: unknown): UnavailableReason {
  if (error instanceof DbusError) {
    if (/\.(ServiceUnknown|NameHasNoOwner|Spawn\.[A-Za-z]+)$/.test(error.name)) return 'missing';
    if (/\.(NoReply|Timeout|TimedOut)$/.test(error.name)) return 'timeout';
    if (/\.(AccessDenied|AuthFailed)$/.test(error.name)) return 'denied';
    return 'failed';
  }
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'missing';
  return code === 'EACCES' ? 'denied' : 'failed';
}
