import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import styles from './Clamped.module.css';
import { cx } from './cx.ts';

/** A text in at most two lines, or four; the rest on demand. */
export function Clamped({
  children,
  start = false,
  lines = 2,
}: {
  children: ReactNode;
  start?: boolean;
  lines?: 2 | 4;
}) {
  const box = useRef<HTMLParagraphElement>(null);
  const [open, setOpen] = useState(start);
  const [long, setLong] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      // Once open there is nothing to tell it by: it stays what it was.
      if (!open) setLong(element.scrollHeight > element.clientHeight + 1);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [open]);
  return (
    <div className={styles.clamped}>
      <p ref={box} className={cx(styles.text, !open && styles.short, lines === 4 && styles.four)}>
        {children}
      </p>
      {(long || open) && (
        <Button
          className={styles.more ?? ''}
          aria-expanded={open}
          onPress={() => setOpen((was) => !was)}
        >
          {open ? 'Show less' : 'Show all'}
        </Button>
      )}
    </div>
  );
}
