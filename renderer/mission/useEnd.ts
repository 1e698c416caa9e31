import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Nearer than this (px) to its end counts as at it. */
const NEAR = 12;

/** Keeps a box that scrolls at its end, until the reader scrolls up. */
export function useEnd(box: RefObject<HTMLElement | null>, content: unknown) {
  const [isAtEnd, setAtEnd] = useState(true);
  const last = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new content moves the end
  useLayoutEffect(() => {
    if (isAtEnd) scrollToEnd(box.current);
  }, [box, content, isAtEnd]);
  useEffect(() => {
    const element = box.current;
    if (element === null || !isAtEnd) return;
    const observer = new ResizeObserver(() => scrollToEnd(element));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, isAtEnd]);
  return {
    isAtEnd,
    toEnd: () => setAtEnd(true),
    onScroll(): void {
      const element = box.current;
      if (element === null) return;
      const { scrollTop, scrollHeight, clientHeight } = element;
      const isUp = scrollTop < last.current;
      last.current = scrollTop;
      if (scrollHeight - clientHeight - scrollTop < NEAR) setAtEnd(true);
      // Other content or another size moves the end as well: only a way up is the reader's.
      else if (isUp) setAtEnd(false);
    },
  };
}

function scrollToEnd(element: HTMLElement | null): void {
  if (element !== null) element.scrollTop = element.scrollHeight;
}
