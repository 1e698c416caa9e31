import { expect } from 'vitest';
import { editAsClient, serverIn, signIn } from '../../support/clientWrites.ts';
import { type FakeServer, serverKey } from '../../support/fake.ts';
import { until } from '../../support/until.ts';
import type { Attack } from '../attack.ts';
import { type Intruder, said } from '../scene.ts';
import { BOGUS } from '../thief.ts';
import { DUE_BY_NOW_MS, DUE_SOON_MS, ownSignIn } from './routing.ts';

const TEN_YEARS_MS = 315_360_000_000;

async function replace(intruder: Intruder, value: FakeServer): Promise<void> {
  await editAsClient(intruder.ref, (blob) => {
    blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey(value.serverName)]: value };
  });
}

/** The user answers "former" to the alert, and everybody has the good sign-in again. */
async function formerComesBack(intruder: Intruder, value: FakeServer): Promise<void> {
  const { scene, id } = intruder;
  let alertId: string | undefined;
  await until(
    () => `an alert that the sign-in was replaced by ${id}. ${said(scene.engine)}`,
    async () => {
      const { alerts } = await scene.world.status();
      alertId = alerts.find((one) => one.kind === 'replaced' && one.missionId === id)?.id;
      return alertId !== undefined;
    },
    DUE_BY_NOW_MS,
  );
  await scene.world.ask('resolve', { alertId: alertId ?? '', answer: 'former' });
  await scene.world.untilHeld(value, scene.everyone);
}

/** A mission that replaces the others' sign-in by something that works for nobody, or for the attacker. */
export const signInAttacks: readonly Attack[] = [
  {
    id: 'bogus-tokens',
    title: 'A mission replaces the others’ sign-in by tokens that nobody issued',
    told: ['replaced'],
    async launch(intruder) {
      const value = await intruder.victim(intruder.id);
      await replace(intruder, {
        ...value,
        accessToken: `${BOGUS}access`,
        refreshToken: `${BOGUS}refresh`,
        expiresAt: Date.now() + DUE_SOON_MS,
      });
      return { holds: () => formerComesBack(intruder, value) };
    },
  },
  {
    id: 'own-account',
    title: 'A mission replaces the others’ sign-in by one at the attacker’s server',
    told: ['replaced'],
    async launch(intruder) {
      const value = await intruder.victim(intruder.id);
      await replace(intruder, ownSignIn(intruder, intruder.id));
      return { holds: () => formerComesBack(intruder, value) };
    },
  },
  {
    id: 'rollback',
    title: 'A mission puts spent tokens back, said to be good for years',
    // They give way to what took their place, and nobody has lost anything.
    told: [],
    async launch(intruder) {
      const { scene, id, ref } = intruder;
      const spent = await intruder.victim(id, { expiresAt: Date.now() + DUE_SOON_MS });
      await until(
        () => `the engine refreshed ${id}. ${said(scene.engine)}`,
        () =>
          serverIn(ref, id)?.refreshToken !== spent.refreshToken &&
          [...scene.everyone, ref].every((p) => isGood(intruder, serverIn(p, id))),
        DUE_BY_NOW_MS,
      );
      await replace(intruder, { ...spent, expiresAt: Date.now() + TEN_YEARS_MS });
      return {
        async holds() {
          // What comes after it has arrived: so has this, if it does.
          const [first = scene.world.global] = scene.honest;
          await scene.world.untilHeld(await signIn(first, `after-${id}`), [...scene.everyone, ref]);
          const holding = scene.everyone.filter((place) => isGood(intruder, serverIn(place, id)));
          expect(holding, 'everyone still holds the token that is good').toEqual(scene.everyone);
        },
      };
    },
  },
];

function isGood({ scene }: Intruder, value: FakeServer | undefined): boolean {
  return scene.shop.isGood(value?.refreshToken);
}
