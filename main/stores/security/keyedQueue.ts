/** Runs tasks of the same key one after the other, and of different keys side by side. */
export interface KeyedQueue {
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
  /** Resolves once every task that was given so far has ended. */
  idle(): Promise<void>;
}

export function createKeyedQueue(): KeyedQueue {
  const tails = new Map<string, Promise<void>>();

  return {
    run(key, task) {
      const result = (tails.get(key) ?? Promise.resolve()).then(task);
      const ended = (): void => {
        if (tails.get(key) === tail) tails.delete(key);
      };
      // The next task waits for the end of this one, not for its success; the caller gets the error.
      const tail: Promise<void> = result.then(ended, ended);
      tails.set(key, tail);
      return result;
    },

    async idle() {
      await Promise.all(tails.values());
    },
  };
}
