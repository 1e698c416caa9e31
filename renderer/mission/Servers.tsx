import type { ServerMessage } from '../../main/service/contract/engine.ts';
import { needsSignIn } from '../../main/service/contract/summary.ts';
import { serverWords } from '../missions/words.ts';
import { SignIn } from '../servers/SignIn.tsx';
import { useOfNow } from '../state/now.ts';
import { plural } from '../text/words.ts';
import { cx } from '../ui/cx.ts';
import styles from './MissionPage.module.css';

/** An entry may name thousands, which nobody reads. */
const MOST = 200;

/** A mission's servers, with the time that each sign-in has left. */
export function Servers({
  servers,
  missionId,
}: {
  servers: readonly ServerMessage[];
  missionId: string;
}) {
  return (
    <section aria-label="Servers" className={styles.section}>
      <h3 className={styles.heading}>
        Servers <span className={styles.count}>{servers.length}</span>
      </h3>
      {servers.length === 0 ? (
        <p className={cx(styles.box, styles.none)}>No server is signed in to here.</p>
      ) : (
        <ul className={styles.box}>
          {servers.slice(0, MOST).map((server) => (
            <Server key={server.key} server={server} missionId={missionId} />
          ))}
          {servers.length > MOST && (
            <li className={styles.server}>{plural(servers.length - MOST, 'more server')}</li>
          )}
        </ul>
      )}
    </section>
  );
}

function Server({ server, missionId }: { server: ServerMessage; missionId: string }) {
  const isNeeded = needsSignIn(server);
  const words = useOfNow(1_000, (now) => serverWords(server, now));
  return (
    <li className={styles.server}>
      <bdi className={styles.serverName}>{server.name}</bdi>
      <span className={cx(styles.left, isNeeded && styles.attention)}>{words}</span>
      {isNeeded && (
        <SignIn name={server.name} missionId={missionId} isUsable={false} isUrgent={true} />
      )}
    </li>
  );
}
