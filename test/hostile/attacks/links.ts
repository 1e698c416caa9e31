import { chmodSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readBlob } from '../../support/clientWrites.ts';
import type { Attack } from '../attack.ts';
import type { Intruder } from '../scene.ts';

/** A file of the user's that no mission has any business with. */
interface Precious {
  readonly path: string;
  expectUntouched(): void;
}

export function makePrecious({ scene, id }: Intruder, text: string, mode: number): Precious {
  const path = join(scene.world.env.HOME, `precious-${id}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  const { ino, mtimeMs } = statSync(path);
  return {
    path,
    expectUntouched() {
      expect(readFileSync(path, 'utf8')).toBe(text);
      const now = statSync(path);
      expect({ mode: now.mode & 0o777, ino: now.ino, mtimeMs: now.mtimeMs }).toEqual({
        mode,
        ino,
        mtimeMs,
      });
    },
  };
}

/** Only in the text of a file that a link points to: whoever holds it has read that file. */
const OTHERS = 'OTHER-PROGRAMS-SECRET';
const JSON_TEXT = JSON.stringify({
  auths: { 'registry.example': { auth: OTHERS } },
  private_key: OTHERS,
  mcpOAuth: { 'docker|0123456789abcdef': { serverName: 'docker', accessToken: OTHERS } },
});
const KEY_TEXT = `-----BEGIN OPENSSH PRIVATE KEY-----\n${OTHERS}\n-----END OPENSSH PRIVATE KEY-----\n`;

interface LinkedFile {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly text: string;
}

const linked: readonly LinkedFile[] = [
  {
    id: 'link-entry-json',
    title: 'A mission’s entry is a link to another program’s secrets',
    file: '.credentials.json',
    text: JSON_TEXT,
  },
  {
    id: 'link-entry-key',
    title: 'A mission’s entry is a link to a private key',
    file: '.credentials.json',
    text: KEY_TEXT,
  },
  {
    id: 'link-needs-auth',
    title: 'A mission’s note of needed sign-ins is a link to another program’s secrets',
    file: 'mcp-needs-auth-cache.json',
    // It has the name of the server that an honest mission signs in to.
    text: JSON.stringify({ 'mail-link-needs-auth': { timestamp: 1 }, private_key: OTHERS }),
  },
];

export const linkAttacks: readonly Attack[] = [
  ...linked.map(
    ({ id, title, file, text }): Attack => ({
      id,
      title,
      told: file === '.credentials.json' ? ['hostile', 'unavailable'] : [],
      async launch(intruder) {
        const { config, scene } = intruder;
        const precious = makePrecious(intruder, text, 0o640);
        rmSync(join(config, file), { force: true });
        symlinkSync(precious.path, join(config, file));
        return {
          holds() {
            precious.expectUntouched();
            const holders = scene.everyone.filter((place) =>
              JSON.stringify(readBlob(place)).includes(OTHERS),
            );
            expect(holders, 'entries that hold another program’s secret').toEqual([]);
            const copy = readFileSync(join(config, file), 'utf8');
            const isLink = copy === text;
            expect(isLink || !copy.includes(OTHERS), 'copied into the mission').toBe(true);
          },
        };
      },
    }),
  ),
  ...(['global', 'other'] as const).map(
    (whose): Attack => ({
      id: `link-config-${whose}`,
      title: `A mission’s config folder is a link to ${whose === 'global' ? 'the user’s own' : 'another mission’s'}`,
      told: ['hostile'],
      async launch({ scene, config }) {
        const target = (whose === 'global' ? scene.world.global : scene.honest[1])?.configDir ?? '';
        rmSync(config, { recursive: true });
        symlinkSync(target, config);
        // A refresh waits for no lock that is looked for through it.
        return { holds: () => scene.untilRefreshed() };
      },
    }),
  ),
];
