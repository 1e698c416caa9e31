import { type RefObject, useLayoutEffect, useState } from 'react';

/** Nearer than this (px) to its end counts as at it. */
const NEAR = 12;

/** Keeps a box that scrolls at its end while that is what the reader looks at. */
export function useEnd(box: RefObject<HTMLElement | null>, content: unknown) {
  const [isAtEnd, setAtEnd] = useState(true);
  const toEnd = (): void => {
    const element = box.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: new content moves the end
  useLayoutEffect(() => {
    if (isAtEnd) toEnd();
  }, [content, isAtEnd]);
  return {
    isAtEnd,
    toEnd: () => setAtEnd(true),
    onScroll(): void {
      const element = box.current;
      if (element === null) return;
      const below = element.scrollHeight - element.clientHeight - element.scrollTop;
      setAtEnd(below < NEAR);
    },
  };
}
