import { invoke } from '../api.ts';
import { openNewMission } from '../state/newMission.ts';
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
            icon="plus"
            label="New mission…"
            onPress={() => openNewMission()}
          />
          <Button
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
      A mission is a sandbox in which Claude has every sign-in of the others. Those in{' '}
      <code className={styles.path}>{folder}</code> appear by themselves; any other folder that you
      use as CLAUDE_CONFIG_DIR can be attached.
    </EmptyState>
  );
}
