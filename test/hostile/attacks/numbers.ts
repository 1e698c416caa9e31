import { expect } from 'vitest';
import { readBlob, serverIn, writeAsClient } from '../../support/clientWrites.ts';
import { serverKey } from '../../support/fake.ts';
import { until } from '../../support/until.ts';
import type { Attack } from '../attack.ts';
import { ownSignIn } from './routing.ts';

const odd: readonly (readonly [string, string])[] = [
  ['1e20', 'beyond what a date can be'],
  ['9223372036854775807000', 'Java’s “never”, in milliseconds'],
  ['8640000000000001', 'one millisecond beyond what a date can be'],
  ['1e400', 'infinite'],
  ['-1', 'before there was time'],
  ['1.5', 'a fraction'],
  ['"soon"', 'a word'],
  ['null', 'nothing'],
];

const PLACE = 'the time of expiry';

/** Times of expiry that are no times. */
export const numberAttacks: readonly Attack[] = odd.map(([number, what]) => ({
  id: `expires-${number.replaceAll(/\W/g, '')}${number.startsWith('-') ? '-negative' : ''}`,
  title: `A mission signs in to a server until ${number}: ${what}`,
  told: [],
  async launch(intruder) {
    const { scene, id } = intruder;
    const value = { ...ownSignIn(intruder, id), expiresAt: PLACE };
    const blob = readBlob(intruder.ref);
    const text = JSON.stringify({
      ...blob,
      mcpOAuth: { ...blob.mcpOAuth, [serverKey(id)]: value },
    });
    // Some of them are numbers that JSON.stringify cannot write.
    await writeAsClient(intruder.ref, text.replace(JSON.stringify(PLACE), number));
    const before = scene.follower.lines();
    return {
      async holds() {
        await until('the engine has seen it', async () => {
          const { servers, trouble } = await scene.world.mission(id);
          // What no JSON can hold makes the whole entry unreadable, and is said so.
          return trouble !== null || servers.some(({ name }) => name === id);
        });
        await scene.world.ask('look', {});
        expect(serverIn(intruder.ref, id)?.serverName).toBe(id);
        // Of the honest missions' day, which goes on beside it.
        await until('the follower is told', () => scene.follower.lines() > before);
      },
    };
  },
}));
