import type { Digester } from '../credentials/digest.ts';
import type { FieldId } from '../credentials/fields.ts';
import type { LoadedEntry } from './entryView.ts';
import {
  type Plan,
  type PlanInput,
  type PlanMission,
  planReconcile,
  type WipeAnswer,
} from './plan.ts';
import { isStillAbout, type WipeVerdict } from './wipe.ts';

export interface MadePlan extends Plan {
  /** It carries out an answer to a wipe. */
  readonly answered: boolean;
}

/** One entry, and what the user says to its wipe. */
export interface Asked {
  readonly loaded: LoadedEntry;
  readonly verdict: WipeVerdict | undefined;
}

/**
 * Plans with the answers that are still about what is missing; the others are as good as none. A malformed entry is left
 * alone until the user has answered; then it counts as one that holds nothing.
 * @param missions all that were read, the malformed ones too
 */
export function planWithAnswers(
  input: Omit<PlanInput, 'missions'>,
  global: Asked,
  missions: readonly (Asked & { readonly mission: PlanMission })[],
  digester: Digester,
): MadePlan {
  const readable = missions.flatMap(({ loaded, mission }) =>
    loaded.status === 'ok' ? [mission] : [],
  );
  const asItIs = planReconcile({ ...input, missions: readable }, digester);
  const heldIn = new Map(asItIs.missions.map(({ id, held }) => [id, held]));
  const globalAnswer = answerTo(global, asItIs.globalHeld);
  let answered = globalAnswer !== undefined;
  const planned = missions.flatMap(({ mission, ...asked }): PlanMission[] => {
    const answer = answerTo(asked, heldIn.get(mission.id));
    if (answer === undefined) return asked.loaded.status === 'ok' ? [mission] : [];
    answered = true;
    return [{ ...mission, answer }];
  });
  if (!answered) return { ...asItIs, answered };
  const answeredGlobal = { ...input.global, answer: globalAnswer };
  const plan = planReconcile({ ...input, global: answeredGlobal, missions: planned }, digester);
  return { ...plan, answered };
}

function answerTo(
  { loaded, verdict }: Asked,
  held: ReadonlySet<FieldId> | undefined,
): WipeAnswer | undefined {
  return verdict !== undefined && isStillAbout(verdict, loaded, held) ? verdict.say : undefined;
}
