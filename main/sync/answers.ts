import type { Digest } from '../credentials/digest.ts';
import type { Json } from '../credentials/entry.ts';
import { type FieldId, splitField } from '../credentials/fields.ts';
import type { Mission } from '../missions/mission.ts';
import type { MissionRegistry } from '../missions/registry.ts';
import { answersOf, answerWords, causeOf } from '../service/contract/answers.ts';
import { UserError } from '../system/userError.ts';
import type { DestinationBook } from '../trust/destinationBook.ts';
import type { Alerts } from './alerts.ts';
import type { Alert, AlertAnswer } from './events.ts';
import type { ReconcileRequest, TamperingAnswer, Target } from './outcome.ts';
import type { WipeAnswer } from './plan.ts';
import type { Replacements } from './replacements.ts';
import type { WipeVerdict } from './wipe.ts';
import type { WorkLoop } from './workLoop.ts';

export interface AnswersDeps {
  readonly alerts: Alerts;
  readonly registry: MissionRegistry;
  readonly loop: Pick<WorkLoop, 'command'>;
  readonly destinations: Pick<DestinationBook, 'reject'>;
  readonly replacements: Pick<Replacements, 'byAlert'>;
  /** A value from the journal. @throws UserError if it is not there any more or cannot be read */
  readonly keptValue: (field: FieldId, digest: Digest) => Promise<Json>;
}

const CHANGED =
  'more has changed since that alert was read, or its cause is gone. Read it anew ("agenc-bar alerts"), then answer it.';

/** The end of the id, which names what was told. */
function digestIn({ id }: Alert): string {
  return id.slice(id.lastIndexOf('-') + 1);
}

/** Carries out what the user says to an alert. @returns rejects with a UserError where it cannot be done */
export function createAnswers(
  deps: AnswersDeps,
): (alertId: string, answer: AlertAnswer) => Promise<void> {
  const { alerts, registry, loop } = deps;
  const all = (): Target[] => registry.all().map(({ mission }) => ({ mission }));
  const running = (): Target[] => registry.synced().map((mission) => ({ mission }));

  function missionOf({ id, missionId }: Alert): Mission {
    const mission = missionId === null ? undefined : registry.get(missionId)?.mission;
    if (mission === undefined) throw new UserError(`The mission of "${id}" is gone.`);
    return mission;
  }

  async function answerWipe(alert: Alert, answer: WipeAnswer): Promise<void> {
    const verdict: WipeVerdict = { say: answer, about: digestIn(alert) };
    const { answered } = await loop.command(wipeRequest(alert, verdict));
    if (!answered) throw new UserError(`Nothing was done: ${CHANGED}`);
    alerts.set(alert.id, null);
  }

  function wipeRequest(alert: Alert, verdict: WipeVerdict): () => ReconcileRequest {
    // Stopped missions too: they may be the only ones that still have a value.
    if (alert.missionId === null) return () => ({ targets: all(), globalAnswer: verdict });
    const mission = missionOf(alert);
    return () => ({ targets: [{ mission, answer: verdict }] });
  }

  async function answerTampering(alert: Alert, say: 'keep' | 'accept'): Promise<void> {
    const answer: TamperingAnswer = say === 'keep' ? say : { accept: digestIn(alert) };
    const left = await leftTampered(alert, answer);
    if (say === 'accept' && left.length > 0)
      throw new UserError(
        `Nothing was accepted: what the alert says changed in this moment, or there is more than it can show. Read it anew ("agenc-bar alerts"), then answer it.`,
      );
    // Whoever has answered it need not wait until it is certain that it does not come back.
    if (left.length === 0) alerts.set(alert.id, null);
  }

  async function leftTampered(alert: Alert, answer: TamperingAnswer) {
    if (alert.missionId === null) {
      const request = () => ({ targets: running(), globalTampering: answer });
      return (await loop.command(request)).global.tampered;
    }
    const mission = missionOf(alert);
    const outcome = await loop.command(() => ({ targets: [{ mission, tampering: answer }] }));
    return outcome.missions.get(mission.id)?.tampered ?? [];
  }

  async function putFormerBack(alert: Alert): Promise<void> {
    const replacement = deps.replacements.byAlert(alert.id);
    if (replacement === undefined)
      throw new UserError(
        `"${alert.id}" leads back to no single sign-in; "agenc-bar journal ls" lists what was replaced.`,
      );
    const { field, former } = replacement;
    const value = await deps.keptValue(field, former);
    const { key } = splitField(field);
    await loop.command(() => ({
      targets: running(),
      edits(global) {
        // Whoever still holds it is given the former one, too.
        deps.destinations.reject(global, key);
        return new Map([[field, value]]);
      },
    }));
    alerts.set(alert.id, null);
  }

  return async (alertId, answer) => {
    const alert = alerts.get(alertId);
    if (alert === undefined) {
      const cause = causeOf(alertId);
      const now = alerts.open().find(({ id }) => causeOf(id) === cause);
      throw new UserError(
        now === undefined
          ? `There is no open alert "${alertId}"; "agenc-bar alerts" lists them.`
          : `Nothing was done: ${CHANGED} It is "${now.id}" by now.`,
      );
    }
    if (!answersOf[alert.kind].includes(answer)) {
      const advice = answerWords(alert.kind);
      throw new UserError(
        `"${alertId}" cannot be answered with "${answer}"; ${advice === null ? 'it goes away with its cause' : `say ${advice}`}.`,
      );
    }
    switch (answer) {
      case 'restore':
      case 'remove':
        return answerWipe(alert, answer);
      case 'keep':
      case 'accept':
        return answerTampering(alert, answer);
      case 'former':
        return putFormerBack(alert);
      case 'dismiss':
        alerts.set(alertId, null);
    }
  };
}
