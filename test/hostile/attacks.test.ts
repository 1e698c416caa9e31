import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { suffer } from './attack.ts';
import { folderAttacks } from './attacks/folders.ts';
import { linkAttacks } from './attacks/links.ts';
import { lockAttacks } from './attacks/locks.ts';
import { nameAttacks } from './attacks/names.ts';
import { numberAttacks } from './attacks/numbers.ts';
import { oddFileAttacks } from './attacks/oddFiles.ts';
import { volumeAttacks } from './attacks/volume.ts';
import { wrapperAttacks } from './attacks/wrapperSockets.ts';
import { makeScene, type Scene } from './scene.ts';

let scene: Scene;
let failed = false;
beforeAll(async () => {
  scene = await makeScene();
});
beforeEach(async ({ onTestFailed }) => {
  // What one attack broke must not be held against the next.
  if (failed) {
    await scene.close().catch(() => undefined);
    scene = await makeScene();
  }
  failed = false;
  onTestFailed(() => {
    failed = true;
  });
});
afterAll(() => scene.close());

describe.each([
  ['odd files', oddFileAttacks],
  ['links', linkAttacks],
  ['locks', lockAttacks],
  ['names', nameAttacks],
  ['numbers', numberAttacks],
  ['volume', volumeAttacks],
  ['wrappers', wrapperAttacks],
  ['folders', folderAttacks],
])('one mission attacks: %s', (_, attacks) => {
  // Not `it.each`, which cuts long titles off: SECURITY.md names them.
  for (const attack of attacks) it(attack.title, { timeout: 60_000 }, () => suffer(scene, attack));
});
