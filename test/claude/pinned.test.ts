import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OddAuthorizationServer } from '../doubles/oddAuthorizationServer.ts';
import { makeCertificate, trust } from '../support/certificates.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { MARK } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { available } from './client.ts';
import {
  addConfigDir,
  createScene,
  LOOP,
  type Scene,
  type ServerValue,
  serverIn,
  statusIn,
  toolCalls,
} from './scene.ts';
import { CHANGES, type Change, discovery, putValue, startElsewhere } from './tampering.ts';

const found = await available();
/** A real client takes seconds to start where the machine is busy. */
const TIMEOUT_MS = 180_000;
/** Less than the engine's lead, and less than the client's: whoever looks first refreshes it. */
const DUE_MS = 60_000;

/** What the thief's mission writes over the sign-in of all. */
const TAMPERINGS: Readonly<Record<string, Change>> = {
  ...CHANGES,
  'authorization server, behind a key like its path': (value, thief) => ({
    ...discovery(value, { authorizationServerUrl: thief }),
    'discoveryState.authorizationServerUrl': value.issuer,
  }),
};

describe.skipIf(!found.ok)(
  found.ok
    ? 'sign-ins of real clients go only where they were issued'
    : `sign-ins of real clients go only where they were issued (skipped: ${found.reason})`,
  { timeout: TIMEOUT_MS },
  () => {
    describe.each(['http', 'https'] as const)('over %s', (protocol) => {
      let world: World;
      let scene: Scene;
      let thief: OddAuthorizationServer;
      let untrust: (() => void) | undefined;
      let a: string;
      let b: string;
      let global: string;

      beforeAll(async () => {
        const tls = protocol === 'https' ? makeCertificate() : undefined;
        untrust = tls && trust(tls);
        world = makeWorld();
        scene = await createScene(found.ok ? found.claudePath : '', { tls });
        thief = await startElsewhere(tls);
        a = world.addMission('a').configDir;
        b = world.addMission('b').configDir;
        global = world.global.configDir;
        for (const dir of [a, b]) addConfigDir(scene, dir);
        await startEngine();
      }, TIMEOUT_MS);
      afterAll(async () => {
        untrust?.();
        await world.cleanup();
        await thief.close();
        await scene.dispose();
      });

      const startEngine = () =>
        world.startEngine({
          env: protocol === 'https' ? { NODE_EXTRA_CA_CERTS: join(scene.root, 'trusted.pem') } : {},
        });
      const serialIn = (dir: string) => scene.server.serialOf(serverIn(dir)?.value.accessToken);
      const untilAlike = (...dirs: string[]) =>
        until(
          () => `one token in ${dirs.join(', ')}; there is ${dirs.map(serialIn).join(', ')}`,
          () => new Set(dirs.map(serialIn)).size === 1 && serialIn(a) !== undefined,
          TIMEOUT_MS,
        );

      async function signIn(dir: string): Promise<ServerValue> {
        const { exitCode, output } = await scene.claude.login(dir, LOOP);
        expect(exitCode, output).toBe(0);
        await untilAlike(a, b, global);
        const value = serverIn(dir)?.value;
        if (value === undefined) throw new Error('no value was saved');
        return value;
      }
      const rejectAccess = (dir: string) => scene.server.reject(serverIn(dir)?.value.accessToken);
      const alerts = async () => (await world.status()).alerts.map(({ kind }) => kind);
      const stolen = () => thief.received.filter((request) => request.includes(MARK));

      it('a day of refreshes, refusals and sign-ins raises no alert', async () => {
        const seen = new Set<string>();
        const note = async () => {
          for (const kind of await alerts()) seen.add(kind);
        };
        await signIn(a);
        scene.server.setAccessLife(DUE_MS / 1_000);
        putValue(a, (value) => ({ ...value, expiresAt: Date.now() + DUE_MS }));
        const calls = await toolCalls(scene, b, [
          note,
          note,
          async () => rejectAccess(b),
          note,
          () => untilAlike(a, b, global),
        ]);
        expect(calls).toEqual(['call 1', 'call 2', 'call 3', 'call 4', 'call 5']);
        await note();
        scene.server.setAccessLife(3_600);
        // A refused client notes where it is told to look, whoever lives there.
        const resourceMetadata = `${thief.origin}/.well-known/oauth-protected-resource`;
        scene.server.setSaid({ resourceMetadata });
        rejectAccess(a);
        expect(await statusIn(scene, a)).toBe('connected');
        await untilAlike(a, b, global);
        await note();
        await world.killAll();
        await startEngine();
        await signIn(b);
        await note();
        expect(await statusIn(scene, a)).toBe('connected');
        await note();
        expect([...seen]).toEqual([]);
        expect(stolen()).toEqual([]);
      });

      it.each(Object.entries(TAMPERINGS))(
        'a mission that changes %s is told of, and reaches nobody',
        async (_what, change) => {
          await untilAlike(a, b, global);
          const held = serverIn(b)?.value;
          putValue(a, (value) => ({
            ...change(value, thief.origin),
            expiresAt: Date.now() + DUE_MS,
          }));
          const alert = await world.untilAlert(/^tampering-a-/);
          expect(alert).toMatchObject({ kind: 'tampering', missionId: 'a', servers: [LOOP] });
          expect([b, global].map((dir) => serverIn(dir)?.value)).toEqual([held, held]);

          // The other's client and the engine go on, and ask the real server only. What the global entry says counts.
          putValue(global, (value) => ({ ...value, expiresAt: Date.now() + DUE_MS }));
          expect(await statusIn(scene, b)).toBe('connected');
          const former = scene.server.serialOf(held?.accessToken);
          await until(
            'a new token',
            () => serialIn(b) !== former && serialIn(b) === serialIn(global),
          );
          expect(thief.received).toEqual([]);

          await world.ask('resolve', { alertId: alert.id, answer: 'keep' });
          await world.untilNoAlert();
          expect(serverIn(a)).toEqual(serverIn(global));
        },
      );
    });
  },
);
