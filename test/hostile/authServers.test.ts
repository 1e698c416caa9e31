import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryFile, serverIn } from '../support/clientWrites.ts';
import { fakeEntry } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { MOVING, type ShadyServer, shadyServers, startShady } from './attacks/authServers.ts';
import { honestDay } from './honest.ts';
import { harmTo } from './invariants.ts';
import { makeScene, type Scene, said } from './scene.ts';

/* Honest missions are signed in to all of them; the engine comes to each to refresh. */

/** Less than what the engine refreshes ahead of: due as soon as one finds it at its start. */
const DUE_MS = 300_000;

let scene: Scene;
let servers: readonly ShadyServer[];
beforeAll(async () => {
  scene = await makeScene();
  servers = await Promise.all(shadyServers.map((one) => startShady(one, scene.thief.origin)));
  const signedIn = servers.map(({ signedIn }) => signedIn);
  const due = signedIn.map((one) => ({ ...one, expiresAt: Date.now() + DUE_MS }));
  const text = fakeEntry(due);
  await scene.restartEngine(() =>
    writeFileSync(entryFile(scene.world.global), text, { mode: 0o600 }),
  );
  await until(
    () => {
      const left = servers.filter((server) => server.asked() === 0);
      return `each was asked; not yet: ${left.map(({ shady }) => shady.id)}. ${said(scene.engine)}`;
    },
    () => servers.every((server) => server.asked() > 0),
    60_000,
  );
  const moving = servers.find(({ shady }) => shady.id === MOVING);
  await until('the first refresh there is done', () =>
    scene.engine.events.some((event) => event.event === 'refresh' && event.server === MOVING),
  );
  const before = moving?.asked() ?? 0;
  await scene.restartEngine();
  await until(
    () => `the next engine asks the server that moves. ${said(scene.engine)}`,
    () => (moving?.asked() ?? 0) > before,
    60_000,
  );
  await scene.untilRefreshed();
}, 150_000);
afterAll(async () => {
  await scene.close();
  for (const server of servers) await server.close();
});

describe('one authorization server attacks', () => {
  // Not `it.each`, which cuts long titles off: SECURITY.md names them.
  for (const [index, { id, title, keepsToken }] of shadyServers.entries()) {
    it(title, async () => {
      const { signedIn } = servers[index] ?? {};
      if (keepsToken)
        for (const place of scene.everyone)
          expect(serverIn(place, id)).toMatchObject({ refreshToken: signedIn?.refreshToken });
      expect(scene.thief.received.filter(({ path }) => path === '/token')).toEqual([]);
      const shown = (await scene.world.status()).global.servers.find(({ name }) => name === id);
      expect(shown, 'it is shown, whatever it said').toMatchObject({ status: 'usable' });
    });
  }

  it('All of them at once: no token goes elsewhere, and nine missions have a day like any other', async () => {
    await honestDay(scene, 'mail');
    await scene.untilRefreshed();
    expect(await harmTo(scene, [])).toEqual([]);
    expect(scene.thief.received.filter(({ path }) => path === '/token')).toEqual([]);
    expect(scene.bank.of('refresh-rejected')).toEqual([]);
  });
});
