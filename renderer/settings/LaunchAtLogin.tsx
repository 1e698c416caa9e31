import type { AppState } from '../../main/service/contract/app.ts';
import { invoke } from '../api.ts';
import { attempt } from '../state/notice.ts';
import { Button } from '../ui/Button.tsx';
import styles from './Settings.module.css';
import { Toggle } from './Toggle.tsx';

const HELP: Readonly<Record<AppState['loginItem'], string>> = {
  on: 'Starts quietly when you log in.',
  off: 'Starts quietly when you log in.',
  'requires-approval': 'macOS asks you to allow it in System Settings.',
  unsupported: 'This system offers no place to note that down.',
};

/** Whether the system starts the app; macOS may want to be asked first. */
export function LaunchAtLogin({ loginItem }: { loginItem: AppState['loginItem'] }) {
  const waiting = loginItem === 'requires-approval';
  return (
    <>
      <Toggle
        label="Launch at login"
        help={HELP[loginItem]}
        on={loginItem === 'on' || waiting}
        isDisabled={loginItem === 'unsupported'}
        onChange={(launchAtLogin) => invoke('changeSetting', { launchAtLogin })}
      />
      {waiting && (
        <div className={styles.below}>
          <Button
            size="small"
            icon="external"
            label="Open Login Items…"
            onPress={() => void attempt(invoke('openLink', { link: 'login-items' }))}
          />
        </div>
      )}
    </>
  );
}
