import type { AppState } from '../../main/service/contract/app.ts';
import { invoke } from '../api.ts';
import { About } from './About.tsx';
import { debounceChoices, pollChoices, STORES, storeIds, terminalChoices } from './choices.ts';
import { LaunchAtLogin } from './LaunchAtLogin.tsx';
import { Leftovers } from './Leftovers.tsx';
import { OauthToken } from './OauthToken.tsx';
import { PathSetting } from './PathSetting.tsx';
import { Picker } from './Picker.tsx';
import { Problems } from './Problems.tsx';
import { Group } from './Row.tsx';
import styles from './Settings.module.css';
import { Toggle } from './Toggle.tsx';

type Settings = AppState['settings'];

/** All settings, each with a sentence on what it does. What they show is what main says they are. */
export function SettingsView({ state }: { state: AppState }) {
  const { values, problems, path } = state.settings;
  return (
    <div className={styles.view}>
      <Problems problems={problems} path={path} />
      <Group title="Syncing">
        <Toggle
          label="Pause syncing"
          help="Nothing is written until you resume, or the app restarts."
          on={state.snapshot?.activity.paused === true}
          isDisabled={state.snapshot === null}
          onChange={(paused) => invoke('pause', { paused })}
        />
        <Store settings={state.settings} />
        <PathSetting
          label="Global config directory"
          help="Whose sign-ins every mission begins with: a plain claude’s."
          setting="globalConfigDir"
          value={values.globalConfigDir}
          unset="~/.claude"
        />
        <Toggle
          label="Carry Claude’s own login too"
          help="It belongs to an account. Off: a mission gets it once, then keeps its own."
          on={values.syncClaudeLogin}
          onChange={(syncClaudeLogin) => invoke('changeSetting', { syncClaudeLogin })}
        />
        <Picker
          label="Check everything every"
          help="Changes are seen at once; this finds the rest."
          value={String(values.pollIntervalMs)}
          choices={pollChoices(values.pollIntervalMs)}
          onChange={(ms) => invoke('changeSetting', { pollIntervalMs: Number(ms) })}
        />
        <Picker
          label="Wait after broadcasts"
          help="Others may announce many at once."
          value={String(values.debounceMs)}
          choices={debounceChoices(values.debounceMs)}
          onChange={(ms) => invoke('changeSetting', { debounceMs: Number(ms) })}
        />
      </Group>
      <Group title="Refreshing">
        <Toggle
          label="One refresh at a time"
          help="While a mission renews a sign-in, the others wait for its result."
          on={values.refreshFence}
          onChange={(refreshFence) => invoke('changeSetting', { refreshFence })}
        />
        <Toggle
          label="Renew sign-ins ahead of time"
          help="Before any mission would, and for all at once."
          on={values.refreshAhead}
          onChange={(refreshAhead) => invoke('changeSetting', { refreshAhead })}
        />
        <Toggle
          label="Share one entry"
          help="Missions launched here use the global one, if your claude can; tried first."
          on={values.shareStore === 'auto'}
          onChange={(on) => invoke('changeSetting', { shareStore: on ? 'auto' : 'off' })}
        />
      </Group>
      <Group title="Claude Code">
        <PathSetting
          label="Claude program"
          help="Which claude to launch."
          setting="claudePath"
          value={values.claudePath}
          unset="the first on your PATH"
        />
        <Picker
          label="Terminal"
          help="Where missions are opened."
          value={values.terminal}
          choices={terminalChoices(values.terminal)}
          onChange={(terminal) => invoke('changeSetting', { terminal })}
        />
        <OauthToken isKept={state.hasOauthToken} />
        <Leftovers />
      </Group>
      <Group title="App">
        <LaunchAtLogin loginItem={state.loginItem} />
        <Toggle
          label="Notifications"
          help="Only when something needs you, once for each cause."
          on={values.notifications}
          onChange={(notifications) => invoke('changeSetting', { notifications })}
        />
        <div className={styles.row}>
          <span className={styles.label}>Theme</span>
          <span className={styles.plain}>follows the system</span>
        </div>
      </Group>
      <About state={state} />
    </div>
  );
}

function Store({ settings: { values, storeFromEnvironment } }: { settings: Settings }) {
  return (
    <Picker
      label="Credential store"
      help={
        storeFromEnvironment
          ? 'AGENC_BAR_STORE decides this one.'
          : 'Where Claude Code keeps sign-ins.'
      }
      value={values.store}
      choices={STORES}
      isDisabled={storeFromEnvironment}
      onChange={async (id) => {
        const store = storeIds.find((each) => each === id);
        if (store !== undefined) await invoke('changeSetting', { store });
      }}
    />
  );
}
