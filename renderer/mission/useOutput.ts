import { useEffect, useState } from 'react';
import { errorText, invoke, onPush } from '../api.ts';
import { appended, type RunOutput } from './output.ts';

export type OutputState =
  | { readonly status: 'reading' }
  | { readonly status: 'failed'; readonly message: string }
  | ({ readonly status: 'shown' } & RunOutput);

const NOTHING: RunOutput = { output: null, notes: [] };

/**
 * What a mission's runs said, followed while the page can be seen: to a hidden one nothing is pushed, so
 * it is read again when it is shown.
 */
export function useOutput(missionId: string): OutputState {
  const [state, setState] = useState<OutputState>({ status: 'reading' });
  useEffect(() => {
    let stop: (() => void) | null = null;
    const adjust = (): void => {
      const isSeen = document.visibilityState === 'visible';
      if (isSeen && stop === null) stop = follow(missionId, setState);
      if (isSeen || stop === null) return;
      stop();
      stop = null;
    };
    adjust();
    document.addEventListener('visibilitychange', adjust);
    return () => {
      document.removeEventListener('visibilitychange', adjust);
      stop?.();
    };
  }, [missionId]);
  return state;
}

/** @returns how to stop */
function follow(missionId: string, tell: (state: OutputState) => void): () => void {
  let isOver = false;
  /** `null`: what is there is not known yet; what is pushed meanwhile came after it. */
  let known: RunOutput | null = null;
  let early = NOTHING;
  const show = (output: RunOutput): void => {
    known = output;
    tell({ status: 'shown', ...output });
  };
  const unsubscribe = onPush('output', (came) => {
    if (came.missionId !== missionId) return;
    if (known === null) early = appended(early, came);
    else show(appended(known, came));
  });
  invoke('readOutput', { missionId }).then(
    (read) => {
      if (!isOver) show(appended(appended(NOTHING, read), early));
    },
    (error: unknown) => {
      if (!isOver) tell({ status: 'failed', message: errorText(error) });
    },
  );
  return () => {
    isOver = true;
    unsubscribe();
    // Nobody is left to be told if even this fails.
    invoke('closeOutput').catch(() => undefined);
  };
}
