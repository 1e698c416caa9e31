import { useEffect } from 'react';
import { Alerts } from './alerts/Alerts.tsx';
import { Header } from './header/Header.tsx';
import { NewMission } from './newMission/NewMission.tsx';
import styles from './shell/App.module.css';
import { Places } from './shell/Places.tsx';
import { StatusBar } from './shell/StatusBar.tsx';
import { useKeys } from './shell/useKeys.ts';
import { useNavigation } from './shell/useNavigation.ts';
import { followState, useAppState, useStateFailure } from './state/appState.ts';
import { Boundary } from './ui/Boundary.tsx';
import { EmptyState } from './ui/EmptyState.tsx';
import { Welcome } from './welcome/Welcome.tsx';

/** The window: header, places, and what needs the user; on the first start, the welcome. */
export function App() {
  useEffect(followState, []);
  const state = useAppState();
  const failure = useStateFailure();
  const navigation = useNavigation();
  useKeys(navigation, state?.platform ?? 'linux');

  if (state === null) {
    // Nothing is known for a few milliseconds; an empty window is calmer than a flash of something.
    if (failure === null) return null;
    return (
      <EmptyState icon="warning" title="The window cannot be filled">
        {failure}
      </EmptyState>
    );
  }
  return (
    <div className={styles.window}>
      {state.connection.status === 'waiting' ? (
        <Boundary what="The welcome" of={state}>
          <Welcome state={state} />
        </Boundary>
      ) : (
        <>
          <Boundary what="The header" of={state}>
            <Header state={state} />
          </Boundary>
          <main className={styles.main}>
            <Places state={state} navigation={navigation}>
              <Boundary what="What needs you" of={state}>
                <Alerts state={state} focus={navigation.at.alertId} open={navigation.open} />
              </Boundary>
            </Places>
          </main>
          <NewMission recentRepos={state.recentRepos} onMade={() => navigation.go('missions')} />
        </>
      )}
      <StatusBar />
    </div>
  );
}
