import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Place } from '../../main/service/contract/app.ts';
import { onPush } from '../api.ts';

/** Where the window is, and what it is pointed at there. */
export interface Location {
  readonly place: Place;
  /** What it is pointed at; in the missions, the row that has the focus. */
  readonly missionId: string | null;
  readonly alertId: string | null;
  /** The mission whose page is shown in the place of the list. */
  readonly page: string | null;
  /** One came back to where one was: nothing new is pointed at. */
  readonly isReturn: boolean;
  /** Grows with every move, so that pointing at the same thing again is seen. */
  readonly visit: number;
}

export interface Navigation {
  readonly at: Location;
  readonly go: (place: Place, missionId?: string | null) => void;
  /** To a mission's page. */
  readonly open: (missionId: string) => void;
  /** Out of the settings to where one came from, out of a mission's page to its row. */
  readonly back: () => void;
}

type Target = Omit<Location, 'visit'>;

const START: Target = {
  place: 'missions',
  missionId: null,
  alertId: null,
  page: null,
  isReturn: false,
};

/** Keeps the place; the main process can ask for one too. */
export function useNavigation(): Navigation {
  const [at, setAt] = useState<Location>({ ...START, visit: 0 });
  const [before, setBefore] = useState<Target>(START);

  const move = useCallback((to: Partial<Target>) => {
    setAt((from) => {
      if (from.place !== 'settings') setBefore({ ...from, missionId: null, alertId: null });
      return { ...START, ...to, visit: from.visit + 1 };
    });
  }, []);
  useEffect(() => onPush('navigate', move), [move]);

  const go = useCallback(
    (place: Place, missionId: string | null = null) => move({ place, missionId }),
    [move],
  );
  const open = useCallback((page: string) => move({ page }), [move]);
  return useMemo(() => {
    const back = (): void =>
      move(at.page === null ? before : { missionId: at.page, isReturn: true });
    return { at, go, open, back };
  }, [at, before, go, open, move]);
}
