import type { LogFilter, LogLine } from '../../main/service/contract/log.ts';
import { EVERYTHING, logMatcher } from '../../main/service/contract/logFilter.ts';
import { FilteredLines } from './filtered.ts';
import { Lines } from './lines.ts';
import type { LogSource } from './source.ts';

/** Lines filtered at a time: a few milliseconds of work, so that typing is never held up. */
const STEP = 5_000;

/**
 * The open log: what was read and what arrived, and what the filter lets through of it. It changes in
 * place, since 100,000 lines are too many to copy for each that arrives; `version` tells that it did.
 */
export class LogModel {
  readonly #source: LogSource;
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #filter: LogFilter = EVERYTHING;
  #lines = new Lines<LogLine>();
  #filtered = new FilteredLines(this.#lines, logMatcher(EVERYTHING));
  /** Names of missions that may be gone by now, as the lines tell them. */
  #missions = new Map<string, string>();
  /** What arrived while paused, or before the first page did. */
  #waiting: LogLine[] = [];
  #newest = Number.NEGATIVE_INFINITY;
  #opened = false;
  #paused = false;
  #more = true;
  #failure: string | null = null;
  #heldBack = 0;
  #life = new AbortController().signal;
  #arrived = 0;
  #epoch = 0;
  #cancel: (() => void) | null = null;

  constructor(source: LogSource) {
    this.#source = source;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly version = (): number => this.#version;

  get total(): number {
    return this.#lines.length;
  }
  get matches(): Lines<LogLine> {
    return this.#filtered.matches;
  }
  get missions(): ReadonlyMap<string, string> {
    return this.#missions;
  }
  get paused(): boolean {
    return this.#paused;
  }
  /** Older lines are still being read. */
  get reading(): boolean {
    return this.#more && this.#failure === null;
  }
  /** The filter has not seen all lines yet. */
  get filtering(): boolean {
    return this.#filtered.remaining > 0;
  }
  /** Why reading stopped, if it did. */
  get failure(): string | null {
    return this.#failure;
  }
  /** How many new lines matched and are shown, since the filter was set. */
  get arrived(): number {
    return this.#arrived;
  }
  /** Grows when the matches are others altogether. */
  get epoch(): number {
    return this.#epoch;
  }
  /** How many new lines would be shown if it were not paused. */
  get heldBack(): number {
    return this.#heldBack;
  }

  /** Opens the log anew. @returns how to close it */
  open(): () => void {
    this.#lines = new Lines();
    this.#missions = new Map();
    this.#waiting = [];
    this.#newest = Number.NEGATIVE_INFINITY;
    this.#opened = false;
    const life = new AbortController();
    this.#life = life.signal;
    this.#restart();
    const stop = this.#source.onLines((lines) => this.#arrive(lines));
    this.retry();
    return () => {
      life.abort();
      stop();
      this.#cancel?.();
      this.#source.close();
    };
  }

  /** Reads on where reading failed. */
  retry(): void {
    this.#failure = null;
    this.#more = true;
    this.#changed();
    void this.#read(this.#life);
  }

  setFilter(filter: LogFilter): void {
    this.#filter = filter;
    this.#restart();
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#release();
    this.#changed();
  }

  #restart(): void {
    this.#filtered = new FilteredLines(this.#lines, logMatcher(this.#filter));
    this.#epoch += 1;
    this.#arrived = 0;
    this.#heldBack = this.#waiting.filter(logMatcher(this.#filter)).length;
    this.#scan();
  }

  async #read(life: AbortSignal): Promise<void> {
    try {
      while (this.#more) {
        const page = await this.#source.read(this.#lines.at(0)?.id ?? null);
        if (life.aborted) return;
        // An empty page has nothing before it, whatever it says: it could not be asked for.
        this.#more = page.more && page.lines.length > 0;
        this.#take(page.lines);
      }
    } catch (error) {
      if (life.aborted) return;
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#changed();
    }
  }

  #take(lines: readonly LogLine[]): void {
    this.#remember(lines);
    this.#lines.prepend(lines);
    if (!this.#opened) {
      this.#opened = true;
      this.#newest = lines.at(-1)?.id ?? this.#newest;
      // What was pushed before the first page came may be in it.
      this.#waiting = this.#waiting.filter(({ id }) => id > this.#newest);
      this.#heldBack = this.#waiting.filter(logMatcher(this.#filter)).length;
      if (!this.#paused) this.#release();
    }
    this.#scan();
  }

  #arrive(lines: readonly LogLine[]): void {
    const last = this.#waiting.at(-1)?.id ?? this.#newest;
    const fresh = lines.filter(({ id }) => id > last);
    this.#waiting.push(...fresh);
    this.#heldBack += fresh.filter(logMatcher(this.#filter)).length;
    if (this.#opened && !this.#paused) this.#release();
    this.#changed();
  }

  #release(): void {
    if (!this.#opened || this.#waiting.length === 0) return;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#heldBack = 0;
    this.#newest = lines.at(-1)?.id ?? this.#newest;
    this.#remember(lines);
    this.#arrived += this.#filtered.append(lines);
  }

  #remember(lines: readonly LogLine[]): void {
    for (const { missionId, missionName } of lines) {
      if (missionId !== null) this.#missions.set(missionId, missionName ?? missionId);
    }
  }

  #scan(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#filtered.step(STEP)) this.#cancel = this.#source.later(() => this.#scan());
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
