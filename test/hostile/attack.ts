import { expect } from 'vitest';
import type { AlertKind } from '../../main/sync/events.ts';
import { until } from '../support/until.ts';
import { honestDay } from './honest.ts';
import { harmTo } from './invariants.ts';
import { type Intruder, type Scene, said } from './scene.ts';

/** One thing that a mission's Claude may try. */
export interface Attack {
  /** Also the name of its mission. */
  readonly id: string;
  /** In plain words, as the test is called. */
  readonly title: string;
  /** An alert of one of these kinds that names the mission is raised; empty: there is nothing to tell. */
  readonly told: readonly AlertKind[];
  launch(intruder: Intruder): Promise<Deed>;
}

/** An attack that is under way. */
export interface Deed {
  /** What must hold while it is, beside what always must. */
  holds?(): Promise<void> | void;
  /** Ends what does not end with the mission's folder: timers, servers, processes. */
  stop?(): Promise<void> | void;
}

/**
 * Has an attack happen while nine honest missions go on with their day, and looks at what must hold.
 * @throws Error that says what did not
 */
export async function suffer(scene: Scene, attack: Attack): Promise<void> {
  const intruder = await scene.intruder(attack.id);
  const deed = await attack.launch(intruder);
  try {
    await honestDay(scene, `mail-${attack.id}`);
    await deed.holds?.();
    await untilTold(scene, attack);
    expect(await harmTo(scene, [intruder.folder])).toEqual([]);
  } finally {
    await deed.stop?.();
  }
  await intruder.leave();
}

/** Waits until the user has been told of an attack. */
export async function untilTold(scene: Scene, { id, told }: Attack): Promise<void> {
  if (told.length === 0) return;
  await until(
    () => `an alert of kind ${told.join(' or ')} that names ${id}. ${said(scene.engine)}`,
    () =>
      // An alert may have gone with its cause by now: it was told all the same.
      scene.engine.events.some(
        (event) =>
          event.event === 'alert' &&
          event.missionId === id &&
          (told as readonly string[]).includes(event.kind),
      ),
  );
}
