import type { LineKind } from './format.ts';
import styles from './LogRow.module.css';

const shapes: Record<LineKind, string> = {
  warning: 'M6 1.3 11.2 10.6H.8ZM6 4.8v2.4m0 1.6v.01',
  up: 'M6 10.5v-9M2.6 4.9 6 1.5l3.4 3.4',
  down: 'M6 1.5v9M2.6 7.1 6 10.5l3.4-3.4',
  other: 'M6 6h.01',
};

/** The direction of a line as a shape. */
export function KindShape({ kind }: { kind: LineKind }) {
  return (
    <svg className={styles.shape} data-kind={kind} viewBox="0 0 12 12" aria-hidden="true">
      <path d={shapes[kind]} />
    </svg>
  );
}
