import { useSyncExternalStore } from 'react';
import type { AppState } from '../../main/service/contract/app.ts';
import { errorText, invoke, onPush } from '../api.ts';
import { share } from './share.ts';
import { createValue, useValue } from './value.ts';

const current = createValue<AppState | null>(null);
const failure = createValue<string | null>(null);

/** The newer of two states, made of the older one's parts where nothing changed. */
export function newer(known: AppState | null, arrived: AppState): AppState {
  if (known === null) return arrived;
  return arrived.revision < known.revision ? known : share(known, arrived);
}

/** Follows the main process's state. @returns how to stop */
export function followState(): () => void {
  const take = (state: AppState): void => current.set(newer(current.get(), state));
  const stop = onPush('state', take);
  invoke('state').then(take, (error: unknown) => failure.set(errorText(error)));
  return stop;
}

/** The state that the main process pushed last; `null` before the first. */
export function useAppState(): AppState | null {
  return useValue(current);
}

/** Something that follows from the state; its component renders again only when that changes. */
export function useOfState<T extends string | number | boolean | null>(
  of: (state: AppState | null) => T,
): T {
  return useSyncExternalStore(current.subscribe, () => of(current.get()));
}

/** Why there is no state, if so. */
export function useStateFailure(): string | null {
  return useValue(failure);
}

/** The state as it is now, for what happens outside of rendering. */
export function appState(): AppState | null {
  return current.get();
}

/** Hears each new state, outside of rendering. @returns its own unsubscribe */
export const onAppState = current.subscribe;
