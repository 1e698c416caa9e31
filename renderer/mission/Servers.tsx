import type { ServerMessage } from '../../main/service/contract/engine.ts';
import { serverWords } from '../missions/words.ts';
import { useOfNow } from '../state/now.ts';
import { cx } from '../ui/cx.ts';
import styles from './MissionPage.module.css';

/** A mission's servers, with the time that each sign-in has left. */
export function Servers({ servers }: { servers: readonly ServerMessage[] }) {
  return (
    <section aria-label="Servers" className={styles.section}>
      <h3 className={styles.heading}>
        Servers <span className={styles.count}>{servers.length}</span>
      </h3>
      {servers.length === 0 ? (
        <p className={cx(styles.box, styles.none)}>No server is signed in to here.</p>
      ) : (
        <ul className={styles.box}>
          {servers.map((server) => (
            <Server key={server.key} server={server} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Server({ server }: { server: ServerMessage }) {
  const words = useOfNow(1_000, (now) => serverWords(server, now));
  return (
    <li className={styles.server}>
      <bdi className={styles.serverName}>{server.name}</bdi>
      <span className={cx(styles.left, server.status === 'invalidated' && styles.attention)}>
        {words}
      </span>
    </li>
  );
}
