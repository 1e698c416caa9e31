import { useSyncExternalStore } from 'react';

/** A value outside of React that components can follow. */
export interface Value<T> {
  readonly get: () => T;
  readonly set: (next: T) => void;
  /** @returns its own unsubscribe */
  readonly subscribe: (listener: () => void) => () => void;
}

/** A new value; setting the same again tells nobody. */
export function createValue<T>(initial: T): Value<T> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(next) {
      if (Object.is(current, next)) return;
      current = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The value, kept up to date. */
export function useValue<T>(value: Value<T>): T {
  return useSyncExternalStore(value.subscribe, value.get);
}
