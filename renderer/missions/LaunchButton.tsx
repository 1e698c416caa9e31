import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { launch, useAsked } from '../state/runs.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { runActionsOf } from './actions.ts';

/** Launches a stopped mission right from its row. */
export function LaunchButton({ mission, name }: { mission: MissionMessage; name: string }) {
  const asked = useAsked(mission.id);
  return (
    <IconButton
      icon="play"
      label={`Launch ${name}`}
      bare
      isPending={!runActionsOf(mission, asked).includes('launch')}
      onPress={() => launch(mission.id, false)}
    />
  );
}
