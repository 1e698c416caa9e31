import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { editAsClient } from '../../support/clientWrites.ts';
import { serverKey } from '../../support/fake.ts';
import { until } from '../../support/until.ts';
import type { Attack } from '../attack.ts';
import type { Intruder } from '../scene.ts';
import { ownSignIn } from './routing.ts';

/** Writes the clipboard and clears the screen, in the terminal that it is printed to. */
const ESCAPES = '\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u009b31m\r\u202e';
/** What no line that people read may have in it but the end of the line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COMMANDS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

async function expectPlain({ scene, id }: Intruder): Promise<void> {
  const runs = [
    ['status'],
    ['mission', 'ls'],
    ['log'],
    ['resync'],
    ['mission', 'stop', id],
    ['mission', 'restart', id],
    ['mission', 'rm', 'nobody'],
  ];
  for (const args of runs) {
    const { stdout, stderr } = await scene.world.run(args);
    expect(COMMANDS.exec(stdout + stderr)?.[0], `in what "${args.join(' ')}" prints`).toBe(
      undefined,
    );
  }
}

export const nameAttacks: readonly Attack[] = [
  {
    id: 'escapes-in-name',
    title: 'A mission’s name has a terminal’s commands in it',
    told: [],
    async launch(intruder) {
      const { folder, scene, id } = intruder;
      writeFileSync(join(folder, 'mission.json'), JSON.stringify({ name: ESCAPES, repo: null }));
      // Under its own pid, so that a stop does not reach this very test.
      scene.world.setStopped(id);
      await until('it is stopped', async () => (await scene.world.mission(id)).state === 'stopped');
      return { holds: () => expectPlain(intruder) };
    },
  },
  {
    id: 'escapes-in-server',
    title: 'A mission signs in to a server whose name has a terminal’s commands in it',
    told: [],
    async launch(intruder) {
      const name = `evil${ESCAPES}`;
      await editAsClient(intruder.ref, (blob) => {
        blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey(name)]: ownSignIn(intruder, name) };
      });
      await intruder.scene.world.status();
      intruder.scene.world.setStopped(intruder.id);
      return { holds: () => expectPlain(intruder) };
    },
  },
  {
    id: 'names-of-objects',
    title: 'A mission’s servers are called __proto__, constructor and the like',
    told: [],
    async launch(intruder) {
      const names = ['__proto__', 'constructor', 'toString', '', '/', '~1', '\ud800'];
      await editAsClient(intruder.ref, (blob) => {
        const own = names.map((name) => [name, ownSignIn(intruder, name)]);
        blob.mcpOAuth = { ...blob.mcpOAuth, ...Object.fromEntries(own) };
      });
      return {};
    },
  },
];
