import { invoke } from '../api.ts';
import { Icon } from '../icons.tsx';
import { attempt } from '../state/notice.ts';
import { shortPath } from '../text/words.ts';
import { Button } from '../ui/Button.tsx';
import styles from './Settings.module.css';

/** What in the settings file could not be used, and the way to it. */
export function Problems({ problems, path }: { problems: readonly string[]; path: string }) {
  if (problems.length === 0) return null;
  return (
    <section aria-label="Problems" className={styles.problems}>
      <Icon name="warning" className={styles.problemIcon} />
      <div className={styles.words}>
        <span className={styles.label}>{shortPath(path)} needs attention</span>
        <ul className={styles.problemList}>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
        <Button
          size="small"
          label="Show the file"
          onPress={() => void attempt(invoke('openSettingsFile'))}
        />
      </div>
    </section>
  );
}
