/**
 * A list that grows at both ends without ever being copied: older lines are read in page by page while
 * new ones arrive. Items keep their position relative to the list's first beginning (`base`).
 */
export class Lines<T> {
  /** What was prepended, newest first. */
  readonly #head: T[] = [];
  readonly #tail: T[] = [];

  get length(): number {
    return this.#head.length + this.#tail.length;
  }

  /** How many were prepended: what was at index `i` is now at `i + prepended`. */
  get prepended(): number {
    return this.#head.length;
  }

  at(index: number): T | undefined {
    const head = this.#head.length;
    return index < head ? this.#head[head - 1 - index] : this.#tail[index - head];
  }

  /** @param items oldest first */
  append(items: Iterable<T>): void {
    for (const item of items) this.#tail.push(item);
  }

  prependOne(item: T): void {
    this.#head.push(item);
  }

  /** @param items oldest first; all older than what is there */
  prepend(items: readonly T[]): void {
    for (let at = items.length - 1; at >= 0; at -= 1) {
      const item = items[at];
      if (item !== undefined) this.#head.push(item);
    }
  }
}

/** Where an id is in lines that ascend by id, or -1. */
export function indexOfId(lines: Lines<{ readonly id: number }>, id: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = lines.at(middle)?.id ?? Number.POSITIVE_INFINITY;
    if (found === id) return middle;
    if (found < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
