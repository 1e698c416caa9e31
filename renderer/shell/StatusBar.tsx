import { useEffect } from 'react';
import { Icon } from '../icons.tsx';
import { dismissNotice, type Notice, useNotice } from '../state/notice.ts';
import { useOfNow } from '../state/now.ts';
import { cx } from '../ui/cx.ts';
import { IconButton } from '../ui/IconButton.tsx';
import styles from './StatusBar.module.css';

/** Long enough to be read twice. */
const SHOWN_MS = 6_000;

/** What has no place of its own: what failed, or what was done. It lies over the content, which stays where it is. */
export function StatusBar() {
  const notice = useNotice();
  return (
    <div role="status" aria-live="polite" className={styles.place}>
      {notice !== null && (
        <div key={notice.id} className={cx(styles.bar, styles[notice.tone])}>
          <Icon name={notice.tone === 'failed' ? 'warning' : 'check'} className={styles.icon} />
          <span className={styles.text}>{notice.message}</span>
          <IconButton icon="close" label="Dismiss" bare onPress={dismissNotice} />
          {notice.tone === 'done' && !notice.stays && <Fleeting notice={notice} />}
        </div>
      )}
    </div>
  );
}

/** Takes the notice away after a while in which it could be seen. */
function Fleeting({ notice }: { notice: Notice }) {
  const over = useOfNow(1_000, (now) => now - notice.at > SHOWN_MS);
  useEffect(() => {
    if (over) dismissNotice();
  }, [over]);
  return null;
}
