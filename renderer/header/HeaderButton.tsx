import type { AppState } from '../../main/service/contract/app.ts';
import { invoke } from '../api.ts';
import { ariaShortcut, shortcutHint } from '../shortcuts.ts';
import { attempt } from '../state/notice.ts';
import { resync, useRunningResync } from '../state/resync.ts';
import { Button } from '../ui/Button.tsx';
import { Hint } from '../ui/Hint.tsx';

const LABELS = ['Force resync', 'Syncing…', 'Resume'];

/** Force resync; while syncing is paused, what takes that back. */
export function HeaderButton({ state }: { state: AppState }) {
  const asked = useRunningResync();
  const running = asked ?? state.resyncing;
  if (state.snapshot?.activity.paused === true) {
    return (
      <Button
        variant="primary"
        icon="play"
        label="Resume"
        reserve={LABELS}
        onPress={() => void attempt(invoke('pause', { paused: false }))}
      />
    );
  }
  const connected = state.connection.status === 'own' || state.connection.status === 'other';
  return (
    <Hint
      text="Reads every entry again and mends what differs"
      shortcut={shortcutHint('resync', state.platform)}
    >
      <Button
        icon="resync"
        turning={running !== null}
        label={running === null ? 'Force resync' : 'Syncing…'}
        reserve={LABELS}
        isDisabled={!connected || state.snapshot === null}
        isPending={running !== null}
        aria-keyshortcuts={ariaShortcut('resync', state.platform)}
        onPress={() => void resync(null)}
      />
    </Hint>
  );
}
