import { useEffect, useState } from 'react';
import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { errorText, invoke } from '../api.ts';
import { remove } from '../state/runs.ts';
import { Confirm } from '../ui/Confirm.tsx';
import { displayName } from './groups.ts';
import styles from './Remove.module.css';

interface Lost {
  readonly lines: readonly string[];
  readonly unknown: string | null;
}

/** Asks before a mission is deleted, and says what would be lost with it. */
export function Remove({ mission, onClose }: { mission: MissionMessage; onClose: () => void }) {
  const lost = useLostWork(mission.id);
  return (
    <Confirm
      title={`Remove “${displayName(mission)}”?`}
      action="Remove"
      danger
      isReady={lost !== null}
      // It may take a while: the row tells of that, and the bar at the bottom of what failed.
      onConfirm={async () => remove(mission.id)}
      onClose={onClose}
    >
      <div aria-live="polite" aria-busy={lost === null} className={styles.lost}>
        <LostWork lost={lost} />
      </div>
      <p>
        {mission.state === 'running' && 'Its Claude is stopped first. '}
        Its sign-ins are carried up to the others; its folder is deleted.
      </p>
    </Confirm>
  );
}

function LostWork({ lost }: { lost: Lost | null }) {
  if (lost === null) return <p>Looking what would be lost…</p>;
  if (lost.lines.length === 0 && lost.unknown === null) {
    return <p>No work would be lost with its folder.</p>;
  }
  return (
    <>
      <p className={styles.heading}>What would be lost:</p>
      <ul className={styles.lines}>
        {[...new Set(lost.lines)].map((line) => (
          <li key={line}>{line}</li>
        ))}
        {lost.unknown !== null && <li>could not be found out: {lost.unknown}</li>}
      </ul>
    </>
  );
}

/** `null` until it is known. What cannot be found out is taken for something. */
function useLostWork(missionId: string): Lost | null {
  const [lost, setLost] = useState<Lost | null>(null);
  useEffect(() => {
    let isOver = false;
    const know = (found: Lost): void => {
      if (!isOver) setLost(found);
    };
    invoke('lostWork', { missionId }).then(know, (error: unknown) =>
      know({ lines: [], unknown: errorText(error) }),
    );
    return () => {
      isOver = true;
    };
  }, [missionId]);
  return lost;
}
