import { invoke } from '../api.ts';
import { attempt } from '../state/notice.ts';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import styles from './NoMissions.module.css';

/** What to do where there is no mission yet. */
export function NoMissions({ folder }: { folder: string }) {
  return (
    <EmptyState
      icon="folder"
      title="No missions yet"
      actions={
        <>
          <Button
            variant="primary"
            label="Attach a config directory…"
            onPress={() => void attempt(invoke('attach', {}))}
          />
          <Button
            variant="quiet"
            icon="external"
            label="About AgenC"
            onPress={() => void attempt(invoke('openLink', { link: 'agenc' }))}
          />
        </>
      }
    >
      A mission appears here as soon as it is made in <code className={styles.path}>{folder}</code>.
      Any other folder that you use as CLAUDE_CONFIG_DIR can be attached.
    </EmptyState>
  );
}
