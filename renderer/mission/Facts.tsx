import type { ReactNode } from 'react';
import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { CopyHash } from '../missions/CopyHash.tsx';
import { msOf } from '../text/time.ts';
import { Ago } from '../ui/Ago.tsx';
import styles from './MissionPage.module.css';

/** What is known of a mission and its credentials beside its servers. */
export function Facts({ mission }: { mission: MissionMessage }) {
  const { id, repo, configDir, hash, lastSyncAt, run } = mission;
  const lastSync = msOf(lastSyncAt);
  const started = msOf(run?.startedAt ?? null);
  return (
    <section aria-label="Facts" className={styles.section}>
      <h3 className={styles.heading}>Facts</h3>
      <dl className={styles.facts}>
        {repo !== null && <Fact name="Repo">{repo}</Fact>}
        <Fact name="Folder">{configDir}</Fact>
        <Fact name="Id">{id}</Fact>
        <Fact name="Hash">
          {hash === null ? 'no entry' : <CopyHash missionId={id} hash={hash} />}
        </Fact>
        <Fact name="Last sync">{lastSync === null ? 'not yet' : <Ago at={lastSync} />}</Fact>
        {started !== null && (
          <Fact name={run?.phase === 'ended' ? 'Last run' : 'Started'}>
            <Ago at={started} />
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className={styles.value}>{children}</dd>
    </>
  );
}
