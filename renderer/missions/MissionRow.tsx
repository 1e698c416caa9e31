import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { useMission } from '../state/missions.ts';
import { useOfNow } from '../state/now.ts';
import { msOf } from '../text/time.ts';
import { Ago } from '../ui/Ago.tsx';
import { Boundary } from '../ui/Boundary.tsx';
import { cx } from '../ui/cx.ts';
import { StateShape } from '../ui/StateShape.tsx';
import { CopyHash } from './CopyHash.tsx';
import { displayName } from './groups.ts';
import { LaunchButton } from './LaunchButton.tsx';
import styles from './MissionRow.module.css';
import { MoreButton } from './MoreButton.tsx';
import { StatusWords } from './StatusWords.tsx';
import { useStatus } from './useStatus.ts';
import { isSpan, nextExpiry, placeOf, serverCount } from './words.ts';

/** One mission in two lines: who it is and how it stands, what it holds and since when. */
export function MissionRow({ id }: { id: string }) {
  const mission = useMission(id);
  if (mission === null) return null;
  return (
    <Boundary what="This mission" of={mission} small>
      <Present mission={mission} />
    </Boundary>
  );
}

function Present({ mission }: { mission: MissionMessage }) {
  const { id, state } = mission;
  const name = displayName(mission);
  const status = useStatus(mission);
  return (
    <div className={cx(styles.row, state === 'stopped' && styles.launchable)}>
      <StateShape shape={status.shape} className={styles.shape} />
      <span className={styles.first}>
        <bdi className={styles.name} title={name}>
          {name}
        </bdi>
        <bdi className={styles.place} title={mission.repo ?? mission.configDir}>
          {placeOf(mission)}
        </bdi>
        <span className={cx(styles.status, styles[status.tone])} title={status.detail ?? ''}>
          <StatusWords status={status} />
        </span>
      </span>
      <span className={cx(styles.second, mission.trouble !== null && styles.stale)}>
        <span className={styles.facts}>
          <Facts mission={mission} />
        </span>
        {mission.hash !== null && (
          <span className={styles.hash}>
            <CopyHash missionId={id} hash={mission.hash} />
          </span>
        )}
      </span>
      {state === 'stopped' && <LaunchButton mission={mission} name={name} />}
      <MoreButton id={id} name={name} />
    </div>
  );
}

/** "4 servers · next expiry 38 min · 2 s ago" */
function Facts({ mission }: { mission: MissionMessage }) {
  const { servers, state, trouble, lastSyncAt, seenAt, shared } = mission;
  // Of what is only the last known, the age says more than when it would run out.
  const expiry = useOfNow(1_000, (now) => (trouble === null ? nextExpiry(servers, now) : null));
  if (state === 'stopped' && trouble === null) return 'brought up to date at its next launch';
  const at = msOf(trouble === null ? lastSyncAt : seenAt);
  return (
    <>
      {shared && (
        <span title="It uses the global entry itself; nothing has to be synced.">shared · </span>
      )}
      {serverCount(servers)}
      {expiry !== null && ' · '}
      {expiry !== null && isSpan(expiry) ? (
        <>
          <span className={styles.wide}>next expiry </span>
          {expiry}
          <span className={styles.narrow}> left</span>
        </>
      ) : (
        expiry
      )}
      {at !== null && (
        <>
          {trouble === null ? ' · ' : ' · as of '}
          <Ago at={at} />
        </>
      )}
    </>
  );
}
