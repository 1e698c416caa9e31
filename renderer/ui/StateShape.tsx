import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './StateShape.module.css';

/** Told apart by shape as well as by colour. */
export type Shape =
  | 'good'
  | 'attention'
  | 'bad'
  | 'attached'
  | 'stopped'
  | 'busy'
  | 'working'
  | 'asks'
  | 'paused'
  | 'idle';

/** The state of a mission, or of all of them. The words beside it say the same. */
export function StateShape({
  shape,
  size = 12,
  className,
}: {
  shape: Shape;
  size?: number;
  className?: string | undefined;
}) {
  return (
    <svg
      viewBox="0 0 12 12"
      width={size}
      height={size}
      aria-hidden="true"
      className={cx(styles.shape, styles[shape], className)}
    >
      {drawings[shape]}
    </svg>
  );
}

const drawings: Record<Shape, ReactNode> = {
  good: <circle cx="6" cy="6" r="4" fill="currentColor" />,
  attention: (
    <>
      <circle cx="6" cy="6" r="4.1" fill="none" stroke="currentColor" strokeWidth="1.4" />
      <path d="M6 1.9a4.1 4.1 0 0 0 0 8.2Z" fill="currentColor" />
    </>
  ),
  bad: (
    <path
      d="M6 2 10.6 10H1.4Z"
      fill="currentColor"
      stroke="currentColor"
      strokeWidth="1.2"
      strokeLinejoin="round"
    />
  ),
  attached: <circle cx="6" cy="6" r="3.5" fill="none" stroke="currentColor" strokeWidth="2" />,
  stopped: (
    <rect
      x="2.9"
      y="2.9"
      width="6.2"
      height="6.2"
      rx="1.4"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
    />
  ),
  working: (
    <>
      <circle cx="6" cy="6" r="2.3" fill="currentColor" />
      <circle cx="6" cy="6" r="4.7" fill="none" stroke="currentColor" strokeWidth="1.1" />
    </>
  ),
  asks: (
    <path
      d="M6 1.2c3 0 5 1.6 5 4s-2 4-5 4c-.4 0-.8 0-1.2-.1L2.2 11l.4-2.7C1.6 7.6 1 6.5 1 5.2c0-2.4 2-4 5-4Z"
      fill="currentColor"
    />
  ),
  busy: (
    <g className={styles.turning} fill="none" stroke="currentColor" strokeWidth="1.5">
      <path d="M6 1.9A4.1 4.1 0 0 1 10.1 6M6 10.1A4.1 4.1 0 0 1 1.9 6" strokeLinecap="round" />
    </g>
  ),
  paused: <path d="M3 2.2h2.2v7.6H3ZM6.8 2.2H9v7.6H6.8Z" fill="currentColor" />,
  idle: <circle cx="6" cy="6" r="4.1" fill="none" stroke="currentColor" strokeWidth="1.4" />,
};
