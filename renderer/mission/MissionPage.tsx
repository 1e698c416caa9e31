import { useId } from 'react';
import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { displayName } from '../missions/groups.ts';
import { MoreButton } from '../missions/MoreButton.tsx';
import { StatusWords } from '../missions/StatusWords.tsx';
import { useStatus } from '../missions/useStatus.ts';
import { placeOf } from '../missions/words.ts';
import type { Navigation } from '../shell/useNavigation.ts';
import { cx } from '../ui/cx.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { StateShape } from '../ui/StateShape.tsx';
import { Facts } from './Facts.tsx';
import styles from './MissionPage.module.css';
import { OutputPanel } from './OutputPanel.tsx';
import { PageActions, PageLooks } from './PageActions.tsx';
import { Servers } from './Servers.tsx';

/** All of one mission: how it stands, what can be done, its servers, and what its runs say. */
export function MissionPage({
  mission,
  navigation,
}: {
  mission: MissionMessage;
  navigation: Navigation;
}) {
  const titleId = useId();
  const name = displayName(mission);
  const status = useStatus(mission);
  const place = placeOf(mission);
  return (
    <section aria-labelledby={titleId} className={styles.page}>
      <header className={styles.head}>
        {/* Without a tooltip, which would take the first Escape for itself. */}
        <IconButton icon="back" label="Back to missions" bare autoFocus onPress={navigation.back} />
        <div className={styles.title}>
          <h2 id={titleId} className={styles.name} title={name}>
            <bdi>{name}</bdi>
          </h2>
          <p className={styles.state}>
            <StateShape shape={status.shape} />
            <span aria-live="polite" className={cx(styles.status, styles[status.tone])}>
              <StatusWords status={status} />
            </span>
            {place !== '' && (
              <bdi className={styles.place} title={mission.repo ?? mission.configDir}>
                {place}
              </bdi>
            )}
          </p>
        </div>
        <PageLooks mission={mission} navigation={navigation} />
        <MoreButton id={mission.id} name={name} />
      </header>
      <div className={styles.scroller}>
        <PageActions mission={mission} navigation={navigation} />
        {status.detail !== null && <p className={styles.detail}>{status.detail}</p>}
        <div className={styles.columns}>
          <Servers servers={mission.servers} missionId={mission.id} />
          <div className={styles.run}>
            <OutputPanel missionId={mission.id} />
          </div>
          <Facts mission={mission} />
        </div>
      </div>
    </section>
  );
}
