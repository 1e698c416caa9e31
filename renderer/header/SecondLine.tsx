import { useEffect, useState } from 'react';
import type { AppState } from '../../main/service/contract/app.ts';
import { useOfNow } from '../state/now.ts';
import { dismissOutcome, type ResyncOutcome, useResyncOutcome } from '../state/resync.ts';
import { resyncSentence } from '../text/resync.ts';
import type { Detail } from '../text/summary.ts';
import { Ago } from '../ui/Ago.tsx';
import { cx } from '../ui/cx.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { ResyncDetails } from './ResyncDetails.tsx';
import styles from './SecondLine.module.css';

/** Long enough to be read twice; then the last broadcast is of more use. */
const SHOWN_MS = 12_000;

/** When the others were last told; after a force resync, in its place, what that came to. */
export function SecondLine({ state, detail }: { state: AppState; detail: Detail }) {
  const outcome = useResyncOutcome();
  return (
    <div className={styles.line}>
      {outcome === null && (
        <span className={styles.text}>
          {detail.text} {detail.at !== null && <Ago at={detail.at} />}
        </span>
      )}
      <div role="status" aria-live="polite" className={styles.result}>
        {outcome !== null && <Outcome key={outcome.at} outcome={outcome} state={state} />}
      </div>
    </div>
  );
}

function Outcome({ outcome, state }: { outcome: ResyncOutcome; state: AppState }) {
  const [open, setOpen] = useState(false);
  const over = useOfNow(1_000, (now) => now - outcome.at > SHOWN_MS);
  useEffect(() => {
    if (over && !open) dismissOutcome();
  }, [over, open]);
  const nameOf = (id: string): string =>
    state.snapshot?.missions.find((mission) => mission.id === id)?.name ?? id;
  const sentence = outcome.failure ?? resyncSentence(outcome.results, nameOf);
  return (
    <>
      <span
        className={cx(styles.text, outcome.failure === null ? styles.done : styles.failed)}
        title={sentence}
      >
        {sentence}
      </span>
      <ResyncDetails
        outcome={outcome}
        sentence={sentence}
        nameOf={nameOf}
        open={open}
        onOpenChange={setOpen}
      />
      <IconButton
        icon="close"
        label="Dismiss"
        bare
        className={styles.small}
        onPress={dismissOutcome}
      />
    </>
  );
}
