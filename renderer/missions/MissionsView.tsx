import { startTransition, useEffect, useMemo, useRef, useState } from 'react';
import type { AppState } from '../../main/service/contract/app.ts';
import { invoke } from '../api.ts';
import { MissionPage } from '../mission/MissionPage.tsx';
import type { Navigation } from '../shell/useNavigation.ts';
import { share } from '../state/share.ts';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { SearchBox } from '../ui/SearchBox.tsx';
import { useCommand } from '../ui/useCommand.ts';
import { firstOf, missionGroups } from './groups.ts';
import { Makings } from './Makings.tsx';
import { MissionDialogs } from './MissionDialogs.tsx';
import { MissionList } from './MissionList.tsx';
import { MissionMenu } from './MissionMenu.tsx';
import styles from './MissionsView.module.css';
import { NewMissionButton } from './NewMissionButton.tsx';
import { NoMissions } from './NoMissions.tsx';

/** Fewer are found faster by eye. */
const SEARCH_FROM = 8;
/** More than a screen holds; the rest is drawn when these are seen, so that a click on the icon is answered at once. */
const FIRST = 30;
const NONE: readonly never[] = [];

/** Every mission: those that run first. Or the page of one. */
export function MissionsView({ state, navigation }: { state: AppState; navigation: Navigation }) {
  const { at, open } = navigation;
  const [search, setSearch] = useState('');
  const scrolled = useRef(0);
  const missions = state.snapshot?.missions ?? NONE;
  const searchable = missions.length >= SEARCH_FROM;
  const words = searchable ? search : '';
  const groups = useShared(useMemo(() => missionGroups(missions, words), [missions, words]));
  const isWhole = useAfterFirstPaint() || at.missionId !== null;
  const shown = useMemo(() => (isWhole ? groups : firstOf(groups, FIRST)), [groups, isWhole]);
  const { making, platform } = state;
  const makings = useMemo(
    () => (making.length === 0 ? null : <Makings making={making} />),
    [making],
  );
  if (state.snapshot === null) return <NotYet state={state} />;

  const page = missions.find(({ id }) => id === at.page);
  return (
    <>
      {page !== undefined ? (
        <MissionPage key={page.id} mission={page} navigation={navigation} />
      ) : (
        <div className={styles.view}>
          {searchable && (
            <SearchBox
              label="Search missions"
              placeholder="Search missions, repos, servers"
              value={search}
              onChange={setSearch}
              className={styles.search}
            />
          )}
          <div className={styles.place}>
            {missions.length === 0 && making.length === 0 ? (
              <NoMissions folder={`${state.snapshot.agencDir}/missions`} />
            ) : groups.length === 0 && missions.length > 0 ? (
              <EmptyState
                icon="search"
                title={`No mission matches “${words}”`}
                actions={<Button label="Clear search" onPress={() => setSearch('')} />}
              >
                Names, repos, ids and servers are searched.
              </EmptyState>
            ) : (
              <>
                <NewMissionButton platform={platform} />
                <MissionList groups={shown} at={at} open={open} scrolled={scrolled}>
                  {makings}
                </MissionList>
              </>
            )}
          </div>
          {missions.length > 0 && <Attach />}
        </div>
      )}
      <MissionMenu navigation={navigation} page={page?.id ?? null} />
      <MissionDialogs />
    </>
  );
}

/** The value, as the same object while it is equal: the list is then not drawn anew. */
function useShared<T>(value: T): T {
  const [known, setKnown] = useState(value);
  const shared = share(known, value);
  if (shared !== known) setKnown(shared);
  return shared;
}

/** False until the first frame was seen; a window is made, and its page drawn, before it is shown. */
function useAfterFirstPaint(): boolean {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => {
    let idle = 0;
    const wait = (): void => {
      if (document.visibilityState !== 'visible' || idle !== 0) return;
      idle = requestIdleCallback(() => startTransition(() => setPainted(true)), { timeout: 500 });
    };
    wait();
    document.addEventListener('visibilitychange', wait);
    return () => {
      document.removeEventListener('visibilitychange', wait);
      cancelIdleCallback(idle);
    };
  }, []);
  return isPainted;
}

function Attach() {
  const { run, pending, failure } = useCommand();
  return (
    <footer className={styles.footer}>
      <Button
        variant="quiet"
        icon="plus"
        label="Attach a config directory…"
        isPending={pending}
        onPress={() => run(() => invoke('attach', {}))}
      />
      <p role="status" className={styles.failure}>
        {failure}
      </p>
    </footer>
  );
}

/** The alert above says why; here is only what that means for the missions. */
function NotYet({ state: { connection } }: { state: AppState }) {
  if (connection.status !== 'failed') return <div className={styles.view} />;
  return (
    <EmptyState icon="list" title="Missions are shown once the engine runs">
      What you are signed in to stays as it is meanwhile.
    </EmptyState>
  );
}
