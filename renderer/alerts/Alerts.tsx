import { useState } from 'react';
import type { AppState } from '../../main/service/contract/app.ts';
import { plural } from '../text/words.ts';
import { Button } from '../ui/Button.tsx';
import styles from './Alerts.module.css';
import { NoticeCard } from './NoticeCard.tsx';
import { noticesOf } from './notices.ts';

/** More than these would push out of sight what people came for. */
const SHOWN = 2;

/** What needs the user. It takes no room while there is nothing. */
export function Alerts({ state, focus }: { state: AppState; focus: string | null }) {
  const [all, setAll] = useState(false);
  const notices = noticesOf(state);
  const open = all || notices.findIndex(({ id }) => id === focus) >= SHOWN;
  const shown = open ? notices : notices.slice(0, SHOWN);
  const more = notices.length - SHOWN;
  return (
    <section aria-label="Alerts" aria-live="polite" className={styles.alerts}>
      {shown.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} focused={notice.id === focus} />
      ))}
      {more > 0 && (
        <Button
          variant="quiet"
          size="small"
          icon={open ? 'chevronUp' : 'chevronDown'}
          label={open ? 'Show fewer' : `${more} more`}
          reserve={['Show fewer']}
          aria-expanded={open}
          aria-label={open ? 'Show fewer alerts' : `Show ${plural(more, 'more alert')}`}
          onPress={() => setAll(!open)}
        />
      )}
    </section>
  );
}
