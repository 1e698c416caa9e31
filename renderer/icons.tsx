import type { ReactNode } from 'react';

/** Drawn on 16 × 16 with a line of 1.5, in the colour of the text around. */
const drawings = {
  resync: (
    <>
      <path d="M13.2 6.6A5.5 5.5 0 0 0 3.4 5" />
      <path d="M3 2.2V5.2H6" />
      <path d="M2.8 9.4A5.5 5.5 0 0 0 12.6 11" />
      <path d="M13 13.8V10.8H10" />
    </>
  ),
  pause: <path d="M5.75 3.5v9M10.25 3.5v9" />,
  play: <path d="M5 3.2v9.6L12.6 8Z" fill="currentColor" stroke="none" />,
  more: (
    <g fill="currentColor" stroke="none">
      <circle cx="3.4" cy="8" r="1.3" />
      <circle cx="8" cy="8" r="1.3" />
      <circle cx="12.6" cy="8" r="1.3" />
    </g>
  ),
  gear: (
    <>
      <circle cx="8" cy="8" r="2.1" />
      <path d="M8 1.6v1.9M8 12.5v1.9M1.6 8h1.9M12.5 8h1.9M3.5 3.5l1.3 1.3M11.2 11.2l1.3 1.3M12.5 3.5l-1.3 1.3M4.8 11.2l-1.3 1.3" />
    </>
  ),
  search: (
    <>
      <circle cx="7" cy="7" r="4.2" />
      <path d="m10.2 10.2 3.3 3.3" />
    </>
  ),
  close: <path d="m4.2 4.2 7.6 7.6M11.8 4.2l-7.6 7.6" />,
  check: <path d="m3.4 8.4 3 3 6.2-6.6" />,
  chevronDown: <path d="m4.2 6.2 3.8 3.8 3.8-3.8" />,
  chevronUp: <path d="m4.2 9.8 3.8-3.8 3.8 3.8" />,
  plus: <path d="M8 3.2v9.6M3.2 8h9.6" />,
  folder: (
    <path d="M1.9 12V4.3c0-.5.4-.9.9-.9h3l1.5 1.7h5.9c.5 0 .9.4.9.9v6c0 .5-.4.9-.9.9H2.8a.9.9 0 0 1-.9-.9Z" />
  ),
  copy: (
    <>
      <rect x="5.6" y="5.6" width="7.9" height="7.9" rx="1.5" />
      <path d="M10.4 3.3a1 1 0 0 0-1-.8H3.5a1 1 0 0 0-1 1v5.9c0 .5.3.9.8 1" />
    </>
  ),
  list: <path d="M5.6 4h7.9M5.6 8h7.9M5.6 12h7.9M2.6 4h.1M2.6 8h.1M2.6 12h.1" />,
  detach: (
    <>
      <path d="M6.7 4.6 8.2 3a3.2 3.2 0 0 1 4.7 4.6L11.4 9.2M9.3 11.4 7.8 13a3.2 3.2 0 0 1-4.7-4.6L4.6 6.8" />
      <path d="m2.6 2.6 10.8 10.8" />
    </>
  ),
  warning: (
    <>
      <path d="M8 2.3 14.3 13H1.7Z" />
      <path d="M8 6.4v3.2M8 11.3v.1" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 7.4v3.5M8 5v.1" />
    </>
  ),
  lock: (
    <>
      <rect x="3.2" y="7" width="9.6" height="6.6" rx="1.4" />
      <path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2" />
    </>
  ),
  external: (
    <path d="M9.2 2.8h4v4M13 3 7.6 8.4M11.4 9.6v2.9c0 .4-.3.7-.7.7H3.5a.7.7 0 0 1-.7-.7V5.3c0-.4.3-.7.7-.7h2.9" />
  ),
  window: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.6" />
      <path d="M2 6.2h12" />
    </>
  ),
  back: <path d="M9.8 3.8 5.6 8l4.2 4.2" />,
  stop: <rect x="4" y="4" width="8" height="8" rx="1.4" fill="currentColor" stroke="none" />,
  restart: (
    <>
      <path d="M12.9 9.2A5.1 5.1 0 1 1 12 4.7" />
      <path d="M12.6 1.9v3.1H9.5" />
    </>
  ),
  resume: (
    <>
      <path d="M13.4 7.6a5.4 4.6 0 0 1-7.6 4.2L2.8 13l1-2.6A4.4 4.4 0 0 1 2.6 7.6 5.4 4.6 0 0 1 8 3a5.4 4.6 0 0 1 5.4 4.6Z" />
      <path d="M7 5.9v3.4l2.8-1.7Z" fill="currentColor" stroke="none" />
    </>
  ),
  headless: (
    <>
      <rect x="1.9" y="2.9" width="12.2" height="10.2" rx="1.6" />
      <path d="m4.6 6 2 2-2 2M8.4 10.2h3" />
    </>
  ),
  trash: (
    <path d="M2.8 4.4h10.4M6.2 4.2V2.9c0-.4.3-.7.7-.7h2.2c.4 0 .7.3.7.7v1.3M4.2 4.6l.5 8c0 .6.5 1 1 1h4.6c.5 0 1-.4 1-1l.5-8M6.8 7v4M9.2 7v4" />
  ),
  page: (
    <>
      <rect x="2.6" y="2.2" width="10.8" height="11.6" rx="1.6" />
      <path d="M5.2 5.4h5.6M5.2 8h5.6M5.2 10.6h3.2" />
    </>
  ),
  up: <path d="M8 13V3.2M4 7.2l4-4 4 4" />,
  down: <path d="M8 3v9.8M4 8.8l4 4 4-4" />,
} as const;
export type IconName = keyof typeof drawings;

/** An icon beside words, or in a button that has a name: it says nothing of its own. */
export function Icon({ name, className }: { name: IconName; className?: string | undefined }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={className}
    >
      {drawings[name] satisfies ReactNode}
    </svg>
  );
}
