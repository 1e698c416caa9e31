import type { LogLine } from '../../main/service/contract/log.ts';
import { Lines } from './lines.ts';

/**
 * The lines that a filter lets through, found from the newest to the oldest: what the user looks at is
 * there at once, and the rest follows in steps that leave the page responsive. Older pages and a new
 * filter are the same work: lines not yet looked at.
 */
export class FilteredLines {
  readonly matches = new Lines<LogLine>();
  readonly #lines: Lines<LogLine>;
  readonly #matcher: (line: LogLine) => boolean;
  /** How many lines are looked at: those older than `lines[length - seen]` are not. */
  #seen = 0;

  constructor(lines: Lines<LogLine>, matcher: (line: LogLine) => boolean) {
    this.#lines = lines;
    this.#matcher = matcher;
  }

  /** Lines that were not looked at yet. */
  get remaining(): number {
    return this.#lines.length - this.#seen;
  }

  /** Adds new lines to the lines and to the matches. @returns how many matched */
  append(lines: readonly LogLine[]): number {
    const matching = lines.filter(this.#matcher);
    this.#lines.append(lines);
    this.matches.append(matching);
    this.#seen += lines.length;
    return matching.length;
  }

  /** Looks at up to `count` more lines, newest first. @returns whether there is more to look at */
  step(count: number): boolean {
    let at = this.remaining - 1;
    const end = Math.max(0, at + 1 - count);
    for (; at >= end; at -= 1) {
      const line = this.#lines.at(at);
      this.#seen += 1;
      if (line !== undefined && this.#matcher(line)) this.matches.prependOne(line);
    }
    return this.remaining > 0;
  }
}
