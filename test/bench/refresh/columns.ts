/** What one column of the table measures. */
export interface Column {
  readonly title: string;
  /** `bar/settings.json`; `null`: no engine runs. */
  readonly settings: object | null;
  /** What is left of the token when the engine starts, in seconds. The client refreshes at less than 300. */
  readonly leftSeconds: number;
  /** Whether the engine refreshes before the missions start. */
  readonly ahead: boolean;
  /** Start spacings (ms) from which on nothing may be refused; `null`: nothing is asked of it. */
  readonly zeroFromMs: number | null;
}

const INSIDE_THE_WINDOW = 200;

export const COLUMNS: Readonly<Record<string, Column>> = {
  none: {
    title: 'without the engine',
    settings: null,
    leftSeconds: INSIDE_THE_WINDOW,
    ahead: false,
    zeroFromMs: null,
  },
  sync: {
    title: 'sync alone',
    settings: { refreshFence: false, refreshAhead: false },
    leftSeconds: INSIDE_THE_WINDOW,
    ahead: false,
    zeroFromMs: null,
  },
  fence: {
    title: 'with the fence',
    settings: { refreshFence: true, refreshAhead: false },
    leftSeconds: INSIDE_THE_WINDOW,
    ahead: false,
    zeroFromMs: 100,
  },
  // As in life: the missions run, and the token comes into the engine's window long before the client's.
  lease: {
    title: 'with fence and lease',
    settings: { refreshFence: true, refreshAhead: true },
    leftSeconds: 599,
    ahead: true,
    zeroFromMs: 0,
  },
  // The lid was closed: engine and missions wake up when the client's window is open already.
  late: {
    title: 'fence and lease, just woken',
    settings: { refreshFence: true, refreshAhead: true },
    leftSeconds: INSIDE_THE_WINDOW,
    ahead: false,
    zeroFromMs: null,
  },
};

export const USUAL_COLUMNS = ['none', 'sync', 'fence', 'lease'];
