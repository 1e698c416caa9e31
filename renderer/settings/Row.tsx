import type { ReactNode } from 'react';
import { cx } from '../ui/cx.ts';
import styles from './Settings.module.css';

/** A group of settings under a heading. */
export function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.group}>
      <h2 className={styles.heading}>{title}</h2>
      <div className={styles.box}>{children}</div>
    </section>
  );
}

/** What a setting says: its label, a sentence, and what failed when it was changed. */
export function Words({
  label,
  help,
  helpId,
  failure = null,
}: {
  label: ReactNode;
  help: ReactNode;
  helpId: string;
  failure?: string | null;
}) {
  return (
    <span className={styles.words}>
      <span className={styles.label}>{label}</span>
      <span id={helpId} className={styles.help}>
        {help}
      </span>
      <span className={styles.failure} aria-live="polite">
        {failure}
      </span>
    </span>
  );
}

/** A line of a group. */
export function Row({ stacked = false, children }: { stacked?: boolean; children: ReactNode }) {
  return <div className={cx(styles.row, stacked && styles.stacked)}>{children}</div>;
}
