import type {
  AgencBarBridge,
  AppCommandName,
  AppCommandParams,
  AppCommandResult,
  AppPush,
  AppPushName,
} from '../main/service/contract/app.ts';

declare global {
  interface Window {
    /** What the preload script gives the page: all that it can reach. */
    readonly agencBar: AgencBarBridge;
  }
}

/** Commands that take nothing need no second argument. */
type Rest<C extends AppCommandName> =
  Record<string, never> extends AppCommandParams<C>
    ? [params?: AppCommandParams<C>]
    : [params: AppCommandParams<C>];

/**
 * Asks the main process for something.
 * @throws Error with the main process's own words for the user
 */
export async function invoke<C extends AppCommandName>(
  name: C,
  ...[params]: Rest<C>
): Promise<AppCommandResult<C>> {
  const answer = await window.agencBar.invoke(name, params ?? ({} as AppCommandParams<C>));
  if (!answer.ok) throw new Error(answer.message);
  return answer.value;
}

/** Hears what the main process pushes. @returns its own unsubscribe */
export function onPush<P extends AppPushName>(
  name: P,
  listener: (message: AppPush<P>) => void,
): () => void {
  return window.agencBar.on(name, listener);
}

/** An error in words for the user. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
