import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { type ActionId, actionOf, runActionsOf } from '../missions/actions.ts';
import { perform } from '../missions/perform.ts';
import type { Navigation } from '../shell/useNavigation.ts';
import { useAsked } from '../state/runs.ts';
import { Button } from '../ui/Button.tsx';
import { IconButton } from '../ui/IconButton.tsx';
import styles from './MissionPage.module.css';

const SHORT: Readonly<Partial<Record<ActionId, string>>> = {
  resume: 'Resume',
  headless: 'Headless…',
  restart: 'Restart',
};

/** What is done most with a mission's run as it is; the rest is in its menu. */
export function PageActions({
  mission,
  navigation,
}: {
  mission: MissionMessage;
  navigation: Navigation;
}) {
  const { id } = mission;
  const asked = useAsked(id);
  const runs = runActionsOf(mission, asked).filter((what) => what !== 'restart-now');
  if (mission.kind === 'attached') return null;
  return (
    <div className={styles.actions}>
      {runs.map((what) => {
        const { icon, label } = actionOf(what);
        return (
          <Button
            key={what}
            variant={what === 'launch' ? 'primary' : 'plain'}
            icon={icon}
            label={SHORT[what] ?? label}
            aria-label={label}
            onPress={() => perform(what, id, navigation)}
          />
        );
      })}
    </div>
  );
}

/** Looked at now and then: they stand beside the name. */
export function PageLooks({
  mission: { id, state },
  navigation,
}: {
  mission: MissionMessage;
  navigation: Navigation;
}) {
  const act = (what: ActionId) => () => perform(what, id, navigation);
  return (
    <span className={styles.looks}>
      {state !== 'stopped' && <IconButton icon="resync" label="Resync" onPress={act('resync')} />}
      <IconButton icon="folder" label="Open folder" onPress={act('folder')} />
      <IconButton icon="list" label="Show log" onPress={act('log')} />
    </span>
  );
}
