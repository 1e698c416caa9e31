import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Place } from '../../main/service/contract/app.ts';
import { onPush } from '../api.ts';

/** Where the window is, and what it is pointed at there. */
export interface Location {
  readonly place: Place;
  readonly missionId: string | null;
  readonly alertId: string | null;
  /** Grows with every move, so that pointing at the same thing again is seen. */
  readonly visit: number;
}

export interface Navigation {
  readonly at: Location;
  readonly go: (place: Place, missionId?: string | null) => void;
  /** Out of the settings, to where one came from. */
  readonly back: () => void;
}

const START: Location = { place: 'missions', missionId: null, alertId: null, visit: 0 };

/** Keeps the place; the main process can ask for one too. */
export function useNavigation(): Navigation {
  const [at, setAt] = useState(START);
  const [before, setBefore] = useState<Place>('missions');

  const move = useCallback((to: Omit<Location, 'visit'>) => {
    setAt((from) => {
      if (from.place !== 'settings') setBefore(from.place);
      return { ...to, visit: from.visit + 1 };
    });
  }, []);
  useEffect(() => onPush('navigate', move), [move]);

  return useMemo(() => {
    const go = (place: Place, missionId: string | null = null): void =>
      move({ place, missionId, alertId: null });
    return { at, go, back: () => go(before) };
  }, [at, before, move]);
}
