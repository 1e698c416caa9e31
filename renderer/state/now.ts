import { useSyncExternalStore } from 'react';

/** Ticks while the page can be seen and somebody listens; there is no timer otherwise. */
class Ticker {
  readonly #everyMs: number;
  readonly #listeners = new Set<() => void>();
  #now = Date.now();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  readonly now = (): number => this.#now;

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) document.addEventListener('visibilitychange', this.#adjust);
    this.#listeners.add(listener);
    this.#adjust();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      document.removeEventListener('visibilitychange', this.#adjust);
      this.#stop();
    };
  };

  readonly #adjust = (): void => {
    if (document.visibilityState !== 'visible') {
      this.#stop();
    } else if (this.#timer === null) {
      this.#timer = setInterval(this.#tick, this.#everyMs);
      // It stood still until now.
      if (Date.now() - this.#now >= this.#everyMs) this.#tick();
    }
  };

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  readonly #tick = (): void => {
    this.#now = Date.now();
    for (const listener of [...this.#listeners]) listener();
  };
}

const tickers = new Map<number, Ticker>();

function tickerOf(everyMs: number): Ticker {
  const known = tickers.get(everyMs);
  if (known !== undefined) return known;
  const ticker = new Ticker(everyMs);
  tickers.set(everyMs, ticker);
  return ticker;
}

/** The time (ms since the epoch), renewed every so often while the page can be seen. */
export function useNow(everyMs: number): number {
  const ticker = tickerOf(everyMs);
  return useSyncExternalStore(ticker.subscribe, ticker.now);
}

/** Something that follows from the time; its component renders again only when that changes. */
export function useOfNow<T extends string | number | boolean | null>(
  everyMs: number,
  of: (now: number) => T,
): T {
  const ticker = tickerOf(everyMs);
  return useSyncExternalStore(ticker.subscribe, () => of(ticker.now()));
}
