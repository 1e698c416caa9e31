import type { AppState } from '../../main/service/contract/app.ts';
import { invoke } from '../api.ts';
import { attempt } from '../state/notice.ts';
import { Button } from '../ui/Button.tsx';
import styles from './Settings.module.css';

/** The window itself, the settings file, the version, and the way out. */
export function About({ state }: { state: AppState }) {
  const inWindow = state.presentation === 'window';
  const present = (): Promise<unknown> =>
    invoke('present', { as: inWindow ? 'popover' : 'window' });
  return (
    <footer className={styles.about}>
      <div className={styles.buttons}>
        <Button
          icon="window"
          label={inWindow ? 'Back to the menu bar' : 'Open as a window'}
          onPress={() => void attempt(present())}
        />
        <Button label="Quit AgenC Bar" onPress={() => void attempt(invoke('quit'))} />
      </div>
      <p className={styles.file}>
        <span className={styles.pathText} title={state.settings.path}>
          <bdi>{state.settings.path}</bdi>
        </span>
        <Button
          size="small"
          variant="quiet"
          label="Show file"
          onPress={() => void attempt(invoke('openSettingsFile'))}
        />
      </p>
      <p className={styles.version}>
        AgenC Bar {state.version}
        <span className={styles.links}>
          <Button
            size="small"
            variant="quiet"
            label="Licences"
            onPress={() => void attempt(invoke('openLink', { link: 'licences' }))}
          />
          <Button
            size="small"
            variant="quiet"
            icon="external"
            label="MCP help"
            onPress={() => void attempt(invoke('openLink', { link: 'mcp-help' }))}
          />
          <Button
            size="small"
            variant="quiet"
            icon="external"
            label="AgenC"
            onPress={() => void attempt(invoke('openLink', { link: 'agenc' }))}
          />
        </span>
      </p>
    </footer>
  );
}
