import styles from './Welcome.module.css';

/** What the app does, as a picture: one sign-in in the middle, carried to all around it. */
export function Mark() {
  return (
    <svg viewBox="0 0 44 44" width="36" height="36" aria-hidden="true" className={styles.mark}>
      <path
        d="M22 22 9 11M22 22 35 11M22 22v15"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        opacity="0.45"
      />
      <circle cx="22" cy="22" r="7" fill="currentColor" />
      <circle cx="8.5" cy="10.5" r="4" fill="currentColor" />
      <circle cx="35.5" cy="10.5" r="4" fill="currentColor" />
      <circle cx="22" cy="37.5" r="4" fill="currentColor" />
    </svg>
  );
}
