import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

interface Content {
  readonly rows: number;
  readonly rowHeight: number;
  /** How many rows were ever put before the first. */
  readonly prepended: number;
  /** Other rows altogether. */
  readonly epoch: number;
  /** The list's own height. */
  readonly height: number;
}

/**
 * Keeps a list where the reader has it: at its end while that is what they look at, else on the same
 * row, whatever comes before it.
 */
export function usePinned(list: RefObject<HTMLElement | null>, content: Content) {
  const [pinned, setPinned] = useState(true);
  const last = useRef<Content | null>(null);

  useLayoutEffect(() => {
    const element = list.current;
    const before = last.current;
    last.current = content;
    // A scroll by itself changes no content, and must not be undone.
    if (element === null || (before !== null && isSame(before, content))) return;
    const isOther = before === null || before.epoch !== content.epoch;
    if (isOther) setPinned(true);
    if (pinned || isOther) {
      element.scrollTop = element.scrollHeight;
    } else if (before.rowHeight !== content.rowHeight) {
      element.scrollTop *= content.rowHeight / before.rowHeight;
    } else {
      element.scrollTop += (content.prepended - before.prepended) * content.rowHeight;
    }
  });

  return {
    pinned,
    onScroll() {
      const element = list.current;
      if (element === null) return;
      const below = element.scrollHeight - element.clientHeight - element.scrollTop;
      setPinned(below < content.rowHeight / 2);
    },
    toEnd() {
      setPinned(true);
      if (list.current !== null) list.current.scrollTop = list.current.scrollHeight;
    },
  };
}

function isSame(one: Content, other: Content): boolean {
  return (Object.keys(one) as (keyof Content)[]).every((key) => one[key] === other[key]);
}
