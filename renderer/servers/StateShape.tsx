import type { ReactNode } from 'react';
import type { CellState } from './grid.ts';
import styles from './StateShape.module.css';

/** A state as a shape that is told from all others without its colour. */
export function StateShape({ state }: { state: CellState }) {
  return (
    <svg className={styles.shape} data-state={state} viewBox="0 0 12 12" aria-hidden="true">
      {shapes[state]}
    </svg>
  );
}

const stroke = {
  fill: 'none',
  stroke: 'currentColor',
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;

const shapes: Record<CellState, ReactNode> = {
  usable: <circle cx="6" cy="6" r="4.25" fill="currentColor" />,
  soon: <path d="M6 1.2 11.2 10.6H.8Z" fill="currentColor" />,
  expired: <path {...stroke} strokeWidth="1.4" d="M6 3.4V6l1.7 1.2M6 1.2a4.8 4.8 0 1 0 .01 0" />,
  invalidated: <path {...stroke} strokeWidth="2.2" d="m2.2 2.2 7.6 7.6m0-7.6-7.6 7.6" />,
  registered: <circle {...stroke} strokeWidth="1.5" cx="6" cy="6" r="3.9" />,
  unknown: (
    <path
      {...stroke}
      strokeWidth="1.5"
      d="M3.6 3.9a2.4 2.4 0 1 1 3.7 2c-.8.5-1.3.9-1.3 1.8m0 2.6v.01"
    />
  ),
  absent: <path {...stroke} strokeWidth="1.4" d="M2 6h8" />,
  vanished: <path {...stroke} strokeWidth="1.4" d="M6 1.3 11.2 10.6H.8ZM6 4.8v2.4m0 1.6v.01" />,
};
