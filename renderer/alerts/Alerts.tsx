import { useState } from 'react';
import { causeOf } from '../../main/service/contract/answers.ts';
import type { AppState } from '../../main/service/contract/app.ts';
import { plural } from '../text/words.ts';
import { Boundary } from '../ui/Boundary.tsx';
import { Button } from '../ui/Button.tsx';
import styles from './Alerts.module.css';
import { NoticeCard } from './NoticeCard.tsx';
import { noticesOf } from './notices.ts';

/** More than these would push out of sight what people came for. */
const SHOWN = 2;
/** Whoever raises hundreds must not make the window slow; the gravest come first, and the log has all. */
const MOST = 50;

/** What needs the user. It takes no room while there is nothing. */
export function Alerts({
  state,
  focus,
  open: openMission,
}: {
  state: AppState;
  focus: string | null;
  open: (missionId: string) => void;
}) {
  const [all, setAll] = useState(false);
  const notices = noticesOf(state);
  const focused = focus === null ? null : causeOf(focus);
  const open = all || notices.findIndex(({ cause }) => cause === focused) >= SHOWN;
  const shown = notices.slice(0, open ? MOST : SHOWN);
  const more = notices.length - SHOWN;
  return (
    <section aria-label="Alerts" aria-live="polite" className={styles.alerts}>
      {shown.map((notice) => (
        <Boundary key={notice.cause} what="An alert" of={notice} small>
          <NoticeCard notice={notice} focused={notice.cause === focused} open={openMission} />
        </Boundary>
      ))}
      {open && notices.length > MOST && (
        <p className={styles.rest}>{notices.length - MOST} more; the log has all.</p>
      )}
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
