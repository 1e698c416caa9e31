import { memo } from 'react';
import type { AppState } from '../../main/service/contract/app.ts';
import { ariaShortcut, shortcutHint } from '../shortcuts.ts';
import { openNewMission } from '../state/newMission.ts';
import { Button } from '../ui/Button.tsx';
import { Hint } from '../ui/Hint.tsx';
import styles from './MissionsView.module.css';

/** In the line of the first heading, where it stays while the list is scrolled. */
export const NewMissionButton = memo(function NewMissionButton({
  platform,
}: {
  platform: AppState['platform'];
}) {
  return (
    <Hint text="A sandbox with every sign-in" shortcut={shortcutHint('newMission', platform)}>
      <Button
        variant="quiet"
        size="small"
        icon="plus"
        label="New mission…"
        className={styles.newMission}
        aria-keyshortcuts={ariaShortcut('newMission', platform)}
        onPress={() => openNewMission()}
      />
    </Hint>
  );
});
