import type { ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { AppState, Place } from '../../main/service/contract/app.ts';
import { Icon } from '../icons.tsx';
import { LogView } from '../log/LogView.tsx';
import { MissionsView } from '../missions/MissionsView.tsx';
import { ServersView } from '../servers/ServersView.tsx';
import { SettingsView } from '../settings/SettingsView.tsx';
import { shortcutHint } from '../shortcuts.ts';
import { Boundary } from '../ui/Boundary.tsx';
import { cx } from '../ui/cx.ts';
import styles from './Places.module.css';
import type { Navigation } from './useNavigation.ts';

const NAMES = { missions: 'Missions', servers: 'Servers', log: 'Log' } as const;
const TABS = Object.keys(NAMES) as (keyof typeof NAMES)[];

/** The four places of the window; what needs the user stands above each but the settings. */
export function Places({
  state,
  navigation,
  children,
}: {
  state: AppState;
  navigation: Navigation;
  children: ReactNode;
}) {
  const { at, go } = navigation;
  const panel = styles.panel ?? '';
  return (
    <Tabs
      className={styles.places ?? ''}
      selectedKey={at.place}
      onSelectionChange={(key) => key !== at.place && go(key as Place)}
    >
      <TabList aria-label="Places" className={styles.tabs ?? ''}>
        {TABS.map((place) => (
          <Tab key={place} id={place} className={styles.tab ?? ''}>
            <span className={styles.name} title={shortcutHint(place, state.platform)}>
              {NAMES[place]}
            </span>
          </Tab>
        ))}
        <Tab id="settings" aria-label="Settings" className={cx(styles.tab, styles.gear)}>
          <span
            className={styles.name}
            title={`Settings  ${shortcutHint('settings', state.platform)}`}
          >
            <Icon name="gear" />
          </span>
        </Tab>
      </TabList>
      {at.place !== 'settings' && children}
      <TabPanel id="missions" className={panel}>
        <Boundary what="This part of the window" of={state}>
          <MissionsView state={state} navigation={navigation} />
        </Boundary>
      </TabPanel>
      <TabPanel id="servers" className={panel}>
        <Boundary what="This part of the window" of={state}>
          <ServersView state={state} focus={at} />
        </Boundary>
      </TabPanel>
      <TabPanel id="log" className={panel}>
        <Boundary what="This part of the window" of={state}>
          <LogView state={state} focus={at} />
        </Boundary>
      </TabPanel>
      <TabPanel id="settings" className={panel}>
        <Boundary what="This part of the window" of={state}>
          <SettingsView state={state} />
        </Boundary>
      </TabPanel>
    </Tabs>
  );
}
