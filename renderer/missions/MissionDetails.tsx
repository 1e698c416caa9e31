import type { ReactNode } from 'react';
import type { MissionMessage, ServerMessage } from '../../main/service/contract/engine.ts';
import { useOfNow } from '../state/now.ts';
import { msOf } from '../text/time.ts';
import { Ago } from '../ui/Ago.tsx';
import { cx } from '../ui/cx.ts';
import styles from './MissionDetails.module.css';
import { serverWords } from './words.ts';

/** All that is known of a mission, below its row. */
export function MissionDetails({
  mission,
  detail,
}: {
  mission: MissionMessage;
  /** What its state means and what to do. */
  detail: string | null;
}) {
  const lastSync = msOf(mission.lastSyncAt);
  return (
    <div className={styles.details}>
      {detail !== null && <p className={styles.detail}>{detail}</p>}
      {mission.servers.length > 0 && (
        <ul className={styles.servers}>
          {mission.servers.map((server) => (
            <Server key={server.key} server={server} />
          ))}
        </ul>
      )}
      <dl className={styles.facts}>
        {mission.repo !== null && <Fact name="Repo">{mission.repo}</Fact>}
        <Fact name="Folder">{mission.configDir}</Fact>
        <Fact name="Id">{mission.id}</Fact>
        <Fact name="Hash">{mission.hash ?? 'no entry'}</Fact>
        <Fact name="Last sync">{lastSync === null ? 'not yet' : <Ago at={lastSync} />}</Fact>
      </dl>
    </div>
  );
}

function Server({ server }: { server: ServerMessage }) {
  const words = useOfNow(1_000, (now) => serverWords(server, now));
  return (
    <li className={styles.server}>
      <span className={styles.name}>{server.name}</span>
      <span className={cx(server.status === 'invalidated' && styles.attention)}>{words}</span>
    </li>
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
