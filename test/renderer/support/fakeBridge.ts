import type { AppCommandName, AppState } from '../../../main/service/contract/app.ts';

/** The main process as the page sees it, played by a test. */
export interface FakeBridge {
  readonly calls: [AppCommandName, unknown][];
  push(name: string, message: unknown): void;
  answer(name: string, answer: unknown): void;
  /** Intervals that tick at this moment. */
  readonly intervals: ReadonlySet<number>;
}

/** Runs in the page, before anything of it: what is in here cannot use anything from outside. */
export function installFakeBridge(state: AppState): void {
  const calls: [AppCommandName, unknown][] = [];
  const listeners = new Map<string, Set<(message: unknown) => void>>();
  const answers = new Map<string, unknown>([
    ['state', { ok: true, value: state }],
    ['resync', { ok: true, value: { missions: [] } }],
    ['attach', { ok: true, value: { missionId: null } }],
    ['chooseSetting', { ok: true, value: { changed: false } }],
    ['readLog', { ok: true, value: { lines: [], more: false } }],
    ['launch', { ok: true, value: { opened: 'Opened in kitty.' } }],
    ['lostWork', { ok: true, value: { lines: [], unknown: null } }],
    ['readOutput', { ok: true, value: { output: null, notes: [] } }],
    ['newMission', { ok: true, value: { makingId: 'making-1' } }],
    ['chooseRepository', { ok: true, value: { repo: null } }],
    ['findLeftovers', { ok: true, value: { leftovers: [], unknown: null } }],
    ['exportLog', { ok: true, value: { lines: null } }],
  ]);
  const intervals = new Set<number>();
  const { setInterval: start, clearInterval: stop } = globalThis;
  Object.assign(globalThis, {
    setInterval(...rest: Parameters<typeof start>) {
      const timer = start(...rest);
      intervals.add(Number(timer));
      return timer;
    },
    clearInterval(timer?: number) {
      intervals.delete(Number(timer));
      stop(timer);
    },
    agencBar: {
      invoke(name: AppCommandName, params: unknown) {
        if (name !== 'state') calls.push([name, params]);
        const answer = answers.get(name);
        if (answer === null) return new Promise(() => undefined);
        return Promise.resolve(structuredClone(answer ?? { ok: true, value: {} }));
      },
      on(name: string, listener: (message: unknown) => void) {
        const all = listeners.get(name) ?? new Set();
        listeners.set(name, all.add(listener));
        return () => all.delete(listener);
      },
    },
    fakeBridge: {
      calls,
      intervals,
      push: (name: string, message: unknown) => {
        for (const tell of listeners.get(name) ?? []) tell(message);
      },
      answer: (name: string, answer: unknown) => answers.set(name, answer),
    },
  });
}
