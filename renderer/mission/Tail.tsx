import { type ReactNode, useRef } from 'react';
import { Button } from 'react-aria-components';
import styles from './OutputPanel.module.css';
import { useEnd } from './useEnd.ts';

/** A box that shows the end of what is in it, as long as the reader has not scrolled up. */
export function Tail({
  label,
  content,
  children,
}: {
  label: string;
  /** Another one means that something came. */
  content: unknown;
  children: ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { isAtEnd, onScroll, toEnd } = useEnd(box, content);
  return (
    <div className={styles.frame}>
      <section
        ref={box}
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
        tabIndex={0}
        className={styles.tail}
        onScroll={onScroll}
      >
        {children}
      </section>
      {!isAtEnd && (
        <Button className={styles.newest ?? ''} onPress={toEnd}>
          Newest ↓
        </Button>
      )}
    </div>
  );
}
