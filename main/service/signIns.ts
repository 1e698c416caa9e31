import { UserError } from '../system/userError.ts';
import type { MissionHost } from './missionHost.ts';
import { type SignInOptions, type SignInResult, signIn } from './signIn.ts';

/** The sign-ins of the app, one at a time: a person has one browser, and one pair of eyes. */
export interface SignIns {
  /** The server that is being signed in to. */
  current(): string | null;
  /** @throws UserError if one is under way */
  start(wanted: Pick<SignInOptions, 'server' | 'missionId'>): Promise<SignInResult>;
  /** Ends the one that is under way, if any. */
  cancel(): void;
  /** Cancels it, and waits for its end. */
  dispose(): Promise<void>;
}

/** @param host how missions are run; asked anew each time, since settings change */
export function createSignIns(
  host: () => Promise<MissionHost>,
  deps: { readonly openUrl: SignInOptions['openUrl']; readonly onChange: () => void },
): SignIns {
  let current: { server: string; abort: AbortController; done: Promise<SignInResult> } | null =
    null;

  async function run(
    wanted: Pick<SignInOptions, 'server' | 'missionId'>,
    signal: AbortSignal,
  ): Promise<SignInResult> {
    try {
      return await signIn({ ...wanted, host: await host(), openUrl: deps.openUrl, signal });
    } finally {
      current = null;
      deps.onChange();
    }
  }

  return {
    current: () => current?.server ?? null,

    start(wanted) {
      if (current !== null)
        throw new UserError(`A sign-in to "${current.server}" is under way; cancel it first.`);
      const abort = new AbortController();
      const done = run(wanted, abort.signal);
      current = { server: wanted.server, abort, done };
      deps.onChange();
      return done;
    },

    cancel: () => current?.abort.abort(),

    async dispose() {
      current?.abort.abort();
      // Its failure is for whoever asked for it.
      await current?.done.catch(() => undefined);
    },
  };
}
