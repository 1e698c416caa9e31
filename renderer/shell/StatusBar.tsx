import { Icon } from '../icons.tsx';
import { dismissNotice, useNotice } from '../state/notice.ts';
import { IconButton } from '../ui/IconButton.tsx';
import styles from './StatusBar.module.css';

/** What failed and has no place of its own. It lies over the content, which stays where it is. */
export function StatusBar() {
  const notice = useNotice();
  return (
    <div role="status" aria-live="polite" className={styles.place}>
      {notice !== null && (
        <div key={notice.id} className={styles.bar}>
          <Icon name="warning" className={styles.icon} />
          <span className={styles.text}>{notice.message}</span>
          <IconButton icon="close" label="Dismiss" bare onPress={dismissNotice} />
        </div>
      )}
    </div>
  );
}
