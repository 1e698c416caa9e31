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
      // Not disabled meanwhile: it keeps the focus, and a press on it is none on the row.
      onPress={() => {
        if (runActionsOf(mission, asked).includes('launch')) launch(mission.id, false);
      }}
    />
  );
}
